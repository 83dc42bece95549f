#pragma once

#include <string>

#include "app/installation.hpp"

namespace cairn::app {

/// Appends the members of Meta (api/openapi.yaml) that depend on definitions only: categories,
/// lanes, lifecycles, commands and so on, `"name": value` separated by commas, without braces.
void append_definitions(std::string& out, const Definitions& definitions);

/// The member `words`: vocabularies of the definitions, and those that data bring with them (shops,
/// warehouses, suppliers, carriers, sources).
void append_words(std::string& out, const Definitions& definitions, const orders::Names& names);

}  // namespace cairn::app

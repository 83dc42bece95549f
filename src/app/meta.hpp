#pragma once

#include <functional>
#include <string>

#include "app/installation.hpp"

namespace cairn::app {

/// Appends the members of Meta (api/openapi.yaml) that depend on definitions only: categories,
/// lanes, lifecycles, commands and so on, `"name": value` separated by commas, without braces.
void append_definitions(std::string& out, const Definitions& definitions);

/// What people call a code of a vocabulary, by definitions/words.yaml. `definitions` must stay.
std::function<lifecycle::Label(std::string_view vocabulary, std::string_view code)> words_of(
    const Definitions& definitions);

/// The member `words`: vocabularies of the definitions, and those that data bring with them (shops,
/// warehouses, suppliers, carriers, sources).
void append_words(std::string& out, const Definitions& definitions, const orders::Names& names);

}  // namespace cairn::app

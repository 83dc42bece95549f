#pragma once

#include "modules/lifecycle/attributes.hpp"
#include "modules/lifecycle/reader.hpp"

/// Attribute sets out of definitions/attributes. Private to this folder.
namespace cairn::lifecycle {

/// Reads one file and adds its set to `sets`.
void read_attribute_set(Reader& reader, const Yaml& root, AttributeSets& sets);

}  // namespace cairn::lifecycle

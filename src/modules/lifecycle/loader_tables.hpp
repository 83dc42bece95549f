#pragma once

#include "modules/lifecycle/lifecycle.hpp"
#include "modules/lifecycle/loader.hpp"
#include "modules/lifecycle/reader.hpp"

/// The tables beside the lifecycles. Private to this folder.
namespace cairn::lifecycle {

/// Names of the table files, all of which a folder must have.
std::span<const std::string_view> table_files();

/// Fills the tables of `parts` from `files`, presets included.
void read_tables(const Files& files, Definitions::Parts& parts, std::vector<Fault>& faults);

}  // namespace cairn::lifecycle

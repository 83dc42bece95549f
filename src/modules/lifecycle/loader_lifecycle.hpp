#pragma once

#include "modules/lifecycle/lifecycle.hpp"
#include "modules/lifecycle/reader.hpp"

/// From one lifecycle file to a Lifecycle. Private to this folder.
namespace cairn::lifecycle {

/// What a lifecycle file may name: the tables read before it.
struct Surroundings {
  std::span<const Command> commands;
  std::span<const Effect> effects;
  std::span<const Preset> presets;
};

/// Nothing when there was a fault; all of them are then in `faults`.
std::unique_ptr<const Lifecycle> build_lifecycle(std::string_view text, std::string_view file,
                                                 const Surroundings& around,
                                                 std::vector<Fault>& faults);

/// Faults of the graph as a whole: unreachable states, no way out, doubles, cycles.
void check_graph(const Lifecycle::Parts& parts, std::span<const Yaml> places,
                 const Yaml& start_place, Reader& reader);

}  // namespace cairn::lifecycle

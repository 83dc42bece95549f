#pragma once

#include <string>
#include <vector>

#include "world.hpp"

namespace cairn::scenarios {

/// Runs the text of a scenario (tests/scenarios/README.md says what it can say) against an
/// installation of its own. Gives back what was not as expected, a line each; empty: all was.
std::vector<std::string> run(const std::string& text);

}  // namespace cairn::scenarios

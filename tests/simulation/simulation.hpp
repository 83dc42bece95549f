#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "counts.hpp"

namespace cairn::simulation {

struct SeedOptions {
  std::uint64_t seed = 1;
  bool is_short = false;  ///< a third of the orders; for many seeds
};

struct SeedResult {
  std::vector<std::string> violations;
  std::uint64_t trace = 0;  ///< of everything observed: the same seed gives the same
  std::uint64_t inputs = 0;
};

/// A day of Cairn: orders, crashes and all that goes wrong, as the seed says.
SeedResult run_seed(const SeedOptions& options, Counts& counts);

/// Says in `counts` what must have occurred at least once in a long run.
void expect_all(Counts& counts);

}  // namespace cairn::simulation

#include <gtest/gtest.h>

#include "simulation.hpp"

namespace cairn::simulation {
namespace {

TEST(Simulation, a_few_whole_days_pass) {
  Counts counts;
  for (const std::uint64_t seed : {1, 2}) {
    const auto result = run_seed({.seed = seed}, counts);
    EXPECT_EQ(result.violations, std::vector<std::string>{}) << "./dev sim --seed " << seed;
    EXPECT_GE(result.inputs, 2'000u);
  }
}

TEST(Simulation, short_days_pass) {
  Counts counts;
  for (std::uint64_t seed = 100; seed < 112; ++seed) {
    const auto result = run_seed({.seed = seed, .is_short = true}, counts);
    EXPECT_EQ(result.violations, std::vector<std::string>{}) << "./dev sim --short --seed " << seed;
  }
  EXPECT_GT(3 * counts.of("replay", "same"), counts.of("replay", "arrival_decides"));
}

TEST(Simulation, the_same_seed_gives_the_same_trace) {
  Counts counts;
  const auto one = run_seed({.seed = 7, .is_short = true}, counts);
  const auto again = run_seed({.seed = 7, .is_short = true}, counts);
  const auto other = run_seed({.seed = 8, .is_short = true}, counts);
  EXPECT_EQ(one.trace, again.trace);
  EXPECT_NE(one.trace, other.trace);
}

}  // namespace
}  // namespace cairn::simulation

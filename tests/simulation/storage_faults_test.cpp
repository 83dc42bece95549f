// R2 and R3 for the whole shard: the power fails at, or the disk refuses, every single operation.
#include <gtest/gtest.h>

#include <cstdlib>

#include "simulation.hpp"

namespace cairn::simulation {
namespace {

using memory::Fault;
using memory::Operation;

constexpr std::size_t kOrders = 3;

/// CAIRN_CRASH_POINTS=10000 runs as many (R2); by default a sample.
std::uint64_t points_wanted(std::uint64_t otherwise) {
  const char* text = std::getenv("CAIRN_CRASH_POINTS");
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

SeedOptions small(std::uint64_t seed) {
  return {.seed = seed, .is_short = true, .orders = kOrders, .has_troubles = false};
}

void expect_nothing_wrong(const SeedOptions& options, const std::string& what) {
  Counts counts;
  const auto result = run_seed(options, counts);
  EXPECT_EQ(result.violations, std::vector<std::string>{})
      << what << " of a run of " << kOrders << " orders with seed " << options.seed;
}

TEST(PowerLoss, at_any_operation_loses_nothing) {
  Counts counts;
  const auto calm = run_seed(small(1), counts);
  ASSERT_EQ(calm.violations, std::vector<std::string>{});
  ASSERT_GT(calm.operations, 100u);
  const auto points = points_wanted(60);
  for (std::uint64_t point = 0; point < points && !HasFailure(); ++point) {
    auto options = small(1 + point / calm.operations);
    // Spread over the run; a long test comes to every operation.
    const auto nth = 1 + (point * 37) % calm.operations;
    options.fault = FaultPlan{.nth = nth};
    expect_nothing_wrong(options, "power lost at operation " + std::to_string(nth));
  }
}

TEST(Disk, may_refuse_any_operation) {
  Counts counts;
  const auto calm = run_seed(small(2), counts);
  ASSERT_EQ(calm.violations, std::vector<std::string>{});
  struct Refusal {
    Operation operation;
    Fault fault;
  };
  constexpr Refusal kRefusals[]{
      {Operation::Write, Fault::Eio},      {Operation::Write, Fault::Enospc},
      {Operation::Write, Fault::Short},    {Operation::Sync, Fault::Eio},
      {Operation::Open, Fault::Eio},       {Operation::Allocate, Fault::Enospc},
      {Operation::Rename, Fault::Eio},     {Operation::Remove, Fault::Eio},
      {Operation::MakeFolder, Fault::Eio}, {Operation::List, Fault::Eio}};
  const auto sample = points_wanted(60) / std::size(kRefusals);
  for (const auto& [operation, fault] : kRefusals) {
    const auto all = calm.operations_by_kind[static_cast<std::size_t>(operation)];
    const auto step = std::max<std::uint64_t>(1, all / std::max<std::uint64_t>(1, sample));
    for (std::uint64_t nth = 1; nth <= all && !HasFailure(); nth += step) {
      auto options = small(2);
      options.fault = FaultPlan{.operation = operation, .fault = fault, .nth = nth};
      expect_nothing_wrong(options, std::string(memory::name_of(operation)) + " number " +
                                        std::to_string(nth) + " refused");
    }
  }
}

}  // namespace
}  // namespace cairn::simulation

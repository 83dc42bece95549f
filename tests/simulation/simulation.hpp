#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/memory/faulty_storage.hpp"
#include "counts.hpp"

namespace cairn::simulation {

/// One fault of the disk at one place: the nth operation of a kind fails, or, without a kind, the
/// power is lost at the nth of all.
struct FaultPlan {
  std::optional<memory::Operation> operation;
  memory::Fault fault = memory::Fault::Eio;
  std::uint64_t nth = 1;
};

struct SeedOptions {
  std::uint64_t seed = 1;
  bool is_short = false;     ///< a third of the orders; for many seeds
  std::size_t orders = 0;    ///< 0: as many as usual
  bool has_troubles = true;  ///< crashes and all that, as the seed says
  std::optional<FaultPlan> fault;
};

struct SeedResult {
  std::vector<std::string> violations;
  std::uint64_t trace = 0;  ///< of everything observed: the same seed gives the same
  std::uint64_t inputs = 0;
  std::uint64_t operations = 0;  ///< of the disk
  std::array<std::uint64_t, memory::operation_count> operations_by_kind{};
};

/// A day of Cairn: orders, crashes and all that goes wrong, as the seed says.
SeedResult run_seed(const SeedOptions& options, Counts& counts);

/// Says in `counts` what must have occurred at least once in a long run.
void expect_all(Counts& counts);

}  // namespace cairn::simulation

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "simulation.hpp"

/// `cairn_sim --seed N --seeds K [--short]`: runs seeds N … N+K-1 and prints what occurred.
namespace cairn::simulation {
namespace {

constexpr std::string_view kUsage =
    "Simulates days of Cairn with crashes, lost letters and bad disks.\n"
    "  --seed N    the first seed (1)\n"
    "  --seeds K   how many (1); of 200 and more, whatever never occurred fails the run\n"
    "  --short     a third of the orders per seed\n"
    "  --first     stop at the first seed that fails\n";

/// From so many seeds on, what never occurred fails the run: nobody tests what does not happen.
constexpr std::uint64_t kEnoughSeeds = 200;

volatile std::uint64_t running_seed = 0;
volatile bool is_running_short = false;

std::string command_of(std::uint64_t seed, bool is_short) {
  return fmt::format("./dev sim --seed {}{}", seed, is_short ? " --short" : "");
}

/// A check of the program itself failed: the seed must be known all the same.
extern "C" void on_abort(int) {
  const auto text = command_of(running_seed, is_running_short) + "\n";
  (void)!::write(STDERR_FILENO, "cairn_sim: died; repeat it with: ", 33);
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  std::_Exit(1);
}

}  // namespace

static int run(int argc, char** argv) {
  std::uint64_t first = 1, seeds = 1;
  bool is_short = false, is_first_enough = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--short") {
      is_short = true;
    } else if (argument == "--first") {
      is_first_enough = true;
    } else if ((argument == "--seed" || argument == "--seeds") && i + 1 < argc) {
      (argument == "--seed" ? first : seeds) = std::strtoull(argv[++i], nullptr, 10);
    } else {
      fmt::print("{}", kUsage);
      return argument == "--help" ? 0 : 2;
    }
  }
  std::signal(SIGABRT, on_abort);
  std::signal(SIGSEGV, on_abort);

  Counts counts;
  expect_all(counts);
  std::uint64_t failed = 0, inputs = 0;
  is_running_short = is_short;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    running_seed = seed;
    const auto result = run_seed({seed, is_short}, counts);
    inputs += result.inputs;
    if (seeds == 1) fmt::print("trace {:016x}\n", result.trace);
    if (result.violations.empty()) continue;
    ++failed;
    fmt::print("seed {} FAILED; repeat it with: {}\n", seed, command_of(seed, is_short));
    for (const auto& violation : result.violations) fmt::print("  {}\n", violation);
    std::fflush(stdout);
    if (failed == 10 || is_first_enough) break;
  }
  fmt::print("{}", counts.text());
  const auto missing = counts.missing();
  const bool is_thin = seeds >= kEnoughSeeds && !missing.empty() && failed == 0;
  if (is_thin)
    for (const auto& what : missing) fmt::print("never occurred: {}\n", what);
  fmt::print("{} seeds, {} answers, {} failed\n", seeds, inputs, failed);
  return failed == 0 && !is_thin ? 0 : 1;
}

}  // namespace cairn::simulation

int main(int argc, char** argv) { return cairn::simulation::run(argc, argv); }

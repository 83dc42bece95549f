// A fuzz target over its seeds with random changes, and over random bytes, as a test of every
// build.
#include "fuzz_seeds.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::string_view kPieces[]{
    "\"", "{",    "}",       "[",     "]",    ",",       ":",  "\n", "\\",  "\r", "\t",  "'",
    "\0", "null", "\\ud800", "1e999", "\xff", "$groups", "- ", "  ", "&a ", "*a", "%00", "from: "};

std::string changed(std::string_view seed, std::mt19937_64& random) {
  std::string out(seed);
  for (std::uint64_t left = 1 + random() % 4; left > 0; --left) {
    const std::size_t at = out.empty() ? 0 : random() % out.size();
    switch (random() % 5) {
      case 0:
        out.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 1:
        out.erase(at, random() % 20);
        break;
      case 2:
        out.resize(at);
        break;
      case 3:
        if (!out.empty()) out[at] = static_cast<char>(random());
        break;
      default:
        out.insert(at, out.substr(random() % (out.size() + 1), random() % 60));
        break;
    }
  }
  return out;
}

int run(const std::string& input) {
  return LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(Fuzz, TakesChangedSeedsAndRandomBytes) {
  std::mt19937_64 random(1);
  const auto seeds = cairn::fuzz::seeds();
  for (const auto seed : seeds) ASSERT_EQ(run(std::string(seed)), 0);
  for (int round = 0; round < 6'000; ++round)
    ASSERT_EQ(run(changed(seeds[random() % seeds.size()], random)), 0);
  for (int round = 0; round < 2'000; ++round) {
    std::string input(random() % 300, '\0');
    for (auto& byte : input) byte = static_cast<char>(random());
    ASSERT_EQ(run(input), 0);
  }
}

}  // namespace

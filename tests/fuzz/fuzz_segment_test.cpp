// The fuzz target over random bytes, as a test of every build.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST(FuzzSegment, TakesRandomBytes) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 20'000; ++run) {
    std::vector<std::uint8_t> input(1 + random() % 400);
    const bool is_sparse = random() % 2 == 0;
    for (auto& byte : input)
      byte = is_sparse && random() % 8 != 0 ? 0 : static_cast<std::uint8_t>(random());
    input[0] = static_cast<std::uint8_t>(run);
    ASSERT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
  }
}

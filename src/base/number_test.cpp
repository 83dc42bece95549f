#include "base/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace cairn {
namespace {

TEST(Number, IsTheWholeText) {
  EXPECT_EQ(parse_number<int>("-17"), -17);
  EXPECT_EQ(parse_number<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_number<double>("0.5"), 0.5);
  EXPECT_EQ(parse_hex_number<std::uint32_t>("00ff"), 255u);
  for (const auto* text : {"", " 1", "1 ", "+1", "1x", "x1", "0x1", "1.5", "-", "99999999999"})
    EXPECT_FALSE(parse_number<int>(text)) << text;
  EXPECT_FALSE(parse_number<unsigned>("-1"));
  EXPECT_FALSE(parse_hex_number<std::uint32_t>("fg"));
}

TEST(Number, ThatIsNoneLeavesWhatWasThere) {
  int number = 5;
  EXPECT_FALSE(read_number("5a", number));
  EXPECT_EQ(number, 5);
  EXPECT_TRUE(read_number("6", number));
  EXPECT_EQ(number, 6);
}

}  // namespace
}  // namespace cairn

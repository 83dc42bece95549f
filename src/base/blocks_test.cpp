#include "base/blocks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cairn {
namespace {

TEST(Blocks, KeepAddressesWhileTheyGrow) {
  Blocks<std::string> blocks;
  std::vector<std::string*> addresses;
  for (int i = 0; i < 5'000; ++i) {
    auto& element = blocks.emplace_back();
    element = std::to_string(i);
    addresses.push_back(&element);
  }
  ASSERT_EQ(blocks.size(), 5'000u);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(&blocks[i], addresses[i]);
    EXPECT_EQ(std::as_const(blocks)[i], std::to_string(i));
  }
}

TEST(Blocks, GiveANewElementWhereOneWasTakenBack) {
  Blocks<std::string> blocks;
  for (int i = 0; i < 1'025; ++i) blocks.emplace_back() = "old";
  for (int i = 0; i < 2; ++i) blocks.pop_back();
  EXPECT_EQ(blocks.size(), 1'023u);
  EXPECT_EQ(blocks.back(), "old");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(blocks.emplace_back(), "");
  EXPECT_EQ(blocks.size(), 1'026u);
  blocks.clear();
  EXPECT_EQ(blocks.size(), 0u);
  EXPECT_EQ(blocks.emplace_back(), "");
}

}  // namespace
}  // namespace cairn

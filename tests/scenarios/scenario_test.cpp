#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenario.hpp"

namespace cairn::scenarios {
namespace {

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(CAIRN_SOURCE_DIR "/tests/scenarios"))
    if (entry.path().extension() == ".scenario") out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Scenario, goes_as_it_says) {
  std::ifstream in(GetParam());
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(run(text.str()), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(files()),
                         [](const auto& info) { return info.param.stem().string(); });

/// The runner itself: what is not as expected is said, with its line.
TEST(ScenarioRunner, says_what_is_not_so) {
  const auto faults = run("command A place_order {}\nexpect refused\nexpect A state=paid\nfly\n");
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_TRUE(faults[0].starts_with("line 2: expect refused: was accepted")) << faults[0];
  EXPECT_TRUE(faults[1].starts_with("line 3: expect A state=paid: state is ")) << faults[1];
  EXPECT_TRUE(faults[2].starts_with("line 4: fly: no such verb")) << faults[2];
}

}  // namespace
}  // namespace cairn::scenarios

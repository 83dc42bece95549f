#include "modules/integration/ndjson.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace cairn::integration {
namespace {

std::vector<std::string> lines_of(std::string_view text, std::size_t chunk, std::size_t max = 20) {
  LineSplitter splitter(max);
  std::vector<std::string> out;
  const auto visit = [&](std::uint64_t number, Result<std::string_view> line) {
    out.push_back(std::to_string(number) + ":" +
                  (line ? std::string(*line) : std::string(error_row(line.error().code).name)));
    return true;
  };
  for (std::size_t at = 0; at < text.size(); at += chunk)
    EXPECT_TRUE(splitter.push(text.substr(at, chunk), visit));
  EXPECT_TRUE(splitter.finish(visit));
  return out;
}

TEST(LineSplitter, GivesTheSameLinesHoweverTheBodyIsCut) {
  const std::string text = "\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"订单\":2}\n" + std::string(500, 'x') +
                           "\n{}\n\n" + std::string(20, 'y') + "\n" + std::string(21, 'z') +
                           "\n{\"last\":3}";
  const std::vector<std::string> expected{
      "1:{\"a\":1}", "4:{\"订单\":2}", "5:too-large", "6:{}", "8:" + std::string(20, 'y'),
      "9:too-large", "10:{\"last\":3}"};
  for (std::size_t chunk = 1; chunk < 40; ++chunk)
    EXPECT_EQ(lines_of(text, chunk), expected) << "in chunks of " << chunk;
  EXPECT_EQ(lines_of(text, text.size()), expected);
}

TEST(LineSplitter, AnEndlessLineIsReportedOnceAndHoldsNoMemory) {
  LineSplitter splitter(100);
  int failures = 0;
  const auto visit = [&](std::uint64_t number, Result<std::string_view> line) {
    EXPECT_EQ(number, 1u);
    EXPECT_FALSE(line.has_value());
    ++failures;
    return true;
  };
  const std::string block(4096, 'x');
  for (int i = 0; i < 1000; ++i) splitter.push(block, visit);
  splitter.finish(visit);
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(splitter.lines(), 1u);
}

TEST(LineSplitter, StopsWhenItsReaderDoes) {
  LineSplitter splitter;
  int seen = 0;
  EXPECT_FALSE(splitter.push("1\n2\n3\n", [&](auto, auto) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace cairn::integration

// Any bytes cut into lines: the same whatever the chunks, and what a naive splitter gives.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "modules/integration/ndjson.hpp"

namespace cairn::fuzz {
namespace {

constexpr std::size_t kLineMax = 24;
using Lines = std::vector<std::pair<std::uint64_t, std::string>>;

Lines split(std::string_view text, std::size_t chunk) {
  Lines out;
  integration::LineSplitter splitter(kLineMax);
  const auto visit = [&](std::uint64_t number, Result<std::string_view> line) {
    out.emplace_back(number, line ? std::string(*line) : std::string("too long"));
    return true;
  };
  for (std::size_t at = 0; at < text.size(); at += chunk)
    CAIRN_CHECK(splitter.push(text.substr(at, chunk), visit));
  CAIRN_CHECK(splitter.finish(visit));
  return out;
}

Lines split_naively(std::string_view text) {
  Lines out;
  std::uint64_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.size() > kLineMax)
      out.emplace_back(number, "too long");
    else if (line.find_first_not_of(" \t") != line.npos)
      out.emplace_back(number, line);
  }
  return out;
}

}  // namespace

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      "\xef\xbb\xbf{\"a\":1}\r\n\n  \n{\"b\":2}\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n{}\r\n",
      "                               {}\n1\n",
      "123456789012345678901234\n1234567890123456789012345\n\r\r\n\n"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = fuzz::split(text, text.size() + 1);
  for (const std::size_t chunk : {1, 2, 7, 23}) CAIRN_CHECK(fuzz::split(text, chunk) == whole);
  CAIRN_CHECK(fuzz::split_naively(text) == whole);
  return 0;
}

#include "adapters/segments/segment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.hpp"

namespace cairn::segments {
namespace {

constexpr std::size_t generation_digits = 16;
constexpr std::string_view suffix_of(FileKind kind) {
  return kind == FileKind::Segment ? ".segment" : ".spare";
}

}  // namespace

std::uint64_t Segment::offset_of(std::uint64_t number) const {
  const auto after = std::upper_bound(index.begin(), index.end(), number,
                                      [](std::uint64_t n, const Mark& m) { return n < m.number; });
  return after == index.begin() ? segment_header_bytes : std::prev(after)->offset;
}

std::string file_path(const std::string& folder, std::uint64_t generation, FileKind kind) {
  return fmt::format("{}/{:016x}{}", folder, generation, suffix_of(kind));
}

std::optional<FileName> parse_file_name(std::string_view name) {
  if (name.size() < generation_digits) return std::nullopt;
  FileName parsed{};
  const std::string_view suffix = name.substr(generation_digits);
  if (suffix == suffix_of(FileKind::Segment))
    parsed.kind = FileKind::Segment;
  else if (suffix == suffix_of(FileKind::Spare))
    parsed.kind = FileKind::Spare;
  else
    return std::nullopt;
  const auto generation =
      parse_hex_number<decltype(parsed.generation)>(name.substr(0, generation_digits));
  if (!generation) return std::nullopt;
  parsed.generation = *generation;
  return parsed;
}

}  // namespace cairn::segments

#pragma once

#include <charconv>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace cairn::app {

/// Up to which record of each shard somebody has seen; opaque to callers: "0-12.1-9".
using Position = std::map<std::uint32_t, std::uint64_t>;

inline std::string format_position(const Position& position) {
  std::string out;
  for (const auto& [shard, number] : position) {
    if (!out.empty()) out += '.';
    out += std::to_string(shard) + '-' + std::to_string(number);
  }
  return out;
}

/// The same, from the number of each shard.
inline std::string format_position(std::span<const std::uint64_t> by_shard) {
  std::string out;
  for (std::size_t shard = 0; shard < by_shard.size(); ++shard) {
    if (shard > 0) out += '.';
    out += std::to_string(shard);
    out += '-';
    out += std::to_string(by_shard[shard]);
  }
  return out;
}

/// Nothing where the text is not one of ours.
inline std::optional<Position> parse_position(std::string_view text) {
  Position out;
  if (text.empty()) return out;
  for (const auto part : split(text, '.')) {
    const auto dash = part.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    std::uint32_t shard = 0;
    std::uint64_t number = 0;
    const auto* end = part.data() + part.size();
    if (std::from_chars(part.data(), part.data() + dash, shard).ptr != part.data() + dash ||
        std::from_chars(part.data() + dash + 1, end, number).ptr != end || shard > 4'096)
      return std::nullopt;
    out[shard] = number;
  }
  return out;
}

}  // namespace cairn::app

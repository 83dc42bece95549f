#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/number.hpp"
#include "base/text.hpp"

namespace cairn::app {

/// A larger number is of no shard, whatever a caller sends.
inline constexpr std::uint32_t kShardMax = 4'096;

/// Up to which record of each shard somebody has seen; opaque to callers: "0-12.1-9".
using Position = std::map<std::uint32_t, std::uint64_t>;

inline void append_position(std::string& out, std::size_t shard, std::uint64_t number) {
  if (!out.empty()) out += '.';
  out += std::to_string(shard) + '-' + std::to_string(number);
}

inline std::string format_position(const Position& position) {
  std::string out;
  for (const auto& [shard, number] : position) append_position(out, shard, number);
  return out;
}

/// The same, from the number of each shard.
inline std::string format_position(std::span<const std::uint64_t> by_shard) {
  std::string out;
  for (std::size_t shard = 0; shard < by_shard.size(); ++shard)
    append_position(out, shard, by_shard[shard]);
  return out;
}

/// Nothing where the text is not one of ours.
inline std::optional<Position> parse_position(std::string_view text) {
  Position out;
  if (text.empty()) return out;
  for (const auto part : split(text, '.')) {
    const auto dash = part.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto shard = parse_number<std::uint32_t>(part.substr(0, dash));
    const auto number = parse_number<std::uint64_t>(part.substr(dash + 1));
    if (!shard || !number || *shard > kShardMax) return std::nullopt;
    out[*shard] = *number;
  }
  return out;
}

}  // namespace cairn::app

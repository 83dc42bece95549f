#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace cairn {

/// The number that the whole of a text is: no blanks, no '+', nothing behind it. Empty where it is
/// none or does not fit into T.
template <typename T>
  requires std::integral<T> || std::floating_point<T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

/// The same where several are read in a row: false, and `out` as it was, where it is none.
template <typename T>
bool read_number(std::string_view text, T& out) {
  const auto number = parse_number<T>(text);
  if (number) out = *number;
  return number.has_value();
}

/// The same of hexadecimal digits.
template <std::integral T>
std::optional<T> parse_hex_number(std::string_view text) {
  T number{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, 16);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace cairn

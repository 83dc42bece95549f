#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cairn {
namespace {

/// Length of the well-formed character at `at` (0 when it is not), and its code point.
std::size_t decode(std::string_view text, std::size_t at, char32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t b = byte(at);
  if (b < 0x80) {
    code = b;
    return 1;
  }
  const std::size_t length = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 0;
  if (length == 0 || b > 0xf4 || at + length > text.size()) return 0;
  code = b & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return length;
}

bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
         (c >= 0x20000 && c <= 0x3fffd);
}

/// Combining marks, joiners, variation selectors: drawn over, or not at all.
bool is_without_width(char32_t c) {
  return (c >= 0x0300 && c <= 0x036f) || (c >= 0x200b && c <= 0x200f) || c == 0x2060 ||
         (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool is_utf8(std::string_view text) {
  char32_t code;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t n = decode(text, at, code);
    if (n == 0) return false;
    at += n;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  char32_t code;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t n = decode(text, at, code);
    if (n == 0) {
      ++at, ++width;
      continue;
    }
    at += n;
    width += is_without_width(code) ? 0 : is_wide(code) ? 2 : 1;
  }
  return width;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end() ||
         part.empty();
}

std::string to_half_width(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  char32_t code;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t n = decode(text, at, code);
    if (n == 3 && code >= 0xff01 && code <= 0xff5e)
      out += static_cast<char>(code - 0xff01 + '!');
    else if (n == 3 && code == 0x3000)
      out += ' ';
    else
      out += text.substr(at, std::max<std::size_t>(n, 1));
    at += std::max<std::size_t>(n, 1);
  }
  return out;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& names) {
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto name : names) {
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        const std::size_t replaced = diagonal + (lower(word[i - 1]) != lower(name[j - 1]));
        diagonal = row[j];
        row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) best_distance = row.back(), best = name;
  }
  return best;
}

namespace {
constexpr auto kPlainInJson = [] {
  std::array<bool, 256> is{};
  for (int c = 0x20; c < 0x80; ++c) is[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
  return is;
}();
bool is_plain_in_json(char c) { return kPlainInJson[static_cast<std::uint8_t>(c)]; }
}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  char32_t code;
  for (std::size_t at = 0; at < text.size();) {
    // Nearly every text is plain from here to its end: taken in one piece.
    std::size_t end = at;
    while (end < text.size() && is_plain_in_json(text[end])) ++end;
    out += text.substr(at, end - at);
    if (at = end; at == text.size()) break;
    const char c = text[at];
    if (static_cast<std::uint8_t>(c) >= 0x80) {
      const std::size_t n = decode(text, at, code);
      out += n == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(at, n);
      at += std::max<std::size_t>(n, 1);
      continue;
    }
    ++at;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<std::uint8_t>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<std::uint8_t>(c) >> 4];
          out += kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_csv_cell(std::string& out, std::string_view text) {
  const bool is_formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  const bool is_quoted = is_formula || text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!is_quoted) {
    out += text;
    return;
  }
  out += '"';
  if (is_formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace cairn

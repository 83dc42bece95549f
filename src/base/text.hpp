#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// True for well-formed UTF-8 without surrogates, overlong forms or code points beyond U+10FFFF.
bool is_utf8(std::string_view text);
/// At most `bytes_max` bytes, cut at a character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);
/// Number of columns a terminal uses: CJK and full-width forms count two.
std::size_t display_width(std::string_view text);

std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string to_lower_ascii(std::string_view text);
bool contains_ignoring_case(std::string_view text, std::string_view part);

/// Full-width letters, digits and signs (U+FF01–U+FF5E, U+3000) become ASCII; the rest stays.
/// People paste order numbers like ＡＢ１２３.
std::string to_half_width(std::string_view text);

/// The entry of `names` nearest to `word` by edit distance, when it is near enough to be meant.
std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& names);

/// Appends `text` as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends a cell of CSV (RFC 4180), quoted where needed. What a spreadsheet would take for a
/// formula gets an apostrophe before it.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace cairn

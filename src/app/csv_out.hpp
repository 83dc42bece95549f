#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace cairn::app {

/// CSV as spreadsheets of every language open it: UTF-8 with a byte order mark, CRLF.
inline constexpr std::string_view kCsvMark = "\xef\xbb\xbf";

/// Appends a row (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe
/// before it, so that what a customer typed is never run on somebody's desk.
inline void append_csv_row(std::string& out, std::initializer_list<std::string_view> cells) {
  bool is_first = true;
  for (const auto cell : cells) {
    if (!is_first) out += ',';
    is_first = false;
    const bool is_formula =
        !cell.empty() && std::string_view("=+-@\t\r").find(cell[0]) != std::string_view::npos;
    const bool is_quoted = is_formula || cell.find_first_of(",\"\r\n") != std::string_view::npos;
    if (!is_quoted) {
      out += cell;
      continue;
    }
    out += is_formula ? "\"'" : "\"";
    for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  out += "\r\n";
}

}  // namespace cairn::app

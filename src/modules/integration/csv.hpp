#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/integration/input.hpp"

namespace cairn::integration {

struct CsvOptions {
  char separator = ',';
  Encoding encoding = Encoding::Utf8;  ///< Auto is settled by the caller (detect_encoding)
  std::size_t row_bytes_max = 1024 * 1024;
  std::size_t columns_max = 1000;
};

struct CsvRow {
  std::uint64_t line = 0;           ///< where it begins, as an editor counts
  std::vector<std::string> fields;  ///< UTF-8
  std::optional<Error> problem;     ///< what is wrong with it; the rows after it are read as usual
};

/// RFC 4180, row by row, in constant memory: quoted fields with "" and line breaks inside, CRLF or
/// LF, a byte order mark, a last row without an end. A quote inside an unquoted field is itself.
/// Rows with nothing in them are skipped. Owned by one reader; `input` must outlive it.
///
/// A row with too many or too few fields, with something after a closing quote, longer than the
/// limit or not of the encoding is handed over with a problem. After a quote that never closes,
/// reading goes on at the line break that follows the limit.
class CsvReader {
 public:
  CsvReader(ByteInput& input, CsvOptions options);

  /// The first row, as names. Errors: Malformed (none, or a name twice), and those of the input.
  Result<std::vector<std::string>> read_header();
  /// False at the end. Errors: those of the input, which end the reading.
  Result<bool> next(CsvRow& row);

 private:
  enum class State : std::uint8_t { FieldStart, Plain, Quoted, AfterQuote };
  Result<int> take();  ///< the next byte, or -1
  Result<void> read_row(CsvRow& row);
  void end_field(CsvRow& row);
  Result<void> skip_line();
  void decode(CsvRow& row) const;

  ByteInput& input_;
  CsvOptions options_;
  std::string block_;
  std::size_t at_ = 0, size_ = 0;
  std::uint64_t line_ = 1;
  std::string field_;
  std::size_t row_bytes_ = 0;
  std::size_t columns_ = 0;
  bool is_at_end_ = false;
};

}  // namespace cairn::integration

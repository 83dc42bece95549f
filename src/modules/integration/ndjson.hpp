#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cairn::integration {

/// Cuts chunks of any size into lines. Owned by the one who reads the body; one thread.
///
/// Lines end with LF or CRLF; the last one may lack it (`finish`). A byte order mark at the start
/// and lines of blanks only are skipped, but counted: numbers are those an editor shows. A line
/// longer than the limit is handed over as a failure once and its rest is dropped, so memory stays
/// below the limit however long the line is; the lines after it are read as usual.
class LineSplitter {
 public:
  /// `number` counts from 1; `line` is valid during the call. Returning false stops `push`.
  using Visit = std::function<bool(std::uint64_t number, Result<std::string_view> line)>;

  explicit LineSplitter(std::size_t line_bytes_max = 64 * 1024) : bytes_max_(line_bytes_max) {}

  /// False when `visit` stopped; what is left of the chunk is dropped then.
  bool push(std::string_view chunk, const Visit& visit);
  /// The last line, if it had no end.
  bool finish(const Visit& visit);
  /// Lines seen so far, skipped ones included.
  std::uint64_t lines() const { return number_; }

 private:
  bool give(std::string_view line, const Visit& visit);
  std::size_t bytes_max_;
  std::string held_;
  std::uint64_t number_ = 0;
  bool is_dropping_ = false;
};

}  // namespace cairn::integration

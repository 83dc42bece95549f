#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::http {

/// Whether an Accept-Encoding allows gzip (RFC 9110 §12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

/// The text as one gzip member; quick rather than small.
std::string gzip(std::string_view text);

/// The end of many answers, compressed once and thoroughly. Immutable; any thread.
class GzipTail {
 public:
  GzipTail() = default;
  explicit GzipTail(std::string_view tail);
  /// `head` and then the tail as one gzip member.
  std::string behind(std::string_view head) const;

 private:
  std::string deflated_;  ///< raw, ended
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace cairn::http

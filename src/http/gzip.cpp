#include "http/gzip.hpp"

#include <zlib.h>

#include <array>
#include <charconv>

#include "base/check.hpp"
#include "base/text.hpp"

namespace cairn::http {
namespace {

constexpr int kRaw = -15, kGzip = 15 + 16;  ///< windowBits of zlib

/// Deflates all of `text` and ends with `flush`: Z_FINISH, or Z_FULL_FLUSH where more follows.
std::string deflated(std::string_view text, int level, int form, int flush) {
  z_stream stream{};
  CAIRN_CHECK(::deflateInit2(&stream, level, Z_DEFLATED, form, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::deflate(&stream, flush);
  CAIRN_CHECK(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) && stream.avail_in == 0);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

uLong crc_of(std::string_view text) {
  return ::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
}

void put_u32(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool is_any = false;
  for (const auto part : split(accept_encoding, ',')) {
    const auto semicolon = part.find(';');
    const auto name = trim(part.substr(0, semicolon));
    double weight = 1;
    if (semicolon != std::string_view::npos) {
      auto parameter = trim(part.substr(semicolon + 1));
      if (parameter.starts_with("q=")) {
        parameter.remove_prefix(2);
        if (std::from_chars(parameter.data(), parameter.data() + parameter.size(), weight).ec !=
            std::errc{})
          weight = 0;
      }
    }
    if (name == "gzip" || name == "x-gzip") return weight > 0;
    if (name == "*") is_any = weight > 0;
  }
  return is_any;
}

std::string gzip(std::string_view text) { return deflated(text, Z_BEST_SPEED, kGzip, Z_FINISH); }

GzipTail::GzipTail(std::string_view tail)
    : deflated_(deflated(tail, Z_BEST_COMPRESSION, kRaw, Z_FINISH)),
      size_(tail.size()),
      crc_(static_cast<std::uint32_t>(crc_of(tail))) {}

/// A full flush ends the head on a whole byte and forgets its window: what follows stands alone.
std::string GzipTail::behind(std::string_view head) const {
  constexpr std::array<unsigned char, 10> kHead{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  std::string out(kHead.begin(), kHead.end());
  out += deflated(head, Z_BEST_SPEED, kRaw, Z_FULL_FLUSH);
  out += deflated_;
  put_u32(out, ::crc32_combine(crc_of(head), crc_, static_cast<z_off_t>(size_)));
  put_u32(out, head.size() + size_);
  return out;
}

}  // namespace cairn::http

#include "base/bytes.hpp"

#include <fmt/format.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace cairn {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode64(BytesView bytes, std::string_view alphabet, bool has_padding) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t v = 0;
    for (std::size_t j = 0; j < 3; ++j)
      v = v << 8 | (j < n ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) {
      if (j <= n)
        out += alphabet[v >> (18 - 6 * j) & 63];
      else if (has_padding)
        out += '=';
    }
  }
  return out;
}

Result<Bytes> decode64(std::string_view text, std::string_view alphabet) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  Bytes out;
  std::uint32_t v = 0;
  int bits = 0;
  for (char c : text) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos)
      return fail(ErrorCode::Malformed, "not base64: expected letters, digits and two signs");
    v = v << 6 | static_cast<std::uint32_t>(at);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(v >> bits & 0xff));
    }
  }
  if (bits == 6) return fail(ErrorCode::Malformed, "not base64: a letter is missing at the end");
  return out;
}

constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
    table[i] = c;
  }
  return table;
}();

std::uint32_t crc32c_soft(const char* p, std::size_t n, std::uint32_t crc) {
  for (; n != 0; ++p, --n) crc = kCrcTable[(crc ^ static_cast<std::uint8_t>(*p)) & 255] ^ crc >> 8;
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_hard(const char* p, std::size_t n,
                                                            std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; n >= 8; p += 8, n -= 8) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    wide = _mm_crc32_u64(wide, v);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; n != 0; ++p, --n) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*p));
  return crc;
}
#endif

}  // namespace

std::string to_hex(BytesView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out += kDigits[static_cast<std::uint8_t>(c) >> 4];
    out += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  Bytes out;
  if (text.size() % 2 != 0) return fail(ErrorCode::Malformed, "hex needs an even number of digits");
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0)
      return fail(ErrorCode::Malformed, "not hex: expected digits 0-9 and a-f");
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string to_base64(BytesView bytes) { return encode64(bytes, kBase64, true); }
Result<Bytes> from_base64(std::string_view text) { return decode64(text, kBase64); }
std::string to_base64url(BytesView bytes) { return encode64(bytes, kBase64Url, false); }
Result<Bytes> from_base64url(std::string_view text) { return decode64(text, kBase64Url); }

std::uint32_t crc32c(BytesView bytes, std::uint32_t seed) {
  const std::uint32_t crc = ~seed;
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~crc32c_hard(bytes.data(), bytes.size(), crc);
#endif
  return ~crc32c_soft(bytes.data(), bytes.size(), crc);
}

std::uint64_t hash_bytes(BytesView bytes) {
  // Multiply-and-fold over eight bytes at a time, the mixing step of wyhash.
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  std::uint64_t h = 0x9e3779b97f4a7c15ull ^ bytes.size();
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; p += 8, n -= 8) {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    h = mix(h ^ v, 0xa0761d6478bd642full);
  }
  std::uint64_t v = 0;
  if (n != 0) std::memcpy(&v, p, n);
  return mix(h ^ v, 0xe7037ed1a0b428dbull);
}

}  // namespace cairn

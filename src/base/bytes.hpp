#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cairn {

/// Bytes are carried in std::string (owning) and std::string_view (borrowed) everywhere.
using Bytes = std::string;
using BytesView = std::string_view;

/// How many bytes ByteWriter::varint writes.
constexpr std::size_t varint_size(std::uint64_t v) {
  return v < 0x80 ? 1 : static_cast<std::size_t>(std::bit_width(v) + 6) / 7;
}

/// Appends little-endian integers, LEB128 varints and length-prefixed bytes to a buffer.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void u16(std::uint16_t v) { raw(&v, sizeof v); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void i64(std::int64_t v) { raw(&v, sizeof v); }
  void varint(std::uint64_t v) {
    if (v < 0x80) return u8(static_cast<std::uint8_t>(v));
    char text[10];
    std::size_t size = 0;
    for (; v >= 0x80; v >>= 7) text[size++] = static_cast<char>(v | 0x80);
    text[size++] = static_cast<char>(v);
    out_.append(text, size);
  }
  /// Zig-zag: small negative numbers stay short.
  void svarint(std::int64_t v) {
    varint((static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63));
  }
  void bytes(BytesView v) {
    varint(v.size());
    out_.append(v);
  }
  void raw(const void* data, std::size_t size) {
    out_.append(static_cast<const char*>(data), size);
  }
  Bytes& out() { return out_; }

 private:
  Bytes& out_;
};

/// Reads what ByteWriter wrote. A read beyond the end sets `failed()` and gives zeros: check once
/// at the end of a record.
class ByteReader {
 public:
  explicit ByteReader(BytesView in) : in_(in) {}
  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int64_t i64() { return fixed<std::int64_t>(); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = u8();
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return v;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t svarint() {
    const std::uint64_t v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  BytesView bytes() { return take(varint()); }
  BytesView take(std::uint64_t size) {
    if (size > in_.size() - at_) {
      failed_ = true;
      return {};
    }
    const BytesView v = in_.substr(at_, size);
    at_ += size;
    return v;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == in_.size(); }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return in_.size() - at_; }

 private:
  template <typename T>
  T fixed() {
    T v{};
    if (sizeof v > in_.size() - at_) {
      failed_ = true;
      at_ = in_.size();
      return v;
    }
    std::memcpy(&v, in_.data() + at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  BytesView in_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// N bytes with a tag, so that ids of different things do not mix.
template <std::size_t N, typename Tag>
struct FixedBytes {
  std::array<std::uint8_t, N> data{};
  friend constexpr auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
  static constexpr std::size_t size() { return N; }
  BytesView view() const { return {reinterpret_cast<const char*>(data.data()), N}; }
  bool is_zero() const {
    for (auto b : data)
      if (b != 0) return false;
    return true;
  }
  /// The first N bytes of `bytes`, which must be at least as long (zero-filled otherwise).
  static FixedBytes from(BytesView bytes) {
    FixedBytes out;
    if (!bytes.empty()) std::memcpy(out.data.data(), bytes.data(), std::min(N, bytes.size()));
    return out;
  }
  /// These bytes are already a cryptographic hash, so the first eight serve as one.
  std::uint64_t hash() const {
    std::uint64_t v = 0;
    std::memcpy(&v, data.data(), std::min<std::size_t>(8, N));
    return v;
  }
};

std::string to_hex(BytesView bytes);
Result<Bytes> from_hex(std::string_view text);
/// Base64 (RFC 4648 §4 with padding, and §5 url-safe without).
std::string to_base64(BytesView bytes);
Result<Bytes> from_base64(std::string_view text);
std::string to_base64url(BytesView bytes);
Result<Bytes> from_base64url(std::string_view text);

/// CRC-32C (Castagnoli), with the processor's instruction where there is one.
std::uint32_t crc32c(BytesView bytes, std::uint32_t seed = 0);

/// A fast, well-mixed 64-bit hash for tables in memory. Never stored, never shown.
std::uint64_t hash_bytes(BytesView bytes);

}  // namespace cairn

template <std::size_t N, typename Tag>
struct std::hash<cairn::FixedBytes<N, Tag>> {
  std::size_t operator()(const cairn::FixedBytes<N, Tag>& v) const { return v.hash(); }
};

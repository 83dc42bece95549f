#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace cairn::crypto {

using Digest = std::array<std::uint8_t, 32>;

inline BytesView view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// SHA-256 (FIPS 180-4) of bytes that come in pieces. One thread at a time; `finish` ends it and
/// makes it ready for the next message.
class Sha256 {
 public:
  Sha256();
  void update(BytesView data);
  Digest finish();

 private:
  /// OpenSSL's SHA256_CTX lies in here, so that its header stays out of this one.
  alignas(8) std::array<std::uint8_t, 112> state_;
};

Digest sha256(BytesView data);

/// RFC 2104 with SHA-256; a key of any length.
Digest hmac_sha256(BytesView key, BytesView data);

/// HMAC-SHA256 under one key over many messages, or over a message in pieces: the key is absorbed
/// once. One thread at a time.
class HmacSha256 {
 public:
  explicit HmacSha256(BytesView key);
  void update(BytesView data) { inner_.update(data); }
  /// Ends the message and makes ready for the next one.
  Digest finish();

 private:
  Sha256 inner_start_;
  Sha256 outer_start_;
  Sha256 inner_;
};

/// RFC 5869: extract and expand. `size` is at most 8,160 bytes (255 blocks); more is a bug.
Bytes hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t size);

/// Compares secrets without telling by its duration where they differ; lengths are no secret.
bool equal_in_constant_time(BytesView a, BytesView b);

/// Fills `out` from the operating system's generator. Aborts when there is none: nothing secret can
/// be made without it.
void random_bytes(std::span<std::uint8_t> out);

}  // namespace cairn::crypto

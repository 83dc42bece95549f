#pragma once

#include <cstdint>

#include "crypto/aead.hpp"

namespace cairn::crypto {

/// Deterministic sealing: the same text in the same field under the same key gives the same bytes,
/// so a repeated event stays a repetition and a shard that starts again writes what it wrote
/// before. What that tells an onlooker is only that one field of one order said the same twice.
///
///   offset  size  field
///        0     1  version, 1
///        1    12  nonce: the first 12 bytes of HMAC-SHA256(key, header ‖ plain)
///       13     n  AES-256-GCM ciphertext
///     13+n    16  tag, over `header` as associated data and the ciphertext
///
///   header = version u8 ‖ field u16 ‖ size of associated u32 ‖ associated  (little-endian)
///
/// The nonce covers the associated data as well as the text: were it made of the text alone, one
/// text sealed under two associated data would use a nonce twice, and GCM's authentication key
/// could be computed from the two tags.
inline constexpr std::size_t kSealedOverhead = 1 + 12 + kTagSize;

Bytes seal(const Key& key, std::uint16_t field, BytesView associated, BytesView plain);

/// Errors: Damaged, when the bytes were not sealed by this key for this field and associated data,
/// or bear a version this program does not know.
Result<Bytes> open(const Key& key, std::uint16_t field, BytesView associated, BytesView sealed);

}  // namespace cairn::crypto

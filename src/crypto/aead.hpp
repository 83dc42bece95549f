#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace cairn::crypto {

using Key = std::array<std::uint8_t, 32>;
using Nonce = std::array<std::uint8_t, 12>;
inline constexpr std::size_t kTagSize = 16;

/// AES-256-GCM (NIST SP 800-38D). Returns the ciphertext followed by the tag of 16 bytes. A nonce
/// must never serve twice under one key: crypto/sealed.hpp makes them where no counter is at hand.
Bytes aead_seal(const Key& key, const Nonce& nonce, BytesView associated, BytesView plain);

/// The plain text of what `aead_seal` returned. Errors: Damaged, when key, nonce, associated data
/// or bytes are not the ones it was sealed with.
Result<Bytes> aead_open(const Key& key, const Nonce& nonce, BytesView associated, BytesView sealed);

/// Overwrites a secret in a way the compiler may not leave out.
void wipe(void* secret, std::size_t size);

}  // namespace cairn::crypto

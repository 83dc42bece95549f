#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace cairn::ports {

/// Number of an order's key in the key store; 0 is "none yet". Never given twice.
using KeySlot = std::uint32_t;
using KeyBytes = std::array<std::uint8_t, 32>;

/// The keys of orders, wrapped by the installation's key, in one small store apart from log and
/// piles. Any thread. A slot returned by `take` is durable before `take` returns (slots are made
/// and synced in blocks ahead of need), so a record may name it at once.
class Keys {
 public:
  virtual ~Keys() = default;
  virtual Result<KeySlot> take() = 0;
  /// Errors: Gone when the key was destroyed, NotFound when the slot was never given.
  virtual Result<KeyBytes> get(KeySlot slot) = 0;
  /// Overwrites the key for good and syncs. Repeating it is no error.
  virtual Result<void> destroy(KeySlot slot) = 0;
  /// A key of the installation for `purpose` ("search", "tokens"), derived by HKDF-SHA256.
  virtual Result<KeyBytes> installation_key(std::string_view purpose) = 0;
};

}  // namespace cairn::ports

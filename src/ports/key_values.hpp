#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace cairn::ports {

struct KeyValueChange {
  std::string key;             ///< 1 to 1,024 bytes, any
  std::optional<Bytes> value;  ///< none: erased
};

/// Small durable tables of the application: reports of imports, answers kept for repeated requests,
/// the index of attachments. One ordered map of keys to bytes; a table is a prefix ("import/").
///
/// Any thread. When the world fails: `write` has changed nothing. Errors: Invalid (a key without
/// bytes or too long), DiskFull, Damaged, Io.
class KeyValues {
 public:
  static constexpr std::size_t kKeyBytesMax = 1'024;
  virtual ~KeyValues() = default;

  /// All changes in one transaction, in order, durable on return.
  virtual Result<void> write(std::span<const KeyValueChange> changes) = 0;

  virtual Result<std::optional<Bytes>> get(std::string_view key) = 0;

  /// Gives a key and its value; true to go on.
  using Visitor = std::function<Result<bool>(std::string_view key, BytesView value)>;
  /// The keys that begin with `prefix` and are greater than `after` (empty: all of them), in order
  /// of their bytes, as of one moment. A visitor may call any method.
  virtual Result<void> scan(std::string_view prefix, std::string_view after,
                            const Visitor& visit) = 0;

  /// Copies a consistent state into a new file at `path`.
  virtual Result<void> backup_to(const std::string& path) = 0;

  Result<void> put(std::string key, Bytes value) {
    const KeyValueChange change{std::move(key), std::move(value)};
    return write({&change, 1});
  }
  Result<void> erase(std::string key) {
    const KeyValueChange change{std::move(key), std::nullopt};
    return write({&change, 1});
  }
};

/// Says what is wrong with a key, for the adapters.
inline Result<void> check_key(std::string_view key) {
  if (!key.empty() && key.size() <= KeyValues::kKeyBytesMax) return {};
  return fail(ErrorCode::Invalid, "a key has " + std::to_string(key.size()) +
                                      " bytes; expected 1 to " +
                                      std::to_string(KeyValues::kKeyBytesMax));
}

}  // namespace cairn::ports

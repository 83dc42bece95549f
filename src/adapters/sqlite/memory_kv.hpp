#pragma once

#include <map>
#include <mutex>

#include "ports/key_values.hpp"

namespace cairn::sqlite {

/// Keys and values in memory, like KeyValueStore, for tests and the simulator. Any thread. Fails
/// only as told; what was written survives as long as the object does.
class MemoryKeyValues final : public ports::KeyValues {
 public:
  Result<void> write(std::span<const ports::KeyValueChange> changes) override;
  Result<std::optional<Bytes>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, std::string_view after, const Visitor& visit) override;
  /// Keeps a copy under the name `path`.
  Result<void> backup_to(const std::string& path) override;

  /// The next `count` writes fail with `code` and change nothing.
  void fail_next_write(ErrorCode code, std::uint64_t count = 1);

 private:
  using Map = std::map<std::string, Bytes, std::less<>>;
  std::mutex mutex_;
  Map values_;
  std::map<std::string, Map> backups_;
  std::uint64_t failures_ = 0;
  ErrorCode failure_ = ErrorCode::Io;
};

}  // namespace cairn::sqlite

#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "adapters/sqlite/connection.hpp"
#include "ports/key_values.hpp"

namespace cairn::sqlite {

/// Keys and values in one SQLite file. Readers have connections of their own and do not wait for a
/// writer; writers wait for each other.
class KeyValueStore final : public ports::KeyValues {
 public:
  /// Opens or creates. Errors: Invalid (not such a file, or of another release), Damaged, Io.
  static Result<std::unique_ptr<KeyValueStore>> open(const std::string& path);
  ~KeyValueStore() override;

  Result<void> write(std::span<const ports::KeyValueChange> changes) override;
  Result<std::optional<Bytes>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, std::string_view after, const Visitor& visit) override;
  Result<void> backup_to(const std::string& path) override;

 private:
  struct Writer;
  struct Reader;
  explicit KeyValueStore(std::unique_ptr<Writer> writer);

  std::mutex write_mutex_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Pool<Reader>> readers_;
};

}  // namespace cairn::sqlite

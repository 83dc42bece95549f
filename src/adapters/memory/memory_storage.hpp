#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "ports/storage.hpp"

namespace cairn::memory {

/// A file in memory can also be told that its last sync failed: what was written since the last
/// good one stays visible, may or may not have reached the disk, and no later sync writes it. That
/// is what Linux does to dirty pages after a failed fsync.
class LosesWrites {
 public:
  virtual ~LosesWrites() = default;
  virtual void fail_sync(std::uint64_t seed) = 0;
};

/// A disk in memory that loses power the way a disk does.
///
/// For tests and the simulator; any thread. Files have two contents: what the page cache shows and
/// what is on the platter. Writes reach the platter by `sync`, or by chance in `crash`. Changes of
/// folders are durable at once, as ports/storage.hpp promises. Fails only as told: DiskFull beyond
/// `set_capacity`, Io for a handle from before a crash.
class MemoryStorage final : public ports::Storage {
 public:
  MemoryStorage();
  ~MemoryStorage() override;

  Result<std::unique_ptr<ports::File>> open(const std::string& path, Mode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;

  /// Loses power: of what was not synced, each file keeps all, nothing, some 512-byte sectors, or
  /// some sectors written in another order, as `seed` says. Every open handle is dead afterwards.
  void crash(std::uint64_t seed);

  /// Bytes all files together may hold.
  void set_capacity(std::uint64_t bytes);
  std::uint64_t used() const;

  /// A look at, and a change of, a file's bytes behind its owner's back: both contents at once.
  Result<Bytes> peek(const std::string& path) const;
  Result<void> poke(const std::string& path, Bytes content);

  struct Node;
  struct Disk;

 private:
  std::shared_ptr<Disk> disk_;
};

}  // namespace cairn::memory

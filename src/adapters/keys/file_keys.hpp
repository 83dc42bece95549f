#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/keys.hpp"
#include "ports/storage.hpp"

namespace cairn::keys {

struct FileKeysOptions {
  /// False: a missing key store is an error (NotFound), because data that needs it exists.
  bool may_create = true;
  /// Unwrapped keys kept in memory, 36 bytes each.
  std::size_t cached_max = 65'536;
};

/// The keys of orders in one file of fixed-size slots, each wrapped under a key derived from the
/// installation's.
///
/// Owned by the process, one per file: the caller sees to it that no other process has it open. Any
/// thread may call anything. Slots are made and synced in blocks of 4,096; `take` hands them out
/// from memory and touches the disk only when none is left, so whoever runs the drains calls
/// `top_up` when `wants_top_up` says so. When the world fails: `take` and `top_up` say DiskFull or
/// Io and have given nothing; `destroy` says Io and must be repeated until it succeeds.
///
/// *Never given twice.* The header says from which slot on a start may give slots. While the store
/// is open that is the first slot beyond the blocks made, so after a crash the rest of them is
/// passed over (at most 6,144 numbers of four billion, 64 bytes each). An orderly end writes the
/// slot that is really next, and a start moves it beyond the blocks again before it gives any.
class FileKeys final : public ports::Keys {
 public:
  /// Errors: Invalid when `master` is not the key this store was made with; NotFound; Damaged; Io.
  static Result<std::unique_ptr<FileKeys>> open(ports::Storage& storage, const std::string& path,
                                                const ports::KeyBytes& master,
                                                FileKeysOptions options = {});
  ~FileKeys() override;

  Result<ports::KeySlot> take() override;
  Result<ports::KeyBytes> get(ports::KeySlot slot) override;
  Result<void> destroy(ports::KeySlot slot) override;
  Result<ports::KeyBytes> installation_key(std::string_view purpose) override;

  /// Fewer than half a block is ready.
  bool wants_top_up() const;
  /// Makes a block when `wants_top_up`.
  Result<void> top_up();

 private:
  struct Ready {
    ports::KeySlot slot;
    ports::KeyBytes key;
  };
  struct Cached {
    ports::KeySlot slot = 0;
    ports::KeyBytes key{};
  };
  FileKeys(std::unique_ptr<ports::File> file, std::string path, const ports::KeyBytes& master,
           FileKeysOptions options);
  Result<void> read_header();
  Result<void> write_header(ports::KeySlot next, ports::KeySlot made);
  Result<void> load_ready(ports::KeySlot next);
  /// Makes and syncs one block. One thread at a time, by `is_making_`.
  Result<std::vector<Ready>> make_block();
  /// Makes a block and puts it to the ready ones, with `lock` on `ready_mutex_` given up meanwhile.
  Result<void> refill(std::unique_lock<std::mutex>& lock);
  Bytes wrap(ports::KeySlot slot, const ports::KeyBytes& key, BytesView nonce) const;
  Result<ports::KeyBytes> unwrap(ports::KeySlot slot, BytesView stored) const;
  Result<void> check_given(ports::KeySlot slot) const;
  Result<ports::KeyBytes> read_key(ports::KeySlot slot);
  void remember(ports::KeySlot slot, const ports::KeyBytes& key);

  std::unique_ptr<ports::File> file_;
  std::string path_;
  ports::KeyBytes master_;
  ports::KeyBytes wrapping_;
  Bytes fingerprint_;
  std::atomic<ports::KeySlot> next_ = 1;  ///< slots below were given, or passed over

  /// No thread ever holds two of the locks below.
  std::mutex file_mutex_;  ///< writing and syncing
  ports::KeySlot made_ = 0;
  std::uint64_t sequence_ = 0;

  mutable std::mutex ready_mutex_;
  std::condition_variable made_more_;
  std::deque<Ready> ready_;
  bool is_making_ = false;

  std::mutex cache_mutex_;
  std::vector<Cached> cache_;    ///< slot n lies at n modulo its size
  std::uint64_t destroyed_ = 0;  ///< counts, so that a reader does not bring a key back
};

}  // namespace cairn::keys

#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "adapters/sqlite/connection.hpp"
#include "ports/piles.hpp"

namespace cairn::sqlite {

struct PilesOptions {
  /// Beyond this the write-ahead log is copied into the file after a write.
  std::uint64_t wal_bytes_max = 64ull * 1024 * 1024;
  std::size_t idle_readers_max = 8;
  /// Called by `write` after every addition: a drain lets more urgent threads in.
  void (*pause)() = [] {};
};

/// The piles of one shard in one SQLite file.
///
/// Owned by the shard's drain, whose thread calls `write`, `drop_rows` and `backup_to`; any thread
/// may `read`, `scan` and `verify`, each on a connection of its own, without waiting for the
/// writer. A visitor of `scan` may call `read`. When the world fails, `write` has changed nothing;
/// one that was committed but whose checkpoint fails has succeeded: the checkpoint is tried again
/// by the next write, which fails if it fails again, so that the write-ahead log does not grow for
/// ever.
class SqlitePiles final : public ports::Piles {
 public:
  /// Opens or creates. Errors: Invalid (not a pile file, or of another release), Damaged, Io.
  static Result<std::unique_ptr<SqlitePiles>> open(const std::string& path,
                                                   PilesOptions options = {});
  ~SqlitePiles() override;

  Result<void> write(std::span<const ports::PileAddition> additions,
                     std::uint64_t position) override;
  std::uint64_t position() const override { return position_.load(std::memory_order_acquire); }
  Result<Bytes> read(ports::Serial serial) override;
  Result<void> scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) override;
  Result<void> drop_rows() override;
  Result<std::vector<std::string>> verify() override;
  Result<void> backup_to(const std::string& path) override;

 private:
  struct Writer;
  struct Reader;
  SqlitePiles(std::unique_ptr<Writer> writer, PilesOptions options);
  Result<void> add(const ports::PileAddition& addition);
  Result<void> add_chunks(ports::Serial serial, BytesView records);

  PilesOptions options_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Pool<Reader>> readers_;
  std::atomic<std::uint64_t> position_ = 0;
  bool is_checkpoint_owed_ = false;
};

}  // namespace cairn::sqlite

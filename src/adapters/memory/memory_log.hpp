#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "ports/log.hpp"

namespace cairn::memory {

/// A log in memory, for tests and the simulator. Threads as ports/log.hpp says. It fails only as
/// told by `fail_next`; like every log it then refuses everything until `reopen`. What was durable
/// outlives the shard that used it: hand the same object to the next one to play a restart.
class MemoryLog final : public ports::Log {
 public:
  /// `batches_per_segment`: what `release` lets go at once (0: every record by itself).
  explicit MemoryLog(std::size_t batches_per_segment = 0);

  Result<std::uint64_t> append(std::span<const ports::Record> batch, Time recorded) override;
  std::uint64_t durable() const override;
  std::uint64_t first() const override;
  Result<void> read(std::uint64_t from, const ports::RecordVisitor& visit) override;
  Result<void> release(std::uint64_t through) override;
  Result<void> reopen() override;
  Bytes chain_head() const override;
  std::uint64_t size_bytes() const override;

  /// The next append fails with `code` (Unknown or DiskFull).
  void fail_next(ErrorCode code);
  std::uint64_t appends() const;

 private:
  struct Stored {
    ports::RecordType type;
    ports::AggregateKey aggregate;
    Time recorded;
    Bytes body;
    std::uint64_t segment;
  };
  std::uint64_t last() const { return first_ + records_.size() - 1; }

  mutable std::mutex mutex_;
  const std::size_t batches_per_segment_;
  std::deque<Stored> records_;
  std::uint64_t first_ = 1;
  std::uint64_t appends_ = 0;
  std::uint64_t bytes_ = 0;
  Bytes chain_ = Bytes(32, '\0');
  std::optional<ErrorCode> next_failure_;
  std::optional<ErrorCode> refusing_;
};

}  // namespace cairn::memory

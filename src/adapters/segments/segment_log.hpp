#pragma once

#include <atomic>
#include <mutex>

#include "adapters/segments/audit_file.hpp"
#include "adapters/segments/recovery.hpp"
#include "ports/log.hpp"

namespace cairn::segments {

struct Options {
  std::string folder;  ///< of this shard alone; made when it is not there
  std::uint32_t shard = 0;
  std::uint64_t segment_bytes = 64ull << 20;
  std::size_t spares_max = 2;  ///< files kept to be used again; the rest is removed
  std::uint64_t batch_bytes_max = 256ull << 20;
  /// Room that was reserved, but never written, costs the file system a journal entry with every
  /// fdatasync (a third of the batches per second on ext4). So a file's first use writes zeros this
  /// far ahead, with the fdatasync of a batch that needs them. 0: never.
  std::uint64_t zeros_ahead_bytes = 1ull << 20;
  /// The highest position of the shard's piles and views: a log that ends before it is refused.
  std::uint64_t not_before = 0;
  /// The operator's word after `Damaged`: the first number that is given up.
  AcceptedLoss accept_loss_from;
  /// Secret bits for the generations, so that nobody can write a batch into a record's text.
  std::uint32_t salt = 0;
  /// Where dropped segments are kept compressed; empty: nowhere. Needs `sign`.
  std::string audit_folder;
  Sign sign;
  /// Segments are archived and recycled by calls of `recycle_one` on another thread, not by
  /// `release`: compressing a segment takes a fraction of a second.
  bool is_recycled_elsewhere = false;
};

/// The log of a shard in segment files (format: segment_format.hpp). One append is one contiguous
/// write into reserved room and one fdatasync.
///
/// Owned by its shard's runner; threads as ports/log.hpp says, `recycle_one` from any one thread.
/// When the world fails: before a batch was begun, an append says what failed (DiskFull, Io) and
/// nothing was written that counts; after a failed write or fdatasync it says Unknown. Either way
/// every append is refused until `reopen` has begun a new segment behind the last durable record:
/// what the page cache shows of the old one is not believed. Reading goes on meanwhile.
class SegmentLog final : public ports::Log {
 public:
  static Result<std::unique_ptr<SegmentLog>> open(ports::Storage& storage, Options options);

  Result<std::uint64_t> append(std::span<const ports::Record> batch, Time recorded) override;
  std::uint64_t durable() const override { return durable_.load(std::memory_order_acquire); }
  std::uint64_t first() const override;
  Result<void> read(std::uint64_t from, const ports::RecordVisitor& visit) override;
  Result<void> release(std::uint64_t through) override;
  Result<void> reopen() override;
  Bytes chain_head() const override;
  std::uint64_t size_bytes() const override;

  /// Archives and recycles the oldest segment if it has been released; says whether it did.
  Result<bool> recycle_one(const Between& between) override;
  /// The chain value at `durable()`, both of one moment: what is written down elsewhere for R12.
  ExportedHead head() const;
  /// The chain value that the audit files must lead to: that of the record before `first()`.
  ExportedHead audit_head() const;
  /// Did `open` find, and cut, a batch that a power failure had left unfinished?
  bool has_cut() const { return has_cut_; }

 private:
  SegmentLog(ports::Storage& storage, Options options);
  Result<void> start(Recovered found);
  Result<void> make_durable(Segment& segment, std::uint64_t last_batch_offset);
  Result<void> tidy(const Recovered& found);
  Result<std::shared_ptr<Segment>> make_segment(std::uint64_t bytes_min);
  Result<void> make_file(Segment& segment);
  Result<void> write_zeros_ahead(Segment& segment, std::uint64_t from);
  Result<void> begin_segment();
  Result<void> remove_abandoned();
  std::uint64_t next_generation();
  void publish(std::shared_ptr<Segment> segment, std::uint64_t last, std::uint64_t end,
               std::uint64_t batch_offset, const Digest& chain);
  std::unexpected<Error> refuse(ErrorCode code, std::string_view why);
  std::size_t waiting() const;
  Result<void> archive(const Segment& segment, const Digest& chain, const Between& between);
  Result<void> drop(const Segment& segment, bool is_read);

  ports::Storage& storage_;
  const Options options_;
  bool has_cut_ = false;

  // The shard's thread only.
  std::shared_ptr<Segment> active_;
  std::uint64_t generation_max_ = 0;
  std::optional<ErrorCode> refusing_;
  std::vector<std::string> abandoned_;  ///< segments whose first write failed
  Bytes buffer_;
  Bytes zeros_;

  // Guarded by the mutex, which is never held during input or output.
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Segment>> segments_;
  std::vector<std::string> spares_;
  Digest chain_{};
  std::uint64_t released_ = 0;
  bool is_recycling_ = false;

  std::atomic<std::uint64_t> durable_{0};
  std::shared_ptr<Segment> leaving_;  ///< released, its file not yet gone; the recycler's
};

}  // namespace cairn::segments

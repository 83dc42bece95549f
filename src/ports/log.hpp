#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "ports/record.hpp"

namespace cairn::ports {

/// The log of one shard: the truth of the last minutes (DESIGN §4).
///
/// Owned by its shard's runner. `append`, `reopen` and `release` are called from the shard's thread
/// only; `read` from any thread, of what is durable. When the world fails: an `append` that could
/// not begin (no room) says DiskFull and has written nothing that counts; an `append` whose write
/// or fdatasync failed says Unknown: the log then refuses everything until `reopen`, which closes
/// the segment at the last acknowledged number.
class Log {
 public:
  virtual ~Log() = default;

  /// Appends the records as one batch and returns when it is durable. Numbers are given in order,
  /// the first of them is returned. `record.number` and `record.recorded` of the input are ignored:
  /// all records of a batch bear the time `recorded`. An empty batch is a bug.
  virtual Result<std::uint64_t> append(std::span<const Record> batch, Time recorded) = 0;

  /// The last number that is durable; 0 for an empty log.
  virtual std::uint64_t durable() const = 0;

  /// The first number still held (what was before has been released).
  virtual std::uint64_t first() const = 0;

  /// Visits the durable records from `from` on, in order. Errors: Gone when `from` was released,
  /// Damaged, or whatever the visitor returned.
  virtual Result<void> read(std::uint64_t from, const RecordVisitor& visit) = 0;

  /// Says that records up to and including `through` are safe elsewhere. Their segments may go.
  virtual Result<void> release(std::uint64_t through) = 0;

  /// Puts away one segment that was released, which takes as long as archiving it does. From any
  /// one thread beside the shard's. True when there was one. `between` is called between blocks,
  /// told how many more wait behind this one.
  using Between = std::function<void(std::size_t waiting)>;
  virtual Result<bool> recycle_one(const Between& /*between*/) { return false; }

  /// After Unknown or DiskFull: makes the log usable again, holding exactly what is durable.
  virtual Result<void> reopen() = 0;

  /// SHA-256 chain over the batches up to `durable()`, for the audit: 32 bytes.
  virtual Bytes chain_head() const = 0;

  /// Bytes held on disk.
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace cairn::ports

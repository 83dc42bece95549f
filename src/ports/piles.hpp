#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ports/record.hpp"

namespace cairn::ports {

/// A dense number of an aggregate within its shard, from 1, given by the shard in order of birth.
using Serial = std::uint32_t;

/// What one flush adds to the pile of one aggregate.
struct PileAddition {
  Serial serial = 0;
  AggregateKey key;
  std::uint64_t last_number = 0;  ///< of the newest record in `records`
  BytesView records;              ///< encoded by core/record_codec.hpp; may be empty (row only)
  BytesView row;                  ///< the aggregate's row in `view_row`; may be empty: no change
};

struct PileEntry {
  Serial serial = 0;
  AggregateKey key;
  std::uint64_t last_number = 0;  ///< records up to here are in the pile
  BytesView row;                  ///< empty when the view has none (after `drop_rows`)
};

/// The piles of one shard: the truth of everything older than the log, and beside them the view of
/// rows, which can be thrown away.
///
/// Piles are chunks of at most 64 KiB with a checksum; old chunks are never rewritten. `write`,
/// `drop_rows`, `backup_to` are called by one thread (the drain); `read`, `scan` by any other, of
/// what is committed. When the world fails: `write` returns an error and has changed nothing.
class Piles {
 public:
  virtual ~Piles() = default;

  /// One transaction, durable on return: appends the additions and sets `position()`. Every record
  /// of the shard with a number up to `position` is then in the piles; newer ones may be.
  virtual Result<void> write(std::span<const PileAddition> additions, std::uint64_t position) = 0;

  /// The number up to which all records of the shard are in the piles.
  virtual std::uint64_t position() const = 0;

  /// The records of one aggregate in order, its chunks concatenated (empty when there is none).
  /// Errors: Damaged when a chunk's checksum is wrong.
  virtual Result<Bytes> read(Serial serial) = 0;

  /// Every aggregate in order of serial, with its row.
  virtual Result<void> scan(const std::function<Result<void>(const PileEntry&)>& visit) = 0;

  /// Throws the view of rows away (for `cairn rebuild`); piles stay.
  virtual Result<void> drop_rows() = 0;

  /// Checks every chunk; returns one sentence per fault found.
  virtual Result<std::vector<std::string>> verify() = 0;

  /// Copies a consistent state into a new file or folder at `path`.
  virtual Result<void> backup_to(const std::string& path) = 0;
};

}  // namespace cairn::ports

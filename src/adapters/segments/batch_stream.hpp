#pragma once

#include <optional>

#include "adapters/segments/segment_format.hpp"
#include "ports/storage.hpp"

namespace cairn::segments {

struct Batch {
  BatchHeader header;
  BytesView whole;           ///< valid until the next call of `next`
  std::uint64_t offset = 0;  ///< where it begins in the file
};

/// Walks the batches of one segment's file from an offset to an end. Owned and used by one thread;
/// the file may be appended to meanwhile by another. Errors: Io.
class BatchStream {
 public:
  BatchStream(ports::File& file, const SegmentHeader& segment, std::uint64_t offset,
              std::uint64_t end);

  /// The next batch, or nothing where no intact batch of this segment begins.
  Result<std::optional<Batch>> next();
  /// Where the next batch is looked for.
  std::uint64_t offset() const { return offset_; }

 private:
  Result<BytesView> look(std::size_t size);

  ports::File& file_;
  std::uint32_t shard_;
  std::uint64_t generation_;
  std::uint64_t offset_;
  std::uint64_t end_;
  Bytes chunk_;
  std::uint64_t chunk_at_ = 0;
};

/// Reads exactly `size` bytes that are known to be there. A shorter answer is an Io error: taking
/// it for the end of the log would cut what was acknowledged.
Result<Bytes> read_exactly(ports::File& file, std::uint64_t offset, std::size_t size);

/// Where the first intact batch of this segment begins at or after `from`, at any byte.
Result<std::optional<std::uint64_t>> find_batch(ports::File& file, std::uint32_t shard,
                                                std::uint64_t generation, std::uint64_t from,
                                                std::uint64_t end);

}  // namespace cairn::segments

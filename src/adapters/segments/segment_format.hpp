#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "crypto/hash.hpp"
#include "ports/record.hpp"

/// Segments on disk, version 1. Golden file: tests/conformance/golden/segment_v1.bin. All integers
/// are little-endian. A segment is a header and then batches without gaps; behind the last batch
/// may lie anything, since segments are recycled.
///
/// Segment header, 72 bytes
///   at  size  field
///    0     8  magic "CAIRNLOG"
///    8     4  version, 1
///   12     4  shard
///   16     8  generation: a counter (high 32 bits) and a salt (low 32 bits); also in the file's
///   name 24     8  number of its first record 32    32  chain value of the batch before it (the
///   start value for the first) 64     4  zero 68     4  CRC-32C of bytes 0–67
///
/// Batch, 76 bytes and its records
///   at  size  field
///    0     4  magic "CBAT"
///    4     4  CRC-32C of everything from byte 8 to the batch's end
///    8    32  chain value: SHA-256 over (chain value of the batch before, bytes 40 to the end)
///   40     4  length of the records in bytes
///   44     4  shard
///   48     4  count of records, at least 1
///   52     8  generation
///   60     8  number of its first record
///   68     8  time recorded, µs since 1970
///   76     …  records: type u8, kind u8, aggregate id 16 bytes, varint length, body
///
/// Checksum and chain cover shard, generation and numbers, so a leftover of a recycled segment is
/// never taken for a batch of this one. The salt cannot be guessed by someone who writes the text
/// of records, so nobody can plant a batch inside a batch.
namespace cairn::segments {

using crypto::Digest;

constexpr std::size_t segment_header_bytes = 72;
constexpr std::size_t batch_header_bytes = 76;
constexpr BytesView batch_magic = "CBAT";

struct SegmentHeader {
  std::uint32_t shard = 0;
  std::uint64_t generation = 0;
  std::uint64_t first = 1;
  Digest chain_before{};
};

/// Writes `segment_header_bytes` bytes.
void encode(const SegmentHeader& header, char* out);
/// Nothing when the bytes are no intact header of version 1.
std::optional<SegmentHeader> decode_segment_header(BytesView bytes);

/// What a log of this shard is chained to before its first batch.
Digest chain_start(std::uint32_t shard);

struct BatchHeader {
  std::uint32_t checksum = 0;
  Digest chain{};
  std::uint32_t length = 0;
  std::uint32_t shard = 0;
  std::uint32_t count = 0;
  std::uint64_t generation = 0;
  std::uint64_t first = 0;
  Time recorded;

  std::uint64_t last() const { return first + count - 1; }
  std::size_t whole_bytes() const { return batch_header_bytes + length; }
};

/// The bytes a batch of these records takes on disk.
std::size_t encoded_size(std::span<const ports::Record> batch);
/// Writes the batch to `out`, which has room for `encoded_size(batch)`; returns its chain value.
Digest encode_batch(const SegmentHeader& segment, std::uint64_t first,
                    std::span<const ports::Record> batch, Time recorded, const Digest& chain_before,
                    std::size_t size, char* out);

/// The header at the start of `bytes`, when it has a magic and belongs to shard and generation. Its
/// checksum is not looked at: the rest of the batch may not have been read yet.
std::optional<BatchHeader> decode_batch_header(BytesView bytes, std::uint32_t shard,
                                               std::uint64_t generation);
/// Is the checksum of this whole batch right?
bool is_intact(const BatchHeader& header, BytesView whole);
/// The chain value this whole batch should bear after `chain_before`.
Digest chain_of(BytesView whole, const Digest& chain_before);

/// Visits the records of an intact batch whose numbers are at least `from`. Errors: Damaged when
/// they do not fill the batch exactly; whatever the visitor returned.
Result<void> visit_records(const BatchHeader& header, BytesView whole, std::uint64_t from,
                           const ports::RecordVisitor& visit);

}  // namespace cairn::segments

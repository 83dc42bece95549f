#include "adapters/segments/batch_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::segments {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;
constexpr std::size_t search_bytes = 1024 * 1024;

}  // namespace

Result<Bytes> read_exactly(ports::File& file, std::uint64_t offset, std::size_t size) {
  auto bytes = file.read_at(offset, size);
  if (!bytes) return bytes;
  if (bytes->size() != size)
    return fail(ErrorCode::Io, fmt::format("a segment gave {} bytes at offset {} where {} lie",
                                           bytes->size(), offset, size));
  return bytes;
}

BatchStream::BatchStream(ports::File& file, const SegmentHeader& segment, std::uint64_t offset,
                         std::uint64_t end)
    : file_(file),
      shard_(segment.shard),
      generation_(segment.generation),
      offset_(offset),
      end_(end) {}

Result<BytesView> BatchStream::look(std::size_t size) {
  const bool is_held = offset_ >= chunk_at_ && offset_ + size <= chunk_at_ + chunk_.size();
  if (!is_held) {
    const auto wanted = std::min<std::uint64_t>(end_ - offset_, std::max(size, chunk_bytes));
    CAIRN_TRY(chunk_, read_exactly(file_, offset_, wanted));
    chunk_at_ = offset_;
  }
  return BytesView(chunk_).substr(offset_ - chunk_at_, size);
}

Result<std::optional<Batch>> BatchStream::next() {
  if (offset_ > end_ || end_ - offset_ < batch_header_bytes) return std::nullopt;
  CAIRN_TRY(const BytesView head, look(batch_header_bytes));
  const auto header = decode_batch_header(head, shard_, generation_);
  if (!header || header->whole_bytes() > end_ - offset_) return std::nullopt;
  CAIRN_TRY(const BytesView whole, look(header->whole_bytes()));
  if (!is_intact(*header, whole)) return std::nullopt;
  const Batch batch{*header, whole, offset_};
  offset_ += whole.size();
  return batch;
}

Result<std::optional<std::uint64_t>> find_batch(ports::File& file, std::uint32_t shard,
                                                std::uint64_t generation, std::uint64_t from,
                                                std::uint64_t end) {
  SegmentHeader segment;
  segment.shard = shard;
  segment.generation = generation;
  while (from < end && end - from >= batch_header_bytes) {
    const auto size = std::min<std::uint64_t>(end - from, search_bytes);
    CAIRN_TRY(const Bytes bytes, read_exactly(file, from, size));
    for (std::size_t at = bytes.find(batch_magic); at != Bytes::npos;
         at = bytes.find(batch_magic, at + 1)) {
      if (bytes.size() - at < batch_header_bytes) break;
      if (!decode_batch_header(BytesView(bytes).substr(at), shard, generation)) continue;
      BatchStream stream(file, segment, from + at, end);
      CAIRN_TRY(const auto batch, stream.next());
      if (batch) return from + at;
    }
    if (size == end - from) break;
    from += size - batch_header_bytes + 1;
  }
  return std::nullopt;
}

}  // namespace cairn::segments

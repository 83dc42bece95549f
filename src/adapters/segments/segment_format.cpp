#include "adapters/segments/segment_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace cairn::segments {
namespace {

constexpr BytesView segment_magic = "CAIRNLOG";
constexpr std::uint32_t format_version = 1;
constexpr std::size_t header_covered_bytes = 68;
constexpr std::size_t checksum_at = 4;
constexpr std::size_t chain_at = 8;
constexpr std::size_t chained_at = 40;
constexpr std::size_t record_fixed_bytes = 18;

template <typename T>
char* put(char* out, T value) {
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}
char* put(char* out, BytesView bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}
char* put_varint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}
std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

Digest to_digest(BytesView bytes) {
  Digest digest{};
  std::memcpy(digest.data(), bytes.data(), std::min(bytes.size(), digest.size()));
  return digest;
}

}  // namespace

void encode(const SegmentHeader& header, char* out) {
  char* at = put(out, segment_magic);
  at = put(at, format_version);
  at = put(at, header.shard);
  at = put(at, header.generation);
  at = put(at, header.first);
  at = put(at, crypto::view(header.chain_before));
  at = put(at, std::uint32_t{0});
  put(at, crc32c({out, header_covered_bytes}));
}

std::optional<SegmentHeader> decode_segment_header(BytesView bytes) {
  if (bytes.size() < segment_header_bytes) return std::nullopt;
  ByteReader in(bytes.substr(0, segment_header_bytes));
  if (in.take(segment_magic.size()) != segment_magic || in.u32() != format_version)
    return std::nullopt;
  SegmentHeader header;
  header.shard = in.u32();
  header.generation = in.u64();
  header.first = in.u64();
  header.chain_before = to_digest(in.take(32));
  const bool is_zero = in.u32() == 0;
  if (!is_zero || in.u32() != crc32c(bytes.substr(0, header_covered_bytes)) || header.first == 0)
    return std::nullopt;
  return header;
}

Digest chain_start(std::uint32_t shard) {
  return crypto::sha256(fmt::format("cairn log, version 1, shard {}", shard));
}

std::size_t encoded_size(std::span<const ports::Record> batch) {
  std::size_t size = batch_header_bytes;
  for (const auto& record : batch)
    size += record_fixed_bytes + varint_size(record.body.size()) + record.body.size();
  return size;
}

Digest encode_batch(const SegmentHeader& segment, std::uint64_t first,
                    std::span<const ports::Record> batch, Time recorded, const Digest& chain_before,
                    std::size_t size, char* out) {
  char* at = put(out, batch_magic) + sizeof(std::uint32_t);
  // The place of the new chain value holds the old one while it is hashed: one pass, no copy.
  at = put(at, crypto::view(chain_before));
  at = put(at, static_cast<std::uint32_t>(size - batch_header_bytes));
  at = put(at, segment.shard);
  at = put(at, static_cast<std::uint32_t>(batch.size()));
  at = put(at, segment.generation);
  at = put(at, first);
  at = put(at, recorded.us);
  for (const auto& record : batch) {
    at = put(at, static_cast<std::uint8_t>(record.type));
    at = put(at, record.aggregate.kind);
    at = put(at, record.aggregate.id.view());
    at = put_varint(at, record.body.size());
    at = put(at, record.body);
  }
  CAIRN_CHECK(at == out + size);
  const Digest chain = crypto::sha256({out + chain_at, size - chain_at});
  put(out + chain_at, crypto::view(chain));
  put(out + checksum_at, crc32c({out + chain_at, size - chain_at}));
  return chain;
}

std::optional<BatchHeader> decode_batch_header(BytesView bytes, std::uint32_t shard,
                                               std::uint64_t generation) {
  if (bytes.size() < batch_header_bytes || !bytes.starts_with(batch_magic)) return std::nullopt;
  ByteReader in(bytes.substr(batch_magic.size(), batch_header_bytes - batch_magic.size()));
  BatchHeader header;
  header.checksum = in.u32();
  header.chain = to_digest(in.take(32));
  header.length = in.u32();
  header.shard = in.u32();
  header.count = in.u32();
  header.generation = in.u64();
  header.first = in.u64();
  header.recorded = Time{in.i64()};
  if (header.shard != shard || header.generation != generation || header.count == 0 ||
      header.first == 0)
    return std::nullopt;
  return header;
}

bool is_intact(const BatchHeader& header, BytesView whole) {
  return whole.size() == header.whole_bytes() && crc32c(whole.substr(chain_at)) == header.checksum;
}

Digest chain_of(BytesView whole, const Digest& chain_before) {
  crypto::Sha256 hash;
  hash.update(crypto::view(chain_before));
  hash.update(whole.substr(chained_at));
  return hash.finish();
}

Result<void> visit_records(const BatchHeader& header, BytesView whole, std::uint64_t from,
                           const ports::RecordVisitor& visit) {
  ByteReader in(whole.substr(batch_header_bytes));
  ports::Record record;
  record.recorded = header.recorded;
  for (std::uint32_t i = 0; i < header.count; ++i) {
    record.type = static_cast<ports::RecordType>(in.u8());
    record.aggregate.kind = in.u8();
    const BytesView id = in.take(ports::AggregateId::size());
    record.number = header.first + i;
    record.body = in.bytes();
    if (in.failed()) break;
    record.aggregate.id = ports::AggregateId::from(id);
    if (record.number >= from) CAIRN_TRY_VOID(visit(record));
  }
  if (in.failed() || !in.at_end())
    return fail(ErrorCode::Damaged,
                fmt::format("shard {}: the batch of records {} to {} has a right checksum, but its "
                            "records do not fill it; it was written by another program",
                            header.shard, header.first, header.last()));
  return {};
}

}  // namespace cairn::segments

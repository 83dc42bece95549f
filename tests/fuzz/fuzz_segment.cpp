// Any bytes as a segment, as a record area with a right checksum, as an audit file, and as changes
// to a good log: opening and reading must end with a value or an error, never with anything else.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "adapters/memory/memory_storage.hpp"
#include "adapters/segments/segment_log.hpp"
#include "base/check.hpp"

namespace cairn::fuzz {
namespace {

constexpr std::uint64_t generation = 0x0000000100000000;
constexpr std::uint32_t shard = 1;

Result<void> look(const ports::Record& record) {
  CAIRN_CHECK(record.number != 0);
  return {};
}
Bytes sign(BytesView bytes) { return Bytes(crypto::view(crypto::sha256(bytes))); }

segments::Options options() {
  segments::Options chosen;
  chosen.folder = "log";
  chosen.shard = shard;
  chosen.segment_bytes = 4096;
  chosen.zeros_ahead_bytes = 256;
  return chosen;
}

void put(memory::MemoryStorage& disk, const std::string& path, Bytes content) {
  CAIRN_CHECK(disk.make_folder("log"));
  CAIRN_CHECK(disk.open(path, ports::Storage::Mode::OpenOrCreate));
  CAIRN_CHECK(disk.poke(path, std::move(content)));
}

/// A log that opens must take a record, and give it back after another opening.
void open_and_use(memory::MemoryStorage& disk) {
  auto log = segments::SegmentLog::open(disk, options());
  if (!log) return;
  const std::uint64_t durable = (*log)->durable();
  CAIRN_CHECK(durable + 1 >= (*log)->first());
  const auto read = (*log)->read((*log)->first(), look);
  ports::Record record;
  record.body = "the next one";
  const auto appended = (*log)->append(std::span(&record, 1), Time{1});
  CAIRN_CHECK(appended && *appended == durable + 1);
  log = segments::SegmentLog::open(disk, options());
  CAIRN_CHECK(log && (*log)->durable() == durable + 1);
  CAIRN_CHECK(!read || (*log)->read((*log)->first(), look));
}

Bytes header_bytes(std::uint64_t first) {
  Bytes out(segments::segment_header_bytes, '\0');
  segments::encode({shard, generation, first, segments::chain_start(shard)}, out.data());
  return out;
}

void as_segment(BytesView input) {
  memory::MemoryStorage disk;
  const auto path = segments::file_path("log", generation, segments::FileKind::Segment);
  put(disk, path, Bytes(input));
  open_and_use(disk);
  put(disk, path, header_bytes(1) + Bytes(input));
  open_and_use(disk);
}

/// Records nobody wrote, under a checksum and a chain value that are right.
void as_records(BytesView input) {
  if (input.size() < 4) return;
  ports::Record record;
  record.body = input.substr(4);
  Bytes batch(segments::encoded_size(std::span(&record, 1)), '\0');
  const segments::SegmentHeader segment{shard, generation, 1, segments::chain_start(shard)};
  segments::encode_batch(segment, 1, std::span(&record, 1), Time{1}, segment.chain_before,
                         batch.size(), batch.data());
  const auto at = segments::batch_header_bytes;
  batch.replace(at, std::min(input.size() - 4, batch.size() - at), input.substr(4));
  std::uint32_t count = 0;
  std::memcpy(&count, input.data(), sizeof count);
  count = count % 64 + 1;
  std::memcpy(batch.data() + 48, &count, sizeof count);
  const auto chain = segments::chain_of(batch, segment.chain_before);
  std::memcpy(batch.data() + 8, chain.data(), chain.size());
  const std::uint32_t checksum = crc32c(BytesView(batch).substr(8));
  std::memcpy(batch.data() + 4, &checksum, sizeof checksum);
  memory::MemoryStorage disk;
  put(disk, segments::file_path("log", generation, segments::FileKind::Segment),
      header_bytes(1) + batch + Bytes(1'000, '\0'));
  open_and_use(disk);
}

void as_audit_file(BytesView input) {
  memory::MemoryStorage disk;
  put(disk, "log/audit", Bytes(input));
  (void)segments::read_audit_file(disk, "log/audit", sign, look);
  // The same with a right head and signature, so that what is below them is reached.
  put(disk, "log/raw", header_bytes(1) + Bytes(input));
  const auto file = disk.open("log/raw", ports::Storage::Mode::Existing).value();
  const segments::AuditSource source{
      {shard, generation, 1, segments::chain_start(shard)}, *file, 72 + input.size(), 1, {}};
  CAIRN_CHECK(segments::write_audit_file(disk, "log/signed", source, sign));
  (void)segments::read_audit_file(disk, "log/signed", sign, look);
}

/// Overwrites bytes of a log of some segments: three bytes of input say where and what.
void as_changes(BytesView input) {
  memory::MemoryStorage disk;
  {
    auto log = segments::SegmentLog::open(disk, options()).value();
    const Bytes body(300, 'b');
    ports::Record records[4];
    for (auto& record : records) record.body = body;
    for (int i = 0; i < 9; ++i) CAIRN_CHECK(log->append(records, Time{i}));
  }
  const auto names = disk.list("log").value();
  for (std::size_t at = 0; at + 3 <= input.size(); at += 3) {
    const auto where =
        static_cast<std::uint8_t>(input[at]) * 256u + static_cast<std::uint8_t>(input[at + 1]);
    const std::string path = "log/" + names[where % names.size()];
    Bytes content = disk.peek(path).value();
    content[where / names.size() % content.size()] = input[at + 2];
    put(disk, path, std::move(content));
  }
  open_and_use(disk);
}

void try_bytes(BytesView bytes) {
  const BytesView input = bytes.substr(1);
  switch (static_cast<std::uint8_t>(bytes[0]) % 4) {
    case 0:
      return as_segment(input);
    case 1:
      return as_records(input);
    case 2:
      return as_audit_file(input);
    default:
      return as_changes(input);
  }
}

}  // namespace
}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) cairn::fuzz::try_bytes({reinterpret_cast<const char*>(data), size});
  return 0;
}

// What only the log of segments does: recycling, cutting, refusing damage, and how often it calls
// the file system.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/segments/batch_stream.hpp"
#include "adapters/segments/segment_log.hpp"
#include "log_support.hpp"

namespace cairn::log_tests {
namespace {

using memory::Operation;
using segments::SegmentLog;

class LogSegments : public testing::Test {
 protected:
  LogSegments() {
    options_.folder = "log";
    options_.shard = 5;
    options_.segment_bytes = 4096;
    options_.zeros_ahead_bytes = 1024;
  }
  Result<std::unique_ptr<SegmentLog>> try_open() { return SegmentLog::open(storage_, options_); }
  std::unique_ptr<SegmentLog> open() {
    auto opened = try_open();
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  void fill(SegmentLog& log, std::uint64_t through) {
    while (expected_.acknowledged.size() < through) ASSERT_TRUE(expected_.append(log, 3, 200));
  }
  std::vector<std::string> files(std::string_view suffix) {
    std::vector<std::string> out;
    for (const auto& name : disk_.list("log").value())
      if (name.ends_with(suffix)) out.push_back("log/" + name);
    return out;
  }
  void flip(const std::string& path, std::size_t at) {
    Bytes content = disk_.peek(path).value();
    content.at(at) = static_cast<char>(content[at] ^ 0x10);
    ASSERT_TRUE(disk_.poke(path, content));
  }
  /// Where batches begin, as a stream over the file finds them.
  std::vector<std::uint64_t> batches_of(const std::string& path) {
    const Bytes content = disk_.peek(path).value();
    const auto header = segments::decode_segment_header(content).value();
    auto file = disk_.open(path, ports::Storage::Mode::Existing).value();
    segments::BatchStream stream(*file, header, segments::segment_header_bytes, content.size());
    std::vector<std::uint64_t> offsets;
    while (auto batch = stream.next().value()) offsets.push_back(batch->offset);
    return offsets;
  }

  memory::MemoryStorage disk_;
  memory::FaultyStorage storage_{disk_};
  segments::Options options_;
  Expected expected_{11};
};

TEST_F(LogSegments, AnAppendIsOneWriteAndOneSync) {
  options_.segment_bytes = 1 << 20;
  options_.zeros_ahead_bytes = 0;
  auto log = open();
  const auto all = storage_.count_all();
  const auto writes = storage_.count(Operation::Write);
  const auto syncs = storage_.count(Operation::Sync);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(expected_.append(*log, 16, 300));
  EXPECT_EQ(storage_.count(Operation::Write) - writes, 100u);
  EXPECT_EQ(storage_.count(Operation::Sync) - syncs, 100u);
  EXPECT_EQ(storage_.count_all() - all, 200u);
}

TEST_F(LogSegments, AFollowerAtTheEndReadsLittle) {
  options_.segment_bytes = 8 << 20;
  auto log = open();
  while (log->size_bytes() < 20'000'000) ASSERT_TRUE(expected_.append(*log, 16, 2'000));
  const auto reads = storage_.count(Operation::Read);
  ASSERT_TRUE(log->read(log->durable(), [](const ports::Record&) -> Result<void> { return {}; }));
  EXPECT_EQ(storage_.count(Operation::Read) - reads, 1u);
}

TEST_F(LogSegments, SegmentsAreRecycledAndOnlySomeAreKept) {
  auto log = open();
  fill(*log, 200);
  const auto before = files(".segment").size();
  ASSERT_GT(before, 5u);
  expected_.released = log->durable();
  ASSERT_TRUE(log->release(log->durable()));
  EXPECT_EQ(files(".segment").size(), 1u);
  EXPECT_EQ(files(".spare").size(), 2u);
  const auto allocated = storage_.count(Operation::Allocate);
  fill(*log, 210);
  for (int i = 0; i < 20; ++i) {
    fill(*log, expected_.acknowledged.size() + 10);
    expected_.released = log->durable();
    ASSERT_TRUE(log->release(log->durable()));
  }
  EXPECT_EQ(storage_.count(Operation::Allocate), allocated) << "spares are used again";
  log = open();
  EXPECT_TRUE(expected_.holds(*log));
  EXPECT_EQ(files(".spare").size(), 2u);
}

TEST_F(LogSegments, AReaderKeepsASegmentThatIsReleasedMeanwhile) {
  auto log = open();
  fill(*log, 200);
  std::uint64_t next = 1;
  ASSERT_TRUE(log->read(1, [&](const ports::Record& record) -> Result<void> {
    EXPECT_EQ(record.number, next);
    EXPECT_TRUE(is_same(record, expected_.acknowledged[next - 1]));
    if (next++ == 3) {
      EXPECT_TRUE(log->release(200));
      EXPECT_EQ(files(".spare").size(), 0u) << "what is being read must not be written over";
      fill(*log, 400);
    }
    return {};
  }));
  EXPECT_GE(next, 201u);
}

TEST_F(LogSegments, AnotherThreadArchivesAndRecycles) {
  options_.is_recycled_elsewhere = true;
  options_.audit_folder = "audit";
  options_.sign = [](BytesView bytes) { return Bytes(crypto::view(crypto::sha256(bytes))); };
  auto log = open();
  std::atomic<bool> is_done = false;
  std::atomic<int> recycled = 0;
  std::atomic<int> faults = 0;
  std::thread drain([&] {
    for (bool is_last = false; !is_last;) {
      is_last = is_done;
      const auto done = log->recycle_one([](std::size_t) {});
      if (!done) ++faults;
      if (done && *done) {
        ++recycled;
        is_last = false;
      }
      std::this_thread::yield();
    }
  });
  std::thread follower([&] {
    for (std::uint64_t next = 1; !is_done;) {
      const auto read = log->read(next, [&](const ports::Record& record) -> Result<void> {
        if (record.number != next++) ++faults;
        return {};
      });
      if (!read && read.error().code == ErrorCode::Gone) next = std::max(next, log->first());
      if (!read && read.error().code != ErrorCode::Gone) ++faults;
    }
  });
  for (int i = 0; i < 500; ++i) {
    EXPECT_TRUE(expected_.append(*log, 4, 200));
    expected_.released = log->durable();
    EXPECT_TRUE(log->release(log->durable()));
  }
  is_done = true;
  drain.join();
  follower.join();
  EXPECT_EQ(faults, 0);
  EXPECT_GT(recycled, 20);
  EXPECT_EQ(files(".segment").size(), 1u);
  EXPECT_TRUE(expected_.holds(*log));
  const auto audited = segments::verify_audit(
      disk_, "audit", 5, {segments::beginning(5), log->audit_head()}, options_.sign,
      [](const ports::Record&) -> Result<void> { return {}; });
  EXPECT_TRUE(audited) << audited.error().message;
}

TEST_F(LogSegments, ASegmentStaysUntilItsAuditFileIsWritten) {
  options_.audit_folder = "audit";
  options_.sign = [](BytesView bytes) { return Bytes(crypto::view(crypto::sha256(bytes))); };
  auto log = open();
  fill(*log, 100);
  disk_.set_capacity(disk_.used());
  const auto released = log->release(log->durable());
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::DiskFull);
  EXPECT_EQ(log->first(), 1u);
  EXPECT_TRUE(expected_.holds(*log));
  disk_.set_capacity(UINT64_MAX);
  ASSERT_TRUE(log->release(log->durable()));
  EXPECT_GT(log->first(), 50u);
}

TEST_F(LogSegments, ABatchLargerThanASegmentGetsItsOwn) {
  auto log = open();
  fill(*log, 10);
  const Bytes body(50'000, 'b');
  ports::Record record;
  record.body = body;
  ASSERT_TRUE(log->append(std::span(&record, 1), Time{1}));
  EXPECT_EQ(log->size_bytes(), 4096u * (files(".segment").size() - 1) + 50'000 +
                                   segments::segment_header_bytes +
                                   segments::encoded_size(std::span(&record, 1)) - 50'000);
  ASSERT_TRUE(log->append(std::span(&record, 1), Time{1}));
  log = open();
  EXPECT_EQ(log->durable(), expected_.acknowledged.size() + 2);
  ASSERT_TRUE(log->release(log->durable()));
  options_.batch_bytes_max = 1'000;
  log = open();
  EXPECT_EQ(log->append(std::span(&record, 1), Time{1}).error().code, ErrorCode::TooLarge);
  ports::Record small;
  EXPECT_TRUE(log->append(std::span(&small, 1), Time{1})) << "a refusal of one batch only";
}

TEST_F(LogSegments, AnUnfinishedBatchAtTheEndIsCut) {
  auto log = open();
  fill(*log, 100);
  const std::uint64_t last = log->durable();
  log.reset();
  const std::string newest = files(".segment").back();
  const auto offsets = batches_of(newest);
  ASSERT_GT(offsets.size(), 1u);
  flip(newest, offsets.back() + 100);
  log = open();
  EXPECT_TRUE(log->has_cut());
  EXPECT_LT(log->durable(), last);
  while (expected_.acknowledged.size() > log->durable()) expected_.acknowledged.pop_back();
  EXPECT_TRUE(expected_.holds(*log));
  fill(*log, last + 50);
  log = open();
  EXPECT_FALSE(log->has_cut());
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_F(LogSegments, EveryDamagedByteBeforeTheLastBatchIsRefused) {
  auto log = open();
  fill(*log, 90);
  log.reset();
  ASSERT_GT(files(".segment").size(), 2u);
  const std::string newest = files(".segment").back();
  for (const auto& path : files(".segment")) {
    const auto offsets = batches_of(path);
    const Bytes whole = disk_.peek(path).value();
    auto end = offsets.back();
    if (path != newest) {
      const auto header = segments::decode_batch_header(
          BytesView(whole).substr(end), 5, segments::decode_segment_header(whole)->generation);
      end += header->whole_bytes();
    } else {
      ASSERT_GT(offsets.size(), 1u);
    }
    for (std::size_t at = 0; at < end; at += 3) {
      flip(path, at);
      const auto opened = try_open();
      ASSERT_FALSE(opened) << path << " byte " << at;
      ASSERT_EQ(opened.error().code, ErrorCode::Damaged);
      ASSERT_NE(opened.error().message.find("--accept-loss"), std::string::npos);
      flip(path, at);
    }
  }
  log = open();
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_F(LogSegments, ABatchRewrittenWithARightChecksumIsRefused) {
  auto log = open();
  fill(*log, 20);
  log.reset();
  const std::string path = files(".segment").front();
  Bytes content = disk_.peek(path).value();
  const auto at = batches_of(path)[1];
  const auto generation = segments::decode_segment_header(content)->generation;
  const auto header =
      segments::decode_batch_header(BytesView(content).substr(at), 5, generation).value();
  content[at + header.whole_bytes() - 1] ^= 1;
  const std::uint32_t checksum =
      crc32c(BytesView(content).substr(at + 8, header.whole_bytes() - 8));
  content.replace(at + 4, 4, reinterpret_cast<const char*>(&checksum), 4);
  ASSERT_TRUE(disk_.poke(path, content));
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("does not continue the chain"), std::string::npos)
      << opened.error().message;
}

TEST_F(LogSegments, DamageThatComesLaterIsFoundByReading) {
  auto log = open();
  fill(*log, 100);
  const std::string path = files(".segment").front();
  flip(path, batches_of(path).back() + 80);
  const auto read = log->read(1, [](const ports::Record&) -> Result<void> { return {}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Damaged);
  EXPECT_NE(read.error().message.find(path), std::string::npos);
}

TEST_F(LogSegments, AMissingSegmentIsRefused) {
  auto log = open();
  fill(*log, 120);
  log.reset();
  const auto paths = files(".segment");
  ASSERT_GT(paths.size(), 3u);
  const Bytes content = disk_.peek(paths[1]).value();
  ASSERT_TRUE(disk_.remove(paths[1]));
  EXPECT_EQ(try_open().error().code, ErrorCode::Damaged);
  ASSERT_TRUE(disk_.open(paths[1], ports::Storage::Mode::CreateNew));
  ASSERT_TRUE(disk_.poke(paths[1], content));
  log = open();
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_F(LogSegments, ALogBehindItsPilesIsRefused) {
  auto log = open();
  fill(*log, 20);
  const std::uint64_t last = log->durable();
  options_.not_before = last;
  log = open();
  options_.not_before = last + 1;
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Damaged);

  options_.accept_loss_from = last + 1;
  log = open();
  EXPECT_EQ(log->durable(), last + 1);
  EXPECT_EQ(log->first(), last + 2);
  ports::Record record;
  EXPECT_EQ(log->append(std::span(&record, 1), Time{1}).value(), last + 2);
  EXPECT_FALSE(files(".lost").empty());
  options_.accept_loss_from.reset();
  log = open();
  EXPECT_EQ(log->durable(), last + 2);
}

TEST_F(LogSegments, TheOperatorMayGiveUpWhatIsSpoilt) {
  auto log = open();
  fill(*log, 150);
  log.reset();
  const auto paths = files(".segment");
  ASSERT_GT(paths.size(), 3u);
  const auto offsets = batches_of(paths[2]);
  ASSERT_GT(offsets.size(), 2u);
  flip(paths[2], offsets[1] + 5);
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  const std::string asked = fmt::format("--accept-loss {}:", options_.shard);
  const auto at = refused.error().message.find(asked);
  ASSERT_NE(at, std::string::npos) << refused.error().message;
  const auto lost = std::stoull(refused.error().message.substr(at + asked.size()));
  options_.accept_loss_from = lost + 1;
  EXPECT_FALSE(try_open()) << "only the number that was named is the operator's word";
  options_.accept_loss_from = lost;
  log = open();
  EXPECT_EQ(log->durable(), lost - 1);
  expected_.acknowledged.resize(lost - 1);
  EXPECT_TRUE(expected_.holds(*log));
  EXPECT_EQ(files(".lost").size(), paths.size() - 3);
  fill(*log, 200);
  log = open();  // the word stays in the configuration: it means nothing to a log that is whole
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_F(LogSegments, AnotherShardsSegmentsAreRefused) {
  auto log = open();
  fill(*log, 5);
  log.reset();
  options_.shard = 6;
  EXPECT_EQ(try_open().error().code, ErrorCode::Damaged);
}

TEST_F(LogSegments, ABatchInsideARecordIsNotTakenForOne) {
  auto log = open();
  fill(*log, 3);
  log.reset();
  const std::string path = files(".segment").back();
  const Bytes content = disk_.peek(path).value();
  auto header = segments::decode_segment_header(content).value();
  // Somebody who can write texts, but cannot see the files, forges a batch and then the power
  // fails in the middle of the one that carries it.
  header.generation = header.generation >> 32 << 32 | 0xabcdef;
  ports::Record record;
  Bytes forged(segments::encoded_size(std::span(&record, 1)), '\0');
  segments::encode_batch(header, 5, std::span(&record, 1), Time{1}, {}, forged.size(),
                         forged.data());
  record.body = forged;
  log = open();
  ASSERT_TRUE(log->append(std::span(&record, 1), Time{1}));
  log.reset();
  flip(path, batches_of(path).back() + 70);
  log = open();
  EXPECT_TRUE(log->has_cut());
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_F(LogSegments, TheFirstReleaseOfTheFormatIsStillRead) {
  segments::SegmentHeader header{7, 0x00000001'12345678, 1, segments::chain_start(7)};
  Bytes made(segments::segment_header_bytes, '\0');
  segments::encode(header, made.data());
  segments::Digest chain = header.chain_before;
  std::uint64_t number = 1;
  std::vector<Bytes> bodies;
  for (int i = 0; i < 6; ++i) bodies.push_back(Bytes(static_cast<std::size_t>(i * i * 10), 'a'));
  for (std::size_t count = 1; count <= 3; ++count) {
    std::vector<ports::Record> batch(count);
    for (auto& record : batch) {
      record.type = static_cast<ports::RecordType>(number % 7 + 1);
      record.aggregate.kind = static_cast<std::uint8_t>(number);
      record.aggregate.id.data.fill(static_cast<std::uint8_t>(number));
      record.body = bodies[number++ - 1];
    }
    const auto size = segments::encoded_size(batch);
    Bytes bytes(size, '\0');
    chain = segments::encode_batch(header, number - count, batch,
                                   Time{1'000 * static_cast<std::int64_t>(number)}, chain, size,
                                   bytes.data());
    made += bytes;
  }
  std::ifstream file(CAIRN_SOURCE_DIR "/tests/conformance/golden/segment_v1.bin", std::ios::binary);
  ASSERT_TRUE(file) << "tests/conformance/golden/segment_v1.bin is missing";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(to_hex(golden.str()), to_hex(made)) << "the format changed: give it a new version";

  ASSERT_TRUE(disk_.make_folder("log"));
  const std::string path =
      segments::file_path("log", header.generation, segments::FileKind::Segment);
  ASSERT_TRUE(disk_.open(path, ports::Storage::Mode::CreateNew));
  ASSERT_TRUE(disk_.poke(path, golden.str()));
  options_.shard = 7;
  auto log = open();
  EXPECT_EQ(log->durable(), 6u);
  EXPECT_EQ(log->chain_head(), crypto::view(chain));
  std::uint64_t next = 1;
  ASSERT_TRUE(log->read(1, [&](const ports::Record& record) -> Result<void> {
    EXPECT_EQ(record.number, next);
    EXPECT_EQ(record.body, bodies[next - 1]);
    EXPECT_EQ(record.aggregate.kind, next);
    ++next;
    return {};
  }));
  EXPECT_EQ(next, 7u);
}

}  // namespace
}  // namespace cairn::log_tests

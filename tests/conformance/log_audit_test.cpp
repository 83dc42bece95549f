// R12: whatever is done to the audit files is noticed against an exported head.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "adapters/memory/memory_storage.hpp"
#include "adapters/segments/batch_stream.hpp"
#include "adapters/segments/segment_log.hpp"
#include "log_support.hpp"

namespace cairn::log_tests {
namespace {

using segments::SegmentLog;

Bytes sign(BytesView bytes) {
  return Bytes(crypto::view(crypto::hmac_sha256("key of the test", bytes)));
}
Result<void> nothing(const ports::Record&) { return {}; }

class LogAudit : public testing::Test {
 protected:
  void SetUp() override {
    segments::Options options;
    options.folder = "log";
    options.shard = shard_;
    options.segment_bytes = 4096;
    options.audit_folder = "audit";
    options.sign = sign;
    log_ = SegmentLog::open(disk_, options).value();
    while (expected_.acknowledged.size() < 250) ASSERT_TRUE(expected_.append(*log_, 4, 150));
    ASSERT_TRUE(log_->release(log_->durable()));
    range_ = {segments::beginning(shard_), log_->audit_head()};
    for (const auto& name : disk_.list("audit").value()) paths_.push_back("audit/" + name);
    ASSERT_GT(paths_.size(), 4u);
    for (const auto& path : paths_) good_[path] = disk_.peek(path).value();
  }

  Result<segments::AuditHead> verify() {
    return segments::verify_audit(disk_, "audit", shard_, range_, sign, nothing);
  }
  void restore() {
    for (const auto& name : disk_.list("audit").value()) ASSERT_TRUE(disk_.remove("audit/" + name));
    for (const auto& [path, content] : good_) put(path, content);
  }
  void put(const std::string& path, const Bytes& content) {
    ASSERT_TRUE(disk_.open(path, ports::Storage::Mode::OpenOrCreate));
    ASSERT_TRUE(disk_.poke(path, content));
  }
  bool change_files(std::mt19937_64& random);
  bool rewrite_batches(std::mt19937_64& random);

  const std::uint32_t shard_ = 2;
  memory::MemoryStorage disk_;
  Expected expected_{3};
  std::unique_ptr<SegmentLog> log_;
  segments::AuditRange range_;
  std::vector<std::string> paths_;
  std::map<std::string, Bytes> good_;
};

TEST_F(LogAudit, HoldsEveryRecordOfDroppedSegments) {
  std::uint64_t next = 1;
  const auto all = segments::verify_audit(
      disk_, "audit", shard_, range_, sign, [&](const ports::Record& record) -> Result<void> {
        EXPECT_EQ(record.number, next);
        EXPECT_TRUE(is_same(record, expected_.acknowledged[next - 1]));
        ++next;
        return {};
      });
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(next, log_->first());
  EXPECT_EQ(all->first, 1u);
  EXPECT_EQ(all->last, log_->first() - 1);
  EXPECT_EQ(segments::verify_audit(disk_, "audit", 99, range_, sign, nothing).error().code,
            ErrorCode::NotFound);
}

TEST_F(LogAudit, AnotherKeysSignatureIsRefused) {
  const auto other = [](BytesView bytes) {
    return Bytes(crypto::view(crypto::hmac_sha256("another key", bytes)));
  };
  const auto read = segments::read_audit_file(disk_, paths_[0], other, nothing);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Damaged);
}

/// What somebody without the key can do to the files. False when nothing came of it.
bool LogAudit::change_files(std::mt19937_64& random) {
  const std::string& path = paths_[random() % paths_.size()];
  const std::string& other = paths_[random() % paths_.size()];
  Bytes content = good_[path];
  const std::size_t at = random() % content.size();
  switch (random() % 9) {
    case 0:
      content[at] = static_cast<char>(content[at] ^ 1 << random() % 8);
      break;
    case 1:
      content.erase(at, 1 + random() % 50);
      break;
    case 2:
      content.resize(at);
      break;
    case 3:
      content.insert(at, 1 + random() % 5, static_cast<char>(random()));
      break;
    case 4:
      content.append(good_[other]);
      break;
    case 5:
      content.append(1 + random() % 4, '\0');
      break;
    case 6: {
      const std::size_t size = 1 + random() % 64;
      const std::size_t to = random() % content.size();
      const Bytes piece = content.substr(at, size);
      content.replace(to, piece.size(), piece);
      break;
    }
    case 7:
      EXPECT_TRUE(disk_.remove(path));
      return true;
    default:
      content = good_[other];
  }
  if (content == good_[path]) return false;
  put(path, content);
  return true;
}

/// The batches of one file as somebody sees them who has the key and all of our code.
struct Opened {
  segments::SegmentHeader header;
  struct One {
    segments::BatchHeader header;
    std::vector<Written> records;
  };
  std::vector<One> batches;
};

Opened take_apart(memory::MemoryStorage& disk, const std::string& path) {
  Opened opened;
  std::vector<Written> records;
  std::vector<std::uint64_t> ends;
  const auto head = segments::read_audit_file(
      disk, path, sign,
      [&](const ports::Record& record) -> Result<void> {
        records.push_back({record.type, record.aggregate, Bytes(record.body), record.recorded});
        return {};
      },
      [&](std::uint64_t last, const segments::Digest&) { ends.push_back(last); });
  opened.header = {head->shard, 0x77'00000000, head->first, head->chain_before};
  std::size_t at = 0;
  for (const auto end : ends) {
    Opened::One one;
    for (; at < end - head->first + 1; ++at) one.records.push_back(records[at]);
    opened.batches.push_back(std::move(one));
  }
  return opened;
}

/// Writes the file anew with right numbers, checksums, chain and signature.
void put_together(memory::MemoryStorage& disk, const std::string& path, const Opened& opened) {
  Bytes raw(segments::segment_header_bytes, '\0');
  segments::encode(opened.header, raw.data());
  segments::Digest chain = opened.header.chain_before;
  std::uint64_t next = opened.header.first;
  for (const auto& one : opened.batches) {
    const auto records = as_records(one.records);
    Bytes bytes(segments::encoded_size(records), '\0');
    chain = segments::encode_batch(opened.header, next, records, one.records.front().recorded,
                                   chain, bytes.size(), bytes.data());
    next += records.size();
    raw += bytes;
  }
  auto file = disk.open("forged", ports::Storage::Mode::OpenOrCreate).value();
  ASSERT_TRUE(disk.poke("forged", raw));
  ASSERT_TRUE(segments::write_audit_file(
      disk, path, {opened.header, *file, raw.size(), next - 1, chain}, sign));
}

/// What somebody with the key can do: a file that is right in itself, and says something else.
bool LogAudit::rewrite_batches(std::mt19937_64& random) {
  const std::string& path = paths_[random() % paths_.size()];
  Opened opened = take_apart(disk_, path);
  auto& batch = opened.batches[random() % opened.batches.size()];
  auto& record = batch.records[random() % batch.records.size()];
  switch (random() % 7) {
    case 0:
      record.body[random() % record.body.size()] ^= 1;
      break;
    case 1:
      for (auto& each : batch.records) each.recorded.us += 1;
      break;
    case 2:
      if (opened.batches.size() < 2) return false;
      opened.batches.erase(opened.batches.begin() +
                           static_cast<std::ptrdiff_t>(random() % opened.batches.size()));
      break;
    case 3:
      if (opened.batches.size() < 2) return false;
      std::swap(opened.batches.front(), opened.batches.back());
      break;
    case 4:
      record.type = record.type == ports::RecordType::Event ? ports::RecordType::Change
                                                            : ports::RecordType::Event;
      break;
    case 5:
      batch.records.push_back(record);
      break;
    default:
      record.aggregate.id.data[random() % 16] ^= 4;
  }
  put_together(disk_, path, opened);
  return true;
}

TEST_F(LogAudit, TenThousandMutationsAreNoticed) {
  std::mt19937_64 random(2026);
  int in_files = 0;
  int by_the_key_holder = 0;
  while (in_files + by_the_key_holder < 10'000) {
    const bool has_key = random() % 4 == 0;
    if (!(has_key ? rewrite_batches(random) : change_files(random))) continue;
    const auto verified = verify();
    ASSERT_FALSE(verified) << "mutation " << in_files + by_the_key_holder;
    ASSERT_EQ(verified.error().code, ErrorCode::Damaged) << verified.error().message;
    ++(has_key ? by_the_key_holder : in_files);
    restore();
  }
  EXPECT_TRUE(verify());
  std::printf("mutations noticed: %d of files, %d rewritten with the key\n", in_files,
              by_the_key_holder);
}

TEST_F(LogAudit, OlderFilesMayBeRemovedWhenTheirHeadWasWrittenDown) {
  const auto oldest = segments::read_audit_file(disk_, paths_[0], sign, nothing).value();
  ASSERT_TRUE(disk_.remove(paths_[0]));
  EXPECT_EQ(verify().error().code, ErrorCode::Damaged);
  range_.from = {oldest.last, oldest.chain};
  EXPECT_TRUE(verify());
}

TEST_F(LogAudit, ADeletedNewestFileIsNoticed) {
  ASSERT_TRUE(disk_.remove(paths_.back()));
  const auto verified = verify();
  ASSERT_FALSE(verified);
  EXPECT_NE(verified.error().message.find("exported head"), std::string::npos);
}

TEST_F(LogAudit, TheFirstReleaseOfTheFormatIsStillRead) {
  std::ifstream file(CAIRN_SOURCE_DIR "/tests/conformance/golden/audit_v1.zst", std::ios::binary);
  ASSERT_TRUE(file) << "tests/conformance/golden/audit_v1.zst is missing";
  std::stringstream golden;
  golden << file.rdbuf();
  put("golden", golden.str());
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  const auto head = segments::read_audit_file(disk_, "golden", sign,
                                              [&](const ports::Record& record) -> Result<void> {
                                                ++count;
                                                bytes += record.body.size();
                                                return {};
                                              });
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->shard, 7u);
  EXPECT_EQ(head->first, 1u);
  EXPECT_EQ(head->last, 6u);
  EXPECT_EQ(head->chain_before, segments::chain_start(7));
  EXPECT_EQ(count, 6u);
  EXPECT_EQ(bytes, 550u);
}

}  // namespace
}  // namespace cairn::log_tests

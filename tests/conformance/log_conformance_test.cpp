#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/memory_log.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/segments/segment_log.hpp"
#include "adapters/system/posix_storage.hpp"
#include "log_support.hpp"

namespace cairn::log_tests {
namespace {

/// A log in its surroundings: one that can be closed and opened again, and that can be made to
/// fail.
class World {
 public:
  virtual ~World() = default;
  virtual ports::Log& open() = 0;
  virtual void fail_next_append() = 0;
};

class MemoryWorld final : public World {
 public:
  ports::Log& open() override { return log_; }
  void fail_next_append() override { log_.fail_next(ErrorCode::Unknown); }

 private:
  memory::MemoryLog log_{2};
};

class SegmentWorld : public World {
 public:
  SegmentWorld(std::unique_ptr<ports::Storage> storage, std::string folder)
      : storage_(std::move(storage)), faulty_(*storage_), folder_(std::move(folder)) {}
  ports::Log& open() override {
    log_.reset();
    segments::Options options;
    options.folder = folder_ + "/log";
    options.shard = 3;
    options.segment_bytes = 4096;
    auto opened = segments::SegmentLog::open(faulty_, options);
    if (!opened) throw std::runtime_error(opened.error().message);
    log_ = std::move(*opened);
    return *log_;
  }
  void fail_next_append() override {
    faulty_.fail(memory::Operation::Sync, faulty_.count(memory::Operation::Sync) + 1,
                 memory::Fault::Eio);
  }

 private:
  std::unique_ptr<ports::Storage> storage_;
  memory::FaultyStorage faulty_;
  std::string folder_;
  std::unique_ptr<ports::Log> log_;
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "cairn-log-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class PosixWorld final : private TemporaryFolder, public SegmentWorld {
 public:
  PosixWorld() : SegmentWorld(std::make_unique<system::PosixStorage>(), path()) {}
};

struct Adapter {
  std::string name;
  std::function<std::unique_ptr<World>()> make;
};

class LogConformance : public testing::TestWithParam<Adapter> {
 protected:
  std::unique_ptr<World> world_ = GetParam().make();
  Expected expected_{7};
};

TEST_P(LogConformance, ANewLogIsEmpty) {
  ports::Log& log = world_->open();
  EXPECT_EQ(log.durable(), 0u);
  EXPECT_EQ(log.first(), 1u);
  EXPECT_EQ(log.chain_head().size(), 32u);
  EXPECT_TRUE(expected_.holds(log));
  EXPECT_TRUE(log.release(100));
  EXPECT_EQ(log.first(), 1u);
}

TEST_P(LogConformance, GivesBackWhatWasAppended) {
  ports::Log& log = world_->open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(expected_.append(log, 5, 400));
  EXPECT_TRUE(expected_.holds(log));
}

TEST_P(LogConformance, TakesEmptyAndVeryLargeBodies) {
  ports::Log& log = world_->open();
  const Bytes large(20'000, 'x');
  ports::Record records[3];
  records[1].body = large;
  ASSERT_EQ(log.append(records, Time{5}).value(), 1u);
  ASSERT_EQ(log.append(std::span(records, 1), Time{6}).value(), 4u);
  std::vector<std::size_t> sizes;
  ASSERT_TRUE(log.read(1, [&](const ports::Record& record) -> Result<void> {
    sizes.push_back(record.body.size());
    EXPECT_EQ(record.recorded, Time{record.number == 4 ? 6 : 5});
    return {};
  }));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 20'000, 0, 0}));
}

TEST_P(LogConformance, ReadsFromAnyNumber) {
  ports::Log& log = world_->open();
  while (expected_.acknowledged.size() < 300) ASSERT_TRUE(expected_.append(log, 9, 100));
  const std::uint64_t last = log.durable();
  for (std::uint64_t from = 1; from <= last + 2; ++from) {
    std::uint64_t next = from;
    ASSERT_TRUE(log.read(from, [&](const ports::Record& record) -> Result<void> {
      EXPECT_EQ(record.number, next);
      ++next;
      return {};
    }));
    ASSERT_EQ(next, std::max(from, last + 1));
  }
}

TEST_P(LogConformance, AVisitorCanEndTheReading) {
  ports::Log& log = world_->open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(expected_.append(log, 3, 10));
  int visits = 0;
  const auto read = log.read(1, [&](const ports::Record& record) -> Result<void> {
    if (++visits == 3) return fail(ErrorCode::Busy, "enough");
    return {};
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Busy);
  EXPECT_EQ(visits, 3);
}

TEST_P(LogConformance, GoesOnAfterARestart) {
  Bytes chain;
  for (int restart = 0; restart < 20; ++restart) {
    ports::Log& log = world_->open();
    ASSERT_TRUE(expected_.holds(log));
    if (restart > 0) EXPECT_EQ(log.chain_head(), chain);
    for (int i = 0; i < restart; ++i) ASSERT_TRUE(expected_.append(log, 5, 300));
    chain = log.chain_head();
  }
}

TEST_P(LogConformance, EveryBatchMovesTheChain) {
  ports::Log& log = world_->open();
  std::vector<Bytes> heads{log.chain_head()};
  ports::Record record;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(log.append(std::span(&record, 1), Time{1}));
    heads.push_back(log.chain_head());
  }
  std::sort(heads.begin(), heads.end());
  EXPECT_EQ(std::unique(heads.begin(), heads.end()), heads.end());
}

TEST_P(LogConformance, ReleasedRecordsGoAndNumbersGoOn) {
  ports::Log* log = &world_->open();
  while (expected_.acknowledged.size() < 300) ASSERT_TRUE(expected_.append(*log, 4, 200));
  const std::uint64_t bytes = log->size_bytes();
  expected_.released = 150;
  ASSERT_TRUE(log->release(150));
  EXPECT_GT(log->first(), 1u);
  EXPECT_LE(log->first(), 151u);
  EXPECT_LT(log->size_bytes(), bytes);
  const auto gone = log->read(1, [](const ports::Record&) -> Result<void> { return {}; });
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::Gone);
  EXPECT_TRUE(expected_.holds(*log));

  expected_.released = log->durable();
  ASSERT_TRUE(log->release(log->durable()));
  const std::uint64_t last = log->durable();
  log = &world_->open();
  EXPECT_EQ(log->durable(), last);
  EXPECT_TRUE(expected_.holds(*log));
  ASSERT_TRUE(expected_.append(*log, 3, 30));
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_P(LogConformance, AFailedAppendIsUnknownAndNothingIsTakenBeforeReopen) {
  ports::Log* log = &world_->open();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(expected_.append(*log, 3, 100));
  const std::uint64_t last = log->durable();
  const Bytes chain = log->chain_head();
  world_->fail_next_append();
  EXPECT_EQ(expected_.append(*log, 3, 100).error().code, ErrorCode::Unknown);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(expected_.append(*log, 3, 100));
  EXPECT_EQ(log->durable(), last);
  ASSERT_TRUE(log->reopen());
  EXPECT_EQ(log->durable(), last);
  EXPECT_EQ(log->chain_head(), chain);
  expected_.unknown.reset();
  EXPECT_TRUE(expected_.holds(*log));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(expected_.append(*log, 3, 100));
  log = &world_->open();
  EXPECT_TRUE(expected_.holds(*log));
}

TEST_P(LogConformance, OthersReadWhileTheShardAppends) {
  ports::Log& log = world_->open();
  std::atomic<bool> is_done = false;
  std::atomic<std::uint64_t> faults = 0;
  const auto follow = [&] {
    std::uint64_t next = 1;
    for (bool is_last = false; !is_last;) {
      is_last = is_done;
      const auto read = log.read(next, [&](const ports::Record& record) -> Result<void> {
        if (record.number != next++ || record.body != std::to_string(record.number)) ++faults;
        return {};
      });
      if (!read && read.error().code == ErrorCode::Gone) {
        next = std::max(next, log.first());
        is_last = false;
      } else if (!read) {
        ++faults;
      }
      std::this_thread::yield();
    }
    if (next != log.durable() + 1) ++faults;
  };
  std::thread one(follow);
  std::thread two(follow);
  for (std::uint64_t i = 1; i <= 2'000; i += 2) {
    const std::string bodies[2] = {std::to_string(i), std::to_string(i + 1)};
    ports::Record records[2];
    for (int k = 0; k < 2; ++k) records[k].body = bodies[k];
    EXPECT_TRUE(log.append(records, Time{1}));
    if (i % 100 == 1) EXPECT_TRUE(log.release(i / 2));
  }
  is_done = true;
  one.join();
  two.join();
  EXPECT_EQ(faults, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Adapters, LogConformance,
    testing::Values(Adapter{"memory", [] { return std::make_unique<MemoryWorld>(); }},
                    Adapter{"segments_in_memory",
                            [] {
                              return std::make_unique<SegmentWorld>(
                                  std::make_unique<memory::MemoryStorage>(), "shard");
                            }},
                    Adapter{"segments_on_disk", [] { return std::make_unique<PosixWorld>(); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cairn::log_tests

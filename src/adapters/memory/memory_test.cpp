#include <gtest/gtest.h>

#include <set>

#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/manual_clock.hpp"
#include "adapters/memory/memory_storage.hpp"

namespace cairn::memory {
namespace {

using Mode = ports::Storage::Mode;

TEST(MemoryStorage, BehavesLikeAFileSystem) {
  MemoryStorage storage;
  EXPECT_EQ(storage.open("a/one", Mode::OpenOrCreate).error().code, ErrorCode::NotFound);
  ASSERT_TRUE(storage.make_folder("a/b"));
  auto file = storage.open("a/one", Mode::CreateNew);
  ASSERT_TRUE(file);
  EXPECT_EQ(storage.open("a/one", Mode::CreateNew).error().code, ErrorCode::Io);
  ASSERT_TRUE((*file)->allocate(1000));
  ASSERT_TRUE((*file)->write_at(10, "hello"));
  EXPECT_EQ((*file)->read_at(10, 5).value(), "hello");
  EXPECT_EQ((*file)->read_at(998, 5).value().size(), 2u);
  EXPECT_EQ(storage.list("a").value(), (std::vector<std::string>{"b", "one"}));
  ASSERT_TRUE(storage.rename("a/one", "a/b/two"));
  EXPECT_TRUE(storage.exists("a/b/two").value());
  EXPECT_EQ((*file)->read_at(10, 5).value(), "hello");
  ASSERT_TRUE(storage.remove("a/b/two"));
  EXPECT_FALSE(storage.exists("a/b/two").value());
}

TEST(MemoryStorage, KeepsWhatWasSyncedAndLosesTheRestByChance) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MemoryStorage storage;
    auto file = storage.open("x", Mode::CreateNew).value();
    ASSERT_TRUE(file->write_at(0, Bytes(2048, 'a')));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write_at(256, Bytes(1024, 'b')));
    storage.crash(seed);
    EXPECT_EQ(file->read_at(0, 1).error().code, ErrorCode::Io);
    const Bytes left = storage.peek("x").value();
    ASSERT_EQ(left.size(), 2048u);
    EXPECT_EQ(left.substr(0, 256), Bytes(256, 'a'));
    EXPECT_EQ(left.substr(1280), Bytes(768, 'a'));
    std::string outcome;  // the write touched sectors 0, 1 and 2
    for (const std::size_t at : {256, 512, 1024}) outcome += left[at];
    outcomes.insert(outcome);
  }
  EXPECT_TRUE(outcomes.contains("aaa"));
  EXPECT_TRUE(outcomes.contains("bbb"));
  EXPECT_GE(outcomes.size(), 6u);
}

TEST(MemoryStorage, ReordersUnsyncedWrites) {
  std::set<Bytes> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MemoryStorage storage;
    auto file = storage.open("x", Mode::CreateNew).value();
    ASSERT_TRUE(file->write_at(0, "1"));
    ASSERT_TRUE(file->write_at(0, "2"));
    storage.crash(seed);
    outcomes.insert(storage.peek("x").value());
  }
  EXPECT_EQ(outcomes, (std::set<Bytes>{"", "1", "2"}));
}

TEST(MemoryStorage, IsFullBeyondItsCapacity) {
  MemoryStorage storage;
  storage.set_capacity(1000);
  auto file = storage.open("x", Mode::CreateNew).value();
  ASSERT_TRUE(file->allocate(900));
  EXPECT_EQ(file->allocate(1001).error().code, ErrorCode::DiskFull);
  EXPECT_EQ(file->write_at(999, "ab").error().code, ErrorCode::DiskFull);
  ASSERT_TRUE(file->truncate(0));
  ASSERT_TRUE(file->allocate(1000));
  EXPECT_EQ(storage.used(), 1000u);
}

TEST(FaultyStorage, StrikesTheNthOperationOfAKind) {
  MemoryStorage inner;
  FaultyStorage storage(inner);
  auto file = storage.open("x", Mode::CreateNew).value();
  storage.fail(Operation::Write, 2, Fault::Enospc);
  storage.fail(Operation::Write, 3, Fault::Short);
  EXPECT_TRUE(file->write_at(0, "one"));
  EXPECT_EQ(file->write_at(0, "two").error().code, ErrorCode::DiskFull);
  EXPECT_EQ(inner.peek("x").value(), "one");
  EXPECT_EQ(file->write_at(0, "seven!").error().code, ErrorCode::Io);
  EXPECT_EQ(inner.peek("x").value(), "sev");
  EXPECT_TRUE(file->write_at(0, "ten"));
  EXPECT_EQ(storage.count(Operation::Write), 4u);
  EXPECT_EQ(storage.count(Operation::Open), 1u);
  EXPECT_EQ(storage.count_all(), 5u);
  EXPECT_EQ(storage.struck(), 2u);
}

TEST(FaultyStorage, AFailedSyncForgetsWhatItShouldHaveWritten) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    MemoryStorage inner;
    FaultyStorage storage(inner, seed);
    auto file = storage.open("x", Mode::CreateNew).value();
    storage.fail(Operation::Sync, 1, Fault::Eio);
    ASSERT_TRUE(file->write_at(0, "one"));
    EXPECT_FALSE(file->sync());
    EXPECT_EQ(file->read_at(0, 3).value(), "one") << "the page cache still shows it";
    EXPECT_TRUE(file->sync());
    inner.crash(seed);
    lost += inner.peek("x").value() != "one";
  }
  EXPECT_GT(lost, 5);
  EXPECT_LT(lost, 50);
}

TEST(FaultyStorage, NothingHappensAfterThePowerIsCut) {
  MemoryStorage inner;
  FaultyStorage storage(inner);
  storage.cut_power_at(3);
  auto file = storage.open("x", Mode::CreateNew).value();
  EXPECT_TRUE(file->write_at(0, "one"));
  EXPECT_FALSE(file->sync());
  EXPECT_TRUE(storage.is_power_cut());
  EXPECT_FALSE(file->write_at(0, "two"));
  EXPECT_FALSE(storage.list("."));
  EXPECT_EQ(inner.peek("x").value(), "one");
  inner.crash(1);
  storage.restore_power();
  EXPECT_TRUE(storage.list("."));
}

/// Wherever the power is cut, whatever is lost: the file is the old one or the new one, whole.
TEST(Storage, ReplacesAFileAsAWhole) {
  const Bytes old(2'048, 'o'), fresh(3'000, 'n');
  std::set<Bytes> outcomes;
  for (std::uint64_t cut = 0; cut < 12; ++cut)
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      MemoryStorage disk;
      ASSERT_TRUE(ports::replace_file(disk, "x", old));
      FaultyStorage storage(disk, seed);
      storage.cut_power_at(cut);
      const auto replaced = ports::replace_file(storage, "x", fresh);
      disk.crash(seed);
      const auto left = ports::read_file(disk, "x", fresh.size());
      ASSERT_TRUE(left) << left.error().message;
      EXPECT_TRUE(*left == fresh || (*left == old && !replaced)) << "cut " << cut;
      outcomes.insert(*left);
    }
  EXPECT_EQ(outcomes.size(), 2u);
}

TEST(Storage, ReadsNoMoreThanItMay) {
  MemoryStorage storage;
  ASSERT_TRUE(ports::write_file(storage, "x", "12345"));
  EXPECT_EQ(ports::read_file(storage, "x", 5).value(), "12345");
  EXPECT_EQ(ports::read_file(storage, "x", 4).error().code, ErrorCode::TooLarge);
  EXPECT_EQ(ports::read_file(storage, "y", 4).error().code, ErrorCode::NotFound);
}

TEST(ManualClock, MovesWhenTold) {
  ManualClock clock(Time{5});
  clock.advance(seconds(1));
  EXPECT_EQ(clock.now(), Time{1'000'005});
  clock.set(Time{7});
  EXPECT_EQ(clock.now(), Time{7});
}

}  // namespace
}  // namespace cairn::memory

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "adapters/system/machine.hpp"
#include "adapters/system/posix_storage.hpp"
#include "adapters/system/system_clock.hpp"

namespace cairn::system {
namespace {

using Mode = ports::Storage::Mode;

class PosixStorageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cairn-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  PosixStorage storage_;
};

TEST_F(PosixStorageTest, WritesReadsAndLists) {
  ASSERT_TRUE(storage_.make_folder(folder_ + "/a/b"));
  ASSERT_TRUE(storage_.make_folder(folder_ + "/a/b"));
  auto file = storage_.open(folder_ + "/a/b/one", Mode::CreateNew);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->allocate(8192));
  EXPECT_EQ((*file)->size().value(), 8192u);
  ASSERT_TRUE((*file)->write_at(100, "hello"));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ((*file)->read_at(100, 5).value(), "hello");
  EXPECT_EQ((*file)->read_at(8190, 100).value().size(), 2u);
  EXPECT_EQ((*file)->read_at(9000, 10).value(), "");
  ASSERT_TRUE((*file)->truncate(102));
  EXPECT_EQ((*file)->read_at(100, 5).value(), "he");

  ASSERT_TRUE(storage_.rename(folder_ + "/a/b/one", folder_ + "/a/two"));
  EXPECT_FALSE(storage_.exists(folder_ + "/a/b/one").value());
  EXPECT_TRUE(storage_.exists(folder_ + "/a/two").value());
  EXPECT_EQ(storage_.list(folder_ + "/a").value(), (std::vector<std::string>{"b", "two"}));
  ASSERT_TRUE(storage_.remove(folder_ + "/a/two"));
  EXPECT_EQ(storage_.list(folder_ + "/a").value(), (std::vector<std::string>{"b"}));
}

TEST_F(PosixStorageTest, ModesAndErrorsNamePathAndReason) {
  const auto missing = storage_.open(folder_ + "/none", Mode::Existing);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_NE(missing.error().message.find(folder_ + "/none"), std::string::npos);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);

  ASSERT_TRUE(storage_.open(folder_ + "/x", Mode::OpenOrCreate));
  ASSERT_TRUE(storage_.open(folder_ + "/x", Mode::OpenOrCreate));
  ASSERT_TRUE(storage_.open(folder_ + "/x", Mode::Existing));
  EXPECT_EQ(storage_.open(folder_ + "/x", Mode::CreateNew).error().code, ErrorCode::Io);
  EXPECT_EQ(storage_.list(folder_ + "/none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(storage_.remove(folder_ + "/none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(storage_.make_folder(folder_ + "/x").error().code, ErrorCode::Io);
}

TEST_F(PosixStorageTest, FullDeviceIsDiskFull) {
  struct stat status{};
  if (::stat("/dev/full", &status) != 0) GTEST_SKIP() << "this machine has no /dev/full";
  auto full = storage_.open("/dev/full", Mode::Existing);
  ASSERT_TRUE(full) << full.error().message;
  const auto written = (*full)->write_at(0, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::DiskFull);
  EXPECT_NE(written.error().message.find("/dev/full"), std::string::npos);
}

constexpr std::int64_t second = 1'000'000'000;

class SystemClockTest : public testing::Test {
 protected:
  SystemClock make(Time not_before = Time::none()) {
    return SystemClock(not_before, [this] { return reading_; });
  }
  void pass(std::int64_t seconds_passed) {
    reading_.wall_ns += seconds_passed * second;
    reading_.boot_ns += seconds_passed * second;
  }
  SystemClock::Reading reading_{1'000'000 * second, 500 * second};
};

Time at(std::int64_t seconds_since_epoch) { return Time{seconds_since_epoch * 1'000'000}; }

TEST_F(SystemClockTest, FollowsSmallDifferencesAndNeverGoesBack) {
  auto clock = make();
  EXPECT_EQ(clock.now(), at(1'000'000));
  pass(10);
  EXPECT_EQ(clock.now(), at(1'000'010));
  reading_.wall_ns += 30 * second;
  EXPECT_EQ(clock.now(), at(1'000'040));
  reading_.wall_ns -= 20 * second;
  EXPECT_EQ(clock.now(), at(1'000'040));
  EXPECT_FALSE(clock.jump());
  pass(20);  // at half speed: 10 of 20 seconds
  EXPECT_EQ(clock.now(), at(1'000'050));
  pass(20);
  EXPECT_EQ(clock.now(), at(1'000'060));
  pass(5);
  EXPECT_EQ(clock.now(), at(1'000'065));
}

TEST_F(SystemClockTest, HoldsAJumpBackUntilTenSteadyMinutes) {
  auto clock = make();
  reading_.wall_ns += 3'600 * second;
  EXPECT_EQ(clock.now(), at(1'000'000));
  ASSERT_TRUE(clock.jump());
  EXPECT_EQ(*clock.jump(), seconds(3'600));
  pass(599);
  EXPECT_EQ(clock.now(), at(1'000'599));
  pass(1);
  EXPECT_EQ(clock.now(), at(1'004'200));
  EXPECT_FALSE(clock.jump());
}

TEST_F(SystemClockTest, AnUnsteadyJumpStartsAnew) {
  auto clock = make();
  reading_.wall_ns += 3'600 * second;
  clock.now();
  pass(500);
  clock.now();
  reading_.wall_ns += 100 * second;
  clock.now();
  pass(500);
  EXPECT_EQ(clock.now(), at(1'001'000));
  EXPECT_EQ(*clock.jump(), seconds(3'700));
  reading_.wall_ns -= 3'700 * second;
  EXPECT_FALSE(clock.jump());
  EXPECT_EQ(clock.now(), at(1'001'000));
}

TEST_F(SystemClockTest, TheOperatorsWordIsFollowedAtOnce) {
  auto clock = make();
  reading_.wall_ns += 3'600 * second;
  clock.now();
  clock.follow();
  EXPECT_EQ(clock.now(), at(1'003'600));

  reading_.wall_ns -= 1'000 * second;
  EXPECT_EQ(clock.now(), at(1'003'600));
  EXPECT_EQ(*clock.jump(), seconds(-1'000));
  clock.follow();
  EXPECT_FALSE(clock.jump());
  pass(1'000);
  EXPECT_EQ(clock.now(), at(1'004'100));
  pass(1'000);
  EXPECT_EQ(clock.now(), at(1'004'600));
  pass(1);
  EXPECT_EQ(clock.now(), at(1'004'601));
}

TEST_F(SystemClockTest, StartsNoEarlierThanWhatWasWritten) {
  auto clock = make(at(1'000'500));
  EXPECT_EQ(clock.now(), at(1'000'500));
  EXPECT_EQ(*clock.jump(), seconds(-500));
  pass(10);
  EXPECT_EQ(clock.now(), at(1'000'510));
}

TEST(Machine, RandomBytesDifferAndThreadsArePinned) {
  const auto a = random_bytes(32);
  const auto b = random_bytes(32);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->size(), 32u);
  EXPECT_NE(*a, *b);
  EXPECT_GE(processor_count(), 1u);
  EXPECT_FALSE(pin_thread(1'000'000));
}

}  // namespace
}  // namespace cairn::system

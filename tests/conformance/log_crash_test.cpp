// R2 and R3 (power loss, and every operation failing) against the log of segments.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/segments/segment_log.hpp"
#include "crypto/hash.hpp"
#include "log_support.hpp"

namespace cairn::log_tests {
namespace {

using memory::Fault;
using memory::Operation;
using segments::SegmentLog;

constexpr std::uint64_t segment_bytes = 2048;

segments::Options options_of(const Expected& expected) {
  segments::Options options;
  options.folder = "shard/log";
  options.shard = 9;
  options.segment_bytes = segment_bytes;
  options.spares_max = 1;
  options.zeros_ahead_bytes = 700;
  // The drain writes piles before it releases, so the piles' position is at least this.
  options.not_before = expected.released;
  options.audit_folder = "shard/audit";
  options.sign = [](BytesView bytes) {
    return Bytes(crypto::view(crypto::hmac_sha256("key of the test", bytes)));
  };
  return options;
}

/// One thing a shard and its drain do.
Result<void> do_something(SegmentLog& log, Expected& expected) {
  switch (expected.random() % 16) {
    case 0:
      return expected.release(log);
    case 1:
      return log.read(log.first() + expected.random() % 5,
                      [](const ports::Record&) -> Result<void> { return {}; });
    default: {
      // Mostly batches of a few sectors; some larger than a segment.
      const std::size_t body_max = expected.random() % 32 == 0 ? 3'000 : 300;
      auto done = expected.append(log, 5, body_max);
      if (!done) return std::unexpected(std::move(done).error());
      return {};
    }
  }
}

/// A disk whose power fails again and again, and a shard on it that is started again each time.
class CrashingWorld {
 public:
  explicit CrashingWorld(std::uint64_t seed) : expected(seed + 1'000'000), storage_(disk_, seed) {}

  /// Runs until the power fails; then the disk keeps what it keeps.
  void run_until_crash(std::uint64_t operations_max) {
    storage_.cut_power_at(storage_.count_all() + 1 + expected.random() % operations_max);
    storage_.heal();
    if (expected.random() % 2 == 0) plan_fault();
    struck_before_ = storage_.struck();
    auto opened = SegmentLog::open(storage_, options_of(expected));
    if (opened) {
      cuts += (*opened)->has_cut();
      work(**opened);
    } else {
      ++crashes_in_open;
      ASSERT_TRUE(may_fail()) << opened.error().message;
    }
    opened = fail(ErrorCode::Unavailable, "the power failed");
    disk_.crash(expected.random());
    storage_.restore_power();
  }

  void check() {
    storage_.heal();
    auto log = SegmentLog::open(storage_, options_of(expected));
    ASSERT_TRUE(log) << log.error().message;
    ASSERT_TRUE(expected.holds(**log));
  }

  Expected expected;
  std::uint64_t crashes_in_open = 0;
  std::uint64_t cuts = 0;
  std::uint64_t unknown_kept = 0;
  std::uint64_t unknown_lost = 0;
  std::uint64_t reopened = 0;

 private:
  bool may_fail() const { return storage_.is_power_cut() || storage_.struck() > struck_before_; }

  void plan_fault() {
    constexpr std::array kinds = {Operation::Write,  Operation::Sync,   Operation::Sync,
                                  Operation::Rename, Operation::Remove, Operation::Allocate};
    const auto kind = kinds[expected.random() % kinds.size()];
    const auto soon = storage_.count(kind) + 1 + expected.random() % 12;
    storage_.fail(kind, soon, expected.random() % 3 == 0 ? Fault::Short : Fault::Eio,
                  1 + expected.random() % 2);
  }

  void work(SegmentLog& log) {
    const bool was_unknown = expected.unknown.has_value();
    const auto before = expected.acknowledged.size();
    if (auto held = expected.holds(log); !held)
      ASSERT_TRUE(may_fail()) << held.message();
    else if (was_unknown)
      ++(expected.acknowledged.size() > before ? unknown_kept : unknown_lost);
    while (!storage_.is_power_cut()) {
      const auto done = do_something(log, expected);
      if (done) continue;
      ASSERT_TRUE(may_fail()) << done.error().message;
      const auto durable = log.durable();
      bool is_open = false;
      while (!is_open && !storage_.is_power_cut()) is_open = log.reopen().has_value();
      if (!is_open) return;
      ++reopened;
      ASSERT_EQ(log.durable(), durable);
      ASSERT_EQ(durable, expected.acknowledged.size());
      expected.unknown.reset();
    }
  }

  memory::MemoryStorage disk_;
  memory::FaultyStorage storage_;
  std::uint64_t struck_before_ = 0;
};

TEST(LogPowerLoss, TenThousandCrashPoints) {
  constexpr std::uint64_t worlds = 1'250;
  constexpr std::uint64_t crashes_per_world = 8;
  std::uint64_t in_open = 0;
  std::uint64_t kept = 0;
  std::uint64_t lost = 0;
  std::uint64_t cuts = 0;
  std::uint64_t reopened = 0;
  for (std::uint64_t seed = 0; seed < worlds; ++seed) {
    SCOPED_TRACE(testing::Message() << "world " << seed);
    CrashingWorld world(seed);
    for (std::uint64_t crash = 0; crash < crashes_per_world; ++crash)
      ASSERT_NO_FATAL_FAILURE(world.run_until_crash(crash % 2 == 0 ? 60 : 600));
    ASSERT_NO_FATAL_FAILURE(world.check());
    in_open += world.crashes_in_open;
    kept += world.unknown_kept;
    lost += world.unknown_lost;
    cuts += world.cuts;
    reopened += world.reopened;
  }
  EXPECT_GT(in_open, 100u);
  EXPECT_GT(kept, 100u);
  EXPECT_GT(lost, 100u);
  EXPECT_GT(cuts, 100u);
  EXPECT_GT(reopened, 100u);
  std::printf(
      "crash points %llu: in open %llu, unknown batches kept %llu, lost %llu, ends cut %llu, "
      "reopened after a fault %llu\n",
      worlds * crashes_per_world + 0ull, in_open + 0ull, kept + 0ull, lost + 0ull, cuts + 0ull,
      reopened + 0ull);
}

enum class Afterwards { Reopen, Restart };

struct Tally {
  std::uint64_t runs = 0;
  std::uint64_t struck = 0;
  std::uint64_t unknown = 0;
};

/// The planned fault may strike the reading itself.
testing::AssertionResult holds_on_second_look(Expected& expected, ports::Log& log) {
  if (expected.holds(log)) return testing::AssertionSuccess();
  return expected.holds(log);
}

/// Runs the same work with one planned fault and checks R3; nothing but the fault may fail.
void run_with_fault(Operation kind, std::uint64_t nth, Fault fault, Afterwards afterwards,
                    Tally& tally) {
  SCOPED_TRACE(testing::Message() << name_of(kind) << " " << nth << " fault "
                                  << static_cast<int>(fault) << " then "
                                  << static_cast<int>(afterwards));
  memory::MemoryStorage disk;
  memory::FaultyStorage storage(disk, nth);
  storage.fail(kind, nth, fault);
  Expected expected(42);
  std::unique_ptr<SegmentLog> log;
  const auto open = [&] {
    auto opened = SegmentLog::open(storage, options_of(expected));
    if (!opened) opened = SegmentLog::open(storage, options_of(expected));
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
    ASSERT_TRUE(holds_on_second_look(expected, *log));
  };
  ASSERT_NO_FATAL_FAILURE(open());
  for (int step = 0; step < 60; ++step) {
    if (step == 30) {
      log.reset();
      ASSERT_NO_FATAL_FAILURE(open());
    }
    const std::uint64_t durable = log->durable();
    const auto appended = expected.append(*log, 4, 250);
    if (!appended) {
      ASSERT_EQ(storage.struck(), 1u) << appended.error().message;
      tally.unknown += expected.unknown.has_value();
      const auto unknown = expected.unknown;
      ASSERT_FALSE(expected.append(*log, 4, 250)) << "acknowledged before reopen";
      ASSERT_EQ(log->durable(), durable);
      expected.unknown = unknown;
      if (afterwards == Afterwards::Restart) {
        log.reset();
        ASSERT_NO_FATAL_FAILURE(open());
      } else {
        auto reopened = log->reopen();
        if (!reopened) reopened = log->reopen();
        ASSERT_TRUE(reopened) << reopened.error().message;
        ASSERT_EQ(log->durable(), durable);
        expected.unknown.reset();
      }
    }
    if (step % 10 == 9) (void)expected.release(*log);
  }
  ASSERT_TRUE(holds_on_second_look(expected, *log)) << "before the crash";
  log.reset();
  disk.crash(nth);
  ASSERT_NO_FATAL_FAILURE(open());
  ++tally.runs;
  tally.struck += storage.struck();
}

TEST(LogFaults, EveryOperationFailsOnce) {
  Tally tally;
  for (std::size_t k = 0; k < memory::operation_count; ++k) {
    const auto kind = static_cast<Operation>(k);
    std::uint64_t most = 0;
    for (const Fault fault : {Fault::Eio, Fault::Enospc, Fault::Short})
      for (const Afterwards afterwards : {Afterwards::Reopen, Afterwards::Restart})
        for (std::uint64_t nth = 1;; ++nth) {
          const auto struck = tally.struck;
          ASSERT_NO_FATAL_FAILURE(run_with_fault(kind, nth, fault, afterwards, tally));
          if (tally.struck == struck) break;  // there is no n-th operation of this kind
          most = std::max(most, nth);
        }
    std::printf("%-12.*s up to %llu operations failed\n",
                static_cast<int>(memory::name_of(kind).size()), memory::name_of(kind).data(),
                static_cast<unsigned long long>(most));
  }
  EXPECT_GT(tally.struck, 1'000u);
  EXPECT_GT(tally.unknown, 300u);
}

TEST(LogFaults, AFullDiskRefusesAndTakesAgainWhenThereIsRoom) {
  memory::MemoryStorage disk;
  Expected expected(5);
  disk.set_capacity(5 * segment_bytes);
  auto log = SegmentLog::open(disk, options_of(expected)).value();
  Result<std::uint64_t> appended = 0;
  while ((appended = expected.append(*log, 3, 200)))
    ASSERT_LT(expected.acknowledged.size(), 1'000u);
  EXPECT_EQ(appended.error().code, ErrorCode::DiskFull);
  EXPECT_FALSE(expected.unknown) << "nothing of it was written";
  EXPECT_EQ(log->reopen().error().code, ErrorCode::DiskFull);
  EXPECT_EQ(expected.append(*log, 3, 200).error().code, ErrorCode::DiskFull);
  EXPECT_TRUE(expected.holds(*log)) << "what was acknowledged can be read meanwhile";

  disk.set_capacity(50 * segment_bytes);
  ASSERT_TRUE(log->reopen());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(expected.append(*log, 3, 200));
  EXPECT_TRUE(expected.holds(*log));
  log.reset();
  disk.crash(1);
  log = SegmentLog::open(disk, options_of(expected)).value();
  EXPECT_TRUE(expected.holds(*log));
}

TEST(LogFaults, ReleasingMakesRoomOnAFullDisk) {
  memory::MemoryStorage disk;
  Expected expected(6);
  disk.set_capacity(8 * segment_bytes);
  auto options = options_of(expected);
  options.audit_folder.clear();
  auto log = SegmentLog::open(disk, options).value();
  for (int rounds = 0; rounds < 20; ++rounds) {
    while (expected.append(*log, 3, 200)) {
    }
    ASSERT_EQ(expected.append(*log, 3, 200).error().code, ErrorCode::DiskFull);
    expected.released = log->durable();
    ASSERT_TRUE(log->release(log->durable()));
    ASSERT_TRUE(log->reopen());
    ASSERT_TRUE(expected.holds(*log));
  }
}

}  // namespace
}  // namespace cairn::log_tests

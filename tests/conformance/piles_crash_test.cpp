// What was written is there after kill -9, after a loss of power at any write or sync, and after a
// full or failing disk; and a write that failed has changed nothing.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>

#include "piles_disk.hpp"
#include "piles_support.hpp"

namespace cairn::piles_tests {
namespace {

using sqlite::SqlitePiles;

/// Small enough that checkpoints come between most crashes.
constexpr sqlite::PilesOptions kOptions = {.wal_bytes_max = 200'000};

/// What write number `n` adds is a function of `n`, so that the position tells what must be there.
struct Write {
  std::vector<Bytes> bytes;
  std::vector<PileAddition> additions;

  explicit Write(std::uint64_t n) {
    std::mt19937_64 random(n * 2'654'435'761u);
    const std::size_t count = 1 + random() % 30;
    bytes.reserve(count * 2);
    for (std::size_t i = 0; i < count; ++i) {
      const auto serial = static_cast<Serial>(1 + random() % 50);
      const std::size_t size = random() % 40 == 0 ? 90'000 : random() % 3'000;
      const Bytes& records = bytes.emplace_back(size, static_cast<char>(random()));
      const Bytes& row = bytes.emplace_back(random() % 200, static_cast<char>(random()));
      additions.push_back(addition(serial, n, records, row));
    }
  }
};

/// Everything up to write `position`.
class Expected {
 public:
  void advance_to(std::uint64_t position) {
    while (position_ < position) {
      for (const auto& one : Write(++position_).additions) {
        records_[one.serial] += one.records;
        if (!one.row.empty()) rows_[one.serial] = one.row;
      }
    }
  }
  std::uint64_t position() const { return position_; }

  void compare(ports::Piles& piles) const {
    ASSERT_EQ(piles.position(), position_);
    ASSERT_EQ(piles.verify().value(), std::vector<std::string>());
    for (const auto& [serial, bytes] : records_) ASSERT_EQ(piles.read(serial).value(), bytes);
    std::map<Serial, Bytes> rows;
    ASSERT_TRUE(piles.scan([&](const PileEntry& entry) -> Result<void> {
      if (!entry.row.empty()) rows[entry.serial] = Bytes(entry.row);
      return {};
    }));
    ASSERT_EQ(rows, rows_);
  }

 private:
  std::uint64_t position_ = 0;
  std::map<Serial, Bytes> records_, rows_;
};

/// Writes for ever, and tells each position that is acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int pipe) {
  auto piles = SqlitePiles::open(path, kOptions);
  if (!piles) ::_exit(1);
  for (std::uint64_t n = (*piles)->position() + 1;; ++n) {
    const Write write(n);
    if (!(*piles)->write(write.additions, n)) ::_exit(2);
    if (::write(pipe, &n, sizeof n) != sizeof n) ::_exit(3);
  }
}

TEST(PilesCrash, Kill9LosesNothingAcknowledged) {
  const Folder folder;
  const std::string path = folder / "piles.db";
  Expected expected;
  std::mt19937_64 random(11);
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(path, pipe[1]);
    ::close(pipe[1]);
    // Killed after some acknowledgements and a random number of spins, somewhere in a write.
    const std::uint64_t last = acknowledged + 1 + random() % 12;
    std::uint64_t told = 0;
    while (acknowledged < last && ::read(pipe[0], &told, sizeof told) == sizeof told)
      acknowledged = told;
    for (std::uint64_t spin = random() % 2'000'000; spin > 0; --spin) asm volatile("");
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer gave up with status " << WEXITSTATUS(status);
    while (::read(pipe[0], &told, sizeof told) == sizeof told) acknowledged = told;
    ::close(pipe[0]);

    const auto piles = SqlitePiles::open(path, kOptions).value();
    ASSERT_GE(piles->position(), acknowledged);
    ASSERT_LE(piles->position(), acknowledged + 1);
    expected.advance_to(piles->position());
    ASSERT_NO_FATAL_FAILURE(expected.compare(*piles));
    acknowledged = piles->position();
  }
}

class FailingDisk : public ::testing::Test {
 protected:
  ~FailingDisk() override { disk::uninstall(); }
};

TEST_F(FailingDisk, PowerLossAtAnyWriteOrSync) {
  int struck = 0, kept_unacknowledged = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Folder folder;
    disk::install(seed);
    std::mt19937_64 random(seed);
    Expected expected;
    for (int life = 0; life < 4; ++life) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " life " + std::to_string(life));
      std::uint64_t acknowledged = expected.position();
      disk::plan(disk::Fault::PowerCut, 1 + random() % (life == 0 ? 40 : 400));
      if (auto piles = SqlitePiles::open(folder / "piles.db", kOptions)) {
        ASSERT_EQ((*piles)->position(), acknowledged);
        for (std::uint64_t n = (*piles)->position() + 1; n < acknowledged + 60; ++n) {
          const Write write(n);
          if (!(*piles)->write(write.additions, n)) break;
          acknowledged = n;
        }
      }
      struck += disk::has_struck();
      disk::crash();
      const auto piles = SqlitePiles::open(folder / "piles.db", kOptions);
      ASSERT_TRUE(piles) << piles.error().message;
      ASSERT_GE((*piles)->position(), acknowledged);
      ASSERT_LE((*piles)->position(), acknowledged + 1);
      kept_unacknowledged += (*piles)->position() != acknowledged;
      expected.advance_to((*piles)->position());
      ASSERT_NO_FATAL_FAILURE(expected.compare(**piles));
    }
    disk::uninstall();
  }
  std::printf("power cut %d times, an unacknowledged write was kept %d times\n", struck,
              kept_unacknowledged);
  EXPECT_GT(struck, 150);
}

TEST_F(FailingDisk, AFailedWriteChangesNothingAndTheNextSucceeds) {
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= 90; ++seed) {
    const auto fault =
        std::array{disk::Fault::Full, disk::Fault::WriteError, disk::Fault::SyncError}[seed % 3];
    const Folder folder;
    disk::install(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Expected expected;
    {
      const auto piles = SqlitePiles::open(folder / "piles.db", kOptions).value();
      disk::plan(fault, 1 + random() % 120);
      for (std::uint64_t n = 1; n <= 25; ++n) {
        const Write write(n);
        auto written = piles->write(write.additions, n);
        if (!written) {
          ++failed;
          EXPECT_EQ(written.error().code,
                    fault == disk::Fault::Full ? ErrorCode::DiskFull : ErrorCode::Io)
              << written.error().message;
          ASSERT_NO_FATAL_FAILURE(expected.compare(*piles));
          written = piles->write(write.additions, n);
        }
        ASSERT_TRUE(written) << written.error().message;
        expected.advance_to(n);
      }
      ASSERT_NO_FATAL_FAILURE(expected.compare(*piles));
      disk::plan(disk::Fault::PowerCut, 1);
      EXPECT_FALSE(piles->write(Write(26).additions, 26));
    }
    disk::crash();
    const auto piles = SqlitePiles::open(folder / "piles.db", kOptions).value();
    expected.advance_to(piles->position());
    EXPECT_LE(piles->position(), 26u);
    ASSERT_NO_FATAL_FAILURE(expected.compare(*piles));
    disk::uninstall();
  }
  EXPECT_GT(failed, 30) << "the faults must strike for the test to mean anything";
}

}  // namespace
}  // namespace cairn::piles_tests

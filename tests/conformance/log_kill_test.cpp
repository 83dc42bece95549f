// R1 for the log alone, on a real file system: the process is killed at any moment.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "adapters/segments/segment_log.hpp"
#include "adapters/system/posix_storage.hpp"

namespace cairn::log_tests {
namespace {

using segments::SegmentLog;

segments::Options options_in(const std::string& folder) {
  segments::Options options;
  options.folder = folder + "/log";
  options.segment_bytes = 64 * 1024;
  options.zeros_ahead_bytes = 4096;
  return options;
}

Bytes body_of(std::uint64_t number) {
  return std::to_string(number) + Bytes(number * 37 % 700, 'k');
}

/// The child: opens, appends until it is killed, and tells of each acknowledgement.
[[noreturn]] void append_for_ever(const std::string& folder, int acknowledgements) {
  system::PosixStorage storage;
  auto log = SegmentLog::open(storage, options_in(folder));
  if (!log) ::_exit(1);
  for (;;) {
    std::vector<Bytes> bodies;
    std::vector<ports::Record> records(1 + (*log)->durable() % 5);
    for (std::size_t i = 0; i < records.size(); ++i)
      bodies.push_back(body_of((*log)->durable() + 1 + i));
    for (std::size_t i = 0; i < records.size(); ++i) records[i].body = bodies[i];
    if (!(*log)->append(records, Time{1})) ::_exit(2);
    const std::uint64_t durable = (*log)->durable();
    if (::write(acknowledgements, &durable, sizeof durable) != sizeof durable) ::_exit(3);
    if (durable % 64 == 0 && !(*log)->release(durable / 2)) ::_exit(4);
  }
}

TEST(LogKill, NothingAcknowledgedIsLost) {
  std::string folder = (std::filesystem::temp_directory_path() / "cairn-kill-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::mt19937_64 random(1);
  std::uint64_t acknowledged = 0;
  std::uint64_t kept_unacknowledged = 0;
  for (int kill = 0; kill < 100; ++kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      append_for_ever(folder, ends[1]);
    }
    ::close(ends[1]);
    // Killed after so many acknowledgements: 0 hits the opening.
    std::uint64_t told = 0;
    const auto wanted = random() % 40;
    for (std::uint64_t i = 0; i < wanted; ++i)
      if (::read(ends[0], &told, sizeof told) != sizeof told) break;
    for (volatile std::uint64_t spin = random() % 50'000; spin != 0;) spin = spin - 1;
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    while (::read(ends[0], &told, sizeof told) == sizeof told) {
    }
    ::close(ends[0]);
    acknowledged = std::max(acknowledged, told);

    system::PosixStorage storage;
    auto opened = SegmentLog::open(storage, options_in(folder));
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_GE((*opened)->durable(), acknowledged);
    kept_unacknowledged += (*opened)->durable() > acknowledged;
    acknowledged = (*opened)->durable();
    std::uint64_t next = (*opened)->first();
    ASSERT_TRUE((*opened)->read(next, [&](const ports::Record& record) -> Result<void> {
      if (record.number != next || record.body != body_of(next))
        return fail(ErrorCode::Damaged, "another record than was written");
      ++next;
      return {};
    }));
    ASSERT_EQ(next, acknowledged + 1);
  }
  EXPECT_GT(acknowledged, 1'000u);
  std::printf("100 kills, %llu records, %llu times the last batch was kept unacknowledged\n",
              static_cast<unsigned long long>(acknowledged),
              static_cast<unsigned long long>(kept_unacknowledged));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cairn::log_tests

// R1: the process is killed at any moment, on the real stores, with all its threads running.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "crash_shared.hpp"

namespace cairn::crash {
namespace {

int kills_wanted = 25;  // --kills N

/// What the parent waits for before it kills.
struct Phase {
  const char* name;
  char letter;
  std::uint64_t times_max;  ///< of that letter
};
constexpr Phase kPhases[]{{"start-up", 'S', 1},
                          {"load", 'A', 60},
                          {"flush", 'F', 3},
                          {"segment switch", 'N', 3},
                          {"recycling", 'C', 2}};
constexpr std::size_t kPhaseCount = std::size(kPhases);

class Crash : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "cairn-crash-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    begin_anew();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// An empty installation, so that checking everything after each kill stays quick.
  void begin_anew() {
    std::filesystem::remove_all(folder_ + "/data");
    if (shared_) ::munmap(shared_, sizeof(Shared));
    const auto path = folder_ + "/shared";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    ASSERT_GE(file, 0);
    ASSERT_EQ(::ftruncate(file, sizeof(Shared)), 0);
    shared_ = map_shared(file);
    ::close(file);
    ASSERT_NE(shared_, nullptr);
  }

  pid_t start_child(int& in) {
    int ends[2];
    if (::pipe(ends) != 0) return -1;
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      const auto data = folder_ + "/data";
      const auto shared = folder_ + "/shared";
      const auto out = std::to_string(ends[1]);
      ::execl(CAIRN_CRASH_CHILD, CAIRN_CRASH_CHILD, data.c_str(), shared.c_str(), out.c_str(),
              static_cast<char*>(nullptr));
      ::_exit(4);
    }
    ::close(ends[1]);
    in = ends[0];
    return child;
  }

  /// Kills a child in the midst of `phase`. The counters say in what it really was.
  void kill_in(const Phase& phase) {
    shared_->starting = shared_->flushing = shared_->switching = 0;
    shared_->recycling = shared_->loading = 0;
    int in = -1;
    const pid_t child = start_child(in);
    ASSERT_GT(child, 0);
    auto left = 1 + random_() % phase.times_max;
    char letter = 0;
    while (left > 0 && ::read(in, &letter, 1) == 1) left -= letter == phase.letter;
    const auto spins = phase.letter == 'S' ? 60'000'000 : 400'000;
    for (volatile std::uint64_t spin = random_() % spins; spin != 0;) spin = spin - 1;
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ::close(in);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    const std::uint32_t inside[]{shared_->starting, shared_->loading, shared_->flushing,
                                 shared_->switching, shared_->recycling};
    for (std::size_t i = 0; i < kPhaseCount; ++i) died_in_[i] += inside[i] != 0;
  }

  std::string folder_;
  Shared* shared_ = nullptr;
  std::mt19937_64 random_{1};
  std::uint64_t died_in_[kPhaseCount]{};
};

TEST_F(Crash, nothing_acknowledged_is_lost_and_nothing_is_there_twice) {
  constexpr int kKillsPerFolder = 40;
  std::uint64_t acknowledged = 0, checked = 0;
  for (int kill = 0; kill < kills_wanted && !HasFatalFailure(); ++kill) {
    if (kill % kKillsPerFolder == kKillsPerFolder - 1) {
      acknowledged += shared_->acknowledged;
      checked += shared_->checked;
      begin_anew();
    }
    kill_in(kPhases[static_cast<std::size_t>(kill) % kPhaseCount]);
    ASSERT_EQ(shared_->lost, 0u) << "after kill " << kill;
    ASSERT_EQ(shared_->doubled, 0u) << "after kill " << kill;
  }
  // Once more, to check what the last kill left.
  kill_in({"", 'R', 1});
  EXPECT_EQ(shared_->lost, 0u);
  EXPECT_EQ(shared_->doubled, 0u);
  acknowledged += shared_->acknowledged;
  checked += shared_->checked;
  EXPECT_GT(acknowledged, 0u);
  EXPECT_GT(checked, static_cast<std::uint64_t>(kills_wanted) / 2);
  std::printf("%d kills, %llu facts acknowledged, %llu starts checked; died in", kills_wanted,
              static_cast<unsigned long long>(acknowledged),
              static_cast<unsigned long long>(checked));
  for (std::size_t i = 0; i < kPhaseCount; ++i)
    std::printf(" %s %llu", kPhases[i].name, static_cast<unsigned long long>(died_in_[i]));
  std::printf("\n");
}

}  // namespace
}  // namespace cairn::crash

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string(argv[i]) == "--kills") cairn::crash::kills_wanted = std::atoi(argv[i + 1]);
  return RUN_ALL_TESTS();
}

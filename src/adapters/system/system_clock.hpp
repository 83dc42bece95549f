#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "ports/clock.hpp"

namespace cairn::system {

/// Cairn's own time on a real machine: the wall clock, carried on by CLOCK_BOOTTIME (which counts
/// through suspend and which nobody can set). It never goes back.
///
/// - A wall clock a little ahead is taken at once; one a little behind is met at half speed.
/// - A difference of more than a minute is a jump: it is held back (time goes on by CLOCK_BOOTTIME)
///   and shown by `jump()` until it has been steady for ten minutes or `follow()` is called.
/// - A jump back that is followed is met at half speed too, since time never goes back.
///
/// Owned by `app`; any thread.
class SystemClock final : public ports::Clock {
 public:
  struct Reading {
    std::int64_t wall_ns = 0;
    std::int64_t boot_ns = 0;
  };
  using Source = std::function<Reading()>;

  /// `not_before` is the newest time this installation has written down: a wall clock behind it is
  /// a jump like any other. `source` is replaced in tests only.
  explicit SystemClock(Time not_before = Time::none(), Source source = read_machine);

  Time now() override;
  /// What the wall clock is ahead of (or, negative, behind) Cairn's time, while it is held back.
  std::optional<Duration> jump();
  /// The operator's word: follow the wall clock from now on.
  void follow();

  static Reading read_machine();

 private:
  struct Held {
    std::int64_t offset_ns;
    std::int64_t since_boot_ns;
  };
  void advance();

  std::mutex mutex_;
  Source source_;
  std::int64_t time_ns_;
  std::int64_t boot_ns_;
  std::optional<Held> held_;
  bool is_meeting_ = false;  ///< a followed jump back: slow until the wall clock is met
};

}  // namespace cairn::system

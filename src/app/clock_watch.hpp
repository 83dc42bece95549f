#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "adapters/system/system_clock.hpp"

namespace cairn::app {

/// Announces jumps of the machine's clock to whoever runs Cairn (`clock_jump`, on standard error),
/// once each, and hears their word. Owned by `serve`; any thread. A clock that cannot be read is a
/// bug.
class ClockWatch {
 public:
  explicit ClockWatch(system::SystemClock& clock) : clock_(clock) {}

  /// Says what is new: a jump, another one, or that it is over. Called every few seconds.
  void look();
  /// The operator's word: Cairn's time follows the machine's clock from now on.
  void follow();
  /// What the machine's clock is ahead of (or, negative, behind) Cairn's time, while that is held.
  std::optional<Duration> jump() { return clock_.jump(); }

 private:
  system::SystemClock& clock_;
  std::mutex mutex_;
  std::optional<Duration> announced_;
};

/// The jump with what becomes of it, in words: for logs and /readyz.
std::string describe_jump(Duration jump);

}  // namespace cairn::app

#include "app/clock_watch.hpp"

#include <fmt/format.h>

#include "app/operator_log.hpp"

namespace cairn::app {
namespace {

/// A jump that wanders by less is still the same.
constexpr Duration kSame = seconds(2);

bool is_same(const std::optional<Duration>& a, const std::optional<Duration>& b) {
  if (!a || !b) return !a && !b;
  return a->us - b->us <= kSame.us && b->us - a->us <= kSame.us;
}

}  // namespace

std::string describe_jump(Duration jump) {
  return fmt::format(
      "the machine's clock is {} s {} Cairn's time, which goes on as before; the clock is followed "
      "after ten steady minutes, or at once when `cairn serve` is sent SIGUSR1",
      (jump.us < 0 ? -jump.us : jump.us) / 1'000'000, jump.us < 0 ? "behind" : "ahead of");
}

void ClockWatch::look() {
  const std::scoped_lock lock(mutex_);
  const auto jump = clock_.jump();
  if (is_same(jump, announced_)) return;
  announced_ = jump;
  if (jump)
    tell_operator(Level::Warning, "clock_jump", describe_jump(*jump));
  else
    tell_operator(Level::Note, "clock_followed",
                  "Cairn's time goes with the machine's clock again");
}

void ClockWatch::follow() {
  clock_.follow();
  look();
}

}  // namespace cairn::app

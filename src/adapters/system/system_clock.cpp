#include "adapters/system/system_clock.hpp"

#include <time.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.hpp"

namespace cairn::system {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t jump_ns_min = 60 * second_ns;
constexpr std::int64_t steady_ns = 600 * second_ns;
/// How far a held difference may wander (a clock being disciplined) and still be called steady.
constexpr std::int64_t wander_ns_max = second_ns;

std::int64_t read_clock(clockid_t id) {
  timespec value{};
  CAIRN_CHECK(::clock_gettime(id, &value) == 0);
  return value.tv_sec * second_ns + value.tv_nsec;
}

}  // namespace

SystemClock::Reading SystemClock::read_machine() {
  return {read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

SystemClock::SystemClock(Time not_before, Source source) : source_(std::move(source)) {
  const Reading reading = source_();
  time_ns_ = reading.wall_ns;
  boot_ns_ = reading.boot_ns;
  if (!not_before.is_none()) time_ns_ = std::max(time_ns_, not_before.us * 1'000);
}

void SystemClock::advance() {
  const Reading reading = source_();
  const std::int64_t elapsed = std::max<std::int64_t>(0, reading.boot_ns - boot_ns_);
  boot_ns_ += elapsed;
  time_ns_ += elapsed;
  const std::int64_t offset = reading.wall_ns - time_ns_;
  if (offset >= 0) is_meeting_ = false;

  if (std::abs(offset) > jump_ns_min && !is_meeting_) {
    if (!held_ || std::abs(offset - held_->offset_ns) > wander_ns_max)
      held_ = Held{offset, boot_ns_};
    if (boot_ns_ - held_->since_boot_ns < steady_ns) return;
    is_meeting_ = offset < 0;
  }
  held_.reset();
  time_ns_ += offset >= 0 ? offset : -std::min(-offset, elapsed / 2);
}

Time SystemClock::now() {
  const std::scoped_lock lock(mutex_);
  advance();
  return {time_ns_ / 1'000};
}

std::optional<Duration> SystemClock::jump() {
  const std::scoped_lock lock(mutex_);
  advance();
  if (!held_) return std::nullopt;
  return Duration{held_->offset_ns / 1'000};
}

void SystemClock::follow() {
  const std::scoped_lock lock(mutex_);
  advance();
  if (!held_) return;
  if (held_->offset_ns >= 0) {
    time_ns_ += held_->offset_ns;
  } else {
    is_meeting_ = true;
  }
  held_.reset();
}

}  // namespace cairn::system

#pragma once

#include <atomic>

#include "ports/clock.hpp"

namespace cairn::memory {

/// A clock that moves when it is told to, for tests and the simulator. Any thread.
class ManualClock final : public ports::Clock {
 public:
  explicit ManualClock(Time start) : us_(start.us) {}
  Time now() override { return {us_.load()}; }
  void advance(Duration by) { us_ += by.us; }
  void set(Time time) { us_ = time.us; }

 private:
  std::atomic<std::int64_t> us_;
};

}  // namespace cairn::memory

#pragma once

#include "base/time.hpp"

namespace cairn::ports {

/// Cairn's own time: the wall clock carried on by CLOCK_BOOTTIME. It never goes back. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() = 0;
};

}  // namespace cairn::ports

#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cairn::app {

enum class Level : std::uint8_t {
  Note,     ///< good to know
  Warning,  ///< something is not as it should be, and mends itself
  Error,    ///< a person must look
};

/// A line on standard error for whoever runs Cairn: a constant name to look for, and what is the
/// matter. Any thread; a line is never torn.
void tell_operator(Level level, std::string_view what, std::string_view detail);

/// Trouble that comes back every few seconds until somebody sees to it: each kind is told once a
/// minute. Any thread.
class TroubleLog {
 public:
  /// True where it was told now. `now` is any clock that does not go back.
  bool tell(std::string_view what, std::string_view detail, Time now);

 private:
  std::mutex mutex_;
  std::map<std::string, Time, std::less<>> told_;
};

}  // namespace cairn::app

#pragma once

#include <cstdint>
#include <string_view>

namespace cairn::app {

enum class Level : std::uint8_t {
  Note,     ///< good to know
  Warning,  ///< something is not as it should be, and mends itself
  Error,    ///< a person must look
};

/// A line on standard error for whoever runs Cairn: a constant name to look for, and what is the
/// matter. Any thread; a line is never torn.
void tell_operator(Level level, std::string_view what, std::string_view detail);

}  // namespace cairn::app

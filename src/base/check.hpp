#pragma once

namespace cairn {

/// Says what went wrong on stderr and aborts. Called by CAIRN_CHECK only.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace cairn

/// An always-on check for bugs of ours. Data from outside is never checked by this.
#define CAIRN_CHECK(expression) \
  (static_cast<bool>(expression) ? void(0) : ::cairn::check_failed(#expression, __FILE__, __LINE__))

#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace cairn {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "cairn: bug: check failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace cairn

#include "adapters/system/machine.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace cairn::system {

Result<Bytes> random_bytes(std::size_t size) {
  Bytes out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::getrandom(out.data() + done, size - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(ErrorCode::Io, fmt::format("cannot get {} random bytes from the kernel: {}", size,
                                             std::generic_category().message(errno)));
    done += static_cast<std::size_t>(got);
  }
  return out;
}

unsigned processor_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int count = CPU_COUNT(&set);
  return count < 1 ? 1u : static_cast<unsigned>(count);
}

Result<void> pin_thread(unsigned processor) {
  const auto error_of = [&](int number) {
    return fail(ErrorCode::Io, fmt::format("cannot keep this thread on processor {}: {}", processor,
                                           std::generic_category().message(number)));
  };
  if (processor >= CPU_SETSIZE) return error_of(EINVAL);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  if (error != 0) return error_of(error);
  return {};
}

}  // namespace cairn::system

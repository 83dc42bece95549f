#include "adapters/system/machine.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

namespace cairn::system {
namespace {

/// `struct sched_attr` of sched_setattr(2), version 0: glibc before 2.41 has no name for it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0, deadline_ns = 0, period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

thread_local bool is_background = false;
thread_local std::chrono::steady_clock::time_point began_work;

}  // namespace

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

void set_urgency(Urgency urgency) {
  is_background = urgency == Urgency::Background;
  if (is_background) {
    // A fifth of the processor where three ordinary threads want all of it.
    constexpr int kNice = 5;
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
    // Its writes go to the disk when no others wait (ioprio_set(2); glibc has no name for it).
    constexpr int kOfThread = 1, kIdle = 3, kClassShift = 13;
    (void)::syscall(SYS_ioprio_set, kOfThread, 0, kIdle << kClassShift);
    return;
  }
  // A short slice: since Linux 6.12 a thread that has just become ready need not wait until one
  // with a longer slice (2.8 ms where nothing is asked for) has used it up.
  constexpr std::uint64_t kPromptSliceNs = 100'000, kSteadySliceNs = 500'000;
  SchedulingAttributes attributes;
  attributes.nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)));
  attributes.runtime_ns = urgency == Urgency::Prompt ? kPromptSliceNs : kSteadySliceNs;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void give_way(Share share) {
  using std::chrono::steady_clock, std::chrono::microseconds;
  constexpr microseconds kWork{250}, kPause{20}, kLongPause{6 * kWork};
  if (!is_background || steady_clock::now() - began_work < kWork) return;
  std::this_thread::sleep_for(share == Share::Most ? kPause : kLongPause);
  began_work = steady_clock::now();
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

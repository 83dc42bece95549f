#include "http/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace cairn::http {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Mailbox::~Mailbox() {
  if (wake_ >= 0) ::close(wake_);
}

void Mailbox::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void Mailbox::put(Completion completion) {
  bool must_wake = false;
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    must_wake = completions_.empty() && std::this_thread::get_id() != owner_;
    completions_.push_back(std::move(completion));
  }
  if (must_wake) wake();
}

void Mailbox::open() {
  std::lock_guard lock(mutex_);
  owner_ = std::this_thread::get_id();
}

std::vector<Completion> Mailbox::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(completions_, {});
}

void Mailbox::drain_wake() {
  std::uint64_t ignored;
  [[maybe_unused]] const auto got = ::read(wake_, &ignored, sizeof ignored);
}

void Mailbox::close() {
  std::vector<Completion> late;
  std::lock_guard lock(mutex_);
  is_closed_ = true;
  late.swap(completions_);
}

}  // namespace cairn::http

#include "http/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
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

/// Answers of this thread on their way to their loops.
struct Mailbox::Gathered {
  struct Part {
    std::shared_ptr<Mailbox> to;
    std::vector<Completion> completions;
  };
  bool is_on = false;
  std::vector<Part> parts;

  static Gathered& of_thread() {
    thread_local Gathered gathered;
    return gathered;
  }
  void add(Mailbox& to, Completion&& completion) {
    auto part = std::ranges::find(parts, &to, [](const Part& each) { return each.to.get(); });
    if (part == parts.end()) part = parts.insert(part, {to.shared_from_this(), {}});
    part->completions.push_back(std::move(completion));
  }
};

void Mailbox::send_gathered() {
  auto& gathered = Gathered::of_thread();
  gathered.is_on = true;
  for (auto& part : gathered.parts)
    if (!part.completions.empty()) part.to->put_all(part.completions);
}

void Mailbox::put_all(std::vector<Completion>& completions) {
  std::vector<Completion> taken = std::exchange(completions, {});
  bool must_wake = false;
  {
    std::lock_guard lock(mutex_);
    if (is_closed_) return;
    must_wake = completions_.empty() && std::this_thread::get_id() != owner_;
    std::ranges::move(taken, std::back_inserter(completions_));
  }
  if (must_wake) wake();
}

void Mailbox::put(Completion completion) {
  if (auto& gathered = Gathered::of_thread(); gathered.is_on)
    return gathered.add(*this, std::move(completion));
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

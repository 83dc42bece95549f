#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/input.hpp"

namespace cairn::core {

/// Inputs on their way to one shard. Bounded: back-pressure is a value (Busy), not growth; letters
/// are bounded by their senders and always taken. Any thread pushes, the shard's runner takes.
class Mailbox {
 public:
  explicit Mailbox(std::size_t inputs_max) : inputs_max_(inputs_max) {}

  /// False when full: nothing was taken, `input` is as it was.
  bool push(Input& input) {
    {
      std::lock_guard lock(mutex_);
      if (inputs_.size() >= inputs_max_ && input.type != Input::Type::Letter) return false;
      inputs_.push_back(std::move(input));
      if (inputs_.size() > 1) return true;
    }
    ready_.notify_one();
    return true;
  }

  /// All of `inputs`, or as many as there is room for; the rest stay. One lock, one wake-up.
  void push_all(std::vector<Input>& inputs) {
    std::size_t taken = 0;
    {
      std::lock_guard lock(mutex_);
      while (taken < inputs.size() && inputs_.size() < inputs_max_)
        inputs_.push_back(std::move(inputs[taken++]));
    }
    if (taken != 0) ready_.notify_one();
    inputs.erase(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  /// Appends everything there is to `out`.
  void take(std::vector<Input>& out) {
    std::lock_guard lock(mutex_);
    if (out.empty()) {
      out.swap(inputs_);
      return;
    }
    std::ranges::move(inputs_, std::back_inserter(out));
    inputs_.clear();
  }

  /// Waits until there is something, `wake` was called, or the time is over.
  void wait(Duration at_most) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, std::chrono::microseconds(at_most.us),
                    [&] { return !inputs_.empty() || is_woken_; });
    is_woken_ = false;
  }

  void wake() {
    {
      std::lock_guard lock(mutex_);
      is_woken_ = true;
    }
    ready_.notify_one();
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return inputs_.size();
  }

 private:
  const std::size_t inputs_max_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<Input> inputs_;
  bool is_woken_ = false;
};

}  // namespace cairn::core

#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace cairn::app {

/// Threads for reads that take milliseconds (lists, board), so that the edge never waits for them.
/// Bounded: `run` says false when too much is waiting. `begin` is called on each before its work.
class Workers {
 public:
  explicit Workers(
      std::size_t threads, std::size_t waiting_max = 256, void (*begin)() = [] {})
      : waiting_max_(waiting_max) {
    for (std::size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this, begin] {
        begin();
        work();
      });
  }
  ~Workers() { stop(); }

  bool run(std::move_only_function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      if (is_stopping_ || jobs_.size() >= waiting_max_) return false;
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
    return true;
  }

  /// The same, not before `delay` is over; in real time, for things outside such as a full mailbox.
  bool run_after(std::chrono::milliseconds delay, std::move_only_function<void()> job) {
    {
      std::lock_guard lock(mutex_);
      if (is_stopping_ || later_.size() >= waiting_max_) return false;
      later_.emplace(std::chrono::steady_clock::now() + delay, std::move(job));
    }
    ready_.notify_one();
    return true;
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    ready_.notify_all();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  void work() {
    for (std::move_only_function<void()> job; next(job);) job();
  }

  /// Waits for a job; false when there will be none.
  bool next(std::move_only_function<void()>& job) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!later_.empty() && later_.begin()->first <= std::chrono::steady_clock::now()) {
        job = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        return true;
      }
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
        return true;
      }
      if (is_stopping_) return false;
      if (later_.empty())
        ready_.wait(lock);
      else
        ready_.wait_until(lock, later_.begin()->first);
    }
  }

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::move_only_function<void()>> jobs_;
  std::multimap<std::chrono::steady_clock::time_point, std::move_only_function<void()>> later_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cairn::app

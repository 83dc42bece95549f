#include "http/live_hub.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace cairn::http {
namespace {

std::uint64_t milliseconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000 +
         static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000;
}

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "X-Accel-Buffering: no\r\nConnection: close\r\n\r\nretry: 1000\n\n";

}  // namespace

/// One reader. `unsent` is empty nearly always: what fits into the socket's buffer is not kept.
struct LiveHub::Subscriber {
  int fd = -1;
  bool is_of_many = false;
  bool waits_for_room = false;
  std::uint64_t subject = 0;
  std::unique_ptr<LiveFilter> filter;
  std::unique_ptr<std::vector<std::uint64_t>> seen;
  std::unique_ptr<std::string> unsent;
};

LiveHub::LiveHub(LiveOptions options) : options_(options) {}
LiveHub::~LiveHub() { stop(); }

void LiveHub::start() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  thread_ = std::thread([this] { run(); });
}

void LiveHub::stop() {
  if (is_stopping_.exchange(true) || !thread_.joinable()) return;
  wake();
  thread_.join();
  ::close(epoll_);
  ::close(wake_);
}

void LiveHub::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void LiveHub::adopt(int fd, LiveRequest request) {
  {
    std::lock_guard lock(mutex_);
    arriving_.emplace_back(fd, std::move(request));
  }
  wake();
}

void LiveHub::publish(std::vector<LiveChange> changes) {
  if (changes.empty()) return;
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    was_empty = published_.empty();
    if (was_empty)
      published_ = std::move(changes);
    else
      std::ranges::move(changes, std::back_inserter(published_));
  }
  if (was_empty) wake();
}

void LiveHub::run() {
  std::vector<epoll_event> events(1'024);
  last_beat_ms_ = milliseconds_now();
  while (!is_stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_) {
        std::uint64_t ignored;
        [[maybe_unused]] const auto got = ::read(wake_, &ignored, sizeof ignored);
        continue;
      }
      auto& subscriber = by_fd_[static_cast<std::size_t>(fd)];
      if (!subscriber) continue;
      const auto what = events[static_cast<std::size_t>(i)].events;
      if (what & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
        close(*subscriber);
      } else if (what & EPOLLOUT) {
        flush_output(*subscriber);
      } else if (what & EPOLLIN) {
        char ignored[512];
        const auto got = ::recv(fd, ignored, sizeof ignored, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) close(*subscriber);
      }
    }
    std::vector<std::pair<int, LiveRequest>> arriving;
    std::vector<LiveChange> published;
    {
      std::lock_guard lock(mutex_);
      // Subscribers first: a change published before is in what they catch up with, or sent twice
      // and left out by `seen`; never missed.
      arriving.swap(arriving_);
      published.swap(published_);
    }
    for (auto& [fd, request] : arriving) begin(fd, std::move(request));
    for (const auto& change : published) deliver(change);
    beat(milliseconds_now());
    for (const int fd : std::exchange(closing_, {})) {
      auto& subscriber = by_fd_[static_cast<std::size_t>(fd)];
      if (subscriber && subscriber->fd < 0) subscriber.reset();  // the number may be in use again
    }
  }
  for (auto& subscriber : by_fd_)
    if (subscriber) {
      send(*subscriber, "event: closing\ndata: {\"reason\":\"restarted\"}\n\n");
      ::close(subscriber->fd);
    }
  by_fd_.clear();
  for (auto& [fd, request] : arriving_) ::close(fd);
}

void LiveHub::begin(int fd, LiveRequest request) {
  if (subscribers_ >= options_.subscribers_max) {
    ::close(fd);
    return;
  }
  if (by_fd_.size() <= static_cast<std::size_t>(fd))
    by_fd_.resize(static_cast<std::size_t>(fd) + 64);
  auto& slot = by_fd_[static_cast<std::size_t>(fd)];
  slot = std::make_unique<Subscriber>();
  slot->fd = fd;
  slot->subject = request.subject;
  slot->is_of_many = request.subject == 0;
  if (request.filter) slot->filter = std::make_unique<LiveFilter>(std::move(request.filter));
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    ::close(fd);
    slot.reset();
    return;
  }
  if (slot->is_of_many)
    of_many_.push_back(fd);
  else
    by_subject_.emplace(slot->subject, fd);
  ++subscribers_;
  std::string first = request.head.empty() ? std::string(kHead) : std::move(request.head);
  if (request.catch_up) first += request.catch_up(request.seen);
  if (!request.seen.empty())
    slot->seen = std::make_unique<std::vector<std::uint64_t>>(std::move(request.seen));
  if (position_) first += fmt::format("event: heartbeat\nid: {}\ndata: {{}}\n\n", position_());
  send(*slot, first);
}

void LiveHub::deliver(const LiveChange& change) {
  const auto give = [&](int fd) {
    auto& subscriber = by_fd_[static_cast<std::size_t>(fd)];
    if (!subscriber || subscriber->fd < 0) return;
    if (subscriber->seen && change.shard < subscriber->seen->size() &&
        change.number <= (*subscriber->seen)[change.shard])
      return;
    if (subscriber->filter && !(*subscriber->filter)(change)) return;
    ++delivered_;
    send(*subscriber, *change.bytes);
  };
  const auto [from, to] = by_subject_.equal_range(change.subject);
  for (auto at = from; at != to; ++at) give(at->second);
  for (const int fd : of_many_) give(fd);
}

void LiveHub::send(Subscriber& subscriber, std::string_view bytes) {
  if (subscriber.fd < 0) return;
  if (!subscriber.unsent) {
    const auto sent =
        ::send(subscriber.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return close(subscriber);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
    subscriber.unsent = std::make_unique<std::string>();
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLOUT, .data = {.fd = subscriber.fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, subscriber.fd, &event);
  }
  if (subscriber.unsent->size() + bytes.size() > options_.unsent_bytes_max) {
    ++dropped_;
    return close(subscriber);
  }
  *subscriber.unsent += bytes;
}

void LiveHub::flush_output(Subscriber& subscriber) {
  if (!subscriber.unsent) return;
  auto& unsent = *subscriber.unsent;
  const auto sent =
      ::send(subscriber.fd, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) close(subscriber);
    return;
  }
  unsent.erase(0, static_cast<std::size_t>(sent));
  if (!unsent.empty()) return;
  subscriber.unsent.reset();
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = subscriber.fd}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, subscriber.fd, &event);
}

void LiveHub::close(Subscriber& subscriber) {
  if (subscriber.fd < 0) return;
  const int fd = subscriber.fd;
  if (subscriber.is_of_many) {
    std::erase(of_many_, fd);
  } else {
    const auto [from, to] = by_subject_.equal_range(subscriber.subject);
    for (auto at = from; at != to; ++at)
      if (at->second == fd) {
        by_subject_.erase(at);
        break;
      }
  }
  subscriber.fd = -1;
  ::close(fd);
  closing_.push_back(fd);
  --subscribers_;
}

/// A share of the subscribers each time, so that heartbeats do not come in waves.
void LiveHub::beat(std::uint64_t now_ms) {
  const auto passed = now_ms - last_beat_ms_;
  if (passed < 100 || by_fd_.empty()) return;
  last_beat_ms_ = now_ms;
  const auto share = std::max<std::size_t>(
      1, by_fd_.size() * passed / (options_.heartbeat_seconds * std::size_t{1'000}));
  const auto bytes =
      fmt::format("event: heartbeat\nid: {}\ndata: {{}}\n\n", position_ ? position_() : "");
  for (std::size_t i = 0; i < std::min(share, by_fd_.size()); ++i) {
    beat_at_ = (beat_at_ + 1) % by_fd_.size();
    auto& subscriber = by_fd_[beat_at_];
    if (subscriber && subscriber->fd >= 0) send(*subscriber, bytes);
  }
}

}  // namespace cairn::http

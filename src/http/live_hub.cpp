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

Time wall_clock() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return Time{t.tv_sec * 1'000'000 + t.tv_nsec / 1'000};
}

/// Without a position there is no id either: an empty one would make a browser forget its own.
std::string heartbeat_of(std::string_view position, Time at) {
  std::string out = "event: heartbeat\n";
  if (!position.empty()) fmt::format_to(std::back_inserter(out), "id: {}\n", position);
  fmt::format_to(std::back_inserter(out), "data: {{\"at\":\"{}\"}}\n\n", format_rfc3339(at));
  return out;
}

}  // namespace

/// One reader. `unsent` is empty nearly always: what fits into the socket's buffer is not kept.
struct LiveHub::Subscriber {
  int fd = -1;
  bool is_of_many = false;
  bool is_closed = false;   ///< buried at the end of the round
  bool is_dropped = false;  ///< told why; closed when that is sent, or at its next heartbeat
  std::uint64_t subject = 0;
  std::size_t backlog = 0;  ///< of `unsent`: what it had missed when it came, beyond any limit
  std::unique_ptr<LiveFilter> filter;
  std::unique_ptr<std::vector<std::uint64_t>> seen;
  std::unique_ptr<std::string> unsent;
  std::unique_ptr<TlsSession> tls;

  /// As send(2).
  ssize_t put(std::string_view bytes) { return send_to(fd, tls.get(), bytes); }
};

LiveHub::LiveHub(LiveOptions options) : options_(options), clock_(wall_clock) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

LiveHub::~LiveHub() {
  stop();
  for (const auto& arrival : arriving_) ::close(arrival.fd);
  ::close(epoll_);
  ::close(wake_);
}

void LiveHub::start() {
  thread_ = std::thread([this] { run(); });
}

void LiveHub::stop() {
  if (is_stopping_.exchange(true) || !thread_.joinable()) return;
  wake();
  thread_.join();
}

void LiveHub::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void LiveHub::adopt(int fd, LiveRequest request, std::unique_ptr<TlsSession> tls) {
  ++subscribers_;
  {
    std::lock_guard lock(mutex_);
    arriving_.push_back({fd, std::move(request), std::move(tls)});
  }
  wake();
}

void LiveHub::publish(std::vector<LiveChange> changes) {
  if (changes.empty() || is_stopping_) return;
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
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wake_) {
        std::uint64_t ignored;
        [[maybe_unused]] const auto got = ::read(wake_, &ignored, sizeof ignored);
      } else {
        on_event(*by_fd_[static_cast<std::size_t>(event.data.fd)], event.events);
      }
    }
    exchange();
    bury();
  }
  for (auto& subscriber : by_fd_) {
    if (!subscriber) continue;
    send(*subscriber, "event: closing\ndata: {\"reason\":\"restarted\"}\n\n");
    close(*subscriber);
  }
  bury();
}

/// Takes what came from other threads.
void LiveHub::exchange() {
  std::vector<Arrival> arriving;
  std::vector<LiveChange> published;
  {
    std::lock_guard lock(mutex_);
    arriving.swap(arriving_);
  }
  // The position is asked for before the changes are taken: all that it names has been published,
  // so it is delivered below or was before. Newcomers come first: what is published from here on
  // they are given, what was before is in what they catch up with; never missed.
  const auto now = milliseconds_now();
  const bool is_beat = is_beat_due(now) && held_ > 0;
  std::string position;
  if (position_ && (is_beat || !arriving.empty())) position = position_();
  {
    std::lock_guard lock(mutex_);
    published.swap(published_);
  }
  for (auto& arrival : arriving) begin(std::move(arrival), position);
  for (const auto& change : published) deliver(change);
  if (is_beat) beat(now, position);
}

void LiveHub::begin(Arrival arrival, std::string_view position) {
  const int fd = arrival.fd;
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
  if (held_ >= options_.subscribers_max || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
        "Content-Length: 0\r\n\r\n";
    send_to(fd, arrival.tls.get(), kFull);
    if (arrival.tls) arrival.tls->say_end();
    --subscribers_;
    ::close(fd);
    return;
  }
  if (by_fd_.size() <= static_cast<std::size_t>(fd))
    by_fd_.resize(static_cast<std::size_t>(fd) + 64);
  auto& request = arrival.request;
  auto& slot = by_fd_[static_cast<std::size_t>(fd)];
  slot = std::make_unique<Subscriber>();
  slot->fd = fd;
  slot->tls = std::move(arrival.tls);
  slot->subject = request.subject;
  slot->is_of_many = request.subject == 0;
  if (request.filter) slot->filter = std::make_unique<LiveFilter>(std::move(request.filter));
  if (slot->is_of_many)
    of_many_.push_back(fd);
  else
    by_subject_.emplace(slot->subject, fd);
  ++held_;
  std::string first = request.head.empty() ? std::string(kHead) : std::move(request.head);
  if (request.catch_up) first += request.catch_up(request.seen);
  if (!request.seen.empty())
    slot->seen = std::make_unique<std::vector<std::uint64_t>>(std::move(request.seen));
  first += heartbeat_of(position, clock_());
  send(*slot, first);
  slot->backlog = slot->unsent ? slot->unsent->size() : 0;
}

void LiveHub::on_event(Subscriber& subscriber, std::uint32_t what) {
  if (subscriber.is_closed) return;
  if (what & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) return close(subscriber);
  if (what & EPOLLOUT) flush_output(subscriber);
  if ((what & EPOLLIN) && !subscriber.is_closed) receive(subscriber);
}

/// Nothing is expected of a reader; but a TLS session has its own messages, and an end is to be
/// seen.
void LiveHub::receive(Subscriber& subscriber) {
  char ignored[512];
  const auto got = receive_from(subscriber.fd, subscriber.tls.get(), ignored, sizeof ignored);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) close(subscriber);
}

void LiveHub::deliver(const LiveChange& change) {
  const auto give = [&](int fd) {
    auto& subscriber = *by_fd_[static_cast<std::size_t>(fd)];
    if (subscriber.is_closed || subscriber.is_dropped) return;
    if (subscriber.seen && change.shard < subscriber.seen->size() &&
        change.number <= (*subscriber.seen)[change.shard])
      return;
    if (subscriber.filter && !(*subscriber.filter)(change)) return;
    ++delivered_;
    send(subscriber, *change.bytes);
  };
  const auto [from, to] = by_subject_.equal_range(change.subject);
  for (auto at = from; at != to; ++at) give(at->second);
  for (const int fd : of_many_) give(fd);
}

void LiveHub::send(Subscriber& subscriber, std::string_view bytes) {
  if (subscriber.is_closed || subscriber.is_dropped) return;
  if (subscriber.unsent) {
    if (subscriber.unsent->size() + bytes.size() > subscriber.backlog + options_.unsent_bytes_max)
      return drop(subscriber);
    *subscriber.unsent += bytes;
    return;
  }
  const auto sent = subscriber.put(bytes);
  if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return close(subscriber);
  if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  if (bytes.empty()) return;
  subscriber.unsent = std::make_unique<std::string>(bytes);
  watch(subscriber);
}

/// Tells a slow reader why and lets it go: the event it is in the middle of is sent to its end,
/// then the reason. It comes back with the last id it has seen and misses nothing.
void LiveHub::drop(Subscriber& subscriber) {
  ++dropped_;
  subscriber.is_dropped = true;
  auto& unsent = *subscriber.unsent;
  // A TLS session has a record of up to 16 KiB under way that cannot be called back.
  const auto end = unsent.find("\n\n", subscriber.tls ? 16 * 1024 : 0);
  if (end != std::string::npos) unsent.resize(end + 2);
  unsent += "event: closing\ndata: {\"reason\":\"too_slow\"}\n\n";
  unsent.shrink_to_fit();
}

void LiveHub::flush_output(Subscriber& subscriber) {
  if (!subscriber.unsent) return;
  auto& unsent = *subscriber.unsent;
  const auto sent = subscriber.put(unsent);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) close(subscriber);
    return;
  }
  unsent.erase(0, static_cast<std::size_t>(sent));
  if (!unsent.empty()) return;
  subscriber.unsent.reset();
  subscriber.backlog = 0;
  if (subscriber.is_dropped) return close(subscriber);
  watch(subscriber);
}

void LiveHub::watch(Subscriber& subscriber) {
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | (subscriber.unsent ? EPOLLOUT : 0u),
                    .data = {.fd = subscriber.fd}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, subscriber.fd, &event);
}

/// The indexes may be walked right now: they are put in order at the end of the round.
void LiveHub::close(Subscriber& subscriber) {
  if (subscriber.is_closed) return;
  subscriber.is_closed = true;
  closed_.push_back(subscriber.fd);
}

void LiveHub::bury() {
  if (closed_.empty()) return;
  bool has_of_many = false;
  for (const int fd : closed_) {
    const auto& subscriber = *by_fd_[static_cast<std::size_t>(fd)];
    has_of_many = has_of_many || subscriber.is_of_many;
    if (subscriber.is_of_many) continue;
    const auto [from, to] = by_subject_.equal_range(subscriber.subject);
    for (auto at = from; at != to; ++at)
      if (at->second == fd) {
        by_subject_.erase(at);
        break;
      }
  }
  if (has_of_many)
    std::erase_if(of_many_,
                  [&](int fd) { return by_fd_[static_cast<std::size_t>(fd)]->is_closed; });
  for (const int fd : std::exchange(closed_, {})) {
    auto& slot = by_fd_[static_cast<std::size_t>(fd)];
    if (slot->tls) slot->tls->say_end();
    slot.reset();
    --held_;
    --subscribers_;
    ::close(fd);
  }
}

/// A share of the subscribers each time, so that heartbeats do not come in waves.
void LiveHub::beat(std::uint64_t now_ms, std::string_view position) {
  const auto passed = now_ms - last_beat_ms_;
  last_beat_ms_ = now_ms;
  const auto per_round = std::max<std::size_t>(1, options_.heartbeat_seconds * std::size_t{1'000});
  const auto share = std::clamp<std::size_t>(by_fd_.size() * passed / per_round, 1, by_fd_.size());
  const auto bytes = heartbeat_of(position, clock_());
  for (std::size_t i = 0; i < share; ++i) {
    beat_at_ = (beat_at_ + 1) % by_fd_.size();
    auto& subscriber = by_fd_[beat_at_];
    if (!subscriber || subscriber->is_closed) continue;
    if (subscriber->is_dropped)
      close(*subscriber);  // it does not even take the reason
    else
      send(*subscriber, bytes);
  }
}

}  // namespace cairn::http

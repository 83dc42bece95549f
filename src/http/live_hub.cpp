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

std::string heartbeat_of(std::string_view id_line, Time at) {
  return fmt::format("event: heartbeat\n{}data: {{\"at\":\"{}\"}}\n\n", id_line,
                     format_rfc3339(at));
}

std::string closing(std::string_view reason) {
  return fmt::format("event: closing\ndata: {{\"reason\":\"{}\"}}\n\n", reason);
}

/// A reader that waits to hear what it missed.
struct Waiting {
  std::string head;
  struct Kept {
    LiveChange change;
    std::vector<std::uint64_t> told;  ///< by the hub when it came, it included
  };
  std::vector<Kept> kept = {};  ///< published meanwhile
  std::size_t kept_bytes = 0;
};

}  // namespace

/// What comes from other threads.
struct LiveHub::Inbox {
  Inbox() : wake_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Inbox() { ::close(wake_fd); }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
  }
  void drain_wake() const {
    std::uint64_t ignored;
    [[maybe_unused]] const auto got = ::read(wake_fd, &ignored, sizeof ignored);
  }
  /// Adds to one of the queues; wakes the hub, unless it has been woken for that queue already.
  template <typename T>
  void put(std::vector<T>& queue, std::vector<T> more) {
    bool was_empty = false;
    {
      std::lock_guard lock(mutex);
      was_empty = queue.empty();
      if (was_empty)
        queue = std::move(more);
      else
        std::ranges::move(more, std::back_inserter(queue));
    }
    if (was_empty) wake();
  }
  template <typename T>
  void put_one(std::vector<T>& queue, T one) {
    std::vector<T> more;
    more.push_back(std::move(one));
    put(queue, std::move(more));
  }

  const int wake_fd;
  std::mutex mutex;
  std::vector<Arrival> arriving;
  std::vector<LiveChange> published;
  std::vector<CaughtUp> caught_up;
};

/// One reader. `unsent` is empty nearly always: what fits into the socket's buffer is not kept.
struct LiveHub::Subscriber {
  int fd = -1;
  bool is_of_many = false;
  bool is_closed = false;   ///< buried at the end of the round
  bool is_dropped = false;  ///< told why; closed when that is sent, or at its next heartbeat
  std::uint64_t subject = 0;
  std::uint64_t ticket = 0;  ///< never given twice, as `fd` is
  std::size_t backlog = 0;   ///< of `unsent`: what it had missed when it came, beyond any limit
  std::unique_ptr<Waiting> waiting;
  std::unique_ptr<LiveFilter> filter;
  std::unique_ptr<Numbers> seen;  ///< from the rows, ahead of what the hub has told
  std::unique_ptr<std::string> unsent;
  std::unique_ptr<TlsSession> tls;

  /// As send(2).
  ssize_t put(std::string_view bytes) { return send_to(fd, tls.get(), bytes); }
};

LiveHub::LiveHub(LiveOptions options)
    : options_(options), clock_(wall_clock), inbox_(std::make_shared<Inbox>()) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = inbox_->wake_fd}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, inbox_->wake_fd, &event);
}

LiveHub::~LiveHub() {
  stop();
  for (const auto& arrival : inbox_->arriving) ::close(arrival.fd);
  ::close(epoll_);
}

void LiveHub::start() {
  thread_ = std::thread([this] { run(); });
}

void LiveHub::stop() {
  if (is_stopping_.exchange(true) || !thread_.joinable()) return;
  inbox_->wake();
  thread_.join();
}

void LiveHub::adopt(int fd, LiveRequest request, std::unique_ptr<TlsSession> tls) {
  ++subscribers_;
  inbox_->put_one(inbox_->arriving, Arrival{fd, std::move(request), std::move(tls)});
}

void LiveHub::publish(std::vector<LiveChange> changes) {
  if (changes.empty() || is_stopping_) return;
  inbox_->put(inbox_->published, std::move(changes));
}

void LiveHub::run() {
  std::vector<epoll_event> events(1'024);
  last_beat_ms_ = milliseconds_now();
  while (!is_stopping_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == inbox_->wake_fd)
        inbox_->drain_wake();
      else
        on_event(*by_fd_[static_cast<std::size_t>(event.data.fd)], event.events);
    }
    exchange();
    bury();
  }
  for (auto& subscriber : by_fd_) {
    if (!subscriber) continue;
    const auto waiting = std::exchange(subscriber->waiting, nullptr);
    end(*subscriber, waiting ? waiting->head : "", "restarted");
    close(*subscriber);
  }
  bury();
}

/// Takes what came from other threads.
void LiveHub::exchange() {
  std::vector<Arrival> arriving;
  {
    std::lock_guard lock(inbox_->mutex);
    arriving.swap(inbox_->arriving);
  }
  for (auto& arrival : arriving) begin(std::move(arrival));
  std::vector<CaughtUp> caught_up;
  {
    std::lock_guard lock(inbox_->mutex);
    caught_up.swap(inbox_->caught_up);
  }
  // Asked for before the changes are taken: all that it names was published, so a reader was given
  // it before, or is given it below, or asked later what it had missed.
  const auto given = positions_.published ? positions_.published() : Numbers();
  std::vector<LiveChange> published;
  {
    std::lock_guard lock(inbox_->mutex);
    published.swap(inbox_->published);
  }
  for (const auto& change : published) deliver(change);
  reach(told_, given);  // also past what nobody heard, and what is of no stream
  for (auto& answer : caught_up) catch_up(std::move(answer));
  if (const auto now = milliseconds_now(); is_beat_due(now) && held_ > 0) beat(now);
}

/// The reader is known from here on; it hears nothing before what it missed.
void LiveHub::begin(Arrival arrival) {
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
  slot->ticket = ++tickets_;
  slot->waiting = std::make_unique<Waiting>(
      Waiting{request.head.empty() ? std::string(kHead) : std::move(request.head)});
  LiveReply reply = [inbox = inbox_, fd, ticket = slot->ticket](Result<LiveMissed> missed) {
    inbox->put_one(inbox->caught_up, CaughtUp{fd, ticket, std::move(missed)});
  };
  if (request.catch_up)
    request.catch_up(std::move(reply));
  else
    reply(LiveMissed{});
}

/// Tells a reader what it missed, then what was published while it waited.
void LiveHub::catch_up(CaughtUp answer) {
  auto* const reader = by_fd_[static_cast<std::size_t>(answer.fd)].get();
  if (!reader || reader->ticket != answer.ticket || reader->is_closed) return;
  const auto waiting = std::exchange(reader->waiting, nullptr);
  if (!answer.missed) return end(*reader, waiting->head, "unavailable");
  if (waiting->kept_bytes > options_.unsent_bytes_max)
    return end(*reader, waiting->head, "too_slow");
  auto& missed = *answer.missed;
  if (!missed.seen.empty()) reader->seen = std::make_unique<Numbers>(std::move(missed.seen));
  send(*reader, waiting->head + missed.events);
  reader->backlog = reader->unsent ? reader->unsent->size() : 0;
  for (const auto& [change, told] : waiting->kept) {
    if (has_seen(*reader, change)) continue;
    ++delivered_;
    send(*reader, id_line(told, reader->seen.get()) + *change.bytes);
  }
  send(*reader, heartbeat_of(id_line(told_, reader->seen.get()), clock_()));
}

/// Ends a stream that has just begun.
void LiveHub::end(Subscriber& reader, std::string_view head, std::string_view reason) {
  send(reader, std::string(head) + closing(reason));
  if (reader.unsent)
    reader.is_dropped = true;  // closed when it is sent
  else
    close(reader);
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

/// The larger of both, shard by shard.
void LiveHub::reach(Numbers& numbers, const Numbers& others) {
  if (numbers.size() < others.size()) numbers.resize(others.size());
  for (std::size_t i = 0; i < others.size(); ++i) numbers[i] = std::max(numbers[i], others[i]);
}

bool LiveHub::is_reached(const Numbers& numbers) const {
  return numbers.size() <= told_.size() &&
         std::ranges::equal(numbers, std::span(told_).first(numbers.size()), std::less_equal());
}

/// Without a position there is no id either: an empty one would make a browser forget its own.
std::string LiveHub::id_line(Numbers told, const Numbers* seen) const {
  if (!positions_.format) return "";
  if (seen) reach(told, *seen);
  const auto position = positions_.format(told);
  return position.empty() ? "" : fmt::format("id: {}\n", position);
}

void LiveHub::deliver(const LiveChange& change) {
  if (told_.size() <= change.shard) told_.resize(change.shard + std::size_t{1});
  told_[change.shard] = std::max(told_[change.shard], change.number);
  telling_ = id_line(told_, nullptr) + *change.bytes;
  const auto [from, to] = by_subject_.equal_range(change.subject);
  for (auto at = from; at != to; ++at) give(*by_fd_[static_cast<std::size_t>(at->second)], change);
  for (const int fd : of_many_) give(*by_fd_[static_cast<std::size_t>(fd)], change);
}

/// Whether the reader was told it as missed, or with what came after it.
bool LiveHub::has_seen(const Subscriber& reader, const LiveChange& change) {
  return reader.seen && change.shard < reader.seen->size() &&
         change.number <= (*reader.seen)[change.shard];
}

void LiveHub::give(Subscriber& reader, const LiveChange& change) {
  if (reader.is_closed || reader.is_dropped) return;
  if (has_seen(reader, change)) return;
  if (reader.filter && !(*reader.filter)(change)) return;
  if (auto* const waiting = reader.waiting.get()) {
    waiting->kept_bytes += change.bytes->size();
    if (waiting->kept_bytes <= options_.unsent_bytes_max) waiting->kept.push_back({change, told_});
    return;
  }
  ++delivered_;
  if (!reader.seen) return send(reader, telling_);
  send(reader, id_line(told_, reader.seen.get()) + *change.bytes);
  if (is_reached(*reader.seen)) reader.seen.reset();
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
  unsent += closing("too_slow");
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
void LiveHub::beat(std::uint64_t now_ms) {
  const auto passed = now_ms - last_beat_ms_;
  last_beat_ms_ = now_ms;
  const auto per_round = std::max<std::size_t>(1, options_.heartbeat_seconds * std::size_t{1'000});
  const auto share = std::clamp<std::size_t>(by_fd_.size() * passed / per_round, 1, by_fd_.size());
  const auto at = clock_();
  const auto bytes = heartbeat_of(id_line(told_, nullptr), at);
  for (std::size_t i = 0; i < share; ++i) {
    beat_at_ = (beat_at_ + 1) % by_fd_.size();
    auto& subscriber = by_fd_[beat_at_];
    if (!subscriber || subscriber->is_closed || subscriber->waiting) continue;
    if (subscriber->is_dropped)
      close(*subscriber);  // it does not even take the reason
    else if (subscriber->seen)
      send(*subscriber, heartbeat_of(id_line(told_, subscriber->seen.get()), at));
    else
      send(*subscriber, bytes);
  }
}

}  // namespace cairn::http

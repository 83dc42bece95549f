#include "load_live.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <limits>
#include <stdexcept>

#include "load_feed.hpp"

namespace cairn::bench {
namespace {

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(fmt::format("cannot connect to port {}", port));
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the server closed a connection");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// One run: the streams, the teller, and when each event was acknowledged.
class LiveRun {
 public:
  explicit LiveRun(const LiveOptions& options) : options_(options) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
  }
  ~LiveRun() {
    for (const auto& reader : readers_) ::close(reader.fd);
    if (teller_ >= 0) ::close(teller_);
    ::close(epoll_);
  }

  LiveResult measure() {
    open_streams();
    FeedOptions feed_options;
    feed_options.prefix = options_.prefix;
    feed_options.stages = 1;  // each event is an order of its own, so each is one change
    feed_options.repeated_percent = feed_options.late_percent = 0;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    feed_options.begin_us =
        std::chrono::duration_cast<std::chrono::microseconds>(now).count() - 600'000'000;
    feed_options.rate = 1'000;
    Feed feed(feed_options);
    teller_ = connect_to(options_.port);
    watch(teller_, kTeller);
    const auto count = static_cast<std::size_t>(options_.rate * options_.seconds);
    acknowledged_.assign(count, {});
    seen_.assign(count, 0);
    const auto step = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / options_.rate));
    auto due = Clock::now();
    const auto patience = due + step * static_cast<std::int64_t>(count) + std::chrono::seconds(5);
    const auto wanted = static_cast<std::int64_t>(count) * options_.streams;
    while (deliveries_ < wanted && Clock::now() < patience) {
      if (told_ < count && !is_waiting_ && Clock::now() >= due) {
        tell(feed);
        due += step;
      }
      poll();
    }
    for (std::size_t i = 0; i < count; ++i)
      if (acknowledged_[i] != Clock::time_point{}) ++result_.told;
    result_.missing = wanted - deliveries_;
    return std::move(result_);
  }

 private:
  static constexpr std::uint64_t kTeller = std::numeric_limits<std::uint64_t>::max();
  struct Reader {
    int fd = -1;
    std::string in;
  };

  void watch(int fd, std::uint64_t who) {
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = who}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void open_streams() {
    const std::string request =
        fmt::format("GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
                    options_.bearer);
    for (int i = 0; i < options_.streams; ++i) {
      const int fd = connect_to(options_.port);
      send_all(fd, request);
      std::string head(4096, '\0');
      const auto got = ::recv(fd, head.data(), head.size(), 0);
      head.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
      readers_.push_back({fd, {}});
      if (head.find(" 200 ") == head.npos)
        throw std::runtime_error("a live stream was refused: " + head.substr(0, 200));
      watch(fd, static_cast<std::uint64_t>(i));
    }
  }

  void tell(Feed& feed) {
    std::string body;
    feed.append_next(body);
    send_all(teller_, fmt::format("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                                  "Bearer {}\r\nContent-Type: application/cloudevents+json\r\n"
                                  "Content-Length: {}\r\n\r\n{}",
                                  options_.bearer, body.size(), body));
    ++told_;
    is_waiting_ = true;
  }

  void poll() {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1);
    std::array<char, 64 * 1024> buffer;
    for (int i = 0; i < count; ++i) {
      const auto who = events[static_cast<std::size_t>(i)].data.u64;
      const int fd = who == kTeller ? teller_ : readers_[who].fd;
      const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got == 0) throw std::runtime_error("the server closed a stream");
      if (got < 0) continue;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (who == kTeller)
        hear(bytes);
      else
        see(readers_[who], bytes);
    }
  }

  /// The teller's answer comes in one piece: it is a few hundred bytes.
  void hear(std::string_view bytes) {
    if (bytes.find(" 200 ") == bytes.npos)
      throw std::runtime_error(fmt::format("an event was refused: {}", bytes.substr(0, 300)));
    const auto now = Clock::now();
    acknowledged_[told_ - 1] = now;
    for (std::int64_t early = seen_[told_ - 1]; early > 0; --early) result_.latency.add(0);
    result_.before += seen_[told_ - 1];
    is_waiting_ = false;
  }

  void see(Reader& reader, std::string_view bytes) {
    reader.in += bytes;
    for (;;) {
      const auto end = reader.in.find("\n\n");
      if (end == reader.in.npos) return;
      note(std::string_view(reader.in).substr(0, end));
      reader.in.erase(0, end + 2);
    }
  }

  void note(std::string_view event) {
    const std::string key = fmt::format(R"("order_no":"{}-)", options_.prefix);
    const auto at = event.find(key);
    if (event.find("event: change\n") == event.npos || at == event.npos) return;
    std::size_t order = 0;
    const auto digits = event.substr(at + key.size(), 9);
    std::from_chars(digits.data(), digits.data() + digits.size(), order);
    if (order >= seen_.size()) return;
    ++seen_[order];
    ++deliveries_;
    if (acknowledged_[order] != Clock::time_point{})
      result_.latency.add((Clock::now() - acknowledged_[order]).count());
  }

  const LiveOptions options_;
  int epoll_ = -1, teller_ = -1;
  std::vector<Reader> readers_;
  std::vector<Clock::time_point> acknowledged_;  ///< by order
  std::vector<std::int64_t> seen_;
  std::size_t told_ = 0;
  bool is_waiting_ = false;
  std::int64_t deliveries_ = 0;
  LiveResult result_;
};

}  // namespace

LiveResult measure_live(const LiveOptions& options) { return LiveRun(options).measure(); }

}  // namespace cairn::bench

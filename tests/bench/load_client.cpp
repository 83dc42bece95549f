#include "load_client.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"

namespace cairn::bench {

std::size_t Histogram::slot_of(std::uint64_t ns) {
  if (ns < (1U << kSubBits)) return ns;
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - kSubBits - 1;
  return ((shift + 1) << kSubBits) + (ns >> shift) - (1U << kSubBits);
}

std::uint64_t Histogram::top_of(std::size_t slot) {
  const std::size_t group = slot >> kSubBits;
  if (group == 0) return slot;
  return ((slot & ((1U << kSubBits) - 1)) + (1U << kSubBits) + 1) << (group - 1);
}

void Histogram::add(std::int64_t ns) {
  ns = std::max<std::int64_t>(0, ns);
  ++counts_[slot_of(static_cast<std::uint64_t>(ns))];
  ++count_;
  sum_ns_ += static_cast<double>(ns);
  max_ns_ = std::max(max_ns_, ns);
}

double Histogram::quantile_us(double share) const {
  const auto wanted = static_cast<std::int64_t>(share * static_cast<double>(count_) + 0.999999);
  std::int64_t seen = 0;
  for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= wanted && seen > 0) return static_cast<double>(top_of(slot)) / 1000;
  }
  return max_us();
}

struct Client::Stream {
  StreamOptions options;
  StreamResult result;
  std::deque<Clock::time_point> waiting;  ///< due, no connection free
  std::vector<Connection*> idle;
  Clock::time_point next_due{};
  std::int64_t in_flight = 0;
  bool has_ended = false;
};

struct Client::Connection {
  Stream* stream = nullptr;
  int fd = -1;
  bool is_busy = false, wants_write = false;
  std::string out, in;
  std::size_t out_at = 0;
  Clock::time_point due{};
};

Client::Client(std::string host, int port) : host_(std::move(host)), port_(port) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
}

Client::~Client() {
  for (auto& connection : connections_)
    if (connection->fd >= 0) ::close(connection->fd);
  ::close(epoll_);
}

void Client::add(StreamOptions options) {
  streams_.push_back(std::make_unique<Stream>());
  Stream& stream = *streams_.back();
  stream.options = std::move(options);
  for (int i = 0; i < stream.options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->stream = &stream;
    connect(*connections_.back());
    stream.idle.push_back(connections_.back().get());
  }
}

void Client::connect(Connection& connection) {
  if (connection.fd >= 0) ::close(connection.fd);
  connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  if (::inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error(fmt::format("{} is not an IPv4 address", host_));
  // Connected while blocking: connections are made before the run, and rarely in it.
  if (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(
        fmt::format("cannot connect to {}:{}: {}", host_, port_, ::strerror(errno)));
  const int on = 1;
  ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection.in.clear();
  connection.out.clear();
  connection.out_at = 0;
  connection.is_busy = connection.wants_write = false;
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
}

/// Sends the next request, due at `connection.due`.
void Client::send_next(Connection& connection) {
  Stream& stream = *connection.stream;
  connection.out.clear();
  connection.out_at = 0;
  if (stream.has_ended || !stream.options.request(connection.out)) {
    stream.has_ended = true;
    stream.idle.push_back(&connection);
    return;
  }
  connection.is_busy = true;
  ++stream.in_flight;
  flush(connection);
}

void Client::flush(Connection& connection) {
  while (connection.out_at < connection.out.size()) {
    const auto sent =
        ::send(connection.fd, connection.out.data() + connection.out_at,
               connection.out.size() - connection.out_at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      connection.out_at += static_cast<std::size_t>(sent);
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    return fail(connection);
  }
  const bool wants_write = connection.out_at < connection.out.size();
  if (wants_write == connection.wants_write) return;
  connection.wants_write = wants_write;
  const std::uint32_t interest = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_event event{.events = interest, .data = {.ptr = &connection}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Client::read(Connection& connection) {
  thread_local std::array<char, 64 << 10> buffer;
  const auto got = ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return fail(connection);
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  while (connection.is_busy && take_answer(connection)) {
  }
}

/// Takes one whole answer off `in`; false when it is not all there.
bool Client::take_answer(Connection& connection) {
  const std::string_view in = connection.in;
  const auto head_end = in.find("\r\n\r\n");
  if (head_end == in.npos) return false;
  const std::string_view head = in.substr(0, head_end + 2);
  int status = 0;
  std::size_t length = 0;
  if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, status);
  bool has_length = status == 204 || status == 304, closes = false;
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const auto end = head.find("\r\n", at);
    const auto line = head.substr(at, end - at);
    at = end + 2;
    const auto colon = line.find(':');
    if (colon == line.npos || (colon != 14 && colon != 10)) continue;
    const auto name = to_lower_ascii(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (name == "content-length") {
      std::from_chars(value.data(), value.data() + value.size(), length);
      has_length = true;
    } else if (name == "connection") {
      closes = to_lower_ascii(value) == "close";
    }
  }
  if (!has_length) throw std::runtime_error("the server sent an answer without Content-Length");
  if (in.size() < head_end + 4 + length) return false;
  finish(connection, status, in.substr(head_end + 4, length));
  if (closes) {
    connect(connection);
  } else {
    connection.in.erase(0, head_end + 4 + length);
  }
  connection.is_busy = false;
  Stream& stream = *connection.stream;
  if (!stream.waiting.empty()) {
    connection.due = stream.waiting.front();
    stream.waiting.pop_front();
    send_next(connection);
  } else if (stream.options.rate > 0 || Clock::now() >= measured_until_) {
    stream.idle.push_back(&connection);
  } else {
    connection.due = Clock::now();
    send_next(connection);
  }
  return true;
}

void Client::finish(Connection& connection, int status, std::string_view body) {
  Stream& stream = *connection.stream;
  --stream.in_flight;
  const auto now = Clock::now();
  if (status < 200 || status > 299) {
    ++stream.result.other_status[status];
    if (stream.result.first_bad.empty())
      stream.result.first_bad = fmt::format("{}: {}", status, body.substr(0, 400));
    return;
  }
  ++stream.result.answered_all;
  if (stream.options.answer) stream.options.answer(body);
  // At a rate the requests due in the measured time count, else the answers that came in it.
  const bool is_open = stream.options.rate > 0;
  const auto when = is_open ? connection.due : now;
  if (when < measured_from_ || when >= measured_until_) return;
  ++stream.result.answered;
  stream.result.latency.add((now - connection.due).count());
}

void Client::fail(Connection& connection) {
  Stream& stream = *connection.stream;
  if (connection.is_busy) {
    --stream.in_flight;
    ++stream.result.broken;
  }
  const bool was_idle = !connection.is_busy;
  connect(connection);
  if (!was_idle) stream.idle.push_back(&connection);
}

/// Sends what has come due at a fixed rate; without a rate, starts every idle connection.
void Client::offer(Stream& stream, Clock::time_point now) {
  if (stream.has_ended || now >= measured_until_) return;
  if (stream.options.rate <= 0) {
    for (auto idle = std::exchange(stream.idle, {}); Connection * connection : idle) {
      connection->due = now;
      send_next(*connection);
    }
    return;
  }
  const auto step = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / stream.options.rate));
  while (stream.next_due <= now && stream.next_due < measured_until_) {
    if (stream.idle.empty()) {
      stream.waiting.push_back(stream.next_due);
    } else {
      Connection* connection = stream.idle.back();
      stream.idle.pop_back();
      connection->due = stream.next_due;
      send_next(*connection);
    }
    stream.next_due += step;
  }
}

std::vector<StreamResult> Client::run(double warm_up_seconds, double seconds) {
  using Seconds = std::chrono::duration<double>;
  const auto begin = Clock::now();
  measured_from_ = begin + std::chrono::duration_cast<Clock::duration>(Seconds(warm_up_seconds));
  measured_until_ = measured_from_ + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
  const auto patience = measured_until_ + std::chrono::seconds(10);
  const bool has_rate =
      std::ranges::any_of(streams_, [](const auto& stream) { return stream->options.rate > 0; });
  for (auto& stream : streams_) stream->next_due = begin;
  std::array<epoll_event, 256> events;
  for (;;) {
    const auto now = Clock::now();
    bool is_over = true;
    for (auto& stream : streams_) {
      offer(*stream, now);
      is_over = is_over && stream->in_flight == 0 && stream->waiting.empty() &&
                (stream->has_ended || now >= measured_until_);
    }
    if (is_over || now >= patience) break;
    // At a rate the next request may be due in microseconds: the load has a core of its own.
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), has_rate ? 0 : 100);
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection.wants_write) flush(connection);
      if (events[static_cast<std::size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read(connection);
    }
  }
  const double took = Seconds(std::min(Clock::now(), measured_until_) - measured_from_).count();
  std::vector<StreamResult> results;
  for (auto& stream : streams_) {
    stream->result.seconds = std::max(1e-9, took);
    stream->result.unanswered =
        stream->in_flight + static_cast<std::int64_t>(stream->waiting.size());
    results.push_back(std::move(stream->result));
  }
  return results;
}

}  // namespace cairn::bench

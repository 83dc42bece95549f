#include "http/loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "http/problem.hpp"

namespace cairn::http {
namespace {

/// A connection whose client may still be sending what nobody reads is kept that long, and that
/// much of it is taken: closed at once, the kernel would throw the answer away with a reset.
constexpr std::uint32_t kLingerSeconds = 2;
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;

bool is_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    // A listener on "::" sees IPv4 clients this way; lists of addresses name them as they are.
    if (IN6_IS_ADDR_V4MAPPED(&in))
      ::inet_ntop(AF_INET, in.s6_addr + 12, text, sizeof text);
    else
      ::inet_ntop(AF_INET6, &in, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  }
  return text;
}

}  // namespace

std::uint32_t seconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return static_cast<std::uint32_t>(t.tv_sec);
}

std::uint64_t nanoseconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(t.tv_nsec);
}

Server::Loop::Loop(Server& server)
    : server_(server),
      figures_(server.options_.metrics->add_loop()),
      fast_class_(server.router_.class_of("status")) {}

Server::Loop::~Loop() {
  mailbox_->close();
  for (const int fd : {listener_, epoll_})
    if (fd >= 0) ::close(fd);
}

Result<std::uint16_t> Server::Loop::open(std::uint16_t port) {
  CAIRN_TRY(const std::uint16_t bound, listen_on(port));
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : {listener_, mailbox_->fd()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
      return fail(ErrorCode::Io, fmt::format("cannot watch a socket: {}", std::strerror(errno)));
  }
  is_accepting_ = true;
  return bound;
}

Result<std::uint16_t> Server::Loop::listen_on(std::uint16_t port) {
  const auto& bind = server_.options_.bind;
  const auto failed = [&](const char* what) {
    return fail(ErrorCode::Io,
                fmt::format("cannot {} {}:{}: {}", what, bind, port, std::strerror(errno)));
  };
  const bool is_v6 = bind.find(':') != std::string::npos;
  listener_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) return failed("make a socket for");
  const int one = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (server_.options_.threads > 1)
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  sockaddr_storage address{};
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address);
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address);
  address.ss_family = is_v6 ? AF_INET6 : AF_INET;
  (is_v6 ? v6->sin6_port : v4->sin_port) = htons(port);
  const auto text = bind == "localhost" ? "127.0.0.1" : bind.c_str();
  const auto parsed = is_v6 ? ::inet_pton(AF_INET6, text, &v6->sin6_addr)
                            : ::inet_pton(AF_INET, text, &v4->sin_addr);
  if (parsed != 1)
    return fail(ErrorCode::Invalid, fmt::format("bind: \"{}\" is not an address", bind));
  socklen_t size = is_v6 ? sizeof *v6 : sizeof *v4;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0)
    return failed("listen on");
  if (::listen(listener_, 4'096) != 0) return failed("listen on");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
}

void Server::Loop::run() {
  mailbox_->open();
  std::vector<epoll_event> events(512);
  bool has_more = false;
  for (;;) {
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), has_more ? 0 : 500);
    now_ = seconds_now();
    round_ns_ = nanoseconds_now();
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const int fd = event.data.fd;
      if (fd == mailbox_->fd())
        mailbox_->drain_wake();
      else if (fd == listener_)
        accept_all();
      else if (auto* connection = by_fd_[static_cast<std::size_t>(fd)].get())
        on_event(*connection, event.events);
    }
    has_more = drain_completions();
    if (server_.options_.round_end) server_.options_.round_end();
    if (now_ != swept_) sweep();
    if (!is_stopping()) continue;
    if (listener_ >= 0) {
      ::close(listener_);
      listener_ = -1;
    }
    if (is_quiet() || now_ >= deadline_.load()) break;
  }
  for (auto& connection : by_fd_)
    if (connection) close(*connection);
  mailbox_->close();
}

/// Nothing is owed: all that was asked is answered and sent, no body is on its way.
bool Server::Loop::is_quiet() const {
  return std::ranges::all_of(by_fd_, [](const auto& connection) {
    return !connection || connection->is_lingering ||
           (connection->waiting.empty() && connection->is_all_sent() && !connection->in_body);
  });
}

void Server::Loop::accept_all() {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The listener would be reported at once again; `sweep` takes it up in a second.
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
        is_accepting_ = false;
      }
      return;
    }
    if (server_.counts_.open >= server_.options_.limits.connections_max) {
      ++server_.counts_.refused;
      constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
          "Content-Length: 0\r\n\r\n";
      if (!server_.options_.tls) {
        [[maybe_unused]] const auto sent = ::send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
      continue;
    }
    begin(fd, text_of(address));
  }
}

void Server::Loop::begin(int fd, std::string peer) {
  auto connection = std::make_unique<Connection>();
  if (server_.options_.tls) {
    connection->tls = server_.options_.tls->accept(fd);
    connection->head_since = now_;  // the handshake is part of the first head
  }
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if ((server_.options_.tls && !connection->tls) ||
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    ::close(fd);
    return;
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  connection->fd = fd;
  connection->generation = ++generations_;
  connection->last_active = now_;
  connection->peer = std::move(peer);
  if (by_fd_.size() <= static_cast<std::size_t>(fd))
    by_fd_.resize(static_cast<std::size_t>(fd) + 64);
  by_fd_[static_cast<std::size_t>(fd)] = std::move(connection);
  ++server_.counts_.connections;
  ++server_.counts_.open;
}

void Server::Loop::on_event(Connection& connection, std::uint32_t what) {
  if (what & (EPOLLERR | EPOLLHUP)) return close(connection);
  if (connection.is_lingering) return discard(connection);
  const bool is_for_reading = connection.tls && connection.tls->wants_to_send();
  if ((what & EPOLLIN) || is_for_reading) return receive(connection);
  if (what & EPOLLOUT) send_ready(connection);
}

void Server::Loop::receive(Connection& connection) {
  constexpr std::size_t kRead = 64 * 1024;
  thread_local std::array<char, kRead> buffer;
  const auto got = receive_from(connection.fd, connection.tls.get(), buffer.data(), buffer.size());
  if (got < 0 && !is_wait(errno)) return close(connection);
  if (connection.tls && connection.in.empty() && connection.tls->is_established())
    connection.head_since = 0;
  if (got < 0) return watch(connection, connection.is_all_sent());
  if (got == 0) {
    // A client may say that it sends no more and still wait for what is owed.
    const bool is_owed = !connection.waiting.empty() || !connection.is_all_sent();
    if (connection.in_body || !is_owed) return close(connection);
    connection.is_last = connection.is_ending = true;
    return send_ready(connection);
  }
  connection.last_active = now_;
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  work(connection);
}

/// Everything was said to this client; what it still sends is read and forgotten.
void Server::Loop::discard(Connection& connection) {
  std::array<char, 16 * 1024> buffer;
  const auto got = ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got < 0 && is_wait(errno)) return;
  if (got > 0) connection.discarded += static_cast<std::size_t>(got);
  if (got <= 0 || connection.discarded > kLingerBytes) close(connection);
}

/// Sends what lies in `out`; false when the connection is gone.
bool Server::Loop::send_out(Connection& connection) {
  if (connection.is_all_sent()) return true;
  const auto sent = send_to(connection.fd, connection.tls.get(),
                            std::string_view(connection.out).substr(connection.out_at));
  if (sent < 0 && !is_wait(errno)) {
    close(connection);
    return false;
  }
  if (sent > 0) {
    connection.out_at += static_cast<std::size_t>(sent);
    connection.last_active = now_;
    server_.counts_.bytes_out += static_cast<std::uint64_t>(sent);
  }
  if (connection.is_all_sent()) {
    connection.out.clear();
    connection.out_at = connection.largest_out = 0;
    if (connection.out.capacity() > 256 * 1024) connection.out.shrink_to_fit();
  } else if (connection.out.size() - connection.out_at >
             server_.options_.limits.unsent_bytes_max + connection.largest_out) {
    // One answer may be of any length and is sent as it is taken; many unread ones may not pile up.
    close(connection);
    return false;
  }
  return true;
}

void Server::Loop::send_ready(Connection& connection) {
  while (!connection.waiting.empty() && connection.waiting.front().is_ready) {
    if (connection.waiting.front().live) return hand_over(connection);
    auto& bytes = connection.waiting.front().bytes;
    connection.largest_out = std::max(connection.largest_out, bytes.size());
    connection.out += bytes;
    connection.waiting.pop_front();
    ++connection.first_sequence;
  }
  // 100 Continue belongs to the newest request: it may not overtake answers to earlier ones.
  if (connection.owes_continue && connection.waiting.size() == (connection.sink ? 1u : 0u)) {
    connection.owes_continue = false;
    connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!send_out(connection)) return;
  const bool has_room = connection.is_all_sent();
  if (has_room && connection.is_last && connection.waiting.empty() && !connection.in_body)
    return finish(connection);
  watch(connection, has_room);
}

void Server::Loop::watch(Connection& connection, bool has_room) {
  const bool wants_in = !connection.is_paused && !connection.is_ending && has_room &&
                        connection.waiting.size() < server_.options_.limits.pipelined_max &&
                        (!connection.is_last || connection.in_body);
  const bool wants_out = !has_room || (connection.tls && connection.tls->wants_to_send());
  const std::uint32_t wanted = (wants_in ? EPOLLIN : 0u) | (wants_out ? EPOLLOUT : 0u);
  if (wanted == connection.watched) return;
  connection.watched = wanted;
  epoll_event event{.events = wanted, .data = {.fd = connection.fd}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

/// From here on the hub owns the socket, with what was not sent yet before the stream's own head.
void Server::Loop::hand_over(Connection& connection) {
  auto live = std::move(connection.waiting.front().live);
  const int fd = connection.fd;
  auto tls = std::move(connection.tls);
  live->head = connection.out.substr(connection.out_at) + connection.waiting.front().bytes;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  --server_.counts_.open;
  by_fd_[static_cast<std::size_t>(fd)].reset();
  server_.hub_->adopt(fd, std::move(*live), std::move(tls));
}

/// Closes a connection to which everything was said. Where something unread lies or is to come, the
/// client is given the time to read the answer first.
void Server::Loop::finish(Connection& connection) {
  if (!connection.is_ending && connection.unread().empty()) return close(connection);
  if (connection.tls) connection.tls->say_end();
  ::shutdown(connection.fd, SHUT_WR);
  connection.is_lingering = true;
  connection.linger_until = now_ + kLingerSeconds;
  connection.in = {};
  connection.in_at = 0;
  connection.watched = EPOLLIN;
  epoll_event event{.events = EPOLLIN, .data = {.fd = connection.fd}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Server::Loop::close(Connection& connection) {
  if (connection.sink) connection.sink->broken();
  if (connection.tls && !connection.is_lingering) connection.tls->say_end();
  const int fd = connection.fd;
  by_fd_[static_cast<std::size_t>(fd)].reset();
  ::close(fd);
  --server_.counts_.open;
}

/// True when more came while these were worked on.
bool Server::Loop::drain_completions() {
  for (int round = 0; round < 64; ++round) {
    auto completions = mailbox_->take();
    if (completions.empty()) return false;
    std::vector<std::pair<int, std::uint64_t>> touched;
    for (auto& completion : completions) {
      complete(completion);
      touched.emplace_back(completion.fd, completion.generation);
    }
    for (const auto& [fd, generation] : touched) {
      auto& slot = by_fd_[static_cast<std::size_t>(fd)];
      if (slot && slot->generation == generation && !slot->is_lingering) work(*slot);
    }
  }
  return true;
}

void Server::Loop::complete(Completion& completion) {
  auto& slot = by_fd_[static_cast<std::size_t>(completion.fd)];
  if (!slot || slot->generation != completion.generation) return;
  auto& connection = *slot;
  if (completion.kind == Completion::Kind::Resume) {
    // Of this body: the sink of an earlier one may have kept its way to call.
    if (connection.sink && connection.sink_sequence == completion.sequence)
      connection.is_paused = false;
    return;
  }
  if (completion.kind == Completion::Kind::Answer)
    return answer(connection, completion.sequence, std::move(completion.response));
  auto* const waiting = connection.find(completion.sequence);
  if (!waiting || waiting->is_ready) return;
  if (!server_.hub_)
    return answer(connection, completion.sequence,
                  problem({ErrorCode::Unavailable, "live streams are not running", ""},
                          RequestInfo{waiting->request_id, false}));
  if (waiting->is_head) connection.is_last = true;
  waiting->bytes = live_head(*waiting, date());
  waiting->is_ready = true;
  figures_.count(waiting->rate_class, 200, nanoseconds_now() - waiting->since_ns);
  if (waiting->is_head) return;
  waiting->live = std::move(completion.live);
  connection.is_ending = true;  // a stream is the last thing said on a connection
}

void Server::Loop::sweep() {
  swept_ = now_;
  if (!is_accepting_ && listener_ >= 0) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
    is_accepting_ = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0;
  }
  const auto& limits = server_.options_.limits;
  for (auto& slot : by_fd_) {
    if (!slot) continue;
    auto& connection = *slot;
    if (connection.is_lingering) {
      if (now_ > connection.linger_until) close(connection);
      continue;
    }
    const auto quiet = now_ - connection.last_active;
    const bool is_slow_head =
        connection.head_since != 0 && now_ - connection.head_since > limits.head_seconds_max;
    const bool is_slow_body =
        connection.in_body && !connection.is_paused && quiet > limits.body_seconds_max;
    const bool is_idle =
        connection.waiting.empty() && !connection.in_body && quiet > limits.idle_seconds_max;
    const bool is_stuck = !connection.is_all_sent() && quiet > limits.idle_seconds_max;
    if (is_idle || is_stuck || (is_slow_head && connection.unread().empty()))
      close(connection);
    else if (is_slow_head || is_slow_body)
      refuse(connection, 408, {ErrorCode::Timeout, "the request came too slowly", ""});
  }
}

}  // namespace cairn::http

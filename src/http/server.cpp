#include "http/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>

#include <fmt/format.h>

#include "base/text.hpp"
#include "http/connection.hpp"
#include "http/problem.hpp"

namespace cairn::http {
namespace {

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

/// An answer on its way from another thread to a connection of a loop.
struct Completion {
  int fd = -1;
  std::uint64_t generation = 0;  ///< of the connection: its number may be another's by now
  std::uint64_t sequence = 0;    ///< of the request on it
  Response response;
  std::unique_ptr<LiveRequest> live;
  bool is_resume = false;
};

}  // namespace

/// One thread with its sockets.
class Server::Loop {
 public:
  explicit Loop(Server& server)
      : server_(server),
        figures_(server.options_.metrics->add_loop()),
        fast_class_(server.router_.class_of("status")) {}
  ~Loop() {
    for (const int fd : {listener_, epoll_, wake_})
      if (fd >= 0) ::close(fd);
  }

  Result<std::uint16_t> open(std::uint16_t port);
  void run();
  void stop_by(std::uint32_t deadline) {
    deadline_ = deadline;
    wake();
  }
  void complete(Completion completion) {
    bool was_empty = false;
    {
      std::lock_guard lock(mutex_);
      was_empty = completions_.empty();
      completions_.push_back(std::move(completion));
    }
    if (was_empty && std::this_thread::get_id() != thread_) wake();
  }

 private:
  friend class ChannelOf;
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }
  void accept_all();
  void receive(Connection& connection);
  void work(Connection& connection);
  bool take_request(Connection& connection);
  bool take_body(Connection& connection);
  void handle(Connection& connection, Request& request);
  void stream(Connection& connection, Request& request, const Router::Route& route);
  void finish_stream(Connection& connection);
  void answer(Connection& connection, std::uint64_t sequence, Response&& response);
  void refuse(Connection& connection, const Error& error);
  void send_ready(Connection& connection);
  void close(Connection& connection);
  void drain_completions();
  void sweep();
  bool may_answer_fast(Connection& connection, const Request& request);
  std::string_view date();
  std::string peer_of(const Connection& connection, const Request& request) const;
  Responder responder_for(Connection& connection, std::uint64_t sequence);

  Server& server_;
  LoopFigures& figures_;
  const std::size_t fast_class_;
  int listener_ = -1, epoll_ = -1, wake_ = -1;
  std::vector<std::unique_ptr<Connection>> by_fd_;
  std::uint64_t generations_ = 0;
  std::uint64_t ids_ = 0;
  std::uint32_t now_ = 0, swept_ = 0;
  std::uint64_t round_ns_ = 0;  ///< when this round's events were seen: what durations start at
  std::atomic<std::uint32_t> deadline_{0};
  std::thread::id thread_;
  std::string date_;
  std::uint32_t date_at_ = 0;
  std::mutex mutex_;
  std::vector<Completion> completions_;
  Request request_;
  std::string scratch_;
  friend class Server;
};

/// The way of one answer back to its loop.
class ChannelOf final : public Responder::Channel {
 public:
  ChannelOf(Server::Loop& loop, int fd, std::uint64_t generation, std::uint64_t sequence)
      : loop_(loop), fd_(fd), generation_(generation), sequence_(sequence) {}
  void send(Response response) override {
    loop_.complete({fd_, generation_, sequence_, std::move(response), nullptr, false});
  }
  void go_live(LiveRequest live) override {
    loop_.complete(
        {fd_, generation_, sequence_, {}, std::make_unique<LiveRequest>(std::move(live)), false});
  }

 private:
  Server::Loop& loop_;
  const int fd_;
  const std::uint64_t generation_, sequence_;
};

Result<std::uint16_t> Server::Loop::open(std::uint16_t port) {
  const auto failed = [&](const char* what) {
    return fail(ErrorCode::Io, fmt::format("cannot {} {}:{}: {}", what, server_.options_.bind, port,
                                           std::strerror(errno)));
  };
  const bool is_v6 = server_.options_.bind.find(':') != std::string::npos;
  listener_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) return failed("make a socket for");
  const int one = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (server_.options_.threads > 1)
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  sockaddr_storage address{};
  socklen_t size = 0;
  if (is_v6) {
    auto* in = reinterpret_cast<sockaddr_in6*>(&address);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    size = sizeof *in;
    if (::inet_pton(AF_INET6, server_.options_.bind.c_str(), &in->sin6_addr) != 1)
      return fail(ErrorCode::Invalid,
                  fmt::format("bind: \"{}\" is not an address", server_.options_.bind));
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&address);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    size = sizeof *in;
    const auto text =
        server_.options_.bind == "localhost" ? "127.0.0.1" : server_.options_.bind.c_str();
    if (::inet_pton(AF_INET, text, &in->sin_addr) != 1)
      return fail(ErrorCode::Invalid,
                  fmt::format("bind: \"{}\" is not an address", server_.options_.bind));
  }
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0)
    return failed("listen on");
  if (::listen(listener_, 4'096) != 0) return failed("listen on");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (const int fd : {listener_, wake_}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  return ntohs(is_v6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

void Server::Loop::run() {
  thread_ = std::this_thread::get_id();
  std::vector<epoll_event> events(512);
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 500);
    now_ = seconds_now();
    round_ns_ = nanoseconds_now();
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const int fd = event.data.fd;
      if (fd == wake_) {
        std::uint64_t ignored;
        [[maybe_unused]] const auto got = ::read(wake_, &ignored, sizeof ignored);
      } else if (fd == listener_) {
        accept_all();
      } else if (auto* connection = by_fd_[static_cast<std::size_t>(fd)].get()) {
        if (event.events & (EPOLLERR | EPOLLHUP))
          close(*connection);
        else if (event.events & EPOLLIN)
          receive(*connection);
        else if (event.events & EPOLLOUT)
          send_ready(*connection);
      }
    }
    drain_completions();
    if (now_ != swept_) sweep();
    const auto deadline = deadline_.load();
    if (deadline == 0) continue;
    if (listener_ >= 0) {
      ::close(listener_);
      listener_ = -1;
    }
    bool is_quiet = true;
    for (auto& connection : by_fd_)
      if (connection) is_quiet = is_quiet && connection->waiting.empty();
    if (is_quiet || now_ >= deadline) break;
  }
  for (auto& connection : by_fd_)
    if (connection) close(*connection);
}

void Server::Loop::accept_all() {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (server_.counts_.open >= server_.options_.limits.connections_max) {
      ++server_.counts_.refused;
      constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
          "Content-Length: 0\r\n\r\n";
      [[maybe_unused]] const auto sent = ::send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL);
      ::close(fd);
      continue;
    }
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (by_fd_.size() <= static_cast<std::size_t>(fd))
      by_fd_.resize(static_cast<std::size_t>(fd) + 64);
    auto& slot = by_fd_[static_cast<std::size_t>(fd)];
    slot = std::make_unique<Connection>();
    slot->fd = fd;
    slot->generation = ++generations_;
    slot->last_active = now_;
    char text[INET6_ADDRSTRLEN] = {};
    if (address.ss_family == AF_INET6)
      ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr, text,
                  sizeof text);
    else
      ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&address)->sin_addr, text, sizeof text);
    slot->peer = text;
    ++server_.counts_.connections;
    ++server_.counts_.open;
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Server::Loop::receive(Connection& connection) {
  constexpr std::size_t kRead = 64 * 1024;
  thread_local std::array<char, kRead> buffer;
  const auto got = ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return close(connection);
  if (got < 0) return;
  connection.last_active = now_;
  connection.in.append(buffer.data(), static_cast<std::size_t>(got));
  work(connection);
}

/// Takes whatever is whole in the connection's buffer, then sends what is ready.
void Server::Loop::work(Connection& connection) {
  const auto generation = connection.generation;
  const int fd = connection.fd;
  const auto is_alive = [&] {
    const auto& slot = by_fd_[static_cast<std::size_t>(fd)];
    return slot && slot->generation == generation;
  };
  while (is_alive() && !connection.is_ending && !connection.is_paused) {
    if (connection.in_body) {
      if (!take_body(connection)) break;
    } else if (!take_request(connection)) {
      break;
    }
  }
  if (is_alive()) {
    connection.compact();
    send_ready(connection);
  }
}

bool Server::Loop::take_request(Connection& connection) {
  const auto& limits = server_.options_.limits;
  if (connection.waiting.size() >= limits.pipelined_max) return false;
  auto bytes = connection.unread();
  while (bytes.starts_with("\r\n")) {
    connection.in_at += 2;
    bytes.remove_prefix(2);
  }
  if (bytes.empty()) return false;
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (connection.head_since == 0) connection.head_since = now_;
    if (bytes.size() > limits.head_bytes_max)
      refuse(connection, {ErrorCode::TooLarge, "the head of the request is too long", ""});
    return false;
  }
  connection.head_since = 0;
  auto framing = parse_head(bytes.substr(0, end + 4), limits, request_);
  if (!framing) {
    refuse(connection, framing.error());
    return false;
  }
  connection.framing = *framing;
  ++server_.counts_.requests;
  if (!framing->keep_alive) connection.is_last = true;
  if (framing->length == 0 && !framing->is_chunked) {
    if (!may_answer_fast(connection, request_)) handle(connection, request_);
    connection.in_at += end + 4;
    return true;
  }
  const auto found = server_.router_.find(request_);
  if (found.route && found.route->options.stream) {
    stream(connection, request_, *found.route);
    connection.in_at += end + 4;
    return !connection.is_ending;
  }
  const auto most = found.route ? found.route->options.body_bytes_max : limits.body_bytes_max;
  if (framing->length > most) {
    refuse(connection,
           {ErrorCode::TooLarge, fmt::format("the body is longer than {} bytes", most), ""});
    return false;
  }
  if (framing->expects_continue) connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
  connection.begin_body(bytes.substr(0, end + 4), most);
  connection.in_at += end + 4;
  return true;
}

bool Server::Loop::take_body(Connection& connection) {
  auto bytes = connection.unread();
  const auto before = bytes.size();
  scratch_.clear();
  std::string& into = connection.sink ? scratch_ : connection.body;
  bool is_whole = false;
  if (connection.framing.is_chunked) {
    if (auto pushed = connection.chunks.push(bytes, into); !pushed) {
      refuse(connection, pushed.error());
      return false;
    }
    is_whole = connection.chunks.is_done();
  } else {
    const auto size = std::min<std::uint64_t>(connection.body_left, bytes.size());
    into.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    connection.body_left -= size;
    is_whole = connection.body_left == 0;
  }
  connection.in_at += before - bytes.size();
  if (connection.sink) {
    if (!into.empty() && !connection.sink->take(into)) connection.is_paused = true;
    if (is_whole) {
      finish_stream(connection);
      return true;
    }
    return before != bytes.size();
  }
  if (connection.body.size() > connection.body_max) {
    refuse(connection, {ErrorCode::TooLarge,
                        fmt::format("the body is longer than {} bytes", connection.body_max), ""});
    return false;
  }
  if (!is_whole) return false;
  connection.in_body = false;
  const std::string head = std::move(connection.head);
  const std::string body = std::move(connection.body);
  connection.body.clear();
  auto framing = parse_head(head, server_.options_.limits, request_);
  request_.body_view = body;
  handle(connection, request_);
  request_.body_view = {};
  return true;
}

Responder Server::Loop::responder_for(Connection& connection, std::uint64_t sequence) {
  return Responder(
      std::make_unique<ChannelOf>(*this, connection.fd, connection.generation, sequence));
}

void Server::Loop::handle(Connection& connection, Request& request) {
  const auto sequence = connection.begin_answer(request.method == Method::Head);
  const auto given = request.header("x-request-id");
  const bool is_sane =
      !given.empty() && given.size() <= 64 && std::ranges::all_of(given, [](char c) {
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
               c == '_' || c == '.';
      });
  request.id =
      is_sane
          ? std::string(given)
          : fmt::format("r{:08x}{:08x}",
                        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) ^ now_),
                        ++ids_);
  connection.waiting.back().request_id = request.id;
  connection.waiting.back().since_ns = round_ns_;
  request.trace_parent = request.header("traceparent");
  connection.waiting.back().trace_parent = request.trace_parent;
  request.peer = peer_of(connection, request);
  const auto found = server_.router_.find(request);
  connection.waiting.back().rate_class = found.route ? found.route->rate_class : 0;
  server_.router_.dispatch(found, request, responder_for(connection, sequence));
}

void Server::Loop::stream(Connection& connection, Request& request, const Router::Route& route) {
  const auto sequence = connection.begin_answer(false);
  connection.waiting.back().rate_class = route.rate_class;
  connection.waiting.back().since_ns = round_ns_;
  request.id = fmt::format("r{:08x}{:08x}", now_, ++ids_);
  connection.waiting.back().request_id = request.id;
  request.peer = peer_of(connection, request);
  const int fd = connection.fd;
  const auto generation = connection.generation;
  auto sink = route.options.stream(
      request, [this, fd, generation] { complete({fd, generation, 0, {}, nullptr, true}); });
  if (!sink) {
    connection.is_last = true;
    connection.is_ending = true;
    return answer(connection, sequence, problem(sink.error(), request));
  }
  if (connection.framing.expects_continue) connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
  connection.sink = *std::move(sink);
  connection.sink_sequence = sequence;
  connection.begin_body("", 0);
}

void Server::Loop::finish_stream(Connection& connection) {
  connection.in_body = false;
  connection.is_paused = false;
  const auto sink = std::move(connection.sink);
  sink->end(responder_for(connection, connection.sink_sequence));
}

bool Server::Loop::may_answer_fast(Connection& connection, const Request& request) {
  if (!server_.options_.fast_path || request.method != Method::Get || !request.query_text.empty() ||
      !connection.waiting.empty())
    return false;
  scratch_.clear();
  if (!server_.options_.fast_path(request.path, request.header("authorization"), scratch_))
    return false;
  ++server_.counts_.fast;
  auto& out = connection.out;
  out += "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
  char digits[24];
  const auto end = fmt::format_to(digits, "{}", scratch_.size());
  out.append(digits, end);
  out += "\r\nCache-Control: no-cache\r\nCairn-Request-Id: ";
  const auto id_end = fmt::format_to(digits, "f{:x}", ++ids_);
  out.append(digits, id_end);
  out += date();
  out += connection.is_last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n";
  out += scratch_;
  figures_.count(fast_class_, 200, nanoseconds_now() - round_ns_);
  return true;
}

/// "\r\nDate: …", made once a second.
std::string_view Server::Loop::date() {
  if (date_at_ == now_ && !date_.empty()) return date_;
  date_at_ = now_;
  const time_t t = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&t, &parts);
  char text[64];
  const auto size = ::strftime(text, sizeof text, "\r\nDate: %a, %d %b %Y %H:%M:%S GMT", &parts);
  date_.assign(text, size);
  return date_;
}

std::string Server::Loop::peer_of(const Connection& connection, const Request& request) const {
  const auto forwarded = request.header("x-forwarded-for");
  if (forwarded.empty() || !is_listed(connection.peer, server_.options_.trusted_proxies))
    return connection.peer;
  // The nearest hop that is no proxy of ours: what stands left of it anybody may have written.
  const auto hops = split(forwarded, ',');
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop)
    if (!is_listed(trim(*hop), server_.options_.trusted_proxies)) return std::string(trim(*hop));
  return connection.peer;
}

void Server::Loop::answer(Connection& connection, std::uint64_t sequence, Response&& response) {
  auto* waiting = connection.find(sequence);
  if (!waiting || waiting->is_ready) return;
  if (response.status >= 500)
    ++server_.counts_.errors_5xx;
  else if (response.status >= 400)
    ++server_.counts_.errors_4xx;
  write_response(waiting->bytes, response, *waiting, date(),
                 connection.is_last && waiting == &connection.waiting.back());
  waiting->is_ready = true;
  figures_.count(waiting->rate_class, response.status,
                 waiting->since_ns == 0 ? 0 : nanoseconds_now() - waiting->since_ns);
}

/// The connection cannot be understood any further: answer, then close.
void Server::Loop::refuse(Connection& connection, const Error& error) {
  connection.is_last = connection.is_ending = true;
  if (connection.sink) {
    connection.sink->broken();
    connection.sink = nullptr;
    answer(connection, connection.sink_sequence, problem(error, RequestInfo{}));
  } else {
    const auto sequence = connection.begin_answer(false);
    answer(connection, sequence, problem(error, RequestInfo{}));
  }
  send_ready(connection);
}

void Server::Loop::send_ready(Connection& connection) {
  bool has_room = true;
  while (!connection.waiting.empty() && connection.waiting.front().is_ready) {
    connection.out += connection.waiting.front().bytes;
    connection.waiting.pop_front();
    ++connection.first_sequence;
  }
  if (!connection.out.empty()) {
    const auto sent =
        ::send(connection.fd, connection.out.data() + connection.out_at,
               connection.out.size() - connection.out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return close(connection);
    if (sent > 0) {
      connection.out_at += static_cast<std::size_t>(sent);
      server_.counts_.bytes_out += static_cast<std::uint64_t>(sent);
    }
    has_room = connection.out_at == connection.out.size();
    if (has_room) {
      connection.out.clear();
      connection.out_at = 0;
      if (connection.out.capacity() > 256 * 1024) connection.out.shrink_to_fit();
    } else if (connection.out.size() - connection.out_at >
               server_.options_.limits.unsent_bytes_max) {
      return close(connection);
    }
  }
  if (has_room && connection.is_last && connection.waiting.empty() && !connection.in_body)
    return close(connection);
  const bool wants_in = !connection.is_paused && !connection.is_ending && has_room &&
                        connection.waiting.size() < server_.options_.limits.pipelined_max;
  const std::uint32_t wanted = (wants_in ? EPOLLIN : 0u) | (has_room ? 0u : EPOLLOUT);
  if (wanted != connection.watched) {
    connection.watched = wanted;
    epoll_event event{.events = wanted, .data = {.fd = connection.fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
  }
}

void Server::Loop::close(Connection& connection) {
  if (connection.sink) connection.sink->broken();
  const int fd = connection.fd;
  ::close(fd);
  --server_.counts_.open;
  by_fd_[static_cast<std::size_t>(fd)].reset();
}

void Server::Loop::drain_completions() {
  for (int round = 0; round < 64; ++round) {
    std::vector<Completion> completions;
    {
      std::lock_guard lock(mutex_);
      completions.swap(completions_);
    }
    if (completions.empty()) return;
    std::vector<std::pair<int, std::uint64_t>> touched;
    for (auto& completion : completions) {
      auto& slot = by_fd_[static_cast<std::size_t>(completion.fd)];
      if (!slot || slot->generation != completion.generation) continue;
      if (completion.live) {
        // From here on the hub owns the socket.
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, completion.fd, nullptr);
        --server_.counts_.open;
        slot.reset();
        if (server_.hub_)
          server_.hub_->adopt(completion.fd, std::move(*completion.live));
        else
          ::close(completion.fd);
        continue;
      }
      if (completion.is_resume)
        slot->is_paused = false;
      else
        answer(*slot, completion.sequence, std::move(completion.response));
      touched.emplace_back(completion.fd, completion.generation);
    }
    for (const auto& [fd, generation] : touched) {
      auto& slot = by_fd_[static_cast<std::size_t>(fd)];
      if (slot && slot->generation == generation) work(*slot);
    }
  }
}

void Server::Loop::sweep() {
  swept_ = now_;
  const auto& limits = server_.options_.limits;
  for (auto& connection : by_fd_) {
    if (!connection) continue;
    const auto quiet = now_ - connection->last_active;
    const bool is_slow_head =
        connection->head_since != 0 && now_ - connection->head_since > limits.head_seconds_max;
    const bool is_slow_body =
        connection->in_body && !connection->is_paused && quiet > limits.body_seconds_max;
    const bool is_idle =
        connection->waiting.empty() && !connection->in_body && quiet > limits.idle_seconds_max;
    if (is_slow_head || is_slow_body)
      refuse(*connection, {ErrorCode::Timeout, "the request came too slowly", ""});
    else if (is_idle)
      close(*connection);
  }
}

// ---- the server ---------------------------------------------------------------------------------

Server::Server(ServerOptions options, const Router& router, LiveHub* hub)
    : options_(std::move(options)), router_(router), hub_(hub), counts_(options_.metrics->counts) {}
Server::~Server() { stop(0); }

Result<void> Server::start() {
  options_.metrics->name_classes(router_.classes());
  std::uint16_t port = options_.port;
  for (unsigned i = 0; i < std::max(1u, options_.threads); ++i) {
    loops_.push_back(std::make_unique<Loop>(*this));
    CAIRN_TRY(port, loops_.back()->open(port));
  }
  port_ = port;
  for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
  return {};
}

void Server::stop(unsigned seconds) {
  for (auto& loop : loops_) loop->stop_by(seconds_now() + seconds + 1);
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
}

}  // namespace cairn::http

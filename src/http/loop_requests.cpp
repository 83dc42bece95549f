#include <time.h>

#include <algorithm>

#include <fmt/format.h>

#include "http/gzip.hpp"
#include "http/loop.hpp"
#include "http/problem.hpp"

/// The requests of a loop: from bytes to handlers, and their answers to bytes.
namespace cairn::http {
namespace {

/// The way of one answer back to its loop.
class AnswerChannel final : public Responder::Channel {
 public:
  AnswerChannel(std::shared_ptr<Mailbox> mailbox, int fd, std::uint64_t generation,
                std::uint64_t sequence)
      : mailbox_(std::move(mailbox)), fd_(fd), generation_(generation), sequence_(sequence) {}
  void send(Response response) override {
    mailbox_->put({Completion::Kind::Answer, fd_, generation_, sequence_, std::move(response)});
  }
  void go_live(LiveRequest live) override {
    mailbox_->put({Completion::Kind::GoLive,
                   fd_,
                   generation_,
                   sequence_,
                   {},
                   std::make_unique<LiveRequest>(std::move(live))});
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const int fd_;
  const std::uint64_t generation_, sequence_;
};

}  // namespace

/// Takes whatever is whole in the connection's buffer, then sends what is ready.
void Server::Loop::work(Connection& connection) {
  const auto generation = connection.generation;
  const auto at = static_cast<std::size_t>(connection.fd);
  const auto is_alive = [&] { return by_fd_[at] && by_fd_[at]->generation == generation; };
  while (is_alive() && !connection.is_ending && !connection.is_paused)
    if (!(connection.in_body ? take_body(connection) : take_request(connection))) break;
  if (!is_alive() || connection.is_lingering) return;
  connection.compact();
  send_ready(connection);
}

/// The next request, when its head is whole. False: wait for more.
bool Server::Loop::take_request(Connection& connection) {
  const auto& limits = server_.options_.limits;
  if (connection.is_last || connection.waiting.size() >= limits.pipelined_max) return false;
  auto bytes = connection.unread();
  while (bytes.starts_with("\r\n")) {
    connection.in_at += 2;
    bytes.remove_prefix(2);
  }
  if (bytes.empty()) return false;
  const auto end = bytes.find("\r\n\r\n");
  if (std::min(end, bytes.size()) > limits.head_bytes_max) {
    refuse(connection, 431,
           {ErrorCode::TooLarge,
            fmt::format("the head of the request is longer than {} bytes", limits.head_bytes_max),
            ""});
    return false;
  }
  if (end == std::string_view::npos) {
    if (connection.head_since == 0) connection.head_since = now_;
    return false;
  }
  connection.head_since = 0;
  const auto head = bytes.substr(0, end + 4);
  auto framing = parse_head(head, limits, request_);
  if (!framing) {
    refuse(connection, framing.error().code == ErrorCode::TooLarge ? 431 : 400, framing.error());
    return false;
  }
  connection.framing = *framing;
  ++server_.counts_.requests;
  if (!framing->keep_alive || is_stopping()) connection.is_last = true;
  const bool has_body = framing->length != 0 || framing->is_chunked;
  if (!has_body && may_answer_fast(connection, request_)) {
    connection.in_at += head.size();
    return true;
  }
  const auto found = server_.router_.find(request_);
  if (found.route && found.route->options.stream) {
    stream(connection, request_, *found.route);
    connection.in_at += head.size();
    return true;
  }
  if (!has_body) {
    handle(connection, request_);
    connection.in_at += head.size();
    return true;
  }
  const auto own = found.route ? found.route->options.body_bytes_max : std::nullopt;
  const auto most = own.value_or(limits.body_bytes_max);
  if (framing->length > most) {
    refuse(connection, 413,
           {ErrorCode::TooLarge, fmt::format("the body is longer than {} bytes", most), ""},
           &request_);
    return false;
  }
  connection.owes_continue = framing->expects_continue;
  connection.begin_body(head, most);
  connection.in_at += head.size();
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
      refuse(connection, 400, pushed.error());
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
  // Whoever sends the body does not wait to be told to.
  if (before != bytes.size()) connection.owes_continue = false;
  if (connection.sink) {
    if (!into.empty() && !connection.sink->take(into)) connection.is_paused = true;
    if (is_whole) {
      finish_stream(connection);
      return true;
    }
    return before != bytes.size();
  }
  if (connection.body.size() > connection.body_max) {
    refuse(connection, 413,
           {ErrorCode::TooLarge,
            fmt::format("the body is longer than {} bytes", connection.body_max), ""});
    return false;
  }
  return is_whole && end_held_body(connection);
}

bool Server::Loop::end_held_body(Connection& connection) {
  connection.in_body = false;
  const std::string head = std::exchange(connection.head, {});
  const std::string body = std::exchange(connection.body, {});
  // It was read once before; the views are made again over what was kept of it.
  if (auto framing = parse_head(head, server_.options_.limits, request_); !framing) {
    refuse(connection, 400, framing.error());
    return false;
  }
  request_.body_view = body;
  handle(connection, request_);
  request_.body_view = {};
  return true;
}

Responder Server::Loop::responder_for(Connection& connection, std::uint64_t sequence) {
  return Responder(
      std::make_unique<AnswerChannel>(mailbox_, connection.fd, connection.generation, sequence));
}

std::string Server::Loop::next_id() {
  const auto loop = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) >> 6);
  return fmt::format("r{:08x}{:08x}", loop ^ now_, ++ids_);
}

/// Who asks, and what the answer is known by.
std::uint64_t Server::Loop::begin_answer(Connection& connection, Request& request,
                                         std::uint32_t rate_class) {
  const auto sequence = connection.begin_answer(request.method == Method::Head);
  auto& waiting = connection.waiting.back();
  const auto given = sane_request_id(request);
  request.id = given.empty() ? next_id() : std::string(given);
  request.trace_parent = sane_trace_parent(request);
  request.peer = peer_of(connection.peer, request, server_.options_.trusted_proxies);
  waiting.request_id = request.id;
  waiting.trace_parent = request.trace_parent;
  waiting.rate_class = rate_class;
  waiting.since_ns = round_ns_;
  waiting.takes_gzip = accepts_gzip(request.header("accept-encoding"));
  return sequence;
}

void Server::Loop::handle(Connection& connection, Request& request) {
  const auto found = server_.router_.find(request);
  const auto sequence =
      begin_answer(connection, request, found.route ? found.route->rate_class : 0);
  server_.router_.dispatch(found, request, responder_for(connection, sequence));
}

void Server::Loop::stream(Connection& connection, Request& request, const Router::Route& route) {
  const auto sequence = begin_answer(connection, request, route.rate_class);
  auto sink = route.options.stream(
      request, [mailbox = mailbox_, fd = connection.fd, generation = connection.generation,
                sequence] { mailbox->put({Completion::Kind::Resume, fd, generation, sequence}); });
  if (!sink) {
    connection.is_last = connection.is_ending = true;
    return answer(connection, sequence, problem(sink.error(), request));
  }
  connection.owes_continue = connection.framing.expects_continue;
  connection.sink = *std::move(sink);
  connection.sink_sequence = sequence;
  connection.begin_body("", 0);
}

void Server::Loop::finish_stream(Connection& connection) {
  connection.in_body = connection.is_paused = false;
  connection.find(connection.sink_sequence)->since_ns = round_ns_;
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
  if (const auto given = sane_request_id(request); given.empty()) {
    const auto id_end = fmt::format_to(digits, "f{:x}", ++ids_);
    out.append(digits, id_end);
  } else {
    out += given;
  }
  if (const auto trace = sane_trace_parent(request); !trace.empty())
    (out += "\r\ntraceparent: ") += trace;
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

void Server::Loop::answer(Connection& connection, std::uint64_t sequence, Response&& response) {
  auto* waiting = connection.find(sequence);
  if (!waiting || waiting->is_ready) return;
  if (response.status >= 500)
    ++server_.counts_.errors_5xx;
  else if (response.status >= 400)
    ++server_.counts_.errors_4xx;
  compress(response, *waiting);
  write_response(waiting->bytes, response, *waiting, date(),
                 connection.is_last && waiting == &connection.waiting.back());
  waiting->is_ready = true;
  figures_.count(waiting->rate_class, response.status, nanoseconds_now() - waiting->since_ns);
}

/// The connection cannot be understood any further: answer, then close.
void Server::Loop::refuse(Connection& connection, int status, const Error& error,
                          Request* request) {
  connection.is_last = connection.is_ending = true;
  connection.in_body = connection.is_paused = connection.owes_continue = false;
  connection.head_since = 0;
  std::uint64_t sequence = connection.sink_sequence;
  if (connection.sink) {
    connection.sink->broken();
    connection.sink = nullptr;
  } else if (request) {
    sequence = begin_answer(connection, *request, 0);
  } else {
    sequence = connection.begin_answer(false);
    connection.waiting.back().request_id = next_id();
    connection.waiting.back().since_ns = round_ns_;
  }
  const auto* const waiting = connection.find(sequence);
  answer(connection, sequence,
         problem_as(status, error,
                    request ? request->info() : RequestInfo{waiting->request_id, false}));
  send_ready(connection);
}

}  // namespace cairn::http

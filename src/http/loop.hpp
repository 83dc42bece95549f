#pragma once

#include "http/connection.hpp"
#include "http/mailbox.hpp"
#include "http/server.hpp"

namespace cairn::http {

/// One thread of the edge with its sockets: a listener, an epoll set, the connections it accepted.
/// Everything but `open`, `stop_by` and the mailbox belongs to the thread in `run`.
class Server::Loop {
 public:
  explicit Loop(Server& server);
  ~Loop();

  Result<std::uint16_t> open(std::uint16_t port);
  void run();
  void stop_by(std::uint32_t deadline) {
    deadline_ = deadline;
    mailbox_->wake();
  }

 private:
  // loop.cpp: sockets and time.
  Result<std::uint16_t> listen_on(std::uint16_t port);
  void accept_all();
  void begin(int fd, std::string peer);
  void on_event(Connection& connection, std::uint32_t what);
  void receive(Connection& connection);
  void discard(Connection& connection);
  void send_ready(Connection& connection);
  bool send_out(Connection& connection);
  void hand_over(Connection& connection);
  void finish(Connection& connection);
  void watch(Connection& connection, bool has_room);
  void close(Connection& connection);
  bool drain_completions();
  void complete(Completion& completion);
  void sweep();
  bool is_stopping() const { return deadline_.load(std::memory_order_relaxed) != 0; }
  bool is_quiet() const;

  // loop_requests.cpp: what comes in and what goes out.
  void work(Connection& connection);
  bool take_request(Connection& connection);
  bool take_body(Connection& connection);
  bool end_held_body(Connection& connection);
  void handle(Connection& connection, Request& request);
  std::uint64_t begin_answer(Connection& connection, Request& request, std::uint32_t rate_class);
  void stream(Connection& connection, Request& request, const Router::Route& route);
  void finish_stream(Connection& connection);
  void answer(Connection& connection, std::uint64_t sequence, Response&& response);
  void refuse(Connection& connection, int status, const Error& error, Request* request = nullptr);
  bool may_answer_fast(Connection& connection, const Request& request);
  std::string next_id();
  std::string_view date();
  Responder responder_for(Connection& connection, std::uint64_t sequence);

  Server& server_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  LoopFigures& figures_;
  const std::uint32_t fast_class_;
  int listener_ = -1, epoll_ = -1;
  bool is_accepting_ = false;  ///< the listener is watched
  std::vector<std::unique_ptr<Connection>> by_fd_;
  std::uint64_t generations_ = 0;
  std::uint64_t ids_ = 0;
  std::uint32_t now_ = 0, swept_ = 0;
  std::uint64_t round_ns_ = 0;  ///< when this round's events were seen: what durations start at
  std::atomic<std::uint32_t> deadline_{0};
  std::string date_;
  std::uint32_t date_at_ = 0;
  Request request_;
  std::string scratch_;
};

/// Coarse and steady.
std::uint32_t seconds_now();
std::uint64_t nanoseconds_now();

}  // namespace cairn::http

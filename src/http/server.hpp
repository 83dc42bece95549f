#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "http/live_hub.hpp"
#include "http/metrics.hpp"
#include "http/router.hpp"
#include "http/tls.hpp"

namespace cairn::http {

/// Answers a GET before it becomes a Request: appends the whole JSON body, or says false. Must not
/// allocate more than it has to: this is the path of status queries.
using FastPath =
    std::function<bool(std::string_view path, std::string_view authorization, std::string& body)>;

struct ServerOptions {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any that is free
  unsigned threads = 1;    ///< loops, each with its own listening socket
  Limits limits;
  std::vector<std::string>
      trusted_proxies;  ///< addresses or a.b.c.d/n whose X-Forwarded-For counts
  FastPath fast_path;
  std::function<void()> loop_begins;  ///< on a loop's thread, before its work
  /// Called on a loop's thread when everything that had come was handled: what was put aside
  /// meanwhile is handed on as one.
  std::function<void()> round_end;
  std::shared_ptr<TlsContext> tls;  ///< null: plain HTTP
  std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
};

/// The HTTP/1.1 edge: one epoll loop a thread, answers from any thread, pipelining in order, bodies
/// held or streamed, connections handed to the live hub. Owned by `serve`. When the world fails a
/// connection is closed, never the server.
class Server {
 public:
  Server(ServerOptions options, const Router& router, LiveHub* hub);
  ~Server();

  /// Errors: Io (the port is taken), Invalid (the address).
  Result<void> start();
  std::uint16_t port() const { return port_; }
  /// Stops accepting, lets what is under way be answered for at most `seconds`, closes.
  void stop(unsigned seconds = 5);
  const ServerCounts& counts() const { return counts_; }
  const Metrics& metrics() const { return *options_.metrics; }

 private:
  class Loop;
  ServerOptions options_;
  const Router& router_;
  LiveHub* hub_;
  std::uint16_t port_ = 0;
  ServerCounts& counts_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace cairn::http

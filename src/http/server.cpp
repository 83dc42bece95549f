#include "http/server.hpp"

#include <algorithm>

#include "http/loop.hpp"

namespace cairn::http {

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
  for (auto& loop : loops_)
    threads_.emplace_back([this, &loop] {
      if (options_.loop_begins) options_.loop_begins();
      loop->run();
    });
  return {};
}

void Server::stop(unsigned seconds) {
  for (auto& loop : loops_) loop->stop_by(seconds_now() + seconds + 1);
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
  threads_.clear();
}

}  // namespace cairn::http

#pragma once

#include "http/server.hpp"
#include "http/test_client.hpp"

namespace cairn::http {

/// A real server on a free port of this machine, with the routes tests want.
class TestEdge {
 public:
  TestEdge() {
    router.add(Method::Get, "/hello", [](const Request&, Responder responder) {
      responder.send(Response::text("hello"));
    });
    router.add(Method::Get, "/peer", [](const Request& request, Responder responder) {
      responder.send(Response::text(request.peer_ip() + " " + request.request_id()));
    });
    router.add(Method::Get, "/empty",
               [](const Request&, Responder responder) { responder.send({204, "", "", {}}); });
    router.add(Method::Get, "/held",
               [this](const Request&, Responder responder) { held.put(std::move(responder)); },
               {.rate_class = "held"});
    router.add(Method::Post, "/echo",
               [](const Request& request, Responder responder) {
                 responder.send(Response::text(std::string(request.body())));
               },
               {.rate_class = "write", .body_bytes_max = 2 * 1024 * 1024});
    router.add(Method::Post, "/small",
               [](const Request& request, Responder responder) {
                 responder.send(Response::text(std::string(request.body())));
               },
               {.rate_class = "write", .body_bytes_max = 10});
  }
  ~TestEdge() { stop(); }

  void start() {
    if (with_hub) hub.start();
    server = std::make_unique<Server>(options, router, with_hub ? &hub : nullptr);
    const auto started = server->start();
    CAIRN_CHECK(started.has_value());
  }
  void stop() {
    if (server) server->stop(0);
    hub.stop();
  }
  TestClient client() const { return TestClient(server->port()); }
  std::uint16_t port() const { return server->port(); }

  ServerOptions options;
  Router router;
  LiveHub hub{{.unsent_bytes_max = 64 * 1024, .heartbeat_seconds = 3'600}};
  bool with_hub = true;
  Handed<Responder> held;
  std::unique_ptr<Server> server;
};

}  // namespace cairn::http

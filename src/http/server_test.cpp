#include "http/server.hpp"

#include <gtest/gtest.h>

#include "http/test_edge.hpp"

namespace cairn::http {
namespace {

constexpr std::string_view kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Server, KeepsTheConnection) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.header("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_NE(answer.header("date"), "");
    EXPECT_EQ(answer.header("connection"), "");
  }
  EXPECT_EQ(edge.server->counts().connections, 1u);
  EXPECT_EQ(edge.server->counts().requests, 3u);
}

TEST(Server, TakesARequestInPieces) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  constexpr std::string_view kRequest = "\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n";
  for (const char c : kRequest) client.send({&c, 1});
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Server, AnswersInTheOrderOfTheRequests) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send(
      "GET /held HTTP/1.1\r\nHost: t\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n"
      "GET /held HTTP/1.1\r\nHost: t\r\n\r\nGET /nothing HTTP/1.1\r\nHost: t\r\n\r\n");
  auto first = edge.held.take();
  auto third = edge.held.take();
  third.send(Response::text("third"));
  first.send(Response::text("first"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_EQ(client.read_answer().body, "third");
  EXPECT_EQ(client.read_answer().status, 404);
}

TEST(Server, TakesMoreRequestsAtOnceThanItHoldsAnswers) {
  TestEdge edge;
  edge.options.limits.pipelined_max = 4;
  edge.start();
  auto client = edge.client();
  constexpr int kRequests = 3'000;
  std::string all;
  for (int i = 0; i < kRequests; ++i)
    all += fmt::format("GET /peer HTTP/1.1\r\nHost: t\r\nX-Request-Id: n{}\r\n\r\n", i);
  client.send(all);
  for (int i = 0; i < kRequests; ++i)
    ASSERT_EQ(client.read_answer().body, fmt::format("127.0.0.1 n{}", i));
}

TEST(Server, AnswersHeadWithoutABody) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.read_answer(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "5");
  EXPECT_EQ(client.get("/hello").body, "hello");  // nothing of a body came between
}

TEST(Server, LeavesOutALengthThatIsNotToBeThere) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  const auto answer = client.get("/empty");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("content-length"), "");
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST(Server, ClosesWhenAskedToAndRunsNothingBehind) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send(
      "GET /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
      "GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(edge.held.is_empty());
  auto old = edge.client();
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read_all().ends_with("hello"));
}

TEST(Server, AnswersAClientThatSendsNoMore) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto responder = edge.held.take();
  client.end_sending();
  // The end was seen before this other connection was answered.
  EXPECT_EQ(edge.client().get("/hello").status, 200);
  responder.send(Response::text("still"));
  EXPECT_TRUE(client.read_all().ends_with("still"));
}

TEST(Server, SaysContinueInItsTurn) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  constexpr std::string_view kHead =
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  client.send(kHead);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.read_answer().body, "body");

  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  client.send(kHead);
  edge.held.take().send(Response::text("first"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("more");
  EXPECT_EQ(client.read_answer().body, "more");

  // A body that is refused is not asked for.
  client.send(
      "POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST(Server, AnswersForAHandlerThatForgets) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  {
    const auto forgotten = edge.held.take();
  }
  EXPECT_EQ(client.read_answer().status, 500);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST(Server, TakesAnAnswerThatComesTooLate) {
  TestEdge edge;
  edge.start();
  auto gone = edge.client();
  gone.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto of_gone = edge.held.take();
  gone.close();
  EXPECT_EQ(edge.client().get("/hello").status, 200);
  of_gone.send(Response::text("nobody hears"));
  EXPECT_EQ(edge.client().get("/hello").body, "hello");

  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto late = edge.held.take();
  edge.server->stop(0);
  edge.server = nullptr;
  late.send(Response::text("the server is gone"));
}

TEST(Server, NamesEveryAnswer) {
  TestEdge edge;
  edge.options.fast_path = [](std::string_view path, std::string_view key, std::string& body) {
    if (path == "/fast" && key == "Bearer k") body = "{\"fast\":true}";
    return !body.empty();
  };
  edge.start();
  const auto headers = fmt::format(
      "Authorization: Bearer k\r\nX-Request-Id: shop-7.a_B\r\ntraceparent: {}\r\n", kTrace);
  for (const auto path : {"/hello", "/fast", "/nothing", "/empty"}) {
    auto client = edge.client();
    const auto answer = client.get(path, headers);
    EXPECT_EQ(answer.header("cairn-request-id"), "shop-7.a_B") << path;
    EXPECT_EQ(answer.header("traceparent"), kTrace) << path;
    const auto unnamed = client.get(path, "Authorization: Bearer k\r\n");
    EXPECT_NE(unnamed.header("cairn-request-id"), "") << path;
    EXPECT_EQ(unnamed.header("traceparent"), "") << path;
  }
  EXPECT_EQ(edge.server->counts().fast, 2u);
  auto client = edge.client();
  client.send("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n" + headers + "\r\n");
  const auto refused = client.read_answer();
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.header("cairn-request-id"), "shop-7.a_B");
  EXPECT_EQ(refused.header("traceparent"), kTrace);
  auto broken = edge.client();
  broken.send("no request\r\n\r\n");
  const auto malformed = broken.read_answer();
  const auto id = malformed.header("cairn-request-id");
  EXPECT_GT(id.size(), 8u);
  EXPECT_NE(malformed.body.find(id), std::string::npos) << malformed.body;
}

TEST(Server, TakesNoNameThatIsUnfit) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  const std::string long_id(65, 'a');
  for (const auto& id : {std::string("a b"), std::string("<x>"), long_id}) {
    const auto answer = client.get("/peer", "X-Request-Id: " + id + "\r\n");
    EXPECT_NE(answer.header("cairn-request-id"), id);
    EXPECT_EQ(answer.body, "127.0.0.1 " + answer.header("cairn-request-id"));
  }
  for (const auto& trace : {std::string(kTrace) + "0", "01" + std::string(kTrace.substr(2)),
                            std::string(kTrace.substr(0, 54)) + "G", std::string("x")})
    EXPECT_EQ(client.get("/peer", "traceparent: " + trace + "\r\n").header("traceparent"), "");
}

TEST(Server, BelievesItsOwnProxiesOnly) {
  for (const bool is_trusted : {false, true}) {
    TestEdge edge;
    if (is_trusted) edge.options.trusted_proxies = {"127.0.0.0/8"};
    edge.start();
    auto client = edge.client();
    const auto answer = client.get("/peer",
                                   "X-Request-Id: r\r\nX-Forwarded-For: "
                                   "6.6.6.6\r\nX-Forwarded-For: 203.0.113.9, 127.0.0.3\r\n");
    EXPECT_EQ(answer.body, is_trusted ? "203.0.113.9 r" : "127.0.0.1 r");
  }
}

TEST(Server, AnswersStatusQueriesByTheirOwnPath) {
  TestEdge edge;
  edge.options.fast_path = [](std::string_view path, std::string_view, std::string& body) {
    body = "{}";
    return path == "/v1/orders/1/status";
  };
  edge.router.add(
      Method::Get, "/v1/orders/{id}/status",
      [](const Request&, Responder responder) { responder.send(Response::text("slow")); },
      {.rate_class = "status"});
  edge.start();
  auto client = edge.client();
  EXPECT_EQ(client.get("/v1/orders/1/status").body, "{}");
  EXPECT_EQ(client.get("/v1/orders/2/status").body, "slow");
  EXPECT_EQ(client.get("/v1/orders/1/status?x").body, "slow");
  // It may not overtake what is owed.
  client.send(
      "GET /held HTTP/1.1\r\nHost: t\r\n\r\n"
      "GET /v1/orders/1/status HTTP/1.1\r\nHost: t\r\n\r\n");
  edge.held.take().send(Response::text("first"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "slow");
  client.send("GET /v1/orders/1/status HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("\r\nConnection: close\r\n\r\n{}"));
}

TEST(Server, CountsWhatItDoes) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.get("/hello");
  client.get("/hello");
  client.get("/nothing");
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  edge.held.take().send(Response::json("{}", 503));
  EXPECT_EQ(client.read_answer().status, 503);
  std::string out;
  MetricsWriter writer(out);
  edge.server->metrics().write(writer, &edge.hub);
  for (const auto line : {"cairn_http_requests_total{class=\"read\",status=\"2xx\"} 2\n",
                          "cairn_http_requests_total{class=\"none\",status=\"4xx\"} 1\n",
                          "cairn_http_requests_total{class=\"held\",status=\"5xx\"} 1\n",
                          "cairn_http_request_duration_seconds_count{class=\"read\"} 2\n",
                          "cairn_http_connections 1\n", "cairn_http_connections_total 1\n",
                          "cairn_http_connections_refused_total 0\n", "cairn_live_subscribers 0\n"})
    EXPECT_NE(out.find(line), std::string::npos) << line << out;
  EXPECT_EQ(edge.server->counts().errors_4xx, 1u);
  EXPECT_EQ(edge.server->counts().errors_5xx, 1u);
}

TEST(Server, StopsWhenAllIsAnswered) {
  TestEdge edge;
  edge.options.threads = 2;
  edge.start();
  auto idle = edge.client();
  EXPECT_EQ(idle.get("/hello").status, 200);
  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto responder = edge.held.take();
  auto half_sent = edge.client();
  // Its loop has seen the head, whichever of the two it is, before anything stops.
  half_sent.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  half_sent.read_until("100 Continue\r\n\r\n");
  half_sent.send("bo");
  std::thread stopping([&] { edge.server->stop(3'600); });
  responder.send(Response::text("the last"));
  EXPECT_EQ(client.read_answer().body, "the last");
  half_sent.send("dy");
  EXPECT_EQ(half_sent.read_answer().body, "body");
  stopping.join();
  EXPECT_TRUE(idle.is_at_end());
  EXPECT_TRUE(client.is_at_end());
}

TEST(Server, StopsInTheEndWithoutTheAnswer) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto responder = edge.held.take();
  edge.server->stop(0);
  EXPECT_TRUE(client.is_at_end());
}

TEST(Server, SaysWhyItCannotStart) {
  TestEdge edge;
  edge.start();
  ServerOptions options;
  options.port = edge.port();
  const auto taken = Server(options, edge.router, nullptr).start();
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::Io);
  EXPECT_NE(taken.error().message.find(fmt::format("127.0.0.1:{}", edge.port())),
            std::string::npos);
  options.bind = "nowhere";
  const auto invalid = Server(options, edge.router, nullptr).start();
  ASSERT_FALSE(invalid.has_value());
  EXPECT_EQ(invalid.error().code, ErrorCode::Invalid);
}

}  // namespace
}  // namespace cairn::http

#include <gtest/gtest.h>

#include "http/test_edge.hpp"

/// What the edge does at its limits, and beyond them.
namespace cairn::http {
namespace {

TEST(HeadLimits, AreTheSameInOnePieceAndInDrops) {
  TestEdge edge;
  edge.options.limits.head_bytes_max = 400;
  edge.options.limits.target_bytes_max = 200;
  edge.start();
  const auto request = [](std::size_t size) {
    std::string head = "GET /hello HTTP/1.1\r\nHost: t\r\nX: ";
    head.append(size - head.size(), 'a');
    return head + "\r\n\r\n";
  };
  auto client = edge.client();
  client.send(request(400));
  EXPECT_EQ(client.read_answer().status, 200);
  client.send(request(401));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 431);
  EXPECT_NE(answer.body.find("longer than 400 bytes"), std::string::npos) << answer.body;
  EXPECT_TRUE(client.is_at_end());
  auto drops = edge.client();
  const auto long_one = request(1'000);
  for (std::size_t at = 0; at < long_one.size() && drops.send(long_one.substr(at, 50)); at += 50)
    continue;
  EXPECT_EQ(drops.read_answer().status, 431);
  auto target = edge.client();
  EXPECT_EQ(target.get("/" + std::string(199, 'a')).status, 404);
  EXPECT_EQ(target.get("/" + std::string(200, 'a')).status, 431);
}

TEST(HeadLimits, CountHeaders) {
  TestEdge edge;
  edge.options.limits.headers_max = 3;
  edge.start();
  auto client = edge.client();
  EXPECT_EQ(client.get("/hello", "A: 1\r\nB: 2\r\n").status, 200);
  EXPECT_EQ(client.get("/hello", "A: 1\r\nB: 2\r\nC: 3\r\n").status, 431);
  EXPECT_TRUE(client.is_at_end());
}

TEST(HeadLimits, EndAConnectionThatSmuggles) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(edge.held.is_empty());
}

TEST(TimeLimits, EndASlowHead) {
  TestEdge edge;
  edge.options.limits.head_seconds_max = 0;
  edge.start();
  auto client = edge.client();
  client.send("GET /hello HTTP/1.1\r\nHo");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.is_at_end());
}

TEST(TimeLimits, EndASlowBody) {
  TestEdge edge;
  edge.options.limits.body_seconds_max = 0;
  edge.start();
  auto client = edge.client();
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbo");
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.is_at_end());
}

TEST(TimeLimits, EndAnIdleConnectionButNotOneThatIsOwedSomething) {
  TestEdge edge;
  edge.options.limits.idle_seconds_max = 0;
  edge.start();
  auto owed = edge.client();
  owed.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  auto responder = edge.held.take();
  auto idle = edge.client();
  EXPECT_TRUE(idle.is_at_end());
  responder.send(Response::text("patience"));
  EXPECT_EQ(owed.read_answer().body, "patience");
  EXPECT_TRUE(owed.is_at_end());
}

TEST(ConnectionLimits, TurnAwayWhatIsTooMuch) {
  TestEdge edge;
  edge.options.limits.connections_max = 2;
  edge.start();
  auto one = edge.client();
  auto two = edge.client();
  EXPECT_EQ(one.get("/hello").status, 200);
  EXPECT_EQ(two.get("/hello").status, 200);
  auto three = edge.client();
  const auto answer = three.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("retry-after"), "1");
  EXPECT_TRUE(three.is_at_end());
  EXPECT_EQ(edge.server->counts().refused, 1u);
  EXPECT_EQ(one.get("/hello").status, 200);
  // The next is taken once one has left.
  two.send("GET /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  two.read_all();
  EXPECT_EQ(edge.client().get("/hello").status, 200);
}

/// More than the kernel takes for a socket at once.
constexpr std::size_t kLong = 4 * 1024 * 1024;
void long_answer(const Request&, Responder responder) {
  responder.send(Response::text(std::string(kLong, 'l')));
}

TEST(AnswerLimits, CloseOnAClientThatNeverReads) {
  TestEdge edge;
  edge.options.limits.unsent_bytes_max = 100'000;
  edge.router.add(Method::Get, "/long", long_answer);
  edge.start();
  TestClient client(edge.port(), 4'096);
  std::string requests;
  for (int i = 0; i < 60; ++i) requests += "GET /long HTTP/1.1\r\nHost: t\r\n\r\n";
  client.send(requests);
  // What it gets is cut short, and the edge is well.
  EXPECT_LT(client.read_all().size(), 60 * kLong);
  EXPECT_EQ(edge.client().get("/hello").status, 200);
}

TEST(AnswerLimits, SendOneAnswerOfAnyLengthToAClientThatReads) {
  TestEdge edge;
  edge.options.limits.unsent_bytes_max = 1'000;
  edge.router.add(Method::Get, "/long", long_answer);
  edge.start();
  TestClient client(edge.port(), 4'096);
  client.send("GET /long HTTP/1.1\r\nHost: t\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client.read_answer().body.size(), kLong);
  EXPECT_EQ(client.read_answer().status, 200);
}

}  // namespace
}  // namespace cairn::http

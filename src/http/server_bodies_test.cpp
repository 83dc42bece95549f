#include <gtest/gtest.h>

#include <atomic>

#include "http/test_edge.hpp"

/// Bodies: held and streamed.
namespace cairn::http {
namespace {

std::string chunked(std::string_view body, std::size_t size) {
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size())))
    out += fmt::format("{:x}\r\n{}\r\n", std::min(size, body.size()), body.substr(0, size));
  return out + "0\r\n\r\n";
}

constexpr std::string_view kChunkedHead =
    "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(Bodies, AreTakenWholeAndInPieces) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  const std::string body = "ab\r\n\r\nGET / HTTP/1.1\r\n\r\n";
  const auto fixed = fmt::format("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{}",
                                 body.size(), body);
  for (const auto& request : {fixed, std::string(kChunkedHead) + chunked(body, 5)}) {
    client.send(request);
    EXPECT_EQ(client.read_answer().body, body);
    for (const char c : request) client.send({&c, 1});
    EXPECT_EQ(client.read_answer().body, body);
    client.send(request + request);
    EXPECT_EQ(client.read_answer().body, body);
    EXPECT_EQ(client.read_answer().body, body);
  }
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "");
}

TEST(Bodies, ComeBackThroughFullBuffers) {
  TestEdge edge;
  edge.start();
  TestClient client(edge.port(), 4'096);
  const std::string body(2 * 1024 * 1024, 'b');
  client.send(fmt::format("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{}",
                          body.size(), body));
  EXPECT_EQ(edge.client().get("/hello").status, 200);  // nobody waits for the slow one
  EXPECT_EQ(client.read_answer().body, body);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST(Bodies, HaveTheLimitOfTheirRoute) {
  TestEdge edge;
  edge.start();
  const auto post = [&](std::string_view request) {
    auto client = edge.client();
    client.send(request);
    const auto answer = client.read_answer();
    if (answer.status != 200) EXPECT_TRUE(client.is_at_end());
    return answer;
  };
  const std::string small = "POST /small HTTP/1.1\r\nHost: t\r\n";
  EXPECT_EQ(post(small + "Content-Length: 10\r\n\r\n0123456789").body, "0123456789");
  const auto refused = post(small + "Content-Length: 11\r\n\r\n0123456789x");
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("longer than 10 bytes"), std::string::npos) << refused.body;
  EXPECT_EQ(post(small + "Transfer-Encoding: chunked\r\n\r\n" + chunked("0123456789", 3)).status,
            200);
  EXPECT_EQ(post(small + "Transfer-Encoding: chunked\r\n\r\n" + chunked("0123456789x", 3)).status,
            413);
  EXPECT_EQ(post("POST /nothing HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\n").status,
            413);
}

TEST(Bodies, AreRefusedSoThatTheClientHearsIt) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  // More than fits into all buffers: the answer must outlive what is still on its way.
  const std::string body(8 * 1024 * 1024, 'x');
  client.send("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 8388608\r\n\r\n");
  EXPECT_TRUE(client.send(body));
  client.end_sending();
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.is_at_end());
}

TEST(Bodies, EndWhatTheyMakeUnreadable) {
  TestEdge edge;
  edge.start();
  auto client = edge.client();
  client.send(std::string(kChunkedHead) + "4\nWiki\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_TRUE(client.is_at_end());
}

/// What a test sees of a sink, and how it steers it.
struct Seen {
  std::mutex mutex;
  std::string taken;
  std::size_t takes = 0;
  std::function<void()> resume;
  std::atomic<bool> is_eager{true};
  Handed<std::string> first_takes, ends;

  std::string all() {
    std::lock_guard lock(mutex);
    return taken;
  }
};

class SinkOfTest final : public BodySink {
 public:
  explicit SinkOfTest(Seen& seen) : seen_(seen) {}
  bool take(std::string_view chunk) override {
    {
      std::lock_guard lock(seen_.mutex);
      seen_.taken += chunk;
      if (++seen_.takes == 1) seen_.first_takes.put(std::string(chunk));
    }
    return seen_.is_eager;
  }
  void end(Responder responder) override {
    seen_.ends.put("end");
    responder.send(Response::text(fmt::format("{} bytes", seen_.all().size())));
  }
  void broken() override { seen_.ends.put("broken"); }

 private:
  Seen& seen_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    edge_.router.add(
        Method::Post, "/stream", {},
        {.rate_class = "bulk",
         .stream = [this](const Request& request,
                          std::function<void()> resume) -> Result<std::unique_ptr<BodySink>> {
           if (!request.header("x-refuse").empty())
             return fail(ErrorCode::UnsupportedMedia, "not this");
           std::lock_guard lock(seen_.mutex);
           seen_.resume = std::move(resume);
           return std::make_unique<SinkOfTest>(seen_);
         }});
    edge_.start();
  }
  ~StreamTest() override { edge_.stop(); }
  static constexpr std::string_view kHead = "POST /stream HTTP/1.1\r\nHost: t\r\n";

  Seen seen_;
  TestEdge edge_;
};

TEST_F(StreamTest, TakesABodyOfAnyLength) {
  auto client = edge_.client();
  const std::string body(12 * 1024 * 1024, 's');  // more than a held body may have
  client.send(fmt::format("{}Content-Length: {}\r\n\r\n", kHead, body.size()));
  client.send(body);
  EXPECT_EQ(client.read_answer().body, "12582912 bytes");
  EXPECT_EQ(client.get("/hello").status, 200);
  client.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n" + chunked(body, 100'000));
  EXPECT_EQ(client.read_answer().body, "25165824 bytes");
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(StreamTest, TakesABodyOfNothing) {
  auto client = edge_.client();
  client.send(std::string(kHead) + "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "0 bytes");
  client.send(std::string(kHead) + "\r\n");
  EXPECT_EQ(client.read_answer().body, "0 bytes");
  client.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "0 bytes");
}

TEST_F(StreamTest, WaitsUntilTheSinkHasRoom) {
  seen_.is_eager = false;
  auto client = edge_.client();
  client.send(std::string(kHead) + "Content-Length: 9\r\n\r\none");
  EXPECT_EQ(seen_.first_takes.take(), "one");
  client.send("two");
  // The loop has seen what came meanwhile when it answers others that came later.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(edge_.client().get("/hello").status, 200);
  EXPECT_EQ(seen_.all(), "one");
  seen_.is_eager = true;
  seen_.resume();
  client.send("six");
  EXPECT_EQ(client.read_answer().body, "9 bytes");
  EXPECT_EQ(seen_.all(), "onetwosix");
  seen_.resume();  // long after
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(StreamTest, ResumesOnlyTheBodyItBelongsTo) {
  auto client = edge_.client();
  client.send(std::string(kHead) + "Content-Length: 3\r\n\r\none");
  EXPECT_EQ(client.read_answer().body, "3 bytes");
  const auto of_first = seen_.resume;
  {
    std::lock_guard lock(seen_.mutex);
    seen_.takes = 0;
    seen_.taken.clear();
  }
  seen_.first_takes.take();
  seen_.is_eager = false;
  client.send(std::string(kHead) + "Content-Length: 6\r\n\r\ntwo");
  EXPECT_EQ(seen_.first_takes.take(), "two");
  client.send("six");
  of_first();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(edge_.client().get("/hello").status, 200);
  EXPECT_EQ(seen_.all(), "two");
  seen_.resume();
  EXPECT_EQ(client.read_answer().body, "6 bytes");
}

TEST_F(StreamTest, TellsTheSinkThatTheClientIsGone) {
  {
    auto client = edge_.client();
    client.send(std::string(kHead) + "Content-Length: 9\r\n\r\none");
    EXPECT_EQ(seen_.first_takes.take(), "one");
  }
  EXPECT_EQ(seen_.ends.take(), "broken");
  EXPECT_EQ(seen_.all(), "one");
  seen_.resume();
  EXPECT_EQ(edge_.client().get("/hello").status, 200);
}

TEST_F(StreamTest, TellsTheSinkThatTheBodyIsUnreadable) {
  auto client = edge_.client();
  client.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\nx\r\n");
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_EQ(seen_.ends.take(), "broken");
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(StreamTest, TellsTheSinkThatTheServerStops) {
  auto client = edge_.client();
  client.send(std::string(kHead) + "Content-Length: 9\r\n\r\none");
  EXPECT_EQ(seen_.first_takes.take(), "one");
  edge_.server->stop(0);
  EXPECT_EQ(seen_.ends.take(), "broken");
}

TEST_F(StreamTest, AnswersAtOnceWhereTheRouteWillNot) {
  auto client = edge_.client();
  client.send(std::string(kHead) +
              "X-Refuse: 1\r\nContent-Length: 99999999\r\nX-Request-Id: mine\r\n\r\n");
  client.send(std::string(1024 * 1024, 'x'));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(answer.header("cairn-request-id"), "mine");
  EXPECT_TRUE(client.is_at_end());
}

TEST_F(StreamTest, SaysContinueOnceTheRouteWill) {
  auto client = edge_.client();
  client.send(std::string(kHead) + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("one");
  EXPECT_EQ(client.read_answer().body, "3 bytes");
}

}  // namespace
}  // namespace cairn::http

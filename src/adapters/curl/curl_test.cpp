#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "adapters/curl/curl_client.hpp"

namespace cairn::curl {
namespace {

/// Answers one request after the other with what `answer` makes of it; a request is whole when
/// `is_whole` says so.
class OneServer {
 public:
  using IsWhole = std::function<bool(const std::string&)>;
  explicit OneServer(std::function<std::string(const std::string&)> answer, IsWhole is_whole = {})
      : answer_(std::move(answer)), is_whole_(std::move(is_whole)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, any, size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~OneServer() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

 private:
  void run() {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      std::string request;
      char block[4096];
      while (!(is_whole_ ? is_whole_(request) : request.find("\r\n\r\n") != std::string::npos)) {
        const auto got = ::recv(fd, block, sizeof block, 0);
        if (got <= 0) break;
        request.append(block, static_cast<std::size_t>(got));
      }
      const auto answer = answer_(request);
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const auto n = ::send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
    }
  }
  std::function<std::string(const std::string&)> answer_;
  IsWhole is_whole_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string with_body(const std::string& status, const std::string& body,
                      const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n" + more + "\r\n" + body;
}

TEST(Curl, SendsHeadersAndGivesStatusHeadersAndBody) {
  std::string seen;
  OneServer server([&](const std::string& request) {
    seen = request;
    return with_body("404 Not Found", "nothing", "X-Kind:  problem \r\n");
  });
  CurlClient client;
  const auto answer = client.send({.url = server.url("/v1/x?y=1"), .headers = {{"Key", "value"}}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "nothing");
  EXPECT_EQ(answer->header("x-kind"), "problem");
  server.stop();
  EXPECT_TRUE(seen.starts_with("GET /v1/x?y=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("\r\nKey: value\r\n"), std::string::npos) << seen;
}

TEST(Curl, StreamsABodyOfUnknownLength) {
  std::string seen;
  OneServer server(
      [&](const std::string& request) {
        seen = request;
        return with_body("200 OK", "");
      },
      [](const std::string& request) { return request.ends_with("\r\n0\r\n\r\n"); });
  CurlClient client;
  int left = 3;
  ports::HttpRequest request{.method = "POST", .url = server.url()};
  request.read_body = [&](std::span<char> into) -> Result<std::size_t> {
    if (left-- == 0) return 0;
    into[0] = static_cast<char>('0' + left);
    return 1;
  };
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().message;
  server.stop();
  EXPECT_TRUE(seen.starts_with("POST / ")) << seen;
  EXPECT_NE(seen.find("1\r\n2\r\n1\r\n1\r\n1\r\n0\r\n"), std::string::npos) << seen;
}

TEST(Curl, AFaultWhileReadingTheBodyIsTheFaultOfTheRequest) {
  OneServer server([](const std::string&) { return with_body("200 OK", ""); });
  CurlClient client;
  ports::HttpRequest request{.method = "POST", .url = server.url()};
  request.read_body = [](std::span<char>) -> Result<std::size_t> {
    return fail(ErrorCode::Damaged, "the file is torn");
  };
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Damaged);
}

TEST(Curl, AStreamEndsWhenItsReaderHasHadEnough) {
  OneServer server([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: 1\n\ndata: 2\n\n";
  });
  CurlClient client;
  std::string seen;
  ports::HttpRequest request{.url = server.url()};
  request.take_body = [&](std::string_view chunk) {
    seen += chunk;
    return seen.find("data: 1") == std::string::npos;
  };
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->body.empty());
  EXPECT_TRUE(seen.starts_with("data: 1"));
}

TEST(Curl, AnAnswerBeyondTheLimitIsRefusedAndTheClientGoesOn) {
  OneServer server([](const std::string&) { return with_body("200 OK", std::string(1001, 'x')); });
  CurlClient client;
  const auto answer = client.send({.url = server.url(), .answer_bytes_max = 1000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::TooLarge);
  const auto next = client.send({.url = server.url(), .answer_bytes_max = 1001});
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->body.size(), 1001u);
}

TEST(Curl, FollowsNoRedirectAndOpensNoOtherSchemes) {
  OneServer server([](const std::string&) {
    return with_body("302 Found", "", "Location: http://127.0.0.1:1/\r\n");
  });
  CurlClient client;
  const auto answer = client.send({.url = server.url()});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  const auto file = client.send({.url = "file:///etc/hostname"});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::Invalid);
  const auto split = client.send({.url = server.url(), .headers = {{"A", "b\r\nC: d"}}});
  ASSERT_FALSE(split);
  EXPECT_EQ(split.error().code, ErrorCode::Invalid);
}

TEST(Curl, NobodyThereIsUnavailable) {
  std::string url;
  {
    OneServer server([](const std::string&) { return std::string(); });
    url = server.url();
  }
  CurlClient client;
  const auto answer = client.send({.url = url});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cairn::curl

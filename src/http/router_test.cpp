#include "http/router.hpp"

#include <gtest/gtest.h>

#include "http/connection.hpp"
#include "http/problem.hpp"
#include "json/value.hpp"

namespace cairn::http {
namespace {

/// Keeps what a handler answers: no socket is needed to try a route.
class Kept final : public Responder::Channel {
 public:
  explicit Kept(std::vector<Response>& into) : into_(into) {}
  void send(Response response) override { into_.push_back(std::move(response)); }
  void go_live(LiveRequest) override { into_.push_back({299, "live", "", {}}); }

 private:
  std::vector<Response>& into_;
};

Request request_for(Method method, std::string_view path) {
  Request request;
  request.method = method;
  request.target = request.path = path;
  request.id = "r1";
  return request;
}

Response ask(const Router& router, Method method, std::string_view path) {
  auto request = request_for(method, path);
  std::vector<Response> answers;
  router.dispatch(request, Responder(std::make_unique<Kept>(answers)));
  EXPECT_EQ(answers.size(), 1u);
  return answers.empty() ? Response{} : answers.front();
}

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    const auto says = [](std::string text) {
      return [text](const Request& request, Responder responder) {
        std::string body = text;
        for (const auto& [name, value] : request.params) body += fmt_pair(name, value);
        responder.send(Response::text(body));
      };
    };
    router_.add(Method::Get, "/v1/orders", says("list"));
    router_.add(Method::Post, "/v1/orders", says("place"), {.rate_class = "write"});
    router_.add(Method::Get, "/v1/orders/{id}", says("order"));
    router_.add(Method::Post, "/v1/orders/{id}/commands/{name}", says("command"),
                {.rate_class = "write"});
    router_.add(Method::Get, "/drop", [](const Request&, Responder) {});
  }
  static std::string fmt_pair(std::string_view name, std::string_view value) {
    return " " + std::string(name) + "=" + std::string(value);
  }
  Router router_;
};

TEST_F(RouterTest, FindsByMethodAndPath) {
  EXPECT_EQ(ask(router_, Method::Get, "/v1/orders").body, "list");
  EXPECT_EQ(ask(router_, Method::Post, "/v1/orders").body, "place");
  EXPECT_EQ(ask(router_, Method::Get, "/v1/orders/17").body, "order id=17");
  EXPECT_EQ(ask(router_, Method::Head, "/v1/orders/17").body, "order id=17");
  EXPECT_EQ(ask(router_, Method::Post, "/v1/orders/a%2Fb%E4%BD%A0/commands/ship").body,
            "command id=a/b你 name=ship");
  // What cannot be decoded is handed on as it came: the handler knows what its ids look like.
  EXPECT_EQ(ask(router_, Method::Get, "/v1/orders/%zz").body, "order id=%zz");
}

TEST_F(RouterTest, SaysWhatThereIsNot) {
  for (const auto path :
       {"/v1", "/v1/orders/", "/v1/orders/1/2", "/V1/orders", "*", "//v1/orders"}) {
    const auto response = ask(router_, Method::Get, path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_NE(response.body.find("\"code\":\"not-found\""), std::string::npos) << response.body;
  }
}

TEST_F(RouterTest, NamesTheMethodsAPathHas) {
  const auto response = ask(router_, Method::Delete, "/v1/orders");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header_of(response, "Allow"), "GET, HEAD, POST");
  EXPECT_NE(response.body.find("it has GET, HEAD, POST"), std::string::npos) << response.body;
  const auto options = ask(router_, Method::Options, "/v1/orders/1/commands/ship");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(header_of(options, "Allow"), "POST");
  EXPECT_EQ(ask(router_, Method::Head, "/v1/orders/1/commands/ship").status, 405);
}

TEST_F(RouterTest, GivesTheRestToTheFallback) {
  router_.set_fallback([](const Request& request, Responder responder) {
    responder.send(Response::text("console " + std::string(request.path)));
  });
  EXPECT_EQ(ask(router_, Method::Get, "/board").body, "console /board");
  EXPECT_EQ(ask(router_, Method::Get, "/v1/board").status, 404);
  EXPECT_EQ(ask(router_, Method::Post, "/board").status, 404);
}

TEST_F(RouterTest, AnswersForAHandlerThatDoesNot) {
  const auto response = ask(router_, Method::Get, "/drop");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.content_type, "application/problem+json");
}

TEST_F(RouterTest, NumbersItsRateClasses) {
  EXPECT_EQ(router_.classes(), (std::vector<std::string>{"none", "read", "write"}));
  auto request = request_for(Method::Post, "/v1/orders");
  EXPECT_EQ(router_.find(request).route->rate_class, router_.class_of("write"));
  EXPECT_EQ(router_.class_of("unheard"), 0u);
  EXPECT_EQ(router_.routes().size(), 5u);
}

TEST(Problem, SaysWhatTheTableSays) {
  const RequestInfo english{"r7", false}, chinese{"r7", true};
  for (const auto& row : error_table()) {
    const auto response = problem({row.code, "why", "/lines/0"}, english);
    EXPECT_EQ(response.status, row.http_status);
    json::Document document;
    const auto members = document.parse(response.body);
    ASSERT_TRUE(members.has_value()) << response.body;
    EXPECT_EQ(members->find("status")->as_integer(), row.http_status);
    EXPECT_NE(response.body.find("\"type\":\"/problems/" + std::string(row.name)),
              std::string::npos);
    EXPECT_NE(response.body.find("\"detail\":\"why\""), std::string::npos);
    EXPECT_NE(response.body.find("\"pointer\":\"/lines/0\""), std::string::npos);
    EXPECT_NE(response.body.find("\"request\":\"r7\""), std::string::npos);
    EXPECT_NE(response.body.find("\"title\":\"" + std::string(row.title_en)), std::string::npos);
    EXPECT_EQ(header_of(response, "Retry-After").empty(), !row.is_retryable);
    EXPECT_EQ(header_of(response, "WWW-Authenticate").empty(), row.code != ErrorCode::Unauthorized);
    EXPECT_NE(problem({row.code, "", ""}, chinese).body.find(std::string(row.title_zh)),
              std::string::npos);
  }
  const auto more = problem({ErrorCode::Refused, "no", ""}, english,
                            [](json::Writer& w) { w.field("state", "shipped"); });
  EXPECT_NE(more.body.find("\"state\":\"shipped\""), std::string::npos);
  EXPECT_NE(problem_as(408, {ErrorCode::Timeout, "", ""}, english).body.find("\"status\":408"),
            std::string::npos);
}

TEST(Peer, ComesFromTrustedProxiesOnly) {
  const std::vector<std::string> trusted{"10.1.0.0/16", "192.168.0.7", "::1"};
  const auto peer = [&](std::string_view socket, std::vector<std::string_view> lines) {
    Request request;
    for (const auto line : lines)
      request.headers[request.header_count++] = {"X-Forwarded-For", line};
    return peer_of(socket, request, trusted);
  };
  EXPECT_EQ(peer("10.1.2.3", {}), "10.1.2.3");
  EXPECT_EQ(peer("10.1.2.3", {"203.0.113.5"}), "203.0.113.5");
  EXPECT_EQ(peer("::1", {"203.0.113.5"}), "203.0.113.5");
  EXPECT_EQ(peer("10.2.2.3", {"203.0.113.5"}), "10.2.2.3");  // not ours: its word is worth nothing
  EXPECT_EQ(peer("10.1.2.3", {"1.1.1.1, 203.0.113.5, 192.168.0.7"}), "203.0.113.5");
  EXPECT_EQ(peer("10.1.2.3", {"1.1.1.1", "203.0.113.5"}), "203.0.113.5");
  EXPECT_EQ(peer("10.1.2.3", {"10.1.9.9"}), "10.1.2.3");
}

TEST(Peer, IsMatchedByAddressAndNetwork) {
  EXPECT_TRUE(is_listed("1.2.3.4", {"1.2.3.4"}));
  EXPECT_TRUE(is_listed("1.2.3.4", {"0.0.0.0/0"}));
  EXPECT_TRUE(is_listed("1.2.3.4", {"9.9.9.9", "1.2.3.0/24"}));
  EXPECT_FALSE(is_listed("1.2.4.4", {"1.2.3.0/24"}));
  EXPECT_FALSE(is_listed("1.2.3.4", {"1.2.3.0/33", "1.2.3.0/", "x/8", "/8", ""}));
  EXPECT_FALSE(is_listed("fe80::1", {"0.0.0.0/0"}));
}

}  // namespace
}  // namespace cairn::http

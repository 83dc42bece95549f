#pragma once

#include <atomic>
#include <filesystem>
#include <future>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/system/system_clock.hpp"
#include "app/service.hpp"
#include "json/value.hpp"

/// The gateway over real stores, asked through the router: no socket, no browser.
namespace cairn::app::testing {

namespace fs = std::filesystem;

struct Reply {
  http::Response response;
  json::Document document;
  json::Value json() { return *document.parse(response.body); }
  std::string text(std::string_view name) {
    const auto found = json().find(name);
    return found ? found->as_id().value_or("") : "";
  }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
};

class Captured final : public http::Responder::Channel {
 public:
  explicit Captured(std::shared_ptr<std::promise<http::Response>> promise)
      : promise_(std::move(promise)) {}
  void send(http::Response response) override { promise_->set_value(std::move(response)); }
  void go_live(http::LiveRequest) override { promise_->set_value({299, "", "live", {}}); }

 private:
  std::shared_ptr<std::promise<http::Response>> promise_;
};

class ServiceTest : public ::testing::Test {
 protected:
  static constexpr const char* kKey = "a-key-of-the-tests";

  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("cairn-service-{}-{}", ::getpid(), next_++);
    settings_.data = (folder_ / "data").string();
    settings_.definitions = CAIRN_SOURCE_DIR "/definitions";
    settings_.port = 0;
    settings_.api_key = kKey;
    settings_.public_per_minute = 0;  // tests ask until what they wait for is there
    open();
  }
  void TearDown() override {
    service_.reset();
    fs::remove_all(folder_);
  }
  void open() {
    auto service = Service::open(settings_, {}, [this] {
      auto reading = system::SystemClock::read_machine();
      reading.boot_ns += passed_us_ * 1'000;
      reading.wall_ns += (passed_us_ + jumped_us_) * 1'000;
      return reading;
    });
    ASSERT_TRUE(service) << service.error().message;
    service_ = *std::move(service);
    ASSERT_TRUE(service_->start());
  }
  void pass(Duration time) { passed_us_ += time.us; }
  /// Somebody sets the machine's clock.
  void jump(Duration by) { jumped_us_ += by.us; }
  void restart() {
    service_->stop();
    service_.reset();
    open();
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  Reply ask(http::Method method, std::string target, std::string body = "", Headers more = {}) {
    if (more.empty() || more.front().first != "no-key")
      more.emplace_back("authorization", fmt::format("Bearer {}", kKey));
    http::Request request;
    request.method = method;
    request.target = target;
    const std::string_view whole(target);
    request.path = whole.substr(0, whole.find('?'));
    if (request.path.size() < whole.size())
      request.query_text = whole.substr(request.path.size() + 1);
    request.peer = "192.0.2.7";
    request.id = fmt::format("t{}", ++requests_);
    request.body_view = body;
    for (const auto& [name, value] : more) request.headers[request.header_count++] = {name, value};
    auto promise = std::make_shared<std::promise<http::Response>>();
    auto future = promise->get_future();
    service_->router().dispatch(request, http::Responder(std::make_unique<Captured>(promise)));
    Reply reply;
    reply.response = future.get();
    return reply;
  }
  Reply get(std::string target, Headers more = {}) {
    return ask(http::Method::Get, std::move(target), "", std::move(more));
  }
  Reply post(std::string target, std::string body, Headers more = {}) {
    return ask(http::Method::Post, std::move(target), std::move(body), std::move(more));
  }
  std::string place(const std::string& number) {
    auto reply = post("/v1/orders", fmt::format(R"({{"order_no":"{}","shop":"山野户外",
      "currency":"CNY","total":25800,
      "lines":[{{"id":"1","name":"双人帐篷","quantity":2}}],
      "receiver":{{"name":"张三丰","phone":"13800005678"}}}})",
                                                number));
    EXPECT_EQ(reply.response.status, 201) << reply.response.body;
    return reply.text("id");
  }
  Reply command(const std::string& id, const std::string& name, std::string body = "{}",
                Headers more = {}) {
    return post(fmt::format("/v1/orders/{}/commands/{}", id, name), std::move(body),
                std::move(more));
  }
  /// Facts, one a line, as `POST /v1/events` takes them.
  Reply tell(std::string lines) {
    http::Request request;
    request.method = http::Method::Post;
    request.target = request.path = "/v1/events";
    request.peer = "192.0.2.7";
    request.id = fmt::format("t{}", ++requests_);
    const auto key = fmt::format("Bearer {}", kKey);
    request.headers[request.header_count++] = {"authorization", key};
    request.headers[request.header_count++] = {"content-type", "application/x-ndjson"};
    const auto found = service_->router().find(request);
    auto sink = found.route->options.stream(request, [] {});
    EXPECT_TRUE(sink) << sink.error().message;
    auto promise = std::make_shared<std::promise<http::Response>>();
    auto future = promise->get_future();
    (*sink)->take(lines);
    (*sink)->end(http::Responder(std::make_unique<Captured>(promise)));
    Reply reply;
    reply.response = future.get();
    return reply;
  }
  std::string state(const std::string& id) {
    return get(fmt::format("/v1/orders/{}/status", id)).text("state");
  }

  static inline int next_ = 0;
  int requests_ = 0;
  fs::path folder_;
  std::atomic<std::int64_t> passed_us_{0}, jumped_us_{0};
  Settings settings_;
  std::unique_ptr<Service> service_;
};

}  // namespace cairn::app::testing

#include <fstream>
#include <set>

#include <yaml-cpp/yaml.h>

#include "app/service_test_support.hpp"
#include "http/test_client.hpp"

namespace cairn::app {
namespace {

namespace fs = std::filesystem;
using testing::Reply;
using testing::ServiceTest;

TEST_F(ServiceTest, has_the_routes_that_the_description_names) {
  std::set<std::string> described, there;
  const auto root = YAML::LoadFile(CAIRN_SOURCE_DIR "/api/openapi.yaml");
  for (const auto& path : root["paths"])
    for (const auto& operation : path.second) {
      const auto verb = operation.first.as<std::string>();
      if (verb == "parameters") continue;
      auto upper = verb;
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      described.insert(upper + " " + path.first.as<std::string>());
      EXPECT_TRUE(operation.second["responses"]["default"])
          << verb << " " << path.first << " does not say how it fails";
    }
  for (const auto& route : service_->router().routes())
    there.insert(fmt::format("{} {}", name_of(route.method), route.pattern));
  EXPECT_EQ(described, there);
}

TEST_F(ServiceTest, has_a_word_for_every_code) {
  const auto& words = service_->installation().definitions().words;
  const auto complete = [&](std::string_view vocabulary, std::span<const std::string_view> codes) {
    const auto found = words.all().find(vocabulary);
    ASSERT_NE(found, words.all().end()) << vocabulary;
    for (const auto code : codes)
      EXPECT_TRUE(found->second.contains(code)) << vocabulary << ": " << code;
  };
  complete("payment_state", model::Names<model::PaymentState>::all());
  complete("payment_terms", model::Names<model::PaymentTerms>::all());
  complete("line_kind", model::Names<model::LineKind>::all());
  complete("step", model::Names<model::Step>::all());
  complete("direction", model::Names<model::Direction>::all());
  complete("case_type", model::Names<model::CaseType>::all());
  complete("relation_kind", model::Names<model::RelationKind>::all());
  complete("package_flag", model::Names<model::PackageFlag>::all());
  complete("received_by", model::Names<model::ReceivedBy>::all());
  complete("promise_of", model::Names<model::PromiseOf>::all());
  complete("promise_basis", model::Names<model::PromiseBasis>::all());
  complete("node_action", model::Names<model::NodeAction>::all());
  complete("reached", model::Names<model::Reached>::all());
}

TEST_F(ServiceTest, places_an_order_once_however_often_it_is_told) {
  const std::string body = R"({"order_no":"A-1","total":100,"currency":"CNY"})";
  auto first = post("/v1/orders", body);
  EXPECT_EQ(first.response.status, 201);
  auto again = post("/v1/orders", R"({ "currency":"CNY", "order_no":"A-1", "total":100 })");
  EXPECT_EQ(again.response.status, 200);
  EXPECT_EQ(again.text("id"), first.text("id"));
  EXPECT_EQ(again.text("event"), first.text("event"));
  auto other = post("/v1/orders", R"({"order_no":"A-1","total":101,"currency":"CNY"})");
  EXPECT_EQ(other.response.status, 409);
  EXPECT_EQ(other.text("code"), "id-reused");
  EXPECT_EQ(service_->orders(), 1u);
}

TEST_F(ServiceTest, lets_a_body_that_could_not_be_read_be_mended) {
  auto wrong = post("/v1/orders", R"({"order_no":"A-2","lines":[{"id":"1","amount":2}]})");
  EXPECT_EQ(wrong.response.status, 422);
  EXPECT_EQ(wrong.text("pointer"), "/lines/0/amount");
  EXPECT_EQ(
      post("/v1/orders", R"({"order_no":"A-2","lines":[{"id":"1","quantity":2}]})").response.status,
      201);
}

TEST_F(ServiceTest, answers_a_command_again_when_its_key_comes_again) {
  const auto id = place("A-3");
  const Headers key{{"idempotency-key", "k1"}};
  auto paid = command(id, "record_payment", R"({"payment_id":"p1","amount":25800})", key);
  EXPECT_EQ(paid.response.status, 200) << paid.response.body;
  auto again = command(id, "record_payment", R"({"payment_id":"p1","amount":25800})", key);
  EXPECT_EQ(again.text("event"), paid.text("event"));
  EXPECT_EQ(paid.header("Cairn-Replayed"), "");
  EXPECT_EQ(again.header("Cairn-Replayed"), "true");
  auto refused = command(id, "ship_package", R"({"package":"1"})", {{"idempotency-key", "k2"}});
  EXPECT_EQ(refused.response.status, 409);
  EXPECT_EQ(refused.text("state"), "paid");
  EXPECT_NE(refused.response.body.find("\"allowed\":[\"approve_order\""), std::string::npos);
  EXPECT_EQ(refused.header("Cairn-Replayed"), "");
  restart();
  auto kept = command(id, "ship_package", R"({"package":"1"})", {{"idempotency-key", "k2"}});
  EXPECT_EQ(kept.response.status, 409);
  EXPECT_EQ(kept.text("detail"), refused.text("detail"));
  EXPECT_EQ(kept.header("Cairn-Replayed"), "true");
  EXPECT_EQ(command(id, "approve_order", "{}", {{"idempotency-key", "k2"}}).text("code"),
            "id-reused");
}

TEST_F(ServiceTest, refuses_a_command_meant_for_another_version) {
  const auto id = place("A-4");
  auto seen = get("/v1/orders/" + id);
  EXPECT_EQ(seen.header("ETag"), "\"v1\"");
  EXPECT_EQ(command(id, "add_note", R"({"text":"x"})", {{"if-match", "\"v1\""}}).response.status,
            200);
  auto late = command(id, "add_note", R"({"text":"y"})", {{"if-match", "\"v1\""}});
  EXPECT_EQ(late.response.status, 412);
  EXPECT_EQ(late.text("code"), "version-mismatch");
}

TEST_F(ServiceTest, is_after_a_restart_as_it_was) {
  const auto id = place("A-5");
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  command(id, "add_tag", R"({"tag":"vip"})");
  auto before = get("/v1/orders/" + id);
  restart();
  auto after = get("/v1/orders/" + id);
  EXPECT_EQ(before.header("ETag"), after.header("ETag"));
  EXPECT_EQ(state(id), "paid");
  auto list = get("/v1/orders?tag=vip");
  EXPECT_NE(list.response.body.find(id), std::string::npos);
  EXPECT_NE(get("/v1/orders?phone_tail=5678").response.body.find(id), std::string::npos);
  EXPECT_EQ(get("/v1/orders?phone_tail=0000").response.body.find(id), std::string::npos);
}

TEST_F(ServiceTest, shows_personal_data_masked_and_reveals_it_on_record) {
  const auto id = place("A-6");
  for (const auto& path : {"", "/status", "/timeline", "/audit"}) {
    const auto body = get("/v1/orders/" + id + path).response.body;
    EXPECT_EQ(body.find("张三丰"), std::string::npos) << path;
    EXPECT_EQ(body.find("13800005678"), std::string::npos) << path;
  }
  auto revealed = command(id, "reveal_personal", R"({"reason":"客户来电"})");
  EXPECT_NE(revealed.response.body.find("13800005678"), std::string::npos);
  EXPECT_EQ(revealed.header("Cache-Control"), "no-store");
  const auto audit = get("/v1/orders/" + id + "/audit").response.body;
  EXPECT_NE(audit.find("personal_revealed"), std::string::npos);
  EXPECT_NE(audit.find("192.0.2.7"), std::string::npos);
  EXPECT_NE(audit.find("\"name\":\"sha256:"), std::string::npos);
}

TEST_F(ServiceTest, follows_a_link_until_it_is_taken_away) {
  const auto id = place("A-7");
  auto link = command(id, "create_link");
  const auto result = link.json().find("result");
  ASSERT_TRUE(result);
  const auto token = result->find("token")->as_id().value_or("");
  ASSERT_EQ(token.size(), 27u);
  const auto shown = [&](const std::string& t) { return get("/v1/public/" + t, {{"no-key", ""}}); };
  // The claim is a letter to the reference: it arrives a moment after the answer.
  auto page = shown(token);
  for (int i = 0; i < 10'000 && page.response.status != 200; ++i) page = shown(token);
  ASSERT_EQ(page.response.status, 200) << page.response.body;
  EXPECT_EQ(page.response.body.find("张"), std::string::npos);
  EXPECT_EQ(page.header("X-Robots-Tag"), "noindex, nofollow");
  const auto unknown = shown("AAAAAAAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(unknown.response.status, 404);
  const auto order = get("/v1/orders/" + id);
  const auto body = order.response.body;
  const auto at = body.find("\"scheme\":\"link\"");
  ASSERT_NE(at, std::string::npos);
  const auto value_at = body.find("\"value\":\"", at) + 9;
  const auto value = body.substr(value_at, 64);
  EXPECT_EQ(command(id, "remove_reference",
                    fmt::format(R"({{"reference":{{"scheme":"link","value":"{}"}}}})", value))
                .response.status,
            200);
  page = shown(token);
  for (int i = 0; i < 10'000 && page.response.status == 200; ++i) page = shown(token);
  EXPECT_EQ(page.response.status, 404);
  const auto without_request = [](std::string text) {
    return text.substr(0, text.find("\"request\""));
  };
  EXPECT_EQ(without_request(page.response.body), without_request(unknown.response.body));
}

TEST_F(ServiceTest, follows_a_link_until_its_time_is_over) {
  const auto id = place("A-8");
  const auto link = [&](std::string body) {
    auto answer = command(id, "create_link", std::move(body));
    const auto token = answer.json().find("result")->find("token")->as_id().value_or("");
    // The claim is a letter to the reference: it arrives a moment after the answer.
    for (int i = 0; i < 10'000 && get("/t/" + token).response.status != 200; ++i) continue;
    return token;
  };
  const auto brief = link(R"({"days":1})"), lasting = link(R"({"days":30})");
  const auto status_of = [&](const std::string& path) { return get(path).response.status; };
  for (const auto* path : {"/t/", "/v1/public/"})
    for (const auto& token : {brief, lasting}) EXPECT_EQ(status_of(path + token), 200) << path;
  pass(days(3));
  for (const auto* path : {"/t/", "/v1/public/"}) {
    EXPECT_EQ(status_of(path + brief), 404) << path;
    EXPECT_EQ(status_of(path + lasting), 200) << path;
  }
  EXPECT_EQ(get("/t/" + brief).response.body, get("/t/" + std::string(27, 'A')).response.body)
      << "what is over is told as what never was";
}

TEST_F(ServiceTest, asks_for_the_key_and_keeps_to_the_role) {
  const auto id = place("A-8");
  EXPECT_EQ(get("/v1/board", {{"no-key", ""}}).response.status, 401);
  EXPECT_EQ(get("/v1/board", {{"no-key", ""}, {"authorization", "Bearer wrong"}}).response.status,
            401);
  EXPECT_EQ(get("/healthz", {{"no-key", ""}}).response.status, 200);
  auto refused = command(id, "record_payment", R"({"payment_id":"p","amount":25800})",
                         {{"cairn-role", "warehouse"}});
  EXPECT_EQ(refused.response.status, 409) << refused.response.body;
  EXPECT_EQ(state(id), "awaiting_payment");
}

TEST_F(ServiceTest, pages_the_audit_of_all_without_gap_or_repetition) {
  std::set<std::string> wanted;
  for (int i = 0; i < 7; ++i) {
    const auto id = place(fmt::format("B-{}", i));
    wanted.insert(id + "/order_placed");
    command(id, "add_note", R"({"text":"x"})");
    wanted.insert(id + "/note_added");
  }
  std::vector<std::string> seen;
  std::string cursor;
  Time last_time = Time::never();
  do {
    auto page = get("/v1/audit?limit=3&cursor=" + cursor);
    ASSERT_EQ(page.response.status, 200) << page.response.body;
    page.json().find("items")->elements([&](json::Value item) {
      const auto recorded =
          parse_rfc3339(item.find("recorded")->as_string().value_or("")).value().time;
      EXPECT_LE(recorded.us, last_time.us);
      last_time = recorded;
      if (const auto order = item.find("order"))
        seen.push_back(fmt::format("{}/{}", order->as_string().value_or(""),
                                   item.find("what")->as_string().value_or("")));
      return true;
    });
    cursor = page.text("next_cursor");
  } while (!cursor.empty());
  EXPECT_EQ(seen.size(), wanted.size());
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()), wanted);
}

TEST_F(ServiceTest, puts_old_segments_away_and_reads_them_in_the_audit) {
  service_.reset();
  fs::remove_all(folder_);
  settings_.segment_bytes = 1u << 20;
  settings_.shards = 1;
  open();
  const auto id = place("D-1");
  std::string items;
  for (int i = 0; i < 400; ++i)
    items += fmt::format(R"({}{{"order":"{}","name":"add_note","data":{{"text":"{:04} {}"}}}})",
                         i ? "," : "", id, i, std::string(3'900, 'x'));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(post("/v1/commands", "{\"items\":[" + items + "]}").response.status, 200);
  restart();  // the piles are written before the end, then the log lets go
  EXPECT_FALSE(fs::is_empty(folder_ / "data/audit"));
  EXPECT_GT(service_->installation().stores().logs[0]->first(), 1u);
  std::size_t notes = 0;
  std::string cursor;
  do {
    auto page = get("/v1/audit?limit=200&cursor=" + cursor);
    ASSERT_EQ(page.response.status, 200) << page.response.body;
    page.json().find("items")->elements([&](json::Value item) {
      notes += item.find("what")->as_string().value_or("") == "note_added";
      return true;
    });
    cursor = page.text("next_cursor");
  } while (!cursor.empty());
  EXPECT_EQ(notes, 800u);
}

TEST_F(ServiceTest, does_not_follow_a_clock_that_jumps_before_it_is_told) {
  const auto metric = [&](std::string_view direction) {
    const auto name = fmt::format("\ncairn_clock_jump_{}_seconds ", direction);
    const auto text = get("/metrics").response.body;
    const auto at = text.find(name);
    return at == std::string::npos ? "none" : text.substr(at + name.size(), 4);
  };
  const auto before = service_->clock().now();
  EXPECT_EQ(metric("ahead").substr(0, 2), "0\n");
  EXPECT_EQ(get("/readyz").response.body.find("clock_jump"), std::string::npos);
  jump(hours(2));
  ::testing::internal::CaptureStderr();
  service_->clock_watch().look();
  service_->clock_watch().look();
  const auto told = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(told.find("warning clock_jump"), told.rfind("warning clock_jump")) << told;
  EXPECT_NE(told.find("warning clock_jump"), std::string::npos) << told;
  EXPECT_LT(service_->clock().now(), before + hours(1));
  EXPECT_TRUE(metric("ahead").starts_with("7200") || metric("ahead").starts_with("7199"));
  const auto ready = get("/readyz").response;
  EXPECT_EQ(ready.status, 200);
  EXPECT_NE(ready.body.find("ahead of Cairn's time"), std::string::npos) << ready.body;

  service_->clock_watch().follow();
  EXPECT_GE(service_->clock().now(), before + hours(2));
  EXPECT_EQ(get("/readyz").response.body.find("clock_jump"), std::string::npos);
}

TEST_F(ServiceTest, goes_on_in_time_from_what_was_written_down) {
  const auto id = place("T-1");
  const auto written = service_->clock().now();
  jump(hours(-3));
  restart();
  EXPECT_GT(service_->clock().now(), written - seconds(60));
  EXPECT_NE(get("/readyz").response.body.find("behind Cairn's time"), std::string::npos);
  pass(minutes(9));
  service_->clock_watch().look();
  EXPECT_NE(get("/readyz").response.body.find("clock_jump"), std::string::npos);
  EXPECT_EQ(command(id, "add_note", R"({"text":"n"})").response.status, 200);
  pass(minutes(2));
  service_->clock_watch().look();
  EXPECT_EQ(get("/readyz").response.body.find("clock_jump"), std::string::npos);
  EXPECT_GT(service_->clock().now(), written + minutes(9));
}

TEST_F(ServiceTest, keeps_to_the_limits_of_its_settings) {
  const auto file = (folder_ / "cairn.yaml").string();
  std::ofstream(file) << "body_bytes_max: 2048\njson_depth_max: 8\nhead_bytes_max: 4096\n"
                         "target_bytes_max: 1000\nidle_seconds_max: 1\n"
                         "event_bytes_max: 1024\nbatch_events_max: 1\nbatch_bytes_max: 3000\n";
  const auto loaded = Settings::load(file, settings_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  settings_ = *loaded;
  restart();

  const auto send = [&](std::string_view target, std::string_view type, std::string_view body) {
    http::TestClient client(service_->port());
    client.send(
        fmt::format("POST {} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {}\r\n"
                    "Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                    target, kKey, type, body.size(), body));
    return client.read_answer();
  };
  const auto expect_refused = [](const http::Answer& answer, int status, std::string_view why) {
    EXPECT_EQ(answer.status, status) << answer.head;
    EXPECT_NE(answer.body.find(why), std::string::npos) << answer.body;
  };
  constexpr auto kJson = "application/json", kBatch = "application/cloudevents-batch+json";
  expect_refused(send("/v1/orders", kJson, std::string(2'049, ' ')), 413, "2048 bytes");
  expect_refused(send("/v1/orders", kJson, "[[[[[[[[[]]]]]]]]]"), 413, "8 levels");
  expect_refused(send("/v1/commands", kJson, "[[[[[[[[[]]]]]]]]]"), 413, "8 levels");
  expect_refused(send("/v1/events", kBatch, "[{},{}]"), 413, "at most 1 events");
  expect_refused(send("/v1/events", kBatch, std::string(3'001, ' ')), 413, "3000 bytes");
  expect_refused(send("/v1/events", "application/cloudevents+json", std::string(1'025, ' ')), 413,
                 "at most 1024");
  http::TestClient first(service_->port()), second(service_->port());
  const auto far = first.get("/" + std::string(1'001, 'a'));
  expect_refused(far, 431, "target is too long");
  EXPECT_EQ(second.get("/healthz").status, 200);
  EXPECT_EQ(second.get("/healthz", "A: " + std::string(4'096, 'a') + "\r\n").status, 431);

  http::TestClient idle(service_->port());
  EXPECT_EQ(idle.get("/healthz").status, 200);
  EXPECT_TRUE(idle.is_at_end());

  settings_.http.idle_seconds_max = 75;
  settings_.http.connections_max = 2;
  restart();
  http::TestClient one(service_->port()), two(service_->port());
  EXPECT_EQ(one.get("/healthz").status, 200);
  EXPECT_EQ(two.get("/healthz").status, 200);
  http::TestClient three(service_->port());
  EXPECT_EQ(three.read_answer().status, 503);
}

TEST_F(ServiceTest, names_every_limit_that_is_out_of_bounds) {
  Settings wrong;
  wrong.http.idle_seconds_max = 0;
  wrong.intake.json_depth_max = 33;
  wrong.http.body_bytes_max = 1;
  const auto faults = wrong.validate();
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0], "body_bytes_max: 1 is out of bounds; give 1024 to 8388608 bytes");
  EXPECT_EQ(faults[1], "idle_seconds_max: 0 is out of bounds; give 1 to 86400 seconds");
  EXPECT_EQ(faults[2], "json_depth_max: 33 is out of bounds; give 8 to 32 levels");
  EXPECT_TRUE(Settings().validate().empty());
}

TEST_F(ServiceTest, leaves_nothing_behind_of_commands_to_nobody) {
  const auto before = service_->installation().cluster().totals().aggregates;
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(command(fmt::format("{:016}", i), "add_note", R"({"text":"x"})").response.status,
              404);
  place("C-1");
  EXPECT_LE(service_->installation().cluster().totals().aggregates, before + 1);
}

TEST(TroubleLog, tells_each_kind_once_a_minute) {
  TroubleLog log;
  const Time start{0};
  EXPECT_TRUE(log.tell("storage_piles", "the disk is full", start));
  EXPECT_FALSE(log.tell("storage_piles", "the disk is full", start + seconds(59)));
  EXPECT_TRUE(log.tell("storage_log", "the disk is full", start + seconds(59)));
  EXPECT_TRUE(log.tell("storage_piles", "the disk is full", start + seconds(60)));
}

}  // namespace
}  // namespace cairn::app

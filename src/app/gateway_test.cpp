#include <map>

#include <yaml-cpp/yaml.h>

#include "app/parameters.hpp"
#include "app/position.hpp"
#include "app/service_test_support.hpp"
#include "base/text.hpp"
#include "http/test_client.hpp"

/// What the gateway shows of orders, and how it waits, refuses and explains.
namespace cairn::app {
namespace {

using testing::Reply;
using testing::ServiceTest;

using GatewayTest = ServiceTest;

TEST_F(GatewayTest, shows_what_waits_in_quarantine_and_lets_it_be_dismissed) {
  auto told = tell(
      R"({"id":"s1","source":"generic","type":"package_scanned","reference":{"scheme":"tracking","issuer":"zto","value":"Z900"},"occurred":"2026-01-02T03:04:05Z","data":{"number":"Z900","carrier":"zto","milestone":"in_transit","place":"南京市"}})"
      "\n");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  auto page = get("/v1/quarantine?after=" + told.text("position"));
  const auto item = [](Reply& reply) {
    std::optional<json::Value> first;
    reply.json().find("items")->elements([&](json::Value each) {
      first = each;
      return false;
    });
    return first;
  };
  const auto waiting = item(page);
  ASSERT_TRUE(waiting) << page.response.body;
  for (const auto* part : {R"("sources":["generic"])", R"("type":"package_scanned")",
                           R"("occurred":"2026-01-02T03:04:05Z")", R"("source":"generic")",
                           R"("place":"南京市")", R"("raw":)"})
    EXPECT_NE(page.response.body.find(part), std::string::npos) << part << page.response.body;
  EXPECT_EQ(get("/v1/quarantine", {{"cairn-role", "supplier"}}).response.body.find("\"raw\""),
            std::string::npos);
  EXPECT_NE(get("/v1/quarantine?source=taobao").response.body.find("\"total\":0"),
            std::string::npos);
  EXPECT_NE(get("/v1/quarantine?q=z90").response.body.find("\"total\":1"), std::string::npos);
  const auto id = waiting->find("id")->as_id().value_or("");
  const auto gone =
      post("/v1/quarantine/" + id + "/dismiss", R"({"reason":"not_ours","text":"test scan"})");
  EXPECT_EQ(gone.response.status, 204) << gone.response.body;
  auto after = get("/v1/quarantine?after=" + gone.header("Cairn-Position"));
  EXPECT_EQ(after.text("total"), "0") << after.response.body;
  EXPECT_EQ(post("/v1/quarantine/" + id + "/dismiss", R"({"reason":"not_ours"})").response.status,
            404);
}

TEST_F(GatewayTest, names_both_sides_of_a_conflict_and_the_shop) {
  const auto id = place("G-1");
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  tell(fmt::format(
      R"({{"specversion":"1.0","id":"e1","source":"shopify","type":"payment_received","subject":"cairn:{}","time":"2030-01-01T00:00:00Z","data":{{"payment_id":"p1","amount":1}}}})"
      "\n"
      R"({{"specversion":"1.0","id":"e2","source":"generic","type":"package_shipped","subject":"cairn:{}","time":"2020-01-01T00:00:00Z","data":{{"package":"K"}}}})"
      "\n",
      id, id));
  auto page = get("/v1/conflicts");
  EXPECT_NE(page.response.body.find(R"("shop":"山野户外")"), std::string::npos);
  const auto order = get("/v1/orders/" + id).response.body;
  for (const auto& body : {page.response.body, order}) {
    EXPECT_NE(body.find(R"("source":"generic")"), std::string::npos);
    EXPECT_NE(body.find(R"("at":"2020-01-01T00:00:00Z")"), std::string::npos);
    EXPECT_NE(body.find("发货早于下单"), std::string::npos);
    EXPECT_EQ(body.find(R"("sides":[])"), std::string::npos);
  }
  EXPECT_EQ(get("/v1/conflicts?code=no_such").text("pointer"), "/code");
  EXPECT_NE(get("/v1/conflicts?code=id_reused").response.body.find(R"("items":[])"),
            std::string::npos);
}

TEST_F(GatewayTest, lets_somebody_else_approve_what_one_asks_for) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto as = [](const char* role, const char* actor) {
    return Headers{{"cairn-role", role}, {"cairn-actor", actor}};
  };
  const auto id = place("G-9");
  auto asked =
      command(id, "change_price", R"({"total":9900,"reason":"loyal"})", as("service", "li"));
  ASSERT_EQ(asked.response.status, 202) << asked.response.body;
  EXPECT_EQ(asked.text("outcome"), "requested");
  EXPECT_NE(asked.response.body.find(R"("approval":["supervisor"])"), std::string::npos);
  const auto request = asked.text("request");
  EXPECT_EQ(get("/v1/requests/" + request).text("state"), "pending");
  const auto seen = get("/v1/orders/" + id, as("supervisor", "wang")).response.body;
  for (const auto* part :
       {R"("approval":["supervisor"],"approved_by":[],"actor":"li","role":"service")",
        R"("data":{"reason":"loyal","total":9900})", R"("name":"approve_request")",
        R"("name":"refuse_request")", R"("total":25800)"})
    EXPECT_NE(seen.find(part), std::string::npos) << part << seen;
  EXPECT_EQ(get("/v1/orders/" + id, as("warehouse", "zhao"))
                .response.body.find(R"("name":"approve_request")"),
            std::string::npos);

  const auto word = fmt::format(R"({{"request_id":"{}"}})", request);
  EXPECT_EQ(command(id, "approve_request", word, as("supervisor", "li")).response.status, 403);
  EXPECT_EQ(command(id, "approve_request", word, as("warehouse", "zhao")).response.status, 403);
  auto done = command(id, "approve_request", word, as("supervisor", "wang"));
  ASSERT_EQ(done.response.status, 200) << done.response.body;
  EXPECT_NE(get("/v1/orders/" + id).response.body.find(R"("total":9900)"), std::string::npos);
  auto ended = get("/v1/requests/" + request);
  EXPECT_EQ(ended.text("state"), "granted");
  EXPECT_NE(ended.response.body.find(R"("approved_by":["wang"])"), std::string::npos);
  const auto audit = get("/v1/orders/" + id + "/audit").response.body;
  EXPECT_NE(audit.find(R"("actor":"wang","role":"supervisor")"), std::string::npos) << audit;
  EXPECT_NE(audit.find(R"("what":"request_approved")"), std::string::npos);
  EXPECT_NE(audit.find(R"("what":"price_changed")"), std::string::npos);
  EXPECT_EQ(command(id, "add_note", R"({"text":"x"})",
                    {{"cairn-actor",
                      "a\x01"
                      "b"}})
                .response.status,
            422);
}

TEST_F(GatewayTest, shows_buyer_city_turn_and_due_in_lists) {
  auto placed = post("/v1/orders", R"({"order_no":"G-2","total":0,"shop":"S","currency":"CNY",
      "promised_delivery":"2099-01-01T00:00:00Z","lines":[{"id":"1","quantity":1}],
      "buyer":{"name":"欧阳明日","city":"杭州市"}})");
  ASSERT_EQ(placed.response.status, 201) << placed.response.body;
  const auto id = placed.text("id");
  const auto row = [&] { return get("/v1/orders?id=" + id).response.body; };
  EXPECT_NE(row().find("\"buyer\":\"欧"), std::string::npos) << row();
  EXPECT_EQ(row().find("明日"), std::string::npos);
  EXPECT_NE(row().find(R"("city":"杭州市")"), std::string::npos);
  EXPECT_NE(row().find("\"due_at\":\"2099"), std::string::npos);
  EXPECT_NE(get("/v1/board").response.body.find("\"buyer\":\"欧"), std::string::npos);
  command(id, "hold_order", R"({"reason":"risk_review"})");
  EXPECT_NE(row().find(R"("next_owner":"order_desk")"), std::string::npos) << row();
  EXPECT_NE(get("/v1/orders/" + id).response.body.find(R"("next_owner":"order_desk")"),
            std::string::npos);
  command(id, "release_hold", R"({"reason":"risk_review"})");
  tell(fmt::format(
      R"({{"specversion":"1.0","id":"d1","source":"generic","type":"package_delivered","subject":"cairn:{}","time":"{}","data":{{"package":"K"}}}})"
      "\n",
      id, format_rfc3339(service_->clock().now())));
  EXPECT_EQ(state(id), "delivered");
  EXPECT_EQ(row().find("due_at"), std::string::npos) << row();
  EXPECT_EQ(get("/v1/orders/" + id).response.body.find("due_at"), std::string::npos);
  restart();
  EXPECT_NE(row().find("\"buyer\":\"欧"), std::string::npos) << "a row is as it was";
  EXPECT_NE(row().find(R"("city":"杭州市")"), std::string::npos);
}

TEST_F(GatewayTest, shows_notes_to_staff_everywhere_and_to_others_nowhere) {
  const auto id = place("G-3");
  command(id, "add_note", R"({"text":"客户周末不在家"})");
  for (const auto* path : {"", "/timeline"}) {
    EXPECT_NE(get("/v1/orders/" + id + path).response.body.find("客户周末不在家"),
              std::string::npos)
        << path;
    EXPECT_EQ(get("/v1/orders/" + id + path, {{"cairn-role", "supplier"}})
                  .response.body.find("客户周末不在家"),
              std::string::npos)
        << path;
  }
}

TEST_F(GatewayTest, says_which_field_is_wrong_and_how_to_mend_it) {
  const auto id = place("G-4");
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  auto wrong = command(id, "hold_order", R"({"reason":"because"})");
  EXPECT_EQ(wrong.response.status, 422);
  EXPECT_EQ(wrong.text("pointer"), "/reason");
  EXPECT_NE(wrong.response.body.find(R"("pointer":"#/reason")"), std::string::npos);
  EXPECT_TRUE(wrong.text("detail").starts_with("reason: ")) << wrong.text("detail");
  const std::string unknown(32, 'a');
  auto missing = post(fmt::format("/v1/orders/{}/corrections", id),
                      fmt::format(R"({{"target":"{}","reason":"wrong_ship"}})", unknown));
  EXPECT_EQ(missing.response.status, 422) << missing.response.body;
  EXPECT_EQ(missing.text("pointer"), "/target");
  EXPECT_NE(missing.text("detail").find(unknown), std::string::npos);
}

TEST_F(GatewayTest, corrects_only_the_version_that_was_seen) {
  const auto id = place("G-6");
  const auto note = command(id, "add_note", R"({"text":"x"})").text("event");
  const auto correct = [&](std::string_view version) {
    return post(fmt::format("/v1/orders/{}/corrections", id),
                fmt::format(R"({{"target":"{}","reason":"other","retract":true}})", note),
                {{"if-match", std::string(version)}});
  };
  auto late = correct("\"v1\"");
  EXPECT_EQ(late.response.status, 412) << late.response.body;
  EXPECT_EQ(late.text("code"), "version-mismatch");
  const auto done = correct(get("/v1/orders/" + id).header("ETag"));
  EXPECT_EQ(done.response.status, 200) << done.response.body;
}

TEST_F(GatewayTest, streams_and_lists_refuse_a_code_that_there_is_not) {
  for (const auto* list : {"/v1/orders", "/v1/live"})
    for (const auto* name : {"category", "health", "lane"}) {
      auto answer = get(fmt::format("{}?{}=nonsense", list, name));
      EXPECT_EQ(answer.response.status, 422) << list << " " << name;
      EXPECT_EQ(answer.text("pointer"), fmt::format("/{}", name));
    }
}

TEST_F(GatewayTest, streams_refuse_filters_that_they_do_not_know) {
  const auto refused = [&](std::string_view query, std::string_view pointer) {
    auto answer = get(fmt::format("/v1/live?{}", query));
    EXPECT_EQ(answer.response.status, 422) << query;
    if (answer.response.status == 422) EXPECT_EQ(answer.text("pointer"), pointer);
  };
  refused("state=nonsense", "/state");
  refused("state=retail/nonsense", "/state");
  refused("lifecycle=nonsense", "/lifecycle");
  refused("badge=nonsense", "/badge");
  refused("attribute=a:b", "/attribute");
  refused("placed_from=2026-01-01T00:00:00Z", "/placed_from");
  for (const auto* good :
       {"state=retail/paid,shipped", "lifecycle=retail", "tag=x", "flag=red", "source=shop"})
    EXPECT_EQ(get(fmt::format("/v1/live?{}", good)).response.status, 299) << good;
}

TEST_F(GatewayTest, streams_are_filtered_by_tag_hold_and_state) {
  const auto plain = place("L-1"), tagged = place("L-2");
  const auto listen = [&](std::string_view query) {
    auto client = std::make_unique<http::TestClient>(service_->port());
    client->send(fmt::format(
        "GET /v1/live?{} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {}\r\n\r\n", query, kKey));
    client->read_until("event: heartbeat");
    client->read_until("\n\n");
    return client;
  };
  const auto by_tag = listen("tag=vip"), by_hold = listen("hold=risk_review");
  const auto by_state = listen("state=retail/paid");
  for (const auto& id : {plain, tagged}) command(id, "add_note", R"({"text":"n"})");
  command(tagged, "add_tag", R"({"tag":"vip"})");
  EXPECT_TRUE(by_tag->read_event().contains("\"L-2\""));
  command(plain, "record_payment", R"({"payment_id":"p1","amount":25800})");
  const auto held = command(plain, "hold_order", R"({"reason":"risk_review"})");
  EXPECT_EQ(held.response.status, 200) << held.response.body;
  EXPECT_TRUE(by_hold->read_event().contains("\"L-1\""));
  EXPECT_TRUE(by_state->read_event().contains("\"state\":\"paid\""));
}

TEST_F(GatewayTest, tells_a_reader_who_comes_back_what_was_told_then) {
  tell(
      R"({"type":"order_placed","order":"R-1","id":"r1","occurred":"2026-01-05T08:00:00Z","data":{"shop":"山野户外","promised_delivery":"2099-01-01T00:00:00Z","lines":[{"id":"1","quantity":1}]}})"
      "\n");
  auto list = get("/v1/orders?numbers=R-1");
  std::string id;
  list.json().find("items")->elements([&](json::Value item) {
    id = std::string(*item.find("id")->as_string());
    return false;
  });
  ASSERT_FALSE(id.empty()) << list.response.body;
  tell(
      R"({"type":"payment_received","order":"R-1","id":"r2","occurred":"2026-01-05T09:00:00Z","data":{"in_full":true}})"
      "\n");
  tell(
      R"({"type":"hold_placed","order":"R-1","id":"r3","occurred":"2026-01-05T10:00:00Z","data":{"hold_id":"H","reason":"customer_request"}})"
      "\n");
  http::TestClient client(service_->port());
  client.send(
      fmt::format("GET /v1/orders/{}/live?after=0-0 HTTP/1.1\r\nHost: t\r\nAuthorization: "
                  "Bearer {}\r\n\r\n",
                  id, kKey));
  client.read_until("\r\n\r\n");
  const auto first = client.read_event(), paid = client.read_event(), held = client.read_event();
  EXPECT_TRUE(
      first.contains(R"("cause":{"type":"order_placed","label":{"zh":"下单","en":"Order placed"})"))
      << first;
  EXPECT_TRUE(first.contains(R"("shop":"山野户外")")) << first;
  EXPECT_TRUE(first.contains(R"("health":"on_time")")) << first;
  EXPECT_FALSE(first.contains(R"("health":"paused")")) << first;
  EXPECT_TRUE(paid.contains(R"("cause":{"type":"payment_received")")) << paid;
  EXPECT_TRUE(held.contains(R"("cause":{"type":"hold_placed")")) << held;
  EXPECT_TRUE(held.contains(R"("state":"on_hold")")) << held;
  EXPECT_TRUE(held.contains(R"("health":"paused")")) << held;
}

TEST_F(GatewayTest, offers_choices_in_words) {
  const auto id = place("G-5");
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  const auto body = get("/v1/orders/" + id).response.body;
  // A vocabulary's words, and those of a list of reasons.
  EXPECT_TRUE(body.contains(
      R"({"code":"merged_shipment","label":{"zh":"合并发货","en":"Merged shipment"}})"));
  EXPECT_TRUE(body.contains(R"({"code":"risk_review","label":{"zh":"风险订单核查",)"));
}

TEST_F(GatewayTest, has_in_its_views_what_it_has_answered) {
  for (int i = 0; i < 200; ++i) {
    const auto number = fmt::format("W-{}", i);
    const auto placed = post("/v1/orders", fmt::format(R"({{"order_no":"{}"}})", number));
    const auto at = placed.header("Cairn-Position");
    auto list = get("/v1/orders?reference=order:" + number + "&after=" + at);
    ASSERT_EQ(list.text("total"), "1") << number << " " << list.response.body;
    // The answer's own position is at least as far.
    const auto wanted = parse_position(at), is = parse_position(list.header("Cairn-Position"));
    ASSERT_TRUE(wanted && is);
    for (const auto& [shard, record] : *wanted) EXPECT_GE(is->at(shard), record);
  }
}

TEST_F(GatewayTest, waits_for_a_position_and_answers_all_the_same) {
  auto late = get("/v1/orders?after=0-999999999");
  EXPECT_EQ(late.response.status, 200);
  EXPECT_EQ(get("/v1/board?after=nonsense").text("pointer"), "/after");
}

TEST_F(GatewayTest, calls_a_request_what_its_command_is_called) {
  const auto id = place("G-6");
  // The order of a shop: payment is the shop's to say.
  auto shop = post("/v1/orders", R"({"order_no":"G-7","total":100,"currency":"CNY"})",
                   {{"cairn-source", "taobao"}});
  ASSERT_EQ(shop.response.status, 201) << shop.response.body;
  auto asked = command(shop.text("id"), "cancel_order", R"({"reason":"no_longer_wanted"})");
  ASSERT_EQ(asked.response.status, 202) << asked.response.body;
  auto request = get("/v1/requests/" + asked.text("request"));
  EXPECT_EQ(request.text("state"), "pending");
  EXPECT_NE(request.response.body.find(R"("zh":"取消订单")"), std::string::npos);
  const auto order = get("/v1/orders/" + shop.text("id")).response.body;
  EXPECT_NE(order.find(fmt::format(R"("id":"{}")", asked.text("request"))), std::string::npos);
  EXPECT_NE(get("/metrics").response.body.find("cairn_orders_requests_silent_total 0"),
            std::string::npos);
}

TEST_F(GatewayTest, packs_what_never_changes_once) {
  const auto plain = get("/v1/meta");
  const auto packed = get("/v1/meta", {{"accept-encoding", "gzip"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_LT(packed.response.body.size() * 4, plain.response.body.size());
  const auto etag = plain.header("ETag");
  EXPECT_EQ(get("/v1/meta", {{"if-none-match", "W/" + etag}}).response.status, 304);
}

TEST_F(GatewayTest, describes_values_and_fields_for_forms) {
  const auto meta = get("/v1/meta").response.body;
  EXPECT_TRUE(meta.contains(R"("x-options":{"none":{"zh":"不开票","en":"No invoice"})"));
  EXPECT_TRUE(meta.contains(R"("name":"attributes","type":"attributes","required":true})"));
  const auto ship = std::string_view(meta).substr(meta.find(R"("code":"ship_package")"));
  const auto fields = ship.substr(0, ship.find("]}]"));
  EXPECT_TRUE(fields.contains(R"("name":"leg","type":"text","required":false,"seldom":true})"));
  EXPECT_TRUE(fields.contains(R"("name":"parts","type":"parts","required":false})")) << fields;

  const auto shown = get("/v1/orders/" + place("F1")).response.body;
  EXPECT_TRUE(shown.contains(R"("name":"level","type":"text","required":false,"seldom":true})"));
}

TEST_F(GatewayTest, finds_any_value_of_one_attribute_and_all_of_several) {
  const auto with = [&](std::string_view number, std::string_view attributes) {
    const auto placed = post(
        "/v1/orders", fmt::format(R"({{"order_no":"{}","attributes":{}}})", number, attributes));
    ASSERT_EQ(placed.response.status, 201) << placed.response.body;
  };
  with("A1", R"({"invoice_type":"paper","delivery_preference":"door"})");
  with("A2", R"({"invoice_type":"electronic","delivery_preference":"door"})");
  with("A3", R"({"invoice_type":"none","delivery_preference":"door"})");
  const auto found = [&](std::string_view filter) {
    const auto body = get(fmt::format("/v1/orders?{}", filter)).response.body;
    std::string out;
    for (const std::string_view number : {"A1", "A2", "A3"})
      if (body.contains(fmt::format(R"("order_no":"{}")", number))) out += number;
    return out;
  };
  EXPECT_EQ(found("attribute=invoice_type:paper,invoice_type:electronic"), "A1A2");
  EXPECT_EQ(found("attribute=invoice_type:none&attribute=invoice_type:paper"), "A1A3");
  EXPECT_EQ(found("attribute=invoice_type:none,delivery_preference:door"), "A3");
  EXPECT_EQ(found("attribute=invoice_type:none,delivery_preference:locker"), "");
}

TEST_F(GatewayTest, holds_parameters_to_what_is_described) {
  const auto root = YAML::LoadFile(CAIRN_SOURCE_DIR "/api/openapi.yaml");
  const auto resolved = [&](YAML::Node node) {
    while (node["$ref"]) {
      auto at = YAML::Clone(root);
      for (const auto part : split(std::string_view(node["$ref"].Scalar()).substr(2), '/'))
        at.reset(at[std::string(part)]);
      node.reset(at);
    }
    return node;
  };
  std::map<std::string, std::string> described, there;
  for (const auto& path : root["paths"])
    for (const auto& operation : path.second) {
      const auto parameters = operation.first.Scalar() == "parameters"
                                  ? operation.second
                                  : operation.second["parameters"];
      for (const auto& each : parameters) {
        const auto parameter = resolved(each);
        if (parameter["in"].Scalar() != "query") continue;
        const auto schema = resolved(parameter["schema"]);
        const auto name = parameter["name"].Scalar();
        if (schema["type"].Scalar() == "boolean") described[name] = "flag";
        if (schema["maxLength"]) described[name] = schema["maxLength"].Scalar();
      }
    }
  for (const auto& row : parameter_table())
    there[std::string(row.name)] =
        row.kind == ParameterRow::Kind::Flag ? "flag" : std::to_string(row.characters_max);
  EXPECT_EQ(described, there);
  EXPECT_EQ(get("/v1/orders?shop=" + std::string(501, 'x')).text("pointer"), "/shop");
  EXPECT_EQ(get("/v1/orders?open=perhaps").text("pointer"), "/open");
  EXPECT_EQ(get("/v1/orders?limit=0").text("pointer"), "/limit");
  EXPECT_EQ(get("/v1/quarantine?limit=0").response.status, 422);
  EXPECT_EQ(get("/v1/board?limit=0").response.status, 200);
  EXPECT_EQ(get("/v1/board?group=colour").text("pointer"), "/group");
  EXPECT_EQ(get("/v1/audit?outcome=AAA").text("pointer"), "/outcome");
  EXPECT_EQ(get("/v1/audit?order=nobody").text("pointer"), "/order");
}

TEST_F(GatewayTest, refuses_a_bulk_request_it_cannot_read_as_a_whole) {
  const auto id = place("G-8");
  const auto refused = [&](const std::string& item) {
    auto reply = post(
        "/v1/commands",
        fmt::format(R"({{"items":[{{"order":"{}","name":"add_tag","data":{{"tag":"x"}}}},{}]}})",
                    id, item));
    EXPECT_EQ(reply.response.status, 422) << item;
    return reply.text("pointer");
  };
  EXPECT_EQ(refused(R"({"order":"","name":"add_tag"})"), "/items/1/order");
  EXPECT_EQ(refused(fmt::format(R"({{"order":"{}"}})", id)), "/items/1/name");
  EXPECT_EQ(refused(fmt::format(R"({{"order":"{}","name":"add_tag","date":1}})", id)),
            "/items/1/date");
  EXPECT_EQ(post("/v1/commands", R"({"items":[],"more":1})").text("pointer"), "/more");
  EXPECT_EQ(get("/v1/orders?tag=x").text("total"), "0") << "nothing of it was done";
  EXPECT_EQ(post("/v1/orders", "", {{"idempotency-key", "k"}}).response.status, 400);
  for (const auto& key : {std::string(), std::string(201, 'k')})
    EXPECT_EQ(command(id, "add_tag", R"({"tag":"x"})", {{"idempotency-key", key}}).text("pointer"),
              "/Idempotency-Key");
}

TEST_F(GatewayTest, gives_rows_the_attributes_that_are_asked_for) {
  const auto with = place("L-1"), without = place("L-2");
  const auto set = command(
      with, "set_attributes",
      R"({"attributes":{"trade_mode":"9610","identity_status":"given","customs_documents":"none"}})");
  ASSERT_EQ(set.response.status, 200) << set.response.body;
  const auto list = "/v1/orders?after=" + set.header("Cairn-Position");
  EXPECT_FALSE(get(list).response.body.contains("\"attributes\""));
  auto page = get(list + "&attributes=identity_status,trade_mode,unknown");
  std::map<std::string, std::string> seen;
  page.json().find("items")->elements([&](json::Value row) {
    row.find("attributes")->append_to(seen[row.find("id")->as_id().value_or("")]);
    return true;
  });
  EXPECT_EQ(seen,
            (std::map<std::string, std::string>{
                {with, R"({"identity_status":"given","trade_mode":"9610"})"}, {without, "{}"}}));
  EXPECT_EQ(page.text("total"), "2");
  std::string many;
  for (int i = 0; i < 21; ++i) many += fmt::format("a{},", i);
  EXPECT_EQ(get("/v1/orders?attributes=" + many).text("pointer"), "/attributes");
}

TEST_F(GatewayTest, counts_orders_that_no_group_names_and_those_that_ended) {
  const auto bare = place("L-3"), carried = place("L-4"), ended = place("L-5");
  auto told = tell(fmt::format(
      R"({{"id":"w1","source":"generic","type":"package_shipped","subject":"cairn:{}","occurred":"{}","data":{{"package":"1","carrier":"zto"}}}})"
      "\n",
      carried, format_rfc3339(service_->clock().now())));
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  const auto cancelled = command(ended, "cancel_order", R"({"reason":"no_longer_wanted"})");
  ASSERT_EQ(cancelled.response.status, 200) << cancelled.response.body;
  get("/v1/board?after=" + told.text("position"));
  const auto at = "&after=" + cancelled.header("Cairn-Position");
  const auto groups = [&](const std::string& group) {
    std::map<std::string, std::int64_t> out;
    auto board = get("/v1/board?limit=0&group=" + group + at);
    board.json().find("groups")->elements([&](json::Value each) {
      out[each.find("value")->as_id().value_or("?")] =
          each.find("count")->as_integer().value_or(-1);
      return true;
    });
    return out;
  };
  EXPECT_EQ(groups("carrier"), (std::map<std::string, std::int64_t>{{"", 1}, {"zto", 1}}));
  EXPECT_EQ(groups("supplier"), (std::map<std::string, std::int64_t>{{"", 2}}));
  EXPECT_EQ(groups("shop"), (std::map<std::string, std::int64_t>{{"山野户外", 2}}));
  EXPECT_FALSE(get("/v1/board?limit=0" + at).response.body.contains("\"closed\""));
  const auto whole = get("/v1/board?limit=0&closed=true&category=done,closed" + at).response.body;
  EXPECT_TRUE(whole.contains(R"({"category":"closed","count":1,)")) << whole;
}

}  // namespace
}  // namespace cairn::app

#include <fstream>

#include "adapters/system/posix_storage.hpp"
#include "app/forget.hpp"
#include "app/service_test_support.hpp"
#include "crypto/hash.hpp"

/// What names a person lies sealed, is shown masked, and can be forgotten.
namespace cairn::app {
namespace {

class PrivacyTest : public testing::ServiceTest {
 protected:
  /// Where the bytes lie in the data folder; empty: nowhere.
  std::string file_with(std::string_view bytes) {
    for (const auto& entry : testing::fs::recursive_directory_iterator(settings_.data)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(in)), {});
      if (text.contains(bytes)) return entry.path().string();
    }
    return {};
  }
  std::string seen(const std::string& id, std::string_view what = "") {
    return get(fmt::format("/v1/orders/{}{}", id, what)).response.body;
  }
  std::string first_event(const std::string& id) {
    auto page = get("/v1/orders/" + id + "/timeline");
    const auto& body = page.response.body;
    for (std::size_t at = body.find('"'); at != std::string::npos; at = body.find('"', at + 1)) {
      const auto text = std::string_view(body).substr(at + 1, 33);
      if (text.size() == 33 && text.back() == '"' && from_hex(text.substr(0, 32)))
        return std::string(text.substr(0, 32));
    }
    return {};
  }
  void tell_fact(const std::string& id, std::string_view type, std::string data) {
    std::erase(data, '\n');
    const auto told = tell(fmt::format(
        R"({{"specversion":"1.0","id":"{}-{}","source":"generic","type":"{}","subject":"cairn:{}",)"
        R"("time":"2026-01-02T00:00:00Z","data":{}}})"
        "\n",
        type, id, type, id, data));
    EXPECT_TRUE(told.response.body.contains(R"("accepted":1)")) << told.response.body;
  }
  Result<Forgotten> forget_order(const std::string& id) {
    auto attachments = Attachments::open(storage_, settings_.data + "/attachments",
                                         *service_->installation().stores().keys);
    EXPECT_TRUE(attachments);
    std::promise<Result<Forgotten>> promise;
    forget(service_->installation(), *attachments, *model::parse_order_id(id), {},
           service_->clock().now(),
           [&](Result<Forgotten> done) { promise.set_value(std::move(done)); });
    return promise.get_future().get();
  }

 private:
  system::PosixStorage storage_;
};

TEST_F(PrivacyTest, attributes_that_name_people_are_sealed_and_shown_masked) {
  auto placed = post("/v1/orders", R"({"order_no":"P-1","currency":"CNY","total":100,
      "lines":[{"id":"1","name":"x","quantity":1}],
      "attributes":{"fitter":"欧阳师傅","floor":3}})");
  ASSERT_EQ(placed.response.status, 201) << placed.response.body;
  const auto id = placed.text("id");
  command(id, "set_attributes", R"({"attributes":{"fitter_phone":"13700001234","has_lift":true}})");
  const auto order = seen(id);
  EXPECT_TRUE(
      order.contains(R"("personal_attributes":{"fitter":"欧*","fitter_phone":"137****1234"})"))
      << order;
  EXPECT_TRUE(order.contains(R"("floor":3)")) << order;
  EXPECT_TRUE(order.contains(R"("attribute_faults":[])")) << order;
  for (const auto* what : {"", "/timeline", "/audit"})
    for (const auto* text : {"欧阳师傅", "13700001234"})
      EXPECT_FALSE(seen(id, what).contains(text)) << what;
  const auto revealed = command(id, "reveal_personal", R"({"reason":"客户来电"})").response.body;
  EXPECT_TRUE(revealed.contains(R"("fitter":"欧阳师傅")")) << revealed;
  EXPECT_TRUE(revealed.contains(R"("fitter_phone":"13700001234")")) << revealed;
  // A fact of a source is sealed as well.
  tell_fact(id, "attributes_set", R"({"attributes":{"fitter":"司马师傅"}})");
  EXPECT_TRUE(seen(id).contains(R"("fitter":"司*")")) << seen(id);
  EXPECT_FALSE(seen(id, "/timeline").contains("司马师傅"));
  restart();
  EXPECT_TRUE(seen(id).contains(R"("fitter_phone":"137****1234")"));
  service_->stop();
  for (const auto* text : {"欧阳师傅", "13700001234", "司马师傅"})
    EXPECT_EQ(file_with(text), "") << text;
}

TEST_F(PrivacyTest, a_correction_leaves_personal_data_as_it_was_told) {
  const auto id = place("P-2");
  const auto correct = [&](std::string_view receiver, int total) {
    return post(fmt::format("/v1/orders/{}/corrections", id),
                fmt::format(R"({{"target":"{}","reason":"wrong_number","data":{{"order_no":"P-2",
                  "currency":"CNY","total":{},"lines":[{{"id":"1","name":"双人帐篷","quantity":2}}],
                  "receiver":{}}}}})",
                            first_event(id), total, receiver));
  };
  // As the console sends it back: masked.
  const auto masked = correct(R"({"name":"张*","phone":"138****5678","city":"上海"})", 19900);
  EXPECT_LT(masked.response.status, 300) << masked.response.body;
  EXPECT_TRUE(seen(id).contains(R"("total":19900)"));
  EXPECT_TRUE(seen(id).contains(R"("name":"张*")")) << seen(id);
  EXPECT_TRUE(seen(id).contains(R"("city":"上海")")) << seen(id);
  auto named = correct(R"({"name":"李四光明"})", 18800);
  EXPECT_EQ(named.response.status, 422);
  EXPECT_EQ(named.text("pointer"), "/data/receiver/name") << named.response.body;
  // What is personal depends on what is corrected: the words of a hold are not, those of a note
  // are.
  const auto correct_words = [&](const std::string& event, std::string_view data) {
    return post(fmt::format("/v1/orders/{}/corrections", id),
                fmt::format(R"({{"target":"{}","reason":"wrong_number","data":{}}})", event, data));
  };
  command(id, "record_payment", R"({"payment_id":"p1","amount":19900})");
  auto hold = command(id, "hold_order", R"({"reason":"customer_request","text":"等回电"})");
  auto note = command(id, "add_note", R"({"text":"打给张三丰"})");
  auto held = correct_words(hold.text("event"), R"({"reason":"customer_request","text":"等周五"})");
  EXPECT_LT(held.response.status, 300) << held.response.body;
  EXPECT_EQ(correct_words(note.text("event"), R"({"text":"打给李四光明"})").text("pointer"),
            "/data/text");
  EXPECT_LT(correct_words(note.text("event"), R"({"text":"***"})").response.status, 300);
  // A fact is kept whatever it says; what it says of people lies sealed.
  tell_fact(id, "event_corrected",
            fmt::format(R"({{"target":"{}","reason":"wrong_number",
                "data":{{"order_no":"P-2","total":17700,"receiver":{{"name":"王五福临"}}}}}})",
                        first_event(id)));
  EXPECT_TRUE(seen(id).contains(R"("total":17700)")) << seen(id);
  EXPECT_TRUE(command(id, "reveal_personal", R"({"reason":"x"})").response.body.contains("张三丰"));
  service_->stop();
  for (const auto* text : {"李四光明", "王五福临"}) EXPECT_EQ(file_with(text), "") << text;
}

TEST_F(PrivacyTest, forgetting_removes_attachments_that_no_other_order_has) {
  const auto first = place("P-3"), second = place("P-4");
  const auto attach = [&](const std::string& id, std::string_view bytes) {
    const auto hash = to_hex(crypto::view(crypto::sha256(bytes)));
    EXPECT_LT(ask(http::Method::Put, "/v1/attachments/" + hash, std::string(bytes)).response.status,
              300);
    const auto done =
        command(id, "add_attachment", fmt::format(R"({{"hash":"{}","name":"签收单.jpg"}})", hash));
    EXPECT_LT(done.response.status, 300) << done.response.body;
    return hash;
  };
  const auto own = attach(first, "signed by one person");
  const auto shared = attach(first, "the same leaflet for all");
  EXPECT_EQ(attach(second, "the same leaflet for all"), shared);
  EXPECT_EQ(get("/v1/attachments/" + own).response.status, 200);
  const auto done = forget_order(first);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->files, 1u);
  EXPECT_EQ(get("/v1/attachments/" + own).response.status, 404);
  EXPECT_EQ(get("/v1/attachments/" + shared).response.status, 200);
  // The word of the first order, that it lets go, may still be on its way.
  for (int i = 0; i < 100 && get("/v1/attachments/" + shared).response.status == 200; ++i)
    EXPECT_TRUE(forget_order(second));
  EXPECT_EQ(get("/v1/attachments/" + shared).response.status, 404);
}

}  // namespace
}  // namespace cairn::app

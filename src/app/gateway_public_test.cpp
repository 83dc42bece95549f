#include "app/service_test_support.hpp"

/// What the holder of a tracking link sees.
namespace cairn::app {
namespace {

using testing::Reply;
using testing::ServiceTest;

class PublicTest : public ServiceTest {
 protected:
  /// The token of a new link, once it can be followed.
  std::string link(const std::string& id) {
    auto answer = command(id, "create_link");
    const auto token = answer.json().find("result")->find("token")->as_id().value_or("");
    // The claim is a letter to the reference: it arrives a moment after the answer.
    for (int i = 0; i < 10'000 && get("/v1/public/" + token).response.status != 200; ++i) continue;
    return token;
  }
  /// A scan of package "1" now.
  void scan(const std::string& id, std::string_view place) {
    const auto told = tell(fmt::format(
        R"({{"id":"s{}","source":"generic","type":"package_scanned","subject":"cairn:{}","occurred":"{}","data":{{"package":"1","milestone":"in_transit","place":"{}"}}}})"
        "\n",
        ++scans_, id, format_rfc3339(service_->clock().now()), place));
    EXPECT_EQ(told.response.status, 200) << told.response.body;
  }

 private:
  int scans_ = 0;
};

TEST_F(PublicTest, shows_cities_and_never_what_carriers_wrote) {
  const auto id = place("P-1");
  const auto token = link(id);
  scan(id, "张师傅 13900001111");
  scan(id, "南京市秦淮区 张师傅 13900001111");
  scan(id, "北京朝阳区 张师傅 13900001111");
  for (const bool zh : {true, false}) {
    const auto shown =
        get(fmt::format("/v1/public/{}?lang={}", token, zh ? "zh" : "en")).response.body;
    for (const auto* city : {zh ? "南京市" : "Nanjing", zh ? "北京市" : "Beijing"})
      EXPECT_TRUE(shown.contains(city)) << city << shown;
    for (const auto* secret : {"13900001111", "张", "秦淮", "朝阳", "师傅"})
      EXPECT_FALSE(shown.contains(secret)) << secret << shown;
  }
}

TEST_F(PublicTest, tells_customers_that_a_promised_time_has_passed) {
  const auto id = place("P-2");
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  const auto path = "/v1/public/" + link(id) + "?lang=en";
  const auto soon = format_rfc3339(service_->clock().now() + days(2));
  ASSERT_EQ(command(id, "make_promise", fmt::format(R"({{"at":"{}"}})", soon)).response.status,
            200);
  EXPECT_TRUE(get(path).text("promise_text").starts_with("Expected by "))
      << get(path).response.body;
  EXPECT_EQ(get(path).text("unknown_text"), "");
  pass(days(5));
  EXPECT_TRUE(get(path).text("promise_text").ends_with("; that time has passed"));
  EXPECT_TRUE(get(path).text("unknown_text").starts_with("No new delivery date is known yet"));
}

TEST_F(PublicTest, weighs_the_languages_a_customer_accepts) {
  const auto path = "/v1/public/" + link(place("P-3"));
  for (const auto& [accepted, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"", "zh"},
                                                        {"zh-CN,zh;q=0.9,en;q=0.8", "zh"},
                                                        {"en-US,en;q=0.9,zh;q=0.5", "en"},
                                                        {"zh;q=0.5, EN-us", "en"},
                                                        {"en;q=0.3,zh-TW;Q=0.7", "zh"},
                                                        {"en,zh", "en"},
                                                        {"zh,en", "zh"},
                                                        {"zh;q=0,en;q=0.1", "en"},
                                                        {"fr,zh;q=0.2", "zh"},
                                                        {"fr", "en"},
                                                        {"zh;q=nonsense,en;q=0.1", "en"}})
    EXPECT_EQ(get(path, {{"accept-language", accepted}}).text("lang"), wanted) << accepted;
  EXPECT_EQ(get(path + "?lang=en", {{"accept-language", "zh"}}).text("lang"), "en");
}

TEST_F(PublicTest, sends_a_public_order_once_until_it_changes) {
  const auto id = place("P-4");
  const auto path = "/v1/public/" + link(id);
  const auto etag = get(path).header("ETag");
  ASSERT_FALSE(etag.empty());
  for (const auto& known : {etag, "W/" + etag, "\"x\", " + etag}) {
    const auto again = get(path, {{"if-none-match", known}});
    EXPECT_EQ(again.response.status, 304) << known;
    EXPECT_EQ(again.response.body, "");
  }
  EXPECT_EQ(
      get("/t/" + path.substr(std::string_view("/v1/public/").size()), {{"if-none-match", etag}})
          .response.status,
      200);
  command(id, "record_payment", R"({"payment_id":"p1","amount":25800})");
  EXPECT_EQ(get(path, {{"if-none-match", etag}}).response.status, 200);
}

TEST_F(PublicTest, answers_one_address_so_often_a_minute) {
  service_.reset();
  settings_.public_per_minute = 2;
  open();
  const std::string token(27, 'A');
  std::vector<int> statuses;
  for (const auto* path : {"/v1/public/", "/t/", "/v1/public/", "/t/"})
    statuses.push_back(get(path + token).response.status);
  EXPECT_EQ(statuses, (std::vector{404, 404, 429, 429}));
  auto refused = get("/v1/public/" + token);
  EXPECT_EQ(refused.text("code"), "busy");
  EXPECT_TRUE(refused.text("detail").contains("2 requests a minute"));
  EXPECT_GE(std::stoi(refused.header("Retry-After")), 1);
  EXPECT_EQ(get("/t/" + token).response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(get("/v1/board?limit=0").response.status, 200) << "others are not held up";
  pass(minutes(1));
  EXPECT_EQ(get("/v1/public/" + token).response.status, 404);
}

}  // namespace
}  // namespace cairn::app

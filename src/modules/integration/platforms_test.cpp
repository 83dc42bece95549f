#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "modules/integration/cloud_events.hpp"

/// The platforms' statuses, as their shipped definitions read them (defaults §18).
namespace cairn::integration {
namespace {

using model::EventType;

class Platforms : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded = Sources::load(CAIRN_SOURCE_DIR "/definitions/sources");
    ASSERT_TRUE(loaded) << loaded.error().message;
    sources_ = *std::move(loaded);
  }

  Result<Facts> tell(std::string_view source, std::string_view word, std::string_view data) {
    EventReader reader(sources_);
    return reader.read_line(
        fmt::format(R"({{"type":"status_reported","source":"{}","id":"1",)"
                    R"("subject":"order:2263456789012345678","occurred":"2026-11-23 10:00:00",)"
                    R"("data":{{"word":"{}"{}{}}}}})",
                    source, word, data.empty() ? "" : ",", data),
        Sender{});
  }
  /// "status_reported payment_received", or the fault.
  std::string types(std::string_view source, std::string_view word, std::string_view data = "") {
    const auto facts = tell(source, word, data);
    if (!facts) return facts.error().message;
    std::vector<std::string_view> names;
    for (const auto& told : facts->all) names.push_back(model::row_of(told.event.type).name);
    return fmt::format("{}{}", fmt::join(names, " "), facts->is_unmapped ? " unmapped" : "");
  }

  Sources sources_;
};

TEST_F(Platforms, TaobaoStatuses) {
  for (const char* word :
       {"TRADE_NO_CREATE_PAY", "WAIT_BUYER_PAY", "PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"})
    EXPECT_EQ(types("taobao", word), "status_reported order_placed");
  EXPECT_EQ(types("taobao", "WAIT_SELLER_SEND_GOODS"), "status_reported payment_received");
  EXPECT_EQ(types("taobao", "PAID_FORBID_CONSIGN"), "status_reported payment_received hold_placed");
  EXPECT_EQ(types("taobao", "WAIT_BUYER_CONFIRM_GOODS"), "status_reported package_shipped");
  EXPECT_EQ(types("taobao", "TRADE_BUYER_SIGNED"), "status_reported package_delivered");
  EXPECT_EQ(types("taobao", "TRADE_FINISHED"), "status_reported order_completed");
  EXPECT_EQ(types("taobao", "TRADE_CLOSED"), "status_reported refund_succeeded");
  EXPECT_EQ(types("taobao", "TRADE_CLOSED_BY_TAOBAO"), "status_reported order_cancelled");
  EXPECT_EQ(types("taobao", "NEW_STATUS_OF_2027"), "status_reported unmapped");
}

TEST_F(Platforms, APartlyShippedTradeNamesItsSubOrders) {
  const auto facts =
      tell("taobao", "SELLER_CONSIGNED_PART",
           R"("invoice_no":73100000000001,"orders":{"order":[)"
           R"({"oid":2263456789012345679,"num":2,"status":"WAIT_BUYER_CONFIRM_GOODS"},)"
           R"({"oid":2263456789012345680,"num":1,"status":"WAIT_SELLER_SEND_GOODS"}]})");
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_EQ(facts->all.size(), 2u);
  const auto& package = facts->all[1].event.as<model::PackageReport>();
  EXPECT_EQ(package.number, "73100000000001");
  EXPECT_EQ(package.parts, (std::vector<model::Part>{{"2263456789012345679", 2}}));
  // Which sub-orders left is not known: the word is kept, nothing is said to have shipped.
  EXPECT_EQ(types("taobao", "SELLER_CONSIGNED_PART"), "status_reported unmapped");
}

TEST_F(Platforms, ATaobaoTradeBecomesAnOrderWithItsSubOrders) {
  const auto facts =
      tell("taobao", "WAIT_BUYER_PAY",
           R"("tid":2263456789012345678,"payment":"129.90","orders":{"order":[)"
           R"({"oid":2263456789012345679,"num":2,"title":"帐篷","total_fee":"129.90"}]})");
  ASSERT_TRUE(facts) << facts.error().message;
  const auto& placed = facts->all[1].event.as<model::OrderPlaced>();
  EXPECT_EQ(placed.order_no, "2263456789012345678");
  EXPECT_EQ(placed.total, 12990);
  EXPECT_EQ(placed.lines[0].id, "2263456789012345679");
  EXPECT_EQ(placed.references[0].scheme, "sub_order");
  EXPECT_EQ(placed.references[0].line, "2263456789012345679");
  EXPECT_EQ(facts->all[1].order, model::order_id_of("taobao", "2263456789012345678"));
  // Told again with the next fetch it is the same event, whatever id the connector gave it.
  EXPECT_EQ(tell("taobao", "WAIT_BUYER_PAY", "")->all[0].event.id, facts->all[0].event.id);
  EXPECT_EQ(tell("taobao", "WAIT_BUYER_PAY", "")->all[1].event.id, facts->all[1].event.id);
}

TEST_F(Platforms, PinduoduoStatuses) {
  EXPECT_EQ(types("pinduoduo", "order_status/1"), "status_reported payment_received");
  EXPECT_EQ(types("pinduoduo", "order_status/2"), "status_reported package_shipped");
  EXPECT_EQ(types("pinduoduo", "order_status/3"), "status_reported package_delivered");
  constexpr std::string_view kCase = R"("after_sales_id":7001,"refund_amount":"8.50")";
  EXPECT_EQ(types("pinduoduo", "refund_status/4", kCase),
            "status_reported refund_succeeded after_sale_moved");
  for (int status = 0; status <= 32; ++status) {
    const auto* source = sources_.find("pinduoduo");
    const auto found = source->statuses.find(fmt::format("after_sales_status/{}", status));
    if (found == source->statuses.end()) continue;
    const auto facts = tell("pinduoduo", found->first, kCase);
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->is_unmapped) << status;
    EXPECT_EQ(facts->all.size(), found->second.facts.size() + 1) << status;
    EXPECT_EQ(types("pinduoduo", found->first).ends_with("unmapped"), status != 0) << status;
  }
}

TEST_F(Platforms, WeixinStatuses) {
  EXPECT_EQ(types("weixin_shop", "10"), "status_reported order_placed");
  EXPECT_EQ(types("weixin_shop", "20"), "status_reported payment_received");
  EXPECT_EQ(types("weixin_shop", "21"), "status_reported unmapped");
  EXPECT_EQ(
      types("weixin_shop", "21",
            R"("order_detail":{"delivery_info":{"delivery_product_info":[{"waybill_id":"SF1",)"
            R"("delivery_id":"SF","product_infos":[{"sku_id":1,"product_cnt":2}]}]}})"),
      "status_reported package_shipped");
  EXPECT_EQ(types("weixin_shop", "30"), "status_reported package_shipped");
  EXPECT_EQ(types("weixin_shop", "100"), "status_reported order_completed");
  EXPECT_EQ(types("weixin_shop", "200"), "status_reported refund_succeeded");
  EXPECT_EQ(types("weixin_shop", "250"), "status_reported order_cancelled");
}

TEST_F(Platforms, ShopifyStatusesAndTopics) {
  EXPECT_EQ(types("shopify", "financial_status/paid"), "status_reported payment_received");
  EXPECT_EQ(types("shopify", "fulfillment_status/fulfilled"), "status_reported package_shipped");
  const auto scan =
      tell("shopify", "shipment_status/out_for_delivery", R"("tracking_number":"1Z")");
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->all[1].event.as<model::PackageReport>().milestone,
            model::Milestone::OutForDelivery);
  const auto failure = tell("shopify", "shipment_status/failure", "");
  EXPECT_FALSE(failure->all[1].event.as<model::PackageReport>().milestone);
  EXPECT_EQ(failure->all[1].event.as<model::PackageReport>().flags[0],
            model::PackageFlag::Exception);

  EventReader reader(sources_);
  const auto refund = reader.read_line(
      R"({"type":"refunds/create","source":"shopify","id":"w","subject":"order:450789469",)"
      R"("occurred":"2026-11-23T10:00:00-05:00","data":{"id":509562969509562969,)"
      R"("transactions":[{"amount":"41.94","currency":"USD"},{"amount":"0.06","currency":"USD"}]}})",
      Sender{});
  ASSERT_TRUE(refund) << refund.error().message;
  EXPECT_EQ(refund->all[0].event.type, EventType::RefundSucceeded);
  EXPECT_EQ(refund->all[0].event.as<model::Payment>().amount, 4200);
  EXPECT_EQ(refund->all[0].event.as<model::Payment>().payment_id, "509562969509562969");
}

}  // namespace
}  // namespace cairn::integration

#include <fmt/format.h>

#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::Role;

constexpr std::string_view kMade = R"({"order_no":"M-1","lifecycle":"made_to_order",
  "terms":"deposit_balance","total":1000,"deposit":300,"balance_before_shipping":true,
  "lines":[{"id":"A","quantity":10}],
  "steps":[{"id":"draw","phase":"drawing"},{"id":"steel","phase":"material"},
           {"id":"weld","phase":"production"},{"id":"paint","phase":"production","after":["weld"]},
           {"id":"qc","phase":"inspection"},{"id":"mount","phase":"installation"}]})";

Story in_production() {
  Story story;
  story.tell("order_placed", kMade, hours(0));
  EXPECT_EQ(story.state(), "awaiting_confirmation");
  story.must("confirm_order", R"({"promised_delivery":"2026-02-01"})", Role::OrderDesk);
  EXPECT_EQ(story.state(), "awaiting_deposit");
  story.must("record_payment", R"({"payment_id":"P1","amount":300})", Role::Finance);
  EXPECT_EQ(story.state(), "awaiting_drawing");
  EXPECT_EQ(story.refusal("approve_drawing", "{}", Role::Customer), ErrorCode::Refused);
  story.must("submit_drawing", R"({"hash":"ab12","name":"rev1.pdf"})", Role::Engineering);
  story.must("approve_drawing", "{}", Role::Customer);
  EXPECT_EQ(story.state(), "confirmed");
  story.must("issue_purchase", R"({"supplier":"S1"})", Role::Purchasing);
  EXPECT_EQ(story.state(), "material_prep");
  EXPECT_EQ(story.refusal("start_production", "{}", Role::ShopFloor), ErrorCode::Refused)
      << "materials are not complete";
  story.tell("materials_kitted", "{}", hours(1));
  story.must("start_production", "{}", Role::ShopFloor);
  EXPECT_EQ(story.state(), "in_production");
  return story;
}
void finish_steps(Story& story) {
  story.must("report_progress", R"({"step":"weld","action":"finished","good":10})",
             Role::ShopFloor);
  story.must("finish_node", R"({"step":"paint","action":"finished","good":10})", Role::ShopFloor);
}

TEST(MadeToOrder, FromReviewToAcceptance) {
  auto story = in_production();
  finish_steps(story);
  EXPECT_EQ(story.state(), "awaiting_balance") << "all is made, the balance is not paid";
  story.must("pass_inspection", "{}", Role::Qc);
  story.must("record_payment", R"({"payment_id":"P2","amount":700})", Role::Finance);
  EXPECT_EQ(story.state(), "produced");
  story.must("release_shipment", "{}", Role::OrderDesk);
  EXPECT_EQ(story.state(), "preparing");
  story.must("ship_package", R"({"package":"T1","parts":[{"line":"A","quantity":6}]})",
             Role::Warehouse);
  EXPECT_EQ(story.state(), "partly_shipped");
  story.must("ship_package", R"({"package":"T2","parts":[{"line":"A","quantity":4}]})",
             Role::Warehouse);
  EXPECT_EQ(story.state(), "shipped");
  story.tell("package_delivered", R"({"package":"T1"})", hours(30));
  EXPECT_EQ(story.state(), "partly_delivered");
  story.tell("package_delivered", R"({"package":"T2"})", hours(40));
  EXPECT_EQ(story.state(), "delivered");
  story.must("start_installation", "{}", Role::FieldService);
  EXPECT_EQ(story.state(), "installing");
  story.must("accept_order", "{}", Role::Customer);
  EXPECT_EQ(story.state(), "completed");
  EXPECT_EQ(story.order().at(At::Completed), story.now());
  story.must("complete_correction", R"({"reason":"too early"})", Role::Supervisor);
  EXPECT_EQ(story.state(), "installing");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(MadeToOrder, IsConfirmedWithADate) {
  Story story;
  story.tell("order_placed", kMade, hours(0));
  EXPECT_EQ(story.refusal("confirm_order", "{}", Role::OrderDesk), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/promised_delivery");
}

TEST(MadeToOrder, AStepBeginsWhenTheOneBeforeIsDoneAndMakesWhatIsPlanned) {
  auto story = in_production();
  const auto refuse = [&](std::string_view name, std::string_view data, std::string_view pointer) {
    EXPECT_EQ(story.refusal(name, data, Role::ShopFloor), ErrorCode::Invalid) << data;
    EXPECT_EQ(story.error().pointer, pointer) << data;
  };
  refuse("start_node", R"({"step":"paint","action":"started"})", "/step");
  story.must("start_node", R"({"step":"weld","action":"started"})", Role::ShopFloor);
  story.tell("production_planned", R"({"steps":[{"id":"weld","quantity":10}]})", hours(2));
  refuse("report_progress", R"({"step":"weld","action":"progressed","good":9,"scrap":2})", "/good");
  refuse("report_scrap", R"({"step":"weld","action":"scrapped","reason":"x"})", "/scrap");
  story.must("report_scrap", R"({"step":"weld","action":"scrapped","reason":"x","scrap":1})",
             Role::ShopFloor);
  story.must("finish_node", R"({"step":"weld","action":"finished","good":9,"scrap":1})",
             Role::ShopFloor);
  story.must("start_node", R"({"step":"paint","action":"started"})", Role::ShopFloor);
}

TEST(MadeToOrder, AFailedInspectionGoesBackToTheShopFloor) {
  auto story = in_production();
  finish_steps(story);
  story.tell("payment_received", R"({"payment_id":"P2","amount":700})", hours(10));
  EXPECT_EQ(story.state(), "inspecting");
  story.must("fail_inspection", R"({"reason":"scratch"})", Role::Qc);
  EXPECT_EQ(story.state(), "in_production");
  story.must("finish_node", R"({"step":"paint","action":"finished","good":10})", Role::ShopFloor);
  EXPECT_EQ(story.state(), "inspecting");
  story.must("concede", R"({"reason":"small scratch"})", Role::Qc);
  EXPECT_EQ(story.state(), "inspecting") << "the customer has not agreed";
  approve(story, Role::Customer);
  EXPECT_EQ(story.state(), "produced");
}

TEST(MadeToOrder, ShipsOnCreditWithTheManager) {
  auto story = in_production();
  finish_steps(story);
  EXPECT_EQ(story.state(), "awaiting_balance");
  story.must("release_on_credit", "{}", Role::Finance);
  EXPECT_EQ(story.state(), "awaiting_balance") << "finance asks, the manager says";
  story.must("release_on_credit", "{}", Role::Manager);
  EXPECT_EQ(story.state(), "preparing");
}

TEST(MadeToOrder, HoldsAndChangesStopProduction) {
  auto story = in_production();
  story.must("engineering_change", R"({"reason":"hole moved"})", Role::Engineering);
  EXPECT_EQ(story.state(), "in_production");
  approve(story, Role::Planner);
  EXPECT_EQ(story.state(), "in_production") << "the order desk has not agreed";
  approve(story, Role::OrderDesk);
  EXPECT_EQ(story.state(), "on_hold");
  story.must("release_hold", "{}", Role::Planner);
  EXPECT_EQ(story.state(), "in_production");
  story.must("block_node", R"({"step":"weld","action":"blocked","reason":"machine"})",
             Role::ShopFloor);
  EXPECT_TRUE(story.order().plan.at(2).is_blocked);
  story.must("report_progress", R"({"step":"weld","action":"unblocked"})", Role::ShopFloor);
  EXPECT_FALSE(story.order().plan.at(2).is_blocked);
}

TEST(MadeToOrder, IsTerminatedRatherThanCancelledOnceItCosts) {
  auto story = in_production();
  EXPECT_EQ(story.refusal("cancel_order", R"({"reason":"x"})"), ErrorCode::Refused);
  story.must("terminate_order", R"({"reason":"settled"})", Role::Manager);
  EXPECT_EQ(story.state(), "closed");
}

TEST(MadeToOrder, RejectedInReview) {
  Story story;
  story.tell("order_placed", kMade, hours(0));
  story.must("reject_order", R"({"reason":"no capacity"})", Role::OrderDesk);
  EXPECT_EQ(story.state(), "awaiting_confirmation");
  approve(story, Role::Supervisor);
  EXPECT_EQ(story.state(), "cancelled");
}

TEST(MadeToOrder, AcceptanceIsDeemedGivenAfterTheContractsTime) {
  Story story;
  story.tell("order_placed",
             R"({"order_no":"M","lifecycle":"made_to_order","lines":[{"id":"A","quantity":1}]})",
             hours(0));
  story.tell("order_confirmed", "{}", hours(1));
  story.tell("package_shipped", R"({"package":"K"})", hours(2));
  story.tell("package_delivered", R"({"package":"K"})", hours(3));
  story.pass(days(20));
  EXPECT_EQ(story.state(), "completed");
  EXPECT_EQ(story.order().at(At::Completed), kStart + hours(3) + days(15));
}

TEST(MadeToOrder, DeliveredGoodsAreReworked) {
  auto story = in_production();
  story.tell("package_shipped", R"({"package":"K"})", hours(20));
  story.tell("package_delivered", R"({"package":"K"})", hours(30));
  story.must("reject_delivery", R"({"case_id":"C1","type":"repair","reason":"dent"})",
             Role::Customer);
  EXPECT_EQ(story.state(), "reworking");
  story.must("withdraw_after_sale", R"({"case_id":"C1"})", Role::Customer);
  EXPECT_EQ(story.state(), "delivered");
}

TEST(MadeToOrder, DatesAreTheSourcesOrThePlanners) {
  auto story = in_production();
  story.tell("supplier_confirmed", R"({"at":"2026-01-20T00:00:00Z","of":"dispatched"})", hours(9));
  story.tell("date_changed", R"({"at":"2026-02-10T00:00:00Z"})", hours(9));
  EXPECT_EQ(format_rfc3339(judged_by(story.order())), "2026-02-10T00:00:00.999999Z");
}

TEST(MadeToOrder, TolerancesCloseALineThatIsNearlyComplete) {
  Story story;
  story.tell("order_placed", R"({"order_no":"M","lifecycle":"made_to_order","total":0,
      "lines":[{"id":"A","quantity":1000,"tolerance":20}]})",
             hours(0));
  story.tell("package_shipped", R"({"package":"K","parts":[{"line":"A","quantity":979}]})",
             hours(2));
  EXPECT_EQ(story.state(), "partly_shipped");
  story.tell("package_shipped", R"({"package":"L","parts":[{"line":"A","quantity":1}]})", hours(3));
  EXPECT_EQ(story.state(), "shipped");
  story.tell("package_shipped", R"({"package":"M","parts":[{"line":"A","quantity":40}]})",
             hours(4));
  EXPECT_FALSE(story.has_conflict(model::ConflictCode::OverQuantity)) << "1020 are within it";
}

}  // namespace
}  // namespace cairn::orders::testing

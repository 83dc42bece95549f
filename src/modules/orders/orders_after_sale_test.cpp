#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::ConflictCode;
using model::Role;

Story delivered(std::string source = "own") {
  Story story(std::move(source));
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("order_approved", "{}", hours(1));
  story.tell("order_released", "{}", hours(2));
  story.tell("package_shipped", R"({"package":"K1"})", hours(3));
  story.tell("package_delivered", R"({"package":"K1"})", hours(30));
  EXPECT_EQ(story.state(), "delivered");
  return story;
}
std::string case_state(Story& story, std::size_t i = 0) {
  return world().context.after_sale().state(story.order().cases.at(i).state).code();
}
void open(Story& story, std::string_view type, Role role = Role::Customer,
          std::string_view more = "") {
  story.must("open_after_sale", fmt::format(R"({{"case_id":"C1","type":"{}"{}}})", type, more),
             role);
}

TEST(AfterSale, ReturnAndRefund) {
  auto story = delivered();
  open(story, "return_refund");
  EXPECT_EQ(story.state(), "returning");
  EXPECT_TRUE(story.has_badge("after_sale_open"));
  EXPECT_EQ(case_state(story), "requested");
  story.must("accept_return", R"({"case_id":"C1"})", Role::Service);
  EXPECT_EQ(case_state(story), "awaiting_return");
  story.tell("package_shipped",
             R"({"package":"R1","direction":"return","case_id":"C1","number":"B1"})", hours(40));
  EXPECT_EQ(case_state(story), "return_in_transit");
  story.tell("package_delivered", R"({"package":"R1","direction":"return"})", hours(50));
  EXPECT_EQ(case_state(story), "inspecting");
  EXPECT_EQ(story.refusal("withdraw_after_sale", R"({"case_id":"C1"})", Role::Customer),
            ErrorCode::Refused)
      << "the goods have been received";
  story.must("accept_return", R"({"case_id":"C1"})", Role::Warehouse);
  EXPECT_EQ(case_state(story), "refunding");
  story.tell("refund_succeeded", R"({"payment_id":"F1","amount":400,"case_id":"C1"})", hours(60));
  EXPECT_EQ(case_state(story), "succeeded");
  EXPECT_EQ(story.state(), "returned");
  EXPECT_EQ(story.order().lines[0].back, 3);
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

/// Days count from the day after receipt, and the time of the request counts, not that of an
/// answer.
TEST(AfterSale, MayBeAskedForWithinItsWindowOnly) {
  struct Row {
    std::string_view preset, type, reason;
    int last_day;  ///< after receipt on which it may still be asked for; 0: always
  };
  const Row kRows[]{
      {"own_shop", "return_refund", "no_reason", 7}, {"own_shop", "refund_only", "no_reason", 7},
      {"own_shop", "return_refund", "quality", 30},  {"own_shop", "return_refund", "", 30},
      {"own_shop", "exchange", "wrong_size", 15},    {"own_shop", "repair", "quality", 0},
      {"own_shop", "resend", "missing_parts", 0},    {"eu_shop", "return_refund", "no_reason", 14},
      {"eu_shop", "exchange", "quality", 0},         {"b2b", "return_refund", "no_reason", 0},
  };
  for (const auto& row : kRows)
    for (const bool is_late : {false, true}) {
      Story story("own");
      auto placed = std::string(kOrder);
      placed.insert(1, fmt::format(R"("preset":"{}",)", row.preset));
      story.tell("order_placed", placed, hours(0));
      story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
      story.tell("package_shipped", R"({"package":"K1"})", hours(3));
      story.tell("package_delivered", R"({"package":"K1"})", hours(30));
      const auto last = hours(30) + days(row.last_day == 0 ? 400 : row.last_day + 1);
      story.pass(last - (is_late ? hours(0) : minutes(1)) - (story.now() - kStart));
      const auto body =
          fmt::format(R"({{"case_id":"C1","type":"{}","reason":"{}"}})", row.type, row.reason);
      const auto what = fmt::format("{} {} {} late {}", row.preset, row.type, row.reason, is_late);
      if (is_late && row.last_day > 0)
        EXPECT_EQ(story.refusal("open_after_sale", body, Role::Customer), ErrorCode::Refused)
            << what;
      else
        EXPECT_NO_FATAL_FAILURE(story.must("open_after_sale", body, Role::Customer)) << what;
    }
}

TEST(AfterSale, PartOfItComesBackAndTheRestCompletes) {
  auto story = delivered();
  open(story, "return_refund", Role::Customer, R"(,"parts":[{"line":"A","quantity":1}])");
  EXPECT_EQ(story.state(), "delivered") << "most of it is with the customer";
  story.pass(days(1));
  for (const auto* step : {"accept_return", "receive_return", "pass_return"})
    story.must(step, R"({"case_id":"C1"})");
  story.tell("refund_succeeded", R"({"payment_id":"F1","amount":90,"case_id":"C1"})",
             story.now() - kStart + hours(1));
  EXPECT_EQ(story.order().lines[0].back, 1);
  EXPECT_EQ(story.state(), "delivered");
  story.pass(days(30));
  EXPECT_EQ(story.state(), "completed");
  const Duration waited = story.order().waits.at(0).until - story.order().waits.at(0).from;
  EXPECT_EQ(story.order().at(At::Completed), kStart + hours(30) + days(7) + waited);
}

TEST(AfterSale, ExchangeWaitsForItsReplacement) {
  auto story = delivered();
  open(story, "exchange");
  EXPECT_EQ(story.state(), "exchanging");
  for (const auto* step : {"accept_return", "receive_return", "pass_return"})
    story.must(step, R"({"case_id":"C1"})");
  EXPECT_EQ(case_state(story), "awaiting_replacement");
  story.must("ship_replacement", R"({"case_id":"C1","number":"X1"})", Role::Warehouse);
  EXPECT_EQ(story.refusal("convert_to_refund", R"({"case_id":"C1","reason":"x"})", Role::Carrier),
            ErrorCode::Refused);
  story.tell("package_shipped",
             R"({"package":"X","number":"X1","direction":"exchange_out","case_id":"C1"})",
             story.now() - kStart + hours(1));
  story.tell("package_delivered", R"({"package":"X","direction":"exchange_out"})",
             story.now() - kStart + hours(2));
  EXPECT_EQ(case_state(story), "succeeded");
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().lines[0].delivered, 3) << "a replacement does not add to what was bought";
}

TEST(AfterSale, ResendByStaffNeedsNoAnswer) {
  auto story = delivered();
  open(story, "resend", Role::Service);
  EXPECT_EQ(case_state(story), "awaiting_replacement");
  EXPECT_EQ(story.state(), "delivered");
  story.must("ship_replacement", R"({"case_id":"C1","number":"X1"})", Role::Warehouse);
  story.tell("after_sale_moved", R"({"case_id":"C1","on":"replacement_delivered"})",
             story.now() - kStart + hours(2), "zto");
  EXPECT_EQ(case_state(story), "succeeded");
}

TEST(AfterSale, ResendAskedForByACustomerIsAnswered) {
  auto story = delivered();
  open(story, "resend", Role::Customer);
  EXPECT_EQ(case_state(story), "requested");
  story.must("accept_resend", R"({"case_id":"C1"})", Role::Service);
  EXPECT_EQ(case_state(story), "awaiting_replacement");
}

TEST(AfterSale, RefusedAndInterceptedGoodsAreOnTheirWayBack) {
  for (const auto* type : {"refused", "intercept"}) {
    auto story = delivered();
    open(story, type, Role::Service);
    EXPECT_EQ(case_state(story), "return_in_transit") << type;
    EXPECT_EQ(story.state(), "returning");
  }
}

TEST(AfterSale, RefundWithoutReturnClosesTheOrder) {
  auto story = delivered();
  open(story, "refund_only");
  EXPECT_EQ(story.state(), "delivered");
  story.must("accept_refund", R"({"case_id":"C1"})", Role::Service);
  story.tell("refund_succeeded", R"({"payment_id":"F1","amount":400,"case_id":"C1"})", hours(60));
  EXPECT_EQ(case_state(story), "succeeded");
  EXPECT_EQ(story.state(), "closed");
}

TEST(AfterSale, UnshippedGoodsAreRefundedOnceTheyAreStopped) {
  Story story;
  prepare(story);
  story.tell("after_sale_opened", R"({"case_id":"C1","type":"refund_unshipped"})", hours(12));
  EXPECT_EQ(story.refusal("accept_refund", R"({"case_id":"C1"})", Role::Service),
            ErrorCode::Refused);
  story.must("recall_order", "{}", Role::Warehouse);
  story.must("accept_refund", R"({"case_id":"C1"})", Role::Service);
  story.tell("refund_succeeded", R"({"payment_id":"F1","amount":400,"case_id":"C1"})",
             story.now() - kStart + hours(1));
  EXPECT_EQ(story.state(), "cancelled") << "nothing is owed any more, and nothing came back";
}

TEST(AfterSale, RepairedGoodsGoBack) {
  auto story = delivered();
  open(story, "repair");
  for (const auto* step : {"accept_return", "receive_return", "pass_return"})
    story.must(step, R"({"case_id":"C1"})");
  EXPECT_EQ(case_state(story), "repairing");
  story.must("repair_done", R"({"case_id":"C1"})", Role::FieldService);
  EXPECT_EQ(case_state(story), "awaiting_replacement");
}

TEST(AfterSale, RejectedRevisedDisputedDecided) {
  auto story = delivered();
  open(story, "return_refund");
  EXPECT_EQ(story.refusal("reject_request", R"({"case_id":"C1"})", Role::Service),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/reason");
  story.must("reject_request", R"({"case_id":"C1","reason":"worn"})", Role::Service);
  EXPECT_EQ(case_state(story), "rejected");
  story.must("revise_request", R"({"case_id":"C1"})", Role::Customer);
  EXPECT_EQ(case_state(story), "requested");
  story.must("escalate", R"({"case_id":"C1"})", Role::Customer);
  EXPECT_EQ(story.refusal("decide", R"({"case_id":"C1"})", Role::Supervisor), ErrorCode::Invalid);
  EXPECT_EQ(story.refusal("decide", R"({"case_id":"C1","to":"refunding"})", Role::Supervisor),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/reason") << "the reason is shown";
  EXPECT_EQ(story.refusal("decide", R"({"case_id":"C1","to":"succeeded","reason":"fair"})",
                          Role::Supervisor),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/to");
  story.must("decide", R"({"case_id":"C1","to":"refunding","reason":"fair"})", Role::Supervisor);
  EXPECT_EQ(case_state(story), "refunding");
}

TEST(AfterSale, TheClockAnswersForTheMerchant) {
  auto story = delivered();
  open(story, "return_refund");
  const Time opened = story.now();
  story.pass(hours(48) - Duration{1});
  EXPECT_EQ(case_state(story), "requested");
  EXPECT_EQ(story.order().valid_until(), opened + hours(48));
  story.pass(Duration{1});
  EXPECT_EQ(case_state(story), "awaiting_return");
  EXPECT_EQ(story.order().cases[0].moved, opened + hours(48));
  story.pass(days(8));
  EXPECT_EQ(case_state(story), "expired") << "the customer never sent it";
  EXPECT_EQ(story.state(), "delivered");
  story.pass(days(7));
  EXPECT_EQ(story.state(), "completed") << "and what was left of the time ran out";
}

TEST(AfterSale, OfAPlatformTheClockIsThePlatforms) {
  auto story = delivered("shop");
  story.tell("after_sale_opened", R"({"case_id":"C1","type":"return_refund"})", hours(31));
  story.pass(days(30));
  EXPECT_EQ(case_state(story), "requested");
  story.must("accept_return", R"({"case_id":"C1"})", Role::Service);
  EXPECT_EQ(case_state(story), "requested") << "it is asked of the platform";
  EXPECT_TRUE(story.has_badge("request_pending"));
  story.tell("after_sale_moved", R"({"case_id":"C1","on":"accept_return"})",
             story.now() - kStart + hours(1));
  EXPECT_EQ(case_state(story), "awaiting_return");
  EXPECT_FALSE(story.has_badge("request_pending"));
  story.tell("after_sale_moved", R"({"case_id":"C1","on":"after_sale_closed","to":"withdrawn"})",
             story.now() - kStart + hours(2));
  EXPECT_EQ(case_state(story), "withdrawn");
}

TEST(AfterSale, AStepToldTwiceIsOneStepWithTwoWitnesses) {
  auto story = delivered();
  open(story, "refund_only");
  story.must("accept_refund", R"({"case_id":"C1"})", Role::Service);
  story.tell("refund_succeeded", R"({"payment_id":"F1","amount":400,"case_id":"C1"})", hours(60));
  story.tell("after_sale_moved", R"({"case_id":"C1","on":"refund_succeeded"})", hours(61));
  EXPECT_EQ(case_state(story), "succeeded");
  EXPECT_EQ(story.order().cases[0].moved, kStart + hours(60));
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(AfterSale, WhatACaseDoesNotForeseeIsAConflict) {
  auto story = delivered();
  open(story, "return_refund");
  story.tell("after_sale_moved", R"({"case_id":"C1","on":"return_delivered"})", hours(40));
  EXPECT_TRUE(story.has_conflict(ConflictCode::IllegalHere, "after_sale_return_delivered"));
  story.tell("after_sale_moved", R"({"case_id":"C9","on":"withdraw"})", hours(41));
  EXPECT_TRUE(story.has_conflict(ConflictCode::IllegalHere, "unknown_case"));
  EXPECT_EQ(story.refusal("withdraw", R"({"case_id":"C9"})", Role::Customer), ErrorCode::NotFound);
  EXPECT_EQ(story.error().pointer, "/case_id");
}

TEST(AfterSale, EveryCommandOfEveryCaseStateAgreesWithWhatIsOffered) {
  const auto& chart = world().context.after_sale();
  std::vector<std::string> names;
  for (const auto& state : chart.states())
    for (const auto& t : state.transitions())
      if (t.kind == lifecycle::Kind::Command && !contains(names, t.on)) names.push_back(t.on);
  ASSERT_GE(names.size(), 15u);
  for (const auto type : model::Names<model::CaseType>::all())
    for (std::size_t s = 0; s < chart.states().size(); ++s) {
      auto story = delivered();
      story.tell("after_sale_opened", fmt::format(R"({{"case_id":"C1","type":"{}"}})", type),
                 hours(31));
      Order order = story.order();
      order.cases[0].state = static_cast<lifecycle::StateId>(s);
      order.cases[0].is_open = !chart.state(order.cases[0].state).is_final();
      const auto variables = variables_of_case(order, order.cases[0], story.context());
      for (std::size_t r = 0; r < model::Names<Role>::all().size(); ++r) {
        const auto role = static_cast<Role>(r);
        if (role == Role::Admin) continue;
        for (const auto& name : names) {
          core::Command command;
          command.name = name;
          command.identity = model::identity_of("test", name);
          command.origin.role = role;
          command.data =
              R"({"case_id":"C1","reason":"r","number":"1","amount":1,"to":"refunding"})";
          // What the order itself offers by that name comes first and has its own test.
          if (!order.headline().on(lifecycle::Kind::Command, name).empty()) continue;
          const auto offers = chart.offers(order.cases[0].state, variables, role);
          const bool is_offered = std::ranges::any_of(offers, [&](const auto& offer) {
            return offer.transition->on == name && offer.is_allowed;
          });
          const auto decided = decide(order, command, story.now(), story.context());
          EXPECT_EQ(decided.has_value(), is_offered)
              << type << " " << chart.state(order.cases[0].state).code() << " " << name << " "
              << name_of(role) << ": " << (decided ? "" : decided.error().message);
          if (!decided) {
            EXPECT_TRUE(decided.error().message.contains(chart.state(order.cases[0].state).code()))
                << decided.error().message;
          }
        }
      }
    }
}

}  // namespace
}  // namespace cairn::orders::testing

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"

/// Commands that somebody of another role must approve.
namespace cairn::orders::testing {
namespace {

using model::EventType;
using model::Role;

/// Three of four pieces are shipped, and the order desk wants to leave it at that.
Story short_close_asked(std::string source = "own") {
  Story story(std::move(source));
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P1","amount":400})", minutes(5));
  story.tell("order_released", "{}", hours(9));
  story.tell("package_shipped", R"({"package":"K1","parts":[{"line":"A","quantity":3}]})",
             hours(10));
  story.act_as("li");
  story.must("short_close", R"({"reason":"sold_out"})", Role::OrderDesk);
  return story;
}
std::string about(Story& story) {
  return R"({"request_id":")" + story.order().requests.at(0).id + R"("})";
}

TEST(Approvals, ACommandWaitsForAnotherRole) {
  auto story = short_close_asked();
  EXPECT_EQ(story.state(), "partly_shipped") << "the headline never moves on a request";
  EXPECT_TRUE(story.has_badge("request_pending"));
  const auto& request = story.order().requests.at(0);
  EXPECT_EQ(request.command, "short_close");
  EXPECT_EQ(request.approvals, lifecycle::bit(Role::Supervisor));
  EXPECT_EQ(request.data, R"({"reason":"sold_out"})");
  EXPECT_EQ(request.asked_by, "li");
  EXPECT_EQ(request.deadline, story.now() + kPatience);
}

TEST(Approvals, SomebodyElseOfThatRoleDecides) {
  auto story = short_close_asked();
  const auto data = about(story);
  EXPECT_EQ(story.refusal("approve_request", data, Role::Supervisor), ErrorCode::Forbidden)
      << "li asked, and may not approve it in another role";
  story.act_as("wang");
  EXPECT_EQ(story.refusal("approve_request", data, Role::Service), ErrorCode::Forbidden);
  EXPECT_EQ(story.refusal("approve_request", R"({"request_id":"none"})", Role::Supervisor),
            ErrorCode::NotFound);
  EXPECT_EQ(story.error().pointer, "/request_id");
  EXPECT_EQ(story.refusal("approve_request", "{}", Role::Supervisor), ErrorCode::Invalid);
  story.must("approve_request", data, Role::Supervisor);
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_TRUE(story.order().requests.empty());
  const auto& done = story.events().back();
  const auto& word = story.events().at(story.events().size() - 2);
  EXPECT_EQ(done.type, EventType::LinesCancelled);
  EXPECT_EQ(done.origin.actor, "li");
  EXPECT_EQ(done.origin.role, Role::OrderDesk);
  EXPECT_EQ(word.type, EventType::RequestApproved);
  EXPECT_EQ(word.origin.actor, "wang");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Approvals, AManagerMayWhateverASupervisorMay) {
  auto story = short_close_asked();
  story.act_as("zhao");
  story.must("approve_request", about(story), Role::Manager);
  EXPECT_EQ(story.state(), "shipped");
}

TEST(Approvals, ARefusalEndsIt) {
  auto story = short_close_asked();
  const auto data = about(story);
  story.act_as("wang");
  EXPECT_EQ(story.refusal("refuse_request", data, Role::Warehouse), ErrorCode::Forbidden);
  story.must("refuse_request", data, Role::Supervisor);
  EXPECT_EQ(story.state(), "partly_shipped");
  EXPECT_TRUE(story.order().requests.empty());
  EXPECT_EQ(story.refusal("approve_request", data, Role::Supervisor), ErrorCode::NotFound);
}

TEST(Approvals, WhoeverAskedMayTakeItBack) {
  auto story = short_close_asked();
  story.must("refuse_request", about(story), Role::OrderDesk);
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Approvals, NoSystemRefusesWhatPeopleAreAsked) {
  auto story = short_close_asked();
  story.tell("request_refused", about(story), hours(12));
  EXPECT_EQ(story.order().requests.size(), 1u);
}

TEST(Approvals, AreCarriedOutAsTheOrderStandsThen) {
  auto story = short_close_asked();
  const auto data = about(story);
  story.act_as("wang");
  story.must("ship_package", R"({"package":"K2","parts":[{"line":"B","quantity":1}]})",
             Role::Warehouse);
  EXPECT_EQ(story.refusal("approve_request", data, Role::Supervisor), ErrorCode::Refused)
      << "nothing is left to close short";
  EXPECT_EQ(story.order().requests.size(), 1u);
}

TEST(Approvals, WhatASupervisorDoesHimselfNobodyNeedApprove) {
  auto story = short_close_asked();
  story.must("short_close", "{}", Role::Supervisor);
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Approvals, SilenceIsShownAndALateWordStillCounts) {
  auto story = short_close_asked();
  story.pass(kPatience);
  EXPECT_TRUE(story.has_badge("request_silent"));
  EXPECT_FALSE(story.has_badge("request_pending"));
  story.act_as("wang");
  story.must("approve_request", about(story), Role::Supervisor);
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_FALSE(story.has_badge("request_silent"));
}

TEST(Approvals, OfWhatAnotherSystemDecidesThatSystemIsAskedThen) {
  auto story = short_close_asked("shop");
  EXPECT_EQ(story.order().requests.at(0).master, "");
  story.act_as("wang");
  story.must("approve_request", about(story), Role::Supervisor);
  ASSERT_EQ(story.order().requests.size(), 1u);
  EXPECT_EQ(story.order().requests[0].master, "shop");
  EXPECT_EQ(story.order().requests[0].approvals, 0u);
  EXPECT_EQ(story.state(), "partly_shipped");
  EXPECT_EQ(story.refusal("approve_request", about(story), Role::Supervisor), ErrorCode::Forbidden)
      << "the shop decides now";
}

TEST(Approvals, WhatCannotBeDoneIsNotEvenAsked) {
  Story story;
  prepare(story);
  EXPECT_EQ(story.refusal("short_close", "{}", Role::OrderDesk), ErrorCode::Refused);
  story.must("ship_package", R"({"package":"K1","parts":[{"line":"A","quantity":3}]})",
             Role::Warehouse);
  EXPECT_EQ(
      story.refusal("short_close", R"({"parts":[{"line":"A","quantity":9}]})", Role::OrderDesk),
      ErrorCode::Invalid);
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Approvals, TheStepOfACaseNeedsThemToo) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})", Role::Warehouse);
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  story.must("open_after_sale",
             R"({"case_id":"C1","type":"return_refund","parts":[{"line":"B","quantity":1}]})",
             Role::Customer);
  story.must("accept_return", "{}", Role::Service);
  story.must("receive_return", "{}", Role::Warehouse);
  const auto step = story.order().cases.at(0).state;
  story.must("partial_pass", R"({"amount":50})", Role::Qc);
  EXPECT_EQ(story.order().cases.at(0).state, step);
  approve(story, Role::Service);
  EXPECT_NE(story.order().cases.at(0).state, step);
  EXPECT_EQ(story.order().cases.at(0).amount, 50);
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Approvals, AreOfferedToThoseWhoMayDecide) {
  auto story = short_close_asked();
  for (const auto* word : {"approve_request", "refuse_request"}) {
    EXPECT_TRUE(contains(allowed(story, Role::Supervisor), std::string(word))) << word;
    EXPECT_TRUE(contains(allowed(story, Role::Manager), std::string(word))) << word;
    EXPECT_FALSE(contains(allowed(story, Role::Warehouse), std::string(word))) << word;
  }
  EXPECT_TRUE(contains(allowed(story, Role::OrderDesk), std::string("short_close")))
      << "it may ask again";
}

}  // namespace
}  // namespace cairn::orders::testing

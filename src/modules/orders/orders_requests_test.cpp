#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::Role;

Story paid() {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(1));
  return story;
}

TEST(Requests, WhereAnotherIsMasterACommandOnlyAsks) {
  auto story = paid();
  story.must("cancel_order", R"({"reason":"no_longer_wanted"})", Role::Customer);
  EXPECT_EQ(story.state(), "paid") << "the headline never moves on a request";
  EXPECT_TRUE(story.has_badge("request_pending"));
  const auto& request = story.order().requests.at(0);
  EXPECT_EQ(request.command, "cancel_order");
  EXPECT_EQ(request.master, "shop");
  EXPECT_EQ(request.deadline, story.now() + hours(4));
  EXPECT_EQ(story.events().back().type, model::EventType::RequestOpened);
  EXPECT_EQ(story.events().back().raw, R"({"reason":"no_longer_wanted"})");
}

TEST(Requests, TheMastersFactEndsIt) {
  auto story = paid();
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  story.tell("order_cancelled", R"({"reason":"x"})", hours(3));
  EXPECT_EQ(story.state(), "cancelled");
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Requests, ItsRefusalEndsIt) {
  auto story = paid();
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  const auto id = story.order().requests.at(0).id;
  story.tell("request_refused", R"({"request_id":"other"})", hours(3));
  EXPECT_TRUE(story.has_badge("request_pending"));
  story.tell("request_refused", R"({"request_id":")" + id + R"(","reason":"too late"})", hours(4));
  EXPECT_FALSE(story.has_badge("request_pending"));
  EXPECT_EQ(story.state(), "paid");
}

TEST(Requests, SilenceEndsItAtItsDeadline) {
  auto story = paid();
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  const auto deadline = story.order().requests.at(0).deadline;
  EXPECT_EQ(story.order().valid_until(), deadline) << "somebody must look then";
  story.pass(hours(4) - Duration{1});
  EXPECT_FALSE(story.order().requests.at(0).is_silent);
  const auto before = summary_of(story.order(), story.context());
  story.pass(Duration{1});
  EXPECT_TRUE(story.order().requests.at(0).is_silent);
  EXPECT_FALSE(story.has_badge("request_pending"));
  EXPECT_TRUE(story.has_badge("request_silent")) << "it is seen on the order and in lists";
  EXPECT_EQ(story.state(), "paid");
  const auto after = summary_of(story.order(), story.context());
  EXPECT_EQ(before.silent_requests, 0);
  EXPECT_EQ(after.silent_requests, 1);
  EXPECT_EQ(decode_summary(encode(after)).silent_requests, 1);
  EXPECT_EQ(decode_summary(encode(before)).silent_requests, 0);
  // It may be asked for again, and a late answer still counts.
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  EXPECT_TRUE(story.has_badge("request_pending"));
  story.tell("order_cancelled", R"({"reason":"x"})", hours(9));
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Requests, AreCalledWhatTheCommandIsCalled) {
  EXPECT_EQ(command_label("cancel_order", world().context).zh, "取消订单");
  EXPECT_EQ(command_label("no_such_command", world().context).en, "no_such_command");
}

TEST(Requests, AFactAboutSomethingElseDoesNot) {
  auto story = paid();
  story.must("change_address", R"({"receiver":{"city":"上海"}})", Role::Customer);
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  ASSERT_EQ(story.order().requests.size(), 2u);
  story.tell("address_changed", R"({"receiver":{"city":"上海"}})", hours(3));
  ASSERT_EQ(story.order().requests.size(), 1u);
  EXPECT_EQ(story.order().requests[0].command, "cancel_order");
}

TEST(Requests, TheMasterItselfDecides) {
  auto story = paid();
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  story.must("cancel_order", R"({"reason":"x"})", Role::Source);
  EXPECT_EQ(story.state(), "cancelled");
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Requests, WhatIsNotAllowedIsNotEvenAsked) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("order_cancelled", R"({"reason":"x"})", hours(1));
  EXPECT_EQ(story.refusal("cancel_order", R"({"reason":"x"})", Role::Customer), ErrorCode::Refused);
  EXPECT_TRUE(story.order().requests.empty());
}

TEST(Requests, NotesTagsAndHoldsAreCairnsOwn) {
  auto story = paid();
  story.must("add_note", R"({"text":"call first"})", Role::Service);
  story.must("add_tag", R"({"tag":"加急"})", Role::Service);
  EXPECT_TRUE(story.has_badge("urgent"));
  story.must("remove_tag", R"({"tag":"加急"})", Role::Service);
  EXPECT_FALSE(story.has_badge("urgent"));
  story.must("set_flag", R"({"tag":"red"})", Role::Service);
  EXPECT_EQ(story.order().flag_colour, "red");
  story.must("hold_order", R"({"reason":"risk_review"})", Role::OrderDesk);
  EXPECT_EQ(story.state(), "on_hold");
  EXPECT_TRUE(story.order().requests.empty());
  EXPECT_EQ(story.refusal("add_note", R"({"text":"x"})", Role::Carrier), ErrorCode::Forbidden);
  EXPECT_EQ(story.order().notes.size(), 1u);
}

TEST(Requests, MastersCanBeSetPerSourceAndArea) {
  Masters masters;
  masters.set("mixed", lifecycle::Area::Dispatch, "wms");
  masters.set("mixed", lifecycle::Area::Cancel, "cairn");
  const Context context{&world().definitions, &masters};
  EXPECT_EQ(context.master_of("mixed", lifecycle::Area::Dispatch), "wms");
  EXPECT_EQ(context.master_of("mixed", lifecycle::Area::Cancel), "");
  EXPECT_EQ(context.master_of("mixed", lifecycle::Area::Payment), "mixed") << "by default";
  EXPECT_EQ(context.master_of("cairn", lifecycle::Area::Payment), "");
}

TEST(Requests, WaitAsLongAsTheSourceSays) {
  World where;
  where.masters.set_patience("shop", lifecycle::Area::Cancel, minutes(30));
  Story story("shop", where);
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(1));
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  EXPECT_EQ(story.order().requests.at(0).deadline, story.now() + minutes(30));
  story.must("change_address", R"({"receiver":{"city":"上海"}})", Role::Customer);
  EXPECT_EQ(story.order().requests.at(1).deadline, story.now() + kPatience) << "not of cancelling";
}

TEST(Requests, OfHistoryNobodyIsAsked) {
  World where;
  where.masters.set_acts_from("shop", Time::never());
  Story story("shop", where);
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(1));
  EXPECT_FALSE(contains(allowed(story, Role::Customer), std::string("cancel_order")));
  EXPECT_EQ(story.refusal("cancel_order", R"({"reason":"x"})", Role::Customer), ErrorCode::Refused);
  EXPECT_NE(story.error().message.find("acts_from"), std::string::npos) << story.error().message;
  EXPECT_TRUE(story.order().requests.empty());
  story.must("add_note", R"({"text":"kept"})", Role::Service);
  story.must("cancel_order", R"({"reason":"x"})", Role::Source);
  EXPECT_EQ(story.state(), "cancelled") << "the source itself decides";
}

TEST(Requests, BeginWhenTheSourceActs) {
  World where;
  where.masters.set_acts_from("shop", kStart + hours(2));
  Story story("shop", where);
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(1));
  EXPECT_EQ(story.refusal("cancel_order", R"({"reason":"x"})", Role::Customer), ErrorCode::Refused);
  story.pass(hours(1));
  story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
  EXPECT_EQ(story.order().requests.size(), 1u);
}

TEST(Placing, IsACommandToo) {
  Story story;
  EXPECT_EQ(story.refusal("add_note", R"({"text":"x"})"), ErrorCode::NotFound);
  EXPECT_EQ(story.refusal("place_order", R"({"lifecycle":"retial"})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/lifecycle");
  EXPECT_EQ(story.refusal("place_order", R"({"preset":"shoop"})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/preset");
  EXPECT_EQ(story.refusal("place_order", R"({"lines":[{"id":"A","quanttity":1}]})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/lines/0/quanttity");
  story.must("place_order", kOrder);
  EXPECT_EQ(story.state(), "awaiting_payment");
  EXPECT_EQ(story.refusal("place_order", kOrder), ErrorCode::IdReused);
}

TEST(Placing, SuppliersRelationsReferencesAndLinesAreKept) {
  Story story;
  prepare(story);
  story.must("assign_supplier", R"({"supplier":"S1"})", Role::OrderDesk);
  EXPECT_TRUE(story.has_badge("dropship"));
  story.must("relate_order",
             R"({"kind":"merged_shipment","order":")" +
                 model::to_text(model::order_id_of("own", "2")) + R"("})",
             Role::OrderDesk);
  EXPECT_TRUE(story.has_badge("merged"));
  story.must("add_reference", R"({"reference":{"scheme":"po","value":"7"}})", Role::OrderDesk);
  story.must("add_reference", R"({"reference":{"scheme":"po","value":"7"}})", Role::OrderDesk);
  EXPECT_EQ(story.order().references.size(), 1u);
  story.must("remove_reference", R"({"reference":{"scheme":"po","value":"7"}})", Role::OrderDesk);
  EXPECT_TRUE(story.order().references.empty());
  EXPECT_EQ(story.order().summary, "Tea、Cup");
  story.tell("survey_answered", R"({"score":5})", hours(20));
  EXPECT_EQ(story.order().survey_score, 5);
}

TEST(Attributes, AreCheckedInCommandsAndKeptInFacts) {
  Story story;
  EXPECT_EQ(story.refusal("place_order", R"({"attributes":{"colour":"red"}})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/attributes/colour");
  EXPECT_EQ(
      story.refusal("place_order", R"({"lines":[{"id":"A","attributes":{"size_mm":["x"]}}]})"),
      ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/lines/0/attributes/size_mm/0");
  prepare(story);
  EXPECT_EQ(story.refusal("set_attributes", R"({"level":"shelf","attributes":{}})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/level");
  EXPECT_EQ(story.refusal("set_attributes", R"({"level":"line","element":"Z","attributes":{}})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/element");
  EXPECT_EQ(story.refusal("set_attributes",
                          R"({"level":"line","element":"A","attributes":{"temperature_min":"x"}})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/attributes/temperature_min");
  story.must("set_attributes",
             R"({"level":"line","element":"A","attributes":{"temperature_min":-180}})");
  story.must("set_attributes", R"({"attributes":{"member_level":"gold"}})");
  story.must("set_attributes", R"({"attributes":{"member_level":null,"floor":3}})");
  story.tell("attributes_set", R"({"level":"line","element":"A","attributes":{"odd":1}})",
             hours(12));
  ASSERT_EQ(story.order().attributes.size(), 2u);
  EXPECT_EQ(story.order().attributes[0].json, R"({"odd":1,"temperature_min":-180})") << "kept";
  EXPECT_EQ(story.order().attributes[1].json, R"({"floor":3})");
}

TEST(Attributes, AnOrderHoldsSoMany) {
  Story story;
  prepare(story);
  // 8 KiB a text: what one event may say is far less than what an order may hold.
  const std::string text(8'000, 'x');
  const auto set = [&](std::size_t i, std::string_view value) {
    return fmt::format(R"({{"attributes":{{"a{}":{}}}}})", i, value);
  };
  const std::size_t fit = kAttributesBytesMax / (text.size() + 10);
  for (std::size_t i = 0; i < fit; ++i)
    story.tell("attributes_set", set(i, '"' + text + '"'), hours(11));
  EXPECT_FALSE(story.has_conflict(model::ConflictCode::OverQuantity));
  EXPECT_EQ(story.refusal("set_attributes", set(fit, '"' + text + '"')), ErrorCode::TooLarge);
  EXPECT_EQ(story.error().pointer, "/attributes");
  const auto before = story.order().attributes.at(0).json;
  story.tell("attributes_set", set(fit, '"' + text + '"'), hours(12));
  EXPECT_EQ(story.order().attributes.at(0).json, before) << "kept, not counted";
  EXPECT_TRUE(story.has_conflict(model::ConflictCode::OverQuantity, "attributes"));
  story.tell("attributes_set", set(0, "null"), hours(13));
  EXPECT_LT(story.order().attributes.at(0).json.size(), before.size()) << "there is room again";
}

TEST(Placing, AGroupOrderWaitsWithItsBadge) {
  Story story;
  prepare(story);
  story.tell("hold_placed", R"({"reason":"group_pending"})", hours(10));
  EXPECT_TRUE(story.has_badge("group_pending"));
  EXPECT_EQ(story.state(), "preparing");
  EXPECT_EQ(story.order().health, model::Health::Paused) << "its clock has not started";
}

}  // namespace
}  // namespace cairn::orders::testing

#include <random>

#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::ConflictCode;
using model::Role;

std::string correction(const model::Identity& target, std::string_view rest) {
  return R"({"target":")" + to_hex(target.view()) + R"(","reason":"wrong_ship")" +
         std::string(rest) + "}";
}

std::string hash_of(const std::vector<model::Event>& events, Time now) {
  Order order;
  order.key = model::order_key(model::order_id_of("shop", "1"));
  fold_all(order, events, now, world().context);
  return to_hex(state_hash(order));
}

Story told_in_full() {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(1));
  story.tell("step_total", R"({"line":"A","step":"picked","total":3})", hours(2));
  story.tell("package_shipped",
             R"({"package":"K1","number":"N1","parts":[{"line":"A","quantity":3}]})", hours(3));
  story.tell("package_scanned", R"({"number":"N1","milestone":"in_transit"})", hours(4), "zto");
  story.tell("package_shipped", R"({"package":"K2","parts":[{"line":"B","quantity":1}]})",
             hours(5));
  story.tell("package_delivered", R"({"package":"K1"})", hours(6), "zto");
  story.tell("package_delivered", R"({"package":"K1"})", hours(7));
  story.tell("package_delivered", R"({"package":"K2"})", hours(8));
  story.tell_undated("status_reported", R"({"word":"done","reached":"completed"})", hours(8));
  return story;
}

TEST(Canonical, AnyOrderAndAnyRepetitionGiveTheSame) {
  const auto story = told_in_full();
  auto events = story.events();
  const auto expected = hash_of(events, story.now());
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    auto mixed = events;
    for (std::size_t i = 0; i < events.size(); ++i)
      for (auto times = random() % 3; times > 0; --times) mixed.push_back(events[i]);
    std::ranges::shuffle(mixed, random);
    ASSERT_EQ(hash_of(mixed, story.now()), expected);
  }
}

TEST(Canonical, AnyOrderOfArrivalGivesTheSame) {
  const auto reference = told_in_full();
  const auto expected = hash_of(reference.events(), reference.now());
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    auto events = reference.events();
    std::ranges::shuffle(events, random);
    Story story("shop");
    story.pass(reference.now() - story.now());
    for (auto& event : events) story.add(event);
    ASSERT_EQ(to_hex(state_hash(story.look())), expected);
  }
}

TEST(Canonical, FactsBeforeThePlacingAreJudgedByItsLifecycle) {
  Story story;
  story.tell("order_confirmed", "{}", hours(1));
  story.pass(hours(2));
  story.tell("order_placed",
             R"({"order_no":"M","lifecycle":"made_to_order","lines":[{"id":"A","quantity":1}]})",
             hours(2));
  EXPECT_EQ(story.state(), "confirmed");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Canonical, AFactOfTheFutureWaitsForItsTime) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.stop_clock();
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(5));
  EXPECT_EQ(story.state(), "awaiting_payment");
  EXPECT_TRUE(story.has_conflict(ConflictCode::ClockSuspect));
  story.tell("note_added", R"({"text":"hello"})", hours(0) + seconds(1));
  EXPECT_TRUE(story.has_conflict(ConflictCode::ClockSuspect));
  EXPECT_EQ(story.order().valid_until(), kStart + hours(5) - kClockTolerance);
  story.pass(hours(5));
  EXPECT_EQ(story.state(), "paid");
  EXPECT_FALSE(story.has_conflict(ConflictCode::ClockSuspect)) << "settled by its time coming";
}

TEST(Canonical, AClockALittleAheadIsBelieved) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.stop_clock();
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(15));
  EXPECT_EQ(story.state(), "paid");
  story.tell("package_shipped", R"({"package":"K"})", minutes(15) + Duration{1});
  EXPECT_EQ(story.state(), "paid");
}

TEST(Canonical, WithoutADateItMovesTheOrderAndIsNeverLate) {
  Story story("shop");
  story.tell(
      "order_placed",
      R"({"order_no":"U","promised_delivery":"2026-01-02","lines":[{"id":"A","quantity":1}]})",
      hours(0));
  story.tell("package_shipped", R"({"package":"K"})", hours(4));
  story.pass(days(10));
  EXPECT_EQ(story.order().health, model::Health::Overdue);
  story.tell_undated("package_delivered", R"({"package":"K"})", hours(4));
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().health, model::Health::NoPromise) << "neither punctual nor late";
  EXPECT_TRUE(story.has_conflict(ConflictCode::NoDate, "package K delivered"));
  story.tell("note_added", R"({"text":"x"})", days(9));
  EXPECT_TRUE(story.order().at(At::Delivered).is_none()) << "a dated note is no date of delivery";
  story.tell("package_delivered", R"({"package":"K"})", hours(30), "zto");
  EXPECT_EQ(story.order().health, model::Health::DoneOnTime);
  EXPECT_FALSE(story.has_conflict(ConflictCode::NoDate)) << "settled by a dated fact";
}

TEST(Canonical, AStatusWordAddsNothingToWhatTheDatesSay) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell_undated("status_reported", R"({"word":"shipped","reached":"shipped"})", hours(0));
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_TRUE(story.has_conflict(ConflictCode::NoDate, "shipped"));
  story.tell("package_shipped", R"({"package":"K"})", hours(3));
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_FALSE(story.has_conflict(ConflictCode::NoDate));
  story.tell("package_delivered", R"({"package":"K"})", hours(9));
  EXPECT_EQ(story.state(), "delivered");
}

TEST(Canonical, StatusesReachTheirHeadline) {
  constexpr std::pair<const char*, const char*> kRows[]{
      {"none", "awaiting_payment"}, {"placed", "awaiting_payment"}, {"paid", "paid"},
      {"released", "preparing"},    {"shipped", "shipped"},         {"delivered", "delivered"},
      {"completed", "completed"},   {"cancelled", "cancelled"}};
  for (const auto& [reached, state] : kRows) {
    Story story("shop");
    story.tell("order_placed", kOrder, hours(0));
    story.tell_undated("status_reported",
                       std::string(R"({"word":"w","reached":")") + reached + "\"}", hours(0));
    EXPECT_EQ(story.state(), state) << reached;
    EXPECT_EQ(story.has_conflict(ConflictCode::NoDate), state != std::string("awaiting_payment"))
        << reached;
  }
  Story held("shop");
  held.tell("order_placed", kOrder, hours(0));
  held.tell("payment_received", R"({"in_full":true})", hours(1));
  held.tell_undated("status_reported", R"({"word":"unavailable","hold":"stock_short"})", hours(1));
  EXPECT_EQ(held.state(), "on_hold");
  EXPECT_TRUE(held.has_conflict(ConflictCode::NoDate, "on_hold"));
}

// ---- corrections --------------------------------------------------------------------------------

TEST(Corrections, ARetractionTakesAFactAway) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  const auto shipped = story.last();
  story.must("retract_event", R"({"target":")" + shipped + R"(","reason":"wrong_ship"})");
  EXPECT_EQ(story.state(), "preparing");
  EXPECT_TRUE(story.order().packages.empty());
  EXPECT_EQ(story.refusal("retract_event", R"({"target":"12","reason":"x"})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/target");
}

TEST(Corrections, OneBeforeItsTargetWaitsWithIt) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  auto wrong =
      story.fact("package_shipped", R"({"package":"K1","number":"X"})", kStart + hours(2), "");
  story.tell("event_corrected", correction(wrong.id, R"(,"data":{"package":"K1","number":"Y"})"),
             hours(3));
  EXPECT_TRUE(story.order().packages.empty());
  story.add(wrong);
  EXPECT_EQ(story.order().packages.at(0).number, "Y");
}

TEST(Corrections, TheNewestWinsAndARetractionWinsOverThoseBeforeIt) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1","number":"X"})", hours(2));
  story.tell("event_corrected", correction(shipped, R"(,"data":{"package":"K1","number":"Y"})"),
             hours(3));
  story.tell("event_corrected", correction(shipped, R"(,"data":{"package":"K1","number":"Z"})"),
             hours(4));
  EXPECT_EQ(story.order().packages.at(0).number, "Z");
  const auto gone = story.tell("event_retracted", correction(shipped, ""), hours(5));
  EXPECT_TRUE(story.order().packages.empty());
  story.tell("event_retracted", correction(gone, ""), hours(6));
  EXPECT_EQ(story.order().packages.at(0).number, "Z") << "the retraction was a mistake itself";
  story.tell("event_retracted", correction(shipped, ""), hours(7));
  story.tell("event_corrected", correction(shipped, R"(,"data":{"package":"K1","number":"W"})"),
             hours(8));
  EXPECT_EQ(story.order().packages.at(0).number, "W");
}

TEST(Corrections, ANewTimeMovesTheEvent) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"in_full":true})", hours(1));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  story.tell("package_delivered", R"({"package":"K1"})", hours(5));
  story.tell("event_corrected", correction(shipped, R"(,"occurred":"2026-01-01T06:00:00Z")"),
             hours(7));
  EXPECT_TRUE(story.has_conflict(ConflictCode::ImpossibleOrder, "delivered_before_shipped"));
  story.tell("event_corrected", correction(shipped, R"(,"occurred":"2026-01-01T03:00:00Z")"),
             hours(8));
  EXPECT_FALSE(story.has_conflict(ConflictCode::ImpossibleOrder));
  EXPECT_EQ(story.order().packages[0].shipped_at, kStart + hours(3));
}

TEST(Corrections, ATimeIsGivenToWhatHadNone) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto delivered = story.tell_undated("package_delivered", R"({"package":"K1"})", hours(0));
  EXPECT_TRUE(story.has_conflict(ConflictCode::NoDate));
  story.tell("event_corrected", correction(delivered, R"(,"occurred":"2026-01-01T06:00:00Z")"),
             hours(7));
  EXPECT_EQ(story.order().at(At::Delivered), kStart + hours(6));
  EXPECT_FALSE(story.has_conflict(ConflictCode::NoDate));
}

TEST(Corrections, LookingBackSeesCorrectedTimes) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto paid = story.tell("payment_received", R"({"in_full":true})", hours(9));
  story.tell("event_corrected", correction(paid, R"(,"occurred":"2026-01-01T01:00:00Z")"),
             hours(10));
  Order past;
  past.key = story.order().key;
  fold_all(past, story.events(), kStart + hours(2), story.context(), kStart + hours(2));
  EXPECT_EQ(past.headline().code(), "paid");
  fold_all(past, story.events(), kStart + hours(1) - Duration{1}, story.context(),
           kStart + hours(1) - Duration{1});
  EXPECT_EQ(past.headline().code(), "awaiting_payment");
}

/// What the reducer writes to other aggregates after `cause`, the last of `events`.
std::vector<core::Letter> letters_after(const Story& story) {
  const OrderReducer reducer(world().context);
  Order before, after;
  before.key = after.key = model::order_key(model::order_id_of("shop", "1"));
  const std::span all(story.events());
  fold_all(before, all.first(all.size() - 1), story.now(), world().context);
  fold_all(after, all, story.now(), world().context);
  return reducer.letters(after.key, reducer.claims(before), after, all.back(), all);
}

/// A word of the kernel about `target`: it is taken away, or a taking away is taken back.
model::Event kernel_word(Story& story, const model::Identity& target, Duration after) {
  auto event = story.fact("event_retracted", correction(target, ""), kStart + after, "cairn");
  event.origin.role = model::Role::System;
  return event;
}

TEST(Corrections, AnEventMovesToAnotherOrderAndBack) {
  const auto other = model::order_id_of("shop", "2");
  const auto move = R"(,"move_to":")" + model::to_text(other) + "\"";
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  const auto moved = story.tell(
      "event_corrected", correction(shipped, move + R"(,"data":{"package":"K9"})"), hours(3));
  EXPECT_TRUE(story.order().packages.empty());
  auto letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].to, model::order_key(other));
  const auto copy = letters[0].event;
  EXPECT_TRUE(copy.is(model::EventFlag::Copied));
  EXPECT_EQ(copy.copy_of, shipped);
  EXPECT_EQ(copy.as<model::PackageReport>().package, "K9") << "in its corrected form";

  const auto undone = story.tell("event_retracted", correction(moved, ""), hours(4));
  EXPECT_EQ(story.order().packages.size(), 1u);
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.type, model::EventType::EventRetracted);
  EXPECT_EQ(letters[0].event.as<model::Retraction>().target, to_hex(copy.id.view()));
  const auto taken_back = letters[0].event.id;

  // The move counts again: the copy, and the taking back is itself taken back.
  story.tell("event_retracted", correction(undone, ""), hours(5));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].event.id, copy.id);
  EXPECT_EQ(letters[1].event.as<model::Retraction>().target, to_hex(taken_back.view()));
}

TEST(Corrections, ANewerMoveTakesTheOlderCopyBack) {
  const auto move_to = [](std::string_view order) {
    return R"(,"move_to":")" + model::to_text(model::order_id_of("shop", order)) + "\"";
  };
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  story.tell("event_corrected", correction(shipped, move_to("2")), hours(3));
  const auto first = letters_after(story).at(0);
  story.tell("event_corrected", correction(shipped, move_to("2") + R"(,"data":{"package":"K9"})"),
             hours(4));
  auto letters = letters_after(story);
  ASSERT_EQ(letters.size(), 2u) << "told anew where it stays in the same order";
  EXPECT_EQ(letters[0].event.as<model::Retraction>().target, to_hex(first.event.id.view()));
  EXPECT_NE(letters[1].event.id, first.event.id);
  EXPECT_EQ(letters[1].event.as<model::PackageReport>().package, "K9");
  story.tell("event_corrected", correction(shipped, move_to("3")), hours(5));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].to, model::order_key(model::order_id_of("shop", "2")));
  EXPECT_EQ(letters[1].to, model::order_key(model::order_id_of("shop", "3")));
}

TEST(Corrections, WhatTheKernelTookAwayStaysAwayWhoeverCorrectsIt) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  const auto taken = story.add(kernel_word(story, shipped, hours(3)));
  EXPECT_TRUE(story.order().packages.empty());
  story.tell("event_corrected", correction(shipped, R"(,"data":{"package":"K9"})"), hours(4));
  EXPECT_TRUE(story.order().packages.empty()) << "a correction does not bring it back";
  story.add(kernel_word(story, taken, hours(5)));
  ASSERT_EQ(story.order().packages.size(), 1u);
  EXPECT_EQ(story.order().packages[0].id, "K9") << "what was corrected meanwhile stays corrected";
}

TEST(Corrections, WhatIsTakenAwayHereIsTakenBackWhereItWasMovedTo) {
  const auto move = R"(,"move_to":")" + model::to_text(model::order_id_of("shop", "2")) + "\"";
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto shipped = story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  story.tell("event_corrected", correction(shipped, move), hours(3));
  const auto copy = letters_after(story).at(0).event.id;
  const auto taken = story.add(kernel_word(story, shipped, hours(4)));
  auto letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.as<model::Retraction>().target, to_hex(copy.view()));
  story.add(kernel_word(story, taken, hours(5)));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].event.id, copy);
}

TEST(Corrections, AFactAndItsCopyAreOneFact) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  auto copy = story.fact("note_added", R"({"text":"moved here"})", kStart + hours(2), "");
  const auto original = story.fact("note_added", R"({"text":"told here"})", kStart + hours(2), "");
  copy.set(model::EventFlag::Copied);
  copy.copy_of = original.id;
  story.add(copy);
  EXPECT_EQ(story.order().notes.size(), 1u);
  story.add(original);
  ASSERT_EQ(story.order().notes.size(), 1u);
  EXPECT_EQ(story.order().notes[0].event, original.id);
  story.tell("event_retracted", correction(original.id, ""), hours(3));
  ASSERT_EQ(story.order().notes.size(), 1u);
  EXPECT_EQ(story.order().notes[0].event, copy.id);
}

TEST(Corrections, AMoveBeforeItsTargetIsCarriedOutWhenItComes) {
  const auto other = model::order_id_of("shop", "2");
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  const auto wrong = story.fact("package_shipped", R"({"package":"K1"})", kStart + hours(2), "");
  story.tell("event_corrected",
             correction(wrong.id, R"(,"move_to":")" + model::to_text(other) + "\""), hours(3));
  EXPECT_TRUE(letters_after(story).empty());
  story.add(wrong);
  EXPECT_TRUE(story.order().packages.empty());
  const auto letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.copy_of, wrong.id);
}

TEST(Corrections, AVerdictIsRetractedToo) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("package_delivered", R"({"package":"K1"})", hours(2));
  ASSERT_TRUE(story.has_badge("data_conflict"));
  const auto conflict = story.order().conflicts.at(0);
  const auto verdict = story.tell("conflict_settled",
                                  R"({"conflict":")" + std::string(name_of(conflict.code)) + ":" +
                                      to_hex(conflict.event.view()) + R"(","verdict":"as told"})",
                                  hours(3));
  EXPECT_EQ(story.order().conflicts.at(0).verdict, "as told");
  EXPECT_FALSE(story.has_badge("data_conflict"));
  story.tell("event_retracted", correction(verdict, ""), hours(4));
  EXPECT_TRUE(story.has_badge("data_conflict"));
}

// ---- references ---------------------------------------------------------------------------------

TEST(References, NumbersAreClaimedAndLetGo) {
  Story story("shop");
  story.tell("order_placed", R"({"order_no":"R","references":[{"scheme":"po","value":" po 7 "}]})",
             hours(0));
  auto letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.as<model::Claim>().value, "PO7");
  const auto shipped =
      story.tell("package_shipped", R"({"package":"K1","carrier":"zto","number":"N1"})", hours(1));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.type, model::EventType::ReferenceClaimed);
  EXPECT_EQ(letters[0].event.as<model::Claim>().package, "K1");
  story.tell("event_corrected",
             correction(shipped, R"(,"data":{"package":"K1","carrier":"zto","number":"N2"})"),
             hours(2));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 2u) << "the wrong number goes, the right one comes";
  for (const auto& letter : letters) {
    const bool is_wrong = letter.event.as<model::Claim>().value == "N1";
    EXPECT_EQ(letter.event.type,
              is_wrong ? model::EventType::ReferenceUnclaimed : model::EventType::ReferenceClaimed);
  }
  EXPECT_NE(letters[0].event.as<model::Claim>().value, letters[1].event.as<model::Claim>().value);
  story.tell("reference_removed", R"({"reference":{"scheme":"po","value":" po 7 "}})", hours(3));
  letters = letters_after(story);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.type, model::EventType::ReferenceUnclaimed);
}

}  // namespace
}  // namespace cairn::orders::testing

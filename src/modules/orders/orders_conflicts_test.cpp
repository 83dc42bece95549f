#include <set>

#include <fmt/format.h>

#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::ConflictCode;
using model::Health;
using model::Role;

/// One story per row of the closed table, none without: what it takes, and what ends it.
struct Row {
  ConflictCode code;
  void (*arise)(Story&);
  void (*settle)(Story&);
};

void shipped(Story& story) {
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(1));
  story.tell("package_shipped", R"({"package":"K","number":"N"})", hours(2));
}
void nothing(Story&) {}

const Row kRows[]{
    {ConflictCode::ImpossibleOrder,
     [](Story& story) {
       shipped(story);
       story.tell("package_shipped", R"({"package":"L"})", hours(9));
       story.tell("package_delivered", R"({"package":"L"})", hours(8));
     },
     nothing},
    {ConflictCode::IllegalHere,
     [](Story& story) {
       story.tell("order_placed", kOrder, hours(0));
       story.tell("package_shipped", R"({"package":"K"})", minutes(2));
     },
     [](Story& story) { story.tell("payment_received", R"({"amount":400})", minutes(1)); }},
    {ConflictCode::SourcesDisagree,
     [](Story& story) {
       story.tell("order_placed", kOrder, hours(0));
       story.tell("order_placed", R"({"order_no":"T-1","total":401})", hours(1), "erp");
     },
     nothing},
    {ConflictCode::IdReused,
     [](Story& story) {
       shipped(story);
       auto rival = story.events().back();
       rival.set(model::EventFlag::Rival);
       story.add(rival);
     },
     nothing},
    {ConflictCode::Overtaken,
     [](Story& story) {
       story.tell("order_placed", kOrder, hours(0));
       story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
       story.pass(hours(8));
       story.must("approve_order");
       story.tell("package_shipped", R"({"package":"K"})", hours(3));
     },
     nothing},
    {ConflictCode::AfterFinal,
     [](Story& story) {
       story.tell("order_placed", kOrder, hours(0));
       story.tell("order_cancelled", R"({"reason":"x"})", minutes(1));
       story.tell("package_scanned", R"({"package":"K","milestone":"in_transit"})", hours(2));
     },
     nothing},
    {ConflictCode::OverQuantity,
     [](Story& story) {
       shipped(story);
       story.tell("package_shipped", R"({"package":"L","parts":[{"line":"A","quantity":4}]})",
                  hours(3));
     },
     [](Story& story) {
       story.tell("lines_amended", R"({"lines":[{"id":"A","quantity":4}]})", hours(4));
     }},
    {ConflictCode::ClockSuspect,
     [](Story& story) {
       shipped(story);
       story.stop_clock();
       story.tell("package_delivered", R"({"package":"K"})", days(2));
     },
     [](Story& story) { story.pass(days(2)); }},
    {ConflictCode::NoDate,
     [](Story& story) {
       shipped(story);
       story.tell_undated("package_delivered", R"({"package":"K"})", hours(2));
     },
     [](Story& story) { story.tell("package_delivered", R"({"package":"K"})", hours(4), "zto"); }},
    {ConflictCode::EvidenceMissing,
     [](Story& story) {
       shipped(story);
       story.tell("package_delivered", R"({"package":"K"})", hours(3));
       story.must("confirm_receipt", "{}", Role::Service);
     },
     [](Story& story) {
       story.must("add_attachment", R"({"hash":"ab","name":"slip.jpg"})", Role::Service);
     }},
    {ConflictCode::DeclaredNotConfirmed,
     [](Story& story) {
       shipped(story);
       story.pass(hours(48));
     },
     [](Story& story) {
       story.tell("package_scanned", R"({"number":"N","milestone":"picked_up"})", hours(51), "zto");
     }},
};

TEST(Conflicts, EveryCodeHappensAndEndsAsItsRowSays) {
  std::set<ConflictCode> seen;
  for (const auto& row : kRows) {
    Story story;
    row.arise(story);
    EXPECT_TRUE(story.has_conflict(row.code)) << name_of(row.code);
    EXPECT_TRUE(story.has_badge("data_conflict"));
    seen.insert(row.code);
    if (row.settle == nothing) continue;
    row.settle(story);
    EXPECT_FALSE(story.has_conflict(row.code)) << name_of(row.code);
  }
  EXPECT_EQ(seen.size(), model::conflict_table().size());
}

TEST(Conflicts, WhatOverlapsIsNotImpossible) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"in_full":true})", hours(1));
  auto day = story.fact("package_delivered", R"({"package":"K"})", kStart, "zto");
  day.precision = Precision::Day;
  story.tell("package_shipped", R"({"package":"K"})", hours(9));
  story.add(day);
  EXPECT_FALSE(story.has_conflict(ConflictCode::ImpossibleOrder)) << "some time that day";
}

TEST(Conflicts, MoreRefundedThanPaid) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("refund_succeeded", R"({"payment_id":"R","amount":10})", hours(1));
  EXPECT_TRUE(story.has_conflict(ConflictCode::OverQuantity, "refunded"));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(2));
  EXPECT_FALSE(story.has_conflict(ConflictCode::OverQuantity));
}

TEST(Conflicts, TheKindsOfImpossibleOrder) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(5));
  story.tell("payment_received", R"({"in_full":true})", hours(8));
  story.tell("package_shipped", R"({"package":"K"})", hours(4));
  story.tell("package_delivered", R"({"package":"K"})", hours(3));
  for (const auto* detail :
       {"shipped_before_placed", "shipped_before_paid", "delivered_before_paid"})
    EXPECT_TRUE(story.has_conflict(ConflictCode::ImpossibleOrder, detail)) << detail;
}

TEST(Conflicts, CancelledThoughShippedIsForAPersonToSettle) {
  Story story("shop");
  shipped(story);
  story.tell("order_cancelled", R"({"reason":"x"})", hours(4));
  EXPECT_EQ(story.state(), "cancelled");
  ASSERT_TRUE(story.has_conflict(ConflictCode::SourcesDisagree, "cancelled_but_shipped"));
  story.must("settle_conflict",
             fmt::format(R"({{"conflict":"sources_disagree:{}","verdict":"lost"}})",
                         std::string(32, '0')));
  EXPECT_FALSE(story.has_badge("data_conflict"));
}

TEST(Conflicts, AnotherWitnessIsNone) {
  Story story("shop");
  shipped(story);
  story.tell("package_shipped", R"({"package":"K"})", hours(3), "erp");
  story.tell("package_delivered", R"({"package":"K"})", hours(6), "zto");
  story.tell("package_delivered", R"({"package":"K"})", hours(7));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", hours(8), "bank");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
  const auto& milestones = story.order().packages.at(0).milestones;
  const auto delivered =
      std::ranges::find(milestones, model::Milestone::Delivered, &MilestoneState::milestone);
  ASSERT_NE(delivered, milestones.end());
  EXPECT_EQ(delivered->sources, (std::vector<std::string>{"zto", "shop"}));
  EXPECT_EQ(story.order().paid, 400) << "one payment, however many tell of it";
  story.tell("payment_received", R"({"payment_id":"P","amount":390})", hours(9), "erp");
  EXPECT_TRUE(story.has_conflict(ConflictCode::SourcesDisagree, "payment P"));
}

TEST(Conflicts, AGuardThatWouldHaveRefusedOvertakesTheCommand) {
  Story story;
  prepare(story);
  story.must("ship_package",
             R"({"package":"K","parts":[{"line":"A","quantity":3},{"line":"B","quantity":1}]})");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
  story.tell("hold_placed", R"({"reason":"risk_review"})", hours(8));
  EXPECT_TRUE(story.has_conflict(ConflictCode::Overtaken));
}

// ---- milestones ---------------------------------------------------------------------------------

model::Milestone shown(std::initializer_list<std::pair<const char*, Duration>> scans) {
  Story story("shop");
  shipped(story);
  for (const auto& [milestone, at] : scans)
    story.tell("package_scanned", fmt::format(R"({{"package":"K","milestone":"{}"}})", milestone),
               at, "zto");
  return story.order().packages.at(0).milestone;
}

TEST(Milestones, TheLastWordCounts) {
  using enum model::Milestone;
  EXPECT_EQ(shown({{"picked_up", hours(3)}, {"in_transit", hours(4)}}), InTransit);
  EXPECT_EQ(shown({{"in_transit", hours(4)}, {"picked_up", hours(5)}}), PickedUp);
  EXPECT_EQ(shown({{"in_transit", hours(4)}, {"info_received", hours(5)}}), InTransit);
  EXPECT_EQ(shown({{"in_transit", hours(4)}, {"monitoring_ended", hours(5)}}), InTransit);
  EXPECT_EQ(shown({{"pending", hours(5)}}), Pending);
  EXPECT_EQ(shown({{"in_transit", hours(4)}, {"cancelled", hours(5)}}), Cancelled);
  EXPECT_EQ(shown({{"delivered", hours(4)}, {"in_transit", hours(5)}}), Delivered);
  EXPECT_EQ(shown({{"delivered", hours(4)}, {"forwarded", hours(5)}}), Delivered);
  EXPECT_EQ(shown({{"delivered", hours(4)}, {"returning", hours(5)}}), Returning);
  EXPECT_EQ(shown({{"returning", hours(4)}, {"returned", hours(5)}}), Returned);
}

TEST(Milestones, WithinAMinuteTheRankDecides) {
  using enum model::Milestone;
  EXPECT_EQ(shown({{"out_for_delivery", hours(4)}, {"at_destination", hours(4) + seconds(30)}}),
            OutForDelivery);
  EXPECT_EQ(shown({{"out_for_delivery", hours(4)}, {"at_destination", hours(4) + seconds(60)}}),
            AtDestination);
}

TEST(Milestones, FlagsStandBesideThem) {
  Story story("shop");
  shipped(story);
  story.tell("package_scanned", R"({"package":"K","milestone":"in_transit","flags":["delayed"]})",
             hours(3));
  story.tell("package_refused", R"({"package":"K"})", hours(4));
  const auto& package = story.order().packages.at(0);
  EXPECT_EQ(package.milestone, model::Milestone::InTransit);
  EXPECT_TRUE(package.has(model::PackageFlag::Delayed));
  EXPECT_TRUE(package.has(model::PackageFlag::Refused));
}

// ---- promises and health ------------------------------------------------------------------------

/// The second that the promise ends with.
Time due(Story& story) { return {judged_by(story.order()).us / 1'000'000 * 1'000'000}; }

TEST(Promises, ToldBeatsSetBeatsComputed) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  EXPECT_EQ(story.order().health, Health::NoPromise);
  story.must("make_promise", R"({"at":"2026-01-05T00:00:00Z"})", Role::Service);
  EXPECT_EQ(due(story), kStart + days(4));
  story.tell("promise_made", R"({"at":"2026-01-09T00:00:00Z"})", hours(1));
  EXPECT_EQ(due(story), kStart + days(8));
  story.must("make_promise", R"({"at":"2026-01-03T00:00:00Z"})", Role::Service);
  EXPECT_EQ(due(story), kStart + days(8)) << "the source's word stands";
  EXPECT_EQ(story.order().promises.size(), 3u) << "every version is kept";
}

TEST(Promises, ADateIsTheEndOfItsDay) {
  Story story("shop");
  story.tell("order_placed", R"({"order_no":"P","requested_delivery":"2026-01-02",
      "lines":[{"id":"A","quantity":1}]})",
             hours(0));
  EXPECT_EQ(judged_by(story.order()), kStart + days(2) - Duration{1});
  story.pass(days(2) - Duration{1});
  EXPECT_EQ(story.order().health, Health::OnTime);
  EXPECT_EQ(lane_of(story.order().health), model::Lane::Normal);
  EXPECT_EQ(story.order().valid_until(), kStart + days(2));
  story.pass(Duration{1});
  EXPECT_EQ(story.order().health, Health::Overdue);
  EXPECT_EQ(lane_of(story.order().health), model::Lane::Overdue);
}

TEST(Promises, DoneOnTimeAndLate) {
  for (const bool is_late : {false, true}) {
    Story story("shop");
    story.tell("order_placed", R"({"order_no":"P","promised_delivery":"2026-01-02T00:00:00Z",
        "lines":[{"id":"A","quantity":1}]})",
               hours(0));
    story.tell("package_shipped", R"({"package":"K"})", hours(2));
    story.tell("package_delivered", R"({"package":"K"})",
               hours(24) + (is_late ? seconds(1) : seconds(0)));
    EXPECT_EQ(story.order().health, is_late ? Health::DoneLate : Health::DoneOnTime);
  }
}

TEST(Promises, AHoldThatStopsTheClockPutsItOff) {
  Story story;
  story.tell("order_placed",
             R"({"order_no":"P","total":1,"promised_delivery":"2026-01-04T00:00:00Z",
      "lines":[{"id":"A","quantity":1}]})",
             hours(0));
  story.tell("payment_received", R"({"amount":1})", minutes(1));
  story.tell("hold_placed", R"({"hold_id":"H","reason":"customer_request"})", days(1));
  story.pass(days(4));
  EXPECT_EQ(story.order().health, Health::Paused);
  EXPECT_EQ(lane_of(story.order().health), model::Lane::Normal);
  story.tell("hold_released", R"({"hold_id":"H"})", days(5));
  EXPECT_EQ(due(story), kStart + days(7)) << "four days later than promised";
  EXPECT_EQ(story.order().health, Health::OnTime);
  story.tell("hold_placed", R"({"hold_id":"J","reason":"stock_short"})", days(6));
  story.pass(days(6));
  EXPECT_EQ(story.order().health, Health::Overdue) << "the clock of that one runs";
}

TEST(Promises, OfLinesTheLastCountsForTheOrder) {
  Story story("shop");
  story.tell("order_placed", R"({"order_no":"P","lines":[
      {"id":"A","quantity":1,"promised_delivery":"2026-01-03T00:00:00Z"},
      {"id":"B","quantity":1,"promised_delivery":"2026-01-06T00:00:00Z"}]})",
             hours(0));
  EXPECT_EQ(due(story), kStart + days(5));
}

/// The sides of a conflict as they are shown.
struct Shown {
  struct Side {
    std::string event, source, value, says;
  };
  std::string detail;
  std::vector<Side> sides;
};
Shown shown(Story& story, const ConflictState& conflict) {
  std::string text;
  json::Writer w(text);
  write_conflict(w, story.order(), conflict, story.events(), story.context());
  json::Document document;
  const auto json = document.parse(text);
  EXPECT_TRUE(json) << text;
  const auto text_of = [](json::Value in, std::string_view name) -> std::string {
    const auto found = in.find(name);
    return found ? found->as_id().value_or("") : "";
  };
  Shown out;
  if (const auto detail = json->find("detail")) out.detail = text_of(*detail, "en");
  json->find("sides")->elements([&](json::Value side) {
    EXPECT_FALSE(text_of(*side.find("says"), "zh").empty()) << text;
    out.sides.push_back({text_of(side, "event"), text_of(side, "source"), text_of(side, "value"),
                         text_of(*side.find("says"), "en")});
    return true;
  });
  return out;
}

TEST(Conflicts, AlwaysNameBothSidesAndWhoToldThem) {
  for (const auto& row : kRows) {
    Story story;
    row.arise(story);
    for (const auto& conflict : story.order().conflicts) {
      if (conflict.code != row.code) continue;
      const auto text = shown(story, conflict);
      ASSERT_EQ(text.sides.size(), 2u) << name_of(row.code);
      EXPECT_FALSE(text.sides[0].event.empty()) << name_of(row.code);
      for (const auto& side : text.sides) {
        EXPECT_FALSE(side.source.empty()) << name_of(row.code);
        EXPECT_FALSE(side.says.empty()) << name_of(row.code);
        EXPECT_EQ(side.says.find('_'), std::string::npos) << side.says << " has a code";
      }
      EXPECT_EQ(text.detail.find('_'), std::string::npos) << text.detail << " is a code";
    }
  }
}

TEST(Conflicts, SayWhoClaimsWhat) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.tell("order_placed", R"({"order_no":"T-1","total":401})", hours(1), "erp");
  const auto text = shown(story, story.order().conflicts.at(0));
  EXPECT_EQ(text.sides.at(0).source, "shop");
  EXPECT_EQ(text.sides.at(0).value, "400");
  EXPECT_EQ(text.sides.at(1).source, "erp");
  EXPECT_EQ(text.sides.at(1).value, "401");
}

}  // namespace
}  // namespace cairn::orders::testing

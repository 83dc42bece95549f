#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"
#include "modules/orders/render_public.hpp"

namespace cairn::orders::testing {
namespace {

using model::Health;
using model::Milestone;

constexpr std::string_view kPromised = R"({"order_no":"T-1","total":400,"currency":"CNY",
  "promised_delivery":"2026-01-03T00:00:00Z",
  "lines":[{"id":"A","quantity":3,"name":"Tea"},{"id":"B","quantity":1,"name":"Cup"}]})";

TEST(Packages, AWithdrawnOneIsEmpty) {
  for (const std::string_view order :
       {kOrder, std::string_view(R"({"order_no":"T-1","total":0})")}) {
    Story story;
    story.tell("order_placed", order, hours(0));
    story.tell("payment_received", R"({"payment_id":"P","in_full":true})", minutes(5));
    story.tell("package_shipped", R"({"package":"K"})", hours(2));
    story.tell("package_unshipped", R"({"package":"K"})", hours(3));
    EXPECT_TRUE(story.order().packages.at(0).is_withdrawn);
    EXPECT_FALSE(sums_of(story.order()).all_shipped);
    story.tell("package_shipped", R"({"package":"L"})", hours(4));
    EXPECT_TRUE(sums_of(story.order()).all_shipped);
    story.tell("package_delivered", R"({"package":"L"})", hours(9));
    EXPECT_TRUE(sums_of(story.order()).all_delivered);
    EXPECT_EQ(story.state(), "delivered");
  }
}

TEST(Packages, WhatAWithdrawnOneNamedIsFreeAgain) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","parts":[{"line":"A","quantity":3}]})", hours(2));
  story.tell("package_unshipped", R"({"package":"K"})", hours(3));
  story.tell("package_shipped", R"({"package":"L"})", hours(4));
  EXPECT_EQ(story.order().lines.at(0).shipped, 3);
  EXPECT_EQ(story.order().lines.at(1).shipped, 1);
  // It goes after all.
  story.tell("package_shipped", R"({"package":"K"})", hours(5));
  EXPECT_FALSE(story.order().packages.at(0).is_withdrawn);
  EXPECT_EQ(story.order().lines.at(0).shipped, 3);
}

TEST(Packages, GoWhereTheirUnitGoes) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  auto scan =
      story.fact("package_scanned", R"({"carrier":"zto","number":"U1","milestone":"picked_up"})",
                 kStart + hours(1), "zto");
  scan.origin.subject = "tracking/zto:U1";
  story.add(std::move(scan));
  EXPECT_EQ(story.order().packages.size(), 1u) << "it could be a package's own number";
  for (const auto* data :
       {R"({"package":"K","number":"N1","carrier":"zto","unit":"U1",
            "parts":[{"line":"A","quantity":3}]})",
        R"({"package":"L","carrier":"zto","unit":"U1","parts":[{"line":"B","quantity":1}]})"})
    story.tell("package_shipped", data, hours(2));
  ASSERT_EQ(story.order().packages.size(), 2u) << "a unit is no package";
  story.tell("package_scanned", R"({"carrier":"zto","number":"U1","milestone":"in_transit"})",
             hours(3));
  const auto milestone = [&](std::size_t i) { return story.order().packages.at(i).milestone; };
  EXPECT_EQ(milestone(0), Milestone::InTransit);
  EXPECT_EQ(milestone(1), Milestone::InTransit);
  EXPECT_EQ(story.order().packages.at(0).number, "N1");
  EXPECT_EQ(story.order().packages.at(1).number, "") << "the unit's number is not its own";
  // One is put on another truck: what the first does is no longer its way.
  story.tell("package_scanned", R"({"package":"L","unit":"U2","milestone":"customs"})", hours(4));
  story.tell("package_delivered", R"({"carrier":"zto","number":"U1"})", hours(5));
  EXPECT_EQ(milestone(0), Milestone::Delivered);
  EXPECT_FALSE(story.order().packages.at(1).is_delivered);
  EXPECT_EQ(story.state(), "partly_delivered");
  story.tell("package_delivered", R"({"number":"U2"})", hours(6));
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().packages.size(), 2u);
}

TEST(Packages, AnOrderHoldsAThousand) {
  Story story;
  story.tell("order_placed", R"({"order_no":"T-1","total":0,"lines":[{"id":"A","quantity":2000}]})",
             hours(0));
  std::vector<model::Event> events(story.events());
  for (std::size_t i = 1; i <= kPackagesMax; ++i)
    events.push_back(
        story.fact("package_shipped",
                   fmt::format(R"({{"package":"K{}","parts":[{{"line":"A","quantity":1}}]}})", i),
                   kStart + minutes(static_cast<std::int64_t>(i)), {}));
  for (std::size_t i = 0; i < events.size(); ++i) events[i].number = i + 1;
  Order order;
  order.key = story.order().key;
  const auto fold = [&] { fold_all(order, events, story.now(), story.context()); };
  fold();
  EXPECT_EQ(order.packages.size(), kPackagesMax);
  EXPECT_FALSE(order.is(Flag::PackagesBeyond));
  core::Command command;
  command.name = "ship_package";
  command.data = R"({"package":"K1001"})";
  command.origin = {.source = "own", .role = model::Role::Warehouse, .actor = "wang"};
  const auto refused = decide(order, command, story.now(), story.context());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::TooLarge) << refused.error().message;
  EXPECT_EQ(refused.error().pointer, "/package");
  events.push_back(story.fact("package_shipped", R"({"package":"K1001"})", kStart + days(2), {}));
  events.push_back(story.fact("package_delivered", R"({"package":"K1"})", kStart + days(3), {}));
  fold();
  EXPECT_EQ(order.packages.size(), kPackagesMax);
  EXPECT_TRUE(order.packages.front().is_delivered) << "those it has go on";
  EXPECT_TRUE(std::ranges::any_of(order.conflicts, [](const ConflictState& conflict) {
    return conflict.code == model::ConflictCode::OverQuantity && conflict.detail == "packages";
  }));
}

TEST(Packages, DeliveredAtTheEndOfALegIsOnItsWay) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","leg":"first"})", hours(2));
  story.tell("package_scanned", R"({"package":"K","leg":"last","milestone":"info_received"})",
             hours(3));
  story.tell("package_delivered", R"({"package":"K","leg":"first","place":"Hub"})", hours(9));
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_EQ(story.order().packages.at(0).milestone, Milestone::Forwarded);
  story.tell("package_delivered", R"({"package":"K","leg":"last"})", hours(30));
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().packages.at(0).delivered_at, kStart + hours(30));
  EXPECT_EQ(story.order().packages.at(0).legs.size(), 2u);
}

TEST(Packages, ALegThatBeginsAfterDeliverySaysItWasNotTheEnd) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","leg":"first","carrier":"sea"})", hours(2));
  story.tell("package_delivered", R"({"package":"K","leg":"first"})", hours(9));
  EXPECT_EQ(story.state(), "delivered") << "no other leg is known";
  story.tell("package_scanned",
             R"({"package":"K","leg":"last","carrier":"zto","milestone":"in_transit"})", hours(12));
  EXPECT_EQ(story.state(), "shipped");
  EXPECT_TRUE(story.order().at(At::Delivered).is_none());
  EXPECT_EQ(story.order().packages.at(0).milestone, Milestone::InTransit);
  EXPECT_EQ(story.order().packages.at(0).legs.at(0).carrier, "sea");
}

TEST(Packages, AWayBackIsNoFurtherLeg) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","leg":"out"})", hours(2));
  story.tell("package_delivered", R"({"package":"K","leg":"out"})", hours(9));
  story.tell("package_scanned", R"({"package":"K","leg":"back","milestone":"returning"})",
             hours(12));
  EXPECT_TRUE(story.order().packages.at(0).is_delivered);
}

TEST(Packages, AReturnLeavesWhatWasDeliveredInTimeInTime) {
  Story story;
  story.tell("order_placed", kPromised, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K"})", hours(2));
  story.tell("package_delivered", R"({"package":"K"})", hours(20));
  EXPECT_EQ(story.order().health, Health::DoneOnTime);
  story.tell("after_sale_opened", R"({"case_id":"C","type":"return_refund"})", hours(30));
  story.pass(days(3));
  ASSERT_EQ(story.order().category(), model::Category::Reverse) << story.state();
  EXPECT_EQ(story.order().health, Health::DoneOnTime);
  Names names;
  const auto row = make_row(story.order(), 1, 1, story.context(), names);
  EXPECT_EQ(row.health(story.now()), Health::DoneOnTime);
  EXPECT_TRUE(row.is_done);
}

TEST(Suppliers, WhatTheyConfirmIsNoPromiseToTheCustomer) {
  Story story;
  story.tell("order_placed", kPromised, hours(0));
  const auto before = judged_by(story.order());
  story.tell("supplier_confirmed", R"({"at":"2026-02-20T00:00:00Z"})", hours(2));
  EXPECT_EQ(story.order().promises.size(), 1u);
  EXPECT_EQ(judged_by(story.order()), before);
}

TEST(Suppliers, APurchaseNamesOneAndAnAssignmentShipsByIt) {
  Story story;
  story.tell("order_placed", R"({"order_no":"M","lifecycle":"made_to_order","total":0})", hours(0));
  story.tell("purchase_issued", R"({"supplier":"mill"})", hours(1));
  EXPECT_EQ(story.order().suppliers, std::vector<std::string>{"mill"});
  EXPECT_TRUE(story.order().is(Flag::MaterialStarted));
  EXPECT_FALSE(story.has_badge("dropship")) << "material is bought for many reasons";
  Names names;
  const auto row = make_row(story.order(), 1, 1, story.context(), names);
  EXPECT_TRUE(contains(row.words(), names.known("supplier:mill")));
  story.tell("supplier_assigned", R"({"supplier":"maker"})", hours(2));
  EXPECT_TRUE(story.has_badge("dropship"));
}

/// Words as a test reads them: the code itself, the instant, and "南京市" where it is named.
PublicWords words_in(bool is_chinese) {
  return {.is_chinese = is_chinese,
          .label = [](std::string_view, std::string_view code) { return std::string(code); },
          .time = [](Time at) { return format_rfc3339(at); },
          .city =
              [](std::string_view place) {
                return std::string(place.contains("南京市") ? "南京市" : "");
              }};
}
PublicOrder public_page(Story& story, bool is_chinese = false) {
  return public_order_of(story.order(), story.now(), story.context(), words_in(is_chinese));
}
Story shipped(std::string_view order = kOrder) {
  Story story;
  story.tell("order_placed", order, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","carrier":"zto"})", hours(2));
  return story;
}

TEST(PublicPage, NothingStandsAboveDeliveryButAWayBack) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K"})", hours(2));
  story.tell("package_scanned", R"({"package":"K","milestone":"in_transit"})", hours(5));
  story.tell("package_delivered", R"({"package":"K"})", hours(9));
  story.tell("package_scanned", R"({"package":"K","milestone":"out_for_delivery"})", hours(10));
  const auto labels = [&] {
    std::vector<std::string> out;
    const auto shown = public_page(story);
    for (const auto& step : shown.packages.at(0).steps) out.push_back(step.label);
    return out;
  };
  // In words for customers; those that name a place nobody told are said without it.
  const auto said = [&](Milestone milestone) {
    const auto& row = story.context().definitions->milestone(milestone);
    return row.customer.en.contains('{') ? row.label.en : row.customer.en;
  };
  using enum Milestone;
  EXPECT_EQ(labels(), (std::vector{said(Delivered), said(InTransit), said(InfoReceived)}))
      << "what carriers told after the delivery is for staff";
  story.tell("package_returning", R"({"package":"K"})", hours(20));
  EXPECT_EQ(labels().front(), said(Returning));
  EXPECT_EQ(labels().at(1), said(Delivered));
}

TEST(PublicPage, EveryMilestoneHasItsSentenceWhateverIsKnown) {
  for (const auto& row : world().definitions.milestones())
    for (const bool is_known : {false, true})
      for (const bool zh : {false, true}) {
        auto story = shipped();
        const auto about = fmt::format(
            R"({{"package":"K","milestone":"{}"{}}})", row.code,
            is_known ? R"(,"place":"南京市 13900001111","estimated":"2026-01-05T00:00:00Z",
                          "received_by":"self")"
                     : R"(,"place":"张师傅 13900001111")");
        story.tell("package_scanned", about, hours(5));
        ASSERT_EQ(story.order().packages.at(0).milestone, row.milestone) << row.code;
        const auto page = public_page(story, zh);
        const auto& sentence = page.packages.at(0).sentence;
        EXPECT_FALSE(sentence.empty() || sentence.contains('{')) << row.code;
        EXPECT_NE(sentence, zh ? row.label.zh : row.label.en) << row.code << " in words for staff";
        EXPECT_FALSE(sentence.contains("1390000") || sentence.contains("张")) << sentence;
        const auto& wanted = zh ? row.sentence.zh : row.sentence.en;
        if (!wanted.contains('{')) EXPECT_EQ(sentence, wanted);
        if (!is_known && wanted.contains("{place}"))
          EXPECT_EQ(sentence, zh ? row.plain.zh : row.plain.en);
        if (is_known && wanted.contains("{city}"))
          EXPECT_TRUE(sentence.contains("南京市")) << sentence;
      }
}

TEST(PublicPage, AHandOverNamesTheNextCarrierAndItsNumber) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P","amount":400})", minutes(5));
  story.tell("package_shipped", R"({"package":"K","leg":"first","carrier":"sea"})", hours(2));
  story.tell("package_scanned",
             R"({"package":"K","leg":"last","carrier":"zto","number":"Z77",
                 "milestone":"info_received"})",
             hours(3));
  story.tell("package_delivered", R"({"package":"K","leg":"first"})", hours(9));
  ASSERT_EQ(story.order().packages.at(0).milestone, Milestone::Forwarded);
  EXPECT_EQ(public_page(story).packages.at(0).sentence, "Handed to zto, number Z77.");
}

TEST(PublicPage, ATimeThatPassedIsNoPromiseAnyMore) {
  auto story = shipped(kPromised);
  story.tell("package_scanned",
             R"({"package":"K","milestone":"out_for_delivery","estimated":"2026-01-02T00:00:00Z"})",
             hours(5));
  auto page = public_page(story);
  EXPECT_EQ(page.promised, end_of(kStart + days(2), Precision::Second));
  EXPECT_FALSE(page.is_promise_past || page.packages.at(0).is_eta_past);
  EXPECT_TRUE(page.packages.at(0).sentence.contains("2026-01-02")) << page.packages[0].sentence;
  story.pass(days(5));
  page = public_page(story);
  EXPECT_TRUE(page.is_promise_past && page.packages.at(0).is_eta_past);
  EXPECT_EQ(page.packages.at(0).sentence, "Out for delivery.") << "it is not expected any more";
  story.tell("package_returning", R"({"package":"K"})", days(6));
  EXPECT_TRUE(public_page(story).packages.at(0).eta.is_none()) << "nobody waits for it";
}

}  // namespace
}  // namespace cairn::orders::testing

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"
#include "modules/orders/pack.hpp"
#include "modules/orders/versions.hpp"

namespace cairn::orders {
namespace {

using testing::kStart;
using testing::Story;
using testing::World;
using testing::world;

void replace(std::string& text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
}

/// Shops wait longer for the money, and retail has a state more, before all others.
lifecycle::Definitions changed() {
  auto files = lifecycle::read_files(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
  EXPECT_TRUE(files);
  replace((*files)["presets/own_shop.yaml"], "payment_timeout: 30m", "payment_timeout: 2h");
  auto& retail = (*files)["lifecycles/retail.yaml"];
  replace(retail, "headline:\n", "headline:\n  - {state: parked, if: \"T < 0\"}\n");
  replace(retail, "states:\n", R"(states:
  parked:
    labels: {zh: 停放, en: Parked}
    category: unconfirmed
    derives: [awaiting_payment]
)");
  replace(retail, "derives: [awaiting_balance,", "derives: [parked, awaiting_balance,");
  auto loaded = lifecycle::load(*files);
  if (!loaded) ADD_FAILURE() << lifecycle::to_text(loaded.error());
  return *std::move(loaded);
}

std::vector<Versions::Chart> charts_of(
    std::initializer_list<const lifecycle::Definitions*> versions) {
  std::vector<Versions::Chart> out;
  for (const auto* definitions : versions)
    for (const auto& lifecycle : definitions->lifecycles())
      if (Versions::Chart chart{lifecycle->name(), lifecycle->version()}; !contains(out, chart))
        out.push_back(std::move(chart));
  return out;
}

/// The shipped definitions, and from `later` on the changed ones.
struct TwoVersions {
  std::shared_ptr<const lifecycle::Definitions> first =
      std::make_shared<const lifecycle::Definitions>(World::load());
  std::shared_ptr<const Masters> masters = std::make_shared<const Masters>(world().masters);
  World now;
  Time later = kStart + minutes(10);
  std::unique_ptr<const Versions> versions;

  TwoVersions() {
    now.definitions = changed();
    versions = std::make_unique<const Versions>(
        now.definitions,
        std::vector<Versions::Activation>{{Time::none(), first, masters}, {later, {}, {}}},
        charts_of({first.get(), &now.definitions}));
    now.context.versions = versions.get();
  }
};

constexpr auto kPlaced =
    R"({"order_no":"1","total":100,"lines":[{"id":"1","name":"tent","quantity":2}]})";

TEST(OrderVersions, an_order_stays_with_the_definitions_it_was_placed_under) {
  const TwoVersions two;
  Story before("own", two.now), after("own", two.now);
  before.tell("order_placed", kPlaced, minutes(1));
  after.tell("order_placed", kPlaced, minutes(11));
  EXPECT_EQ(before.order().lifecycle, two.first->lifecycle("retail"));
  EXPECT_EQ(after.order().lifecycle, two.now.definitions.lifecycle("retail"));
  for (auto* story : {&before, &after}) story->pass(minutes(40));
  EXPECT_EQ(before.state(), "cancelled") << "half an hour is over";
  EXPECT_EQ(after.state(), "awaiting_payment") << "two hours are not";
  after.pass(hours(2));
  EXPECT_EQ(after.state(), "cancelled");
}

TEST(OrderVersions, what_was_heard_of_before_it_was_placed_does_not_choose) {
  const TwoVersions two;
  Story story("own", two.now);
  story.tell("note_added", R"({"text":"early"})", minutes(2));
  EXPECT_EQ(story.order().lifecycle, two.first->lifecycle("retail"));
  story.tell("order_placed", kPlaced, minutes(11));
  EXPECT_EQ(story.order().lifecycle, two.now.definitions.lifecycle("retail"));
}

TEST(OrderVersions, a_number_of_a_lifecycle_means_the_same_for_ever) {
  const TwoVersions two;
  Story before("own", two.now), after("own", two.now);
  before.tell("order_placed", kPlaced, minutes(1));
  after.tell("order_placed", kPlaced, minutes(11));
  const auto old = summary_of(before.order(), two.now.context);
  const auto fresh = summary_of(after.order(), two.now.context);
  EXPECT_EQ(old.lifecycle, two.first->index_of(*two.first->lifecycle("retail")))
      << "as it was when there was one version";
  EXPECT_NE(old.lifecycle, fresh.lifecycle);
  EXPECT_NE(old.state, fresh.state) << "a state more stands before it";
  for (const auto& summary : {old, fresh}) {
    std::string text;
    json::Writer w(text);
    write_state_ref(w, decode_summary(encode(summary)), two.now.context);
    EXPECT_TRUE(text.contains(R"("state":"awaiting_payment")")) << text;
  }
}

TEST(OrderVersions, packing_keeps_what_an_order_stays_with) {
  const TwoVersions two;
  Story story("own", two.now);
  story.tell("order_placed", kPlaced, minutes(1));
  Bytes packed;
  pack(story.order(), packed);
  Order again;
  unpack(packed, again);
  EXPECT_EQ(again.pinned, story.order().pinned);
  EXPECT_NE(again.pinned, nullptr);
}

TEST(OrderVersions, orders_that_were_moved_follow_what_is_in_force) {
  const TwoVersions two;
  World now;
  now.definitions = changed();
  const Versions moved(now.definitions, {{Time::none(), {}, {}}, {two.later, {}, {}}},
                       charts_of({two.first.get(), &now.definitions}));
  now.context.versions = &moved;
  Story story("own", now);
  story.tell("order_placed", kPlaced, minutes(1));
  story.pass(minutes(40));
  EXPECT_EQ(story.state(), "awaiting_payment");
  std::string text;
  json::Writer w(text);
  write_state_ref(w, {.state = 0, .lifecycle = 200}, now.context);
  EXPECT_TRUE(text.contains(R"("state":"unknown")")) << "no record can break a reader";
}

TEST(Masters, are_told_as_text_and_read_again) {
  const auto text = world().masters.to_text();
  EXPECT_TRUE(text.contains("shop cancel source\n")) << text;
  const auto again = Masters::from_text(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_text(), text);
  EXPECT_NE(again->of("shop").acts_from, Time{0});
  auto today = *again;
  today.ask_as(world().masters);
  EXPECT_EQ(today.of("shop").acts_from, Time{0}) << "no order is pinned to what is asked of whom";
  EXPECT_EQ(today.to_text(), text);
  EXPECT_FALSE(Masters::from_text("shop nothing source\n"));
  EXPECT_FALSE(Masters::from_text("shop cancel\n"));
}

}  // namespace
}  // namespace cairn::orders

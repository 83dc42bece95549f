#include <fmt/format.h>

#include <map>
#include <set>

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"

// Every state × every command × every role: an event, or a refusal that names the state; and what
// is offered is what is accepted.
namespace cairn::orders::testing {
namespace {

using lifecycle::Kind;
using model::Role;

/// Facts that bring an order of a lifecycle into one of its states.
struct Way {
  std::string_view lifecycle, state;
  std::vector<std::pair<std::string_view, std::string_view>> facts;
};

const std::pair<std::string_view, std::string_view> kPaid{"payment_received",
                                                          R"({"payment_id":"P","amount":400})"};
const std::pair<std::string_view, std::string_view> kShipAll{"package_shipped",
                                                             R"({"package":"K","number":"N"})"};
const std::pair<std::string_view, std::string_view> kShipSome{
    "package_shipped", R"({"package":"K","parts":[{"line":"A","quantity":1}]})"};
const std::pair<std::string_view, std::string_view> kShipRest{
    "package_shipped",
    R"({"package":"L","parts":[{"line":"A","quantity":2},{"line":"B","quantity":1}]})"};
const std::pair<std::string_view, std::string_view> kDeliver{"package_delivered",
                                                             R"({"package":"K"})"};
const std::pair<std::string_view, std::string_view> kStart1{
    "step_reported", R"({"step":"weld","action":"started"})"};
const std::pair<std::string_view, std::string_view> kMadeAll{"step_total",
                                                             R"({"step":"produced","total":4})"};

std::vector<Way> ways() {
  const auto open = [](std::string_view type) {
    static const std::map<std::string_view, std::string> kData{
        {"exchange", R"({"case_id":"C","type":"exchange"})"},
        {"return_refund", R"({"case_id":"C","type":"return_refund"})"},
        {"repair", R"({"case_id":"C","type":"repair"})"},
        {"refund_only", R"({"case_id":"C","type":"refund_only"})"}};
    return std::pair<std::string_view, std::string_view>{"after_sale_opened", kData.at(type)};
  };
  const auto move = [](std::string_view data) {
    return std::pair<std::string_view, std::string_view>{"after_sale_moved", data};
  };
  const std::pair<std::string_view, std::string_view> refund{
      "refund_succeeded", R"({"payment_id":"R","amount":400,"case_id":"C"})"};
  const auto received = move(R"({"case_id":"C","on":"receive_return"})");
  const auto accepted = move(R"({"case_id":"C","on":"accept_return"})");
  const auto passed = move(R"({"case_id":"C","on":"pass_return"})");
  const std::pair<std::string_view, std::string_view> hold{"hold_placed",
                                                           R"({"reason":"risk_review"})"};
  const std::pair<std::string_view, std::string_view> confirmed{"order_confirmed", "{}"};
  const std::pair<std::string_view, std::string_view> released{"order_released", "{}"};
  return {
      {"retail", "awaiting_payment", {}},
      {"retail", "awaiting_balance", {{"payment_received", R"({"payment_id":"P","amount":100})"}}},
      {"retail", "paid", {kPaid}},
      {"retail", "on_hold", {kPaid, hold}},
      {"retail", "preparing", {kPaid, released}},
      {"retail", "partly_shipped", {kPaid, released, kShipSome}},
      {"retail", "shipped", {kPaid, released, kShipAll}},
      {"retail", "partly_delivered", {kPaid, released, kShipSome, kShipRest, kDeliver}},
      {"retail", "delivered", {kPaid, released, kShipAll, kDeliver}},
      {"retail", "completed", {kPaid, released, kShipAll, kDeliver, {"order_completed", "{}"}}},
      {"retail", "returning", {kPaid, released, kShipAll, kDeliver, open("return_refund")}},
      {"retail", "exchanging", {kPaid, released, kShipAll, kDeliver, open("exchange")}},
      {"retail",
       "returned",
       {kPaid, released, kShipAll, kDeliver, open("return_refund"), accepted, received, passed,
        refund}},
      {"retail", "cancelled", {{"order_cancelled", R"({"reason":"x"})"}}},
      {"retail", "closed", {kPaid, released, kShipAll, kDeliver, refund}},
      {"made_to_order", "awaiting_confirmation", {}},
      {"made_to_order", "awaiting_deposit", {confirmed}},
      {"made_to_order",
       "awaiting_drawing",
       {confirmed, kPaid, {"drawing_submitted", R"({"hash":"ab"})"}}},
      {"made_to_order", "confirmed", {confirmed, kPaid}},
      {"made_to_order",
       "material_prep",
       {confirmed, kPaid, {"purchase_issued", R"({"supplier":"S"})"}}},
      {"made_to_order", "in_production", {confirmed, kPaid, kStart1}},
      {"made_to_order",
       "inspecting",
       {confirmed,
        kPaid,
        {"production_planned", R"({"steps":[{"id":"qc","phase":"inspection"}]})"},
        kStart1,
        kMadeAll}},
      {"made_to_order", "produced", {confirmed, kPaid, kStart1, kMadeAll}},
      {"made_to_order",
       "awaiting_balance",
       {confirmed, {"payment_received", R"({"payment_id":"P","amount":100})"}, kStart1, kMadeAll}},
      {"made_to_order", "preparing", {confirmed, kPaid, kMadeAll, {"shipment_released", "{}"}}},
      {"made_to_order", "partly_shipped", {confirmed, kPaid, kMadeAll, kShipSome}},
      {"made_to_order", "shipped", {confirmed, kPaid, kMadeAll, kShipAll}},
      {"made_to_order",
       "partly_delivered",
       {confirmed, kPaid, kMadeAll, kShipSome, kShipRest, kDeliver}},
      {"made_to_order", "delivered", {confirmed, kPaid, kMadeAll, kShipAll, kDeliver}},
      {"made_to_order",
       "installing",
       {confirmed, kPaid, kMadeAll, kShipAll, kDeliver, {"installation_started", "{}"}}},
      {"made_to_order",
       "completed",
       {confirmed, kPaid, kMadeAll, kShipAll, kDeliver, {"order_accepted", "{}"}}},
      {"made_to_order", "on_hold", {confirmed, kPaid, hold}},
      {"made_to_order",
       "reworking",
       {confirmed, kPaid, kMadeAll, kShipAll, kDeliver, open("repair")}},
      {"made_to_order",
       "returning",
       {confirmed, kPaid, kMadeAll, kShipAll, kDeliver, open("return_refund")}},
      {"made_to_order",
       "returned",
       {confirmed, kPaid, kMadeAll, kShipAll, kDeliver, open("return_refund"), accepted, received,
        passed, refund}},
      {"made_to_order", "cancelled", {{"order_cancelled", R"({"reason":"x"})"}}},
      {"made_to_order", "closed", {confirmed, kPaid, {"order_terminated", "{}"}}},
  };
}

Story story_of(const Way& way, std::string source) {
  Story story(std::move(source));
  story.tell("order_placed",
             fmt::format(R"({{"order_no":"X","lifecycle":"{}","preset":"b2b","total":400,
        "terms":"deposit_balance","deposit":100,"balance_before_shipping":true,
        "lines":[{{"id":"A","quantity":3}},{{"id":"B","quantity":1}}]}})",
                         way.lifecycle),
             hours(0));
  int hour = 0;
  for (const auto& [type, data] : way.facts) story.tell(type, data, hours(++hour));
  EXPECT_EQ(story.state(), way.state) << way.lifecycle;
  return story;
}

/// Data that satisfies what any command may need.
std::string data_for(const std::string& command, model::EventType emits) {
  static const std::map<model::EventType, std::string> kByEvent{
      {model::EventType::PaymentReceived, R"({"payment_id":"N","amount":10})"},
      {model::EventType::PriceChanged, R"({"total":390})"},
      {model::EventType::AddressChanged, R"({"receiver":{"city":"X"}})"},
      {model::EventType::LinesAmended, R"({"lines":[{"id":"A","quantity":3}]})"},
      {model::EventType::RelationAdded, R"({"kind":"split","order":"2h7k9qpx4mzt0vab"})"},
      {model::EventType::SupplierAssigned, R"({"supplier":"S"})"},
      {model::EventType::PurchaseIssued, R"({"supplier":"S"})"},
      {model::EventType::HoldPlaced, R"({"reason":"risk_review"})"},
      {model::EventType::HoldReleased, "{}"},
      {model::EventType::PackageShipped, R"({"package":"Z"})"},
      {model::EventType::LinesCancelled, R"({"reason":"x"})"},
      {model::EventType::AfterSaleOpened, R"({"type":"return_refund","reason":"x"})"},
      {model::EventType::AfterSaleMoved, R"({"case_id":"C","reason":"x"})"},
      {model::EventType::DrawingSubmitted, R"({"hash":"ab"})"},
      {model::EventType::DrawingRejected, R"({"text":"no"})"},
      {model::EventType::OrderConfirmed, R"({"promised_delivery":"2026-02-01"})"},
      {model::EventType::ProductionPlanned, R"({"steps":[{"id":"weld"}]})"},
      {model::EventType::StepReported,
       R"({"step":"weld","action":"started","scrap":1,"reason":"x"})"},
      {model::EventType::ReceiptExtended, R"({"days":1})"},
      {model::EventType::BalanceWindowExtended, R"({"days":1})"}};
  if (command == "cancel_lines") return R"({"parts":[{"line":"A","quantity":1}]})";
  const auto found = kByEvent.find(emits);
  if (found != kByEvent.end()) return found->second;
  const auto payload = model::make_payload(emits);
  if (std::holds_alternative<model::PackageReport>(payload)) return R"({"package":"K"})";
  return std::holds_alternative<model::Remark>(payload) ? R"({"reason":"x","text":"y"})" : "{}";
}

std::map<std::string, model::EventType> commands_of(const lifecycle::Lifecycle& chart) {
  std::map<std::string, model::EventType> out;
  for (const auto& state : chart.states())
    for (const auto& t : state.transitions())
      if (t.kind == Kind::Command) out.emplace(t.on, t.emits);
  return out;
}

/// Where a transition may bring the order: what it declares, and where the order stands.
bool is_declared(const lifecycle::State& from, const std::string& command, Role role,
                 lifecycle::StateId was, lifecycle::StateId is) {
  if (was == is || contains(from.derives(), is)) return true;
  for (const auto& t : from.on(Kind::Command, command))
    if ((role == Role::Admin || lifecycle::has(t.who, role)) && contains(t.target.states, is))
      return true;
  return false;
}

TEST(Matrix, EveryStateIsReached) {
  std::map<std::string_view, std::set<std::string_view>> seen;
  for (const auto& way : ways()) {
    story_of(way, "own");
    seen[way.lifecycle].insert(way.state);
  }
  for (const auto* name : {"retail", "made_to_order"})
    EXPECT_EQ(seen[name].size(), world().definitions.lifecycle(name)->states().size()) << name;
}

struct Counts {
  int accepted = 0, asked = 0, refused = 0;
};

/// One command of one role in one state: what is offered is what is accepted, and the rest is
/// refused by name.
void try_command(Story& base, const Way& way, const std::string& name, model::EventType emits,
                 Role role, std::span<const std::string> allowed, Counts& counts) {
  const auto& chart = *world().definitions.lifecycle(way.lifecycle);
  const auto where = fmt::format("{} {} by {}", way.state, name, name_of(role));
  core::Command command;
  command.name = name;
  command.data = data_for(name, emits);
  command.identity = model::identity_of("test", where);
  command.origin.role = role;
  const auto decided = decide(base.as_it_is(), command, base.now() + Duration{1}, base.context());
  EXPECT_EQ(decided.has_value(), contains(allowed, name))
      << where << ": " << (decided ? "" : decided.error().message);
  if (!decided) {
    ++counts.refused;
    const auto& error = decided.error();
    EXPECT_TRUE(error.code == ErrorCode::Refused || error.code == ErrorCode::Forbidden)
        << where << ": " << error.message << error.pointer;
    if (error.code != ErrorCode::Refused) return;
    EXPECT_TRUE(error.message.contains(way.state) || error.message.contains("the case is"))
        << where << ": " << error.message;
    for (const auto& other : allowed)
      EXPECT_TRUE(error.message.contains(other)) << where << ": " << error.message;
    return;
  }
  const auto was = base.as_it_is().state;
  Story story = base;
  story.must(name, command.data, role);
  if (story.events().back().type == model::EventType::RequestOpened) {
    ++counts.asked;
    EXPECT_EQ(story.order().state, was) << where;
    return;
  }
  ++counts.accepted;
  EXPECT_FALSE(story.has_conflict(model::ConflictCode::Overtaken)) << where;
  EXPECT_TRUE(is_declared(chart.state(was), name, role, was, story.order().state))
      << where << " led to " << story.state();
}

TEST(Matrix, EveryCommandInEveryStateIsAnEventOrANamedRefusal) {
  Counts counts;
  for (const auto* source : {"own", "shop"})
    for (const auto& way : ways()) {
      auto base = story_of(way, source);
      const auto commands = commands_of(*world().definitions.lifecycle(way.lifecycle));
      for (std::size_t r = 0; r < model::Names<Role>::all().size(); ++r) {
        const auto role = static_cast<Role>(r);
        const auto allowed =
            allowed_commands(base.as_it_is(), role, base.now() + Duration{1}, base.context());
        for (const auto& [name, emits] : commands)
          try_command(base, way, name, emits, role, allowed, counts);
      }
    }
  EXPECT_GT(counts.accepted, 300);
  EXPECT_GT(counts.asked, 100);
  EXPECT_GT(counts.refused, 5000);
}

TEST(Matrix, AnUnknownCommandIsRefusedWithWhatIsAllowed) {
  for (const auto& way : ways()) {
    auto story = story_of(way, "own");
    const auto allowed =
        allowed_commands(story.order(), Role::OrderDesk, story.now(), story.context());
    EXPECT_EQ(story.refusal("fly_away", "{}", Role::OrderDesk), ErrorCode::Refused);
    EXPECT_TRUE(story.error().message.contains(way.state)) << story.error().message;
    for (const auto& t : story.order().headline().transitions())
      if (t.kind == Kind::Command && t.emits != model::EventType::HoldReleased &&
          contains(allowed, t.on)) {
        EXPECT_TRUE(story.error().message.contains(t.on)) << story.error().message;
      }
  }
}

TEST(Matrix, CommandsTakeNoUnknownFieldsAndNoOtherTypes) {
  auto story = story_of(ways()[2], "own");
  EXPECT_EQ(story.refusal("approve_order", R"({"reson":"x"})", Role::OrderDesk),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/reson");
  EXPECT_EQ(story.refusal("approve_order", R"([])", Role::OrderDesk), ErrorCode::Invalid);
  EXPECT_EQ(story.refusal("approve_order", R"({"reason":true})", Role::OrderDesk),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/reason");
}

}  // namespace
}  // namespace cairn::orders::testing

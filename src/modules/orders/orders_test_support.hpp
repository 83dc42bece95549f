#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "modules/lifecycle/loader.hpp"
#include "modules/orders/decide.hpp"
#include "modules/orders/fold.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/render.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders::testing {

/// The definitions Cairn ships with. Orders of source "shop" are the shop's to decide about, those
/// of "own" are Cairn's.
struct World {
  lifecycle::Definitions definitions;
  Masters masters;
  Context context;

  World() : definitions(load()) {
    using enum lifecycle::Area;
    for (const auto area : {Payment, Cancel, Amend, Refund, Completion, Dispatch}) {
      masters.set("own", area, "cairn");
      masters.set("shop", area, "source");
    }
    masters.set_acts_from("shop", Time{0});
    context = {&definitions, &masters};
  }
  static lifecycle::Definitions load() {
    auto loaded = lifecycle::load(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
    if (!loaded) ADD_FAILURE() << lifecycle::to_text(loaded.error());
    return std::move(*loaded);
  }
};
inline const World& world() {
  static const World kWorld;
  return kWorld;
}

inline constexpr Time kStart{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

/// One order as it becomes known, event after event. It is folded as the shard does it, by the
/// shortcut where that holds, and each look compares that with the full fold.
class Story {
 public:
  explicit Story(std::string source = "own", const World& where = world())
      : source_(std::move(source)), world_(where) {
    order_.key = model::order_key(model::order_id_of(source_, "1"));
    fold_all(order_, {}, now_, world_.context);
  }

  /// A fact that happened `after` the start, told at once or later.
  model::Identity tell(std::string_view type, std::string_view data, Duration after,
                       std::string source = {}) {
    return add(fact(type, data, kStart + after, std::move(source)));
  }
  /// A fact without a time, told with what happened `after` the start.
  model::Identity tell_undated(std::string_view type, std::string_view data, Duration after) {
    auto event = fact(type, data, kStart + after, {});
    event.set(model::EventFlag::NoDate);
    return add(std::move(event));
  }
  model::Event fact(std::string_view type, std::string_view data, Time at, std::string source) {
    model::Event event;
    const auto known = model::event_type_from(type);
    EXPECT_TRUE(known) << type;
    event.type = known.value_or(model::EventType::NoteAdded);
    event.occurred = at;
    event.origin.source = source.empty() ? source_ : std::move(source);
    event.id = model::identity_of(event.origin.source, std::to_string(++facts_));
    auto payload = model::read_payload(event.type, data, model::Reading::Fact);
    EXPECT_TRUE(payload) << type << ": " << payload.error().message << payload.error().pointer;
    if (payload) event.payload = *std::move(payload);
    now_ = std::max(now_, std::min(at, now_limit_));
    return event;
  }
  model::Identity add(model::Event event) {
    event.recorded = now_;
    event.number = events_.size() + 1;
    model::seal(event, {[](std::uint16_t, BytesView plain) { return Bytes(plain); },
                        [](model::PersonalKind, std::string_view) { return Bytes(); }});
    events_.push_back(event);
    if (order_.waits_until > now_ && is_newest(order_, event))
      fold_one(order_, event, now_, world_.context);
    else
      fold_all(order_, events_, now_, world_.context);
    return event.id;
  }

  /// Gives a command now; the error where it was refused.
  Result<void> command(std::string_view name, std::string_view data = "{}",
                       model::Role role = model::Role::Admin) {
    core::Command command;
    command.name = name;
    command.data = data;
    command.identity = model::identity_of("test", "command " + std::to_string(++commands_));
    command.origin = {.source = role == model::Role::Source ? source_ : "console",
                      .role = role,
                      .actor = actor_.empty() ? std::string(name_of(role)) : actor_};
    now_ = now_ + Duration{1};
    look();
    const auto knows = [this](const model::Identity& id) {
      return std::ranges::any_of(events_,
                                 [&](const model::Event& event) { return event.id == id; });
    };
    auto decided = decide(order_, command, now_, world_.context, knows);
    if (!decided) return std::unexpected(decided.error());
    for (auto& event : *decided) last_ = add(std::move(event));
    return {};
  }
  /// The same, where anything but acceptance fails the test.
  void must(std::string_view name, std::string_view data = "{}",
            model::Role role = model::Role::Admin) {
    const auto done = command(name, data, role);
    EXPECT_TRUE(done) << name << ": " << done.error().message << " " << done.error().pointer;
  }
  ErrorCode refusal(std::string_view name, std::string_view data = "{}",
                    model::Role role = model::Role::Admin) {
    const auto done = command(name, data, role);
    EXPECT_FALSE(done) << name << " was accepted";
    error_ = done ? Error{} : done.error();
    return error_.code;
  }

  void pass(Duration span) {
    now_ = now_ + span;
    look();
  }
  /// The order as it is, by shortcuts; the full fold must say the same.
  const Order& look() {
    if (order_.waits_until <= now_)
      fold_all(order_, events_, now_, world_.context);
    else
      advance(order_, now_, world_.context);
    Order full;
    full.key = order_.key;
    fold_all(full, events_, now_, world_.context);
    EXPECT_EQ(to_hex(state_hash(order_)), to_hex(state_hash(full))) << "shortcut and full fold";
    EXPECT_EQ(order_.health, full.health);
    EXPECT_EQ(order_.looks_until, full.looks_until);
    return order_;
  }
  std::string state() { return look().headline().code(); }
  std::vector<std::string> conflicts() {
    std::vector<std::string> out;
    for (const auto& conflict : look().conflicts)
      out.push_back(std::string(name_of(conflict.code)) +
                    (conflict.detail.empty() ? "" : " " + conflict.detail));
    std::ranges::sort(out);
    return out;
  }
  bool has_conflict(model::ConflictCode code, std::string_view detail = {}) {
    return std::ranges::any_of(look().conflicts, [&](const ConflictState& conflict) {
      return conflict.code == code && (detail.empty() || conflict.detail == detail);
    });
  }
  bool has_badge(std::string_view badge) {
    const auto bits = badges_of(look());
    for (std::size_t i = 0; i < kBadges.size(); ++i)
      if (kBadges[i] == badge) return bits >> i & 1;
    ADD_FAILURE() << "no badge " << badge;
    return false;
  }

  Time now() const { return now_; }
  const Error& error() const { return error_; }
  /// The event of the latest accepted command.
  std::string last() const { return to_hex(last_.view()); }
  const std::vector<model::Event>& events() const { return events_; }
  const Order& order() { return look(); }
  const Order& as_it_is() const { return order_; }
  const Context& context() const { return world_.context; }
  /// Who gives the commands from now on; before that, and with an empty name, one person a role.
  void act_as(std::string actor) { actor_ = std::move(actor); }
  /// Facts of the future do not carry the clock along.
  void stop_clock() { now_limit_ = now_; }

 private:
  std::string source_, actor_;
  const World& world_;
  Time now_ = kStart, now_limit_ = Time::never();
  int facts_ = 0, commands_ = 0;
  std::vector<model::Event> events_;
  Order order_;
  Error error_;
  model::Identity last_;
};

/// The commands that `role` has now.
inline std::vector<std::string> allowed(Story& story, model::Role role) {
  return allowed_commands(story.order(), role, story.now(), story.context());
}

/// Somebody of that role approves the request that was opened last.
inline void approve(Story& story, model::Role role) {
  ASSERT_FALSE(story.order().requests.empty());
  story.must("approve_request", R"({"request_id":")" + story.order().requests.back().id + R"("})",
             role);
}

/// An order of two lines, 3 of A and 1 of B, that costs 400.
inline constexpr std::string_view kOrder = R"({"order_no":"T-1","total":400,"currency":"CNY",
  "lines":[{"id":"A","quantity":3,"name":"Tea"},{"id":"B","quantity":1,"name":"Cup"}]})";

/// … paid, reviewed and released to the warehouse, ten hours after the start.
inline void prepare(Story& story) {
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P1","amount":400})", hours(0) + minutes(5));
  story.pass(hours(9));
  story.must("approve_order", "{}", model::Role::OrderDesk);
  story.must("release_order", "{}", model::Role::OrderDesk);
}

}  // namespace cairn::orders::testing

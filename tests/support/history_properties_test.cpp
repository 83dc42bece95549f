#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "adapters/keys/memory_keys.hpp"
#include "base/ranges.hpp"
#include "history_generator.hpp"
#include "modules/integration/zone.hpp"
#include "modules/lifecycle/loader.hpp"
#include "modules/orders/decide.hpp"
#include "modules/orders/fold.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/render.hpp"
#include "modules/orders/settle.hpp"
#include "naive_fold.hpp"

// Properties of the fold over random histories (DESIGN §2): what must hold whatever is told.
namespace cairn::testing {
namespace {

using model::Event;
using orders::Order;

const orders::Context& context() {
  static const auto kDefinitions = [] {
    auto loaded = lifecycle::load(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
    if (!loaded) ADD_FAILURE() << lifecycle::to_text(loaded.error());
    return std::move(*loaded);
  }();
  static const auto kMasters = [] {
    orders::Masters masters;
    using enum lifecycle::Area;
    for (const auto area : {Payment, Cancel, Amend, Refund, Completion, Dispatch})
      masters.set("own", area, "cairn");
    return masters;
  }();
  static const orders::Context kContext{&kDefinitions, &kMasters};
  return kContext;
}

Below below() {
  // At full size whatever RapidCheck's is: a smaller one would leave the upper choices out.
  return [](std::uint64_t bound) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint64_t>(0, bound));
  };
}

Order empty_order() {
  Order order;
  order.key = model::order_key(model::order_id_of("own", "G"));
  return order;
}
Order folded(std::span<const Event> events, Time now) {
  Order order = empty_order();
  orders::fold_all(order, events, now, context());
  return order;
}
std::string hash_of(const Order& order) { return to_hex(orders::state_hash(order)); }

const orders::OrderReducer& reducer() {
  static const orders::OrderReducer kReducer(context());
  return kReducer;
}

Time last_of(std::span<const Event> events) {
  Time out = HistoryGenerator::kStart;
  for (const auto& event : events) out = std::max(out, event.occurred);
  return out;
}
std::string to_text(std::span<const Event> events) {
  std::string out;
  for (const auto& event : events) {
    json::Writer w(out);
    model::write_event(w, event, model::Show::Plain);
    out += '\n';
  }
  return out;
}

/// One order as a shard keeps it: duplicates known by identity, the shortcut where it holds.
class Keeper {
 public:
  Keeper() : order_(folded({}, HistoryGenerator::kStart)) {}

  void advance_to(Time now) {
    now_ = std::max(now_, now);
    if (order_.waits_until <= now_)
      order_ = folded(events_, now_);
    else
      orders::advance(order_, now_, context());
  }
  void take(Event event) {
    if (std::ranges::any_of(events_, [&](const Event& e) { return e.id == event.id; })) return;
    event.recorded = now_;
    event.number = events_.size() + 1;
    model::seal(event, {[](std::uint16_t, BytesView plain) { return Bytes(plain); },
                        [](model::PersonalKind, std::string_view) { return Bytes(); }});
    events_.push_back(event);
    if (orders::is_newest(order_, event)) {
      orders::fold_one(order_, event, now_, context());
      ++shortcuts;
    } else {
      order_ = folded(events_, now_);
      ++refolds;
    }
  }
  bool command(const core::Command& command) {
    now_ = now_ + Duration{1};
    advance_to(now_);
    const auto decided = orders::decide(order_, command, now_, context());
    if (!decided) return false;
    for (auto event : *decided) take(std::move(event));
    return true;
  }
  void pack() {
    const auto packed = reducer().unpack(order_.key, packed_form());
    order_ = static_cast<const Order&>(*packed);
  }
  Bytes packed_form() const {
    Bytes out;
    reducer().pack(order_, out);
    return out;
  }
  /// The full fold of all that is known now.
  Order again() const { return folded(events_, now_); }
  const Order& order() const { return order_; }
  const std::vector<Event>& events() const { return events_; }
  Time now() const { return now_; }

  int shortcuts = 0, refolds = 0;

 private:
  std::vector<Event> events_;
  Time now_ = HistoryGenerator::kStart;
  Order order_;
};

template <typename Property>
void holds(const char* what, Property&& property) {
  EXPECT_TRUE(rc::check(what, std::forward<Property>(property)));
}

TEST(Histories, TheSameFactsInAnyOrderAndNumberGiveTheSameOrder) {
  holds("any order, any repetition", [] {
    HistoryOptions options;
    options.with_rival_corrections = true;
    auto facts = HistoryGenerator(below(), options).facts();
    for (auto& fact : facts)
      fact.recorded = HistoryGenerator::kStart + seconds(static_cast<std::int64_t>(below()(1000)));
    const Time now = last_of(facts) + hours(static_cast<std::int64_t>(below()(400)));
    const auto told = as_told(facts, below());
    if (hash_of(folded(facts, now)) != hash_of(folded(told, now))) RC_FAIL(to_text(facts));
  });
}

TEST(Histories, HoweverTheyArriveTheOrderIsTheSame) {
  holds("any arrival, any batches", [] {
    const auto facts = HistoryGenerator(below(), {}).facts();
    const Time end = last_of(facts) + hours(static_cast<std::int64_t>(below()(400)));
    Keeper keeper;
    // Batches come at any time, before or after what they tell of.
    for (const auto& fact : as_told(facts, below())) {
      if (below()(3) == 0) keeper.advance_to(keeper.now() + minutes(1 + 60 * below()(40)));
      keeper.take(fact);
    }
    keeper.advance_to(end);
    const auto straight = folded(facts, std::max(end, keeper.now()));
    if (hash_of(keeper.order()) != hash_of(straight)) RC_FAIL(to_text(facts));
  });
}

TEST(Histories, TheShortcutIsTheFullFoldAtEveryMoment) {
  int shortcuts = 0, refolds = 0;
  holds("shortcut = full fold, timers at any time", [&] {
    HistoryOptions options;
    options.with_rival_corrections = true;
    HistoryGenerator generator(below(), options);
    Keeper keeper;
    for (const auto& fact : generator.facts()) {
      // Mostly told as it happens, sometimes ahead of its time or much later.
      const auto late = below()(6);
      if (late > 0) keeper.advance_to(fact.occurred);
      if (late == 5) keeper.advance_to(keeper.now() + hours(1 + below()(300)));
      keeper.take(fact);
      const auto again = keeper.again();
      if (hash_of(keeper.order()) != hash_of(again) || keeper.order().health != again.health ||
          keeper.order().looks_until != again.looks_until)
        RC_FAIL(to_text(keeper.events()));
      if (below()(3) != 0) continue;
      keeper.advance_to(keeper.now() + minutes(1 + below()(40'000)));
      if (hash_of(keeper.order()) != hash_of(keeper.again())) RC_FAIL(to_text(keeper.events()));
    }
    shortcuts += keeper.shortcuts;
    refolds += keeper.refolds;
  });
  EXPECT_GT(shortcuts, refolds / 4);
  EXPECT_GT(refolds, 0);
}

/// Everything anybody can see of it.
std::string seen_of(const Order& order, Time now) {
  orders::Names names;
  const auto row = orders::make_row(order, 1, 1, context(), names);
  static keys::MemoryKeys keys(1);
  static const auto kSealer = *core::Sealer::open_with(keys);
  const orders::Viewer viewer{.context = &context(), .sealer = &kSealer, .now = now};
  std::string out;
  json::Writer w(out);
  orders::write_order(w, order, row, 0, viewer);
  orders::write_commands(w, order, viewer);
  orders::append_status(out, row, context(), now);
  for (const auto& text : {hash_of(order), to_hex(reducer().summary(order)),
                           to_hex(reducer().claims(order)), format_rfc3339(order.valid_until())})
    out += "\n" + text;
  return out;
}

TEST(Histories, APackedOrderIsTheSameAndFoldsOnTheSame) {
  std::size_t packed = 0, bytes = 0;
  holds("unpack(pack(order)) = order", [&] {
    HistoryOptions options;
    options.with_rival_corrections = true;
    HistoryGenerator generator(below(), options);
    Keeper kept, put_away;
    const auto both = [&](auto&& use) { use(kept), use(put_away); };
    for (const auto& fact : generator.facts()) {
      const bool is_in_time = below()(4) != 0, is_command = below()(4) == 0;
      const auto command = generator.command();
      const auto later = minutes(static_cast<std::int64_t>(below()(5'000)));
      both([&](Keeper& keeper) {
        if (is_in_time) keeper.advance_to(fact.occurred);
        keeper.take(fact);
        if (is_command) keeper.command(command);
      });
      if (below()(2) == 0) {
        put_away.pack();
        ++packed;
        bytes += put_away.packed_form().size();
        if (put_away.packed_form() != kept.packed_form()) RC_FAIL(to_text(kept.events()));
      }
      both([&](Keeper& keeper) { keeper.advance_to(keeper.now() + later); });
      if (seen_of(put_away.order(), kept.now()) != seen_of(kept.order(), kept.now()))
        RC_FAIL(to_text(kept.events()));
    }
    if (kept.packed_form() != put_away.packed_form()) RC_FAIL(to_text(kept.events()));
  });
  EXPECT_GT(packed, 1'000u);
  EXPECT_LT(bytes / packed, 4'096u);
}

TEST(Histories, NothingChangesBeforeItIsDue) {
  holds("valid_until tells the next change", [] {
    const auto facts = HistoryGenerator(below(), {}).facts();
    const Time now = last_of(facts);
    const auto order = folded(facts, now);
    if (order.looks_until == Time::never()) return;
    const auto before = folded(facts, order.looks_until - Duration{1});
    if (hash_of(before) != hash_of(order) || before.health != order.health) RC_FAIL(to_text(facts));
  });
}

/// What a command may make of a state: what its transitions declare.
bool is_declared(const lifecycle::Lifecycle& chart, lifecycle::StateId from,
                 const std::string& command, lifecycle::StateId to) {
  const auto& state = chart.state(from);
  if (from == to || contains(state.derives(), to)) return true;
  for (const auto& t : state.on(lifecycle::Kind::Command, command))
    if (contains(t.target.states, to)) return true;
  return false;
}

TEST(Histories, NoCommandLeavesTheLifecycle) {
  std::map<std::string, int> accepted;
  int checked = 0;
  holds("commands stay within the lifecycle", [&] {
    HistoryGenerator generator(below(), {});
    Keeper keeper;
    for (const auto& fact : generator.facts()) {
      if (below()(3) != 0) keeper.advance_to(fact.occurred);
      keeper.take(fact);
      const auto command = generator.command();
      keeper.advance_to(keeper.now() + Duration{1});
      const auto was = keeper.order().state;
      const bool was_regular = keeper.order().conflicts.empty();
      const auto allowed = orders::allowed_commands(keeper.order(), command.origin.role,
                                                    keeper.now() + Duration{1}, context());
      const bool is_general = [&] {
        const auto* row = context().definitions->command(command.name);
        return row && row->is_general;
      }();
      if (!keeper.command(command)) continue;
      ++accepted[command.name];
      const auto& order = keeper.order();
      if (!is_general && !contains(allowed, command.name))
        RC_FAIL(command.name + " was not offered\n" + to_text(keeper.events()));
      // What contradicts the lifecycle moves axes where no transition leads; without such facts a
      // command goes where its transitions say and nowhere else. A timer may follow at once.
      const bool is_regular =
          was_regular && order.conflicts.empty() && !is_general && order.last_timer < keeper.now();
      if (is_regular && !is_declared(*order.lifecycle, was, command.name, order.state))
        RC_FAIL(command.name + " led from " + order.lifecycle->state(was).code() + " to " +
                order.headline().code() + "\n" + to_text(keeper.events()));
      checked += is_regular;
      if (hash_of(order) != hash_of(keeper.again())) RC_FAIL(to_text(keeper.events()));
    }
  });
  EXPECT_GE(accepted.size(), 12u) << "the generator reaches too little";
  EXPECT_GT(checked, 0);
}

/// What the oracle knows of an order.
NaiveOrder as_naive(const Order& order) {
  NaiveOrder real;
  for (const auto& line : order.lines)
    real.lines[line.id] = {line.due(), line.shipped, line.delivered};
  for (const auto& package : order.packages)
    real.packages[package.id] = {
        package.has_milestone ? std::string(name_of(package.milestone)) : std::string(),
        package.shipped_at, package.delivered_at, package.is_shipped, package.is_delivered};
  real.headline = order.headline().code();
  real.category = name_of(order.category());
  real.payment = name_of(orders::payment_state_of(order));
  real.paid = order.paid;
  real.refunded = order.refunded;
  real.first_shipped = order.at(orders::At::FirstShipped);
  real.last_shipped = order.at(orders::At::LastShipped);
  real.delivered = order.at(orders::At::Delivered);
  return real;
}

TEST(Histories, TheOracleAgrees) {
  std::set<std::string> seen;
  holds("real fold = naive fold", [&] {
    HistoryOptions options;
    options.with_cases = false;
    options.with_rival_corrections = true;
    options.source = "shop";
    auto facts = HistoryGenerator(below(), options).facts();
    for (auto& fact : facts)
      fact.recorded = HistoryGenerator::kStart + seconds(static_cast<std::int64_t>(below()(1000)));
    // Sometimes before the last have happened.
    const Time end = last_of(facts);
    const Time now = below()(4) == 0 ? end - hours(static_cast<std::int64_t>(below()(50))) : end;
    const auto order = folded(facts, now);
    const auto real = as_naive(order);
    const auto naive = naive_fold(facts, now);
    seen.insert(naive.headline);
    if (real != naive)
      RC_FAIL("real  " + to_text(real) + "naive " + to_text(naive) + to_text(facts));
  });
  EXPECT_GE(seen.size(), 11u) << "of the twelve headlines an order without cases can have";
}

/// Headlines that after-sale cases bring about, or hold back: the oracle knows no cases.
bool is_of_cases(const std::string& headline) {
  static const std::set<std::string> kThey{"returned", "exchanging", "returning", "closed"};
  return kThey.contains(headline);
}

TEST(Histories, TheOracleAgreesOnOrdersWithCasesAsFarAsItKnows) {
  int with_cases = 0, shown = 0;
  holds("real fold = naive fold, whatever cases show instead", [&] {
    HistoryOptions options;
    options.with_rival_corrections = true;
    options.source = "shop";
    auto facts = HistoryGenerator(below(), options).facts();
    for (auto& fact : facts)
      fact.recorded = HistoryGenerator::kStart + seconds(static_cast<std::int64_t>(below()(1000)));
    const Time now = last_of(facts);
    const auto order = folded(facts, now);
    const auto real = as_naive(order);
    auto naive = naive_fold(facts, now);
    with_cases += !order.cases.empty();
    if (!order.cases.empty() && (is_of_cases(real.headline) || is_of_cases(naive.headline))) {
      naive.headline = real.headline;
      naive.category = real.category;
      ++shown;
    }
    if (real != naive)
      RC_FAIL("real  " + to_text(real) + "naive " + to_text(naive) + to_text(facts));
  });
  EXPECT_GT(with_cases, 100);
  EXPECT_LT(shown, with_cases) << "nothing was compared";
}

std::size_t number_of(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// One way in which a history may arrive: up to two days late, 30 % of it told again.
void tell_untidily(Keeper& keeper, const std::vector<Event>& facts, std::mt19937_64& random) {
  const auto two_days = static_cast<std::uint64_t>(hours(48).us);
  std::vector<std::pair<Time, const Event*>> deliveries;
  for (const auto& fact : facts) {
    do
      deliveries.emplace_back(
          fact.occurred + Duration{static_cast<std::int64_t>(random() % two_days)}, &fact);
    while (random() % 100 < 30);
  }
  std::ranges::sort(deliveries);
  for (const auto& [at, fact] : deliveries) {
    keeper.advance_to(at);
    keeper.take(*fact);
  }
}

/// Clocks in Berlin went back from 03:00 to 02:00 at this moment: the hour before it was shown
/// twice.
constexpr Time kFold{1'792'890'000'000'000};  // 2026-10-25T01:00:00Z

struct LocalTimes {
  int zoneless = 0;   ///< told by the clock on the wall, without an offset
  int in_second = 0;  ///< … while that clock showed the hour for the second time
};

/// Moves a history to the night in which the clocks go back, and tells some of its times as the
/// clock on the wall showed them. What they are read as is what every telling of them says.
void tell_by_wall_clock(std::vector<Event>& facts, std::mt19937_64& random, LocalTimes& counts) {
  static const auto kZone = *integration::Zone::find("Europe/Berlin");
  const auto to_fold = kFold - hours(3) - HistoryGenerator::kStart;
  for (auto& fact : facts) {
    fact.occurred = fact.occurred + to_fold;
    if (random() % 100 >= 40 || fact.precision != Precision::Microsecond) continue;
    auto wall = format_rfc3339(kZone.to_local(fact.occurred));
    wall = wall.substr(0, 10) + " " + wall.substr(11, 8);
    const auto told = integration::parse_told_time(wall, kZone);
    ASSERT_TRUE(told && told->is_inferred) << wall;
    counts.in_second +=
        told->time + hours(1) == fact.occurred - Duration{fact.occurred.us % 1'000'000};
    ++counts.zoneless;
    fact.occurred = told->time;
    fact.precision = told->precision;
    fact.set(model::EventFlag::ZoneInferred);
  }
}

// 1,000 histories in 100 ways: CAIRN_HISTORIES=1000 CAIRN_PERMUTATIONS=100.
TEST(Histories, HoweverUntidilyToldTheyComeToWhatTheOracleSays) {
  const auto permutations = number_of("CAIRN_PERMUTATIONS", 10);
  LocalTimes local_times;
  for (std::size_t seed = 1; seed <= number_of("CAIRN_HISTORIES", 100); ++seed) {
    std::mt19937_64 random(seed);
    HistoryOptions options;
    options.with_cases = false;
    options.source = "shop";
    auto facts =
        HistoryGenerator([&](std::uint64_t bound) { return random() % bound; }, options).facts();
    for (auto& fact : facts)  // clocks that are wrong by up to half a day
      if (random() % 5 == 0)
        fact.occurred = fact.occurred + minutes(static_cast<std::int64_t>(random() % 1441) - 720);
    tell_by_wall_clock(facts, random, local_times);
    for (auto& fact : facts) fact.digest = model::counted_digest(fact);
    const Time end = last_of(facts) + hours(48);
    const auto naive = naive_fold(facts, end);
    const auto straight = hash_of(folded(facts, end));
    for (std::size_t n = 0; n < permutations; ++n) {
      Keeper keeper;
      tell_untidily(keeper, facts, random);
      keeper.advance_to(end);
      ASSERT_EQ(hash_of(keeper.order()), straight) << "history " << seed << "\n" << to_text(facts);
      ASSERT_EQ(to_text(as_naive(keeper.order())), to_text(naive)) << "history " << seed << "\n"
                                                                   << to_text(facts);
    }
  }
  EXPECT_GT(local_times.zoneless, 0);
  EXPECT_GT(local_times.in_second, 0) << "no time fell into the hour that came twice";
}

}  // namespace
}  // namespace cairn::testing

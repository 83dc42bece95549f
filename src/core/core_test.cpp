#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "adapters/keys/memory_keys.hpp"
#include "adapters/memory/memory_log.hpp"
#include "adapters/sqlite/memory_piles.hpp"
#include "core/cluster.hpp"

// A third kind of aggregate, a counter with a limit (ask → granted or refused → confirm, or it
// expires), and those who ask it. Both know nothing of orders: what works here works for stock and
// budgets too.
namespace cairn::core {
namespace {

using model::Event;
using model::EventType;

constexpr std::uint8_t kAsker = 40, kCounter = 41;
constexpr std::int64_t kLimit = 10;
constexpr Duration kExpires = minutes(10);

Event happened(std::string name, std::string data, model::Identity id, Time at) {
  Event event;
  event.type = EventType::CustomHappened;
  event.id = id;
  event.occurred = at;
  event.origin.source = "test";
  event.payload = model::Custom{std::move(name), {std::move(data)}};
  return event;
}
const model::Custom& custom(const Event& event) { return event.as<model::Custom>(); }
ports::AggregateKey key_of(std::uint8_t kind, int n) {
  auto id = model::identity_of("test", std::to_string(n));
  return {kind, ports::AggregateId::from(id.view())};
}

struct Asker final : Aggregate {
  std::string outcome = "none";
  int answers = 0;
  model::EventKey last;
  Time valid_until() const override { return Time::never(); }
};

struct Counter final : Aggregate {
  struct Grant {
    std::string asker;
    Time until;
  };
  std::map<std::string, std::string> decided;  // asker → granted | refused | expired | confirmed
  std::vector<Grant> open;
  model::EventKey last;
  std::int64_t taken() const {
    std::int64_t n = 0;
    for (const auto& [asker, what] : decided) n += what == "granted" || what == "confirmed";
    return n;
  }
  Time valid_until() const override {
    Time next = Time::never();
    for (const auto& grant : open) next = std::min(next, grant.until);
    return next;
  }
};

/// What both have in common: no personal data, nothing waits for its time.
class TestReducer : public Reducer {
 public:
  bool must_refold(const Aggregate&, Time) const override { return false; }
  bool has_key() const override { return false; }
  Bytes claims(const Aggregate&) const override { return {}; }
  bool needs_history(const Event&) const override { return false; }
};

class AskerReducer final : public TestReducer {
 public:
  std::unique_ptr<Aggregate> fold(const ports::AggregateKey&, std::span<const Event> events,
                                  Time) const override {
    auto state = std::make_unique<Asker>();
    for (const auto& event : events) apply(*state, event, {});
    return state;
  }
  bool is_newest(const Aggregate&, const Event&) const override { return true; }
  void apply(Aggregate& state, const Event& event, Time) const override {
    auto& asker = static_cast<Asker&>(state);
    if (custom(event).name == "ask") asker.outcome = "asked";
    if (custom(event).name == "granted" || custom(event).name == "refused") {
      asker.outcome = custom(event).name;
      ++asker.answers;
    }
  }
  bool advance(Aggregate&, Time) const override { return false; }
  Result<std::vector<Event>> decide(const Aggregate& state, const Command& command, const Knows&,
                                    Time at) const override {
    if (command.name != "ask" || static_cast<const Asker&>(state).outcome != "none")
      return fail(ErrorCode::Refused, "asked before");
    return std::vector{happened("ask", "{}", command.identity, at)};
  }
  Bytes summary(const Aggregate& state) const override {
    return static_cast<const Asker&>(state).outcome;
  }
  void pack(const Aggregate& state, Bytes& out) const override {
    const auto& asker = static_cast<const Asker&>(state);
    ByteWriter w(out);
    w.bytes(asker.outcome);
    w.svarint(asker.answers);
  }
  std::unique_ptr<Aggregate> unpack(const ports::AggregateKey&, BytesView packed) const override {
    auto asker = std::make_unique<Asker>();
    ByteReader r(packed);
    asker->outcome = r.bytes();
    asker->answers = static_cast<int>(r.svarint());
    EXPECT_TRUE(r.at_end());
    return asker;
  }
  std::vector<Letter> letters(const ports::AggregateKey& key, const Bytes&, const Aggregate&,
                              const Event& cause, std::span<const Event>) const override {
    if (custom(cause).name != "ask") return {};
    return {{key_of(kCounter, 0),
             happened("asked", "\"" + to_hex(key.id.view()) + "\"",
                      model::identity_of("asked", to_hex(key.id.view())), cause.occurred)}};
  }
};

class CounterReducer final : public TestReducer {
 public:
  std::unique_ptr<Aggregate> fold(const ports::AggregateKey&, std::span<const Event> events,
                                  Time now) const override {
    auto state = std::make_unique<Counter>();
    std::vector<const Event*> sorted;
    for (const auto& event : events) sorted.push_back(&event);
    std::ranges::sort(sorted, {}, [](const Event* e) { return e->number; });
    for (const auto* event : sorted) take(*state, *event);
    advance(*state, now);
    return state;
  }
  bool is_newest(const Aggregate&, const Event&) const override { return true; }
  void apply(Aggregate& state, const Event& event, Time now) const override {
    take(static_cast<Counter&>(state), event);
    advance(state, now);
  }
  bool advance(Aggregate& state, Time now) const override {
    auto& counter = static_cast<Counter&>(state);
    bool changed = false;
    std::erase_if(counter.open, [&](const Counter::Grant& grant) {
      if (grant.until > now) return false;
      counter.decided[grant.asker] = "expired";
      return changed = true;
    });
    return changed;
  }
  Result<std::vector<Event>> decide(const Aggregate&, const Command& command, const Knows&,
                                    Time at) const override {
    return std::vector{happened("confirm", command.data, command.identity, at)};
  }
  Bytes summary(const Aggregate& state) const override {
    return std::to_string(static_cast<const Counter&>(state).taken());
  }
  void pack(const Aggregate& state, Bytes& out) const override {
    const auto& counter = static_cast<const Counter&>(state);
    ByteWriter w(out);
    w.varint(counter.decided.size());
    for (const auto& [asker, what] : counter.decided) {
      w.bytes(asker);
      w.bytes(what);
    }
    for (const auto& grant : counter.open) {
      w.bytes(grant.asker);
      w.i64(grant.until.us);
    }
  }
  std::unique_ptr<Aggregate> unpack(const ports::AggregateKey&, BytesView packed) const override {
    auto counter = std::make_unique<Counter>();
    ByteReader r(packed);
    for (auto n = r.varint(); n > 0; --n) {
      const std::string asker(r.bytes());
      counter->decided[asker] = r.bytes();
    }
    while (!r.at_end()) {
      auto& grant = counter->open.emplace_back();
      grant.asker = r.bytes();
      grant.until.us = r.i64();
    }
    EXPECT_FALSE(r.failed());
    return counter;
  }
  std::vector<Letter> letters(const ports::AggregateKey&, const Bytes&, const Aggregate& state,
                              const Event& cause, std::span<const Event>) const override {
    if (custom(cause).name != "asked") return {};
    const auto hex = asker_of(cause);
    const auto& what = static_cast<const Counter&>(state).decided.at(hex);
    return {{{kAsker, ports::AggregateId::from(*from_hex(hex))},
             happened(what, "{}", model::identity_of("answer", hex), cause.occurred)}};
  }

 private:
  static std::string asker_of(const Event& event) {
    const auto& text = custom(event).data.text;
    return text.substr(1, text.size() - 2);
  }
  static void take(Counter& counter, const Event& event) {
    const auto hex = asker_of(event);
    // Whether a grant is given depends on what had expired when it was asked for.
    for (auto& grant : counter.open)
      if (grant.until <= event.recorded) counter.decided[grant.asker] = "expired";
    std::erase_if(counter.open, [&](const auto& g) { return g.until <= event.recorded; });
    if (custom(event).name == "asked") {
      const bool room = counter.taken() < kLimit;
      counter.decided[hex] = room ? "granted" : "refused";
      if (room) counter.open.push_back({hex, event.recorded + kExpires});
    } else if (counter.decided[hex] == "granted") {
      counter.decided[hex] = "confirmed";
      std::erase_if(counter.open, [&](const auto& g) { return g.asker == hex; });
    }
  }
};

/// Rows that hold the version, and depend on definitions that change.
struct VersionView final : View {
  std::map<std::uint32_t, std::uint64_t> rows;
  std::uint32_t definitions = 1;

  void put(ports::AggregateKey, std::uint32_t serial, const Aggregate&, std::uint64_t version,
           std::uint64_t) override {
    rows[serial] = version;
  }
  Bytes bytes(std::uint32_t serial) const override {
    Bytes out;
    ByteWriter(out).u64(rows.at(serial));
    return out;
  }
  Result<void> load(ports::AggregateKey, std::uint32_t serial, BytesView row) override {
    rows[serial] = ByteReader(row).u64();
    return {};
  }
  void forget_all() override { rows.clear(); }
  std::uint32_t fingerprint() const override { return definitions; }
};

/// A cluster over stores that outlive it.
struct World {
  explicit World(std::uint32_t shards, std::size_t hot_max = 100'000,
                 std::size_t unpacked_max = 4) {
    options.shards = shards;
    options.hot_max = hot_max;
    options.unpacked_max = unpacked_max;
    for (std::uint32_t i = 0; i < shards; ++i) {
      logs.push_back(std::make_unique<memory::MemoryLog>());
      piles.push_back(std::make_unique<sqlite::MemoryPiles>());
    }
    start();
  }
  void start() {
    std::vector<ShardStores> stores;
    for (std::size_t i = 0; i < logs.size(); ++i)
      stores.push_back({logs[i].get(),
                        piles[i].get(),
                        {{kAsker, {&asker, view}}, {kCounter, {&counter, nullptr}}}});
    cluster = std::make_unique<Cluster>(options, stores, sealer, nullptr);
    ASSERT_TRUE(cluster->load(now));
  }
  void crash() {
    cluster.reset();
    for (auto& pile : piles) pile = pile->clone();
    start();
  }
  void settle() {
    for (int round = 0; round < 200; ++round) {
      bool did = false;
      now = now + milliseconds(20);
      for (std::uint32_t i = 0; i < cluster->shards(); ++i) did |= cluster->step(i, now);
      if (!did) return;
    }
    FAIL() << "does not come to rest";
  }
  void ask(int n, Outcome* outcome = nullptr) {
    const auto submitted = cluster->submit(core::command(
        key_of(kAsker, n), {"ask", "{}", model::identity_of("cmd", std::to_string(n)), {}, {}},
        [outcome](const Answer& answer, const Aggregate*) {
          if (outcome) *outcome = answer.outcome;
        }));
    ASSERT_TRUE(submitted);
  }
  template <typename T, typename Use>
  void with(ports::AggregateKey key, Use&& use) {
    bool asked = false;
    Question question{false, [&](Result<Seen> seen) {
                        ASSERT_TRUE(seen);
                        use(static_cast<const T*>(seen->state));
                        asked = true;
                      }};
    cluster->put(cluster->shard_for(key), core::question(key, std::move(question)));
    settle();
    EXPECT_TRUE(asked);
  }

  Time now = Time{1'700'000'000'000'000};
  ClusterOptions options;
  AskerReducer asker;
  CounterReducer counter;
  View* view = nullptr;  ///< of the askers
  keys::MemoryKeys keys;
  Sealer sealer = *Sealer::open_with(keys);
  std::vector<std::unique_ptr<memory::MemoryLog>> logs;
  std::vector<std::unique_ptr<sqlite::MemoryPiles>> piles;
  std::unique_ptr<Cluster> cluster;
};

TEST(Shard, a_limit_holds_over_shards_and_crashes) {
  World world(4);
  std::mt19937 random(7);
  for (int n = 0; n < 40; ++n) {
    world.ask(n);
    if (random() % 3 == 0) {
      for (std::uint32_t i = 0; i < 4; ++i)
        if (random() % 2) world.cluster->step(i, world.now);
      if (random() % 4 == 0) world.crash();
      // Whoever got no answer before the crash asks again with the same key.
      for (int again = 0; again <= n; ++again) world.ask(again);
    }
  }
  world.settle();
  int granted = 0, answered = 0;
  for (int n = 0; n < 40; ++n)
    world.with<Asker>(key_of(kAsker, n), [&](const Asker* asker) {
      ASSERT_NE(asker, nullptr);
      answered += asker->answers;
      granted += asker->outcome == "granted";
    });
  EXPECT_EQ(answered, 40) << "every question is answered exactly once";
  EXPECT_EQ(granted, kLimit);
}

TEST(Shard, a_grant_nobody_confirms_expires_at_its_time_once) {
  World world(2);
  for (int n = 0; n < 12; ++n) world.ask(n);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 10); });
  world.now = world.now + kExpires - seconds(2);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 10); });
  world.crash();
  world.now = world.now + seconds(5);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 0); });
  EXPECT_GE(world.cluster->totals().counts.fired, 1u);
}

TEST(Cluster, what_finds_a_mailbox_full_is_told_so) {
  World world(1);
  world.options.mailbox_max = 16;
  world.crash();  // to start anew with it
  std::size_t turned_away = 0, answered = 0;
  const auto count = [&](bool is_busy) { ++(is_busy ? turned_away : answered); };
  const auto key = key_of(kAsker, 1);
  const auto mailbox_max = world.options.mailbox_max;
  for (std::size_t i = 0; i < mailbox_max + 3; ++i) {
    if (i % 2 == 0)
      world.cluster->put(
          0, core::question(key, {false, [&](Result<Seen> seen) {
                                    count(!seen && seen.error().code == ErrorCode::Busy);
                                  }}));
    else
      world.cluster->put(
          0, core::command(key,
                           {.name = "ask", .identity = model::identity_of("t", std::to_string(i))},
                           [&](const Answer& answer, const Aggregate*) {
                             count(answer.error.code == ErrorCode::Busy);
                           }));
  }
  EXPECT_EQ(turned_away, 3u);
  EXPECT_EQ(answered, 0u);
  world.settle();
  EXPECT_EQ(turned_away, 3u);
  EXPECT_EQ(answered, mailbox_max);
}

TEST(Shard, what_nobody_uses_is_packed_and_comes_back_as_it_was) {
  World world(1, 100'000, 8);
  std::vector<Outcome> first(300), again(300);
  for (int n = 0; n < 300; ++n) world.ask(n, &first[static_cast<std::size_t>(n)]);
  world.settle();
  EXPECT_EQ(world.cluster->totals().packed, 0u) << "its records are not in the piles yet";
  world.now = world.now + seconds(10);
  world.settle();
  const auto before = world.cluster->totals();
  EXPECT_EQ(before.hot, 302u) << "those who ask, whom they ask, and the shard itself";
  EXPECT_EQ(before.packed, 301u - 8u);
  EXPECT_EQ(before.counts.evictions, 0u);
  for (int n = 0; n < 300; ++n)
    world.with<Asker>(key_of(kAsker, n), [](const Asker* asker) {
      ASSERT_NE(asker, nullptr);
      EXPECT_EQ(asker->answers, 1);
    });
  for (int n = 0; n < 300; ++n) world.ask(n, &again[static_cast<std::size_t>(n)]);
  world.settle();
  EXPECT_EQ(first, std::vector(300, Outcome::Accepted));
  EXPECT_EQ(again, std::vector(300, Outcome::Duplicate));
  // Those granted expire at their time, packed or not.
  world.now = world.now + kExpires;
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 0); });
  const auto after = world.cluster->totals();
  EXPECT_EQ(after.counts.loads, before.counts.loads) << "nothing was read from the piles";
  EXPECT_GT(after.counts.unpacked, 300u);
}

TEST(Shard, a_repeated_command_gets_the_same_answer_even_when_evicted) {
  World world(1, 64);
  Outcome first{}, second{}, refused{};
  world.ask(1, &first);
  world.settle();
  for (int n = 100; n < 400; ++n) world.ask(n);
  world.now = world.now + seconds(10);
  world.settle();
  world.now = world.now + seconds(10);
  world.settle();
  EXPECT_GT(world.cluster->totals().counts.evictions, 0u);
  world.ask(1, &second);
  world.settle();
  EXPECT_EQ(first, Outcome::Accepted);
  EXPECT_EQ(second, Outcome::Duplicate);
  const auto other = [&] {
    ASSERT_TRUE(world.cluster->submit(
        core::command(key_of(kAsker, 1), {"ask", "{}", model::identity_of("cmd", "other"), {}, {}},
                      [&](const Answer& answer, const Aggregate*) {
                        refused = answer.outcome;
                        EXPECT_EQ(answer.error.message, "asked before");
                      })));
    world.settle();
  };
  other();
  EXPECT_EQ(refused, Outcome::Refused);
  const auto records = world.cluster->totals().records;
  refused = Outcome::Accepted;
  other();
  EXPECT_EQ(refused, Outcome::Refused);
  EXPECT_EQ(world.cluster->totals().records, records) << "a repeated refusal writes nothing";
}

TEST(Shard, a_failed_commit_is_told_and_leaves_no_trace) {
  World world(1);
  Outcome outcome{};
  world.ask(1);
  world.settle();
  world.logs[0]->fail_next(ErrorCode::Unknown);
  world.ask(2, &outcome);
  world.settle();
  EXPECT_EQ(outcome, Outcome::Failed);
  world.ask(2, &outcome);
  world.settle();
  EXPECT_EQ(outcome, Outcome::Accepted);
  world.with<Asker>(key_of(kAsker, 2), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
  world.crash();
  world.with<Asker>(key_of(kAsker, 2), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
}

TEST(Shard, a_rival_of_what_a_failed_batch_forgot_is_the_first) {
  World world(1, 64);
  world.ask(1);
  for (int round = 0; round < 3; ++round) {  // its pile is written; its state stays in memory
    world.now = world.now + seconds(10);
    world.settle();
  }
  const auto id = model::identity_of("test", "told twice");
  std::vector<Outcome> outcomes(2);
  const auto tell = [&](int n) {
    ASSERT_TRUE(world.cluster->submit(
        core::fact(key_of(kAsker, 1), happened("told", std::to_string(n), id, world.now),
                   [&, n](const Answer& answer, const Aggregate*) {
                     outcomes[static_cast<std::size_t>(n)] = answer.outcome;
                   })));
  };
  world.logs[0]->fail_next(ErrorCode::Unknown);
  tell(0);
  tell(1);
  world.settle();
  EXPECT_EQ(outcomes, (std::vector{Outcome::Failed, Outcome::Accepted}));
  tell(0);
  world.settle();
  EXPECT_EQ(outcomes[0], Outcome::Rival);
  std::map<std::string, bool> is_rival;
  Question question{true, [&](Result<Seen> seen) {
                      ASSERT_TRUE(seen);
                      const auto events = events_of(seen->history, key_of(kAsker, 1));
                      ASSERT_TRUE(events);
                      for (const auto& event : *events)
                        if (event.id == id)
                          is_rival[custom(event).data.text] = event.is(model::EventFlag::Rival);
                    }};
  world.cluster->put(0, core::question(key_of(kAsker, 1), std::move(question)));
  world.settle();
  EXPECT_EQ(is_rival, (std::map<std::string, bool>{{"0", true}, {"1", false}}));
}

TEST(Shard, rows_of_other_definitions_are_made_again_and_written_a_few_at_a_time) {
  World world(1);
  VersionView view;
  world.view = &view;
  world.options.rows_at_once = 3;
  world.crash();  // to start anew with it
  constexpr int kAskers = 25;
  for (int n = 0; n < kAskers; ++n) world.ask(n);
  for (int round = 0; round < 3; ++round) {
    world.now = world.now + seconds(10);
    world.settle();
  }
  world.ask(kAskers);  // in the log only
  world.settle();
  const auto rows = view.rows;
  ASSERT_EQ(rows.size(), kAskers + 1u);
  view.rows.clear();
  view.definitions = 2;
  world.crash();
  EXPECT_EQ(view.rows, rows);
  EXPECT_LE(world.cluster->totals().unflushed_bytes, 4'096u);
  const auto again = world.cluster->totals().counts.loads;
  EXPECT_GE(again, static_cast<std::uint64_t>(kAskers));
  view.rows.clear();
  world.crash();
  EXPECT_EQ(view.rows, rows);
  EXPECT_LT(world.cluster->totals().counts.loads, again / 2) << "most were written";
  world.with<Asker>(key_of(kAsker, 7), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
}

TEST(Shard, a_damaged_pile_stops_its_own_aggregate_only) {
  World world(1, 64);
  world.ask(1);
  for (int n = 100; n < 300; ++n) world.ask(n);
  world.settle();
  world.now = world.now + seconds(10);
  world.settle();
  for (ports::Serial serial = 1; serial < 4; ++serial) world.piles[0]->damage(serial);
  world.crash();
  int failed = 0, accepted = 0;
  for (const int n : {1, 100, 250, 299}) {
    ASSERT_TRUE(world.cluster->submit(
        core::command(key_of(kAsker, n), {"ask", "{}", model::identity_of("cmd", "again"), {}, {}},
                      [&](const Answer& answer, const Aggregate*) {
                        failed += answer.outcome == Outcome::Failed;
                        accepted += answer.outcome == Outcome::Refused;
                        if (answer.outcome == Outcome::Failed)
                          EXPECT_EQ(answer.error.code, ErrorCode::Damaged);
                      })));
  }
  world.settle();
  EXPECT_GE(failed, 1);
  EXPECT_GE(accepted, 2);
}

TEST(Shard, letters_lost_repeated_and_late_arrive_once_and_in_order) {
  World world(3);
  std::mt19937 random(11);
  std::vector<std::pair<std::uint32_t, Input>> late;
  world.cluster->deliver_with([&](std::uint32_t to, Input letter) {
    const auto copy = [&] {
      return Input{.type = Input::Type::Letter,
                   .key = letter.key,
                   .event = std::make_unique<Event>(*letter.event),
                   .letter = letter.letter};
    };
    switch (random() % 4) {
      case 0:
        return;
      case 1:
        world.cluster->put(to, copy());
        break;
      case 2:
        late.emplace_back(to, copy());
        return;
    }
    world.cluster->put(to, std::move(letter));
  });
  for (int n = 0; n < 30; ++n) world.ask(n);
  for (int round = 0; round < 400; ++round) {
    world.now = world.now + milliseconds(200);
    for (std::uint32_t i = 0; i < 3; ++i) world.cluster->step(i, world.now);
    if (random() % 5 == 0)
      for (auto& [to, letter] : std::exchange(late, {})) world.cluster->put(to, std::move(letter));
  }
  int answered = 0;
  for (int n = 0; n < 30; ++n)
    world.with<Asker>(key_of(kAsker, n), [&](const Asker* a) { answered += a->answers; });
  EXPECT_EQ(answered, 30);
}

}  // namespace
}  // namespace cairn::core

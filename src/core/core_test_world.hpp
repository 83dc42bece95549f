#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/keys/memory_keys.hpp"
#include "adapters/memory/memory_log.hpp"
#include "adapters/sqlite/memory_piles.hpp"
#include "core/cluster.hpp"

// A third kind of aggregate, a counter with a limit (ask → granted or refused → confirm, or it
// expires), and those who ask it. Both know nothing of orders: what works here works for stock and
// budgets too.
namespace cairn::core {

using model::Event;
using model::EventType;

inline constexpr std::uint8_t kAsker = 40, kCounter = 41;
inline constexpr std::int64_t kLimit = 10;
inline constexpr Duration kExpires = minutes(10);

inline Event happened(std::string name, std::string data, model::Identity id, Time at) {
  Event event;
  event.type = EventType::CustomHappened;
  event.id = id;
  event.occurred = at;
  event.origin.source = "test";
  event.payload = model::Custom{std::move(name), {std::move(data)}};
  return event;
}
inline const model::Custom& custom(const Event& event) { return event.as<model::Custom>(); }
inline ports::AggregateKey key_of(std::uint8_t kind, int n) {
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
    options.flush_portion = SIZE_MAX;
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

}  // namespace cairn::core

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "modules/lifecycle/loader.hpp"
#include "modules/orders/fold.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/reference.hpp"

// Orders that claim numbers, let them go and pass events to each other: whatever the order in which
// facts and letters arrive, every order comes to the same (DESIGN §2 and §4).
namespace cairn::testing {
namespace {

using model::Event;
using model::EventType;

std::uint64_t below(std::uint64_t bound) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint64_t>(0, bound));
}
bool chance(std::uint64_t percent) { return below(100) < percent; }

const orders::Context& context() {
  static const auto kDefinitions = [] {
    auto loaded = lifecycle::load(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
    if (!loaded) ADD_FAILURE() << lifecycle::to_text(loaded.error());
    return std::move(*loaded);
  }();
  static const orders::Masters kMasters;
  static const orders::Context kContext{&kDefinitions, &kMasters};
  return kContext;
}

constexpr Time kStart{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
constexpr int kOrders = 3, kTrucks = 2;

model::OrderId order_id(std::uint64_t n) {
  return model::order_id_of("shop", fmt::format("M{}", n));
}

struct Input {
  ports::AggregateKey key;
  Event event;
};

/// All aggregates of three shards, folded in full; letters between two shards keep their order.
class Town {
 public:
  void take(const ports::AggregateKey& key, Event event) {
    auto& pile = piles_[key];
    event.digest = model::counted_digest(event);
    for (const auto& known : pile) {
      if (known.id != event.id) continue;
      if (known.digest == event.digest) return;
      event.set(model::EventFlag::Rival);
    }
    now_ = now_ + seconds(1);
    event.recorded = now_;
    event.number = ++number_;
    model::seal(event, {[](std::uint16_t, BytesView plain) { return Bytes(plain); },
                        [](model::PersonalKind, std::string_view) { return Bytes(); }});
    const auto& reducer = reducer_of(key);
    const auto before = reducer.fold(key, pile, now_);
    pile.push_back(event);
    const auto after = reducer.fold(key, pile, now_);
    const bool has_history = reducer.needs_history(event) || !reducer.is_newest(*before, event);
    for (auto& letter :
         reducer.letters(key, reducer.claims(*before), *after, pile.back(),
                         has_history ? std::span<const Event>(pile) : std::span<const Event>()))
      post_[{shard_of(key), shard_of(letter.to)}].push_back(std::move(letter));
  }
  /// Delivers one letter; false when there is none.
  bool deliver_one() {
    std::vector<std::deque<core::Letter>*> waiting;
    for (auto& [way, letters] : post_)
      if (!letters.empty()) waiting.push_back(&letters);
    if (waiting.empty()) return false;
    auto& letters = *waiting[below(waiting.size())];
    auto letter = std::move(letters.front());
    letters.pop_front();
    take(letter.to, std::move(letter.event));
    return true;
  }
  void settle() {
    for (int i = 0; deliver_one(); ++i) RC_ASSERT(i < 10'000);
  }
  const std::vector<Event>& pile(std::uint64_t order) {
    return piles_[model::order_key(order_id(order))];
  }
  std::string hash_of(std::uint64_t n, Time now) {
    orders::Order order;
    order.key = model::order_key(order_id(n));
    orders::fold_all(order, pile(n), now, context());
    return to_hex(orders::state_hash(order));
  }
  std::string text() const {
    std::string out;
    for (const auto& [key, pile] : piles_) {
      out += fmt::format("{} {}\n", key.kind, to_hex(key.id.view()));
      for (const auto& event : pile) {
        json::Writer w(out);
        model::write_event(w, event, model::Show::Plain);
        out += '\n';
      }
    }
    return out;
  }

 private:
  const core::Reducer& reducer_of(const ports::AggregateKey& key) const {
    if (key.kind == model::kOrderKind) return orders_;
    return references_;
  }
  static int shard_of(const ports::AggregateKey& key) { return key.id.view()[0] & 3; }

  orders::OrderReducer orders_{context()};
  orders::ReferenceReducer references_;
  std::map<ports::AggregateKey, std::vector<Event>> piles_;
  std::map<std::pair<int, int>, std::deque<core::Letter>> post_;
  Time now_ = kStart;
  std::uint64_t number_ = 0;
};

/// What is told, made up as it goes: corrections speak of what an order has at that moment, be it
/// forwarded, moved here or taken away again.
class Teller {
 public:
  std::vector<Input> day(Town& town) {
    std::vector<Input> out;
    for (std::uint64_t n = 0; n < kOrders; ++n) out.push_back(place(n));
    for (auto count = 5 + below(25); count > 0; --count) {
      const auto n = below(kOrders);
      auto input = chance(45) ? word(town, n) : chance(50) ? shipped(n) : scan();
      town.take(input.key, input.event);
      out.push_back(std::move(input));
      while (chance(70) && town.deliver_one()) continue;
    }
    for (std::uint64_t n = 0; n < kOrders; ++n) town.take(out[n].key, out[n].event);
    town.settle();
    return out;
  }

 private:
  Input order_input(std::uint64_t n, EventType type, std::string_view data) {
    return {model::order_key(order_id(n)), make(type, data)};
  }
  Event make(EventType type, std::string_view data) {
    Event event;
    event.type = type;
    event.id = model::identity_of("shop", fmt::format("event {}", ++serial_));
    event.occurred = kStart + minutes(static_cast<std::int64_t>(below(10'000)));
    event.origin.source = "shop";
    auto payload = model::read_payload(type, data, model::Reading::Fact);
    if (!payload) RC_FAIL(payload.error().message);
    event.payload = *std::move(payload);
    return event;
  }
  Input place(std::uint64_t n) {
    const auto truck =
        chance(60)
            ? fmt::format(
                  R"(,"references":[{{"scheme":"unit","issuer":"fleet","value":"TRUCK{}"}}])",
                  below(kTrucks))
            : std::string();
    return order_input(
        n, EventType::OrderPlaced,
        fmt::format(R"({{"order_no":"M{}","lines":[{{"id":"A","quantity":2}}]{}}})", n, truck));
  }
  std::string report(std::uint64_t n) {
    return fmt::format(R"({{"package":"P{}","carrier":"zto","number":"N{}"}})", n, below(kOrders));
  }
  Input shipped(std::uint64_t n) { return order_input(n, EventType::PackageShipped, report(n)); }
  Input scan() {
    const bool is_truck = chance(50);
    const model::Reference reference =
        is_truck ? model::Reference{"unit", "fleet", fmt::format("TRUCK{}", below(kTrucks))}
                 : model::Reference{"tracking", "zto", fmt::format("N{}", below(kOrders))};
    auto event = make(EventType::PackageScanned,
                      is_truck ? std::string(R"({"package":"P0","milestone":"in_transit"})")
                               : fmt::format(R"({{"carrier":"zto","number":"{}",)"
                                             R"("milestone":"out_for_delivery"}})",
                                             reference.value));
    event.origin.subject =
        fmt::format("{}/{}:{}", reference.scheme, reference.issuer, reference.value);
    return {model::reference_key(reference), std::move(event)};
  }
  /// A correction, a retraction or a move of anything told of the order, or of what was said of it.
  Input word(Town& town, std::uint64_t n) {
    std::vector<const Event*> events;
    for (const auto& event : town.pile(n))
      if (event.origin.role != model::Role::System && event.type != EventType::OrderPlaced)
        events.push_back(&event);
    if (events.empty()) return shipped(n);
    const auto& target = *events[below(events.size())];
    const auto about = fmt::format(R"({{"reason":"r","target":"{}")", to_hex(target.id.view()));
    const bool is_of_a_word =
        target.type == EventType::EventCorrected || target.type == EventType::EventRetracted;
    if (is_of_a_word || chance(20)) return order_input(n, EventType::EventRetracted, about + "}");
    const auto data = target.type == EventType::PackageShipped && chance(60)
                          ? fmt::format(R"(,"data":{})", report(n))
                          : std::string();
    const auto to =
        data.empty() || chance(50)
            ? fmt::format(R"(,"move_to":"{}")", model::to_text(order_id(below(kOrders))))
            : std::string();
    return order_input(n, EventType::EventCorrected, about + data + to + "}");
  }

  std::uint64_t serial_ = 0;
};

std::string target_of(const Event& event) {
  if (event.type == EventType::EventCorrected) return event.as<model::Correction>().target;
  if (event.type == EventType::EventRetracted) return event.as<model::Retraction>().target;
  return {};
}

/// Any order, but for words on one event: of them the newest counts, so they keep theirs.
std::vector<Input> shuffled(std::vector<Input> inputs) {
  std::map<std::pair<ports::AggregateKey, std::string>, std::vector<Input>> words;
  for (const auto& input : inputs)
    if (auto target = target_of(input.event); !target.empty())
      words[{input.key, target}].push_back(input);
  for (std::size_t i = inputs.size(); i > 1; --i) std::swap(inputs[i - 1], inputs[below(i)]);
  for (std::size_t i = inputs.size(); i-- > 0;)
    if (auto target = target_of(inputs[i].event); !target.empty()) {
      auto& left = words[{inputs[i].key, target}];
      inputs[i] = std::move(left.back());
      left.pop_back();
    }
  return inputs;
}

TEST(Moving, OrdersComeToTheSameHoweverFactsAndLettersArrive) {
  int copies = 0, taken = 0, given_again = 0;
  const bool holds = rc::check("claims, moves and corrections in any order", [&] {
    Town town;
    Teller teller;
    const auto told = teller.day(town);
    Town other;
    for (const auto& input : shuffled(told))
      for (auto times = 1 + below(2); times > 0; --times) {
        other.take(input.key, input.event);
        while (chance(40) && other.deliver_one()) continue;
      }
    other.settle();
    const Time now = kStart + hours(400);
    for (std::uint64_t n = 0; n < kOrders; ++n) {
      if (town.hash_of(n, now) != other.hash_of(n, now))
        RC_FAIL(fmt::format("order {}\n{}--- in another order\n{}", n, town.text(), other.text()));
      for (const auto& event : town.pile(n)) {
        copies += event.is(model::EventFlag::Copied);
        if (event.origin.role != model::Role::System) continue;
        const auto target = target_of(event);
        const bool is_of_a_word = std::ranges::any_of(town.pile(n), [&](const Event& e) {
          return to_hex(e.id.view()) == target && e.type == EventType::EventRetracted;
        });
        ++(is_of_a_word ? given_again : taken);
      }
    }
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(copies, 10) << "the teller moves too little";
  EXPECT_GT(taken, 10) << "nothing is taken back";
  EXPECT_GT(given_again, 1) << "nothing is given again";
}

}  // namespace
}  // namespace cairn::testing

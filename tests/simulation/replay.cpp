#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "checks.hpp"
#include "describe.hpp"
#include "modules/orders/fold.hpp"

/// The same facts, given in another order, any number of times, to an installation that knows
/// nothing: every order must come to the same (DESIGN §2).
namespace cairn::simulation {
namespace {

using model::Event;
using model::EventFlag;
using model::EventType;

std::string target_of(const Event& event) {
  if (event.type == EventType::EventCorrected) return event.as<model::Correction>().target;
  if (event.type == EventType::EventRetracted) return event.as<model::Retraction>().target;
  return {};
}

/// One fact to be told again, and when it came the first time.
struct Retold {
  ports::AggregateKey key;
  Event event;
  Time recorded;
  std::uint64_t number = 0;

  auto arrival() const { return std::pair(recorded, number); }
};

/// The moment of arrival decides by design in two places only: of those with one id the first is
/// folded, of the corrections of one event the newest counts. Such facts are told again in the
/// order they came in, all others in any.
std::pair<ports::AggregateKey, std::string> rivals_of(const Retold& told) {
  const auto target = target_of(told.event);
  return {told.key, target.empty() ? to_hex(told.event.id.view()) : "on " + target};
}

void keep_order_of_rivals(std::vector<std::size_t>& order, const std::vector<Retold>& inputs) {
  std::map<std::pair<ports::AggregateKey, std::string>, std::vector<std::size_t>> places;
  for (std::size_t place = 0; place < order.size(); ++place)
    places[rivals_of(inputs[order[place]])].push_back(place);
  for (const auto& [rivals, at] : places) {
    std::vector<std::size_t> sorted;
    for (const auto place : at) sorted.push_back(order[place]);
    std::ranges::sort(sorted, {}, [&](std::size_t i) { return inputs[i].arrival(); });
    for (std::size_t i = 0; i < at.size(); ++i) order[at[i]] = sorted[i];
  }
}

}  // namespace

void Checks::replayed(const Snapshot& snapshot, std::uint64_t seed) {
  when_ = "given again, shuffled";
  std::vector<Retold> inputs;
  std::map<std::pair<ports::AggregateKey, std::pair<model::Identity, std::uint32_t>>, const Event*>
      recorded;
  for (const auto& [key, found] : snapshot)
    for (const auto& event : found.events) {
      recorded[{key, {event.id, event.digest}}] = &event;
      // Copies are brought by letters again.
      if (!event.is(EventFlag::Command) || event.is(EventFlag::Copied)) continue;
      inputs.push_back({key, event, event.recorded, event.number});
      inputs.back().event.recorded = Time::none();
    }
  for (const auto& ticket : clients_.tickets()) {
    if (!ticket.event || !ticket.is_decided) continue;
    const auto found = recorded.find({ticket.key, {ticket.event->id, ticket.digest}});
    if (found == recorded.end()) continue;  // acknowledged and not there: found out before
    inputs.push_back({ticket.key, *ticket.event, found->second->recorded, found->second->number});
    if (found->second->is(EventFlag::Rival)) world_.counts().add("replay", "rivals");
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::uint64_t n = 1 + random_.below(10) / 8; n > 0; --n) order.push_back(i);
  random_.shuffle(order);
  keep_order_of_rivals(order, inputs);

  World fresh({.seed = seed, .shards = world_.shards(), .segment_bytes = 1 << 20}, world_.now(),
              World::shipped_definitions(), world_.counts());
  if (auto started = fresh.start(); !started) return violations_.add(started.error().message);
  fresh.calm();
  for (const auto i : order) {
    if (!fresh.submit(core::fact(inputs[i].key, inputs[i].event)))
      return violations_.add("a fresh installation takes no facts");
    if (random_.percent(5)) fresh.step(static_cast<std::uint32_t>(random_.below(fresh.shards())));
  }
  int rounds = 0;
  for (; rounds < 1'000 && fresh.step_all(); ++rounds) fresh.advance(milliseconds(100));
  if (rounds == 1'000) return violations_.add(when_ + ": never comes to rest");
  world_.set_now(fresh.now());
  world_.step_all();

  for (const auto& [key, found] : snapshot) {
    if (key.kind != model::kOrderKind || found.events.empty()) continue;
    orders::Order live;
    (void)world_.look(key, [&](const World::Look& look) {
      live = static_cast<const orders::Order&>(*look.state);
    });
    const auto done = fresh.look(key, [&](const World::Look& look) {
      const auto& again = static_cast<const orders::Order&>(*look.state);
      if (orders::state_hash(again) != orders::state_hash(live))
        wrong(key, "comes to something else:" + difference(live, again));
    });
    if (!done) wrong(key, done.error().message);
    world_.counts().add("replay", "same");
  }
}

}  // namespace cairn::simulation

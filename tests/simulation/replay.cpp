#include <algorithm>
#include <map>
#include <set>

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

/// Events, in hex, that were corrected or retracted more than once, in whichever order's pile, at
/// least once by a person or a source: the newest by the time it was recorded counts, and an event
/// can be moved to another order.
std::set<std::string> corrected_twice(const Snapshot& snapshot) {
  struct Changers {
    std::set<std::string> told, own;  ///< by somebody; by the kernel, when a claim is let go
  };
  std::map<std::string, Changers> by_target;
  for (const auto& [key, found] : snapshot)
    for (const auto& event : found.events)
      if (auto target = target_of(event); !target.empty()) {
        auto& changers = by_target[target];
        (event.origin.role == model::Role::System ? changers.own : changers.told)
            .insert(to_hex(event.id.view()));
      }
  std::set<std::string> out;
  for (const auto& [target, changers] : by_target)
    if (changers.told.size() > 1 || (!changers.told.empty() && !changers.own.empty()))
      out.insert(target);
  return out;
}

/// Where the moment of arrival decides by design, another order of arrival may come to something
/// else: ids used twice, two corrections of one event, clocks that ran ahead.
bool depends_on_arrival(const Found& found, const std::set<std::string>& twice) {
  return std::ranges::any_of(found.events, [&](const Event& event) {
    // An event that was moved away and back again is as it was when it came back.
    const bool is_back_again =
        event.type == EventType::EventCorrected && event.origin.role == model::Role::System;
    return event.is(EventFlag::Rival) || is_back_again ||
           (!event.is(EventFlag::Command) &&
            event.occurred > event.recorded + orders::kClockTolerance) ||
           twice.contains(to_hex(event.id.view())) || twice.contains(target_of(event));
  });
}

}  // namespace

void Checks::replayed(const Snapshot& snapshot, std::uint64_t seed) {
  when_ = "given again, shuffled";
  struct Told {
    ports::AggregateKey key;
    Event event;
  };
  std::vector<Told> inputs;
  for (const auto& ticket : clients_.tickets())
    if (ticket.event && ticket.is_decided && ticket.first == core::Outcome::Accepted)
      inputs.push_back({ticket.key, *ticket.event});
  for (const auto& [key, found] : snapshot)
    for (const auto& event : found.events)
      if (event.is(EventFlag::Command)) {
        inputs.push_back({key, event});
        inputs.back().event.recorded = Time::none();
      }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::uint64_t n = 1 + random_.below(10) / 8; n > 0; --n) order.push_back(i);
  random_.shuffle(order);

  World fresh({.seed = seed, .shards = world_.shards(), .segment_bytes = 1 << 20}, world_.now(),
              World::shipped_definitions(), world_.counts());
  if (auto started = fresh.start(); !started) return violations_.add(started.error().message);
  fresh.calm();
  for (const auto i : order) {
    if (!fresh.submit(core::fact(inputs[i].key, inputs[i].event)))
      return violations_.add("a fresh installation takes no facts");
    if (random_.percent(5)) fresh.step(static_cast<std::uint32_t>(random_.below(fresh.shards())));
  }
  for (int round = 0; fresh.step_all() && round < 1'000; ++round) fresh.advance(milliseconds(100));
  world_.set_now(fresh.now());
  world_.step_all();

  const auto twice = corrected_twice(snapshot);
  for (const auto& [key, found] : snapshot) {
    if (key.kind != model::kOrderKind || found.events.empty()) continue;
    if (depends_on_arrival(found, twice)) {
      world_.counts().add("replay", "arrival_decides");
      continue;
    }
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

#include "modules/orders/fold.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/ranges.hpp"
#include "modules/orders/fold_events.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventFlag;
using model::EventType;

constexpr int kAutomaticMax = 16;  ///< per moment; the loader refuses cycles

bool changes_others(const Event& event) {
  return event.type == EventType::EventCorrected || event.type == EventType::EventRetracted;
}

/// A fact of the future waits until its time has come (DESIGN §2, "clock_suspect").
bool must_wait(const Event& event, Time now) {
  return !event.is(EventFlag::Command) && event.occurred > event.recorded + kClockTolerance &&
         event.occurred > now;
}
bool was_suspect(const Event& event) {
  return !event.is(EventFlag::Command) && !event.recorded.is_none() &&
         event.occurred > event.recorded + kClockTolerance;
}

/// The newest correction or retraction of every event, by (recorded, identity). A retraction wins
/// over the corrections before it.
std::map<std::string, const Event*> newest_corrections(std::span<const Event> events) {
  std::map<std::string, const Event*> out;
  for (const auto& event : events) {
    if (!changes_others(event) || event.is(EventFlag::Rival)) continue;
    const auto& target = event.type == EventType::EventCorrected
                             ? event.as<model::Correction>().target
                             : event.as<model::Retraction>().target;
    auto& newest = out[target];
    if (!newest || std::pair(newest->recorded, newest->id) < std::pair(event.recorded, event.id))
      newest = &event;
  }
  return out;
}

/// The event in its corrected form; nothing when it was retracted or moved to another order.
std::optional<Event> corrected(const Event& event, const Event& correction) {
  if (correction.type == EventType::EventRetracted) return std::nullopt;
  const auto& c = correction.as<model::Correction>();
  if (!c.move_to.empty()) return std::nullopt;
  Event out = event;
  if (c.occurred.is_set()) {
    out.occurred = c.occurred.time;
    out.precision = c.occurred.precision;
    out.flags &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(EventFlag::NoDate));
  }
  if (!c.data.text.empty())
    if (auto payload = model::read_payload(event.type, c.data.text, model::Reading::Fact))
      out.payload = *std::move(payload);
  return out;
}

/// Applies automatic transitions due by `until`, each at its due time.
void run_timers(Order& order, Time until, const Context& context) {
  for (int i = 0; i < kAutomaticMax && order.next_timer <= until; ++i) {
    const auto due = next_due(order, context);
    if (!due || due->at > until) break;
    const Time at = due->at.is_none() ? order.last_key.occurred : due->at;
    Event event;
    event.type = due->transition->as.value_or(EventType::CustomHappened);
    event.payload = model::make_payload(event.type);
    if (auto* remark = std::get_if<model::Remark>(&event.payload))
      remark->reason = due->transition->reason;
    if (auto* custom = std::get_if<model::Custom>(&event.payload))
      custom->name = due->transition->on;
    event.occurred = at;
    event.origin = {.source = "cairn", .role = model::Role::System};
    event.set(EventFlag::Command);
    const auto before = order.state;
    if (due->transition->as) move_axes(order, event, context);
    order.last_timer = at;
    settle(order, event, context, due->transition);
    if (order.state == before && order.next_timer <= at) {
      order.next_timer = Time::never();  // it would fire for ever without moving anything
      break;
    }
  }
}

/// One event at its place.
void step(Order& order, const Event& event, const Context& context) {
  run_timers(order, event.occurred, context);
  judge(order, event, context);
  move_axes(order, event, context);
  order.last_key = event.key();
  if (was_suspect(event)) note_conflict(order, model::ConflictCode::ClockSuspect, "", event.id);
  settle(order, event, context);
}

}  // namespace

void fold_all(Order& order, std::span<const Event> events, Time now, const Context& context) {
  const auto key = order.key;
  order = Order();
  order.key = key;
  order.lifecycle = &context.default_lifecycle();
  order.preset = &context.preset_of(*order.lifecycle);
  order.state = order.lifecycle->start();
  const auto corrections = newest_corrections(events);
  for (const auto& [target, correction] : corrections)
    if (auto id = from_hex(target); id && id->size() == 16) {
      const auto identity = model::Identity::from(*id);
      if (std::ranges::none_of(events, [&](const Event& e) { return e.id == identity; }))
        order.corrected_ahead.push_back(identity);
    }
  std::vector<Event> changed;
  std::vector<const Event*> folded;
  changed.reserve(corrections.size());
  Time waits_until = Time::never();
  for (const auto& event : events) {
    ++order.events;
    if (event.is(EventFlag::Rival)) {
      note_conflict(order, model::ConflictCode::IdReused, "", event.id);
      continue;
    }
    if (changes_others(event)) continue;
    if (event.type == EventType::ConflictSettled) {
      const auto& s = event.as<model::ConflictSettled>();
      order.verdicts.push_back({event.key(), s.conflict, s.verdict});
    }
    const Event* effective = &event;
    if (const auto found = corrections.find(to_hex(event.id.view())); found != corrections.end()) {
      auto other = corrected(event, *found->second);
      if (!other) continue;
      changed.push_back(*std::move(other));
      effective = &changed.back();
    }
    if (must_wait(*effective, now)) {
      waits_until = std::min(waits_until, effective->occurred);
      order.has_waiting = true;
      continue;
    }
    folded.push_back(effective);
  }
  std::ranges::sort(folded, [](const Event* a, const Event* b) { return a->key() < b->key(); });
  for (const auto* event : folded) step(order, *event, context);
  order.waits_until = waits_until;
  run_timers(order, now, context);
  finish(order, now, context);
}

bool is_newest(const Order& order, const Event& event) {
  return !changes_others(event) && !event.is(EventFlag::Rival) &&
         !must_wait(event, event.recorded) && event.key() > order.last_key &&
         (order.last_timer.is_none() || event.occurred >= order.last_timer) &&
         event.occurred < order.waits_until && !contains(order.corrected_ahead, event.id);
}

void fold_one(Order& order, const Event& event, Time now, const Context& context) {
  ++order.events;
  if (event.type == EventType::ConflictSettled) {
    const auto& s = event.as<model::ConflictSettled>();
    order.verdicts.push_back({event.key(), s.conflict, s.verdict});
  }
  unfinish(order);
  step(order, event, context);
  run_timers(order, now, context);
  finish(order, now, context);
}

bool advance(Order& order, Time now, const Context& context) {
  const auto state = order.state;
  const auto health = order.health;
  const auto conflicts = order.conflicts.size();
  const auto timer = order.last_timer;
  unfinish(order);
  run_timers(order, now, context);
  finish(order, now, context);
  return order.state != state || order.health != health || order.conflicts.size() != conflicts ||
         order.last_timer != timer;
}

}  // namespace cairn::orders

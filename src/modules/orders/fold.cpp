#include "modules/orders/fold.hpp"

#include <algorithm>
#include <map>

#include "base/ranges.hpp"
#include "modules/orders/corrections.hpp"
#include "modules/orders/fold_events.hpp"
#include "modules/orders/settle.hpp"
#include "modules/orders/versions.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventFlag;
using model::EventType;

constexpr int kAutomaticMax = 16;  ///< per moment; the loader refuses cycles
constexpr int kTimersMax = 1000;   ///< per fold step: a definition that slipped through the loader

/// A fact of the future waits until its time has come (DESIGN §2, "clock_suspect"). By the time of
/// looking and not by when it was recorded: the same facts give the same order whenever they came.
bool must_wait(const Event& event, Time now) {
  return !event.is(EventFlag::Command) && event.occurred > now + kClockTolerance;
}

void wait_for(Order& order, const Event& event) {
  order.waits_until = std::min(order.waits_until, event.occurred - kClockTolerance);
  note_conflict(order, model::ConflictCode::ClockSuspect, "", event.id);
}

Event event_of(const Order& order, const Timer& timer, const Context& context) {
  const auto& transition = *timer.transition;
  Event event;
  event.type = transition.as.value_or(EventType::CustomHappened);
  event.payload = model::make_payload(event.type);
  if (auto* remark = std::get_if<model::Remark>(&event.payload)) remark->reason = transition.reason;
  if (auto* custom = std::get_if<model::Custom>(&event.payload)) custom->name = transition.on;
  if (auto* moved = std::get_if<model::CaseMoved>(&event.payload); moved && timer.subject) {
    moved->case_id = order.cases[*timer.subject].id;
    moved->on = transition.on;
    moved->reason = transition.reason;
    if (!transition.target.states.empty())
      moved->to = context.after_sale().state(transition.target.states.front()).code();
  }
  event.occurred = order.next_timer;
  event.origin = {.source = "cairn", .role = model::Role::System};
  event.set(EventFlag::Command);
  return event;
}

/// Applies automatic transitions due by `until`, each at its due time; one whose condition came to
/// hold only later, at the event that made it hold.
void run_timers(Order& order, Time until, const Context& context) {
  int at_once = 0;
  for (int i = 0; i < kTimersMax && order.next_timer <= until; ++i) {
    const auto timer = next_timer(order, context);
    if (!timer) break;
    const Time at = order.next_timer;
    at_once = at == order.last_timer ? at_once + 1 : 0;
    if (at_once > kAutomaticMax) break;
    const Event event = event_of(order, *timer, context);
    const auto before = order.state;
    const auto step =
        timer->subject ? std::optional(order.cases[*timer->subject].state) : std::nullopt;
    if (timer->transition->as) move_axes(order, event, context);
    order.last_timer = at;
    settle(order, event, context, timer->subject ? nullptr : timer->transition);
    const bool has_moved =
        order.state != before || (step && order.cases[*timer->subject].state != *step);
    if (!has_moved && order.next_timer <= at) {
      order.next_timer = Time::never();  // it would fire for ever without moving anything
      break;
    }
  }
}

/// An order stays with the definitions in force when it was recorded as placed; until it is, with
/// those it was first heard of under.
void choose_version(Order& order, std::span<const Event* const> folded, const Context& in_force) {
  if (!in_force.versions || folded.empty()) return;
  const auto placed = std::ranges::find(folded, EventType::OrderPlaced, &Event::type);
  const auto since = placed != folded.end()
                         ? (*placed)->recorded
                         : std::ranges::min(folded, {}, &Event::recorded)->recorded;
  if (!since.is_none()) order.pinned = in_force.versions->at(since);
}

/// One event at its place.
void step(Order& order, const Event& event, const Context& context) {
  run_timers(order, event.occurred, context);
  judge(order, event, context);
  move_axes(order, event, context);
  order.last_key = event.key();
  settle(order, event, context);
}

/// A fact that was moved here and is told here too is one fact: of an event and its copies the
/// event itself counts, else the copy with the least identity.
void drop_copies(std::vector<const Event*>& counted) {
  std::map<model::Identity, const Event*> copies;
  for (const auto* event : counted) {
    if (!event->is(EventFlag::Copied)) continue;
    auto& least = copies.try_emplace(event->copy_of, event).first->second;
    if (event->id < least->id) least = event;
  }
  if (copies.empty()) return;
  for (const auto* event : counted)
    if (const auto found = copies.find(event->id); found != copies.end()) found->second = event;
  std::erase_if(counted, [&](const Event* event) {
    return event->is(EventFlag::Copied) && copies.at(event->copy_of) != event;
  });
}

/// The events that count, in their corrected form (which lies in `changed`), in canonical order.
std::vector<const Event*> in_order(Order& order, std::span<const Event> events, Time now,
                                   Time until, std::vector<Event>& changed) {
  const Corrections corrections(events);
  std::vector<const Event*> out;
  if (!corrections.is_empty()) changed.reserve(events.size());  // pointers into it must hold
  for (const auto& event : events) {
    ++order.events;
    if (event.is(EventFlag::Rival)) {
      note_conflict(order, model::ConflictCode::IdReused, "", event.id);
      continue;
    }
    if (changes_others(event)) continue;
    if (event.is(EventFlag::Copied)) order.corrected_ahead.push_back(event.copy_of);
    const Event* effective = &event;
    if (const auto* correction = corrections.of(event.id)) {
      auto other = corrected(event, *correction);
      if (!other || moved_to(*correction, order.id())) continue;
      changed.push_back(*std::move(other));
      effective = &changed.back();
    }
    if (!effective->is(EventFlag::NoDate) && effective->occurred > until) continue;
    if (must_wait(*effective, now))
      wait_for(order, *effective);
    else
      out.push_back(effective);
  }
  corrections.each_target([&](const model::Identity& target) {
    if (std::ranges::none_of(events, [&](const Event& e) { return e.id == target; }))
      order.corrected_ahead.push_back(target);
  });
  drop_copies(out);
  std::ranges::sort(out, [](const Event* a, const Event* b) {
    return std::pair(a->key(), a->number) < std::pair(b->key(), b->number);
  });
  // The same event twice is one event.
  const auto repeated = std::ranges::unique(
      out, [](const Event* a, const Event* b) { return a->id == b->id && a->type == b->type; });
  out.erase(repeated.begin(), repeated.end());
  return out;
}

}  // namespace

void fold_all(Order& order, std::span<const Event> events, Time now, const Context& in_force,
              Time until) {
  const auto key = order.key;
  order = Order();
  order.key = key;
  std::vector<Event> changed;
  const auto folded = in_order(order, events, now, until, changed);
  choose_version(order, folded, in_force);
  const auto& context = context_of(order, in_force);
  order.lifecycle = &context.default_lifecycle();
  order.preset = &context.preset_of(*order.lifecycle);
  order.state = order.lifecycle->start();
  // What was told before the order was placed is judged by the order's own lifecycle too.
  const auto placed = std::ranges::find(folded, EventType::OrderPlaced, &Event::type);
  if (placed != folded.end()) pin(order, (*placed)->as<model::OrderPlaced>(), context);
  for (const auto* event : folded) step(order, *event, context);
  run_timers(order, now, context);
  finish(order, now, context);
}

bool is_newest(const Order& order, const Event& event) {
  if (changes_others(event) || event.is(EventFlag::Rival) || event.is(EventFlag::Copied) ||
      event.recorded.is_none())
    return false;
  if (contains(order.corrected_ahead, event.id) || event.recorded >= order.waits_until)
    return false;
  // The lifecycle it names is that of all events before it too.
  if (event.type == EventType::OrderPlaced && !order.is(Flag::Placed) && order.events > 0)
    return false;
  return event.key() > order.last_key &&
         (order.last_timer.is_none() || event.occurred >= order.last_timer);
}

void fold_one(Order& order, const Event& event, Time now, const Context& in_force) {
  // Of an order that begins it is not yet known which definitions it stays with.
  if (order.events == 0 && in_force.versions && in_force.versions->at(event.recorded))
    return fold_all(order, {&event, 1}, now, in_force);
  const auto& context = context_of(order, in_force);
  ++order.events;
  unfinish(order);
  if (must_wait(event, now)) {
    wait_for(order, event);
  } else {
    step(order, event, context);
  }
  run_timers(order, now, context);
  finish(order, now, context);
}

bool advance(Order& order, Time now, const Context& in_force) {
  const auto& context = context_of(order, in_force);
  const auto silent = silent_requests(order);
  const auto state = order.state;
  const auto health = order.health;
  const auto conflicts = order.conflicts.size();
  const auto timer = order.last_timer;
  unfinish(order);
  run_timers(order, now, context);
  finish(order, now, context);
  return order.state != state || order.health != health || order.conflicts.size() != conflicts ||
         order.last_timer != timer || silent_requests(order) != silent;
}

}  // namespace cairn::orders

#include "modules/orders/corrections.hpp"

#include <algorithm>
#include <tuple>

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;
using model::Identity;

constexpr int kDepthMax = 8;  ///< a correction of a correction of …

std::optional<Identity> target_of(const Event& event) {
  const auto& text = event.type == EventType::EventCorrected ? event.as<model::Correction>().target
                                                             : event.as<model::Retraction>().target;
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != Identity::size()) return std::nullopt;
  return Identity::from(*bytes);
}

Event letter_event(EventType type, const Identity& target, std::string_view why,
                   const Event& cause) {
  Event out;
  out.type = type;
  out.id = model::identity_of(why, to_hex(target.view()) + to_hex(cause.id.view()));
  out.occurred = cause.occurred;
  out.origin = {.source = "cairn", .role = model::Role::System};
  return out;
}

}  // namespace

bool changes_others(const Event& event) {
  return event.type == EventType::EventCorrected || event.type == EventType::EventRetracted;
}

Corrections::Corrections(std::span<const Event> events) {
  for (const auto& event : events) {
    if (!changes_others(event) || event.is(model::EventFlag::Rival)) continue;
    if (const auto target = target_of(event)) by_target_[*target].push_back(&event);
  }
  for (auto& [target, changers] : by_target_)
    std::ranges::sort(changers, [](const Event* a, const Event* b) {
      return std::tuple(b->recorded, b->number, b->id) < std::tuple(a->recorded, a->number, a->id);
    });
}

const Event* Corrections::newest(const Identity& id, int depth) const {
  const auto found = by_target_.find(id);
  if (found == by_target_.end()) return nullptr;
  for (const auto* changer : found->second) {
    const auto* other = depth < kDepthMax ? newest(changer->id, depth + 1) : nullptr;
    if (!other || other->type != EventType::EventRetracted) return changer;
  }
  return nullptr;
}

const Event* Corrections::of(const Identity& id) const {
  return by_target_.empty() ? nullptr : newest(id, 0);
}

std::optional<Event> corrected(const Event& event, const Event& correction) {
  if (correction.type == EventType::EventRetracted) return std::nullopt;
  const auto& c = correction.as<model::Correction>();
  Event out = event;
  if (c.occurred.is_set()) {
    out.occurred = c.occurred.time;
    out.precision = c.occurred.precision;
    out.flags &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(model::EventFlag::NoDate));
  }
  if (!c.data.text.empty())
    if (auto payload = model::read_payload(event.type, c.data.text, model::Reading::Fact))
      out.payload = *std::move(payload);
  return out;
}

std::optional<model::OrderId> moved_to(const Event& correction, const model::OrderId& own) {
  if (correction.type != EventType::EventCorrected) return std::nullopt;
  const auto& text = correction.as<model::Correction>().move_to;
  if (text.empty()) return std::nullopt;
  const auto id = model::parse_order_id(text);
  if (!id || *id == own) return std::nullopt;
  return *id;
}

std::vector<core::Letter> moving_letters(const model::OrderId& own, std::span<const Event> events,
                                         const Event& cause) {
  std::vector<core::Letter> out;
  const Corrections now(events);
  std::vector<Event> others;
  for (const auto& event : events)
    if (changes_others(event) && event.id != cause.id) others.push_back(event);
  const Corrections before(others);
  const auto place = [&](const Event* correction) {
    return correction ? moved_to(*correction, own) : std::nullopt;
  };
  for (const auto& event : events) {
    if (changes_others(event) || event.is(model::EventFlag::Rival)) continue;
    const auto* correction = now.of(event.id);
    const auto to = place(correction);
    // An event that has just arrived was nowhere before.
    const auto was = event.id == cause.id ? std::nullopt : place(before.of(event.id));
    if (was == to) continue;
    if (was) {
      auto back = letter_event(EventType::EventRetracted, event.id, "cairn/moved", cause);
      back.payload = model::Retraction{to_hex(event.id.view()), "moved", ""};
      out.push_back({model::order_key(*was), std::move(back)});
    }
    if (!to) continue;
    if (auto moved = corrected(event, *correction))
      out.push_back({model::order_key(*to), *std::move(moved)});
    // Where it was before and had been taken back, it counts again.
    const auto is_other_move = [&](const Event& other) {
      return changes_others(other) && other.id != correction->id && target_of(other) == event.id &&
             moved_to(other, own) == to;
    };
    if (std::ranges::none_of(events, is_other_move)) continue;
    auto again = letter_event(EventType::EventCorrected, event.id, "cairn/moved-again", cause);
    model::Correction payload;
    payload.target = to_hex(event.id.view());
    payload.reason = "moved";
    again.payload = std::move(payload);
    out.push_back({model::order_key(*to), std::move(again)});
  }
  return out;
}

}  // namespace cairn::orders

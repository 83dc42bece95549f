#include "modules/orders/corrections.hpp"

#include <algorithm>
#include <tuple>

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;
using model::Identity;

constexpr int kDepthMax = 8;  ///< a correction of a correction of …

/// A word of the kernel about where an event belongs: it is taken away from this order, or (of such
/// a word) given back.
bool is_of_the_kernel(const Event& changer) {
  return changer.type == EventType::EventRetracted && changer.origin.role == model::Role::System;
}

}  // namespace

std::optional<Identity> target_of(const Event& event) {
  const auto& text = event.type == EventType::EventCorrected ? event.as<model::Correction>().target
                                                             : event.as<model::Retraction>().target;
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != Identity::size()) return std::nullopt;
  return Identity::from(*bytes);
}

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

const Event* Corrections::taking_away(const Identity& id) const {
  const auto found = by_target_.find(id);
  if (found == by_target_.end()) return nullptr;
  for (const auto* word : found->second) {
    if (!is_of_the_kernel(*word)) continue;
    const auto back = by_target_.find(word->id);
    if (back == by_target_.end() || std::ranges::none_of(back->second, [](const Event* other) {
          return is_of_the_kernel(*other);
        }))
      return word;
  }
  return nullptr;
}

const Event* Corrections::newest(const Identity& id, int depth) const {
  const auto found = by_target_.find(id);
  if (found == by_target_.end()) return nullptr;
  for (const auto* changer : found->second) {
    if (is_of_the_kernel(*changer)) continue;
    const auto* other = depth < kDepthMax ? newest(changer->id, depth + 1) : nullptr;
    if (!other || other->type != EventType::EventRetracted) return changer;
  }
  return nullptr;
}

const Event* Corrections::of(const Identity& id) const {
  if (by_target_.empty()) return nullptr;
  const auto* gone = taking_away(id);
  return gone ? gone : newest(id, 0);
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
    if (auto payload = model::read_payload(event.type, c.data.text, model::Reading::Fact)) {
      // Nobody here has a key: what is personal stays as it was told.
      model::keep_personal(*payload, event.payload);
      out.payload = *std::move(payload);
    }
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

namespace {

using ById = std::map<Identity, const Event*>;

/// What `event` is about in the end: itself, or what the events it changes change. Null: not here.
const Event* subject_of(const Event& event, const ById& by_id) {
  const Event* out = &event;
  for (int i = 0; changes_others(*out); ++i) {
    const auto target = target_of(*out);
    const auto found = target ? by_id.find(*target) : by_id.end();
    if (found == by_id.end() || i > kDepthMax) return nullptr;
    out = found->second;
  }
  return out;
}

/// Which correction moved the subject away before `cause`, and which one does since.
struct Move {
  Identity cause;
  std::optional<Identity> was, is;
};

/// How the subject moved, one entry for everything that was said of it since it came.
std::vector<Move> moves_of(const model::OrderId& own, std::span<const Event> events,
                           const Event& subject, const ById& by_id) {
  std::vector<Move> out;
  std::vector<Event> words;
  bool is_there = false;
  for (const auto& event : events) {
    if (event.is(model::EventFlag::Rival) || subject_of(event, by_id) != &subject) continue;
    if (&event == &subject)
      is_there = true;  // before it came it was nowhere
    else
      words.push_back(event);
    if (!is_there) continue;
    const auto* word = Corrections(words).of(subject.id);
    Move move{event.id, out.empty() ? std::nullopt : out.back().is, std::nullopt};
    if (word && moved_to(*word, own)) move.is = word->id;
    out.push_back(move);
  }
  return out;
}

/// Every move makes a copy of its own, so that what becomes of it there depends on nothing else.
Event copy_for(const Event& subject, const Event& correction) {
  auto out = *corrected(subject, correction);
  out.id =
      model::identity_of("cairn/copy", to_hex(subject.id.view()) + to_hex(correction.id.view()));
  if (!subject.is(model::EventFlag::Copied)) out.copy_of = subject.id;
  out.set(model::EventFlag::Copied);
  return out;
}

Identity taking_back(const Identity& copy, const Identity& cause) {
  return model::identity_of("cairn/moved", to_hex(copy.view()) + to_hex(cause.view()));
}

Event retraction(const Identity& target, const Identity& id, const Event& cause) {
  Event out;
  out.type = EventType::EventRetracted;
  out.id = id;
  out.occurred = cause.occurred;
  out.origin = {.source = "cairn", .role = model::Role::System};
  out.payload = model::Retraction{to_hex(target.view()), "moved", ""};
  return out;
}

}  // namespace

std::vector<core::Letter> moving_letters(const model::OrderId& own, std::span<const Event> events,
                                         const Event& cause) {
  ById by_id;
  for (const auto& event : events)
    if (!event.is(model::EventFlag::Rival)) by_id.emplace(event.id, &event);
  const auto known = by_id.find(cause.id);
  const auto* subject = known == by_id.end() ? nullptr : subject_of(*known->second, by_id);
  if (!subject || cause.is(model::EventFlag::Rival)) return {};
  const auto moves = moves_of(own, events, *subject, by_id);
  if (moves.empty() || moves.back().cause != cause.id || moves.back().was == moves.back().is)
    return {};
  std::vector<core::Letter> out;
  const auto send = [&](const Event& correction, Event letter) {
    out.push_back({model::order_key(*moved_to(correction, own)), std::move(letter)});
  };
  if (const auto& was = moves.back().was) {
    const auto& correction = *by_id.at(*was);
    const auto copy = copy_for(*subject, correction).id;
    send(correction, retraction(copy, taking_back(copy, cause.id), cause));
  }
  const auto& is = moves.back().is;
  if (!is) return out;
  const auto& correction = *by_id.at(*is);
  auto copy = copy_for(*subject, correction);
  const auto id = copy.id;
  send(correction, std::move(copy));
  // It may have been there before: every taking back is itself taken back, and what a person
  // corrected there stays corrected.
  for (const auto& move : moves) {
    if (move.was != is || move.is == is) continue;
    const auto target = taking_back(id, move.cause);
    send(correction, retraction(target,
                                model::identity_of("cairn/moved-again",
                                                   to_hex(target.view()) + to_hex(cause.id.view())),
                                cause));
  }
  return out;
}

}  // namespace cairn::orders

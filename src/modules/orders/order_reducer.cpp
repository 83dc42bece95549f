#include "modules/orders/order_reducer.hpp"

#include <algorithm>

#include "base/ranges.hpp"
#include "model/payload_codec.hpp"
#include "modules/orders/corrections.hpp"
#include "modules/orders/decide.hpp"
#include "modules/orders/pack.hpp"
#include "modules/orders/personal_parts.hpp"
#include "modules/orders/render.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;

const Order& order_of(const core::Aggregate& state) { return static_cast<const Order&>(state); }
Order& order_of(core::Aggregate& state) { return static_cast<Order&>(state); }

/// A reference the order wants to be known by, and for which of its packages.
struct Wanted {
  std::string scheme, issuer, value, package;
  friend auto operator<=>(const Wanted&, const Wanted&) = default;
};

/// In their normal form, each once, in order.
std::vector<Wanted> decode_wanted(BytesView bytes) {
  std::vector<Wanted> out;
  ByteReader r(bytes);
  while (!r.at_end() && !r.failed()) {
    auto& wanted = out.emplace_back();
    for (auto* text : {&wanted.scheme, &wanted.issuer, &wanted.value, &wanted.package})
      *text = r.bytes();
    wanted.value = model::normalise_reference(wanted.scheme, wanted.value);
  }
  std::ranges::sort(out);
  return out;
}

core::Letter claim_letter(const Order& order, const Wanted& wanted, EventType type,
                          const Event& cause) {
  const model::Reference reference{wanted.scheme, wanted.issuer, wanted.value};
  core::Letter letter;
  letter.to = model::reference_key(reference);
  letter.event.type = type;
  letter.event.id =
      model::identity_of("cairn/claim", model::to_text(order.id()) + to_hex(letter.to.id.view()) +
                                            wanted.package + to_hex(cause.id.view()));
  letter.event.occurred = cause.occurred;
  letter.event.origin = {.source = "cairn", .role = model::Role::System};
  model::Claim claim;
  claim.scheme = wanted.scheme;
  claim.issuer = wanted.issuer;
  claim.value = wanted.value;
  claim.order = model::to_text(order.id());
  claim.package = wanted.package;
  letter.event.payload = std::move(claim);
  return letter;
}

}  // namespace

std::unique_ptr<core::Aggregate> OrderReducer::fold(const ports::AggregateKey& key,
                                                    std::span<const Event> events, Time now) const {
  auto order = std::make_unique<Order>();
  order->key = key;
  fold_all(*order, events, now, context_);
  return order;
}
bool OrderReducer::is_newest(const core::Aggregate& state, const Event& event) const {
  return orders::is_newest(order_of(state), event);
}
void OrderReducer::apply(core::Aggregate& state, const Event& event, Time now) const {
  fold_one(order_of(state), event, now, context_);
}
bool OrderReducer::advance(core::Aggregate& state, Time now) const {
  return orders::advance(order_of(state), now, context_);
}
bool OrderReducer::needs_history(const Event& event) const { return changes_others(event); }
/// What a correction may not say in the open depends on what it corrects.
Result<void> OrderReducer::complete(Event& event, const core::HistoryOf& history) const {
  if (!corrects_data(event)) return {};
  const auto events = history();
  const auto target = target_of(event);
  const auto found =
      std::ranges::find_if(events, [&](const Event& each) { return target && each.id == *target; });
  return part_correction(event, found == events.end() ? std::nullopt : std::optional(found->type));
}
bool OrderReducer::must_refold(const core::Aggregate& state, Time at) const {
  return order_of(state).waits_until <= at;
}
Bytes OrderReducer::summary(const core::Aggregate& state) const {
  return encode(summary_of(order_of(state), context_));
}

/// As they were told: most events change nothing here, so putting them in order can wait.
Bytes OrderReducer::claims(const core::Aggregate& state) const {
  const auto& order = order_of(state);
  Bytes out;
  ByteWriter w(out);
  const auto put = [&](std::string_view scheme, std::string_view issuer, std::string_view value,
                       std::string_view package) {
    for (const auto text : {scheme, issuer, value, package}) w.bytes(text);
  };
  for (const auto& reference : order.references)
    put(reference.scheme, reference.issuer, reference.value, "");
  for (const auto& package : order.packages) {
    if (!package.number.empty() && package.has_own_number)
      put("tracking", package.carrier, package.number, package.id);
    // One scan of a unit reaches every order riding in it, also those whose packages left it since.
    for (const auto& unit : package.units)
      put("tracking", unit.carrier.empty() ? package.carrier : unit.carrier, unit.number,
          package.id);
  }
  if (order.is(Flag::Forgotten)) return out;  // its attachments are only others' now
  for (const auto& attachment : order.attachments)
    put(kAttachmentScheme, "", model::decode_payload<model::Attachment>(attachment.payload).hash,
        "");
  return out;
}

std::vector<core::Letter> OrderReducer::letters(const ports::AggregateKey&, const Bytes& before,
                                                const core::Aggregate& state, const Event& cause,
                                                std::span<const Event> history) const {
  const auto& order = order_of(state);
  std::vector<core::Letter> out;
  const Bytes after = claims(state);
  if (before != after) {
    const auto old = decode_wanted(before);
    const auto fresh = decode_wanted(after);
    std::vector<Wanted> gone, added;
    std::ranges::set_difference(old, fresh, std::back_inserter(gone));
    std::ranges::set_difference(fresh, old, std::back_inserter(added));
    // First what is new: a number that passes from one package to another is never let go.
    for (const auto& wanted : added)
      out.push_back(claim_letter(order, wanted, EventType::ReferenceClaimed, cause));
    for (const auto& wanted : gone)
      out.push_back(claim_letter(order, wanted, EventType::ReferenceUnclaimed, cause));
  }
  if (history.empty()) return out;
  const bool is_moving = changes_others(cause) || contains(order.corrected_ahead, cause.id) ||
                         Corrections(history).of(cause.id) != nullptr;
  if (!is_moving) return out;
  auto moving = moving_letters(order.id(), history, cause);
  std::ranges::move(moving, std::back_inserter(out));
  return out;
}

void OrderReducer::pack(const core::Aggregate& state, Bytes& out) const {
  orders::pack(order_of(state), out);
}
std::unique_ptr<core::Aggregate> OrderReducer::unpack(const ports::AggregateKey& key,
                                                      BytesView packed) const {
  auto order = std::make_unique<Order>();
  order->key = key;
  orders::unpack(packed, *order);
  return order;
}

Result<std::vector<Event>> OrderReducer::decide(const core::Aggregate& state,
                                                const core::Command& command,
                                                const core::Knows& knows, Time at) const {
  CAIRN_TRY(auto events, orders::decide(order_of(state), command, at, context_, knows));
  const auto& sets = context_of(order_of(state), context_).definitions->attributes();
  for (auto& event : events) part_personal(event, sets);
  return events;
}

}  // namespace cairn::orders

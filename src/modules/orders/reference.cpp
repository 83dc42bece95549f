#include "modules/orders/reference.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/pack.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;

bool is_claim(const Event& event) {
  return event.type == EventType::ReferenceClaimed || event.type == EventType::ReferenceUnclaimed;
}

Time or_never(const model::Moment& moment) { return moment.is_set() ? moment.time : Time::never(); }

void take(ReferenceState& state, const Event& event) {
  if (event.is(model::EventFlag::Rival)) return;
  if (event.type == EventType::EventDismissed) {
    const auto& target = event.as<model::Retraction>().target;
    for (auto& told : state.told)
      if (to_hex(told.event.view()) == target) told.is_dismissed = true;
    return;
  }
  if (!is_claim(event)) {
    if (state.value.empty()) {  // "scheme/issuer:value"
      const std::string_view subject = event.origin.subject;
      const auto colon = subject.find(':');
      const auto head = subject.substr(0, std::min(colon, subject.size()));
      state.scheme = head.substr(0, head.find('/'));
      if (head.contains('/')) state.issuer = head.substr(head.find('/') + 1);
      if (colon != std::string_view::npos) state.value = subject.substr(colon + 1);
    }
    state.told.push_back({event.id, event.number, event.occurred, event.origin.source, false});
    return;
  }
  const auto& claim = event.as<model::Claim>();
  state.scheme = claim.scheme;
  if (!claim.issuer.empty()) state.issuer = claim.issuer;
  state.value = claim.value;
  std::erase_if(state.claims, [&](const ClaimState& known) {
    return known.order == claim.order && known.package == claim.package;
  });
  if (event.type == EventType::ReferenceClaimed)
    state.claims.push_back({claim.order, claim.package, claim.from.time, or_never(claim.until)});
}

bool covers(const ClaimState& claim, Time at) { return at < claim.until; }

core::Letter forward(const Event& event, const std::string& order) {
  core::Letter letter;
  letter.to = model::order_key(*model::parse_order_id(order));
  letter.event = event;
  return letter;
}

model::Identity taking_back(const Event& event, const Event& unclaim) {
  return model::identity_of("cairn/moved", to_hex(event.id.view()) + to_hex(unclaim.id.view()));
}

core::Letter retraction(const model::Identity& target, const model::Identity& id,
                        const std::string& order, const Event& cause) {
  core::Letter letter;
  letter.to = model::order_key(*model::parse_order_id(order));
  letter.event.type = EventType::EventRetracted;
  letter.event.id = id;
  letter.event.occurred = cause.occurred;
  letter.event.origin = {.source = "cairn", .role = model::Role::System};
  letter.event.payload = model::Retraction{to_hex(target.view()), "reference_moved", ""};
  return letter;
}

core::Letter take_back(const Event& event, const std::string& order, const Event& cause) {
  return retraction(event.id, taking_back(event, cause), order, cause);
}

/// When the reference is claimed anew, every taking back is itself taken back: what a person
/// corrected meanwhile stays corrected.
void give_again(std::span<const Event> history, const Event& event, const Event& cause,
                std::vector<core::Letter>& out) {
  const auto& order = cause.as<model::Claim>().order;
  ReferenceState then;
  bool was_told = false;
  for (const auto& past : history) {
    if (past.id == cause.id) break;
    take(then, past);
    was_told = was_told || past.id == event.id;
    if (!was_told || past.type != EventType::ReferenceUnclaimed ||
        past.as<model::Claim>().order != order)
      continue;
    const bool is_still_claimed = std::ranges::any_of(then.claims, [&](const ClaimState& claim) {
      return claim.order == order && covers(claim, event.occurred);
    });
    if (is_still_claimed) continue;
    const auto target = taking_back(event, past);
    const auto id =
        model::identity_of("cairn/moved-again", to_hex(target.view()) + to_hex(cause.id.view()));
    out.push_back(retraction(target, id, order, cause));
  }
}

}  // namespace

bool ReferenceState::is_claimed_at(Time at) const {
  return std::ranges::any_of(claims, [&](const ClaimState& claim) { return covers(claim, at); });
}

std::unique_ptr<core::Aggregate> ReferenceReducer::fold(const ports::AggregateKey& key,
                                                        std::span<const Event> events, Time) const {
  auto state = std::make_unique<ReferenceState>();
  state->key = key;
  for (const auto& event : events) take(*state, event);
  return state;
}

/// A reference keeps what it is told in order of arrival: which of it counts when is for the orders
/// to say.
bool ReferenceReducer::is_newest(const core::Aggregate&, const Event&) const { return true; }

void ReferenceReducer::apply(core::Aggregate& state, const Event& event, Time) const {
  take(static_cast<ReferenceState&>(state), event);
}

bool ReferenceReducer::needs_history(const Event& event) const { return is_claim(event); }

namespace {

/// One event that waits, or, where none is named, all of them.
Result<std::vector<Event>> dismissals(const ReferenceState& reference, const core::Command& command,
                                      const Event& form) {
  json::Document document;
  CAIRN_TRY(const auto data, document.parse(command.data.empty() ? "{}" : command.data));
  const auto named = data.find("target");
  const auto target = named ? named->as_string() : std::nullopt;
  std::vector<Event> out;
  for (const auto& told : reference.told) {
    const auto hex = to_hex(told.event.view());
    if (target ? hex != *target : !reference.waits(told)) continue;
    Event event = form;
    if (!out.empty())
      event.id = model::identity_of("cairn/dismissed", to_hex(command.identity.view()) + hex);
    const auto text = model::merge_json_objects(command.data.empty() ? "{}" : command.data,
                                                fmt::format(R"({{"target":"{}"}})", hex));
    CAIRN_TRY(event.payload, model::read_payload(event.type, text, model::Reading::Command));
    out.push_back(std::move(event));
  }
  if (!out.empty()) return out;
  if (target)
    return fail(ErrorCode::NotFound, fmt::format("no event {} waits here", *target), "/target");
  return fail(ErrorCode::NotFound, "nothing waits here; GET /v1/quarantine lists what does");
}

}  // namespace

Result<std::vector<Event>> ReferenceReducer::decide(const core::Aggregate& state,
                                                    const core::Command& command,
                                                    const core::Knows&, Time at) const {
  const auto& reference = static_cast<const ReferenceState&>(state);
  Event event;
  event.id = command.identity;
  event.occurred = at;
  event.origin = command.origin;
  event.set(model::EventFlag::Command);
  if (command.name == "dismiss_event") {
    event.type = EventType::EventDismissed;
    return dismissals(reference, command, event);
  }
  if (command.name == "claim_reference" || command.name == "unclaim_reference") {
    event.type = command.name == "claim_reference" ? EventType::ReferenceClaimed
                                                   : EventType::ReferenceUnclaimed;
    CAIRN_TRY(event.payload,
              model::read_payload(event.type, command.data, model::Reading::Command));
    CAIRN_TRY([[maybe_unused]] const auto order,
              model::parse_order_id(event.as<model::Claim>().order));
    return std::vector{std::move(event)};
  }
  return fail(ErrorCode::Refused, fmt::format("a reference does not know the command \"{}\"; it "
                                              "knows claim_reference, unclaim_reference and "
                                              "dismiss_event",
                                              command.name));
}

void ReferenceReducer::pack(const core::Aggregate& state, Bytes& out) const {
  orders::pack(static_cast<const ReferenceState&>(state), out);
}
std::unique_ptr<core::Aggregate> ReferenceReducer::unpack(const ports::AggregateKey& key,
                                                          BytesView packed) const {
  auto reference = std::make_unique<ReferenceState>();
  reference->key = key;
  orders::unpack(packed, *reference);
  return reference;
}

Bytes ReferenceReducer::summary(const core::Aggregate& state) const {
  const auto& reference = static_cast<const ReferenceState&>(state);
  Bytes out;
  ByteWriter w(out);
  w.varint(reference.claims.size());
  w.varint(reference.told.size());
  return out;
}

std::vector<core::Letter> ReferenceReducer::letters(const ports::AggregateKey&, const Bytes&,
                                                    const core::Aggregate& state,
                                                    const Event& cause,
                                                    std::span<const Event> history) const {
  std::vector<core::Letter> out;
  if (cause.is(model::EventFlag::Rival) || cause.type == EventType::EventDismissed) return out;
  const auto& reference = static_cast<const ReferenceState&>(state);
  if (!is_claim(cause)) {
    for (const auto& claim : reference.claims)
      if (covers(claim, cause.occurred)) out.push_back(forward(cause, claim.order));
    return out;
  }
  const auto& claim = cause.as<model::Claim>();
  // Most claims are the first of their order: nothing was ever taken back from it.
  const bool was_let_go = std::ranges::any_of(history, [&](const Event& past) {
    return past.type == EventType::ReferenceUnclaimed && past.id != cause.id &&
           past.as<model::Claim>().order == claim.order;
  });
  for (const auto& event : history) {
    if (is_claim(event) || event.is(model::EventFlag::Rival) ||
        event.type == EventType::EventDismissed)
      continue;
    const bool is_dismissed = std::ranges::any_of(reference.told, [&](const WaitingState& told) {
      return told.event == event.id && told.is_dismissed;
    });
    if (is_dismissed) continue;
    if (cause.type == EventType::ReferenceClaimed) {
      if (event.occurred >= or_never(claim.until)) continue;
      out.push_back(forward(event, claim.order));
      if (was_let_go) give_again(history, event, cause, out);
    } else if (std::ranges::none_of(reference.claims, [&](const ClaimState& other) {
                 return other.order == claim.order && covers(other, event.occurred);
               })) {
      out.push_back(take_back(event, claim.order, cause));
    }
  }
  return out;
}

// ---- quarantine ---------------------------------------------------------------------------------

void Quarantine::put(ports::AggregateKey key, std::uint32_t serial, const core::Aggregate& state,
                     std::uint64_t, std::uint64_t) {
  const auto& reference = static_cast<const ReferenceState&>(state);
  Row row;
  for (const auto& told : reference.told) {
    if (!reference.waits(told)) continue;
    ++row.waiting;
    if (!contains(row.sources, told.source)) row.sources.push_back(told.source);
    if (row.oldest.is_none() || told.occurred < row.oldest) row.oldest = told.occurred;
    row.newest = std::max(row.newest, told.occurred);
  }
  if (row.waiting != 0) {
    row.scheme = reference.scheme;
    row.issuer = reference.issuer;
    row.value = reference.value;
    row.id = to_hex(key.id.view());
    row.claims = static_cast<std::uint32_t>(reference.claims.size());
  }
  std::lock_guard lock(mutex_);
  if (row.waiting == 0)
    rows_.erase(serial);
  else
    rows_[serial] = std::move(row);
}

Bytes Quarantine::bytes(std::uint32_t serial) const {
  std::lock_guard lock(mutex_);
  const auto found = rows_.find(serial);
  Bytes out;
  if (found == rows_.end()) return out;
  ByteWriter w(out);
  for (const auto* text : {&found->second.scheme, &found->second.issuer, &found->second.value})
    w.bytes(*text);
  w.varint(found->second.waiting);
  w.i64(found->second.oldest.us);
  w.i64(found->second.newest.us);
  w.varint(found->second.claims);
  w.varint(found->second.sources.size());
  for (const auto& source : found->second.sources) w.bytes(source);
  return out;
}

Result<void> Quarantine::load(ports::AggregateKey key, std::uint32_t serial, BytesView bytes) {
  if (bytes.empty()) return {};
  ByteReader r(bytes);
  Row row;
  for (auto* text : {&row.scheme, &row.issuer, &row.value}) *text = r.bytes();
  row.waiting = static_cast<std::uint32_t>(r.varint());
  row.oldest.us = r.i64();
  row.newest.us = r.i64();
  row.claims = static_cast<std::uint32_t>(r.varint());
  for (auto left = r.varint(); left > 0 && !r.failed(); --left) row.sources.emplace_back(r.bytes());
  row.id = to_hex(key.id.view());
  if (r.failed())
    return fail(ErrorCode::Damaged, "a row of the quarantine cannot be read; run cairn rebuild");
  if (row.waiting == 0) return {};
  std::lock_guard lock(mutex_);
  rows_[serial] = std::move(row);
  return {};
}

void Quarantine::forget_all() {
  std::lock_guard lock(mutex_);
  rows_.clear();
}

std::vector<Quarantine::Row> Quarantine::waiting() const {
  std::vector<Row> out;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [serial, row] : rows_) out.push_back(row);
  }
  std::ranges::sort(out, {}, &Row::oldest);
  return out;
}

}  // namespace cairn::orders

#include "checks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "describe.hpp"
#include "modules/orders/fold.hpp"
#include "modules/orders/reference.hpp"
#include "modules/orders/render.hpp"

namespace cairn::simulation {

using model::Event;
using model::EventFlag;
using model::EventType;

// ---- the live book ------------------------------------------------------------------------------

void LiveBook::told(const Told& told, const core::Aggregate* state) {
  trace_.add(told.key.id.view());
  trace_.numbers(told.shard, told.number, told.version);
  latest_ = std::max(latest_, told.at);
  auto& number = numbers_[told.shard];
  if (told.number <= number)
    violations_.add(
        fmt::format("{}: change {} is told after {}", text_of(told.key), told.number, number));
  number = told.number;
  auto& page = pages_[told.key];
  const bool is_next =
      page.is_sure ? told.version == page.version + 1 : told.version > page.version;
  if (!is_next)
    violations_.add(fmt::format("{}: version {} is told after version {}", text_of(told.key),
                                told.version, page.version));
  const bool is_by_clock = told.cause.is_zero();
  const bool is_first = page.batch != told.batch;
  if (is_by_clock && is_first && page.is_sure && page.valid_until > latest_ + milliseconds(10))
    violations_.add(fmt::format("{}: moved by the clock at {}, before its time {}",
                                text_of(told.key), format_rfc3339(latest_),
                                format_rfc3339(page.valid_until)));
  page.version = told.version;
  page.batch = told.batch;
  page.is_sure = true;
  if (state) page.valid_until = state->valid_until();
}

void LiveBook::crashed() {
  for (auto& [key, page] : pages_) page.is_sure = false;
}

bool LiveBook::agree(const ports::AggregateKey& key, std::uint64_t version, Time valid_until) {
  auto& page = pages_[key];
  const bool is_right = page.is_sure ? version == page.version : version >= page.version;
  page.version = version;
  page.valid_until = valid_until;
  page.is_sure = true;
  return is_right;
}

// ---- one aggregate ------------------------------------------------------------------------------

Checks::Checks(World& world, Clients& clients, const Workload& workload, LiveBook& book,
               Violations& violations, Trace& trace, Random& random)
    : world_(world),
      clients_(clients),
      workload_(workload),
      book_(book),
      violations_(violations),
      trace_(trace),
      random_(random) {}

void Checks::wrong(const ports::AggregateKey& key, std::string what) {
  violations_.add(fmt::format("{}: {}: {}", when_, text_of(key), what));
}

void Checks::read_records(const ports::AggregateKey& key, const World::Look& look, Found& found) {
  std::uint64_t last = 0, version = 0;
  Bytes is;
  for (const auto& record : look.records) {
    if (record.number <= last) wrong(key, fmt::format("record {} after {}", record.number, last));
    last = record.number;
    found.records.push_back({record.type, record.number, record.recorded, {}});
    if (record.type == ports::RecordType::Event) {
      auto event =
          model::decode_event({record.type, key, record.number, record.recorded, record.body});
      if (!event) return wrong(key, event.error().message);
      ++found.counts[{event->id, event->digest}];
      found.events.push_back(*std::move(event));
    } else if (record.type == ports::RecordType::Change) {
      const auto change = core::decode_change(record.body);
      if (!change) return wrong(key, change.error().message);
      if (change->version != version + 1)
        wrong(key, fmt::format("change {} follows change {}", change->version, version));
      if (version != 0 && change->was != is)
        wrong(key, fmt::format("change {} begins where change {} did not end: something moved "
                               "that nobody was told",
                               change->version, version));
      version = change->version;
      is = change->is;
    } else if (record.type == ports::RecordType::Refusal) {
      const auto refusal = core::decode_refusal(record.body);
      if (!refusal) return wrong(key, refusal.error().message);
      if (core::is_decision(refusal->error.code))
        ++found.refusals[{refusal->identity, refusal->digest}];
    }
  }
  if (version != look.version)
    wrong(key, fmt::format("is at version {}, its last change is {}", look.version, version));
  found.version = look.version;
  found.valid_until = look.state->valid_until();
  for (const auto& [what, n] : found.counts)
    if (n != 1) wrong(key, fmt::format("event {} is there {} times", to_hex(what.first.view()), n));
  // Of an id that was used several times the first durable one is folded, the others are kept.
  std::map<model::Identity, int> folded;
  for (const auto& event : found.events) folded[event.id] += !event.is(EventFlag::Rival);
  for (const auto& [id, n] : folded)
    if (n != 1) wrong(key, fmt::format("of those called {} {} are folded", to_hex(id.view()), n));
}

void Checks::check_fold(const ports::AggregateKey& key, const orders::Order& live,
                        const Found& found, Time now) {
  const auto& context = world_.installation().context();
  auto events = found.events;
  for (int round = 0; round < 2; ++round) {
    orders::Order full;
    full.key = key;
    orders::fold_all(full, events, now, context);
    const auto* what = round == 0 ? "the full fold" : "the fold of its events in another order";
    if (orders::state_hash(full) != found.hash)
      wrong(key, fmt::format("{} gives something else:{}", what, difference(live, full)));
    if (full.health != live.health || full.looks_until != live.looks_until)
      wrong(key, fmt::format("health {} until {}, {} gives {} until {}", name_of(live.health),
                             format_rfc3339(live.looks_until), what, name_of(full.health),
                             format_rfc3339(full.looks_until)));
    random_.shuffle(events);
  }
}

void Checks::check_row(const ports::AggregateKey& key, const orders::Order& live,
                       const Found& found, Time now) {
  auto& rows = world_.installation().rows();
  std::uint64_t newest_change = 0;
  for (const auto& record : found.records)
    if (record.type == ports::RecordType::Change) newest_change = record.number;
  const auto expected = orders::make_row(live, found.version, newest_change,
                                         world_.installation().context(), rows.names());
  const auto of = [](const orders::Row& r) {
    return std::tuple(r.id, r.state, r.lifecycle, r.category, r.milestone, r.is_placed, r.is_paused,
                      r.has_case, r.promise_basis, r.badges, r.shop, r.warehouse, r.source,
                      r.currency, r.flag, r.total, r.placed, r.promised, r.delivered, r.changed,
                      r.valid_until, r.version, r.number, r.line_count, r.package_count, r.texts,
                      r.is_done, r.has_conflict, r.city, r.key_slot, r.buyer_field);
  };
  const bool is_there = rows.with(model::order_of(key), [&](const orders::Row& row) {
    if (of(row) != of(expected))
      wrong(key, fmt::format("its row (version {}, record {}) is not what its state (version {}, "
                             "record {}) comes to",
                             row.version, row.number, expected.version, expected.number));
    if (live.is(orders::Flag::Placed) && row.health(now) != live.health)
      wrong(key, fmt::format("its row shows {}, it is {}", name_of(row.health(now)),
                             name_of(live.health)));
  });
  if (!is_there) wrong(key, "has no row");
}

/// Written apart from the lifecycle: what nobody pays is cancelled half an hour after it was
/// placed.
void Checks::check_unpaid(const ports::AggregateKey& key, const orders::Order& live,
                          const Found& found, Time now) {
  constexpr Duration kPatience = minutes(30);
  const Event* placed = nullptr;
  for (const auto& event : found.events) {
    using enum EventType;
    switch (event.type) {
      case OrderPlaced:
        if (placed) return;
        placed = &event;
        break;
      case NoteAdded:
      case TagAdded:
      case TagRemoved:
      case FlagSet:
      case PromiseMade:
      case RelationAdded:
      case PersonalRevealed:
        break;
      default:
        return;
    }
  }
  if (!placed || placed->origin.source != "cairn" || placed->is(EventFlag::Rival)) return;
  const auto& order = placed->as<model::OrderPlaced>();
  if (order.lifecycle == "made_to_order" || order.terms != model::PaymentTerms::Prepaid) return;
  if (placed->occurred > now) return;
  const Time due = placed->occurred + kPatience;
  const bool is_cancelled = live.is(orders::Flag::Cancelled);
  if (is_cancelled != (due <= now))
    wrong(key, fmt::format("unpaid since {}, is {} at {}", format_rfc3339(placed->occurred),
                           found.state, format_rfc3339(now)));
  else if (is_cancelled && live.at(orders::At::Cancelled) != due)
    wrong(key,
          fmt::format("unpaid since {}, was cancelled as of {}", format_rfc3339(placed->occurred),
                      format_rfc3339(live.at(orders::At::Cancelled))));
  world_.counts().add("oracle", is_cancelled ? "unpaid_cancelled" : "unpaid_open");
}

void Checks::check_order(const ports::AggregateKey& key, const World::Look& look, Found& found) {
  const auto& live = static_cast<const orders::Order&>(*look.state);
  found.hash = orders::state_hash(live);
  found.health = live.health;
  found.state = live.headline().code();
  found.conflicts = live.conflicts;
  for (const auto& reference : live.references)
    found.wanted.emplace_back(reference.scheme, reference.issuer,
                              model::normalise_reference(reference.scheme, reference.value));
  if (!live.last_timer.is_none() && live.last_timer > look.now)
    wrong(key, "a timer was applied before its time");
  if (live.valid_until() <= look.now)
    wrong(key, fmt::format("what fell due at {} was forgotten at {}",
                           format_rfc3339(live.valid_until()), format_rfc3339(look.now)));
  check_fold(key, live, found, look.now);
  check_row(key, live, found, look.now);
  check_unpaid(key, live, found, look.now);
}

void Checks::look_at(const ports::AggregateKey& key, Snapshot& snapshot) {
  const auto done = world_.look(key, [&](const World::Look& look) {
    Found& found = snapshot[key];
    read_records(key, look, found);
    if (found.records.empty()) return;  // asked for, or refused, before it existed
    if (!book_.agree(key, look.version, look.state->valid_until()))
      wrong(key, fmt::format("is at version {}, listeners were told another", look.version));
    if (key.kind == model::kOrderKind) {
      check_order(key, look, found);
    } else {
      const auto& reference = static_cast<const orders::ReferenceState&>(*look.state);
      for (const auto& claim : reference.claims)
        found.claims.emplace_back(claim.order, claim.package);
      std::ranges::sort(found.claims);
      for (const auto& told : reference.told)
        if (!told.is_dismissed) found.told.emplace_back(told.event, told.occurred);
      Bytes& hash = found.hash;
      for (const auto& [order, package] : found.claims) hash += order + "/" + package + ";";
      for (const auto& [id, at] : found.told) hash += id.view();
    }
    trace_.add(found.hash);
  });
  if (!done && done.error().code != ErrorCode::NotFound) wrong(key, done.error().message);
}

Snapshot Checks::all(std::string_view when) {
  when_ = when;
  Snapshot snapshot;
  for (const auto& story : workload_.stories()) look_at(story.key(), snapshot);
  for (const auto& [key, reference] : workload_.references()) look_at(key, snapshot);
  check_ledger(snapshot);
  check_letters(snapshot);
  world_.counts().add("check", when);
  return snapshot;
}

// ---- what was promised --------------------------------------------------------------------------

void Checks::check_ledger(const Snapshot& snapshot) {
  using enum core::Outcome;
  static const Found kNothing;
  for (const auto& ticket : clients_.tickets()) {
    if (!ticket.is_decided) continue;
    const auto at = snapshot.find(ticket.key);
    const Found& found = at == snapshot.end() ? kNothing : at->second;
    const auto what = std::pair(ticket.identity(), ticket.digest);
    const auto count = [&](const auto& counts) {
      const auto n = counts.find(what);
      return n == counts.end() ? 0 : n->second;
    };
    if (ticket.first == Accepted || ticket.first == Rival) {
      if (count(found.counts) != 1)
        wrong(ticket.key, fmt::format("{} {} was acknowledged and is there {} times",
                                      ticket.event ? "fact" : "command", to_hex(what.first.view()),
                                      count(found.counts)));
    } else if (ticket.code != ErrorCode::VersionMismatch && ticket.code != ErrorCode::IdReused) {
      if (count(found.refusals) != 1)
        wrong(ticket.key, fmt::format("a refusal of {} is there {} times",
                                      to_hex(what.first.view()), count(found.refusals)));
      if (count(found.counts) != 0) wrong(ticket.key, "what was refused is there");
    }
  }
}

// ---- letters ------------------------------------------------------------------------------------

/// A reference's claims are what the orders want, and every order with a claim got what it was
/// told.
void Checks::check_letters(const Snapshot& snapshot) {
  for (const auto& [key, found] : snapshot) {
    if (key.kind == model::kOrderKind) {
      const auto id = model::to_text(model::order_of(key));
      for (const auto& [scheme, issuer, value] : found.wanted) {
        const auto reference = model::reference_key({scheme, issuer, value});
        const auto at = snapshot.find(reference);
        const bool is_claimed =
            at != snapshot.end() && std::ranges::any_of(at->second.claims, [&](const auto& claim) {
              return claim.first == id;
            });
        if (!is_claimed)
          wrong(key,
                fmt::format("wants {}/{}:{}, which does not know it ({} claims, {} told)", scheme,
                            issuer, value, at == snapshot.end() ? 99 : at->second.claims.size(),
                            at == snapshot.end() ? 99 : at->second.told.size()));
      }
      continue;
    }
    for (const auto& [order, package] : found.claims) {
      const auto parsed = model::parse_order_id(order);
      if (!parsed) continue;
      const auto at = snapshot.find(model::order_key(*parsed));
      if (at == snapshot.end()) {
        wrong(key, fmt::format("is claimed by {}, which is not there", order));
        continue;
      }
      for (const auto& [event, occurred] : found.told) {
        const bool is_there =
            std::ranges::any_of(at->second.events, [&](const Event& e) { return e.id == event; });
        if (!is_there)
          wrong(key, fmt::format("was told {}, order {} claims it and never got it",
                                 to_hex(event.view()), order));
        world_.counts().add("check_count", "forwarded");
      }
    }
  }
}

void Checks::same(const Snapshot& before, const Snapshot& after, std::string_view when) {
  when_ = when;
  for (const auto& [key, found] : before) {
    const auto at = after.find(key);
    if (at == after.end()) {
      wrong(key, "is gone");
      continue;
    }
    const auto& now = at->second;
    if (found.hash != now.hash || found.version != now.version || found.health != now.health ||
        found.records.size() != now.records.size() || found.valid_until != now.valid_until)
      wrong(key, fmt::format("was {} at version {}, is {} at version {}", found.state,
                             found.version, now.state, now.version));
  }
  if (before.size() != after.size()) violations_.add(fmt::format("{}: others appeared", when));
}

}  // namespace cairn::simulation

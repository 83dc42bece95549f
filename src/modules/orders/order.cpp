#include "modules/orders/order.hpp"

#include <algorithm>

#include "base/ranges.hpp"
#include "crypto/hash.hpp"
#include "modules/orders/fold_packages.hpp"

namespace cairn::orders {
namespace {

/// An order without lines acts as one virtual whole, moved by its packages.
Sums sums_of_packages(const Order& order) {
  Sums sums;
  std::int64_t packages = 0;
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound || package.is_withdrawn) continue;
    ++packages;
    sums.shipped += package.is_shipped;
    sums.delivered += package.is_delivered;
  }
  sums.ordered = sums.total = std::max<std::int64_t>(packages, 1);
  for (const auto& c : order.cases) {
    if (c.is_open && moves_goods(c.type)) sums.in_cases = sums.total;
    if (c.is_succeeded && brings_back(c.type)) sums.back = sums.total;
  }
  sums.all_shipped = packages > 0 && sums.shipped >= sums.total;
  sums.all_delivered = packages > 0 && sums.delivered >= sums.total;
  sums.all_back = sums.back >= sums.total;
  return sums;
}

void add_steps(const Order& order, Sums& sums) {
  for (const auto& step : order.steps) {
    if (step.step == model::Step::Produced) sums.produced += step.total;
    if (step.step == model::Step::Picked) sums.picked += step.total;
    if (step.step == model::Step::Packed || step.step == model::Step::LabelCreated)
      sums.packed += step.total;
    if (step.step == model::Step::Allocated) sums.allocated += step.total;
    if (step.step == model::Step::Released) sums.released += step.total;
    if (step.step == model::Step::Accepted) sums.accepted += step.total;
  }
  // Made to order: what the last production step finished is produced.
  std::int64_t good = 0;
  bool all_finished = false;
  for (const auto& step : order.plan) {
    if (step.phase != "production") continue;
    good = step.good;
    all_finished = !step.finished.is_none();
  }
  sums.produced = std::max(sums.produced, good);
  sums.all_produced =
      (sums.total > 0 && sums.produced >= sums.total) || (all_finished && good == 0);
}

}  // namespace

Sums sums_of(const Order& order) {
  Sums sums;
  const bool has_lines =
      std::ranges::any_of(order.lines, [](const LineState& line) { return line.counts(); });
  if (!has_lines) {
    sums = sums_of_packages(order);
  } else {
    sums.all_shipped = sums.all_delivered = sums.all_back = true;
    for (const auto& line : order.lines) {
      if (!line.counts()) continue;
      const auto due = line.due();
      sums.ordered += line.quantity;
      sums.total += due;
      sums.shipped += line.shipped;
      sums.delivered += line.delivered;
      sums.back += line.back;
      sums.in_cases += line.in_case;
      const auto enough = due - line.tolerance;
      sums.all_shipped = sums.all_shipped && line.shipped >= enough;
      sums.all_delivered = sums.all_delivered && line.delivered >= enough;
      sums.all_back = sums.all_back && line.back >= enough;
    }
    // Never true of nothing.
    const bool has_some = sums.total > 0;
    sums.all_shipped = sums.all_shipped && has_some && sums.shipped > 0;
    sums.all_delivered = sums.all_delivered && has_some && sums.delivered > 0;
    sums.all_back = sums.all_back && has_some && sums.back > 0;
  }
  if (order.is(Flag::ReachedShipped) || order.is(Flag::ReachedDelivered)) {
    sums.all_shipped = true;
    sums.shipped = std::max(sums.shipped, sums.total);
  }
  if (order.is(Flag::ReachedDelivered)) {
    sums.all_delivered = true;
    sums.delivered = std::max(sums.delivered, sums.total);
  }
  add_steps(order, sums);
  return sums;
}

const PromiseState* promise_of(const Order& order, model::PromiseOf of) {
  const PromiseState* best = nullptr;
  for (const auto& promise : order.promises) {
    if (promise.of != of || !promise.line.empty()) continue;
    if (!best || promise.basis >= best->basis) best = &promise;
  }
  if (best) return best;
  // The order as a whole keeps its promise when its last line does.
  for (const auto& promise : order.promises)
    if (promise.of == of && (!best || promise.at > best->at)) best = &promise;
  return best;
}

Duration length_after(const std::vector<Stretch>& stretches, Time from) {
  Duration sum{0};
  for (const auto& stretch : stretches) {
    if (stretch.until == Time::never() || from.is_none()) continue;
    const Time begin = std::max(stretch.from, from);
    if (stretch.until > begin) sum = sum + (stretch.until - begin);
  }
  return sum;
}

bool covers_the_rest(const Order& order, const HoldState& hold) {
  return hold.lines.empty() || std::ranges::all_of(order.lines, [&](const LineState& line) {
           return !line.counts() || line.shipped >= line.due() || contains(hold.lines, line.id);
         });
}

Time judged_by(const Order& order) {
  if (const auto* promise = promise_of(order, model::PromiseOf::Delivered))
    return promise->at + length_after(order.stops, promise->made);
  const Time requested = order.at(At::Requested);
  if (requested.is_none()) return requested;
  return requested + length_after(order.stops, order.at(At::Placed));
}

bool is_done(const Order& order) {
  const auto category = order.category();
  return category == model::Category::Done || category == model::Category::Closed ||
         category == model::Category::Delivered || !order.at(At::Delivered).is_none() ||
         order.is(Flag::ReachedDelivered);
}

model::Health health_of(const Order& order, Time now) {
  using enum model::Health;
  const Time due = judged_by(order);
  const Time delivered = order.at(At::Delivered);
  if (is_done(order)) {
    if (due.is_none() || delivered.is_none()) return NoPromise;
    return delivered <= due ? DoneOnTime : DoneLate;
  }
  if (!order.stops.empty() && order.stops.back().until == Time::never()) return Paused;
  if (due.is_none()) return NoPromise;
  return now > due ? Overdue : OnTime;
}

std::optional<model::Milestone> milestone_of(const Order& order) {
  const PackageState* slowest = nullptr;
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound || !package.has_milestone) continue;
    if (!slowest || package.milestone < slowest->milestone) slowest = &package;
  }
  if (!slowest) return std::nullopt;
  return slowest->milestone;
}

std::optional<std::string> with_attributes(const Order& order, const model::AttributesSet& set) {
  std::size_t others = 0, bytes = 0;
  std::string was;
  for (const auto& known : order.attributes) {
    if (known.level == set.level && known.element == set.element) {
      was = known.json;
      continue;
    }
    ++others;
    bytes += known.json.size();
  }
  auto is = model::merge_json_objects(was, set.attributes.text);
  if (others >= kAttributedMax || bytes + is.size() > kAttributesBytesMax) return std::nullopt;
  return is;
}

std::size_t silent_requests(const Order& order) {
  return static_cast<std::size_t>(std::ranges::count_if(order.requests, &RequestState::is_silent));
}

std::uint32_t badges_of(const Order& order) {
  const auto any_hold = [&](std::string_view reason) {
    return std::ranges::any_of(order.holds, [&](const auto& h) { return h.reason == reason; });
  };
  const auto relation = [&](model::RelationKind kind) {
    return std::ranges::any_of(order.relations,
                               [&](const TextState& text) { return relation_kind(text) == kind; });
  };
  const bool has_unsettled = std::ranges::any_of(
      order.conflicts, [](const ConflictState& c) { return c.verdict.empty(); });
  const std::array<bool, kBadges.size()> is_on{
      std::ranges::any_of(order.cases, [](const auto& c) { return c.is_open; }),
      order.is(Flag::CancelRequested),
      order.is(Flag::Intercepting),
      order.is(Flag::Redirecting),
      order.is(Flag::DisputeOpen),
      std::ranges::any_of(order.holds, [](const auto& h) { return !h.lines.empty(); }),
      relation(model::RelationKind::MergedShipment),
      any_hold("presale_wait") || !order.at(At::Presale).is_none(),
      relation(model::RelationKind::Dropship) || order.is(Flag::SupplierShips),
      contains(order.tags, "urgent") || contains(order.tags, "加急"),
      has_unsettled,
      std::ranges::any_of(order.requests, [](const auto& r) { return !r.is_silent; }),
      any_hold("group_pending"),
      std::ranges::any_of(
          order.packages,
          [](const PackageState& package) { return package.has(model::PackageFlag::Incident); }),
      silent_requests(order) > 0};
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < is_on.size(); ++i) bits |= static_cast<std::uint32_t>(is_on[i]) << i;
  return bits;
}

namespace {

/// Writes every folded field in one order; what is not listed is not part of "the same".
class StateWriter {
 public:
  explicit StateWriter(Bytes& out) : w_(out) {}

  void operator()(const std::string& v) { w_.bytes(v); }
  void operator()(Time v) { w_.i64(v.us); }
  void operator()(bool v) { w_.u8(v); }
  void operator()(std::int64_t v) { w_.svarint(v); }
  void operator()(std::uint64_t v) { w_.varint(v); }
  void operator()(std::uint32_t v) { w_.varint(v); }
  void operator()(const std::optional<std::int64_t>& v) {
    w_.u8(v.has_value());
    if (v) w_.svarint(*v);
  }
  template <typename E>
    requires std::is_enum_v<E>
  void operator()(E v) {
    w_.varint(static_cast<std::uint64_t>(v));
  }
  void operator()(const model::Identity& v) { w_.raw(v.data.data(), v.size()); }
  void operator()(const model::Part& v) { all(v.line, v.quantity); }
  void operator()(const model::ReferenceText& v) { all(v.scheme, v.issuer, v.value, v.line); }
  void operator()(const LineState& v) {
    all(v.id, v.kind, v.quantity, v.tolerance, v.cancelled, v.shipped, v.delivered, v.back,
        v.in_case, v.supplier, v.warehouse, v.promised_dispatch, v.promised_delivery);
  }
  void operator()(const StepState& v) { all(v.line, v.place, v.step, v.total); }
  void operator()(const MilestoneState& v) {
    auto sources = v.sources;
    std::ranges::sort(sources);
    all(v.milestone, v.at, v.latest, v.has_date, v.place, v.leg, sources);
  }
  void operator()(const LegState& v) { all(v.leg, v.carrier, v.number); }
  void operator()(const PackageState& v) {
    all(v.id, v.carrier, v.number, v.supplier, v.unit, v.case_id, v.legs, v.direction, v.parts,
        v.milestones, v.flags, v.milestone, v.has_milestone, v.is_shipped, v.is_declared,
        v.is_confirmed, v.is_delivered, v.is_withdrawn, v.is_back, v.declared_at, v.shipped_at,
        v.delivered_at, v.last_scan, v.estimated, v.received_by, v.last_place);
  }
  void operator()(const MoneyState& v) {
    all(v.id, v.method, v.case_id, v.amount, v.in_full, v.at);
  }
  void operator()(const Stretch& v) { all(v.from, v.until); }
  void operator()(const HoldState& v) { all(v.id, v.reason, v.lines, v.since); }
  void operator()(const CaseState& v) {
    all(v.id, v.type, std::uint64_t{v.state}, v.parts, v.amount, v.reason, v.carrier, v.number,
        v.opened, v.moved, v.is_open, v.is_succeeded, v.are_goods_back);
  }
  void operator()(const PromiseState& v) { all(v.of, v.line, v.source, v.at, v.basis, v.made); }
  void operator()(const PlannedStepState& v) {
    all(v.id, v.owner, v.phase, v.after, v.planned_start, v.planned_end, v.started, v.finished,
        v.estimated_end, v.is_blocked, v.blocked_reason, v.quantity, v.good, v.scrap);
  }
  void operator()(const RequestState& v) {
    all(v.id, v.command, v.master, v.opened, v.deadline, v.is_silent, v.approvals, v.approved);
  }
  void operator()(const ConflictState& v) { all(v.code, v.detail, v.event, v.verdict); }
  void operator()(const TextState& v) { all(v.event, v.at); }
  void operator()(const AttributeState& v) { all(v.level, v.element, v.json); }
  template <typename T>
  void operator()(const std::vector<T>& v) {
    w_.varint(v.size());
    for (const auto& element : v) (*this)(element);
  }
  template <typename... T>
  void all(const T&... v) {
    ((*this)(v), ...);
  }

 private:
  ByteWriter w_;
};

}  // namespace

Bytes state_hash(const Order& order) {
  Bytes content;
  StateWriter write(content);
  write.all(order.lifecycle ? std::string(order.headline().code()) : std::string(), order.flags,
            order.terms, order.total, order.deposit, order.paid, order.refunded,
            order.is_paid_in_full, order.order_no, order.source, order.shop, order.warehouse,
            order.currency, order.flag_colour, order.cancel_reason, order.buyer_id);
  for (const auto time : order.times) write(time);
  auto conflicts = order.conflicts;
  std::ranges::sort(conflicts);
  write.all(order.lines, order.steps, order.packages, order.payments, order.refunds, order.holds,
            order.cases, order.promises, order.plan, order.requests, conflicts, order.notes,
            order.attachments, order.relations, order.attributes, order.tags, order.references,
            order.suppliers, order.waits, order.stops, order.evidence_due, order.survey_score,
            order.survey_sent, order.survey_answered, order.status_word);
  const auto digest = crypto::sha256(content);
  return Bytes(crypto::view(digest));
}

}  // namespace cairn::orders

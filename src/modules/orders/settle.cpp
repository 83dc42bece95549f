#include "modules/orders/settle.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "modules/orders/fold_events.hpp"
#include "modules/orders/fold_packages.hpp"

namespace cairn::orders {
namespace {

using model::ConflictCode;
using model::Event;
using model::EventType;

void first(Time& to, Time at) {
  if (to.is_none()) to = at;
}

void count_money(Order& order, const Event& event) {
  const bool was_paid = order.is_paid_in_full;
  order.paid = order.refunded = 0;
  bool in_full = false, refunded_in_full = false;
  for (const auto& payment : order.payments) {
    order.paid += payment.amount.value_or(0);
    in_full = in_full || payment.in_full;
  }
  for (const auto& refund : order.refunds) {
    order.refunded += refund.amount.value_or(0);
    refunded_in_full = refunded_in_full || refund.in_full;
  }
  // Where nobody says what the order costs, a payment that is no deposit pays it.
  const bool by_amount = order.total ? order.paid >= *order.total && !order.payments.empty()
                                     : !order.payments.empty() && !order.deposit;
  order.is_paid_in_full = in_full || by_amount;
  order.set(Flag::RefundedInFull,
            refunded_in_full || (order.paid > 0 && order.refunded >= order.paid));
  const bool has_date = !event.is(model::EventFlag::NoDate);
  if (order.is_paid_in_full && !was_paid && has_date) first(order.at(At::Paid), event.occurred);
  const bool has_deposit = order.is(Flag::DepositWaived) || order.is_paid_in_full ||
                           (order.deposit ? order.paid >= *order.deposit : order.paid > 0);
  if (order.terms == model::PaymentTerms::DepositBalance && has_deposit && has_date)
    first(order.at(At::DepositPaid), event.occurred);
}

/// When the last outbound package was delivered; none while one is not, or has no date for it.
Time delivered_by_packages(const Order& order) {
  Time last = Time::none();
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound || !package.is_shipped) continue;
    if (package.delivered_at.is_none()) return Time::none();
    last = std::max(last, package.delivered_at);
  }
  return last;
}

void keep_moments(Order& order, const Sums& sums) {
  Time latest = Time::none(), earliest = Time::never();
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound || package.shipped_at.is_none()) continue;
    latest = std::max(latest, package.shipped_at);
    earliest = std::min(earliest, package.shipped_at);
  }
  order.at(At::LastShipped) = latest;
  order.at(At::FirstShipped) = earliest == Time::never() ? Time::none() : earliest;
  if (!sums.all_delivered)
    order.at(At::Delivered) = Time::none();
  else
    first(order.at(At::Delivered), delivered_by_packages(order));
}

/// Opens a stretch when something begins to be so, closes it when it no longer is.
void keep_stretch(std::vector<Stretch>& stretches, bool is_so, Time at) {
  const bool was_so = !stretches.empty() && stretches.back().until == Time::never();
  if (is_so == was_so) return;
  if (is_so)
    stretches.push_back({at, Time::never()});
  else
    stretches.back().until = at;
}

void keep_stretches(Order& order, Time at) {
  const bool has_case = std::ranges::any_of(order.cases, [](const auto& c) { return c.is_open; });
  keep_stretch(order.waits, has_case || order.is(Flag::DisputeOpen) || order.is(Flag::Intercepting),
               at);
  const bool is_stopped = std::ranges::any_of(order.holds, [&](const HoldState& hold) {
    using enum lifecycle::Clock;
    return hold.definition && covers_the_rest(order, hold) &&
           (hold.definition->clock == Stops || hold.definition->clock == NotStarted);
  });
  keep_stretch(order.stops, is_stopped, at);
}

/// Lifecycles without a headline table move by their transitions.
void follow_chart(Order& order, const Event& event, const lifecycle::Variables& variables,
                  const lifecycle::Transition* transition) {
  const auto* custom = std::get_if<model::Custom>(&event.payload);
  const auto name = custom ? std::string_view(custom->name) : row_of(event.type).name;
  for (const auto& each : order.headline().transitions()) {
    if (transition) break;
    const bool is_meant = each.kind == lifecycle::Kind::Fact ? each.on == name
                          : each.kind == lifecycle::Kind::Command
                              ? (custom ? each.on == name : each.emits == event.type)
                              : false;
    if (is_meant && each.when.holds(variables)) transition = &each;
  }
  using Way = lifecycle::Target::Way;
  if (transition && (transition->target.way == Way::State || transition->target.way == Way::Choose))
    order.state = transition->target.states.front();
}

std::optional<Timer> timer_of(const Order& order, const lifecycle::Variables& variables,
                              const Context& context) {
  if (!order.is(Flag::Placed)) return std::nullopt;  // whose it is, is not known
  std::optional<Timer> out;
  if (const auto due = order.lifecycle->next_due(order.state, variables, *order.preset))
    out = Timer{due->at, due->transition, std::nullopt};
  for (std::size_t i = 0; i < order.cases.size(); ++i) {
    const auto& c = order.cases[i];
    if (!c.is_open) continue;
    const auto due =
        context.after_sale().next_due(c.state, variables_of_case(order, c, context), *order.preset);
    if (due && (!out || due->at < out->at)) out = Timer{due->at, due->transition, i};
  }
  return out;
}

}  // namespace

void settle(Order& order, const Event& event, const Context& context,
            const lifecycle::Transition* transition) {
  count_quantities(order);
  count_money(order, event);
  keep_moments(order, sums_of(order));
  keep_stretches(order, event.occurred);
  const auto variables = variables_of(order, context);
  if (order.lifecycle->is_derived())
    order.state = order.lifecycle->headline(variables);
  else
    follow_chart(order, event, variables, transition);
  const auto timer = timer_of(order, variables, context);
  // What only came to hold now cannot have happened before.
  order.next_timer = timer ? std::max(timer->at, event.occurred) : Time::never();
}

std::optional<Timer> next_timer(const Order& order, const Context& context) {
  return timer_of(order, variables_of(order, context), context);
}

namespace {

/// Told already by somebody else: a witness, not a surprise.
bool adds_nothing(const Order& order, const Event& event) {
  if (const auto* report = std::get_if<model::PackageReport>(&event.payload)) {
    const bool is_delivered = event.type == EventType::PackageDelivered;
    if (!is_delivered && event.type != EventType::PackageShipped) return false;
    bool any = false;
    for (const auto& package : order.packages) {
      if (!speaks_of(*report, package)) continue;
      any = true;
      if (is_delivered ? !package.is_delivered : !package.is_shipped) return false;
    }
    return any;
  }
  if (event.type == EventType::PaymentReceived) {
    const auto& payment = event.as<model::Payment>();
    return std::ranges::any_of(order.payments, [&](const MoneyState& known) {
      return !payment.payment_id.empty() && known.id == payment.payment_id;
    });
  }
  return event.type == EventType::OrderCompleted && order.is(Flag::Completed);
}

/// What the command said of itself, for the guards of its transition.
void describe(lifecycle::Variables& v, const Order& order, const Event& event) {
  using lifecycle::Variable;
  v.set(Variable::Now, event.occurred);
  v[Variable::Approvals] = -1;
  if (const auto* until = std::get_if<model::Until>(&event.payload))
    v[Variable::DaysAsked] = until->days;
  if (const auto* price = std::get_if<model::PriceChanged>(&event.payload))
    v[Variable::ChangePermille] = change_permille(order, price->total);
}

/// A command of this state that becomes such an event, and whose condition holds.
bool could_be_given(const Order& order, const Event& event, lifecycle::Variables variables) {
  describe(variables, order, event);
  const auto* custom = std::get_if<model::Custom>(&event.payload);
  return std::ranges::any_of(order.headline().transitions(), [&](const auto& t) {
    return t.kind == lifecycle::Kind::Command && t.emits == event.type &&
           (!custom || t.on == custom->name) && t.when.holds(variables) && t.guard.holds(variables);
  });
}

/// The state foresees that somebody reports this.
bool is_expected(const Order& order, const Event& event, const Context& context) {
  if (!order.headline().foresees(event.type)) return false;
  const auto name = row_of(event.type).name;
  return std::ranges::any_of(order.headline().transitions(), [&](const auto& t) {
    const bool is_meant = t.kind == lifecycle::Kind::Fact      ? t.on == name
                          : t.kind == lifecycle::Kind::Command ? t.emits == event.type
                                                               : t.as == event.type;
    return is_meant && (t.when.is_always_true() || t.when.holds(variables_of(order, context)));
  });
}

}  // namespace

std::int64_t change_permille(const Order& order, std::int64_t total) {
  const auto before = order.total.value_or(0);
  if (before <= 0) return 0;
  std::int64_t change = 0, thousandfold = 0;
  if (__builtin_sub_overflow(total, before, &change) ||
      __builtin_mul_overflow(change, std::int64_t{1000}, &thousandfold))
    return std::numeric_limits<std::int64_t>::max();
  return std::abs(thousandfold / before);
}

void judge(Order& order, const Event& event, const Context& context) {
  const bool is_custom = event.type == EventType::CustomHappened;
  if (!is_custom && context.definitions->is_foreseen_anywhere(event.type)) return;
  if (event.origin.role == model::Role::System && event.is(model::EventFlag::Command)) return;
  if (event.is(model::EventFlag::Command)) {
    // Accepted where it was given; what came to stand before it since would have refused it.
    if (!could_be_given(order, event, variables_of(order, context)))
      note_conflict(order, ConflictCode::Overtaken, std::string(order.headline().code()), event.id);
    return;
  }
  // What goes another way than to the customer belongs to a case, which knows what it foresees.
  const auto* report = std::get_if<model::PackageReport>(&event.payload);
  if (report && report->direction != model::Direction::Outbound) return;
  if (is_custom || is_expected(order, event, context) || adds_nothing(order, event)) return;
  if (event.type == EventType::OrderCancelled && order.category() != model::Category::Done) return;
  const auto code =
      order.headline().is_final() ? ConflictCode::AfterFinal : ConflictCode::IllegalHere;
  note_conflict(order, code,
                fmt::format("{} in {}", row_of(event.type).name, order.headline().code()),
                event.id);
}

// ---- what depends on the whole ------------------------------------------------------------------

namespace {

/// Conflicts that are found anew each time, not noted once at an event.
bool is_derived(const ConflictState& conflict) {
  return conflict.code == ConflictCode::ImpossibleOrder ||
         conflict.code == ConflictCode::DeclaredNotConfirmed ||
         conflict.code == ConflictCode::OverQuantity || conflict.code == ConflictCode::NoDate ||
         conflict.code == ConflictCode::EvidenceMissing ||
         (conflict.code == ConflictCode::SourcesDisagree &&
          conflict.detail == "cancelled_but_shipped");
}

struct Span {
  Time from, until;
};

/// Two moments are impossible only when what their precision leaves open does not overlap.
void expect_before(Order& order, Span earlier, Span later, const char* detail) {
  if (earlier.from.is_none() || later.from.is_none()) return;
  if (later.until < earlier.from) note_conflict(order, ConflictCode::ImpossibleOrder, detail, {});
}

void compare_moments(Order& order) {
  const auto point = [](Time t) { return Span{t, t}; };
  const Span placed = point(order.at(At::Placed));
  const Span paid = point(order.at(At::Paid));
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound) continue;
    // The hand-over is what was told as such; a scan only proves that it had been.
    const Span shipped = package.declared_at.is_none()
                             ? Span{package.shipped_at, package.shipped_latest}
                             : Span{package.declared_at, package.declared_latest};
    const Span delivered{package.delivered_at, package.delivered_latest};
    expect_before(order, placed, shipped, "shipped_before_placed");
    if (order.terms == model::PaymentTerms::Prepaid) {
      expect_before(order, paid, shipped, "shipped_before_paid");
      expect_before(order, paid, delivered, "delivered_before_paid");
    }
    if (package.is_declared) expect_before(order, shipped, delivered, "delivered_before_shipped");
  }
  if (order.is(Flag::Cancelled))
    for (const auto& package : order.packages)
      if (package.is_shipped && package.direction == model::Direction::Outbound && !package.is_back)
        note_conflict(order, ConflictCode::SourcesDisagree, "cancelled_but_shipped", {});
}

/// Said to be dispatched, and 48 h later no carrier has seen it.
Time compare_declared(Order& order, Time now) {
  constexpr Duration kPatience = hours(48);
  Time next = Time::never();
  for (const auto& package : order.packages) {
    if (!package.is_declared || package.is_confirmed || package.number.empty() ||
        package.is_delivered || package.declared_at.is_none() || order.headline().is_final())
      continue;
    const Time due = package.declared_at + kPatience;
    if (due <= now)
      note_conflict(order, ConflictCode::DeclaredNotConfirmed, "package " + package.id, {});
    else
      next = std::min(next, due);
  }
  return next;
}

/// More than was ordered: packages together, or a step of the work; or more refunded than paid.
void compare_quantities(Order& order) {
  const auto over = [&](const LineState& line, std::string_view what) {
    note_conflict(order, ConflictCode::OverQuantity, fmt::format("line {} {}", line.id, what), {});
  };
  const bool is_known = std::ranges::all_of(
      order.payments, [](const MoneyState& money) { return money.amount.has_value(); });
  if (is_known && order.refunded > order.paid)
    note_conflict(order, ConflictCode::OverQuantity, "refunded", {});
  if (order.is(Flag::PackagesBeyond))
    note_conflict(order, ConflictCode::OverQuantity, "packages", {});
  if (order.is(Flag::AttributesBeyond))
    note_conflict(order, ConflictCode::OverQuantity, "attributes", {});
  for (const auto& line : order.lines) {
    if (line.shipped > line.due() + line.tolerance) over(line, "shipped");
    if (line.delivered > line.due() + line.tolerance) over(line, "delivered");
    for (const auto& step : order.steps)
      if (step.line == line.id && step.total > line.quantity + line.tolerance)
        over(line, name_of(step.step));
  }
}

/// The headline as it would be without what was told without a time.
lifecycle::StateId dated_headline(Order& order, const Context& context) {
  const auto flags = order.flags;
  auto holds = order.holds;
  for (const auto flag :
       {Flag::ReachedPaid, Flag::ReachedReleased, Flag::ReachedShipped, Flag::ReachedDelivered})
    order.set(flag, false);
  if (order.at(At::Cancelled).is_none()) order.set(Flag::Cancelled, false);
  if (order.at(At::Completed).is_none())
    for (const auto flag : {Flag::Completed, Flag::ReceiptConfirmed, Flag::Accepted})
      order.set(flag, false);
  std::erase_if(order.holds, [](const HoldState& hold) { return !hold.has_date; });
  const auto state = order.lifecycle->headline(variables_of(order, context));
  order.flags = flags;
  order.holds = std::move(holds);
  return state;
}

/// The headline rests on something without a date: a dated fact would settle it.
void compare_dates(Order& order, const Context& context) {
  for (const auto& package : order.packages) {
    if (package.is_delivered && package.delivered_at.is_none())
      note_conflict(order, ConflictCode::NoDate, "package " + package.id + " delivered", {});
    else if (package.is_shipped && package.shipped_at.is_none())
      note_conflict(order, ConflictCode::NoDate, "package " + package.id + " shipped", {});
  }
  constexpr auto kReached = [](const Order& o) {
    return o.is(Flag::ReachedPaid) || o.is(Flag::ReachedReleased) || o.is(Flag::ReachedShipped) ||
           o.is(Flag::ReachedDelivered) ||
           (o.is(Flag::Cancelled) && o.at(At::Cancelled).is_none()) ||
           (o.is(Flag::Completed) && o.at(At::Completed).is_none()) ||
           std::ranges::any_of(o.holds, [](const HoldState& hold) { return !hold.has_date; });
  };
  if (order.lifecycle->is_derived() && kReached(order) &&
      dated_headline(order, context) != order.state)
    note_conflict(order, ConflictCode::NoDate, std::string(order.headline().code()), {});
}

/// A request whose master has said nothing by its deadline has ended by that. When the next one
/// does.
Time hear_silence(Order& order, Time now) {
  Time next = Time::never();
  for (auto& request : order.requests) {
    request.is_silent = !request.deadline.is_none() && request.deadline <= now;
    if (!request.is_silent && !request.deadline.is_none()) next = std::min(next, request.deadline);
  }
  return next;
}

void compare_evidence(Order& order) {
  if (!order.attachments.empty()) return;
  for (const auto& event : order.evidence_due)
    note_conflict(order, ConflictCode::EvidenceMissing, "", event);
}

void apply_verdicts(Order& order) {
  for (auto& conflict : order.conflicts) {
    conflict.verdict.clear();
    const auto name = fmt::format("{}:{}", name_of(conflict.code), to_hex(conflict.event.view()));
    const VerdictState* newest = nullptr;
    for (const auto& verdict : order.verdicts)
      if (verdict.conflict == name && (!newest || newest->key < verdict.key)) newest = &verdict;
    if (newest) conflict.verdict = newest->verdict;
  }
}

}  // namespace

void unfinish(Order& order) { std::erase_if(order.conflicts, is_derived); }

void finish(Order& order, Time now, const Context& context) {
  compare_moments(order);
  compare_quantities(order);
  compare_dates(order, context);
  compare_evidence(order);
  const Time declared = compare_declared(order, now);
  const Time silence = hear_silence(order, now);
  apply_verdicts(order);
  order.health = health_of(order, now);
  Time next = std::min({order.next_timer, order.waits_until, declared, silence});
  const Time judged = judged_by(order);
  if (order.health == model::Health::OnTime && !judged.is_none())
    next = std::min(next, judged + Duration{1});
  order.looks_until = next;
}

}  // namespace cairn::orders

#include "modules/orders/settle.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "modules/orders/fold_events.hpp"

namespace cairn::orders {
namespace {

using model::ConflictCode;
using model::Event;
using model::EventType;

void first(Time& to, Time at) {
  if (to.is_none()) to = at;
}

void count_money(Order& order, const Event& event) {
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
  if (order.is_paid_in_full && event.type == EventType::PaymentReceived &&
      !event.is(model::EventFlag::NoDate))
    first(order.at(At::Paid), event.occurred);
}

void keep_moments(Order& order, const Event& event, const Sums& sums) {
  const bool has_date = !event.is(model::EventFlag::NoDate);
  Time latest = Time::none(), earliest = Time::never();
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound || package.shipped_at.is_none()) continue;
    latest = std::max(latest, package.shipped_at);
    earliest = std::min(earliest, package.shipped_at);
  }
  order.at(At::LastShipped) = latest;
  order.at(At::FirstShipped) = earliest == Time::never() ? Time::none() : earliest;
  if (!sums.all_delivered) {
    order.at(At::Delivered) = Time::none();
  } else if (order.at(At::Delivered).is_none() && has_date) {
    Time last = Time::none();
    for (const auto& package : order.packages)
      if (package.direction == model::Direction::Outbound)
        last = std::max(last, package.delivered_at);
    order.at(At::Delivered) = last;
  }
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

}  // namespace

void settle(Order& order, const Event& event, const Context& context,
            const lifecycle::Transition* transition) {
  count_quantities(order);
  count_money(order, event);
  keep_moments(order, event, sums_of(order));
  if (!order.requests.empty() && event.type == EventType::OrderCancelled) order.requests.clear();
  const auto variables = variables_of(order, context);
  if (order.lifecycle->is_derived())
    order.state = order.lifecycle->headline(variables);
  else
    follow_chart(order, event, variables, transition);
  const auto due = order.lifecycle->next_due(order.state, variables, *order.preset);
  order.next_timer = due ? due->at : Time::never();  // Time::none(): at once
}

std::optional<lifecycle::Due> next_due(const Order& order, const Context& context) {
  return order.lifecycle->next_due(order.state, variables_of(order, context), *order.preset);
}

void judge(Order& order, const Event& event, const Context& context) {
  if (event.type == EventType::PackageShipped || event.type == EventType::PackageDelivered) {
    const auto& report = event.as<model::PackageReport>();
    for (const auto& part : report.parts)
      for (const auto& line : order.lines)
        if (line.id == part.line && part.quantity > line.due() + line.tolerance)
          note_conflict(order, ConflictCode::OverQuantity, "line " + line.id, event.id);
  }
  if (context.definitions->foresees(order.headline(), event.type)) return;
  if (event.is(model::EventFlag::Command)) {
    // Accepted where it was given; what came to stand before it since would have refused it.
    if (event.origin.role != model::Role::System)
      note_conflict(order, ConflictCode::Overtaken, std::string(order.headline().code()), event.id);
    return;
  }
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
    const Span shipped{package.shipped_at, package.shipped_latest};
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
        package.is_delivered)
      continue;
    const Time due = package.declared_at + kPatience;
    if (due <= now)
      note_conflict(order, ConflictCode::DeclaredNotConfirmed, "package " + package.id, {});
    else
      next = std::min(next, due);
  }
  return next;
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

void finish(Order& order, Time now, const Context&) {
  compare_moments(order);
  const Time declared = compare_declared(order, now);
  apply_verdicts(order);
  order.health = health_of(order, now);
  Time next = std::min({order.next_timer, order.waits_until, declared});
  const Time judged = judged_by(order);
  if (order.health == model::Health::OnTime && !judged.is_none())
    next = std::min(next, judged + Duration{1});
  order.looks_until = next;
}

}  // namespace cairn::orders

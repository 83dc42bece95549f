#include "modules/orders/fold_endings.hpp"

#include <algorithm>

#include "base/ranges.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;

/// The master has spoken: by a fact, or by giving the command itself.
bool ends(const Order& order, const RequestState& request, const Event& event) {
  using enum EventType;
  const auto asked = order.lifecycle->emits(request.command);
  if (const auto* custom = std::get_if<model::Custom>(&event.payload))
    return custom->name == request.command;
  if (const auto* moved = std::get_if<model::CaseMoved>(&event.payload))
    return moved->on == request.command || (asked && *asked == AfterSaleMoved);
  const bool is_about_cancelling =
      asked && (*asked == OrderCancelled || *asked == CancelRequested || *asked == CancelConfirmed);
  if (event.type == OrderCancelled) return true;
  if (event.type == CancelConfirmed || event.type == CancelRefused) return is_about_cancelling;
  return asked && *asked == event.type;
}

/// When the limit runs out that an extension puts off: as told or extended before, else by the
/// preset.
Time due_by_preset(const Order& order, Time since, lifecycle::Limit limit) {
  const auto span = order.preset->limit(limit);
  return span && !since.is_none() ? since + *span : Time::none();
}

void extend(Order& order, const Event& event, At what, Time by_preset) {
  const auto& p = event.as<model::Until>();
  Time& due = order.at(what);
  if (p.until.is_set()) {
    due = end_of(p.until.time, p.until.precision);
    return;
  }
  const Time base = !due.is_none() ? due : !by_preset.is_none() ? by_preset : event.occurred;
  due = base + days(p.days);
}

}  // namespace

void end_cancel_request(Order& order) {
  order.set(Flag::CancelRequested, false);
  std::erase_if(order.holds, [](const HoldState& h) { return h.reason == "cancel_pending"; });
}

void end_requests(Order& order, const Event& event) {
  if (order.requests.empty()) return;
  const bool is_own =
      event.is(model::EventFlag::Command) && event.origin.role != model::Role::Source;
  std::erase_if(order.requests, [&](const RequestState& request) {
    // Who needs no approval has decided the matter that somebody was asked about.
    return (!is_own || request.approvals != 0) && ends(order, request, event);
  });
}

void open_request(Order& order, const Event& event) {
  const auto& p = event.as<model::Requested>();
  auto& request = order.requests.emplace_back();
  request.id = p.request_id;
  request.command = p.command;
  request.master = p.master;
  request.opened = event.occurred;
  request.deadline = p.deadline.time;
  for (const auto& name : p.approvals)
    if (const auto role = model::from_name<model::Role>(name))
      request.approvals |= lifecycle::bit(*role);
  if (request.approvals == 0) return;
  request.asked_by = event.origin.actor;
  request.asked_source = event.origin.source;
  request.asked_role = event.origin.role;
  request.data = p.data.text;
}

void approve_request(Order& order, const Event& event) {
  const auto& id = event.as<model::RequestEnded>().request_id;
  const auto roles = lifecycle::with_deputies(lifecycle::bit(event.origin.role));
  std::erase_if(order.requests, [&](RequestState& request) {
    if (request.id != id || request.approvals == 0) return false;
    request.approved |= request.approvals & roles;
    request.approvals &= ~roles;
    request.approved_by.push_back(event.origin.actor);
    return request.approvals == 0;
  });
}

/// A system cannot refuse what people were asked to approve.
void refuse_request(Order& order, const Event& event) {
  const auto& id = event.as<model::RequestEnded>().request_id;
  const bool is_word = event.is(model::EventFlag::Command);
  std::erase_if(order.requests, [&](const RequestState& request) {
    return request.id == id && (is_word || request.approvals == 0);
  });
}

/// What somebody must be able to show: a receipt that staff confirms for the customer, an
/// acceptance or an approval given in the customer's name.
void ask_for_evidence(Order& order, const Event& event) {
  struct Row {
    EventType type;
    model::Role role;
  };
  static constexpr Row kRows[]{{EventType::ReceiptConfirmed, model::Role::Service},
                               {EventType::OrderAccepted, model::Role::OrderDesk},
                               {EventType::DrawingApproved, model::Role::OrderDesk}};
  for (const auto& row : kRows)
    if (row.type == event.type && row.role == event.origin.role)
      order.evidence_due.push_back(event.id);
}

void cancel(Order& order, const Event& event) {
  end_cancel_request(order);
  order.set(Flag::Cancelled);
  order.at(At::Cancelled) = event.is(model::EventFlag::NoDate) ? Time::none() : event.occurred;
  order.cancel_reason = event.as<model::Remark>().reason;
}

void reinstate(Order& order, const Event& event) {
  order.set(Flag::Cancelled, false);
  order.at(At::Cancelled) = Time::none();
  order.cancel_reason.clear();
  // The time to pay begins anew, else the clock would close it again at once.
  if (const auto limit = order.preset->limit(lifecycle::Limit::PaymentTimeout))
    order.at(At::PaymentDue) = event.occurred + *limit;
  if (const auto limit = order.preset->limit(lifecycle::Limit::BalanceTimeout))
    order.at(At::BalanceDue) = event.occurred + *limit;
}

void recall(Order& order) {
  order.at(At::Released) = Time::none();
  order.set(Flag::ReachedReleased, false);
  std::erase_if(order.steps, [](const StepState& step) {
    using enum model::Step;
    return step.step == Released || step.step == Allocated || step.step == Picked ||
           step.step == Packed || step.step == LabelCreated;
  });
}

void extend_receipt(Order& order, const Event& event) {
  using enum lifecycle::Limit;
  Time by_preset = due_by_preset(order, order.at(At::Delivered), CompleteDelivered);
  if (by_preset.is_none())
    by_preset = due_by_preset(order, order.at(At::Delivered), DeemedAcceptance);
  if (by_preset.is_none())
    by_preset = due_by_preset(order, order.at(At::LastShipped), CompleteShipped);
  extend(order, event, At::ReceiptDue, by_preset);
  ++order.receipt_extensions;
  order.receipt_extensions_by_customer += event.origin.role == model::Role::Customer;
}

void complete(Order& order, const Event& event) {
  if (event.type == EventType::ReceiptConfirmed) order.set(Flag::ReceiptConfirmed);
  order.set(event.type == EventType::OrderAccepted ? Flag::Accepted : Flag::Completed);
  order.at(At::Completed) = event.is(model::EventFlag::NoDate) ? Time::none() : event.occurred;
}

void uncomplete(Order& order, const Event& event) {
  for (const auto flag : {Flag::Completed, Flag::ReceiptConfirmed, Flag::Accepted})
    order.set(flag, false);
  order.at(At::Completed) = Time::none();
  // A person took the completion back: the clock begins anew instead of completing it again.
  using enum lifecycle::Limit;
  for (const auto limit : {CompleteDelivered, DeemedAcceptance, CompleteShipped})
    if (const auto span = order.preset->limit(limit)) {
      order.at(At::ReceiptDue) = event.occurred + *span;
      return;
    }
}

void inspect(Order& order, const Event& event) {
  const bool is_passed = event.type != EventType::InspectionFailed;
  order.set(Flag::InspectionPassed, is_passed);
  order.set(Flag::InspectionFailed, !is_passed);
}

void extend_balance(Order& order, const Event& event) {
  extend(order, event, At::BalanceDue,
         due_by_preset(order, order.at(At::DepositPaid), lifecycle::Limit::BalanceTimeout));
}

}  // namespace cairn::orders

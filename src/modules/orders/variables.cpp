#include <algorithm>

#include "base/ranges.hpp"
#include "modules/orders/fold_packages.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Variable;
using lifecycle::Variables;

bool has_step(const Order& order, std::string_view phase) {
  return std::ranges::any_of(order.plan, [&](const auto& step) { return step.phase == phase; });
}

/// A planned step for material is not done, and nobody said that all is there.
bool is_material_short(const Order& order) {
  return !order.is(Flag::MaterialsKitted) && std::ranges::any_of(order.plan, [](const auto& step) {
    return step.phase == "material" && step.finished.is_none();
  });
}

/// Where the wait for automatic completion is counted from.
Time completion_base(const Order& order) {
  const Time delivered = order.at(At::Delivered);
  return delivered.is_none() ? order.at(At::LastShipped) : delivered;
}

void set_quantities(Variables& v, const Order& order) {
  const auto sums = sums_of(order);
  v[Variable::Total] = sums.total;
  v[Variable::Shipped] = sums.shipped;
  v[Variable::Delivered] = sums.delivered;
  v[Variable::Back] = sums.back;
  v[Variable::InCases] = sums.in_cases;
  v[Variable::Ordered] = sums.ordered;
  v[Variable::Produced] = sums.produced;
  v[Variable::Allocated] = sums.allocated;
  v[Variable::Picked] = sums.picked;
  v[Variable::Packed] = sums.packed;
  v[Variable::ReleasedQuantity] = sums.released;
  v[Variable::AcceptedQc] = sums.accepted;
  v.set(Variable::HasLines, std::ranges::any_of(order.lines, &LineState::counts));
  v.set(Variable::AnyShipped, sums.shipped > 0);
  v.set(Variable::AllShipped, sums.all_shipped);
  v.set(Variable::AnyDelivered, sums.delivered > 0);
  v.set(Variable::AllDelivered, sums.all_delivered);
  v.set(Variable::AllProduced, sums.all_produced);
  v.set(Variable::AllBack, sums.all_back);
  v.set(Variable::GoodsBack, sums.back > 0);
  v.set(Variable::QuantityLeft, !sums.all_shipped);
}

void set_money(Variables& v, const Order& order) {
  v[Variable::Terms] = static_cast<std::int64_t>(order.terms);
  v[Variable::TotalAmount] = order.total.value_or(0);
  v[Variable::PaidAmount] = order.paid;
  const bool on_account =
      order.terms == model::PaymentTerms::Cod || order.terms == model::PaymentTerms::Credit;
  const bool wants_deposit = order.terms == model::PaymentTerms::DepositBalance;
  const bool deposit_paid = order.is(Flag::DepositWaived) || order.is_paid_in_full ||
                            (order.deposit && order.paid >= *order.deposit) ||
                            (wants_deposit && !order.deposit && order.paid > 0);
  const bool is_free = order.total && *order.total == 0;
  v.set(Variable::PaidInFull, order.is_paid_in_full);
  v.set(Variable::DepositPaid, wants_deposit && deposit_paid);
  v.set(Variable::DepositDue, wants_deposit && !deposit_paid);
  v.set(Variable::BalanceDue, !order.is_paid_in_full && !on_account);
  v.set(Variable::BalanceBeforeShipping, order.is(Flag::BalanceBeforeShipping));
  v.set(Variable::ReleasedOnCredit, order.is(Flag::ReleasedOnCredit));
  v.set(Variable::TermsSatisfied, order.is_paid_in_full || is_free || order.is(Flag::ReachedPaid) ||
                                      order.is(Flag::ReleasedOnCredit) ||
                                      (on_account && order.is(Flag::TermsConfirmed)));
  v.set(Variable::DepositRefundable, order.preset->is_deposit_refundable);
  v.set(Variable::SlowPayment, std::ranges::any_of(order.payments, [&](const MoneyState& money) {
          return contains(order.preset->slow_methods, money.method);
        }));
  const bool any_refund = !order.refunds.empty();
  const bool all = order.is(Flag::RefundedInFull);
  v.set(Variable::RefundExecuted, any_refund);
  v.set(Variable::AllRefunded, all);
  v.set(Variable::RefundSettled,
        all || order.payments.empty() ||
            std::ranges::any_of(order.cases, [](const CaseState& c) { return c.is_succeeded; }));
}

void set_holds(Variables& v, const Order& order) {
  bool any = false, blocking = false, headline = false, shipping = false, production = false;
  for (const auto& hold : order.holds) {
    any = true;
    if (!hold.definition) continue;
    // A hold on lines alone stops the order only when it names all that is left.
    const bool stops = hold.definition->is_blocking && covers_the_rest(order, hold);
    blocking = blocking || stops;
    headline = headline || (stops && hold.definition->sets_headline);
    shipping = shipping || stops || hold.definition->blocks == lifecycle::Blocks::Shipping;
    production = production || stops || hold.definition->blocks == lifecycle::Blocks::Production;
  }
  v.set(Variable::AnyHold, any);
  v.set(Variable::BlockingHold, blocking);
  v.set(Variable::HeadlineHold, headline);
  v.set(Variable::ShippingHold, shipping);
  v.set(Variable::ProductionHold, production);
  const auto open = [&](std::string_view reason) {
    return std::ranges::any_of(order.holds, [&](const auto& h) { return h.reason == reason; });
  };
  v.set(Variable::RemarkOpen, open("buyer_remark"));
  v.set(Variable::AddressOpen, open("address_incomplete"));
  v.set(Variable::CreditExceeded, open("credit_limit"));
}

void set_progress(Variables& v, const Order& order) {
  const auto flag = [&](Variable to, Flag from) { v.set(to, order.is(from)); };
  flag(Variable::Cancelled, Flag::Cancelled);
  flag(Variable::Terminated, Flag::Terminated);
  flag(Variable::Completed, Flag::Completed);
  flag(Variable::ReceiptConfirmed, Flag::ReceiptConfirmed);
  flag(Variable::Accepted, Flag::Accepted);
  flag(Variable::Confirmed, Flag::Confirmed);
  flag(Variable::Reviewed, Flag::Reviewed);
  flag(Variable::CancelRequested, Flag::CancelRequested);
  flag(Variable::DrawingSubmitted, Flag::DrawingSubmitted);
  flag(Variable::DrawingApproved, Flag::DrawingApproved);
  flag(Variable::MaterialStarted, Flag::MaterialStarted);
  flag(Variable::ProductionStarted, Flag::ProductionStarted);
  flag(Variable::InspectionPassed, Flag::InspectionPassed);
  flag(Variable::InspectionFailed, Flag::InspectionFailed);
  flag(Variable::ShipmentReleased, Flag::ShipmentReleased);
  flag(Variable::InstallationStarted, Flag::InstallationStarted);
  flag(Variable::DisputeOpen, Flag::DisputeOpen);
  flag(Variable::InterceptOpen, Flag::Intercepting);
  v.set(Variable::Released, !order.at(At::Released).is_none() || order.is(Flag::ReachedReleased) ||
                                v[Variable::ReleasedQuantity] > 0);
  v.set(Variable::MaterialShort, is_material_short(order));
  v[Variable::ReceiptExtensions] = order.receipt_extensions;
  v[Variable::ReceiptExtensionsByCustomer] = order.receipt_extensions_by_customer;
  v[Variable::ReceiptPaused] = length_after(order.waits, completion_base(order)).us;
  v.set(Variable::Presale, !order.at(At::Presale).is_none());
  v.set(Variable::DrawingNeeded, has_step(order, "drawing") || order.is(Flag::DrawingSubmitted));
  v.set(Variable::InspectionPlanned, has_step(order, "inspection"));
  v.set(Variable::InstallationPlanned, has_step(order, "installation"));
  v.set(Variable::CostIncurred,
        order.is(Flag::MaterialStarted) || order.is(Flag::ProductionStarted));
  std::int64_t reached = 0;
  using enum model::Reached;
  if (order.is(Flag::ReachedPaid)) reached = static_cast<std::int64_t>(Paid);
  if (order.is(Flag::ReachedReleased)) reached = static_cast<std::int64_t>(Released);
  if (order.is(Flag::ReachedShipped)) reached = static_cast<std::int64_t>(Shipped);
  if (order.is(Flag::ReachedDelivered)) reached = static_cast<std::int64_t>(Delivered);
  v[Variable::Reached] = reached;
}

void set_packages(Variables& v, const Order& order) {
  bool travelling = false, scanned = false, lost = false, handed_over = false;
  Time silent_since = Time::never();
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound) continue;
    handed_over = handed_over || package.is_shipped;
    if (package.is_shipped && !package.is_delivered && !package.is_back) {
      travelling = true;
      const Time seen = std::max(package.last_scan, package.shipped_at);
      if (!seen.is_none()) silent_since = std::min(silent_since, seen);
    }
    scanned = scanned || package.is_confirmed;
    lost = lost || package.has(model::PackageFlag::Lost);
  }
  v.set(Variable::HandedOver, handed_over);
  v.set(Variable::UnitTravelling, travelling);
  v.set(Variable::CarrierScanned, scanned);
  v.set(Variable::PackageLost, lost);
  v.set(Variable::PackageSilentSince, silent_since);
}

void set_cases(Variables& v, const Order& order, const Context& context) {
  bool open = false, exchange = false, repair = false, returning = false;
  bool received = false, replaced = false;
  const auto& chart = context.after_sale();
  for (const auto& c : order.cases) {
    if (!c.is_open) continue;
    open = true;
    exchange = exchange || c.type == model::CaseType::Exchange;
    repair = repair || c.type == model::CaseType::Repair;
    returning = returning || c.type == model::CaseType::ReturnRefund;
    received = received || c.are_goods_back;
    // Under way again after the goods came back, or without any that had to.
    replaced = replaced || (chart.state(c.state).category() == model::Category::InTransit &&
                            (c.are_goods_back || !moves_goods(c.type)));
  }
  v.set(Variable::OpenCase, open);
  v.set(Variable::OpenExchange, exchange);
  v.set(Variable::OpenRepair, repair);
  v.set(Variable::OpenReturn, returning);
  v.set(Variable::GoodsReceived, received);
  v.set(Variable::ReplacementShipped, replaced);
}

void set_masters(Variables& v, const Order& order, const Context& context) {
  using lifecycle::Area;
  static constexpr std::pair<Variable, Area> kRows[]{
      {Variable::MasterPayment, Area::Payment},       {Variable::MasterCancel, Area::Cancel},
      {Variable::MasterAmend, Area::Amend},           {Variable::MasterRefund, Area::Refund},
      {Variable::MasterCompletion, Area::Completion}, {Variable::MasterDispatch, Area::Dispatch}};
  const auto& row = context.masters->of(order.source);
  for (const auto& [variable, area] : kRows)
    v.set(variable, context.master_in(row, order.source, area).empty());
}

void set_times(Variables& v, const Order& order) {
  v.set(Variable::PlacedAt, order.at(At::Placed));
  v.set(Variable::PaidAt, order.at(At::Paid));
  v.set(Variable::ReleasedAt, order.at(At::Released));
  v.set(Variable::FirstShippedAt, order.at(At::FirstShipped));
  v.set(Variable::LastShippedAt, order.at(At::LastShipped));
  v.set(Variable::DeliveredAt, order.at(At::Delivered));
  v.set(Variable::CompletedAt, order.at(At::Completed));
  v.set(Variable::CancelledAt, order.at(At::Cancelled));
  v.set(Variable::BalanceDueAt, order.at(At::BalanceDue));
  v.set(Variable::ReceiptDueAt, order.at(At::ReceiptDue));
  v.set(Variable::PresaleAt, order.at(At::Presale));
  v.set(Variable::DepositPaidAt, order.at(At::DepositPaid));
  v.set(Variable::PaymentDueAt, order.at(At::PaymentDue));
  v.set(Variable::PromisedAt, judged_by(order));
}

}  // namespace

Variables variables_of(const Order& order, const Context& context) {
  Variables v;
  set_quantities(v, order);
  set_money(v, order);
  set_holds(v, order);
  set_progress(v, order);
  set_packages(v, order);
  set_cases(v, order, context);
  set_masters(v, order, context);
  set_times(v, order);
  return v;
}

Variables variables_of_case(const Order& order, const CaseState& c, const Context& context) {
  Variables v = variables_of(order, context);
  v[Variable::CaseType] = static_cast<std::int64_t>(c.type);
  v[Variable::CaseAmount] = c.amount.value_or(0);
  v.set(Variable::CaseOpenedAt, c.opened);
  v.set(Variable::CaseEnteredAt, c.moved);
  v.set(Variable::CaseGoodsReceived, c.are_goods_back);
  v.set(Variable::CaseByStaff, c.is_by_staff);
  v.set(Variable::CaseStopConfirmed,
        v[Variable::Shipped] == 0 && (v.is(Variable::Cancelled) || !v.is(Variable::Released)));
  for (const auto& package : order.packages) {
    if (package.case_id != c.id) continue;
    const bool is_replacement = package.direction == model::Direction::ExchangeOut ||
                                package.direction == model::Direction::Resend;
    if (is_replacement && package.is_shipped) v.set(Variable::CaseReplacementShipped, true);
    if (is_replacement && package.is_delivered) v.set(Variable::CaseReplacementDelivered, true);
    if (package.direction == model::Direction::Return) {
      v.set(Variable::CaseReturnShippedAt, package.shipped_at);
      if (package.is_delivered || package.is_back) v.set(Variable::CaseGoodsReceived, true);
    }
  }
  for (const auto& refund : order.refunds)
    if (refund.case_id == c.id) v.set(Variable::CaseRefunded, true);
  return v;
}

}  // namespace cairn::orders

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.hpp"

/// What the conditions of lifecycle files can speak of. The fold of orders fills all of it before
/// it asks a lifecycle anything; tolerances of lines are taken into account there, which is why
/// "all shipped" is a value of its own beside the sums.
namespace cairn::lifecycle {

/// What a variable counts in: decides what it may be compared with.
enum class Unit : std::uint8_t {
  Number,    ///< quantities, in smallest units; counters
  Flag,      ///< 0 or 1, stands alone in a condition
  Money,     ///< minor units
  Time,      ///< µs since 1970, kUnset when it has not come
  Span,      ///< µs
  Terms,     ///< model::PaymentTerms
  CaseType,  ///< model::CaseType
  Reached,   ///< model::Reached
  Roles,     ///< bits of model::Role; not for conditions
};

inline constexpr std::int64_t kUnset = std::numeric_limits<std::int64_t>::max();

/// One row each: enumerator, name in files, unit, meaning. A flag that forbids something is 0 where
/// nothing is known, so that silence never refuses a command.
#define CAIRN_VARIABLES(X)                                                                         \
  X(Total, "T", Number, "Quantity that is still to be fulfilled: ordered less cancelled")          \
  X(Shipped, "S", Number, "Quantity shipped outbound; exchanges and resends do not count")         \
  X(Delivered, "D", Number, "Quantity delivered by outbound packages")                             \
  X(Back, "B", Number, "Quantity accepted back, or written off against a refund")                  \
  X(InCases, "O", Number, "Quantity in open after-sale cases that move goods")                     \
  X(Ordered, "ordered", Number, "Quantity ordered, before cancellations")                          \
  X(Produced, "produced", Number, "Quantity reported as produced")                                 \
  X(AcceptedQc, "accepted_qc", Number, "Quantity accepted by inspection")                          \
  X(Allocated, "allocated", Number, "Quantity with stock reserved for it")                         \
  X(Picked, "picked", Number, "Quantity picked")                                                   \
  X(Packed, "packed", Number, "Quantity packed or with a label")                                   \
  X(ReleasedQuantity, "released_quantity", Number, "Quantity handed to warehouse or supplier")     \
  X(HasLines, "has_lines", Flag, "The order has lines that count: nothing is true of none")        \
  X(AnyShipped, "any_shipped", Flag, "Something was shipped")                                      \
  X(AllShipped, "all_shipped", Flag, "All that is to be fulfilled was shipped, by tolerance")      \
  X(AnyDelivered, "any_delivered", Flag, "Something was delivered")                                \
  X(AllDelivered, "all_delivered", Flag, "All that is to be fulfilled was delivered")              \
  X(AllProduced, "all_produced", Flag, "All that is to be fulfilled was produced")                 \
  X(AllBack, "all_back", Flag, "All came back or was written off, and there was something")        \
  X(GoodsBack, "goods_back", Flag, "Some goods were taken back")                                   \
  X(QuantityLeft, "quantity_left", Flag, "Something is left to ship")                              \
  X(Reached, "reached", Reached, "What a source's undated status says was reached at least")       \
  X(Terms, "terms", Terms, "Payment terms of the order")                                           \
  X(TotalAmount, "total_amount", Money, "What the order costs")                                    \
  X(PaidAmount, "paid_amount", Money, "What was received so far")                                  \
  X(TermsSatisfied, "terms_satisfied", Flag, "Payment is as the terms ask before dispatch")        \
  X(PaidInFull, "paid_in_full", Flag, "Everything was paid")                                       \
  X(DepositPaid, "deposit_paid", Flag, "The deposit was paid or waived")                           \
  X(DepositDue, "deposit_due", Flag, "The terms ask for a deposit that was not paid or waived")    \
  X(DepositRefundable, "deposit_refundable", Flag,                                                 \
    "The buyer gets the deposit back on cancelling")                                               \
  X(BalanceDue, "balance_due", Flag, "The balance is not paid")                                    \
  X(BalanceBeforeShipping, "balance_before_shipping", Flag,                                        \
    "Terms ask the balance before dispatch")                                                       \
  X(ReleasedOnCredit, "released_on_credit", Flag, "Finance lets the order go unpaid")              \
  X(CreditExceeded, "credit_exceeded", Flag, "The customer's credit limit does not allow it")      \
  X(SlowPayment, "slow_payment", Flag, "The payment method takes days (bank transfer, boleto)")    \
  X(RefundSettled, "refund_settled", Flag, "Nothing more is owed to the buyer")                    \
  X(RefundExecuted, "refund_executed", Flag, "Some refund has gone out")                           \
  X(AllRefunded, "all_refunded", Flag, "Everything that was paid has been refunded")               \
  X(Cancelled, "cancelled", Flag, "Cancelled by whoever decides about that")                       \
  X(Terminated, "terminated", Flag, "Ended by agreement before it was fulfilled")                  \
  X(Completed, "completed", Flag, "Completed by its master or by the clock")                       \
  X(ReceiptConfirmed, "receipt_confirmed", Flag, "The buyer confirmed the receipt")                \
  X(Accepted, "accepted", Flag, "The acceptance was signed or deemed given")                       \
  X(Confirmed, "confirmed", Flag, "The order was confirmed to the customer")                       \
  X(Reviewed, "reviewed", Flag, "The order was reviewed")                                          \
  X(Released, "released", Flag, "The order was handed to warehouse or supplier")                   \
  X(CancelRequested, "cancel_requested", Flag, "A cancellation was asked of the warehouse")        \
  X(AnyHold, "any_hold", Flag, "Some hold is open")                                                \
  X(BlockingHold, "blocking_hold", Flag, "A hold stops the order, or all its unshipped lines")     \
  X(HeadlineHold, "headline_hold", Flag, "A blocking hold that shows as the state is open")        \
  X(ShippingHold, "shipping_hold", Flag, "A hold stops shipping")                                  \
  X(ProductionHold, "production_hold", Flag, "A hold stops production")                            \
  X(RemarkOpen, "remark_open", Flag, "A remark of the buyer waits for an answer")                  \
  X(AddressOpen, "address_open", Flag, "The address is known to be incomplete")                    \
  X(Presale, "presale", Flag, "The order is a presale")                                            \
  X(DrawingNeeded, "drawing_needed", Flag, "A drawing must be approved before production")         \
  X(DrawingSubmitted, "drawing_submitted", Flag, "A revision of the drawing awaits approval")      \
  X(DrawingApproved, "drawing_approved", Flag, "The drawing was approved")                         \
  X(MaterialStarted, "material_started", Flag, "A material step began or a purchase was issued")   \
  X(MaterialShort, "material_short", Flag, "Materials are known not to be complete")               \
  X(ProductionStarted, "production_started", Flag, "A production step began")                      \
  X(CostIncurred, "cost_incurred", Flag, "Work or purchases were done that somebody must pay")     \
  X(InspectionPlanned, "inspection_planned", Flag, "A final inspection is planned")                \
  X(InspectionPassed, "inspection_passed", Flag, "The final inspection passed or was conceded")    \
  X(InspectionFailed, "inspection_failed", Flag, "The last final inspection failed")               \
  X(ShipmentReleased, "shipment_released", Flag, "The shipment was released, booked or packed")    \
  X(InstallationPlanned, "installation_planned", Flag, "The order includes an installation")       \
  X(InstallationStarted, "installation_started", Flag, "The installation began")                   \
  X(UnitTravelling, "unit_travelling", Flag, "A package is under way, not delivered")              \
  X(HandedOver, "handed_over", Flag, "Some package left the house")                                \
  X(CarrierScanned, "carrier_scanned", Flag, "A carrier scanned some package")                     \
  X(PackageLost, "package_lost", Flag, "Some package is lost, its carrier says")                   \
  X(InterceptOpen, "intercept_open", Flag, "An interception is being tried")                       \
  X(OpenCase, "open_case", Flag, "Some after-sale case is open")                                   \
  X(OpenExchange, "open_exchange", Flag, "An exchange is open")                                    \
  X(OpenRepair, "open_repair", Flag, "A repair is open")                                           \
  X(OpenReturn, "open_return", Flag, "A return is open")                                           \
  X(GoodsReceived, "goods_received", Flag, "Goods of an open case have been received back")        \
  X(ReplacementShipped, "replacement_shipped", Flag, "The replacement of an open case has left")   \
  X(DisputeOpen, "dispute_open", Flag, "The buyer says that it was not received")                  \
  X(AfterSaleOver, "after_sale_over", Flag,                                                        \
    "The time to ask for the after-sale asked for is over")                                        \
  X(MasterPayment, "is_master_payment", Flag, "Cairn decides about payments")                      \
  X(MasterCancel, "is_master_cancel", Flag, "Cairn decides about cancelling")                      \
  X(MasterAmend, "is_master_amend", Flag, "Cairn decides about changes of lines and address")      \
  X(MasterRefund, "is_master_refund", Flag, "Cairn decides about refunds and after-sales")         \
  X(MasterCompletion, "is_master_completion", Flag, "Cairn decides about completion")              \
  X(MasterDispatch, "is_master_dispatch", Flag, "Cairn decides about picking and dispatch")        \
  X(Approvals, "approvals", Roles, "Roles that approved the command being decided")                \
  X(DaysAsked, "days_asked", Number, "Days the command asks for; 0 when only offered")             \
  X(ChangePermille, "change_permille", Number, "Change of the total asked for, in thousandths")    \
  X(ReceiptExtensions, "receipt_extensions", Number, "How often the receipt period was extended")  \
  X(ReceiptExtensionsByCustomer, "receipt_extensions_by_customer", Number,                         \
    "… of these by the customer")                                                                  \
  X(Now, "now", Time, "The time of the command; not in automatic transitions")                     \
  X(PlacedAt, "placed_at", Time, "When the order was placed")                                      \
  X(PaidAt, "paid_at", Time, "When the terms were satisfied")                                      \
  X(DepositPaidAt, "deposit_paid_at", Time, "When the deposit was paid or waived")                 \
  X(ReleasedAt, "released_at", Time, "When the order was released")                                \
  X(FirstShippedAt, "first_shipped_at", Time, "When the first package left")                       \
  X(LastShippedAt, "last_shipped_at", Time, "When the latest package left")                        \
  X(DeliveredAt, "delivered_at", Time, "When everything had been delivered")                       \
  X(CompletedAt, "completed_at", Time, "When the order was completed")                             \
  X(CancelledAt, "cancelled_at", Time, "When the order was cancelled")                             \
  X(PaymentDueAt, "payment_due_at", Time, "Until when to pay, told by the source or a person")     \
  X(BalanceDueAt, "balance_due_at", Time, "Until when to pay the balance")                         \
  X(ReceiptDueAt, "receipt_due_at", Time, "Until when to confirm, told or extended")               \
  X(PresaleAt, "presale_at", Time, "When a presale may be dispatched")                             \
  X(PromisedAt, "promised_at", Time, "When delivery was promised")                                 \
  X(PackageSilentSince, "package_silent_since", Time,                                              \
    "When the package under way that is silent longest was last seen")                             \
  X(ReceiptPaused, "receipt_paused", Span, "How long after-sales and disputes stopped the clock")  \
  X(CaseType, "case_type", CaseType, "Kind of the after-sale case")                                \
  X(CaseByStaff, "case_by_staff", Flag, "The case was opened by staff or a source")                \
  X(CaseStopConfirmed, "case_stop_confirmed", Flag, "Unshipped goods: dispatch was stopped")       \
  X(CaseGoodsReceived, "case_goods_received", Flag, "The goods of the case are back")              \
  X(CaseReplacementShipped, "case_replacement_shipped", Flag, "The replacement has left")          \
  X(CaseReplacementDelivered, "case_replacement_delivered", Flag, "The replacement was delivered") \
  X(CaseRefunded, "case_refunded", Flag, "The money of the case was refunded")                     \
  X(CaseAmount, "case_amount", Money, "Amount asked for or agreed")                                \
  X(CaseOpenedAt, "case_opened_at", Time, "When the case was opened, or revised")                  \
  X(CaseEnteredAt, "case_entered_at", Time, "Since when the case has been in its state")           \
  X(CaseReturnShippedAt, "case_return_shipped_at", Time, "When the buyer sent the goods back")

enum class Variable : std::uint8_t {
#define X(enumerator, name, unit, doc) enumerator,
  CAIRN_VARIABLES(X)
#undef X
      Count
};
inline constexpr std::size_t kVariableCount = static_cast<std::size_t>(Variable::Count);

struct VariableRow {
  Variable variable;
  std::string_view name;
  Unit unit;
  std::string_view doc;
};
std::span<const VariableRow> variable_table();
const VariableRow& row_of(Variable variable);
std::optional<Variable> variable_from(std::string_view name);
/// Names of the values of a Unit that counts codes; empty for the others.
std::span<const std::string_view> words_of(Unit unit);

/// Values of all variables. Times start unset, masters start with Cairn, the rest with 0.
struct Variables {
  std::array<std::int64_t, kVariableCount> v;

  Variables();
  std::int64_t operator[](Variable which) const { return v[static_cast<std::size_t>(which)]; }
  std::int64_t& operator[](Variable which) { return v[static_cast<std::size_t>(which)]; }
  bool is(Variable flag) const { return (*this)[flag] != 0; }
  /// Time::none() and Time::never() both mean unset.
  void set(Variable which, Time time) {
    (*this)[which] = time.is_none() || time == Time::never() ? kUnset : time.us;
  }
  void set(Variable which, bool is_true) { (*this)[which] = is_true ? 1 : 0; }
};

}  // namespace cairn::lifecycle

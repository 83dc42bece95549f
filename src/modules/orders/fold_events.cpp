#include "modules/orders/fold_events.hpp"

#include <algorithm>

#include "base/ranges.hpp"
#include "base/text.hpp"
#include "model/payload_codec.hpp"
#include "modules/orders/fold_endings.hpp"
#include "modules/orders/fold_packages.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;

template <typename T>
void set_if(std::string& to, const T& from) {
  if (!from.empty()) to = from;
}

template <typename Range, typename Is>
auto* find_in(Range& range, Is&& is) {
  const auto found = std::ranges::find_if(range, is);
  return found == range.end() ? nullptr : &*found;
}

void first(Time& to, Time at) {
  if (to.is_none()) to = at;
}

void add_promise(Order& order, const Event& event, model::PromiseOf of, std::string_view line,
                 const model::Moment& moment, model::PromiseBasis basis) {
  if (!moment.is_set()) return;
  order.promises.push_back({of, std::string(line), event.origin.source,
                            end_of(moment.time, moment.precision), basis, event.occurred});
}

void put_line(Order& order, const Event& event, const model::Line& line) {
  auto* known = find_in(order.lines, [&](const LineState& l) { return l.id == line.id; });
  if (!known) {
    known = &order.lines.emplace_back();
    known->id = line.id;
  }
  known->kind = line.kind;
  known->quantity = std::max<std::int64_t>(line.quantity, 0);
  known->tolerance = std::max<std::int64_t>(line.tolerance, 0);
  set_if(known->supplier, line.supplier);
  set_if(known->warehouse, line.warehouse);
  if (line.promised_dispatch.is_set())
    known->promised_dispatch =
        end_of(line.promised_dispatch.time, line.promised_dispatch.precision);
  if (line.promised_delivery.is_set())
    known->promised_delivery =
        end_of(line.promised_delivery.time, line.promised_delivery.precision);
  known->description = model::encode_payload(line);
  add_promise(order, event, model::PromiseOf::Dispatched, line.id, line.promised_dispatch,
              model::PromiseBasis::Source);
  add_promise(order, event, model::PromiseOf::Delivered, line.id, line.promised_delivery,
              model::PromiseBasis::Source);
}

void put_step(Order& order, const model::PlannedStep& step) {
  auto* known = find_in(order.plan, [&](const PlannedStepState& s) { return s.id == step.id; });
  if (!known) {
    known = &order.plan.emplace_back();
    known->id = step.id;
  }
  set_if(known->owner, step.owner);
  set_if(known->phase, step.phase);
  set_if(known->name_zh, step.name_zh);
  set_if(known->name_en, step.name_en);
  if (!step.after.empty()) known->after = step.after;
  if (step.planned_start.is_set()) known->planned_start = step.planned_start.time;
  if (step.planned_end.is_set())
    known->planned_end = end_of(step.planned_end.time, step.planned_end.precision);
  known->is_visible = step.visible_to_customer;
  if (step.quantity != 0) known->quantity = step.quantity;
}

void put_tag(Order& order, const std::string& tag) {
  if (!contains(order.tags, tag)) order.tags.push_back(tag);
}

void put_supplier(Order& order, const Event& event) {
  const auto& supplier = event.as<model::Assigned>().supplier;
  if (!contains(order.suppliers, supplier)) order.suppliers.push_back(supplier);
}

void put_reference(Order& order, const model::ReferenceText& reference) {
  if (!contains(order.references, reference)) order.references.push_back(reference);
}

/// What a reference itself brought does not let it go: it would be taken back, and come again.
void drop_reference(Order& order, const Event& event) {
  const auto& r = event.as<model::ReferenceChange>().reference;
  const auto head = r.issuer.empty() ? r.scheme : r.scheme + "/" + r.issuer;
  if (event.origin.subject != head + ":" + model::normalise_reference(r.scheme, r.value))
    std::erase(order.references, r);
}

/// What a second source says of an order that was placed already.
void compare_placed(Order& order, const Event& event) {
  const auto& p = event.as<model::OrderPlaced>();
  if (event.origin.source == order.source) return;
  const auto disagree = [&](std::string detail) {
    note_conflict(order, model::ConflictCode::SourcesDisagree, std::move(detail), event.id);
  };
  if (p.total && order.total && *p.total != *order.total) disagree("total");
  for (const auto& line : p.lines)
    for (const auto& known : order.lines)
      if (known.id == line.id && known.quantity != line.quantity) disagree("line " + line.id);
}

void place(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::OrderPlaced>();
  const bool is_first = !order.is(Flag::Placed);
  order.set(Flag::Placed);
  if (is_first) {
    order.source = event.origin.source;
    order.at(At::Placed) = event.occurred;
    order.terms = p.terms;
    if (order.last_key == model::EventKey{}) pin(order, p, context);
    if (!p.lifecycle.empty() && !context.definitions->lifecycle(p.lifecycle))
      note_conflict(order, model::ConflictCode::IllegalHere, "unknown_lifecycle", event.id);
    model::OrderPlaced rest = p;
    rest.lines.clear();
    rest.references.clear();
    rest.steps.clear();
    order.placed = model::encode_payload(rest);
  } else {
    compare_placed(order, event);
  }
  if (order.order_no.empty()) order.order_no = p.order_no;
  if (order.shop.empty()) order.shop = p.shop;
  if (order.warehouse.empty()) order.warehouse = p.warehouse;
  if (order.currency.empty()) order.currency = p.currency;
  if (order.buyer_id.empty()) order.buyer_id = p.buyer.id;
  if (!order.total) order.total = p.total;
  if (!order.deposit) order.deposit = p.deposit;
  if (p.balance_before_shipping) order.set(Flag::BalanceBeforeShipping);
  if (p.presale_at.is_set()) order.at(At::Presale) = p.presale_at.time;
  for (const auto& line : p.lines)
    if (is_first || !find_in(order.lines, [&](const LineState& l) { return l.id == line.id; }))
      put_line(order, event, line);
  for (const auto& line : p.lines) {
    if (order.summary.size() >= 60 || line.name.empty()) break;
    if (!order.summary.empty()) order.summary += "、";
    order.summary += utf8_prefix(line.name, 60);
  }
  for (const auto& step : p.steps) put_step(order, step);
  for (const auto& tag : p.tags) put_tag(order, tag);
  for (const auto& reference : p.references) put_reference(order, reference);
  add_promise(order, event, model::PromiseOf::Delivered, "", p.promised_delivery,
              model::PromiseBasis::Source);
  add_promise(order, event, model::PromiseOf::Dispatched, "", p.promised_dispatch,
              model::PromiseBasis::Source);
  if (p.requested_delivery.is_set() && order.at(At::Requested).is_none())
    order.at(At::Requested) = end_of(p.requested_delivery.time, p.requested_delivery.precision);
}

void pay(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::Payment>();
  auto& list = event.type == EventType::PaymentReceived ? order.payments : order.refunds;
  // "The payment" of one source where no id tells several apart.
  const std::string id = p.payment_id.empty() ? event.origin.source : p.payment_id;
  if (event.type == EventType::RefundFailed) {
    std::erase_if(order.refunds, [&](const MoneyState& m) { return m.id == id; });
    return tell_case(order, event, p.case_id, row_of(event.type).name, context);
  }
  auto* known = find_in(list, [&](const MoneyState& m) { return m.id == id; });
  if (!known) {
    known = &list.emplace_back();
    known->id = id;
    known->at = event.occurred;
  } else if (known->source != event.origin.source && p.amount && known->amount &&
             *p.amount != *known->amount) {
    note_conflict(order, model::ConflictCode::SourcesDisagree, "payment " + id, event.id);
  }
  known->source = event.origin.source;
  set_if(known->method, p.method);
  set_if(known->case_id, p.case_id);
  if (p.amount) known->amount = p.amount;
  known->in_full = known->in_full || p.in_full;
  if (event.type == EventType::RefundSucceeded)
    tell_case(order, event, p.case_id, row_of(event.type).name, context);
}

void place_hold(Order& order, const Event& event, const std::string& id, const std::string& reason,
                const std::vector<std::string>& lines, const Context& context) {
  const std::string hold_id = id.empty() ? reason : id;
  auto* known = find_in(order.holds, [&](const HoldState& h) { return h.id == hold_id; });
  if (!known) {
    known = &order.holds.emplace_back();
    known->id = hold_id;
    known->since = event.occurred;
    known->has_date = !event.is(model::EventFlag::NoDate);
  }
  known->reason = reason;
  known->lines = lines;
  known->definition = context.definitions->hold(reason);
}

void release_hold(Order& order, const model::HoldReleased& p) {
  std::erase_if(order.holds, [&](const HoldState& h) {
    if (!p.hold_id.empty()) return h.id == p.hold_id;
    return p.reason.empty() || h.reason == p.reason;
  });
}

void cancel_lines(Order& order, const model::LinesCancelled& p) {
  count_quantities(order);
  if (p.parts.empty())
    for (auto& line : order.lines) cancel_quantity(line, line.quantity);
  for (const auto& part : p.parts)
    if (auto* line = find_in(order.lines, [&](const LineState& l) { return l.id == part.line; }))
      cancel_quantity(*line, part.quantity);
}

void put_total(Order& order, const model::StepTotal& p) {
  auto* known = find_in(order.steps, [&](const StepState& s) {
    return s.line == p.line && s.step == p.step && s.place == p.place;
  });
  if (!known) known = &order.steps.emplace_back(StepState{p.line, p.place, p.step, 0});
  known->total = p.total;
}

void report_step(Order& order, const Event& event) {
  const auto& p = event.as<model::StepReport>();
  auto* step = find_in(order.plan, [&](const PlannedStepState& s) { return s.id == p.step; });
  if (!step) {
    step = &order.plan.emplace_back();
    step->id = p.step;
    step->phase = "production";
  }
  set_if(step->owner, p.owner);
  if (p.planned_start.is_set()) step->planned_start = p.planned_start.time;
  if (p.planned_end.is_set())
    step->planned_end = end_of(p.planned_end.time, p.planned_end.precision);
  if (p.estimated_end.is_set()) step->estimated_end = p.estimated_end.time;
  if (p.good != 0) step->good = p.good;
  if (p.scrap != 0) step->scrap = p.scrap;
  using enum model::NodeAction;
  if (p.action == Started || p.action == Progressed || p.action == Finished) {
    first(step->started, event.occurred);
    if (step->phase == "material") order.set(Flag::MaterialStarted);
    if (step->phase == "production") order.set(Flag::ProductionStarted);
    if (step->phase == "installation") order.set(Flag::InstallationStarted);
  }
  if (p.action == Finished || p.action == Skipped) step->finished = event.occurred;
  // What failed its inspection was worked over: it is to be inspected again.
  if (p.action == Finished && step->phase == "production") order.set(Flag::InspectionFailed, false);
  if (p.action == Blocked) step->blocked_reason = p.reason;
  if (p.action == Blocked || p.action == Unblocked || p.action == Finished)
    step->is_blocked = p.action == Blocked;
}

void plan(Order& order, const Event& event) {
  const auto& p = event.as<model::Plan>();
  for (const auto& step : p.steps) put_step(order, step);
  add_promise(order, event, model::PromiseOf::Delivered, "", p.promised_delivery,
              event.is(model::EventFlag::Command) ? model::PromiseBasis::Person
                                                  : model::PromiseBasis::Source);
  if (event.type == EventType::OrderConfirmed) {
    order.set(Flag::Confirmed);
    first(order.at(At::Confirmed), event.occurred);
  }
}

void report_status(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::StatusReported>();
  order.status_word = p.word;
  using enum model::Reached;
  if (p.reached >= Paid && p.reached != Cancelled) order.set(Flag::ReachedPaid);
  if (p.reached >= Released && p.reached != Cancelled) order.set(Flag::ReachedReleased);
  if (p.reached >= Shipped && p.reached != Cancelled) order.set(Flag::ReachedShipped);
  if (p.reached >= Delivered && p.reached != Cancelled) order.set(Flag::ReachedDelivered);
  if (p.reached == Completed) order.set(Flag::Completed);
  if (p.reached == Cancelled && !order.is(Flag::Cancelled)) {
    order.set(Flag::Cancelled);
    order.cancel_reason = p.word;
  }
  if (!p.hold.empty()) place_hold(order, event, p.hold, p.hold, {}, context);
}

void set_attributes(Order& order, const model::AttributesSet& p) {
  auto fresh = with_attributes(order, p);
  if (!fresh) return order.set(Flag::AttributesBeyond);
  auto* known = find_in(order.attributes, [&](const AttributeState& a) {
    return a.level == p.level && a.element == p.element;
  });
  if (!known) known = &order.attributes.emplace_back(AttributeState{p.level, p.element, "", {}});
  known->json = *std::move(fresh);
  if (!p.personal_attributes.empty()) known->personal.emplace_back(p.personal_attributes.sealed());
}

void put_text(std::vector<TextState>& list, const Event& event) {
  list.push_back(
      {event.id, event.occurred, event.origin.actor,
       std::visit([](const auto& p) { return model::encode_payload(p); }, event.payload)});
}

/// Events that set a flag or a moment and nothing else.
bool move_simply(Order& order, const Event& event) {
  using enum EventType;
  struct Row {
    EventType type;
    Flag flag;
    bool on;
  };
  static constexpr Row kRows[]{{TermsConfirmed, Flag::TermsConfirmed, true},
                               {DepositWaived, Flag::DepositWaived, true},
                               {OrderApproved, Flag::Reviewed, true},
                               {DeliveryDisputed, Flag::DisputeOpen, true},
                               {DisputeClosed, Flag::DisputeOpen, false},
                               {DrawingSubmitted, Flag::DrawingSubmitted, true},
                               {DrawingApproved, Flag::DrawingApproved, true},
                               {DrawingRejected, Flag::DrawingApproved, false},
                               {MaterialsKitted, Flag::MaterialsKitted, true},
                               {ProductionStarted, Flag::ProductionStarted, true},
                               {ShipmentReleased, Flag::ShipmentReleased, true},
                               {ReleasedOnCredit, Flag::ReleasedOnCredit, true},
                               {InstallationStarted, Flag::InstallationStarted, true},
                               {OrderTerminated, Flag::Terminated, true},
                               {PersonalForgotten, Flag::Forgotten, true}};
  for (const auto& row : kRows)
    if (row.type == event.type) {
      order.set(row.flag, row.on);
      return true;
    }
  return false;
}

}  // namespace

void note_conflict(Order& order, model::ConflictCode code, std::string detail,
                   const model::Identity& event) {
  ConflictState conflict{code, std::move(detail), event, {}};
  if (!contains(order.conflicts, conflict)) order.conflicts.push_back(std::move(conflict));
}

void pin(Order& order, const model::OrderPlaced& placed, const Context& context) {
  if (const auto* named = context.definitions->lifecycle(placed.lifecycle)) order.lifecycle = named;
  order.preset = &context.preset_of(*order.lifecycle);
  if (const auto* preset = context.definitions->preset(placed.preset)) order.preset = preset;
  order.state = order.lifecycle->start();
}

void cancel_quantity(LineState& line, std::int64_t quantity) {
  const auto left = std::max<std::int64_t>(line.due() - line.shipped, 0);
  line.cancelled += std::min(std::max<std::int64_t>(quantity, 0), left);
}

void move_axes(Order& order, const Event& event, const Context& context) {
  if (auto tokens = model::tokens_of(event); !tokens.empty()) order.tokens += tokens;
  if (event.key_slot != 0) order.key_slot = event.key_slot;
  end_requests(order, event);
  ask_for_evidence(order, event);
  if (move_simply(order, event)) return;
  using enum EventType;
  switch (event.type) {
    case OrderPlaced:
      return place(order, event, context);
    case LinesAmended: {
      const auto& p = event.as<model::LinesAmended>();
      for (const auto& line : p.lines) put_line(order, event, line);
      if (p.total) order.total = p.total;
      return;
    }
    case PriceChanged:
      order.total = event.as<model::PriceChanged>().total;
      return;
    case AddressChanged:
      order.receiver = model::encode_payload(event.as<model::AddressChanged>().receiver);
      return;
    case PaymentReceived:
    case RefundSucceeded:
    case RefundFailed:
      return pay(order, event, context);
    case OrderReleased:
      order.at(At::Released) = event.occurred;
      return;
    case OrderRecalled:
      return recall(order);
    case OrderCancelled:
    case CancelConfirmed:
      return cancel(order, event);
    case OrderReinstated:
      return reinstate(order, event);
    case CancelRefused:
      return end_cancel_request(order);
    case CancelRequested:
      order.set(Flag::CancelRequested);
      return place_hold(order, event, "", "cancel_pending", {}, context);
    case LinesCancelled:
      return cancel_lines(order, event.as<model::LinesCancelled>());
    case OrderCompleted:
    case ReceiptConfirmed:
    case OrderAccepted:
      return complete(order, event);
    case CompletionCorrected:
      return uncomplete(order, event);
    case InspectionPassed:
    case InspectionConceded:
    case InspectionFailed:
      return inspect(order, event);
    case ReceiptExtended:
      return extend_receipt(order, event);
    case BalanceWindowExtended:
      return extend_balance(order, event);
    case ConflictSettled: {
      const auto& p = event.as<model::ConflictSettled>();
      order.verdicts.push_back({event.key(), p.conflict, p.verdict});
      return;
    }
    case StepTotal:
      return put_total(order, event.as<model::StepTotal>());
    case PackageShipped:
    case PackageUnshipped:
    case PackageScanned:
    case PackageDelivered:
    case PackageRefused:
    case PackageReturning:
    case PackageLost:
    case InterceptRequested:
    case RedirectRequested:
    case CarrierUrged:
      return move_package(order, event, context);
    case SupplierConfirmed:
      return;  // what a supplier says to us is no promise to the customer
    case PromiseMade:
    case DateChanged: {
      const auto& p = event.as<model::PromiseMade>();
      return add_promise(order, event, p.of, p.line, p.at, p.basis);
    }
    case HoldPlaced: {
      const auto& p = event.as<model::HoldPlaced>();
      return place_hold(order, event, p.hold_id, p.reason, p.lines, context);
    }
    case EngineeringChanged:
      return place_hold(order, event, "", "engineering_change", {}, context);
    case HoldReleased:
      return release_hold(order, event.as<model::HoldReleased>());
    case NoteAdded:
      return put_text(order.notes, event);
    case AttachmentAdded:
      return put_text(order.attachments, event);
    case RelationAdded:
      return put_text(order.relations, event);
    case TagAdded:
      return put_tag(order, event.as<model::Tag>().tag);
    case TagRemoved:
      std::erase(order.tags, event.as<model::Tag>().tag);
      return;
    case FlagSet:
      order.flag_colour = event.as<model::Tag>().tag;
      return;
    case ReferenceAdded:
      return put_reference(order, event.as<model::ReferenceChange>().reference);
    case ReferenceRemoved:
      return drop_reference(order, event);
    case AttributesSet:
      return set_attributes(order, event.as<model::AttributesSet>());
    case AfterSaleOpened:
      return open_case(order, event, context);
    case AfterSaleMoved:
      return move_case(order, event, context);
    case SupplierAssigned:
      order.set(Flag::SupplierShips);
      return put_supplier(order, event);
    case PurchaseIssued:
      order.set(Flag::MaterialStarted);
      return put_supplier(order, event);
    case OrderConfirmed:
    case CounterOffered:
    case ProductionPlanned:
      return plan(order, event);
    case StepReported:
      return report_step(order, event);
    case StatusReported:
      return report_status(order, event, context);
    case SurveySent:
      order.survey_sent = event.occurred;
      return;
    case SurveyAnswered:
      order.survey_answered = event.occurred;
      order.survey_score = event.as<model::Survey>().score;
      return;
    case RequestOpened:
      return open_request(order, event);
    case RequestApproved:
      return approve_request(order, event);
    case RequestRefused:
      return refuse_request(order, event);
    default:
      return;  // what only the timeline shows
  }
}

}  // namespace cairn::orders

#include <algorithm>

#include "modules/orders/fold_events.hpp"
#include "modules/orders/fold_packages.hpp"
#include "modules/orders/settle.hpp"

/// After-sale cases: objects of the order with a lifecycle of their own.
namespace cairn::orders {
namespace {

using model::Event;

CaseState* find_case(Order& order, const std::string& id) {
  const auto found = std::ranges::find_if(order.cases, [&](const auto& c) { return c.id == id; });
  return found == order.cases.end() ? nullptr : &*found;
}

/// What was refunded before it left is not owed any more.
void cancel_unshipped(Order& order, const CaseState& c) {
  count_quantities(order);
  for (auto& line : order.lines) {
    if (c.parts.empty()) cancel_quantity(line, line.quantity);
    for (const auto& part : c.parts)
      if (part.line == line.id) cancel_quantity(line, part.quantity);
  }
}

void enter(Order& order, CaseState& moved, lifecycle::StateId state, Time at,
           const Context& context) {
  const auto& entered = context.after_sale().state(state);
  moved.state = state;
  moved.moved = at;
  // Who inspects, repairs or prepares a replacement has the goods in hand.
  if (moves_goods(moved.type) && (entered.category() == model::Category::Preparing ||
                                  entered.category() == model::Category::Production))
    moved.are_goods_back = true;
  moved.is_open = !entered.is_final();
  moved.is_succeeded = entered.category() == model::Category::Done;
  if (moved.is_succeeded && moved.type == model::CaseType::RefundUnshipped)
    cancel_unshipped(order, moved);
}

}  // namespace

void open_case(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::CaseOpened>();
  if (find_case(order, p.case_id)) return;
  if (moves_goods(p.type) && sums_of(order).shipped == 0)
    note_conflict(order, model::ConflictCode::IllegalHere, "return_before_shipping", event.id);
  auto& opened = order.cases.emplace_back();
  opened.id = p.case_id;
  opened.type = p.type;
  opened.parts = p.parts;
  opened.amount = p.amount;
  opened.reason = p.reason;
  opened.opened = opened.moved = event.occurred;
  const auto& chart = context.after_sale();
  opened.is_by_staff = event.origin.role != model::Role::Customer;
  opened.state = chart.start(variables_of_case(order, opened, context));
}

void move_case(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::CaseMoved>();
  CaseState* moved = find_case(order, p.case_id);
  if (!moved) {
    note_conflict(order, model::ConflictCode::IllegalHere, "unknown_case", event.id);
    return;
  }
  const auto target = context.after_sale().target(moved->state, p.on, p.to,
                                                  variables_of_case(order, *moved, context));
  if (!target && moved->step == p.on) return;  // told already: a second witness of the same step
  if (!target) {
    note_conflict(order,
                  event.is(model::EventFlag::Command) ? model::ConflictCode::Overtaken
                                                      : model::ConflictCode::IllegalHere,
                  "after_sale_" + p.on, event.id);
    return;
  }
  if (!p.carrier.empty()) moved->carrier = p.carrier;
  if (!p.number.empty()) moved->number = p.number;
  if (p.amount) moved->amount = p.amount;
  if (!p.parts.empty()) moved->parts = p.parts;
  moved->step = p.on;
  enter(order, *moved, *target, event.occurred, context);
}

void tell_case(Order& order, const Event& event, const std::string& id, std::string_view step,
               const Context& context) {
  CaseState* moved = find_case(order, id);
  if (!moved) return;
  const auto target = context.after_sale().target(moved->state, step, "",
                                                  variables_of_case(order, *moved, context));
  if (!target) return;
  moved->step = step;
  enter(order, *moved, *target, event.occurred, context);
}

}  // namespace cairn::orders

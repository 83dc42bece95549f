#include <algorithm>

#include "base/ranges.hpp"
#include "modules/orders/decide.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/render.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Label;

void write_label(json::Writer& out, std::string_view key, const Label& label) {
  out.key(key).begin_object().field("zh", label.zh).field("en", label.en).end_object();
}

void write_definition(json::Writer& out, const lifecycle::Command* definition) {
  if (!definition) return;
  if (!definition->effect.empty()) write_label(out, "effect", definition->effect);
  out.field("tone", definition->tone).text_if("undo", definition->undo);
}

void write_fields(json::Writer& out, model::EventType type, std::span<const std::string> needs) {
  out.key("fields").begin_array();
  model::each_field(type, [&](const model::FieldInfo& field) {
    out.begin_object().field("name", field.name).field("type", field.type);
    const bool is_needed = field.is_required || std::ranges::find(needs, field.name) != needs.end();
    if (is_needed) out.field("required", true);
    if (!field.options.empty()) {
      out.key("options").begin_array();
      for (const auto option : field.options) {
        out.begin_object().field("code", option);
        write_label(out, "label", {std::string(option), std::string(option)});
        out.end_object();
      }
      out.end_array();
    }
    out.end_object();
  });
  out.end_array();
}

void write_own_fields(json::Writer& out, const lifecycle::Command& command) {
  out.key("fields").begin_array();
  for (const auto& [name, type] : command.fields)
    out.begin_object().field("name", name).field("type", type).end_object();
  out.end_array();
}

void write_offer(json::Writer& out, const Order& order, const lifecycle::Offer& offer,
                 const Context& context) {
  const auto& transition = *offer.transition;
  out.begin_object().field("name", transition.on);
  write_label(out, "label", transition.label);
  write_definition(out, context.definitions->command(transition.on));
  out.field("decided_by", offer.is_decided_by_cairn
                              ? std::string_view("cairn")
                              : context.master_of(order.source, transition.area));
  out.field("allowed", offer.is_allowed);
  if (!offer.is_allowed) write_label(out, "why_not", offer.why_not);
  if (transition.target.way == lifecycle::Target::Way::State)
    out.field("to", order.lifecycle->state(transition.target.states.front()).code());
  write_fields(out, transition.emits, transition.needs);
  out.end_object();
}

void write_general(json::Writer& out, const lifecycle::Command& command) {
  out.begin_object().field("name", command.code);
  write_label(out, "label", command.label);
  write_definition(out, &command);
  out.field("decided_by", "cairn").field("allowed", true);
  if (command.has_own_fields)
    write_own_fields(out, command);
  else
    write_fields(out, *command.emits, {});
  out.end_object();
}

}  // namespace

void write_commands(json::Writer& out, const Order& order, const Viewer& viewer) {
  const auto& context = *viewer.context;
  const auto variables = variables_of(order, context);
  out.begin_array();
  if (viewer.role == model::Role::Admin) {
    // An administrator acts in every role: what anyone may do here is offered once.
    std::vector<lifecycle::Offer> best;
    for (std::size_t i = 0; i < model::Names<model::Role>::all().size(); ++i)
      for (const auto& offer :
           order.lifecycle->offers(order.state, variables, static_cast<model::Role>(i))) {
        const auto same = std::ranges::find_if(
            best, [&](const auto& o) { return o.transition->on == offer.transition->on; });
        if (same == best.end())
          best.push_back(offer);
        else if (!same->is_allowed && offer.is_allowed)
          *same = offer;
      }
    for (const auto& offer : best) write_offer(out, order, offer, context);
  } else {
    for (const auto& offer : order.lifecycle->offers(order.state, variables, viewer.role))
      write_offer(out, order, offer, context);
  }
  for (const auto& command : context.definitions->commands())
    if (command.is_general && command.emits &&
        (viewer.role == model::Role::Admin || lifecycle::has(command.who, viewer.role)) &&
        !(command.is_open_only && order.headline().is_final()))
      write_general(out, command);
  out.end_array();
}

namespace {

void add_allowed(std::vector<std::string>& out, const Order& order,
                 std::span<const lifecycle::Offer> offers, model::Role role) {
  for (const auto& offer : offers) {
    const auto& transition = *offer.transition;
    // Each hold names who may lift it.
    const bool is_release = transition.emits == model::EventType::HoldReleased;
    if (!offer.is_allowed || contains(out, transition.on)) continue;
    if (is_release && std::ranges::none_of(order.holds, [&](const HoldState& hold) {
          return may_release(hold, role);
        }))
      continue;
    out.push_back(transition.on);
  }
}

}  // namespace

std::vector<std::string> allowed_commands(const Order& order, model::Role role,
                                          const Context& context) {
  std::vector<std::string> out;
  const auto variables = variables_of(order, context);
  for (std::size_t i = 0; i < model::Names<model::Role>::all().size(); ++i) {
    if (role != model::Role::Admin && static_cast<model::Role>(i) != role) continue;
    const auto as = static_cast<model::Role>(i);
    add_allowed(out, order, order.lifecycle->offers(order.state, variables, as), role);
    for (const auto& c : order.cases)
      if (c.is_open)
        add_allowed(out, order,
                    context.after_sale().offers(c.state, variables_of_case(order, c, context), as),
                    role);
  }
  return out;
}

model::PaymentState payment_state_of(const Order& order) {
  using enum model::PaymentState;
  if (order.is(Flag::RefundedInFull)) return Refunded;
  if (order.refunded > 0) return PartlyRefunded;
  if (order.is_paid_in_full) return Paid;
  if (order.terms == model::PaymentTerms::Cod) return CodDue;
  if (order.deposit && order.paid >= *order.deposit) return DepositPaid;
  return order.paid > 0 ? PartlyPaid : Unpaid;
}

}  // namespace cairn::orders

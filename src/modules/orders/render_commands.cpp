#include <algorithm>

#include "base/ranges.hpp"
#include "modules/orders/decide.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/render_cases.hpp"
#include "modules/orders/requests.hpp"
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

void write_own_fields(json::Writer& out, const lifecycle::Command& command) {
  out.key("fields").begin_array();
  for (const auto& [name, type] : command.fields)
    out.begin_object().field("name", name).field("type", type).end_object();
  out.end_array();
}

void write_roles(json::Writer& out, std::string_view key, lifecycle::RoleSet roles) {
  out.key(key).begin_array();
  for (const auto name : lifecycle::names_of(roles)) out.value(name);
  out.end_array();
}

/// What every offer of a transition says: what it is, who decides, whether it is possible now.
void begin_offer(json::Writer& out, const Order& order, const lifecycle::Offer& offer,
                 const Context& context) {
  const auto& transition = *offer.transition;
  out.begin_object().field("name", transition.on);
  write_label(out, "label", transition.label);
  write_definition(out, context.definitions->command(transition.on));
  out.field("decided_by", offer.is_decided_by_cairn
                              ? std::string_view("cairn")
                              : context.master_of(order.source, transition.area));
  if (offer.approvals_missing != 0) write_roles(out, "approval", offer.approvals_missing);
  out.field("allowed", offer.is_allowed);
  if (!offer.is_allowed) write_label(out, "why_not", offer.why_not);
}

void write_offer(json::Writer& out, const Order& order, const lifecycle::Offer& offer,
                 const Viewer& viewer) {
  const auto& transition = *offer.transition;
  begin_offer(out, order, offer, *viewer.context);
  if (transition.target.way == lifecycle::Target::Way::State)
    out.field("to", order.lifecycle->state(transition.target.states.front()).code());
  write_fields(out, transition.emits, transition.needs, viewer);
  out.end_object();
}

/// The case and the step are known; what the step needs is asked for, and why.
void write_case_fields(json::Writer& out, const lifecycle::Transition& transition) {
  out.key("fields").begin_array();
  model::each_field(transition.emits, [&](const model::FieldInfo& field) {
    const bool is_needed =
        std::ranges::find(transition.needs, field.name) != transition.needs.end();
    const bool is_known = field.name == "case_id" || field.name == "on" || field.name == "to";
    if (is_known || (!is_needed && field.name != "reason" && field.name != "text")) return;
    out.begin_object().field("name", field.name).field("type", field.type);
    out.field("required", is_needed).end_object();
  });
  out.end_array();
}

void write_case_offer(json::Writer& out, const Order& order, const CaseState& c,
                      const lifecycle::Offer& offer, const Context& context) {
  begin_offer(out, order, offer, context);
  out.key("preset").begin_object().field("case_id", c.id).end_object();
  write_case_fields(out, *offer.transition);
  out.end_object();
}

void begin_general(json::Writer& out, const lifecycle::Command& command) {
  out.begin_object().field("name", command.code);
  write_label(out, "label", command.label);
  write_definition(out, &command);
  out.field("decided_by", "cairn").field("allowed", true);
}

void write_general(json::Writer& out, const lifecycle::Command& command, const Viewer& viewer) {
  begin_general(out, command);
  if (command.has_own_fields)
    write_own_fields(out, command);
  else
    write_fields(out, *command.emits, {}, viewer);
  out.end_object();
}

/// Of which list of reasons (definitions/reasons.yaml) an event's field `reason` takes its codes.
std::string_view reasons_of(model::EventType type) {
  switch (type) {
    case model::EventType::OrderCancelled:
    case model::EventType::CancelRequested:
    case model::EventType::LinesCancelled:
      return "cancel";
    case model::EventType::AfterSaleOpened:
      return "return";
    case model::EventType::StepReported:
      return "delay";
    default:
      return {};
  }
}

/// Choices of the field `reason`, which is text to the model, where definitions have a list for it.
std::vector<std::pair<std::string_view, Label>> reasons_for(
    model::EventType type, const lifecycle::Definitions& definitions) {
  std::vector<std::pair<std::string_view, Label>> out;
  if (type == model::EventType::HoldPlaced)
    for (const auto& row : definitions.holds()) out.emplace_back(row.code, row.label);
  const auto group = reasons_of(type);
  for (const auto& row : definitions.reasons())
    if (!group.empty() && row.group == group) out.emplace_back(row.code, row.label);
  return out;
}

Label option_label(const Viewer& viewer, std::string_view vocabulary, std::string_view code) {
  if (vocabulary == "milestone")
    if (const auto milestone = model::from_name<model::Milestone>(code))
      return viewer.context->definitions->milestone(*milestone).label;
  return viewer.word(vocabulary, code);
}

}  // namespace

void write_fields(json::Writer& out, model::EventType type, std::span<const std::string> needs,
                  const Viewer& viewer) {
  const auto reasons = reasons_for(type, *viewer.context->definitions);
  const auto write_option = [&](std::string_view code, const Label& label) {
    out.begin_object().field("code", code);
    write_label(out, "label", label);
    out.end_object();
  };
  out.key("fields").begin_array();
  model::each_field(type, [&](const model::FieldInfo& field) {
    const bool is_reason = field.name == "reason" && !reasons.empty();
    const bool is_needed = field.is_required || std::ranges::find(needs, field.name) != needs.end();
    out.begin_object().field("name", field.name);
    out.field("type", is_reason ? "choice" : field.type).field("required", is_needed);
    if (field.is_seldom && !is_needed) out.field("seldom", true);
    if (is_reason || !field.options.empty()) {
      out.key("options").begin_array();
      for (const auto option : field.options)
        write_option(option, option_label(viewer, field.vocabulary, option));
      if (is_reason)
        for (const auto& [code, label] : reasons) write_option(code, label);
      out.end_array();
    }
    out.end_object();
  });
  out.end_array();
}

lifecycle::Label command_label(std::string_view command, const Context& context) {
  if (const auto* known = context.definitions->command(command)) return known->label;
  for (const auto& chart : context.definitions->lifecycles())
    for (const auto& state : chart->states())
      for (const auto& transition : state.transitions())
        if (transition.kind == lifecycle::Kind::Command && transition.on == command)
          return transition.label;
  return {std::string(command), std::string(command)};
}

namespace {

constexpr lifecycle::RoleSet kAllRoles = ~lifecycle::RoleSet{0};

/// Offers as `role` has them at `now`; an administrator acts in every role, with every approval.
/// Of several transitions of one name the one that is allowed counts.
std::vector<lifecycle::Offer> offers_for(const lifecycle::Lifecycle& chart,
                                         lifecycle::StateId state, lifecycle::Variables variables,
                                         model::Role role, Time now) {
  variables.set(lifecycle::Variable::Now, now);
  if (role != model::Role::Admin) return chart.offers(state, variables, role);
  variables[lifecycle::Variable::Approvals] = kAllRoles;
  std::vector<lifecycle::Offer> best;
  for (std::size_t i = 0; i < model::Names<model::Role>::all().size(); ++i)
    for (const auto& offer : chart.offers(state, variables, static_cast<model::Role>(i))) {
      const auto same = std::ranges::find_if(
          best, [&](const auto& o) { return o.transition->on == offer.transition->on; });
      if (same == best.end())
        best.push_back(offer);
      else if (!same->is_allowed && offer.is_allowed)
        *same = offer;
    }
  return best;
}

/// A request that nobody would answer is not offered.
void drop_unanswered(std::vector<lifecycle::Offer>& offers, const Order& order, model::Role role,
                     Time now, const Context& context) {
  const auto why = why_not_asked(order, now, context);
  if (why.empty() || role == model::Role::Source) return;
  for (auto& offer : offers) {
    if (!offer.is_allowed || offer.is_decided_by_cairn) continue;
    offer.is_allowed = false;
    offer.why_not = why;
  }
}

/// What can be done with a case, for `role`.
std::vector<lifecycle::Offer> offers_of_case(const Order& order, const CaseState& c,
                                             model::Role role, Time now, const Context& context) {
  auto out =
      offers_for(context.after_sale(), c.state, variables_of_case(order, c, context), role, now);
  drop_unanswered(out, order, role, now, context);
  return out;
}

/// The words there are about a request that waits for an approval.
template <typename Visit>
void each_word(const RequestState& request, model::Role role, const Context& context,
               Visit&& visit) {
  if (request.approvals == 0 || !may_approve(request, role)) return;
  for (const auto& command : context.definitions->commands())
    if (command.is_of_request && command.emits) visit(command);
}

/// The order's command is a step of a case: some open case must foresee it.
bool has_case_for(const Order& order, std::string_view step, model::Role role, Time now,
                  const Context& context) {
  return std::ranges::any_of(order.cases, [&](const CaseState& c) {
    if (!c.is_open) return false;
    const auto offers = offers_of_case(order, c, role, now, context);
    return std::ranges::any_of(offers, [&](const auto& offer) {
      return offer.is_allowed && offer.transition->on == step;
    });
  });
}

/// The offers of the order itself, with what conditions of a file cannot see: each hold names who
/// may lift it, and a step of a case needs a case that foresees it.
std::vector<lifecycle::Offer> offers_of(const Order& order, model::Role role, Time now,
                                        const Context& context) {
  auto out = offers_for(*order.lifecycle, order.state, variables_of(order, context), role, now);
  drop_unanswered(out, order, role, now, context);
  for (auto& offer : out) {
    const auto& transition = *offer.transition;
    if (!offer.is_allowed) continue;
    if (transition.emits == model::EventType::HoldReleased &&
        std::ranges::none_of(order.holds,
                             [&](const HoldState& hold) { return may_release(hold, role); })) {
      offer.is_allowed = false;
      offer.why_not = {"该挂起由其他角色解除", "the hold is for another role to lift"};
    }
    const bool is_asked = !offer.is_decided_by_cairn && role != model::Role::Source;
    if (transition.emits == model::EventType::AfterSaleMoved && !is_asked &&
        !has_case_for(order, transition.case_step.empty() ? transition.on : transition.case_step,
                      role, now, context)) {
      offer.is_allowed = false;
      offer.why_not = {"当前售后单没有这一步", "no open after-sale case foresees this step"};
    }
  }
  return out;
}

void add_allowed(std::vector<std::string>& out, std::span<const lifecycle::Offer> offers) {
  for (const auto& offer : offers)
    if (offer.is_allowed && !contains(out, offer.transition->on))
      out.push_back(offer.transition->on);
}

}  // namespace

void write_case_commands(json::Writer& out, const Order& order, const CaseState& c,
                         const Viewer& viewer) {
  const auto& context = *viewer.context;
  out.key("commands").begin_array();
  if (c.is_open)
    for (const auto& offer : offers_of_case(order, c, viewer.role, viewer.now, context))
      write_case_offer(out, order, c, offer, context);
  out.end_array();
}

void write_request_commands(json::Writer& out, const RequestState& request, const Viewer& viewer) {
  out.key("commands").begin_array();
  each_word(request, viewer.role, *viewer.context, [&](const lifecycle::Command& command) {
    begin_general(out, command);
    out.key("preset").begin_object().field("request_id", request.id).end_object();
    write_fields(out, *command.emits, {}, viewer);
    out.end_object();
  });
  out.end_array();
}

void write_commands(json::Writer& out, const Order& order, const Viewer& viewer) {
  const auto& context = context_of(order, *viewer.context);
  out.begin_array();
  for (const auto& offer : offers_of(order, viewer.role, viewer.now, context))
    write_offer(out, order, offer, viewer);
  for (const auto& command : context.definitions->commands())
    if (command.is_general && command.emits &&
        (viewer.role == model::Role::Admin || lifecycle::has(command.who, viewer.role)) &&
        !(command.is_open_only && order.headline().is_final()))
      write_general(out, command, viewer);
  out.end_array();
}

std::vector<std::string> allowed_commands(const Order& order, model::Role role, Time now,
                                          const Context& in_force) {
  const auto& context = context_of(order, in_force);
  std::vector<std::string> out;
  add_allowed(out, offers_of(order, role, now, context));
  for (const auto& c : order.cases)
    if (c.is_open) add_allowed(out, offers_of_case(order, c, role, now, context));
  for (const auto& request : order.requests)
    each_word(request, role, context, [&](const lifecycle::Command& command) {
      if (!contains(out, command.code)) out.push_back(command.code);
    });
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

#include "modules/orders/decide.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Kind;
using lifecycle::Label;
using lifecycle::Variable;
using model::Event;
using model::EventType;
using model::Role;

Event event_of(const core::Command& command, EventType type, Time at) {
  Event event;
  event.type = type;
  event.id = command.identity;
  event.occurred = at;
  event.origin = command.origin;
  event.set(model::EventFlag::Command);
  return event;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Fields that Cairn fills in where the caller leaves them out.
std::string completed(const core::Command& command, EventType type) {
  std::string data = command.data.empty() ? "{}" : command.data;
  const auto with = [&](std::string_view name, std::string_view value) {
    json::Document document;
    const auto parsed = document.parse(data);
    if (parsed && parsed->is_object() && !parsed->find(name))
      data = model::merge_json_objects(data, fmt::format("{{\"{}\":{}}}", name, quoted(value)));
  };
  const auto own_id = to_hex(command.identity.view()).substr(0, 12);
  if (type == EventType::AfterSaleOpened) with("case_id", own_id);
  if (type == EventType::HoldPlaced) with("hold_id", own_id);
  if (type == EventType::AfterSaleMoved) with("on", command.name);
  if (type == EventType::CustomHappened)
    data = fmt::format("{{\"name\":{},\"data\":{}}}", quoted(command.name), data);
  return data;
}

Result<Event> accepted(const core::Command& command, EventType type, Time at,
                       std::span<const std::string> needs) {
  const auto data = completed(command, type);
  json::Document document;
  CAIRN_TRY(const auto value, document.parse(data));
  if (!value.is_object())
    return fail(ErrorCode::Invalid, "the body of a command is a JSON object", "");
  for (const auto& field : needs)
    if (const auto given = value.find(field); !given || given->is_null())
      return fail(ErrorCode::Invalid, fmt::format("{} needs this field", command.name),
                  "/" + field);
  Event event = event_of(command, type, at);
  CAIRN_TRY(event.payload, model::read_payload(type, value, model::Reading::Command));
  if (auto* promise = std::get_if<model::PromiseMade>(&event.payload))
    promise->basis = command.origin.role == Role::Source ? model::PromiseBasis::Source
                                                         : model::PromiseBasis::Person;
  return event;
}

/// Another system decides: the command is kept as a request until that system speaks.
Event request(const core::Command& command, std::string master, Time at) {
  constexpr Duration kPatience = hours(4);
  Event event = event_of(command, EventType::RequestOpened, at);
  event.payload = model::Requested{to_hex(command.identity.view()).substr(0, 16),
                                   command.name,
                                   std::move(master),
                                   {},
                                   {at + kPatience, Precision::Microsecond}};
  event.raw = command.data;  // what was asked for may be personal: it is sealed with the raw form
  return event;
}

/// What the command itself says, for guards.
void describe(lifecycle::Variables& v, const core::Command& command, Time at) {
  v.set(Variable::Now, at);
  v[Variable::Approvals] = lifecycle::bit(command.origin.role);
  json::Document document;
  const auto data = document.parse(command.data.empty() ? "{}" : command.data);
  if (!data) return;
  if (const auto days = data->find("days")) v[Variable::DaysAsked] = days->as_integer().value_or(0);
  if (const auto total = data->find("total"); total && v[Variable::TotalAmount] > 0) {
    const auto change = std::abs(total->as_integer().value_or(0) - v[Variable::TotalAmount]);
    v[Variable::ChangePermille] =
        change / std::max<std::int64_t>(1, v[Variable::TotalAmount] / 1000);
  }
}

/// An administrator acts in whichever role the command asks for; everybody else in their own.
const lifecycle::Transition* find_for(const lifecycle::Lifecycle& chart, lifecycle::StateId state,
                                      std::string_view name, Role role, lifecycle::Variables& v,
                                      Label* why_not) {
  if (role != Role::Admin) return chart.find(state, Kind::Command, name, role, v, why_not);
  v[Variable::Approvals] = -1;
  for (const auto& transition : chart.state(state).on(Kind::Command, name))
    for (std::size_t i = 0; i < model::Names<Role>::all().size(); ++i)
      if (lifecycle::has(transition.who, static_cast<Role>(i)))
        if (const auto* found =
                chart.find(state, Kind::Command, name, static_cast<Role>(i), v, why_not))
          return found;
  if (why_not && why_not->empty()) chart.find(state, Kind::Command, name, role, v, why_not);
  return nullptr;
}

std::unexpected<Error> refused(const Order& order, std::string_view name, const Label& why) {
  return fail(
      ErrorCode::Refused,
      fmt::format("{} is not possible while the order is {}: {}", name, order.headline().code(),
                  why.en.empty() ? "nothing in this state answers to it" : why.en));
}

Result<std::vector<Event>> decide_case(const Order& order, const core::Command& command, Time at,
                                       const Context& context) {
  json::Document document;
  CAIRN_TRY(const auto data, document.parse(command.data.empty() ? "{}" : command.data));
  const auto id = data.find("case_id");
  const auto text = id ? id->as_id() : std::nullopt;
  const CaseState* meant = nullptr;
  for (const auto& c : order.cases)
    if (text ? c.id == *text : c.is_open) meant = &c;
  if (!meant)
    return fail(ErrorCode::NotFound,
                text ? fmt::format("the order has no after-sale case {}", *text)
                     : "the order has no open after-sale case; name one in case_id",
                "/case_id");
  auto variables = variables_of_case(order, *meant, context);
  describe(variables, command, at);
  Label why;
  const auto* transition = find_for(context.after_sale(), meant->state, command.name,
                                    command.origin.role, variables, &why);
  if (!transition)
    return fail(ErrorCode::Refused,
                fmt::format("{} is not possible while the case is {}: {}", command.name,
                            context.after_sale().state(meant->state).code(), why.en));
  core::Command full = command;
  full.data = model::merge_json_objects(full.data.empty() ? "{}" : full.data,
                                        fmt::format("{{\"case_id\":{}}}", quoted(meant->id)));
  CAIRN_TRY(auto event, accepted(full, EventType::AfterSaleMoved, at, transition->needs));
  return std::vector{std::move(event)};
}

Result<void> check_correction(const Order&, const Event& event) {
  const auto check = [](const std::string& target) -> Result<void> {
    const auto bytes = from_hex(target);
    if (bytes && bytes->size() == 16) return {};
    return fail(ErrorCode::Invalid, "expected the id of an event of this order, 32 hex digits",
                "/target");
  };
  if (event.type == EventType::EventCorrected) {
    const auto& c = event.as<model::Correction>();
    if (!c.move_to.empty()) {
      CAIRN_TRY([[maybe_unused]] const auto id, model::parse_order_id(c.move_to));
    }
    return check(c.target);
  }
  if (event.type == EventType::EventRetracted) return check(event.as<model::Retraction>().target);
  return {};
}

}  // namespace

Result<std::vector<Event>> decide(const Order& order, const core::Command& command, Time at,
                                  const Context& context) {
  if (command.name == "place_order") {
    if (order.is(Flag::Placed))
      return fail(
          ErrorCode::IdReused,
          fmt::format("order {} exists and says something else; change it by commands",
                      order.order_no.empty() ? model::to_text(order.id()) : order.order_no));
    CAIRN_TRY(auto event, accepted(command, EventType::OrderPlaced, at, {}));
    const auto& p = event.as<model::OrderPlaced>();
    if (!p.lifecycle.empty() && !context.definitions->lifecycle(p.lifecycle))
      return fail(ErrorCode::Invalid,
                  fmt::format("no lifecycle \"{}\"; GET /v1/meta lists them", p.lifecycle),
                  "/lifecycle");
    if (!p.preset.empty() && !context.definitions->preset(p.preset))
      return fail(ErrorCode::Invalid, fmt::format("no preset \"{}\"", p.preset), "/preset");
    return std::vector{std::move(event)};
  }
  if (order.events == 0)
    return fail(ErrorCode::NotFound, fmt::format("no order {}", model::to_text(order.id())));
  if (const auto* general = context.definitions->command(command.name);
      general && general->is_general && general->emits) {
    const Role role = command.origin.role;
    if (role != Role::Admin && !lifecycle::has(general->who, role))
      return fail(ErrorCode::Forbidden,
                  fmt::format("{} is not for the role {}", command.name, name_of(role)));
    if (general->is_open_only && order.headline().is_final())
      return refused(order, command.name, {"订单已结束", "the order has ended"});
    CAIRN_TRY(auto event, accepted(command, *general->emits, at, {}));
    CAIRN_TRY_VOID(check_correction(order, event));
    return std::vector{std::move(event)};
  }
  if (order.headline().on(Kind::Command, command.name).empty() &&
      !order.lifecycle->emits(command.name) && context.after_sale().emits(command.name))
    return decide_case(order, command, at, context);
  auto variables = variables_of(order, context);
  describe(variables, command, at);
  Label why;
  const auto* transition =
      find_for(*order.lifecycle, order.state, command.name, command.origin.role, variables, &why);
  if (!transition) {
    // While a case holds the headline, the case's own commands have the order's names too.
    if (!order.cases.empty() && context.after_sale().emits(command.name))
      return decide_case(order, command, at, context);
    return refused(order, command.name, why);
  }
  if (!transition->is_decided_by_cairn(variables) && command.origin.role != Role::Source)
    return std::vector{
        request(command, std::string(context.master_of(order.source, transition->area)), at)};
  if (transition->emits == EventType::AfterSaleMoved)
    return decide_case(order, command, at, context);
  CAIRN_TRY(auto event, accepted(command, transition->emits, at, transition->needs));
  return std::vector{std::move(event)};
}

}  // namespace cairn::orders

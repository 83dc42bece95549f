#include "modules/orders/decide.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ranges.hpp"
#include "base/text.hpp"
#include "modules/orders/fold_packages.hpp"
#include "modules/orders/render.hpp"
#include "modules/orders/requests.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Kind;
using lifecycle::Label;
using lifecycle::Variable;
using model::Event;
using model::EventType;
using model::Role;

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

/// How long after receipt an after-sale of this kind and reason may be asked for, by the channel's
/// rules; nothing where they set no end.
std::optional<Duration> window_of(const lifecycle::Preset& preset, model::CaseType type,
                                  std::string_view reason) {
  using enum model::CaseType;
  using lifecycle::Limit;
  const bool is_back = type == ReturnRefund || type == RefundOnly;
  if (is_back && reason == "no_reason") return preset.limit(Limit::AskNoReason);
  if (is_back) return preset.limit(Limit::AskReturn);
  if (type == Exchange) return preset.limit(Limit::AskExchange);
  return std::nullopt;
}

/// Windows count from the day after receipt. Whose day that is, is not known here: one day is
/// given.
bool is_after_sale_over(const Order& order, const json::Value& data, Time at) {
  const auto received = order.at(At::Delivered);
  const auto named = data.find("type");
  const auto type = named ? model::from_name<model::CaseType>(named->as_string().value_or(""))
                          : std::optional<model::CaseType>();
  if (!type || received.is_none()) return false;
  const auto reason = data.find("reason");
  const auto window =
      window_of(*order.preset, *type, reason ? reason->as_string().value_or("") : "");
  return window && at >= received + days(1) + *window;
}

/// What the command itself says, for guards, and who has approved it.
void describe(lifecycle::Variables& v, const Order& order, const core::Command& command, Time at,
              lifecycle::RoleSet approvals) {
  v.set(Variable::Now, at);
  v[Variable::Approvals] = approvals;
  json::Document document;
  const auto data = document.parse(command.data.empty() ? "{}" : command.data);
  if (!data) return;
  if (const auto days = data->find("days")) v[Variable::DaysAsked] = days->as_integer().value_or(0);
  if (const auto total = data->find("total"); total && total->as_integer())
    v[Variable::ChangePermille] = change_permille(order, *total->as_integer());
  if (command.name == "open_after_sale")
    v.set(Variable::AfterSaleOver, is_after_sale_over(order, *data, at));
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

/// A refusal names the state and what could be done instead.
std::unexpected<Error> refused(const Order& order, const core::Command& command,
                               std::string_view where, std::string_view why, Time at,
                               const Context& context) {
  const Role role = command.origin.role;
  const auto allowed = allowed_commands(order, role, at, context);
  return fail(
      ErrorCode::Refused,
      fmt::format("{} is not possible while {}: {}; {}", command.name, where, why,
                  allowed.empty() ? fmt::format("no command is open to {} now", name_of(role))
                                  : fmt::format("allowed now: {}", fmt::join(allowed, ", "))));
}
std::unexpected<Error> refused(const Order& order, const core::Command& command, const Label& why,
                               Time at, const Context& context) {
  const bool is_known = !order.headline().on(Kind::Command, command.name).empty();
  return refused(order, command, fmt::format("the order is {}", order.headline().code()),
                 is_known ? why.en : "this state has no such command", at, context);
}

/// Another system decides, and it is not that system which speaks.
bool is_asked(const lifecycle::Transition& transition, const core::Command& command,
              const lifecycle::Variables& variables) {
  return !transition.is_decided_by_cairn(variables) && command.origin.role != Role::Source;
}

Result<std::vector<Event>> one(Result<Event> event) {
  if (!event) return std::unexpected(std::move(event).error());
  return std::vector{*std::move(event)};
}

/// Where the lifecycle leaves a choice, the command makes it.
Result<void> check_choice(const lifecycle::Transition& transition, const Event& event,
                          const Context& context) {
  if (transition.target.way != lifecycle::Target::Way::Choose) return {};
  std::vector<std::string_view> codes;
  for (const auto state : transition.target.states)
    codes.push_back(context.after_sale().state(state).code());
  if (contains(codes, std::string_view(event.as<model::CaseMoved>().to))) return {};
  return fail(ErrorCode::Invalid, fmt::format("expected one of {}", fmt::join(codes, ", ")), "/to");
}

Result<std::vector<Event>> decide_case(const Order& order, const core::Command& command, Time at,
                                       const Context& context, lifecycle::RoleSet approvals) {
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
  describe(variables, order, command, at, approvals);
  Label why;
  const auto* transition = find_for(context.after_sale(), meant->state, command.name,
                                    command.origin.role, variables, &why);
  if (!transition) {
    const auto& here = context.after_sale().state(meant->state);
    const bool is_known = !here.on(Kind::Command, command.name).empty();
    return refused(order, command, fmt::format("the case is {}", here.code()),
                   is_known ? why.en : "this state has no such command", at, context);
  }
  core::Command full = command;
  full.data = model::merge_json_objects(full.data.empty() ? "{}" : full.data,
                                        fmt::format("{{\"case_id\":{}}}", quoted(meant->id)));
  const auto missing = transition->approvals_missing(command.origin.role, variables);
  if (missing == 0 && is_asked(*transition, command, variables))
    return one(ask_master(order, command, transition->area, at, context));
  CAIRN_TRY(auto event, accepted(full, EventType::AfterSaleMoved, at, transition->needs));
  CAIRN_TRY_VOID(check_choice(*transition, event, context));
  if (missing != 0)
    return std::vector{ask_approval(order, full, transition->area, missing, at, context)};
  return std::vector{std::move(event)};
}

/// A fact may correct what is still to come; whoever gives a command has seen what it is about.
Result<void> check_correction(const Event& event, const core::Knows& knows) {
  const auto check = [&](const std::string& target) -> Result<void> {
    const auto bytes = from_hex(target);
    if (!bytes || bytes->size() != model::Identity::size())
      return fail(ErrorCode::Invalid, "expected the id of an event of this order, 32 hex digits",
                  "/target");
    if (knows && !knows(model::Identity::from(*bytes)))
      return fail(ErrorCode::Invalid,
                  fmt::format("the order has no event {}; its timeline lists them", target),
                  "/target");
    return {};
  };
  if (event.type == EventType::EventCorrected) {
    const auto& c = event.as<model::Correction>();
    if (!c.move_to.empty()) {
      if (const auto id = model::parse_order_id(c.move_to); !id)
        return fail(ErrorCode::Invalid, id.error().message, "/move_to");
    }
    return check(c.target);
  }
  if (event.type == EventType::EventRetracted) return check(event.as<model::Retraction>().target);
  return {};
}

/// Parts must name lines of the order, and no more of them than is left.
Result<void> check_parts(const Order& order, std::span<const model::Part> parts,
                         std::string_view verb) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto line = std::ranges::find(order.lines, parts[i].line, &LineState::id);
    if (line == order.lines.end())
      return fail(ErrorCode::Invalid, fmt::format("the order has no line {}", parts[i].line),
                  fmt::format("/parts/{}/line", i));
    const auto left = line->due() - line->shipped + line->tolerance;
    if (parts[i].quantity < 1 || parts[i].quantity > left)
      return fail(ErrorCode::Invalid,
                  fmt::format("of line {} there can be {} at least 1 and at most {}", parts[i].line,
                              verb, std::max<std::int64_t>(left, 0)),
                  fmt::format("/parts/{}/quantity", i));
  }
  return {};
}

Result<void> check_hold(const Order& order, const model::HoldPlaced& hold, const Context& context) {
  if (!context.definitions->hold(hold.reason))
    return fail(ErrorCode::Invalid,
                fmt::format("no hold reason \"{}\"; GET /v1/meta lists them", hold.reason),
                "/reason");
  for (std::size_t i = 0; i < hold.lines.size(); ++i)
    if (!contains(order.lines | std::views::transform(&LineState::id), hold.lines[i]))
      return fail(ErrorCode::Invalid, fmt::format("the order has no line {}", hold.lines[i]),
                  fmt::format("/lines/{}", i));
  return {};
}

Result<void> check_release(const Order& order, const Event& event) {
  const auto& p = event.as<model::HoldReleased>();
  const Role role = event.origin.role;
  bool is_any = false;
  for (const auto& hold : order.holds) {
    if (!p.hold_id.empty() ? hold.id != p.hold_id : !p.reason.empty() && hold.reason != p.reason)
      continue;
    is_any = true;
    if (may_release(hold, role)) continue;
    return fail(
        ErrorCode::Forbidden,
        fmt::format("a hold for {} is released by {} or a supervisor, not by {}", hold.reason,
                    fmt::join(lifecycle::names_of(hold.definition->released_by), ", "),
                    name_of(role)),
        "/hold_id");
  }
  if (is_any) return {};
  return fail(ErrorCode::NotFound, "the order has no such open hold",
              p.hold_id.empty() ? "/reason" : "/hold_id");
}

Result<void> check_attributes(std::string_view level, const model::JsonText& attributes,
                              const std::string& at, const Context& context) {
  const auto faults = context.definitions->attributes().check(level, attributes.text);
  if (faults.empty()) return {};
  return fail(ErrorCode::Invalid, faults[0].message, at + faults[0].pointer);
}

Result<void> check_lines(std::span<const model::Line> lines, const Context& context) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    CAIRN_TRY_VOID(check_attributes("line", lines[i].attributes,
                                    fmt::format("/lines/{}/attributes", i), context));
  return {};
}

/// The element must be there, and its level must know the attributes.
Result<void> check_set(const Order& order, const model::AttributesSet& set,
                       const Context& context) {
  const auto has = [&](const auto& range) {
    return std::ranges::any_of(range, [&](const auto& each) { return each.id == set.element; });
  };
  const std::string_view level = set.level.empty() ? "order" : std::string_view(set.level);
  const bool is_level =
      level == "order" || level == "line" || level == "package" || level == "step";
  if (!is_level)
    return fail(ErrorCode::Invalid, "attributes belong to an order, a line, a package or a step",
                "/level");
  const bool is_there = level == "order"     ? set.element.empty()
                        : level == "line"    ? has(order.lines)
                        : level == "package" ? has(order.packages)
                                             : has(order.plan);
  if (!is_there)
    return fail(ErrorCode::Invalid, fmt::format("the order has no {} {}", level, set.element),
                "/element");
  if (!with_attributes(order, set))
    return fail(
        ErrorCode::TooLarge,
        fmt::format("an order has attributes of at most {} elements and {} bytes; remove some "
                    "by setting them to null",
                    kAttributedMax, kAttributesBytesMax),
        "/attributes");
  return check_attributes(level, set.attributes, "/attributes", context);
}

/// The other order is another order.
Result<void> check_relation(const Order& order, const model::Relation& relation) {
  const auto other = model::parse_order_id(relation.order);
  if (!other) return fail(ErrorCode::Invalid, other.error().message, "/order");
  if (*other != order.id()) return {};
  return fail(ErrorCode::Invalid, "an order has no relation with itself", "/order");
}

/// Only a dispatch brings a new package.
Result<void> check_room(const Order& order, const model::PackageReport& report) {
  const auto is_known = [&](const PackageState& package) { return speaks_of(report, package); };
  if (order.packages.size() < kPackagesMax || std::ranges::any_of(order.packages, is_known))
    return {};
  return fail(
      ErrorCode::TooLarge,
      fmt::format("an order has at most {} packages; put more into each, or split the order",
                  kPackagesMax),
      "/package");
}

/// What is made is no more than what is planned, and nothing begins before what it builds on is
/// done.
Result<void> check_step(const Order& order, const model::StepReport& report) {
  const auto step = std::ranges::find(order.plan, report.step, &PlannedStepState::id);
  if (step == order.plan.end()) return {};
  if (step->quantity > 0 && report.good + report.scrap > step->quantity)
    return fail(ErrorCode::Invalid,
                fmt::format("step {} is planned for {}: good and scrap together are at most that",
                            step->id, step->quantity),
                "/good");
  if (report.action != model::NodeAction::Started) return {};
  for (const auto& before : order.plan)
    if (contains(step->after, before.id) && before.finished.is_none())
      return fail(
          ErrorCode::Invalid,
          fmt::format("step {} comes after {}, which is not finished; report that first, or "
                      "plan anew",
                      step->id, before.id),
          "/step");
  return {};
}

/// What is asked about a package needs that package; only a dispatch brings a new one.
Result<void> check_package(const Order& order, const model::PackageReport& report) {
  if (report.package.empty() && report.number.empty()) return {};
  if (std::ranges::any_of(order.packages,
                          [&](const PackageState& package) { return speaks_of(report, package); }))
    return {};
  return fail(ErrorCode::Invalid,
              fmt::format("the order has no package {}",
                          report.package.empty() ? report.number : report.package),
              report.package.empty() ? "/number" : "/package");
}

/// What guards cannot see: whether the payload fits the order.
Result<void> check_details(const Order& order, const Event& event, const Context& context) {
  switch (event.type) {
    case EventType::HoldPlaced:
      return check_hold(order, event.as<model::HoldPlaced>(), context);
    case EventType::HoldReleased:
      return check_release(order, event);
    case EventType::PackageShipped: {
      const auto& report = event.as<model::PackageReport>();
      CAIRN_TRY_VOID(check_room(order, report));
      if (report.direction != model::Direction::Outbound) return {};
      return check_parts(order, report.parts, "shipped");
    }
    case EventType::LinesAmended:
      return check_lines(event.as<model::LinesAmended>().lines, context);
    case EventType::AttributesSet:
      return check_set(order, event.as<model::AttributesSet>(), context);
    case EventType::StepReported:
      return check_step(order, event.as<model::StepReport>());
    case EventType::RelationAdded:
      return check_relation(order, event.as<model::Relation>());
    case EventType::LinesCancelled:
      return check_parts(order, event.as<model::LinesCancelled>().parts, "cancelled");
    default:
      if (const auto* report = std::get_if<model::PackageReport>(&event.payload))
        return check_package(order, *report);
      return {};
  }
}

}  // namespace

bool may_release(const HoldState& hold, Role role) {
  return !hold.definition || role == Role::Admin || role == Role::Supervisor ||
         role == Role::Manager || lifecycle::has(hold.definition->released_by, role);
}

Result<std::vector<Event>> decide(const Order& order, const core::Command& command, Time at,
                                  const Context& in_force, const core::Knows& knows) {
  const auto& context = context_of(order, in_force);
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
    CAIRN_TRY_VOID(check_attributes("order", p.attributes, "/attributes", context));
    CAIRN_TRY_VOID(check_lines(p.lines, context));
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
      return refused(order, command, fmt::format("the order is {}", order.headline().code()),
                     "the order has ended", at, context);
    CAIRN_TRY(auto event, accepted(command, *general->emits, at, {}));
    CAIRN_TRY_VOID(check_correction(event, knows));
    CAIRN_TRY_VOID(check_details(order, event, context));
    return std::vector{std::move(event)};
  }
  if (const auto* known = context.definitions->command(command.name);
      known && known->is_of_request && known->emits)
    return decide_request(order, command, *known->emits, at, context);
  return decide_approved(order, command, at, context, 0);
}

Result<std::vector<Event>> decide_approved(const Order& order, const core::Command& command,
                                           Time at, const Context& context,
                                           lifecycle::RoleSet approvals) {
  if (order.headline().on(Kind::Command, command.name).empty() &&
      !order.lifecycle->emits(command.name) && context.after_sale().emits(command.name))
    return decide_case(order, command, at, context, approvals);
  auto variables = variables_of(order, context);
  describe(variables, order, command, at, approvals);
  Label why;
  const auto* transition =
      find_for(*order.lifecycle, order.state, command.name, command.origin.role, variables, &why);
  if (!transition) {
    // While a case holds the headline, the case's own commands have the order's names too.
    if (!order.cases.empty() && context.after_sale().emits(command.name))
      return decide_case(order, command, at, context, approvals);
    return refused(order, command, why, at, context);
  }
  const auto missing = transition->approvals_missing(command.origin.role, variables);
  if (missing == 0 && is_asked(*transition, command, variables))
    return one(ask_master(order, command, transition->area, at, context));
  if (transition->emits == EventType::AfterSaleMoved && missing == 0) {
    // The order's word for it may be another than the case's.
    core::Command step = command;
    if (!transition->case_step.empty()) step.name = transition->case_step;
    return decide_case(order, step, at, context, approvals);
  }
  CAIRN_TRY(auto event, accepted(command, transition->emits, at, transition->needs));
  CAIRN_TRY_VOID(check_details(order, event, context));
  if (missing != 0)
    return std::vector{ask_approval(order, command, transition->area, missing, at, context)};
  return std::vector{std::move(event)};
}

}  // namespace cairn::orders

#include "modules/orders/requests.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ranges.hpp"
#include "modules/orders/decide.hpp"

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;

Event open(const core::Command& command, Time at, Duration patience) {
  Event event = event_of(command, EventType::RequestOpened, at);
  model::Requested opened;
  opened.request_id = to_hex(command.identity.view()).substr(0, 16);
  opened.command = command.name;
  opened.deadline = {at + patience, Precision::Microsecond};
  event.payload = std::move(opened);
  return event;
}

/// The request a command is about. It is known by its own id, and with the order's before it.
Result<const RequestState*> request_of(const Order& order, const core::Command& command) {
  json::Document document;
  CAIRN_TRY(const auto data, document.parse(command.data.empty() ? "{}" : command.data));
  const auto named = data.find("request_id");
  const auto text = named ? named->as_id() : std::nullopt;
  if (!text)
    return fail(ErrorCode::Invalid, fmt::format("{} needs this field", command.name),
                "/request_id");
  const auto id = text->substr(text->rfind('-') + 1);
  const auto found = std::ranges::find(order.requests, id, &RequestState::id);
  if (found == order.requests.end())
    return fail(ErrorCode::NotFound,
                fmt::format("no request {} waits; the order lists those that do in requests", id),
                "/request_id");
  if (found->approvals == 0)
    return fail(ErrorCode::Forbidden,
                fmt::format("{} decides about {}: its own event ends the request", found->master,
                            found->command),
                "/request_id");
  return &*found;
}

Result<void> check_speaker(const RequestState& request, const core::Command& command,
                           bool is_approval) {
  const auto& who = command.origin;
  const bool is_asker = who.actor == request.asked_by;
  if (!may_approve(request, who.role) && (is_approval || !is_asker))
    return fail(
        ErrorCode::Forbidden,
        fmt::format("{} waits for {}, not for {}", request.command,
                    fmt::join(lifecycle::names_of(request.approvals), ", "), name_of(who.role)),
        "/request_id");
  if (is_approval && (is_asker || contains(request.approved_by, who.actor)))
    return fail(ErrorCode::Forbidden,
                fmt::format("\"{}\" has {} already: somebody else must approve it", who.actor,
                            is_asker ? "asked for it" : "approved it"),
                "/request_id");
  return {};
}

/// What was asked for, in the name of whoever asked.
core::Command asked(const Order& order, const RequestState& request,
                    const core::Command& approval) {
  core::Command command;
  command.name = request.command;
  command.data = request.data;
  command.identity = model::identity_of("cairn/approved", model::to_text(order.id()) + request.id);
  command.origin = approval.origin;
  command.origin.source = request.asked_source;
  command.origin.role = request.asked_role;
  command.origin.actor = request.asked_by;
  return command;
}

}  // namespace

Event event_of(const core::Command& command, EventType type, Time at) {
  Event event;
  event.type = type;
  event.id = command.identity;
  event.occurred = at;
  event.origin = command.origin;
  event.set(model::EventFlag::Command);
  return event;
}

lifecycle::Label why_not_asked(const Order& order, Time at, const Context& context) {
  if (context.acts(order.source, at)) return {};
  return {
      fmt::format("来源“{0}”只有历史数据(未到 acts_from)，不向任何系统发出申请；"
                  "请在数据源定义 {0} 中设置 acts_from",
                  order.source),
      fmt::format("orders of {0} are history and nobody is asked about them; to connect it, set "
                  "acts_from in the definition of the source {0}",
                  order.source)};
}

Result<Event> ask_master(const Order& order, const core::Command& command, lifecycle::Area area,
                         Time at, const Context& context) {
  if (const auto why = why_not_asked(order, at, context); !why.empty())
    return fail(ErrorCode::Refused, why.en);
  Event event = open(command, at, context.patience(order.source, area));
  std::get<model::Requested>(event.payload).master = context.master_of(order.source, area);
  event.raw = command.data;  // what was asked for may be personal: it is sealed with the raw form
  return event;
}

Event ask_approval(const Order& order, const core::Command& command, lifecycle::Area area,
                   lifecycle::RoleSet missing, Time at, const Context& context) {
  Event event = open(command, at, context.patience(order.source, area));
  auto& opened = std::get<model::Requested>(event.payload);
  opened.data.text = command.data;
  for (const auto name : lifecycle::names_of(missing)) opened.approvals.emplace_back(name);
  return event;
}

bool may_approve(const RequestState& request, model::Role role) {
  return (request.approvals & lifecycle::with_deputies(lifecycle::bit(role))) != 0;
}

Result<std::vector<Event>> decide_request(const Order& order, const core::Command& command,
                                          EventType word, Time at, const Context& context) {
  CAIRN_TRY(const auto* request, request_of(order, command));
  const bool is_approval = word == EventType::RequestApproved;
  CAIRN_TRY_VOID(check_speaker(*request, command, is_approval));
  Event event = event_of(command, word, at);
  const auto data =
      model::merge_json_objects(command.data, fmt::format(R"({{"request_id":"{}"}})", request->id));
  CAIRN_TRY(event.payload, model::read_payload(word, data, model::Reading::Command));
  std::vector<Event> out{std::move(event)};
  const auto roles = lifecycle::with_deputies(lifecycle::bit(command.origin.role));
  if (!is_approval || (request->approvals & ~roles) != 0) return out;
  CAIRN_TRY(auto done, decide_approved(order, asked(order, *request, command), at, context,
                                       request->approved | request->approvals));
  std::ranges::move(done, std::back_inserter(out));
  return out;
}

}  // namespace cairn::orders

#include <ranges>
#include <span>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "base/check.hpp"
#include "base/number.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"
#include "http/problem.hpp"

/// Questions about one order, answered by its shard.
namespace cairn::app {
namespace {

std::unexpected<Error> no_order(const model::OrderId& id) {
  return fail(ErrorCode::NotFound, fmt::format("no order {}; look one up by its number with "
                                               "/v1/orders?reference=order:<number>",
                                               model::to_text(id)));
}

Result<std::optional<Time>> time_of(const http::Request& request, std::string_view name) {
  const auto text = request.query(name);
  if (!text) return std::nullopt;
  auto parsed = parse_rfc3339(*text);
  if (!parsed) {
    parsed.error().pointer = fmt::format("/{}", name);
    return std::unexpected(parsed.error());
  }
  return end_of(parsed->time, parsed->precision);
}

/// "<µs>.<rank>.<number>", as write_timeline says it.
Result<orders::TimelinePart> timeline_part(const http::Request& request) {
  constexpr std::size_t kNormal = 500, kMost = 1'000;
  orders::TimelinePart part;
  CAIRN_TRY(part.limit, limit_of(request, kNormal, kMost));
  part.is_newest_first = request.query("newest").value_or("false") == "true";
  CAIRN_TRY(const auto known_at, time_of(request, "known_at"));
  if (known_at) part.known_at = *known_at;
  const auto cursor = request.query("cursor").value_or("");
  if (cursor.empty()) return part;
  auto& [at, rank, number] = part.after.emplace();
  const auto parts = split(cursor, '.');
  if (parts.size() != 3 || !read_number(parts[0], at) || !read_number(parts[1], rank) ||
      !read_number(parts[2], number))
    return fail(ErrorCode::Invalid, "not a cursor of this list; send next_cursor as it came",
                "/cursor");
  return part;
}

}  // namespace

void Gateway::ask(const http::Request& request, http::Responder responder, History history,
                  Answering answering) {
  const auto id = model::parse_order_id(request.param("id"));
  if (!id) return responder.send(http::problem(id.error(), request));
  put_question(*id, request.info(), std::make_shared<http::Responder>(std::move(responder)),
               history, std::move(answering));
}

void Gateway::put_question(const model::OrderId& id, http::RequestInfo info,
                           std::shared_ptr<http::Responder> responder, History history,
                           Answering answering) {
  core::Question question{history == History::Wanted,
                          [this, responder, info, id, history, answering](Result<core::Seen> seen) {
                            if (!seen) return responder->send(http::problem(seen.error(), info));
                            const auto* order = static_cast<const orders::Order*>(seen->state);
                            if (!order || order->events == 0)
                              return responder->send(http::problem(no_order(id).error(), info));
                            if (auto response = answering(*order, *seen))
                              return responder->send(*std::move(response));
                            CAIRN_CHECK(history == History::Unwanted);
                            put_question(id, info, responder, History::Wanted, answering);
                          }};
  auto submitted =
      installation_.cluster().submit(core::question(model::order_key(id), std::move(question)));
  if (!submitted) responder->send(http::problem(submitted.error(), info));
}

void Gateway::get_order(const Principal& principal, const http::Request& request,
                        http::Responder responder) {
  const auto at = time_of(request, "at");
  const auto known_at = time_of(request, "known_at");
  if (!at || !known_at)
    return responder.send(http::problem(!at ? at.error() : known_at.error(), request));
  const bool is_past = at->has_value() || known_at->has_value();
  ask(request, std::move(responder), is_past ? History::Wanted : History::Unwanted,
      [this, principal, is_past, at = *at, known_at = *known_at](
          const orders::Order& order, const core::Seen& seen) -> std::optional<http::Response> {
        const auto& context = installation_.context();
        auto& names = installation_.rows().names();
        auto view = viewer(principal);
        http::Response response;
        json::Writer w(response.body);
        response.content_type = "application/json";
        if (!is_past) {
          // Who contradicts whom stands in the events only.
          if (!order.conflicts.empty() && seen.history.empty()) return std::nullopt;
          auto events = core::events_of(seen.history, order.key);
          if (!events) return http::problem(events.error(), http::RequestInfo{});
          const auto row = orders::make_status_row(order, seen.version, 0, context, names);
          orders::write_order(w, order, row, seen.key_slot, view, *events);
          response.headers.emplace_back("ETag", fmt::format("\"v{}\"", seen.version));
          return response;
        }
        // What was true at a time, by what was known at another: the same fold over fewer events.
        auto events = core::events_of(seen.history, order.key);
        if (!events) return http::problem(events.error(), http::RequestInfo{});
        const Time known = known_at.value_or(seen.now);
        const Time moment = at.value_or(std::min(known, seen.now));
        std::erase_if(*events, [&](const model::Event& event) { return event.recorded > known; });
        if (events->empty())
          return http::problem({ErrorCode::NotFound,
                                fmt::format("nothing was known of this order at {}; the first was "
                                            "heard later",
                                            format_rfc3339(known)),
                                "/known_at"},
                               http::RequestInfo{});
        orders::Order past;
        past.key = order.key;
        orders::fold_all(past, *events, moment, context, moment);
        view.now = moment;
        const auto row = orders::make_status_row(past, seen.version, 0, context, names);
        std::string body;
        json::Writer inner(body);
        orders::write_order(inner, past, row, seen.key_slot, view, *events);
        body.pop_back();
        response.body = std::move(body);
        response.body += ",\"view\":";
        std::string view_text;
        json::Writer vw(view_text);
        vw.begin_object().field("at", moment);
        if (known_at) vw.field("known_at", *known_at);
        vw.end_object();
        response.body += view_text + "}";
        return response;
      });
}

void Gateway::get_status(const Principal& principal, const http::Request& request,
                         http::Responder responder) {
  ask(request, std::move(responder), History::Unwanted,
      [this, principal, if_none_match = std::string(request.header("if-none-match"))](
          const orders::Order& order, const core::Seen& seen) {
        http::Response response;
        response.content_type = "application/json";
        const auto row = orders::make_status_row(order, seen.version, 0, installation_.context(),
                                                 installation_.rows().names());
        const auto etag = fmt::format("\"v{}\"", seen.version);
        response.headers.emplace_back("ETag", etag);
        if (http::is_same_version(if_none_match, etag)) {
          response.status = 304;
          response.content_type.clear();
          return response;
        }
        orders::append_status(response.body, row, installation_.context(), seen.now);
        return response;
      });
}

void Gateway::get_timeline(const Principal& principal, const http::Request& request,
                           http::Responder responder) {
  const auto part = timeline_part(request);
  if (!part) return responder.send(http::problem(part.error(), request));
  ask(request, std::move(responder), History::Wanted,
      [this, principal, part = *part](const orders::Order& order, const core::Seen& seen) {
        http::Response response;
        response.content_type = "application/json";
        json::Writer w(response.body);
        orders::write_timeline(w, order, seen.history, seen.version, viewer(principal), part);
        return response;
      });
}

namespace {

void write_texts(json::Writer& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const auto& text : texts) out.value(std::string_view(text));
  out.end_array();
}

/// What became of a request, by what its order was told since.
void write_request(json::Writer& w, const model::Event& event, std::span<const model::Event> events,
                   const orders::Order& order, Time now, const orders::Context& context) {
  const auto& opened = event.as<model::Requested>();
  const auto is_of_it = [&](const model::Event& other, model::EventType type) {
    return other.type == type && other.as<model::RequestEnded>().request_id == opened.request_id;
  };
  const bool is_open = contains(order.requests | std::views::transform(&orders::RequestState::id),
                                opened.request_id);
  const auto refusal = std::ranges::find_if(events, [&](const model::Event& other) {
    return is_of_it(other, model::EventType::RequestRefused);
  });
  const bool is_refused = refusal != events.end() && !is_open;
  const bool is_silent = is_open && opened.deadline.time <= now;
  const auto id = model::to_text(order.id());
  w.begin_object().field("id", fmt::format("{}-{}", id, opened.request_id));
  w.field("order", id).field("command", opened.command);
  const auto label = orders::command_label(opened.command, context);
  w.key("label").begin_object().field("zh", label.zh).field("en", label.en).end_object();
  w.text_if("master", opened.master).field("opened_at", event.occurred);
  w.field("state", is_silent ? "silent" : is_open ? "pending" : is_refused ? "refused" : "granted");
  w.time_if("deadline", opened.deadline.time).text_if("actor", event.origin.actor);
  w.field("role", name_of(event.origin.role));
  if (is_silent) w.field("ended_at", opened.deadline.time);
  if (is_refused)
    w.field("ended_at", refusal->occurred)
        .text_if("reason", refusal->as<model::RequestEnded>().reason);
  if (!opened.approvals.empty()) {
    std::vector<std::string> approved_by;
    for (const auto& other : events)
      if (is_of_it(other, model::EventType::RequestApproved))
        approved_by.push_back(other.origin.actor);
    write_texts(w, "approval", opened.approvals);
    write_texts(w, "approved_by", approved_by);
  }
  w.end_object();
}

}  // namespace

/// A request's id is "<order>-<request>".
void Gateway::get_request(const Principal&, const http::Request& request,
                          http::Responder responder) {
  const std::string text(request.param("id"));
  const auto dash = text.find('-');
  const auto id = model::parse_order_id(std::string_view(text).substr(0, dash));
  if (dash == std::string::npos || !id)
    return responder.send(
        http::problem({ErrorCode::NotFound, fmt::format("no request {}", text), ""}, request));
  const auto wanted = text.substr(dash + 1);
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  core::Question question{
      true, [this, shared, info, wanted, id = *id](Result<core::Seen> seen) {
        if (!seen) return shared->send(http::problem(seen.error(), info));
        auto events = core::events_of(seen->history, model::order_key(id));
        if (!events) return shared->send(http::problem(events.error(), info));
        const auto* order = static_cast<const orders::Order*>(seen->state);
        for (const auto& event : *events) {
          if (event.type != model::EventType::RequestOpened) continue;
          const auto& opened = event.as<model::Requested>();
          if (opened.request_id != wanted) continue;
          http::Response response;
          response.content_type = "application/json";
          json::Writer w(response.body);
          write_request(w, event, *events, *order, seen->now, installation_.context());
          return shared->send(std::move(response));
        }
        shared->send(http::problem({ErrorCode::NotFound, "no such request", ""}, info));
      }};
  auto submitted =
      installation_.cluster().submit(core::question(model::order_key(*id), std::move(question)));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

}  // namespace cairn::app

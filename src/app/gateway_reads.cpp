#include <fmt/format.h>

#include "app/gateway.hpp"
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

}  // namespace

void Gateway::ask(const http::Request& request, http::Responder responder, History history,
                  Answering answering) {
  const auto id = model::parse_order_id(request.param("id"));
  if (!id) return responder.send(http::problem(id.error(), request));
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  core::Question question{
      history == History::Wanted,
      [shared, info, id = *id, answering = std::move(answering)](Result<core::Seen> seen) {
        if (!seen) return shared->send(http::problem(seen.error(), info));
        const auto* order = static_cast<const orders::Order*>(seen->state);
        if (!order || order->events == 0)
          return shared->send(http::problem(no_order(id).error(), info));
        shared->send(answering(*order, *seen));
      }};
  auto submitted =
      installation_.cluster().submit(core::question(model::order_key(*id), std::move(question)));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

void Gateway::get_order(const Principal& principal, const http::Request& request,
                        http::Responder responder) {
  const auto at = time_of(request, "at");
  const auto known_at = time_of(request, "known_at");
  if (!at || !known_at)
    return responder.send(http::problem(!at ? at.error() : known_at.error(), request));
  const bool is_past = at->has_value() || known_at->has_value();
  ask(request, std::move(responder), is_past ? History::Wanted : History::Unwanted,
      [this, principal, is_past, at = *at, known_at = *known_at](const orders::Order& order,
                                                                 const core::Seen& seen) {
        const auto& context = installation_.context();
        auto& names = installation_.rows().names();
        auto view = viewer(principal);
        http::Response response;
        json::Writer w(response.body);
        response.content_type = "application/json";
        if (!is_past) {
          const auto row = orders::make_row(order, seen.version, 0, context, names);
          orders::write_order(w, order, row, seen.key_slot, view);
          response.headers.emplace_back("ETag", fmt::format("\"v{}\"", seen.version));
          return response;
        }
        // What was true at a time, by what was known at another: the same fold over fewer events.
        auto events = core::events_of(seen.history, order.key);
        if (!events) return http::problem(events.error(), http::RequestInfo{});
        const Time known = known_at.value_or(seen.now);
        const Time moment = at.value_or(std::min(known, seen.now));
        std::erase_if(*events, [&](const model::Event& event) { return event.recorded > known; });
        orders::Order past;
        past.key = order.key;
        orders::fold_all(past, *events, moment, context, moment);
        view.now = moment;
        const auto row = orders::make_row(past, seen.version, 0, context, names);
        std::string body;
        json::Writer inner(body);
        orders::write_order(inner, past, row, seen.key_slot, view);
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
      [this, principal](const orders::Order& order, const core::Seen& seen) {
        http::Response response;
        response.content_type = "application/json";
        const auto row = orders::make_row(order, seen.version, 0, installation_.context(),
                                          installation_.rows().names());
        orders::append_status(response.body, row, installation_.context(), seen.now);
        return response;
      });
}

void Gateway::get_timeline(const Principal& principal, const http::Request& request,
                           http::Responder responder) {
  ask(request, std::move(responder), History::Wanted,
      [this, principal](const orders::Order& order, const core::Seen& seen) {
        http::Response response;
        response.content_type = "application/json";
        json::Writer w(response.body);
        orders::write_timeline(w, order, seen.history, seen.version, viewer(principal));
        return response;
      });
}

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
      true, [shared, info, wanted, id = *id](Result<core::Seen> seen) {
        if (!seen) return shared->send(http::problem(seen.error(), info));
        auto events = core::events_of(seen->history, model::order_key(id));
        if (!events) return shared->send(http::problem(events.error(), info));
        const auto* order = static_cast<const orders::Order*>(seen->state);
        for (const auto& event : *events) {
          if (event.type != model::EventType::RequestOpened) continue;
          const auto& opened = event.as<model::Requested>();
          if (opened.request_id != wanted) continue;
          const bool is_open =
              std::ranges::any_of(order->requests, [&](const auto& r) { return r.id == wanted; });
          const bool is_refused = std::ranges::any_of(*events, [&](const model::Event& other) {
            return other.type == model::EventType::RequestRefused &&
                   other.as<model::RequestEnded>().request_id == wanted;
          });
          http::Response response;
          response.content_type = "application/json";
          json::Writer w(response.body);
          const bool is_silent = is_open && opened.deadline.time < seen->now;
          w.begin_object().field("id", fmt::format("{}-{}", model::to_text(id), wanted));
          w.field("order", model::to_text(id)).field("command", opened.command);
          w.key("label")
              .begin_object()
              .field("zh", opened.command)
              .field("en", opened.command)
              .end_object();
          w.field("master", opened.master).field("opened_at", event.occurred);
          w.field("state", is_silent    ? "silent"
                           : is_open    ? "pending"
                           : is_refused ? "refused"
                                        : "granted");
          w.time_if("deadline", opened.deadline.time).text_if("actor", event.origin.actor);
          w.end_object();
          return shared->send(std::move(response));
        }
        shared->send(http::problem({ErrorCode::NotFound, "no such request", ""}, info));
      }};
  auto submitted =
      installation_.cluster().submit(core::question(model::order_key(*id), std::move(question)));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

// ---- quarantine ---------------------------------------------------------------------------------

void Gateway::get_quarantine(const Principal&, const http::Request&, http::Responder responder) {
  constexpr std::size_t kShown = 200;
  std::vector<orders::Quarantine::Row> rows;
  for (const auto& quarantine : installation_.quarantines())
    std::ranges::move(quarantine->waiting(), std::back_inserter(rows));
  std::ranges::sort(rows, {}, &orders::Quarantine::Row::oldest);
  http::Response response;
  response.content_type = "application/json";
  json::Writer w(response.body);
  w.begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < std::min(rows.size(), kShown); ++i) {
    const auto& row = rows[i];
    w.begin_object().field("id", row.id);
    w.key("reference")
        .begin_object()
        .field("scheme", row.scheme)
        .text_if("issuer", row.issuer)
        .field("value", row.value)
        .end_object();
    w.field("count", std::uint64_t{row.waiting}).field("first_at", row.oldest);
    w.field("last_at", row.newest);
    w.key("sources").begin_array().end_array();
    w.key("events").begin_array().end_array();
    w.end_object();
  }
  w.end_array().field("total", std::uint64_t{rows.size()}).field("position", position());
  w.end_object();
  responder.send(std::move(response));
}

void Gateway::dismiss(const Principal& principal, const http::Request& request,
                      http::Responder responder) {
  const auto id = from_hex(request.param("id"));
  if (!id || id->size() != 16)
    return responder.send(http::problem(
        {ErrorCode::NotFound, "no such item in quarantine; GET /v1/quarantine lists them", ""},
        request));
  core::Command command;
  command.name = "dismiss_event";
  command.data = std::string(request.body());
  command.identity = model::identity_of("request", request.request_id());
  command.origin = principal.origin();
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  const ports::AggregateKey key{model::kReferenceKind, ports::AggregateId::from(*id)};
  auto submitted = installation_.cluster().submit(core::command(
      key, std::move(command),
      [this, shared, info](const core::Answer& answer, const core::Aggregate*) {
        if (answer.outcome == core::Outcome::Refused || answer.outcome == core::Outcome::Failed)
          return shared->send(http::problem(answer.error, info));
        shared->send(
            http::Response::json(fmt::format("{{\"outcome\":\"accepted\",\"position\":\"{}\"}}",
                                             position_of(answer.shard, answer.number))));
      }));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

}  // namespace cairn::app

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "base/number.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"
#include "http/problem.hpp"
#include "modules/orders/reference.hpp"

/// Events whose reference no order claims yet.
namespace cairn::app {
namespace {

using orders::Quarantine;

/// A page of references, completed by their shards with what waits for each.
struct Waiting {
  std::vector<Quarantine::Row> rows;
  std::vector<std::string> events;  ///< by row
  std::atomic<std::size_t> left{0};
  std::size_t total = 0;
  std::string next_cursor, position;
  http::Responder responder;

  void finish_one() {
    if (--left != 0) return;
    http::Response response;
    response.content_type = "application/json";
    json::Writer w(response.body);
    w.begin_object().key("items").begin_array();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = rows[i];
      w.begin_object().field("id", row.id);
      w.key("reference").begin_object().field("scheme", row.scheme);
      w.text_if("issuer", row.issuer).field("value", row.value).end_object();
      w.field("count", std::uint64_t{row.waiting}).field("first_at", row.oldest);
      w.field("last_at", row.newest).key("sources").begin_array();
      for (const auto& source : row.sources) w.value(std::string_view(source));
      w.end_array().key("events").raw(events[i].empty() ? "[]" : events[i]).end_object();
    }
    w.end_array().text_if("next_cursor", next_cursor).field("total", std::uint64_t{total});
    w.field("position", position).end_object();
    response.headers.emplace_back("Cairn-Position", position);
    responder.send(std::move(response));
  }
};

/// Longest waiting first; those of one moment by their id.
std::pair<Time, std::string_view> place_of(const Quarantine::Row& row) {
  return {row.oldest, row.id};
}

/// "<µs>.<id>": behind which the next page begins.
Result<std::optional<std::pair<Time, std::string>>> cursor_of(const http::Request& request) {
  const auto text = request.query("cursor").value_or("");
  if (text.empty()) return std::nullopt;
  const auto dot = text.find('.');
  const auto us = parse_number<std::int64_t>(std::string_view(text).substr(0, dot));
  if (dot == std::string::npos || !us)
    return fail(ErrorCode::Invalid, "not a cursor of this list; send next_cursor as it came",
                "/cursor");
  return std::pair{Time{*us}, text.substr(dot + 1)};
}

}  // namespace

void Gateway::get_quarantine(const Principal& principal, const http::Request& request,
                             http::Responder responder) {
  const auto limit = limit_of(request, 50, 200);
  if (!limit) return responder.send(http::problem(limit.error(), request));
  const auto cursor = cursor_of(request);
  if (!cursor) return responder.send(http::problem(cursor.error(), request));
  const auto q = request.query("q").value_or(""), source = request.query("source").value_or("");
  auto page = std::make_shared<Waiting>();
  page->position = position();
  std::vector<Quarantine::Row> rows;
  for (const auto& quarantine : installation_.quarantines())
    std::ranges::move(quarantine->waiting(), std::back_inserter(rows));
  std::erase_if(rows, [&](const Quarantine::Row& row) {
    return (!q.empty() && !contains_ignoring_case(row.value, trim(q))) ||
           (!source.empty() && !contains(row.sources, source));
  });
  page->total = rows.size();
  std::ranges::sort(rows, {}, place_of);
  if (*cursor)
    std::erase_if(rows, [&](const Quarantine::Row& row) {
      return place_of(row) <=
             std::pair<Time, std::string_view>((*cursor)->first, (*cursor)->second);
    });
  if (rows.size() > *limit) {
    rows.resize(*limit);
    page->next_cursor = fmt::format("{}.{}", rows.back().oldest.us, rows.back().id);
  }
  page->rows = std::move(rows);
  page->events.resize(page->rows.size());
  page->left = page->rows.size() + 1;
  page->responder = std::move(responder);
  for (std::size_t i = 0; i < page->rows.size(); ++i) {
    const ports::AggregateKey key{model::kReferenceKind,
                                  ports::AggregateId::from(*from_hex(page->rows[i].id))};
    core::Question question{true, [this, page, i, principal](Result<core::Seen> seen) {
                              if (seen && seen->state) {
                                json::Writer w(page->events[i]);
                                orders::write_waiting(
                                    w, static_cast<const orders::ReferenceState&>(*seen->state),
                                    seen->history, viewer(principal));
                              }
                              page->finish_one();
                            }};
    if (!installation_.cluster().submit(core::question(key, std::move(question))))
      page->finish_one();
  }
  page->finish_one();
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
  const auto key_text = request.header("idempotency-key");
  command.identity = key_text.empty() ? model::identity_of("request", request.request_id())
                                      : model::identity_of("key/" + principal.name, key_text);
  command.origin = principal.origin();
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  const ports::AggregateKey key{model::kReferenceKind, ports::AggregateId::from(*id)};
  auto submitted = installation_.cluster().submit(core::command(
      key, std::move(command),
      [this, shared, info](const core::Answer& answer, const core::Aggregate*) {
        if (answer.outcome == core::Outcome::Refused || answer.outcome == core::Outcome::Failed)
          return shared->send(http::problem(answer.error, info));
        http::Response response{204, "", "", {}};
        response.headers.emplace_back("Cairn-Position", position_of(answer.shard, answer.number));
        shared->send(std::move(response));
      }));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

}  // namespace cairn::app

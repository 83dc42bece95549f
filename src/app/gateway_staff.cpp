#include <array>

#include <fmt/format.h>

#include "app/audit_query.hpp"
#include "app/gateway.hpp"
#include "base/number.hpp"
#include "http/problem.hpp"

/// What staff look at behind the order: the audit, an event as it was sent, attachments.
namespace cairn::app {
namespace {

void write_page(json::Writer& w, const AuditPage& page) {
  w.begin_object().key("items").begin_array();
  for (const auto& item : page.items) orders::write_audit_row(w, item.row);
  w.end_array().text_if("next_cursor", page.next_cursor).end_object();
}

Result<AuditFilter> filter_of(const http::Request& request) {
  AuditFilter filter;
  filter.order = request.query("order").value_or("");
  filter.actor = request.query("actor").value_or("");
  static constexpr std::array<std::string_view, 5> kOutcomes{"accepted", "refused", "duplicate",
                                                             "requested", "corrected"};
  CAIRN_TRY(filter.outcome, choice_of(request, "outcome", kOutcomes));
  if (!filter.order.empty())
    if (const auto id = model::parse_order_id(filter.order); !id)
      return fail(ErrorCode::Invalid, id.error().message, "/order");
  const auto time = [&](std::string_view name, Time& out) -> Result<void> {
    const auto text = request.query(name);
    if (!text) return {};
    auto parsed = parse_rfc3339(*text);
    if (!parsed) return fail(ErrorCode::Invalid, parsed.error().message, fmt::format("/{}", name));
    out = parsed->time;
    return {};
  };
  CAIRN_TRY_VOID(time("from", filter.from));
  CAIRN_TRY_VOID(time("until", filter.until));
  return filter;
}

}  // namespace

void Gateway::get_audit_of_all(const Principal&, const http::Request& request,
                               http::Responder responder) {
  constexpr std::size_t kCsvRows = 100'000;
  const bool is_csv = request.header("accept").find("text/csv") != std::string_view::npos;
  auto filter = filter_of(request);
  if (!filter) return responder.send(http::problem(filter.error(), request));
  auto limit = limit_of(request, 50, 200);
  if (!limit) return responder.send(http::problem(limit.error(), request));
  if (is_csv) limit = kCsvRows;
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  const bool is_taken = workers_.run([this, shared, info, is_csv, filter = *filter, limit = *limit,
                                      cursor = request.query("cursor").value_or("")] {
    const auto page = AuditQuery(installation_).page(filter, cursor, limit);
    if (!page) return shared->send(http::problem(page.error(), info));
    http::Response response;
    if (is_csv) {
      response.content_type = "text/csv; charset=utf-8";
      response.headers.emplace_back("Content-Disposition", "attachment; filename=\"audit.csv\"");
      if (!page->next_cursor.empty())
        response.headers.emplace_back("Cairn-Next-Cursor", page->next_cursor);
      response.body = orders::audit_csv_head();
      for (const auto& item : page->items) orders::append_audit_csv(response.body, item.row);
    } else {
      response.content_type = "application/json";
      json::Writer w(response.body);
      write_page(w, *page);
    }
    shared->send(std::move(response));
  });
  if (!is_taken)
    shared->send(http::problem({ErrorCode::Busy, "too many lists at once; try again", ""}, info));
}

/// Newest first; the cursor is the number below which the next page begins.
void Gateway::get_audit(const Principal&, const http::Request& request, http::Responder responder) {
  const auto limit = limit_of(request, 50, 200);
  if (!limit) return responder.send(http::problem(limit.error(), request));
  std::uint64_t below = ~std::uint64_t{0};
  if (const auto cursor = request.query("cursor"); cursor && !cursor->empty()) {
    if (!read_number(*cursor, below))
      return responder.send(
          http::problem({ErrorCode::Invalid, "not a cursor of this list", "/cursor"}, request));
  }
  ask(request, std::move(responder), History::Wanted,
      [limit = *limit, below](const orders::Order& order, const core::Seen& seen) {
        AuditPage page;
        for (auto at = seen.history.rbegin(); at != seen.history.rend(); ++at) {
          if (at->number >= below) continue;
          auto row =
              orders::audit_row_of({at->type, order.key, at->number, at->recorded, at->body});
          if (!row) continue;
          if (page.items.size() == limit) {
            page.next_cursor = std::to_string(page.items.back().row.number);
            break;
          }
          page.items.push_back({0, *std::move(row)});
        }
        http::Response response;
        response.content_type = "application/json";
        json::Writer w(response.body);
        write_page(w, page);
        return response;
      });
}

void Gateway::get_raw(const Principal& principal, const http::Request& request,
                      http::Responder responder) {
  if (principal.role == model::Role::Customer || principal.role == model::Role::Supplier ||
      principal.role == model::Role::Carrier)
    return responder.send(http::problem(
        {ErrorCode::Forbidden, "what a source sent is shown to staff only", ""}, request));
  const auto bytes = from_hex(request.param("event"));
  const auto info = request.info();
  if (!bytes || bytes->size() != 16)
    return responder.send(
        http::problem({ErrorCode::NotFound, "no such event in this order", ""}, request));
  ask(request, std::move(responder), History::Wanted,
      [this, principal, info, wanted = model::Identity::from(*bytes)](const orders::Order& order,
                                                                      const core::Seen& seen) {
        http::Response response;
        response.content_type = "application/json";
        json::Writer w(response.body);
        if (!orders::write_raw_event(w, order, seen.history, wanted, viewer(principal)))
          return http::problem({ErrorCode::NotFound, "no such event in this order", ""}, info);
        return response;
      });
}

void Gateway::add_attachment_routes(http::Router& router) {
  using enum http::Method;
  router.add(
      Get, "/v1/attachments/{hash}",
      guarded([this](const Principal&, const http::Request& request, http::Responder responder) {
        auto bytes = attachments_.get(std::string(request.param("hash")));
        if (!bytes) return responder.send(http::problem(bytes.error(), request));
        http::Response response{200, "application/octet-stream", *std::move(bytes), {}};
        response.headers.emplace_back("Content-Disposition", "attachment");
        responder.send(std::move(response));
      }),
      {.rate_class = "read"});
  router.add(
      Put, "/v1/attachments/{hash}",
      guarded([this](const Principal&, const http::Request& request, http::Responder responder) {
        const auto put = attachments_.put(std::string(request.param("hash")), request.body());
        if (!put) return responder.send(http::problem(put.error(), request));
        responder.send({204, "", "", {}});
      }),
      {.rate_class = "write", .body_bytes_max = Attachments::kBytesMax});
}

}  // namespace cairn::app

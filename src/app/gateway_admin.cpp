#include <fmt/format.h>

#include "app/backup.hpp"
#include "app/forget.hpp"
#include "app/gateway.hpp"
#include "http/problem.hpp"
#include "json/value.hpp"

/// What an operator on this machine asks of a running server: POST /v1/admin/….
namespace cairn::app {
namespace {

/// Administrators only, and only from this machine: these requests name folders of it.
Result<void> need_local_admin(const Principal& principal) {
  const bool is_local =
      principal.ip == "127.0.0.1" || principal.ip == "::1" || principal.ip == "::ffff:127.0.0.1";
  if (!is_local)
    return fail(ErrorCode::Forbidden, "this is answered to requests from the same machine only");
  if (principal.role != model::Role::Admin)
    return fail(ErrorCode::Forbidden, "only an administrator may do this");
  return {};
}

/// The text member `name` of the body.
Result<std::string> text_of(const http::Request& request, std::string_view name,
                            json::Limits limits) {
  json::Document document(limits);
  CAIRN_TRY(const auto body, document.parse(request.body()));
  const auto member = body.find(name);
  const auto text = member ? member->as_string() : std::nullopt;
  if (!text || text->empty())
    return fail(ErrorCode::Invalid, fmt::format("{} is missing", name), fmt::format("/{}", name));
  return std::string(*text);
}

}  // namespace

void Gateway::back_up(const Principal& principal, const http::Request& request,
                      http::Responder responder) {
  if (auto allowed = need_local_admin(principal); !allowed)
    return responder.send(http::problem(allowed.error(), request));
  const auto to = text_of(request, "folder", json_limits());
  if (!to) return responder.send(http::problem(to.error(), request));
  if (!to->starts_with('/'))
    return responder.send(http::problem(
        {ErrorCode::Invalid, "expected an absolute path on the server's machine", "/folder"},
        request));
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  const bool is_taken = workers_.run([this, shared, info, to = *to] {
    if (is_backing_up_.exchange(true))
      return shared->send(
          http::problem({ErrorCode::Busy, "another backup is under way", ""}, info));
    auto& cluster = installation_.cluster();
    const auto numbers = cluster.hold_piles();
    const auto made = app::back_up(
        {*options_.folder, installation_.stores(), *options_.tables, numbers, clock_.now()}, to);
    cluster.release_piles();
    is_backing_up_ = false;
    if (!made) return shared->send(http::problem(made.error(), info));
    http::Response response;
    response.content_type = "application/json";
    json::Writer w(response.body);
    w.begin_object().field("folder", to).field("made_at", made->made).field("bytes", made->bytes);
    Position position;
    for (std::uint32_t i = 0; i < made->numbers.size(); ++i) position[i] = made->numbers[i];
    w.field("position", format_position(position)).end_object();
    shared->send(std::move(response));
  });
  if (!is_taken)
    shared->send(
        http::problem({ErrorCode::Busy, "too much is waiting; try again in a second", ""}, info));
}

void Gateway::forget_order(const Principal& principal, const http::Request& request,
                           http::Responder responder) {
  if (auto allowed = need_local_admin(principal); !allowed)
    return responder.send(http::problem(allowed.error(), request));
  const auto named = text_of(request, "order", json_limits());
  if (!named) return responder.send(http::problem(named.error(), request));
  const auto id = model::parse_order_id(*named);
  if (!id) return responder.send(http::problem(id.error(), request));
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  forget(installation_, attachments_, *id, principal.origin(), clock_.now(),
         [shared, info](Result<Forgotten> forgotten) {
           if (!forgotten) return shared->send(http::problem(forgotten.error(), info));
           http::Response response;
           response.content_type = "application/json";
           json::Writer w(response.body);
           w.begin_object().field("order", model::to_text(forgotten->order));
           w.field("keys_destroyed", std::uint64_t{forgotten->keys});
           w.field("files_removed", std::uint64_t{forgotten->files}).end_object();
           shared->send(std::move(response));
         });
}

}  // namespace cairn::app

#include "app/gateway.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>

#include <fmt/format.h>

#include "app/meta.hpp"
#include "app/position.hpp"
#include "base/text.hpp"
#include "crypto/hash.hpp"
#include "http/problem.hpp"

namespace cairn::app {
namespace {

/// Without keys, the browser of whoever works on this machine must not be made to act by a page
/// from elsewhere: neither by a name that was bound to this address, nor across origins.
Result<void> check_local(const http::Request& request) {
  const auto is_local = [](std::string_view host) {
    if (const auto scheme = host.find("://"); scheme != std::string_view::npos)
      host.remove_prefix(scheme + 3);
    if (!host.starts_with('['))
      host = host.substr(0, host.find(':'));
    else
      host = host.substr(0, host.find(']') + 1);
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
  };
  if (!is_local(request.header("host")))
    return fail(ErrorCode::Forbidden,
                "without keys only http://localhost and http://127.0.0.1 are answered; start with "
                "an API key to be reached by another name");
  const auto origin = request.header("origin");
  if (!origin.empty() && !is_local(origin))
    return fail(ErrorCode::Forbidden, "without keys no page from elsewhere may ask");
  return {};
}

std::string hash_of_key(std::string_view key) { return to_hex(crypto::view(crypto::sha256(key))); }

std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  crypto::random_bytes(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

Gateway::Gateway(Options options, Installation& installation, ports::Clock& clock, Live& live,
                 Workers& workers, ImportReports& reports, PublicLinks links,
                 Attachments& attachments)
    : options_(std::move(options)),
      installation_(installation),
      clock_(clock),
      live_(live),
      workers_(workers),
      reports_(reports),
      links_(links),
      attachments_(attachments),
      public_limit_(options_.public_per_minute, random_seed()) {}

Result<Principal> Gateway::principal_of(const http::Request& request) const {
  constexpr std::size_t kActorBytesMax = 100;
  Principal principal;
  principal.ip = request.peer_ip();
  principal.request = request.request_id();
  if (options_.keyless) {
    CAIRN_TRY_VOID(check_local(request));
    principal.name = "local";
  } else if (std::string_view given = request.header("authorization"); is_known_key(given)) {
    principal.name = "bootstrap";
  } else {
    constexpr std::string_view kBearer = "Bearer ";
    if (given.starts_with(kBearer))
      given.remove_prefix(kBearer.size());
    else
      given = request.header("x-api-key");
    // A browser cannot set headers on an event stream: there the key may stand in a cookie.
    if (given.empty()) given = cookie(request.header("cookie"), "cairn_key");
    if (given.empty() || !crypto::equal_in_constant_time(hash_of_key(given), options_.api_key_hash))
      return fail(ErrorCode::Unauthorized,
                  "send the API key as `Authorization: Bearer <key>`; it was shown at first start");
    principal.name = "bootstrap";
  }
  // The one key there is may act in a narrower role, so that what a role may do can be tried.
  if (const auto role = request.header("cairn-role"); !role.empty()) {
    const auto known = model::from_name<model::Role>(role);
    if (!known)
      return fail(ErrorCode::Invalid, "Cairn-Role names no role; GET /v1/meta lists them");
    principal.role = *known;
  }
  // Who stands behind the key: what one asks for, another must approve.
  if (const auto actor = request.header("cairn-actor"); !actor.empty()) {
    if (actor.size() > kActorBytesMax || !is_utf8(actor) ||
        std::ranges::any_of(actor, [](unsigned char c) { return c < ' ' || c == 0x7f; }))
      return fail(ErrorCode::Invalid,
                  fmt::format("Cairn-Actor: expected the name of a person, at "
                              "most {} bytes of UTF-8 without control characters",
                              kActorBytesMax));
    principal.actor = actor;
  }
  if (const auto source = request.header("cairn-source"); !source.empty()) {
    const auto* known = installation_.definitions().sources.find(source);
    if (!known)
      return fail(ErrorCode::Invalid, fmt::format("Cairn-Source: no source \"{}\"", source));
    principal.source = known->id;
  }
  return principal;
}

http::Handler Gateway::guarded(Handler handler) {
  return [this, handler = std::move(handler)](const http::Request& request,
                                              http::Responder responder) {
    const auto principal = principal_of(request);
    if (!principal) return responder.send(http::problem(principal.error(), request));
    if (const auto checked = check_parameters(request); !checked)
      return responder.send(http::problem(checked.error(), request));
    handler(*principal, request, std::move(responder));
  };
}

/// A request that outlives its call, with who asked it.
struct Gateway::Held {
  Held(const Handler& then, Principal asked_by, const http::Request& asked, Position after)
      : handler(then), principal(std::move(asked_by)), until(std::move(after)), request(asked) {
    const auto keep = [&](std::string_view text) -> std::string_view {
      return texts.emplace_back(text);
    };
    request.target = keep(asked.target);
    request.path = keep(asked.path);
    request.query_text = keep(asked.query_text);
    request.body_view = keep(asked.body_view);
    for (std::size_t i = 0; i < request.header_count; ++i)
      request.headers[i] = {keep(asked.headers[i].name), keep(asked.headers[i].value)};
    for (auto& [name, value] : request.params) name = keep(name);
  }
  std::deque<std::string> texts;  ///< what the request's views point into
  Handler handler;
  Principal principal;
  Position until;
  http::Request request;
  http::Responder responder;
  int looks = 0;
};

bool Gateway::has_reached(const Position& position) const {
  const auto& cluster = installation_.cluster();
  return std::ranges::all_of(position, [&](const auto& each) {
    return each.first < cluster.shards() && cluster.viewed(each.first) >= each.second;
  });
}

Gateway::Handler Gateway::behind(Handler handler) {
  return [this, handler = std::move(handler)](
             const Principal& principal, const http::Request& request, http::Responder responder) {
    const auto text = request.query("after");
    const auto after = text ? parse_position(*text) : std::optional<Position>(Position{});
    if (!after)
      return responder.send(
          http::problem({ErrorCode::Invalid,
                         "not a position of this server; send what Cairn-Position said", "/after"},
                        request));
    if (has_reached(*after)) return handler(principal, request, std::move(responder));
    auto held = std::make_shared<Held>(handler, principal, request, *after);
    held->responder = std::move(responder);
    hold(std::move(held));
  };
}

/// After a second it is answered as things are: the answer says how far that is.
void Gateway::hold(std::shared_ptr<Held> held) {
  constexpr std::chrono::milliseconds kPause{10};
  constexpr int kLooksMax = 100;
  const bool is_taken = workers_.run_after(kPause, [this, held] {
    if (!has_reached(held->until) && ++held->looks < kLooksMax) return hold(held);
    held->handler(held->principal, held->request, std::move(held->responder));
  });
  if (!is_taken)
    held->responder.send(
        http::problem({ErrorCode::Busy, "too many lists at once; try again", ""}, held->request));
}

orders::Viewer Gateway::viewer(const Principal& principal) const {
  return {principal.role, &installation_.context(), &installation_.sealer(), clock_.now(),
          words_of(installation_.definitions())};
}

std::string Gateway::position_of(std::uint32_t shard, std::uint64_t number) const {
  return format_position(Position{{shard, number}});
}

std::string Gateway::position() const {
  Position all;
  for (std::uint32_t i = 0; i < installation_.cluster().shards(); ++i)
    all[i] = installation_.cluster().viewed(i);
  return format_position(all);
}

void Gateway::add_routes(http::Router& router) {
  using enum http::Method;
  const auto add = [&](http::Method method, const char* path,
                       void (Gateway::*handler)(const Principal&, const http::Request&,
                                                http::Responder),
                       std::string rate_class) {
    Handler bound = [this, handler](const Principal& p, const http::Request& r,
                                    http::Responder responder) {
      (this->*handler)(p, r, std::move(responder));
    };
    router.add(method, path, guarded(method == Get ? behind(std::move(bound)) : std::move(bound)),
               {.rate_class = std::move(rate_class)});
  };
  add(Post, "/v1/orders", &Gateway::place_order, "write");
  add(Get, "/v1/orders", &Gateway::list_orders, "read");
  add(Get, "/v1/orders/{id}", &Gateway::get_order, "read");
  add(Get, "/v1/orders/{id}/status", &Gateway::get_status, "status");
  add(Get, "/v1/orders/{id}/timeline", &Gateway::get_timeline, "read");
  add(Get, "/v1/orders/{id}/audit", &Gateway::get_audit, "read");
  add(Post, "/v1/orders/{id}/commands/{name}", &Gateway::command, "write");
  add(Post, "/v1/orders/{id}/corrections", &Gateway::correction, "write");
  add(Post, "/v1/commands", &Gateway::commands, "bulk");
  add(Get, "/v1/requests/{id}", &Gateway::get_request, "read");
  add(Get, "/v1/board", &Gateway::get_board, "read");
  add(Get, "/v1/quarantine", &Gateway::get_quarantine, "read");
  add(Post, "/v1/quarantine/{id}/dismiss", &Gateway::dismiss, "write");
  add(Get, "/v1/conflicts", &Gateway::get_conflicts, "read");
  add(Get, "/v1/meta", &Gateway::get_meta, "read");
  add(Get, "/v1/orders/{id}/timeline/{event}/raw", &Gateway::get_raw, "read");
  add(Get, "/v1/audit", &Gateway::get_audit_of_all, "read");
  add(Post, "/v1/admin/forget", &Gateway::forget_order, "write");
  if (options_.folder) add(Post, "/v1/admin/backup", &Gateway::back_up, "bulk");
  add_event_routes(router);
  add_public_routes(router);
  add_attachment_routes(router);
  add_live_routes(router);
  router.add(Get, "/healthz", [](const http::Request&, http::Responder responder) {
    responder.send(http::Response::json(R"({"status":"ok","parts":[]})"));
  });
  router.add(Get, "/readyz", [this](const http::Request&, http::Responder responder) {
    const auto totals = installation_.cluster().totals();
    const bool is_full = totals.is_full;
    http::Response response;
    response.status = is_full ? 503 : 200;
    response.content_type = "application/json";
    json::Writer w(response.body);
    w.begin_object().field("status", is_full ? "failing" : "ok").key("parts").begin_array();
    w.begin_object().field("name", "storage").field("status", is_full ? "failing" : "ok");
    if (is_full)
      w.field("detail", "the disk is full: nothing can be acknowledged until there is room");
    w.end_object();
    // A clock that jumped hinders nothing: it is told, and Cairn is ready.
    w.begin_object().field("name", "clock").field("status", "ok");
    const auto jump = options_.clock_watch ? options_.clock_watch->jump() : std::nullopt;
    if (jump) w.field("detail", "clock_jump: " + describe_jump(*jump));
    w.end_object().end_array().end_object();
    responder.send(std::move(response));
  });
  router.add(Get, "/metrics", [this](const http::Request&, http::Responder responder) {
    get_metrics(std::move(responder));
  });
}

bool Gateway::answer_fast(std::string_view path, std::string_view authorization,
                          std::string& body) {
  constexpr std::string_view kHead = "/v1/orders/";
  constexpr std::string_view kTail = "/status";
  if (path.size() != kHead.size() + 16 + kTail.size() || !path.starts_with(kHead) ||
      !path.ends_with(kTail))
    return false;
  // Without keys the Host header decides (check_local), which is not seen here.
  if (options_.keyless || !is_known_key(authorization)) return false;
  const auto id = model::parse_order_id(path.substr(kHead.size(), 16));
  if (!id) return false;
  const Time now = clock_.now();
  bool is_fresh = false;
  installation_.rows().with(*id, [&](const orders::Row& row) {
    is_fresh = row.is_placed && row.valid_until > now;
    if (is_fresh) orders::append_status(body, row, installation_.context(), now);
  });
  return is_fresh;
}

bool Gateway::is_known_key(std::string_view authorization) const {
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return false;
  // Hashing the key for every status query would cost more than the query.
  thread_local std::string known;
  thread_local const Gateway* known_by = nullptr;
  const auto key = authorization.substr(kBearer.size());
  if (known_by == this && crypto::equal_in_constant_time(known, key)) return true;
  if (!crypto::equal_in_constant_time(hash_of_key(key), options_.api_key_hash)) return false;
  known = key;
  known_by = this;
  return true;
}

std::string_view cookie(std::string_view header, std::string_view name) {
  for (auto part : split(header, ';')) {
    part = trim(part);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
  }
  return {};
}

}  // namespace cairn::app

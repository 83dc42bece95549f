#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/gateway.hpp"
#include "base/number.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"
#include "http/problem.hpp"

/// Commands: requests that want something done.
namespace cairn::app {
namespace {

/// One text per value, so that blanks and the order of members do not make another command.
Result<std::string> canonical_body(const http::Request& request, json::Limits limits) {
  json::Document document(limits);
  const auto body = trim(request.body());
  CAIRN_TRY(const auto value, document.parse(body.empty() ? "{}" : body));
  if (!value.is_object()) return fail(ErrorCode::Invalid, "the body is a JSON object", "");
  std::string out;
  value.append_canonical(out);
  return out;
}

Result<std::optional<std::uint64_t>> expected_version(const http::Request& request) {
  auto text = trim(request.header("if-match"));
  if (text.empty() || text == "*") return std::nullopt;
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() > 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with('v')) text.remove_prefix(1);
  const auto version = parse_number<std::uint64_t>(text);
  if (!version)
    return fail(ErrorCode::Invalid, "If-Match: expected the ETag of the order, such as \"v12\"");
  return version;
}

/// What every request to change an order says, whatever it is called. Errors: those of its body and
/// of If-Match.
Result<core::Command> command_of(const Principal& principal, const http::Request& request,
                                 json::Limits limits) {
  core::Command command;
  CAIRN_TRY(command.data, canonical_body(request, limits));
  CAIRN_TRY(command.expected_version, expected_version(request));
  const auto key = request.header("idempotency-key");
  command.identity = key.empty() ? model::identity_of("request", request.request_id())
                                 : model::identity_of("key/" + principal.name, key);
  command.origin = principal.origin();
  return command;
}

/// A refusal with the state it met and what would be possible.
http::Response refusal(const core::Answer& answer, const core::Aggregate* state,
                       const Principal& principal, const orders::Context& context, Time now,
                       const http::RequestInfo& info) {
  auto response = http::problem(answer.error, info, [&](json::Writer& out) {
    if (!state) return;
    const auto& order = static_cast<const orders::Order&>(*state);
    if (order.events == 0) return;
    out.field("state", order.headline().code()).field("version", answer.version);
    out.key("allowed").begin_array();
    for (const auto& name : orders::allowed_commands(order, principal.role, now, context))
      out.value(std::string_view(name));
    out.end_array();
  });
  return response;
}

/// The request that the command became; null where it was decided here.
const orders::RequestState* request_of(const core::Answer& answer, const core::Aggregate* state) {
  const bool is_good =
      answer.outcome == core::Outcome::Accepted || answer.outcome == core::Outcome::Duplicate;
  if (!is_good || !state) return nullptr;
  const auto event = to_hex(answer.event.view());
  for (const auto& open : static_cast<const orders::Order&>(*state).requests)
    if (event.starts_with(open.id)) return &open;
  return nullptr;
}

void write_roles(json::Writer& out, std::string_view key, lifecycle::RoleSet roles) {
  out.key(key).begin_array();
  for (const auto name : lifecycle::names_of(roles)) out.value(name);
  out.end_array();
}

const std::pair<std::string, std::string> kReplayed{"Cairn-Replayed", "true"};

}  // namespace

void Gateway::submit_command(const Principal& principal, const model::OrderId& id,
                             core::Command command, http::Responder responder,
                             const http::Request& request, CommandResult result) {
  const bool is_placing = command.name == "place_order";
  const bool is_revealing = command.name == "reveal_personal";
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  auto reply = [this, shared, principal, id, info, is_placing, is_revealing, result](
                   const core::Answer& answer, const core::Aggregate* state) {
    using enum core::Outcome;
    const auto& context = installation_.context();
    if (answer.outcome != Accepted && answer.outcome != Duplicate) {
      auto problem = refusal(answer, state, principal, context, clock_.now(), info);
      if (answer.is_replayed) problem.headers.push_back(kReplayed);
      return shared->send(std::move(problem));
    }
    const auto event = to_hex(answer.event.view());
    std::string request_id, master;
    lifecycle::RoleSet approvals = 0;
    if (const auto* open = request_of(answer, state)) {
      request_id = open->id;
      master = open->master;
      approvals = open->approvals;
    }
    http::Response response;
    std::string status;
    installation_.rows().with(id, [&](const orders::Row& row) {
      orders::append_status(status, row, context, clock_.now());
    });
    json::Writer w(response.body);
    w.begin_object();
    w.field("outcome", request_id.empty() ? "accepted" : "requested");
    w.field("id", model::to_text(id)).field("event", event);
    if (!request_id.empty())
      w.field("request", fmt::format("{}-{}", model::to_text(id), request_id))
          .text_if("master", master);
    if (approvals != 0) write_roles(w, "approval", approvals);
    w.key("status").raw(status);
    if (result) {
      w.key("result");
      result(w);
    }
    w.field("position", position_of(answer.shard, answer.number)).end_object();
    response.status = !request_id.empty()                        ? 202
                      : is_placing && answer.outcome == Accepted ? 201
                                                                 : 200;
    response.content_type = "application/json";
    response.headers.emplace_back("Cairn-Position", position_of(answer.shard, answer.number));
    response.headers.emplace_back("ETag", fmt::format("\"v{}\"", answer.version));
    if (answer.is_replayed) response.headers.push_back(kReplayed);
    if (is_placing) response.headers.emplace_back("Location", "/v1/orders/" + model::to_text(id));
    if (is_revealing && request_id.empty()) return send_revealed(id, std::move(response), shared);
    shared->send(std::move(response));
  };
  auto submitted = installation_.cluster().submit(
      core::command(model::order_key(id), std::move(command), std::move(reply)));
  if (!submitted) shared->send(http::problem(submitted.error(), info));
}

void Gateway::place_order(const Principal& principal, const http::Request& request,
                          http::Responder responder) {
  if (trim(request.body()).empty())
    return responder.send(http::problem(
        {ErrorCode::Malformed, "the body is empty; send the order as a JSON object", ""}, request));
  auto body = canonical_body(request, json_limits());
  if (!body) return responder.send(http::problem(body.error(), request));
  json::Document document;
  const auto value = document.parse(*body);
  const auto number = value->find("order_no");
  const auto order_no = number ? number->as_id() : std::nullopt;
  const auto key = request.header("idempotency-key");
  if ((!order_no || order_no->empty()) && key.empty())
    return responder.send(
        http::problem({ErrorCode::Invalid,
                       "give the order a number, or send an Idempotency-Key: without either a "
                       "retry could not be told from a second order",
                       "/order_no"},
                      request));
  const auto& source = *installation_.definitions().sources.find(principal.source);
  const auto id = order_no && !order_no->empty() ? source.order_id(*order_no)
                                                 : model::order_id_of_key(principal.name, key);
  core::Command command;
  command.name = "place_order";
  command.data = *std::move(body);
  command.identity = model::identity_of("place", model::to_text(id));
  command.origin = principal.origin();
  submit_command(principal, id, std::move(command), std::move(responder), request);
}

void Gateway::command(const Principal& principal, const http::Request& request,
                      http::Responder responder) {
  const auto id = model::parse_order_id(request.param("id"));
  if (!id) return responder.send(http::problem(id.error(), request));
  auto command = command_of(principal, request, json_limits());
  if (!command) return responder.send(http::problem(command.error(), request));
  command->name = request.param("name");
  CommandResult result;
  if (command->name == "create_link") result = make_link(request, *id, *command);
  submit_command(principal, *id, *std::move(command), std::move(responder), request,
                 std::move(result));
}

/// The link is made before the command is given, which then claims its hash for the order.
Gateway::CommandResult Gateway::make_link(const http::Request& request, const model::OrderId& id,
                                          core::Command& command) {
  constexpr std::int64_t kDays = 90, kDaysMax = 400;
  json::Document document;
  std::int64_t for_days = kDays;
  if (const auto value = document.parse(command.data); value && value->is_object())
    if (const auto told = value->find("days")) for_days = told->as_integer().value_or(kDays);
  for_days = std::clamp<std::int64_t>(for_days, 1, kDaysMax);
  // To the end of a day, so that a repetition makes the same link.
  const auto day = days(1).us;
  const Time expires{(clock_.now().us / day + 1 + for_days) * day};
  const auto link = links_.make(id, command.identity, expires);
  const auto reference = PublicLinks::reference_of(link.token);
  command.data = fmt::format(R"({{"reference":{{"scheme":"{}","value":"{}"}}}})", reference.scheme,
                             reference.value);
  const std::string host(request.header("host"));
  const std::string scheme =
      request.header("x-forwarded-proto") == "https" || options_.is_tls ? "https" : "http";
  return [link, url = fmt::format("{}://{}/t/{}", scheme, host, link.token)](json::Writer& w) {
    w.begin_object().field("url", url).field("token", link.token);
    w.field("expires_at", link.expires).end_object();
  };
}

/// The answer to `reveal_personal` is completed with what was asked for, once the look is recorded.
void Gateway::send_revealed(const model::OrderId& id, http::Response response,
                            std::shared_ptr<http::Responder> responder) {
  auto shared = std::make_shared<http::Response>(std::move(response));
  core::Question question{false, [this, responder, shared](Result<core::Seen> seen) {
                            if (seen && seen->state) {
                              const auto& order = static_cast<const orders::Order&>(*seen->state);
                              std::string result;
                              json::Writer w(result);
                              orders::write_revealed(w, order, seen->key_slot,
                                                     installation_.sealer());
                              shared->body.pop_back();
                              shared->body += ",\"result\":" + result + "}";
                              shared->headers.emplace_back("Cache-Control", "no-store");
                            }
                            responder->send(std::move(*shared));
                          }};
  auto submitted =
      installation_.cluster().submit(core::question(model::order_key(id), std::move(question)));
  if (!submitted) responder->send(http::problem(submitted.error(), http::RequestInfo{}));
}

void Gateway::correction(const Principal& principal, const http::Request& request,
                         http::Responder responder) {
  const auto id = model::parse_order_id(request.param("id"));
  if (!id) return responder.send(http::problem(id.error(), request));
  auto command = command_of(principal, request, json_limits());
  if (!command) return responder.send(http::problem(command.error(), request));
  json::Document document;
  const auto value = document.parse(command->data);
  const auto retract = value->find("retract");
  command->name = retract && retract->as_bool().value_or(false) ? "retract_event" : "correct_event";
  command->data = model::merge_json_objects(command->data, "{\"retract\":null}");
  submit_command(principal, *id, *std::move(command), std::move(responder), request);
}

namespace {

/// The answers of a bulk request, gathered until the last one is there.
struct Bulk {
  struct Item {
    std::string order;
    core::Answer answer;
    std::string status;
    std::string request;  ///< where another system decides
  };
  std::vector<Item> items;
  std::atomic<std::size_t> left{0};
  http::Responder responder;
  http::RequestInfo info;

  void finish(const std::string& position) {
    http::Response response;
    json::Writer w(response.body);
    std::size_t accepted = 0, requested = 0, refused = 0;
    w.begin_object().key("results").begin_array();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto& item = items[i];
      const bool is_good = item.answer.outcome == core::Outcome::Accepted ||
                           item.answer.outcome == core::Outcome::Duplicate;
      ++(!is_good ? refused : item.request.empty() ? accepted : requested);
      w.begin_object().field("index", std::uint64_t{i}).field("order", item.order);
      w.field("outcome", !is_good ? "refused" : item.request.empty() ? "accepted" : "requested");
      w.text_if("request", item.request);
      if (is_good) w.field("event", to_hex(item.answer.event.view()));
      if (!item.status.empty()) w.key("status").raw(item.status);
      if (!is_good) w.key("problem").raw(http::problem(item.answer.error, info).body);
      w.end_object();
    }
    w.end_array()
        .field("accepted", std::uint64_t{accepted})
        .field("requested", std::uint64_t{requested});
    w.field("refused", std::uint64_t{refused}).field("position", position).end_object();
    response.content_type = "application/json";
    response.headers.emplace_back("Cairn-Position", position);
    responder.send(std::move(response));
  }
};

Result<void> known_members(json::Value object, std::initializer_list<std::string_view> known,
                           const std::string& at) {
  Result<void> result;
  object.members([&](std::string_view name, json::Value) {
    if (!contains(known, name))
      result = fail(ErrorCode::Invalid,
                    fmt::format("unknown field; known are {}", fmt::join(known, ", ")),
                    fmt::format("{}/{}", at, name));
    return result.has_value();
  });
  return result;
}

/// The shape of a bulk request as a whole: nothing is decided while a row cannot be read.
Result<void> check_bulk(json::Value body) {
  constexpr std::size_t kItemsMax = 500;
  if (!body.is_object()) return fail(ErrorCode::Invalid, "the body is a JSON object", "");
  CAIRN_TRY_VOID(known_members(body, {"items"}, ""));
  const auto items = body.find("items");
  if (!items || !items->is_array() || items->size() == 0 || items->size() > kItemsMax)
    return fail(ErrorCode::Invalid, fmt::format("expected 1 to {} items", kItemsMax), "/items");
  Result<void> result;
  std::size_t index = 0;
  items->elements([&](json::Value item) {
    const auto at = fmt::format("/items/{}", index++);
    const auto needs = [&](std::string_view name, bool is_right, std::string_view what) {
      if (result && !is_right)
        result = fail(ErrorCode::Invalid, fmt::format("expected {}", what),
                      fmt::format("{}/{}", at, name));
    };
    if (!item.is_object()) {
      result = fail(ErrorCode::Invalid, "expected an object with order and name", at);
      return false;
    }
    result = known_members(item, {"order", "name", "data", "version"}, at);
    const auto order = item.find("order"), name = item.find("name"), data = item.find("data"),
               version = item.find("version");
    const auto id = order ? order->as_string() : std::nullopt;
    const auto command = name ? name->as_string() : std::nullopt;
    needs("order", id && model::parse_order_id(*id), "the id of an order");
    needs("name", command && !command->empty() && command->size() <= 64, "the name of a command");
    needs("data", !data || data->is_object(), "an object");
    needs("version", !version || version->as_integer().has_value(), "an integer");
    return result.has_value();
  });
  return result;
}

}  // namespace

void Gateway::commands(const Principal& principal, const http::Request& request,
                       http::Responder responder) {
  json::Document document(json_limits());
  const auto value = document.parse(request.body());
  if (!value) return responder.send(http::problem(value.error(), request));
  if (const auto whole = check_bulk(*value); !whole)
    return responder.send(http::problem(whole.error(), request));
  const auto items = value->find("items");
  auto bulk = std::make_shared<Bulk>();
  bulk->items.resize(items->size());
  bulk->left = items->size() + 1;
  bulk->responder = std::move(responder);
  bulk->info = request.info();
  const auto finish_one = [this, bulk] {
    if (--bulk->left == 0) bulk->finish(position());
  };
  const auto key = request.header("idempotency-key");
  std::size_t index = 0;
  items->elements([&](json::Value item) {
    const auto at = index++;
    const auto text = [&](std::string_view name) -> std::string {
      const auto found = item.find(name);
      return found ? found->as_id().value_or("") : "";
    };
    bulk->items[at].order = text("order");
    const auto id = model::parse_order_id(text("order"));
    if (!id) {
      bulk->items[at].answer = {.outcome = core::Outcome::Refused, .error = id.error()};
      finish_one();
      return true;
    }
    core::Command command;
    command.name = text("name");
    if (const auto data = item.find("data")) data->append_canonical(command.data);
    if (const auto version = item.find("version"))
      if (const auto number = version->as_integer())
        command.expected_version = static_cast<std::uint64_t>(*number);
    const std::string unique(key.empty() ? request.request_id() : key);
    command.identity =
        model::identity_of("bulk/" + principal.name, fmt::format("{}/{}", unique, at));
    command.origin = principal.origin();
    auto submitted = installation_.cluster().submit(core::command(
        model::order_key(*id), std::move(command),
        [this, bulk, at, finish_one, order = *id](const core::Answer& answer,
                                                  const core::Aggregate* state) {
          bulk->items[at].answer = answer;
          if (const auto* open = request_of(answer, state))
            bulk->items[at].request = fmt::format("{}-{}", model::to_text(order), open->id);
          installation_.rows().with(order, [&](const orders::Row& row) {
            orders::append_status(bulk->items[at].status, row, installation_.context(),
                                  clock_.now());
          });
          finish_one();
        }));
    if (!submitted) {
      bulk->items[at].answer = {.outcome = core::Outcome::Failed, .error = submitted.error()};
      finish_one();
    }
    return true;
  });
  finish_one();
}

}  // namespace cairn::app

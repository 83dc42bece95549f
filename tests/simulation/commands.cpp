#include <algorithm>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/render.hpp"
#include "workload.hpp"

/// The people: somebody looks at an order and wants something done, mostly what is possible there.
namespace cairn::simulation {
namespace {

constexpr int kPeopleAsked = 4;

/// What is done to orders in any state, beside their lifecycle.
constexpr std::array<std::string_view, 9> kGeneral{
    "add_note",      "add_tag",         "set_flag",      "make_promise",    "correct_event",
    "retract_event", "settle_conflict", "add_reference", "remove_reference"};

/// Somebody of a role that commands may come from.
model::Role somebody(Random& random) {
  constexpr auto kFirst = static_cast<std::uint64_t>(model::Role::Source);
  constexpr auto kLast = static_cast<std::uint64_t>(model::Role::Admin);
  return random.percent(10) ? model::Role::OrderDesk
                            : static_cast<model::Role>(kFirst + random.below(kLast - kFirst + 1));
}

/// Something that was told of the order; of what was said about it only where that may be undone.
std::string event_target(const World::Look& look, Random& random, bool with_words,
                         model::EventType& type) {
  std::vector<std::pair<model::Identity, model::EventType>> events;
  for (const auto& record : look.records) {
    if (record.type != ports::RecordType::Event) continue;
    const auto event = model::decode_event(
        {record.type, {model::kOrderKind, {}}, record.number, record.recorded, record.body});
    if (!event || event->type == model::EventType::OrderPlaced) continue;
    if (!with_words && (event->type == model::EventType::EventCorrected ||
                        event->type == model::EventType::EventRetracted))
      continue;
    events.emplace_back(event->id, event->type);
  }
  if (events.empty()) return std::string(32, '0');
  const auto& [id, of] = random.pick(events);
  type = of;
  return to_hex(id.view());
}

}  // namespace

void Workload::give_command(std::size_t story) {
  if (!world_.is_up()) return;
  world_.ask(stories_[story].key(),
             [this, story](const World::Look& look) { decide_command(story, look); });
}

void Workload::send_command(const ports::AggregateKey& key, core::Command command) {
  const auto ticket = clients_.add_command(key, command);
  clients_.send_at(ticket, world_.now());
  world_.counts().add("input", "command");
  while (random_.percent(20)) {
    clients_.send_at(ticket, world_.now() + minutes(random_.between(0, 600)));
    world_.counts().add("input", "command_repeated");
  }
  if (random_.percent(2)) {
    command.data = R"({"reason":"the same key for another wish"})";
    clients_.send_at(clients_.add_command(key, std::move(command)),
                     world_.now() + minutes(random_.between(1, 60)));
  }
}

void Workload::decide_command(std::size_t at, const World::Look& look) {
  const Story& story = stories_[at];
  const auto& order = static_cast<const orders::Order&>(*look.state);
  if (!order.requests.empty() && random_.percent(25)) {
    model::RequestEnded ended{order.requests.front().id, "not possible"};
    auto event = make_event({"wms", 70, model::Role::Source}, model::EventType::RequestRefused,
                            ended, world_.now());
    clients_.send_at(clients_.add_fact(story.key(), std::move(event)), world_.now());
    return;
  }
  core::Command command;
  command.origin = {.source = "cairn",
                    .trust = 100,
                    .role = somebody(random_),
                    .actor = fmt::format("user-{}", random_.below(5)),
                    .ip = "192.0.2.7",
                    .request = fmt::format("req-{}", next_id_)};
  command.name = choose_name(order, command.origin.role);
  if (command.origin.role == model::Role::Source) command.origin.source = story.source;
  command.data = data_for(command.name, story, order, look);
  command.identity =
      model::identity_of("key/" + command.origin.actor, fmt::format("k{}", next_id_++));
  if (random_.percent(4)) command.expected_version = look.version - random_.below(2);
  send_command(story.key(), std::move(command));
}

/// Mostly a step of the lifecycle that `role` may take; where it may take none, somebody else is
/// asked.
std::string Workload::choose_name(const orders::Order& order, model::Role& role) {
  const auto lot = random_.below(100);
  if (lot < 2) return "no_such_command";
  if (lot < 20) return random_.pick(command_names_);
  if (lot < 35) return std::string(random_.pick(kGeneral));
  if (!order.cases.empty() && random_.percent(40)) {
    constexpr std::array<std::string_view, 8> kCase{
        "accept_return",  "receive_return", "pass_return",      "fail_return",
        "reject_request", "accept_refund",  "ship_replacement", "withdraw"};
    return std::string(random_.pick(kCase));
  }
  const auto& context = world_.installation().context();
  for (int asked = 0; asked < kPeopleAsked; ++asked) {
    auto allowed = orders::allowed_commands(order, role, world_.now(), context);
    std::erase_if(allowed, [](const auto& name) { return contains(kGeneral, name); });
    if (!allowed.empty()) return random_.pick(allowed);
    role = somebody(random_);
  }
  return "add_note";
}

std::string Workload::correction_data(bool is_correction, const World::Look& look) {
  auto type = model::EventType::NoteAdded;
  const auto target = event_target(look, random_, !is_correction, type);
  if (!is_correction) return fmt::format(R"({{"reason":"mistaken","target":"{}"}})", target);
  const auto& order = static_cast<const orders::Order&>(*look.state);
  const auto when = format_rfc3339(world_.now() - minutes(random_.between(1, 2'000)));
  if (random_.percent(30))
    return fmt::format(R"({{"move_to":"{}","reason":"wrong_order","target":"{}"}})",
                       model::to_text(random_.pick(stories_).id), target);
  if (type == model::EventType::PackageShipped && !order.packages.empty())
    return fmt::format(
        R"({{"data":{{"package":"{}","carrier":"sf","number":"88{}"}},"reason":"wrong_number","target":"{}"}})",
        order.packages.front().id, random_.below(100'000), target);
  return fmt::format(R"({{"occurred":"{}","reason":"wrong_time","target":"{}"}})", when, target);
}

std::string Workload::case_data(const orders::Order& order, std::string_view name) {
  if (order.cases.empty()) return R"({"reason":"broken"})";
  const auto number = name == "ship_replacement" ? R"(,"carrier":"sf","number":"99001")" : "";
  return fmt::format(R"({{"case_id":"{}","reason":"broken"{}}})", random_.pick(order.cases).id,
                     number);
}

std::string Workload::data_for(const std::string& name, const Story& story,
                               const orders::Order& order, const World::Look& look) {
  if (random_.percent(3)) return R"({"reason":"x","no_such_field":1})";
  const auto& parcel = random_.pick(story.parcels);
  const auto package = fmt::format(R"({{"package":"{}"}})", parcel.id);
  const auto line = story.lines.empty() ? std::string("1") : random_.pick(story.lines).id;
  const auto date = format_rfc3339(world_.now() + hours(random_.between(1, 60)));
  const auto unit =
      fmt::format(R"({{"reference":{{"scheme":"unit","issuer":"fleet","value":"TRUCK{}"}}}})",
                  random_.below(8));
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is({"record_payment"}))
    return fmt::format(R"({{"amount":{},"payment_id":"c{}"}})", 1000 * random_.between(1, 6),
                       random_.below(4));
  if (is({"change_price"})) return fmt::format(R"({{"total":{}}})", random_.between(5000, 7000));
  if (is({"change_address"}))
    return R"({"receiver":{"name":"李四","phone":"13911112222","city":"杭州"}})";
  if (is({"amend_lines"}))
    return fmt::format(R"({{"lines":[{{"id":"{}","quantity":{}}}]}})", line, random_.between(1, 5));
  if (is({"ship_package"}))
    return fmt::format(R"({{"package":"{}","carrier":"{}","number":"{}","is_confirmed":{}}})",
                       parcel.id, parcel.carrier, parcel.number, random_.percent(30));
  if (is({"unship", "request_intercept", "redirect_package", "urge_carrier", "declare_lost"}))
    return package;
  if (is({"cancel_lines"}))
    return fmt::format(R"({{"parts":[{{"line":"{}","quantity":1}}]}})", line);
  if (is({"extend_receipt", "extend_balance_window"})) return R"({"days":2})";
  if (is({"reject_drawing"})) return R"({"text":"the door opens the other way"})";
  if (is({"open_after_sale"})) {
    constexpr std::array<std::string_view, 6> kTypes{"return_refund", "exchange", "refund_only",
                                                     "repair",        "resend",   "intercept"};
    return fmt::format(R"({{"case_id":"k{}","type":"{}","reason":"broken"}})", next_id_,
                       random_.pick(kTypes));
  }
  if (is({"add_note"})) return R"({"text":"called the buyer"})";
  if (is({"add_tag", "remove_tag", "set_flag"}))
    return random_.percent(50) ? R"({"tag":"urgent"})" : R"({"tag":"red"})";
  if (is({"hold_order", "hold_remaining"}))
    return random_.percent(50) ? R"({"reason":"address_incomplete"})"
                               : R"({"reason":"customer_request"})";
  if (is({"add_attachment", "submit_drawing"})) return R"({"hash":"ab12","kind":"photo"})";
  if (is({"add_reference", "remove_reference", "create_link"})) return unit;
  if (is({"relate_order", "split_order", "merge_shipment"}))
    return fmt::format(R"({{"kind":"split","order":"{}"}})",
                       model::to_text(random_.pick(stories_).id));
  if (is({"set_attributes"}))
    return fmt::format(R"({{"attributes":{{"invoice_type":"{}"}}}})",
                       next_id_ % 2 ? "paper" : "electronic");
  if (is({"settle_conflict"})) {
    if (order.conflicts.empty()) return R"({"conflict":"id_reused:00","verdict":"kept"})";
    const auto& conflict = random_.pick(order.conflicts);
    return fmt::format(R"({{"conflict":"{}:{}","verdict":"settled"}})", name_of(conflict.code),
                       to_hex(conflict.event.view()));
  }
  if (is({"approve_request", "refuse_request"})) {
    const auto asked = std::ranges::find_if(
        order.requests, [](const orders::RequestState& request) { return request.approvals != 0; });
    return fmt::format(R"({{"request_id":"{}"}})",
                       asked == order.requests.end() ? "none" : asked->id);
  }
  if (is({"make_promise"})) return fmt::format(R"({{"at":"{}"}})", date);
  if (is({"correct_event", "retract_event"})) return correction_data(name == "correct_event", look);
  if (is({"assign_supplier", "issue_purchase"})) return R"({"supplier":"supplier-b"})";
  if (is({"plan_production"}))
    return R"({"steps":[{"id":"cut","phase":"production"},{"id":"check","phase":"inspection"},)"
           R"({"id":"install","phase":"installation","after":["check"]}]})";
  if (is({"confirm_order", "counter_offer"}))
    return fmt::format(R"({{"promised_delivery":"{}"}})", date);
  constexpr std::array<std::array<std::string_view, 2>, 5> kReports{
      {{"start_node", "started"},
       {"report_progress", "progressed"},
       {"finish_node", "finished"},
       {"block_node", "blocked"},
       {"report_scrap", "scrapped"}}};
  for (const auto& [command, action] : kReports)
    if (name == command)
      return fmt::format(R"({{"step":"cut","action":"{}","good":2,"scrap":1,"reason":"machine"}})",
                         action);
  if (is({"accept_return", "receive_return", "pass_return", "fail_return", "reject_request",
          "accept_refund", "ship_replacement", "withdraw", "reject_return", "withdraw_after_sale"}))
    return case_data(order, name);
  return random_.percent(70) ? R"({"reason":"as agreed"})" : "{}";
}

}  // namespace cairn::simulation

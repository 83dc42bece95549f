#include "app/demo_player.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/import.hpp"
#include "base/check.hpp"
#include "core/history.hpp"
#include "json/writer.hpp"

namespace cairn::app::demo {
namespace {

/// What a warehouse does only with goods it may send.
constexpr std::string_view kHandling[]{"approve_order", "release_order",   "step_total",
                                       "ship_package",  "package_shipped", "start_production",
                                       "start_node",    "finish_node",     "release_shipment"};
constexpr std::string_view kTravelling[]{"package_scanned", "package_delivered"};

template <typename List>
bool is_one_of(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != std::end(list);
}

std::string with_step_of_case(std::string data, std::string_view command) {
  std::string step;
  json::Writer(step).begin_object().field("on", command).end_object();
  return model::merge_json_objects(data.empty() ? "{}" : data, step);
}

}  // namespace

Player::Player(Installation& installation, const Book& book, Demo::Elsewhere elsewhere)
    : installation_(installation),
      cast_(book),
      reader_(installation.definitions().sources),
      elsewhere_(std::move(elsewhere)) {}

void Player::note_refusal(const std::string& what, const Error& error) {
  std::lock_guard lock(desk_->mutex);
  ++desk_->counts.refused[fmt::format("{}: {}", what, error.message)];
}

void Player::play(const std::shared_ptr<Actor>& actor, std::size_t index, Time at, bool is_past) {
  const auto& script = *actor->part.script;
  const auto& act = script.acts[index];
  const auto what = script.id + "/" + act.name;
  const auto& shop = cast_.shop_of(actor->ticket, actor->part);
  auto data = cast_.fill(act.data, actor->ticket, actor->part, actor->begun);
  if (data && act.name == "order_placed" && act.by == "shop") {
    auto placed = cast_.placed(actor->ticket, actor->part, actor->begun);
    data = placed && !data->empty() ? model::merge_json_objects(*placed, *data) : placed;
  }
  if (!data) return note_refusal(what, data.error());
  Line line{act.name, "demo_" + act.by, {}, {}, *data, {}, {}, at};
  if (act.by == "shop") line.source = shop.source;
  if (act.way != Way::Tell) {
    const auto& context = installation_.context();
    const auto* known = context.definitions->command(act.name);
    CAIRN_CHECK(known != nullptr && known->emits.has_value());  // the demo's test plays every act
    const auto master = context.master_of(shop.source, known->area);
    if (act.way == Way::Ask || (!is_past && master.empty()))
      return command(actor, index, *std::move(data));
    line.type = std::string(row_of(*known->emits).name);
    line.source = master.empty() ? shop.source : std::string(master);
    line.actor = cast_.actor(actor->ticket, act.by);
    if (*known->emits == model::EventType::AfterSaleMoved)
      line.data = with_step_of_case(line.data, act.name);
  }
  if (act.as_of.us >= 0)
    line.at = actor->begun + cast_.pace(actor->ticket, actor->part, act.as_of) + actor->shift;
  line.id = fmt::format("{}/{}", cast_.order_no(actor->ticket), index);
  line.order = cast_.order_id(actor->ticket, actor->part);
  if (!act.about.empty()) {
    const auto text = [&](std::string_view name) {
      auto value = cast_.value(name, actor->ticket, actor->part, actor->begun).value_or("\"\"");
      return value.substr(1, value.size() - 2);
    };
    line.subject = fmt::format("tracking/{}:{}", text("carrier"), text(act.about));
  }
  tell(line, what, actor);
}

void Player::command(const std::shared_ptr<Actor>& actor, std::size_t index, std::string data) {
  const auto& act = actor->part.script->acts[index];
  core::Command command;
  command.name = act.name;
  command.data = data.empty() ? "{}" : std::move(data);
  command.identity = cast_.identity(actor->ticket, "cairn", index);
  command.origin.source = "cairn";
  command.origin.trust = 100;
  command.origin.role = model::from_name<model::Role>(act.by).value_or(model::Role::Admin);
  command.origin.actor = cast_.actor(actor->ticket, act.by);
  const auto id = cast_.order_id(actor->ticket, actor->part);
  if (elsewhere_)
    deeds_.push_back({{}, id, command.name, command.data, to_hex(command.identity.view())});
  ++actor->waiting;
  inputs_.push_back(core::command(
      model::order_key(id), std::move(command),
      [desk = desk_, actor, index](const core::Answer& answer, const core::Aggregate*) {
        const auto& played = actor->part.script->acts[index];
        {
          std::lock_guard lock(desk->mutex);
          ++desk->counts.commands;
          if (answer.outcome == core::Outcome::Refused || answer.outcome == core::Outcome::Failed)
            ++desk->counts.refused[fmt::format("{}/{}: {}", actor->part.script->id, played.name,
                                               answer.error.message)];
        }
        // Somebody shipped it otherwise, or it is not to be shipped: no carrier will see ours.
        if (answer.outcome == core::Outcome::Refused && played.name == "ship_package")
          actor->is_over = true;
        --actor->waiting;
      }));
}

void Player::tell(const Line& line, const std::string& what, const std::shared_ptr<Actor>& actor) {
  std::string text;
  json::Writer w(text);
  w.begin_object().field("type", line.type).field("source", line.source).field("id", line.id);
  w.field("occurred", line.at);
  if (line.subject.empty())
    w.field("order", "cairn:" + model::to_text(line.order));
  else
    w.field("subject", line.subject);
  if (!line.data.empty()) w.key("data").raw(line.data);
  w.end_object();
  integration::Sender sender;
  sender.bound_source = line.source;
  sender.actor = line.actor;
  auto facts = reader_.read_line(text, sender);
  if (!facts) return note_refusal(what, facts.error());
  if (elsewhere_) deeds_.push_back({.line = std::move(text)});
  for (auto& told : facts->all) {
    if (actor) ++actor->waiting;
    inputs_.push_back(input_of(
        std::move(told), facts->is_unmapped, installation_.context().definitions->attributes(),
        [desk = desk_, actor, what](const core::Answer& answer, const core::Aggregate*) {
          if (actor) --actor->waiting;
          std::lock_guard lock(desk->mutex);
          ++desk->counts.facts;
          if (answer.outcome != core::Outcome::Accepted &&
              answer.outcome != core::Outcome::Duplicate)
            ++desk->counts.refused[fmt::format("{}: {}", what, answer.error.message)];
        }));
  }
}

void Player::answer(const Desk::Request& request, Time now) {
  const auto* known = installation_.context().definitions->command(request.command);
  const auto type = known ? known->emits : std::nullopt;
  // Of what was asked only the reason is told on, so only what needs no more can be granted.
  const bool is_plain = type && std::holds_alternative<model::Remark>(model::make_payload(*type));
  const bool is_granted = is_plain && request.id.back() % 3 != 0;
  Line line{"request_refused", request.master, {}, {}, {}, "演示·值班", request.order, now};
  const auto say = [&](std::string type_name, std::string data) {
    line.type = std::move(type_name);
    line.data = std::move(data);
    line.id = fmt::format("answer/{}/{}", request.id, line.type);
    tell(line, "answer/" + request.command, nullptr);
    line.at = line.at + milliseconds(1);
  };
  if (!is_granted)
    return say("request_refused",
               fmt::format(R"({{"request_id":"{}","reason":"{}"}})", request.id,
                           is_plain ? "已拣货出库，无法截单" : "请在平台后台修改"));
  say(std::string(row_of(*type).name), R"({"reason":"no_longer_wanted"})");
  if (*type == model::EventType::CancelRequested)
    say("cancel_confirmed", R"({"reason":"no_longer_wanted"})");
  const bool is_cancelled =
      *type == model::EventType::CancelRequested || *type == model::EventType::OrderCancelled;
  if (is_cancelled && request.paid > 0)
    say("refund_succeeded", fmt::format(R"({{"payment_id":"R-{}","amount":{},"currency":"{}"}})",
                                        request.id, request.paid, request.currency));
}

void Player::look_back(const Ticket& ticket, const model::OrderId& id, Time placed) {
  core::Question question;
  question.wants_history = true;
  question.ask = [desk = desk_, ticket, id, placed](Result<core::Seen> seen) {
    if (!seen) return;
    const auto events = core::events_of(seen->history, model::order_key(id));
    if (!events) return;
    Desk::Found found{ticket, placed, {}};
    for (const auto& event : *events) found.told.insert(event.id);
    std::lock_guard lock(desk->mutex);
    desk->found.push_back(std::move(found));
  };
  inputs_.push_back(core::question(model::order_key(id), std::move(question)));
}

void Player::look_for_requests(const model::OrderId& id) {
  core::Question question;
  question.ask = [desk = desk_, id](Result<core::Seen> seen) {
    if (!seen || !seen->state) return;
    const auto& order = static_cast<const orders::Order&>(*seen->state);
    std::lock_guard lock(desk->mutex);
    for (const auto& request : order.requests)
      desk->requests.push_back({id, request.id, request.command, request.master, order.currency,
                                request.opened, order.paid - order.refunded});
  };
  inputs_.push_back(core::question(model::order_key(id), std::move(question)));
}

bool Player::give() {
  if (!deeds_.empty()) {
    if (!elsewhere_(deeds_)) return false;
    deeds_.clear();
  }
  if (!inputs_.empty()) installation_.cluster().submit_all(inputs_);
  return inputs_.empty();
}

bool Player::must_wait(Actor& actor, std::size_t index) const {
  const auto& act = actor.part.script->acts[index];
  const bool is_handling = is_one_of(kHandling, act.name);
  if (!is_handling && !is_one_of(kTravelling, act.name)) return false;
  auto category = model::Category::Ready;
  installation_.rows().with(cast_.order_id(actor.ticket, actor.part),
                            [&](const orders::Row& row) { category = row.category; });
  if (category == model::Category::Closed) actor.is_over = true;
  return is_handling && category == model::Category::Held;
}

}  // namespace cairn::app::demo

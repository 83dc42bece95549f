#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "modules/orders/corrections.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/reference.hpp"
#include "modules/orders/render.hpp"

namespace cairn::orders {
namespace {

using core::StoredRecord;
using model::Event;
using model::EventType;
using ports::RecordType;

std::string_view precision_name(Precision precision) {
  switch (precision) {
    case Precision::Day:
      return "day";
    case Precision::Hour:
      return "hour";
    case Precision::Minute:
      return "minute";
    default:
      return "second";
  }
}

void write_label(json::Writer& out, std::string_view zh, std::string_view en) {
  out.key("label").begin_object().field("zh", zh).field("en", en).end_object();
}

void write_struck(json::Writer& out, std::string_view key, const Event& by) {
  out.key(key).begin_object().field("by", to_hex(by.id.view())).field("at", by.recorded);
  if (by.type == EventType::EventRetracted) {
    const auto& r = by.as<model::Retraction>();
    out.text_if("reason", r.reason).text_if("text", r.text);
  } else {
    const auto& c = by.as<model::Correction>();
    out.text_if("reason", c.reason).text_if("text", c.text);
  }
  out.text_if("actor", by.origin.actor).end_object();
}

void write_changes(json::Writer& out, const core::Change& change, const Context& context) {
  out.key("changes").begin_object();
  const auto was = decode_summary(change.was);
  if (was.is_placed) {
    out.key("from");
    write_state_ref(out, was, context);
  }
  out.key("to");
  write_state_ref(out, decode_summary(change.is), context);
  out.field("version", change.version).end_object();
}

/// A note is sealed so that it can be forgotten; it is written for staff, who read it everywhere.
model::Show show_to(const Viewer& viewer, const Event& event) {
  return event.type == EventType::NoteAdded && viewer.is_staff() ? model::Show::Plain
                                                                 : model::Show::Masked;
}

std::string_view kind_of(const Event& event) {
  if (event.type == EventType::EventCorrected || event.type == EventType::EventRetracted)
    return "correction";
  return event.is(model::EventFlag::Command) ? "command" : "fact";
}

/// Everything the timeline needs of the history, gathered in one pass.
struct Gathered {
  std::vector<Event> events;
  std::map<model::Identity, core::Change> changes;  ///< by cause
  std::vector<std::pair<core::StoredRecord, core::Change>> timers;
  std::optional<Corrections> corrections;
};

Gathered gather(std::span<const StoredRecord> history, const ports::AggregateKey& key,
                const core::Sealer& sealer) {
  Gathered g;
  for (const auto& record : history) {
    if (record.type == RecordType::Event) {
      auto event =
          model::decode_event({record.type, key, record.number, record.recorded, record.body});
      if (!event) continue;
      sealer.open(*event);
      g.events.push_back(*std::move(event));
    } else if (record.type == RecordType::Change) {
      auto change = core::decode_change(record.body);
      if (!change) continue;
      if (change->cause.is_zero())
        g.timers.emplace_back(record, *std::move(change));
      else
        g.changes[change->cause] = *std::move(change);
    }
  }
  g.corrections.emplace(g.events);
  return g;
}

/// TimelineItem, left open. `order` is null where the event belongs to none yet.
void begin_item(json::Writer& out, const Event& event, const Gathered& g, const Order* order,
                const Viewer& viewer) {
  const auto hex = to_hex(event.id.view());
  const auto& type = row_of(event.type);
  out.begin_object().field("id", hex).field("number", event.number);
  out.field("kind", kind_of(event)).field("type", type.name);
  write_label(out, type.zh, type.en);
  out.field("occurred", event.occurred);
  if (event.precision != Precision::Microsecond)
    out.field("precision", precision_name(event.precision));
  out.field("recorded", event.recorded).text_if("source", event.origin.source);
  out.text_if("actor", event.origin.actor).field("role", name_of(event.origin.role));
  out.text_if("request", event.origin.request);
  if (const auto* report = std::get_if<model::PackageReport>(&event.payload))
    out.text_if("package", report->package.empty() ? report->number : report->package);
  out.key("data");
  write_payload(out, event.payload, show_to(viewer, event));
  if (event.is(model::EventFlag::NoDate)) out.field("no_date", true);
  if (event.is(model::EventFlag::Rival)) out.field("rival", true);
  if (event.is(model::EventFlag::Copied)) out.field("copy_of", to_hex(event.copy_of.view()));
  if (const auto* by = g.corrections->of(event.id))
    write_struck(out, by->type == EventType::EventRetracted ? "retracted" : "corrected", *by);
  if (!order) return;
  bool is_first = true;
  for (const auto& conflict : order->conflicts) {
    if (conflict.event != event.id) continue;
    if (is_first) out.key("conflicts").begin_array();
    is_first = false;
    out.value(fmt::format("{}:{}", name_of(conflict.code), hex));
  }
  if (!is_first) out.end_array();
  if (const auto found = g.changes.find(event.id); found != g.changes.end())
    write_changes(out, found->second, *viewer.context);
}

void write_item(json::Writer& out, const Event& event, const Gathered& g, const Order& order,
                const Viewer& viewer) {
  begin_item(out, event, g, &order, viewer);
  out.end_object();
}

/// As it was sent. What was understood in full has no raw form of its own: its payload says all.
std::string raw_of(const Event& event, const Viewer& viewer) {
  if (!event.raw.empty()) return event.raw;
  std::string out;
  json::Writer w(out);
  write_payload(w, event.payload, show_to(viewer, event));
  return out;
}

/// The request whose deadline had passed when the change was recorded, the latest of them; none
/// where the change is about something else.
const Event* fallen_silent(const StoredRecord& record, const core::Change& change,
                           const Gathered& g) {
  const auto was = decode_summary(change.was), is = decode_summary(change.is);
  if (is.silent_requests <= was.silent_requests) return nullptr;
  const Event* latest = nullptr;
  for (const auto& event : g.events) {
    if (event.type != EventType::RequestOpened) continue;
    const Time deadline = event.as<model::Requested>().deadline.time;
    if (deadline > record.recorded) continue;
    if (!latest || deadline > latest->as<model::Requested>().deadline.time) latest = &event;
  }
  return latest;
}

/// The master, or the roles whose approval was asked for.
lifecycle::Label asked_of(const model::Requested& request, const Context& context) {
  if (request.approvals.empty()) return {request.master, request.master};
  lifecycle::Label out;
  for (const auto& name : request.approvals) {
    const auto role = model::from_name<model::Role>(name);
    if (!role) continue;
    const auto& label = context.definitions->role(*role).label;
    out.zh += (out.zh.empty() ? "" : "、") + label.zh;
    out.en += (out.en.empty() ? "" : ", ") + label.en;
  }
  return out;
}

void write_timer(json::Writer& out, const StoredRecord& record, const core::Change& change,
                 const Gathered& g, const Order& order, const Viewer& viewer) {
  out.begin_object().field("id", fmt::format("v{}", change.version));
  out.field("number", record.number).field("kind", "timer");
  if (const auto* silent = fallen_silent(record, change, g)) {
    const auto& request = silent->as<model::Requested>();
    const auto label = command_label(request.command, *viewer.context);
    out.field("type", "request_silent");
    const auto asked = asked_of(request, *viewer.context);
    write_label(out, fmt::format("{}未答复：{}", asked.zh, label.zh),
                fmt::format("No answer from {}: {}", asked.en, label.en));
    out.key("data").begin_object().field("command", request.command);
    out.field("request", fmt::format("{}-{}", model::to_text(order.id()), request.request_id));
    out.text_if("master", request.master).end_object();
  } else {
    out.field("type", "timer");
    write_label(out, "到时", "Its time came");
  }
  out.field("occurred", record.recorded).field("recorded", record.recorded);
  write_changes(out, change, *viewer.context);
  out.end_object();
}

}  // namespace

void write_timeline(json::Writer& out, const Order& order, std::span<const StoredRecord> history,
                    std::uint64_t version, const Viewer& viewer, const TimelinePart& part) {
  const auto g = gather(history, order.key, *viewer.sealer);
  struct Item {
    TimelinePart::Place place;
    const Event* event = nullptr;
    const std::pair<core::StoredRecord, core::Change>* timer = nullptr;
  };
  std::vector<Item> items;
  for (const auto& event : g.events)
    if (event.recorded <= part.known_at)
      items.push_back({{event.occurred.us, event.key().rank, event.number}, &event});
  for (const auto& timer : g.timers)
    if (timer.first.recorded <= part.known_at)
      items.push_back({{timer.first.recorded.us, 255, timer.first.number}, nullptr, &timer});
  std::ranges::sort(items, {}, &Item::place);
  if (part.is_newest_first) std::ranges::reverse(items);
  if (part.after)
    std::erase_if(items, [&](const Item& item) {
      return part.is_newest_first ? item.place >= *part.after : item.place <= *part.after;
    });
  const bool has_more = items.size() > part.limit;
  if (has_more) items.resize(part.limit);
  out.begin_object().key("items").begin_array();
  for (const auto& item : items) {
    if (item.event)
      write_item(out, *item.event, g, order, viewer);
    else
      write_timer(out, item.timer->first, item.timer->second, g, order, viewer);
  }
  out.end_array();
  if (has_more) {
    const auto& [at, rank, number] = items.back().place;
    out.field("next_cursor", fmt::format("{}.{}.{}", at, rank, number));
  }
  out.field("version", version).end_object();
}

bool write_raw_event(json::Writer& out, const Order& order, std::span<const StoredRecord> history,
                     const model::Identity& wanted, const Viewer& viewer) {
  const auto g = gather(history, order.key, *viewer.sealer);
  const auto found = std::ranges::find(g.events, wanted, &Event::id);
  if (found == g.events.end()) return false;
  out.begin_object().key("event");
  write_item(out, *found, g, order, viewer);
  out.field("raw", raw_of(*found, viewer)).key("wordings").begin_array();
  for (const auto& record : history) {
    if (record.type != RecordType::Wording) continue;
    auto other =
        model::decode_event({record.type, order.key, record.number, record.recorded, record.body});
    if (!other || other->id != wanted) continue;
    viewer.sealer->open(*other);
    out.value(std::string_view(raw_of(*other, viewer)));
  }
  out.end_array().end_object();
  return true;
}

void write_waiting(json::Writer& out, const ReferenceState& reference,
                   std::span<const StoredRecord> history, const Viewer& viewer) {
  constexpr std::size_t kShown = 10;
  const auto g = gather(history, reference.key, *viewer.sealer);
  std::vector<const Event*> waiting;
  for (const auto& told : reference.told) {
    if (!reference.waits(told)) continue;
    const auto found = std::ranges::find(g.events, told.event, &Event::id);
    if (found != g.events.end()) waiting.push_back(&*found);
  }
  std::ranges::sort(waiting, {}, [](const Event* event) { return event->key(); });
  if (waiting.size() > kShown) waiting.erase(waiting.begin(), waiting.end() - kShown);
  out.begin_array();
  for (const auto* event : waiting) {
    begin_item(out, *event, g, nullptr, viewer);
    if (viewer.is_staff()) out.field("raw", raw_of(*event, viewer));
    out.end_object();
  }
  out.end_array();
}

}  // namespace cairn::orders

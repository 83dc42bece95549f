#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "modules/orders/order_reducer.hpp"
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
  std::map<std::string, const Event*> struck;  ///< by target, hex
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
  for (const auto& event : g.events) {
    if (event.type == EventType::EventCorrected)
      g.struck[event.as<model::Correction>().target] = &event;
    if (event.type == EventType::EventRetracted)
      g.struck[event.as<model::Retraction>().target] = &event;
  }
  return g;
}

void write_item(json::Writer& out, const Event& event, const Gathered& g, const Order& order,
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
  write_payload(out, event.payload, model::Show::Masked);
  if (event.is(model::EventFlag::NoDate)) out.field("no_date", true);
  if (event.is(model::EventFlag::Rival)) out.field("rival", true);
  if (const auto found = g.struck.find(hex); found != g.struck.end())
    write_struck(out, found->second->type == EventType::EventRetracted ? "retracted" : "corrected",
                 *found->second);
  bool is_first = true;
  for (const auto& conflict : order.conflicts) {
    if (conflict.event != event.id) continue;
    if (is_first) out.key("conflicts").begin_array();
    is_first = false;
    out.value(fmt::format("{}:{}", name_of(conflict.code), hex));
  }
  if (!is_first) out.end_array();
  if (const auto found = g.changes.find(event.id); found != g.changes.end())
    write_changes(out, found->second, *viewer.context);
  out.end_object();
}

void write_timer(json::Writer& out, const StoredRecord& record, const core::Change& change,
                 const Viewer& viewer) {
  out.begin_object().field("id", fmt::format("v{}", change.version));
  out.field("number", record.number).field("kind", "timer").field("type", "timer");
  write_label(out, "到时", "Its time came");
  out.field("occurred", record.recorded).field("recorded", record.recorded);
  write_changes(out, change, *viewer.context);
  out.end_object();
}

}  // namespace

void write_timeline(json::Writer& out, const Order& order, std::span<const StoredRecord> history,
                    std::uint64_t version, const Viewer& viewer) {
  auto g = gather(history, order.key, *viewer.sealer);
  // Pointers into `events` were taken before sorting: sort an index instead.
  std::vector<std::pair<Time, std::size_t>> places;
  for (std::size_t i = 0; i < g.events.size(); ++i) places.emplace_back(g.events[i].occurred, i);
  for (std::size_t i = 0; i < g.timers.size(); ++i)
    places.emplace_back(g.timers[i].first.recorded, g.events.size() + i);
  std::ranges::sort(places, {}, [&](const auto& place) {
    const auto i = place.second;
    return i < g.events.size() ? std::tuple(g.events[i].occurred, int{g.events[i].key().rank}, i)
                               : std::tuple(place.first, 255, i);
  });
  out.begin_object().key("items").begin_array();
  for (const auto& [at, i] : places) {
    if (i < g.events.size())
      write_item(out, g.events[i], g, order, viewer);
    else
      write_timer(out, g.timers[i - g.events.size()].first, g.timers[i - g.events.size()].second,
                  viewer);
  }
  out.end_array().field("version", version).end_object();
}

bool write_raw_event(json::Writer& out, const Order& order, std::span<const StoredRecord> history,
                     const model::Identity& wanted, const Viewer& viewer) {
  const auto g = gather(history, order.key, *viewer.sealer);
  const auto found = std::ranges::find(g.events, wanted, &Event::id);
  if (found == g.events.end()) return false;
  out.begin_object().key("event");
  write_item(out, *found, g, order, viewer);
  // What was understood in full has no raw form of its own: its payload says all.
  std::string raw = found->raw;
  if (raw.empty()) {
    json::Writer w(raw);
    write_payload(w, found->payload, model::Show::Masked);
  }
  out.field("raw", raw).key("wordings").begin_array();
  for (const auto& record : history) {
    if (record.type != RecordType::Wording) continue;
    auto other =
        model::decode_event({record.type, order.key, record.number, record.recorded, record.body});
    if (!other || other->id != wanted) continue;
    viewer.sealer->open(*other);
    std::string text = other->raw;
    if (text.empty()) {
      json::Writer w(text);
      write_payload(w, other->payload, model::Show::Masked);
    }
    out.value(std::string_view(text));
  }
  out.end_array().end_object();
  return true;
}

}  // namespace cairn::orders

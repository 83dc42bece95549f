#include "modules/orders/render.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "json/value.hpp"
#include "model/payload_codec.hpp"
#include "modules/orders/counting.hpp"
#include "modules/orders/personal_parts.hpp"
#include "modules/orders/render_cases.hpp"
#include "modules/orders/settle.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Label;

void write_label(json::Writer& out, std::string_view key, const Label& label) {
  out.key(key).begin_object().field("zh", label.zh).field("en", label.en).end_object();
}

void write_texts(json::Writer& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const auto& text : texts) out.value(std::string_view(text));
  out.end_array();
}

void write_parts(json::Writer& out, const std::vector<model::Part>& parts) {
  out.key("parts").begin_array();
  for (const auto& part : parts)
    out.begin_object().field("line", part.line).field("quantity", part.quantity).end_object();
  out.end_array();
}

enum class Personal : std::uint8_t { Masked, Plain };

void write_party(json::Writer& out, std::string_view key, model::Person person,
                 std::uint16_t parent, ports::KeySlot slot, const core::Sealer& sealer,
                 Personal how = Personal::Masked) {
  out.key(key).begin_object();
  out.text_if("id", person.id);
  model::codec::each_personal(
      person,
      [&](std::uint16_t path, auto& field) {
        using F = std::remove_cvref_t<decltype(field)>;
        const auto number = path % 64;
        static constexpr std::string_view kNames[]{"", "id", "name", "phone", "address", "email"};
        const auto plain = sealer.open(slot, path, field.sealed());
        if (!plain) return;
        out.field(
            kNames[number],
            std::string_view(how == Personal::Plain ? *plain : model::masked(F::kKind, *plain)));
      },
      parent);
  out.text_if("city", person.city).text_if("region", person.region);
  out.text_if("country", person.country);
  out.end_object();
}

void write_promise(json::Writer& out, std::string_view key, Time at) {
  if (at.is_none()) return;
  out.key(key).begin_object().field("to", at).field("basis", "source").end_object();
}

/// What was told with the element, and what was set since.
std::string attributes_of(const Order& order, std::string_view level, std::string_view element,
                          std::string told = {}) {
  for (const auto& set : order.attributes) {
    const std::string_view set_level = set.level.empty() ? "order" : std::string_view(set.level);
    if (set_level == level && set.element == element)
      told = model::merge_json_objects(told, set.json);
  }
  return told.empty() ? "{}" : told;
}

/// The same of those that are personal, opened. "{}" where there are none, or the key is gone.
std::string personal_attributes_of(const Order& order, std::string_view level,
                                   std::string_view element, ports::KeySlot slot,
                                   const core::Sealer& sealer,
                                   const model::PersonalText& told = {}) {
  std::string out;
  const auto lay = [&](std::uint16_t field, BytesView sealed) {
    if (const auto plain = sealer.open(slot, field, sealed))
      out = model::merge_json_objects(out, *plain);
  };
  if (!told.empty()) lay(kPlacedAttributesField, told.sealed());
  for (const auto& set : order.attributes) {
    const std::string_view set_level = set.level.empty() ? "order" : std::string_view(set.level);
    if (set_level != level || set.element != element) continue;
    for (const auto& sealed : set.personal) lay(kAttributesField, sealed);
  }
  return out.empty() ? "{}" : out;
}

/// `personal_attributes`, masked; left out where there are none.
void write_personal_attributes(json::Writer& out, const Order& order, std::string_view level,
                               std::string_view element, ports::KeySlot slot, const Viewer& viewer,
                               const model::PersonalText& told = {}) {
  const auto plain = personal_attributes_of(order, level, element, slot, *viewer.sealer, told);
  if (plain != "{}")
    out.key("personal_attributes")
        .raw(masked_attributes(level, plain, viewer.context->definitions->attributes()));
}

/// Facts are kept as they were told; what no attribute set allows is flagged.
void write_attribute_faults(json::Writer& out, const Order& order, const std::string& told,
                            const Context& context) {
  out.key("attribute_faults").begin_array();
  const auto write = [&](std::string_view level, std::string_view element,
                         const std::string& attributes) {
    for (const auto& fault : context.definitions->attributes().check(level, attributes))
      out.begin_object()
          .field("level", level)
          .text_if("element", element)
          .field("pointer", fault.pointer)
          .field("message", fault.message)
          .end_object();
  };
  write("order", "", attributes_of(order, "order", "", told));
  for (const auto& line : order.lines)
    write("line", line.id,
          attributes_of(order, "line", line.id,
                        model::decode_payload<model::Line>(line.description).attributes.text));
  for (const auto& package : order.packages)
    write("package", package.id, attributes_of(order, "package", package.id));
  for (const auto& step : order.plan) write("step", step.id, attributes_of(order, "step", step.id));
  out.end_array();
}

void write_line(json::Writer& out, const Order& order, const LineState& line) {
  const auto told = model::decode_payload<model::Line>(line.description);
  out.begin_object();
  out.field("id", line.id).text_if("sku", told.sku).text_if("name", told.name);
  out.field("kind", name_of(line.kind)).text_if("unit", told.unit).field("scale", told.scale);
  out.field("quantity", line.quantity).field("cancelled", line.cancelled);
  out.field("tolerance", line.tolerance).field("shipped", line.shipped);
  out.field("delivered", line.delivered).field("back", line.back);
  if (told.price) out.field("price", *told.price);
  out.text_if("supplier", line.supplier).text_if("warehouse", line.warehouse);
  write_promise(out, "promised_dispatch", line.promised_dispatch);
  write_promise(out, "promised_delivery", line.promised_delivery);
  out.key("steps").begin_object();
  for (const auto& step : order.steps)
    if (step.line == line.id) out.field(name_of(step.step), step.total);
  out.end_object();
  out.key("attributes").raw(attributes_of(order, "line", line.id, told.attributes.text));
  out.end_object();
}

void write_package(json::Writer& out, const Order& order, const PackageState& package,
                   ports::KeySlot slot, const Viewer& viewer) {
  const auto& context = *viewer.context;
  out.begin_object();
  out.field("id", package.id).field("direction", name_of(package.direction));
  out.text_if("carrier", package.carrier).text_if("number", package.number);
  out.text_if("unit", package.unit).text_if("supplier", package.supplier);
  out.text_if("case_id", package.case_id);
  out.field("milestone", name_of(package.milestone));
  write_label(out, "label", context.definitions->milestone(package.milestone).label);
  out.key("flags").begin_array();
  for (std::size_t i = 0; i < model::Names<model::PackageFlag>::all().size(); ++i)
    if (package.flags >> i & 1) out.value(name_of(static_cast<model::PackageFlag>(i)));
  out.end_array();
  out.key("legs").begin_array();
  for (const auto& leg : package.legs)
    out.begin_object()
        .field("leg", leg.leg)
        .text_if("carrier", leg.carrier)
        .text_if("number", leg.number)
        .end_object();
  out.end_array();
  if (package.is_withdrawn) out.field("withdrawn", true);
  write_parts(out, package.parts);
  out.time_if("declared_at", package.declared_at);
  if (package.is_confirmed) out.time_if("confirmed_at", package.shipped_at);
  out.time_if("shipped_at", package.shipped_at).time_if("delivered_at", package.delivered_at);
  if (package.received_by != model::ReceivedBy::Unknown)
    out.field("received_by", name_of(package.received_by));
  out.text_if("last_place", package.last_place).time_if("last_seen_at", package.last_scan);
  out.time_if("eta", package.estimated);
  out.key("attributes").raw(attributes_of(order, "package", package.id));
  write_personal_attributes(out, order, "package", package.id, slot, viewer);
  out.key("milestones").begin_array();
  for (const auto& seen : package.milestones) {
    out.begin_object().field("milestone", name_of(seen.milestone));
    if (seen.has_date)
      out.field("at", seen.at);
    else
      out.field("no_date", true);
    out.text_if("place", seen.place).text_if("leg", seen.leg);
    write_texts(out, "sources", seen.sources);
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

void write_step(json::Writer& out, const Order& order, const PlannedStepState& step,
                ports::KeySlot slot, const Viewer& viewer) {
  out.begin_object().field("id", step.id);
  const auto& zh = step.name_zh.empty() ? step.id : step.name_zh;
  write_label(out, "label", {zh, step.name_en.empty() ? zh : step.name_en});
  out.text_if("owner", step.owner).text_if("phase", step.phase);
  write_texts(out, "after", step.after);
  out.field("state", !step.finished.is_none()  ? "finished"
                     : step.is_blocked         ? "blocked"
                     : !step.started.is_none() ? "started"
                                               : "waiting");
  out.field("quantity", step.quantity).field("good", step.good).field("scrap", step.scrap);
  out.key("attributes").raw(attributes_of(order, "step", step.id));
  write_personal_attributes(out, order, "step", step.id, slot, viewer);
  out.time_if("planned_start", step.planned_start).time_if("planned_end", step.planned_end);
  out.time_if("estimated_end", step.estimated_end).time_if("started_at", step.started);
  out.time_if("finished_at", step.finished).text_if("reason", step.blocked_reason);
  out.field("visible_to_customer", step.is_visible).end_object();
}

void write_hold(json::Writer& out, const HoldState& hold) {
  out.begin_object().field("id", hold.id).field("reason", hold.reason);
  if (hold.definition) {
    write_label(out, "label", hold.definition->label);
    out.field("party", hold.definition->party)
        .field("clock", lifecycle::name_of(hold.definition->clock));
    out.field("blocks", hold.definition->is_blocking);
  } else {
    write_label(out, "label", {hold.reason, hold.reason});
  }
  write_texts(out, "lines", hold.lines);
  out.field("open", true).field("placed_at", hold.since).end_object();
}

void write_case(json::Writer& out, const Order& order, const CaseState& c, const Viewer& viewer) {
  const auto& chart = viewer.context->after_sale();
  const auto& state = chart.state(c.state);
  out.begin_object().field("id", c.id).field("type", name_of(c.type)).field("state", state.code());
  write_label(out, "label", state.staff_label());
  out.field("category", name_of(state.category())).field("open", c.is_open);
  write_parts(out, c.parts);
  if (c.amount) out.field("amount", *c.amount);
  out.text_if("reason", c.reason).field("opened_at", c.opened);
  if (!c.is_open) out.field("ended_at", c.moved);
  write_case_commands(out, order, c, viewer);
  out.end_object();
}

void write_texts_of(json::Writer& out, const Order& order, ports::KeySlot slot,
                    const Viewer& viewer) {
  out.key("notes").begin_array();
  for (const auto& note : order.notes) {
    // Sealed so that it can be forgotten, and written to be read by whoever works on the order.
    auto told = model::decode_payload<model::NoteAdded>(note.payload);
    const auto plain = viewer.is_staff() ? viewer.sealer->open(slot, 1, told.text.sealed())
                                         : fail(ErrorCode::Forbidden, "not for this role");
    out.begin_object().field("at", note.at).text_if("actor", note.actor);
    out.field("text", std::string_view(plain ? *plain : "***"));
    out.field("event", to_hex(note.event.view())).end_object();
  }
  out.end_array();
  out.key("attachments").begin_array();
  for (const auto& attachment : order.attachments) {
    const auto told = model::decode_payload<model::Attachment>(attachment.payload);
    out.begin_object().field("hash", told.hash).field("name", told.name);
    out.text_if("media_type", told.media_type).text_if("kind", told.kind);
    out.field("size", told.size).field("at", attachment.at).text_if("actor", attachment.actor);
    out.end_object();
  }
  out.end_array();
  out.key("relations").begin_array();
  for (const auto& relation : order.relations) {
    const auto told = model::decode_payload<model::Relation>(relation.payload);
    out.begin_object().field("kind", name_of(told.kind)).field("order", told.order).end_object();
  }
  out.end_array();
}

void write_conflicts(json::Writer& out, const Order& order, std::span<const model::Event> history,
                     const Context& context) {
  out.key("conflicts").begin_array();
  for (const auto& conflict : order.conflicts)
    write_conflict(out, order, conflict, history, context);
  out.end_array();
}

void write_promises(json::Writer& out, const Order& order) {
  out.key("promises").begin_array();
  for (const auto& promise : order.promises) {
    out.begin_object().field("of", name_of(promise.of)).text_if("line", promise.line);
    out.field("to", promise.at).field("basis", name_of(promise.basis));
    out.field("source", promise.source).field("told_at", promise.made);
    out.field("current", &promise == promise_of(order, promise.of)).end_object();
  }
  out.end_array();
}

void write_approval(json::Writer& out, const RequestState& request, const Viewer& viewer) {
  out.key("approval").begin_array();
  for (const auto name : lifecycle::names_of(request.approvals)) out.value(name);
  out.end_array().key("approved_by").begin_array();
  for (const auto& actor : request.approved_by) out.value(std::string_view(actor));
  out.end_array().text_if("actor", request.asked_by).field("role", name_of(request.asked_role));
  if (!request.data.empty()) out.key("data").raw(request.data);
  write_request_commands(out, request, viewer);
}

void write_requests(json::Writer& out, const Order& order, const Viewer& viewer) {
  out.key("requests").begin_array();
  for (const auto& request : order.requests) {
    const auto id = model::to_text(order.id());
    out.begin_object().field("id", fmt::format("{}-{}", id, request.id)).field("order", id);
    out.field("command", request.command);
    write_label(out, "label", command_label(request.command, *viewer.context));
    out.text_if("master", request.master)
        .field("state", request.is_silent ? "silent" : "pending")
        .field("opened_at", request.opened);
    out.time_if("deadline", request.deadline);
    if (request.is_silent) out.time_if("ended_at", request.deadline);
    if (request.approvals != 0) write_approval(out, request, viewer);
    out.end_object();
  }
  out.end_array();
}

}  // namespace

model::RelationKind relation_kind(const TextState& text) {
  return model::decode_payload<model::Relation>(text.payload).kind;
}

void write_order(json::Writer& out, const Order& order, const Row& row, ports::KeySlot slot,
                 const Viewer& in_force, std::span<const model::Event> history) {
  auto viewer = in_force;
  viewer.context = &context_of(order, *in_force.context);
  const auto& context = *viewer.context;
  const auto told = model::decode_payload<model::OrderPlaced>(order.placed);
  out.begin_object().field("id", model::to_text(order.id()));
  std::string status;
  append_status(status, row, context, viewer.now);
  out.key("status").raw(status);
  write_label(out, "customer_label", order.headline().customer_label());
  out.field("lifecycle_version", order.lifecycle->version());
  out.field("source", order.source).text_if("preset", told.preset).text_if("shop", order.shop);
  out.text_if("company", told.company).text_if("brand", told.brand);
  out.text_if("channel", told.channel).text_if("warehouse", order.warehouse);
  out.text_if("plant", told.plant);
  std::vector<std::string> suppliers = order.suppliers;
  for (const auto& line : order.lines)
    if (!line.supplier.empty() && !contains(suppliers, line.supplier))
      suppliers.push_back(line.supplier);
  write_texts(out, "suppliers", suppliers);
  out.field("placed_at", order.at(At::Placed)).field("changed_at", order.last_key.occurred);
  const auto& category = context.definitions->category(order.category());
  out.text_if("next_owner", next_owner(category, [&](const auto& visit) {
                for (const auto& hold : order.holds) visit(hold.definition);
              }));
  if (is_counting(health_of(order, viewer.now))) out.time_if("due_at", judged_by(order));
  out.text_if("currency", order.currency).field("terms", name_of(order.terms));
  out.field("payment", name_of(payment_state_of(order)));
  if (order.total) out.field("total", *order.total);
  if (order.deposit) out.field("deposit", *order.deposit);
  out.field("paid", order.paid).field("refunded", order.refunded);
  const auto sums = sums_of(order);
  out.key("axes")
      .begin_object()
      .field("ordered", sums.ordered)
      .field("cancelled", sums.ordered - sums.total)
      .field("shipped", sums.shipped)
      .field("delivered", sums.delivered)
      .field("back", sums.back)
      .end_object();
  out.key("badges").begin_array();
  for (std::size_t i = 0; i < kBadges.size(); ++i)
    if (row.badges >> i & 1) out.value(kBadges[i]);
  out.end_array();
  if (order.is(Flag::Forgotten)) {
    out.field("forgotten", true);
  } else {
    write_party(out, "buyer", told.buyer, kBuyerField, slot, *viewer.sealer);
    if (order.receiver.empty())
      write_party(out, "receiver", told.receiver, kReceiverField, slot, *viewer.sealer);
    else
      write_party(out, "receiver", model::decode_payload<model::Person>(order.receiver),
                  kNewReceiverField, slot, *viewer.sealer);
  }
  out.key("lines").begin_array();
  for (const auto& line : order.lines) write_line(out, order, line);
  out.end_array().key("packages").begin_array();
  for (const auto& package : order.packages) write_package(out, order, package, slot, viewer);
  out.end_array().key("steps").begin_array();
  for (const auto& step : order.plan) write_step(out, order, step, slot, viewer);
  out.end_array().key("holds").begin_array();
  for (const auto& hold : order.holds) write_hold(out, hold);
  out.end_array().key("cases").begin_array();
  for (const auto& c : order.cases) write_case(out, order, c, viewer);
  out.end_array();
  write_texts_of(out, order, slot, viewer);
  write_texts(out, "tags", order.tags);
  out.text_if("flag", order.flag_colour);
  out.key("references").begin_array();
  for (const auto& reference : order.references)
    out.begin_object()
        .field("scheme", reference.scheme)
        .text_if("issuer", reference.issuer)
        .field("value", reference.value)
        .text_if("line", reference.line)
        .end_object();
  out.end_array();
  write_promises(out, order);
  write_conflicts(out, order, history, context);
  write_requests(out, order, viewer);
  out.key("commands");
  write_commands(out, order, viewer);
  out.key("attributes").raw(attributes_of(order, "order", "", told.attributes.text));
  write_personal_attributes(out, order, "order", "", slot, viewer, told.personal_attributes);
  write_attribute_faults(out, order, told.attributes.text, context);
  out.end_object();
}

std::string attributes_named(const Order& order, std::span<const std::string> names) {
  const auto told = model::decode_payload<model::OrderPlaced>(order.placed).attributes.text;
  json::Document document;
  const auto all = document.parse(attributes_of(order, "order", "", told));
  std::string out;
  json::Writer w(out);
  w.begin_object();
  for (const auto& name : names)
    if (const auto value = all ? all->find(name) : std::nullopt) {
      std::string text;
      value->append_to(text);
      w.key(name).raw(text);
    }
  w.end_object();
  return out;
}

namespace {
void write_revealed_attributes(json::Writer& out, const Order& order, ports::KeySlot slot,
                               const core::Sealer& sealer, const model::PersonalText& told) {
  out.key("attributes").begin_array();
  const auto write = [&](std::string_view level, std::string_view element,
                         const std::string& plain) {
    if (plain == "{}") return;
    out.begin_object().field("level", level).text_if("element", element);
    out.key("attributes").raw(plain).end_object();
  };
  write("order", "", personal_attributes_of(order, "order", "", slot, sealer, told));
  for (const auto& set : order.attributes)
    if (!set.personal.empty() && !set.level.empty() && set.level != "order")
      write(set.level, set.element,
            personal_attributes_of(order, set.level, set.element, slot, sealer));
  out.end_array();
}
}  // namespace

void write_revealed(json::Writer& out, const Order& order, ports::KeySlot slot,
                    const core::Sealer& sealer) {
  const auto told = model::decode_payload<model::OrderPlaced>(order.placed);
  out.begin_object();
  if (!order.is(Flag::Forgotten)) {
    write_party(out, "buyer", told.buyer, kBuyerField, slot, sealer, Personal::Plain);
    if (order.receiver.empty())
      write_party(out, "receiver", told.receiver, kReceiverField, slot, sealer, Personal::Plain);
    else
      write_party(out, "receiver", model::decode_payload<model::Person>(order.receiver),
                  kNewReceiverField, slot, sealer, Personal::Plain);
    write_revealed_attributes(out, order, slot, sealer, told.personal_attributes);
  }
  out.end_object();
}

}  // namespace cairn::orders

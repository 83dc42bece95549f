#include "modules/orders/render.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "modules/orders/counting.hpp"

namespace cairn::orders {
namespace {

void write_label(json::Writer& out, std::string_view key, const lifecycle::Label& label) {
  out.key(key).begin_object().field("zh", label.zh).field("en", label.en).end_object();
}

void write_words(json::Writer& out, std::string_view key, const Row& row, const Names& names,
                 std::string_view prefix) {
  out.key(key).begin_array();
  for (const auto word : row.words()) {
    const auto text = names.text(word);
    if (text.starts_with(prefix)) out.value(text.substr(prefix.size()));
  }
  out.end_array();
}

/// ,"lifecycle":…,"state":…,"label":… : the same for all orders in a state, and the larger part of
/// a status, so each thread keeps them ready.
std::string_view state_members(const Row& row, const Context& context) {
  thread_local std::unordered_map<std::uint32_t, std::string> ready;
  thread_local std::uint32_t made_for = 0;
  if (const auto now = context.fingerprint(); made_for != now) {
    ready.clear();
    made_for = now;
  }
  auto& text = ready[static_cast<std::uint32_t>(row.lifecycle) << 16 | row.state];
  if (!text.empty()) return text;
  const auto& chart = context.lifecycle_at(row.lifecycle);
  const auto& state = chart.state(row.state);
  json::Writer w(text);
  w.begin_object().field("lifecycle", chart.name()).field("state", state.code());
  write_label(w, "label", state.staff_label());
  text.front() = ',';
  return text;
}

/// The masked name of the buyer, as far as it can still be read.
std::string buyer_of(const Row& row, const core::Sealer& sealer) {
  if (row.buyer().empty()) return {};
  const auto plain = sealer.open(row.key_slot, row.buyer_field, row.buyer());
  return plain ? model::masked(model::PersonalKind::Name, *plain) : std::string();
}

}  // namespace

lifecycle::Label Viewer::word(std::string_view vocabulary, std::string_view code) const {
  if (word_of) return word_of(vocabulary, code);
  return {std::string(code), std::string(code)};
}

bool Viewer::is_staff() const {
  return role != model::Role::Customer && role != model::Role::Supplier &&
         role != model::Role::Carrier;
}

std::string_view next_owner(
    const lifecycle::CategoryRow& category,
    const std::function<void(const std::function<void(const lifecycle::Hold*)>&)>& each_hold) {
  if (category.owner == "nobody") return {};
  if (category.category != model::Category::Held) return category.owner;
  std::string_view owner;
  each_hold([&](const lifecycle::Hold* hold) {
    if (!owner.empty() || !hold || !hold->is_blocking || !hold->sets_headline) return;
    if (model::from_name<model::Role>(hold->party)) {
      owner = hold->party;
      return;
    }
    // The party is nobody who works here: then whoever may lift the hold.
    for (const auto role : lifecycle::names_of(hold->released_by))
      if (owner.empty() && role != "source" && role != "system") owner = role;
  });
  return owner.empty() ? std::string_view("order_desk") : owner;
}

void append_status(std::string& out, const Row& row, const Context& context, Time now,
                   std::optional<model::Health> told) {
  const auto health = told.value_or(row.health(now));
  json::Writer w(out);
  w.begin_object();
  w.field("id", model::to_text(row.id));
  w.text_if("order_no", utf8_prefix(row.order_no(), 64));
  out += state_members(row, context);
  w.field("category", name_of(row.category));
  w.field("health", name_of(health));
  w.field("lane", name_of(model::lane_of(health)));
  if (row.milestone != 0xff)
    w.field("milestone", name_of(static_cast<model::Milestone>(row.milestone)));
  // Another promise held when something else was told.
  if (!row.promised.is_none() && health == row.health(now))
    w.key("promise")
        .begin_object()
        .field("to", row.promised)
        .field("basis", name_of(row.promise_basis))
        .end_object();
  w.field("version", row.version);
  w.field("as_of", now);
  w.time_if("valid_until", row.valid_until);
  w.end_object();
}

void write_row(json::Writer& out, const Row& row, const Names& names, const Viewer& viewer,
               std::string_view attributes) {
  const auto& context = *viewer.context;
  out.begin_object();
  out.field("id", model::to_text(row.id));
  std::string status;
  append_status(status, row, context, viewer.now);
  out.key("status").raw(status);
  out.field("placed_at", row.placed);
  out.field("changed_at", row.changed);
  out.text_if("source", names.text(row.source));
  out.text_if("shop", names.text(row.shop));
  out.text_if("warehouse", names.text(row.warehouse));
  write_words(out, "suppliers", row, names, "supplier:");
  write_words(out, "carriers", row, names, "carrier:");
  if (const auto buyer = buyer_of(row, *viewer.sealer); !buyer.empty()) out.field("buyer", buyer);
  out.text_if("city", names.text(row.city));
  out.text_if("currency", names.text(row.currency));
  if (row.total != kUnset) out.field("total", row.total);
  const auto& category = context.definitions->category(row.category);
  if (is_counting(row.health(viewer.now))) out.time_if("due_at", row.promised);
  out.text_if("next_owner", next_owner(category, [&](const auto& visit) {
                for (const auto word : row.words())
                  if (const auto text = names.text(word); text.starts_with("hold:"))
                    visit(context.definitions->hold(text.substr(5)));
              }));
  out.key("badges").begin_array();
  for (std::size_t i = 0; i < kBadges.size(); ++i)
    if (row.badges >> i & 1) out.value(kBadges[i]);
  out.end_array();
  write_words(out, "tags", row, names, "tag:");
  out.text_if("flag", names.text(row.flag));
  write_words(out, "holds", row, names, "hold:");
  out.field("line_count", row.line_count);
  out.field("package_count", row.package_count);
  out.text_if("summary", row.summary());
  if (!attributes.empty()) out.key("attributes").raw(attributes);
  const bool is_held = std::ranges::any_of(
      row.words(), [&](auto word) { return names.text(word).starts_with("hold:"); });
  out.key("moves").begin_array();
  const auto& chart = context.lifecycle_at(row.lifecycle);
  for (const auto& move : chart.moves(row.state, viewer.role)) {
    out.begin_object();
    out.field("to", name_of(move.to));
    out.field("command", move.command);
    if (!is_held && chart.emits(move.command) == model::EventType::HoldReleased)
      write_label(out, "why_not", {"没有挂起可解除", "nothing is on hold"});
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

Bytes encode(const Summary& s) {
  Bytes out;
  ByteWriter w(out);
  w.u8(s.is_placed);
  w.u8(s.lifecycle);
  w.u8(s.state);
  w.u8(static_cast<std::uint8_t>(s.category));
  w.u8(static_cast<std::uint8_t>(s.health));
  w.u8(s.milestone);
  // Absent in what was written before there was such a thing, and where there is nothing to say.
  if (s.silent_requests != 0) w.u8(s.silent_requests);
  return out;
}

Summary decode_summary(BytesView bytes) {
  ByteReader r(bytes);
  Summary s;
  s.is_placed = r.u8() != 0;
  s.lifecycle = r.u8();
  s.state = r.u8();
  s.category = static_cast<model::Category>(r.u8());
  s.health = static_cast<model::Health>(r.u8());
  s.milestone = r.u8();
  if (!r.at_end()) s.silent_requests = r.u8();
  return s;
}

Summary summary_of(const Order& order, const Context& context) {
  Summary s;
  s.is_placed = order.is(Flag::Placed);
  s.lifecycle = context.number_of(*order.lifecycle);
  s.state = order.state;
  s.category = order.category();
  s.health = order.health;
  s.silent_requests = static_cast<std::uint8_t>(std::min<std::size_t>(silent_requests(order), 255));
  if (const auto milestone = milestone_of(order))
    s.milestone = static_cast<std::uint8_t>(*milestone);
  return s;
}

void write_state_ref(json::Writer& out, const Summary& s, const Context& context) {
  const auto* chart = context.find_lifecycle(s.lifecycle);
  out.begin_object();
  out.field("state", chart && s.state < chart->states().size() ? chart->state(s.state).code()
                                                               : std::string_view("unknown"));
  out.field("category", name_of(s.category));
  out.field("lane", name_of(model::lane_of(s.health)));
  out.field("health", name_of(s.health));
  out.end_object();
}

}  // namespace cairn::orders

#include "modules/orders/personal_parts.hpp"

#include "json/value.hpp"
#include "json/writer.hpp"
#include "model/codec.hpp"

namespace cairn::orders {
namespace {

std::string text_of(json::Value value) {
  std::string out;
  value.append_canonical(out);
  return out;
}

void part_attributes(std::string_view level, model::JsonText& open, model::PersonalText& sealed,
                     const lifecycle::AttributeSets& sets) {
  if (open.text.empty() || !sets.has_personal()) return;
  json::Document document;
  const auto all = document.parse(open.text);
  if (!all || !all->is_object()) return;
  std::string plain, personal;
  json::Writer w(plain), hidden(personal);
  w.begin_object();
  hidden.begin_object();
  bool is_found = false;
  all->members([&](std::string_view name, json::Value value) {
    const bool is_personal = sets.personal_kind(level, name).has_value();
    is_found = is_found || is_personal;
    (is_personal ? hidden : w).key(name).raw(text_of(value));
    return true;
  });
  if (!is_found) return;
  w.end_object();
  hidden.end_object();
  open.text = std::move(plain);
  sealed = model::PersonalText::from_plain(std::move(personal));
}

/// People see masked forms, and a form that was filled in from them comes back with them.
bool is_mask(json::Value value) {
  const auto text = value.as_string();
  return text && text->contains('*');
}

PersonalParts part_correction(model::JsonText& data) {
  PersonalParts parts;
  json::Document document;
  const auto all = document.parse(data.text);
  if (!all || !all->is_object()) return parts;
  const auto& names = model::personal_names();
  const auto take = [&](const std::string& path, json::Value value) {
    if (!names.contains(path)) return false;
    parts.is_lost = true;
    if (parts.pointer.empty() && !is_mask(value) && !value.is_null())
      parts.pointer = "/data/" + path;
    return true;
  };
  std::string left;
  json::Writer w(left);
  w.begin_object();
  all->members([&](std::string_view name, json::Value value) {
    const std::string path(name);
    if (take(path, value)) return true;
    w.key(name);
    if (!value.is_object()) {
      w.raw(text_of(value));
      return true;
    }
    w.begin_object();
    value.members([&](std::string_view inner, json::Value of) {
      if (!take(path + "/" + std::string(inner), of)) w.key(inner).raw(text_of(of));
      return true;
    });
    w.end_object();
    return true;
  });
  w.end_object();
  if (parts.is_lost) data.text = std::move(left);
  return parts;
}

}  // namespace

PersonalParts part_personal(model::Event& event, const lifecycle::AttributeSets& sets) {
  if (auto* correction = std::get_if<model::Correction>(&event.payload);
      correction && !correction->data.text.empty())
    return part_correction(correction->data);
  if (auto* placed = std::get_if<model::OrderPlaced>(&event.payload))
    part_attributes("order", placed->attributes, placed->personal_attributes, sets);
  if (auto* set = std::get_if<model::AttributesSet>(&event.payload))
    part_attributes(set->level.empty() ? "order" : set->level, set->attributes,
                    set->personal_attributes, sets);
  return {};
}

std::string masked_attributes(std::string_view level, std::string_view attributes,
                              const lifecycle::AttributeSets& sets) {
  json::Document document;
  const auto all = document.parse(attributes);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  if (all && all->is_object())
    all->members([&](std::string_view name, json::Value value) {
      const auto kind = sets.personal_kind(level, name).value_or(model::PersonalKind::Other);
      if (const auto text = value.as_string()) w.field(name, model::masked(kind, *text));
      return true;
    });
  w.end_object();
  return out;
}

}  // namespace cairn::orders

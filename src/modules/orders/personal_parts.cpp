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

/// Where somebody is named in full: "signer", "receiver/name". Empty: nowhere.
std::string first_named(const model::JsonText& data, const std::set<std::string>& names) {
  std::string out;
  const auto look = [&](const std::string& path, json::Value value) {
    if (out.empty() && names.contains(path) && value.as_string() && !is_mask(value)) out = path;
  };
  json::Document document;
  const auto all = document.parse(data.text);
  if (!all || !all->is_object()) return out;
  all->members([&](std::string_view name, json::Value value) {
    const std::string path(name);
    look(path, value);
    value.members([&](std::string_view inner, json::Value of) {
      look(path + "/" + std::string(inner), of);
      return true;
    });
    return true;
  });
  return out;
}

/// The same object without the members at `names`.
std::string without(const model::JsonText& data, const std::set<std::string>& names) {
  json::Document document;
  const auto all = document.parse(data.text);
  if (!all || !all->is_object()) return data.text;
  std::string out;
  json::Writer w(out);
  w.begin_object();
  all->members([&](std::string_view name, json::Value value) {
    const std::string path(name);
    if (names.contains(path)) return true;
    w.key(name);
    if (!value.is_object()) {
      w.raw(text_of(value));
      return true;
    }
    w.begin_object();
    value.members([&](std::string_view inner, json::Value of) {
      if (!names.contains(path + "/" + std::string(inner))) w.key(inner).raw(text_of(of));
      return true;
    });
    w.end_object();
    return true;
  });
  w.end_object();
  return out;
}

}  // namespace

void part_personal(model::Event& event, const lifecycle::AttributeSets& sets) {
  if (auto* placed = std::get_if<model::OrderPlaced>(&event.payload))
    part_attributes("order", placed->attributes, placed->personal_attributes, sets);
  if (auto* set = std::get_if<model::AttributesSet>(&event.payload))
    part_attributes(set->level.empty() ? "order" : set->level, set->attributes,
                    set->personal_attributes, sets);
}

bool corrects_data(const model::Event& event) {
  const auto* correction = std::get_if<model::Correction>(&event.payload);
  return correction && !correction->data.text.empty();
}

Result<void> part_correction(model::Event& event, std::optional<model::EventType> type) {
  auto& data = std::get<model::Correction>(event.payload).data;
  const auto& names = type ? model::personal_names(*type) : model::personal_names();
  if (event.is(model::EventFlag::Command))
    if (const auto path = first_named(data, names); !path.empty())
      return fail(ErrorCode::Invalid,
                  "a correction leaves personal data as it was told; leave this field out "
                  "(change_address names another receiver)",
                  "/data/" + path);
  data.text = without(data, names);
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

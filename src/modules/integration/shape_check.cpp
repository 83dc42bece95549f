#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "modules/integration/shape.hpp"

namespace cairn::integration {
namespace {

using model::for_each_field;
using model::HasFields;

template <HasFields T>
std::optional<std::string> check_members(const Shape& shape, const std::string& where);

template <typename V>
std::optional<std::string> check_value(const Shape& shape, const std::string& where) {
  const bool is_list = shape.kind == Shape::Kind::List;
  const bool is_object = shape.kind == Shape::Kind::Object;
  if constexpr (model::IsVector<V>::value) {
    using Element = typename V::value_type;
    if (is_object) return fmt::format("{} is a list: use `list:`, not `fields:` alone", where);
    if constexpr (HasFields<Element>)
      if (is_list) return check_members<Element>(shape, where);
  } else if constexpr (HasFields<V>) {
    if (is_list) return fmt::format("{} is one object, not a list", where);
    if (is_object) return check_members<V>(shape, where);
  } else if constexpr (!std::is_same_v<V, model::JsonText>) {
    if (is_list || is_object) return fmt::format("{} is one value, not an object or list", where);
  }
  return std::nullopt;
}

template <HasFields T>
std::optional<std::string> check_members(const Shape& shape, const std::string& where) {
  for (const auto& [name, field] : shape.fields) {
    bool is_known = false;
    std::optional<std::string> fault;
    std::vector<std::string_view> names;
    const std::string path = where.empty() ? name : fmt::format("{}.{}", where, name);
    for_each_field<T>([&](const auto& row) {
      names.push_back(row.name);
      if (row.name != name) return;
      is_known = true;
      using V = std::remove_cvref_t<decltype(std::declval<T>().*row.member)>;
      if constexpr (
          requires { typename V::value_type; } && !model::IsVector<V>::value &&
          requires(V v) { v.has_value(); })
        fault = check_value<typename V::value_type>(field, path);
      else
        fault = check_value<V>(field, path);
    });
    if (fault) return fault;
    if (is_known) continue;
    if (const auto meant = nearest(name, names))
      return fmt::format("no field {}; did you mean \"{}\"?", path, *meant);
    return fmt::format("no field {}; known are: {}", path, fmt::join(names, ", "));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> unknown_field(model::EventType type, const Shape& shape) {
  const model::Payload payload = model::make_payload(type);
  return std::visit(
      [&](const auto& p) { return check_members<std::remove_cvref_t<decltype(p)>>(shape, ""); },
      payload);
}

}  // namespace cairn::integration

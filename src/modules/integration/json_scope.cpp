#include "modules/integration/json_scope.hpp"

#include "base/number.hpp"

namespace cairn::integration {
namespace {

constexpr std::size_t kListMax = 5'000;

std::optional<json::Value> element_at(json::Value list, std::string_view name) {
  auto index = parse_number<std::size_t>(name);
  if (!index) return std::nullopt;
  std::optional<json::Value> out;
  list.elements([&](json::Value element) {
    if ((*index)-- > 0) return true;
    out = element;
    return false;
  });
  return out;
}

}  // namespace

std::optional<json::Value> JsonScope::at(std::string_view path) const {
  std::optional<json::Value> here = value_;
  while (here && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    here = here->is_array() ? element_at(*here, name) : here->find(name);
    path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
  }
  if (here && here->is_null()) here.reset();
  return here;
}

std::optional<std::string> JsonScope::text(std::string_view path) const {
  const auto value = at(path);
  if (!value) return std::nullopt;
  auto out = value->as_id();
  if (!out) {
    if (value->type() != json::Type::Bool && value->type() != json::Type::Real) return std::nullopt;
    out.emplace();
    value->append_to(*out);
  }
  if (out->empty()) out.reset();
  return out;
}

std::optional<std::string> JsonScope::json(std::string_view path) const {
  const auto value = at(path);
  if (!value) return std::nullopt;
  std::string out;
  value->append_to(out);
  return out;
}

Result<void> JsonScope::each(std::string_view list, const Visit& visit) const {
  const auto value = at(list);
  Result<void> result;
  if (!value) return result;
  std::size_t count = 0;
  value->elements([&](json::Value element) {
    if (++count > kListMax)
      result = fail(ErrorCode::TooLarge, "a list with more than 5000 elements");
    else
      result = visit(JsonScope(element));
    return result.has_value();
  });
  return result;
}

}  // namespace cairn::integration

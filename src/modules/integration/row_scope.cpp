#include "modules/integration/row_scope.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace cairn::integration {
namespace {

std::optional<std::string> told(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

}  // namespace

const OrderRows::Child* OrderRows::child(std::string_view name) const {
  for (const auto& child : children)
    if (child.name == name) return &child;
  return nullptr;
}

std::optional<std::string> RowScope::text(std::string_view path) const {
  if (path == "$groups") return fmt::format("{}", groups_);
  std::string_view column = path;
  const OrderRows::Child* child = child_;
  bool is_base = false;
  if (const std::size_t dot = path.find('.'); dot != path.npos) {
    const auto name = path.substr(0, dot);
    column = path.substr(dot + 1);
    is_base = name == order_.base_name;
    if (!is_base && !(child && child->name == name)) {
      child = order_.child(name);
      if (!child || !child->table || child->rows.empty()) return std::nullopt;
      return told(child->table->field(child->rows[0], child->table->columns.find(column)));
    }
  }
  if (child && !is_base && !group_.empty())
    if (const int at = child->table->columns.find(column); at >= 0)
      return told(child->table->field(group_[0], at));
  const int at = order_.base_columns->find(column);
  if (at < 0) return std::nullopt;
  return told(order_.base->fields[static_cast<std::size_t>(at)]);
}

std::optional<std::string> RowScope::json(std::string_view path) const {
  const auto value = text(path);
  if (!value) return std::nullopt;
  std::string out;
  append_json_string(out, *value);
  return out;
}

Result<void> RowScope::each(std::string_view list, const Visit& visit) const {
  const auto* child = order_.child(list);
  if (!child || !child->table) return {};
  const bool is_mine = child_ && child_->name == list;
  const std::span<const std::uint32_t> rows =
      is_mine ? group_ : std::span<const std::uint32_t>(child->rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    CAIRN_TRY_VOID(visit(RowScope(order_, *child, rows.subspan(i, 1), groups_)));
  return {};
}

}  // namespace cairn::integration

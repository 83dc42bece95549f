#pragma once

#include <span>

#include "modules/integration/shape.hpp"
#include "modules/integration/table.hpp"

namespace cairn::integration {

/// The rows of one order: its row of the base table and, per child table, the rows that belong to
/// it.
struct OrderRows {
  std::string_view base_name;
  const Columns* base_columns = nullptr;
  const CsvRow* base = nullptr;
  struct Child {
    std::string_view name;
    const Table* table = nullptr;  ///< null: the optional file is not there
    std::vector<std::uint32_t> rows;
  };
  std::vector<Child> children;

  const Child* child(std::string_view name) const;
};

/// What a shape takes its values from while a folder is imported: an order's rows, within a row of
/// a child table where one is being gone through. A plain name is a column of that row, else of the
/// base; "table.column" is the first row of that table. "$groups" is how many groups there are.
class RowScope final : public Scope {
 public:
  explicit RowScope(const OrderRows& order) : order_(order) {}
  RowScope(const OrderRows& order, const OrderRows::Child& child,
           std::span<const std::uint32_t> group, std::size_t groups)
      : order_(order), child_(&child), group_(group), groups_(groups) {}

  std::optional<std::string> text(std::string_view path) const override;
  std::optional<std::string> json(std::string_view path) const override;
  Result<void> each(std::string_view list, const Visit& visit) const override;

 private:
  const OrderRows& order_;
  const OrderRows::Child* child_ = nullptr;
  std::span<const std::uint32_t> group_;  ///< of child_; the first is the current row
  std::size_t groups_ = 0;
};

}  // namespace cairn::integration

#pragma once

#include <string>
#include <vector>

#include "modules/orders/rows.hpp"

namespace cairn::orders {

enum class SortKey : std::uint8_t { Placed, Changed, Promised, Total };

/// What a list or the board shows of all orders. Texts are resolved to numbers before scanning, so
/// a filter on a shop nobody has costs nothing.
struct ListQuery {
  std::vector<std::pair<std::uint8_t, lifecycle::StateId>> states;  ///< any of
  std::vector<std::uint8_t> lifecycles;
  std::uint32_t categories = 0, healths = 0, lanes = 0;  ///< bits; 0: all
  std::vector<std::uint32_t> shops, warehouses, sources, flags;
  std::vector<std::vector<std::uint32_t>> words;  ///< one of each group
  std::vector<std::vector<Bytes>> tokens;         ///< one of each group, eight bytes each
  std::uint32_t badges = 0;                       ///< all of these
  std::optional<bool> has_conflict;               ///< settled or not
  std::optional<bool> has_case, is_open;
  Time placed_from = Time::none(), placed_until = Time::never();
  Time changed_from = Time::none(), changed_until = Time::never();
  Time promised_from = Time::none(), promised_until = Time::never();
  std::string text;                  ///< part of the order number, upper case, or …
  std::vector<Bytes> text_tokens;    ///< … one of these
  std::string order_no;              ///< exactly, normalised by `list`
  std::vector<model::OrderId> ids;   ///< any of
  std::vector<std::string> numbers;  ///< any of, normalised: order numbers or references
  bool is_impossible = false;        ///< a filter names something no order has

  bool matches(const Row& row, Time now) const;
};

struct Page {
  SortKey key = SortKey::Placed;
  bool is_descending = true;
  std::size_t limit = 50;
  /// "<sort value>.<id>" of the last row shown; empty for the first page.
  std::string cursor;
};

struct ListResult {
  std::vector<Row> rows;
  std::string next_cursor;
  std::size_t total = 0;
  std::vector<std::string> not_found;  ///< of query.numbers
};

/// Errors: Invalid, when the cursor is not one of ours.
Result<ListResult> list(const Rows& rows, const ListQuery& query, const Page& page, Time now);

inline constexpr std::size_t kLaneCount = 4;
struct BoardResult {
  struct Cell {
    std::size_t count = 0;
    std::vector<Row> rows;  ///< most urgent first
  };
  std::array<std::array<Cell, kLaneCount>, model::kCategoryCount> cells;
  struct Group {
    std::string value;
    std::size_t count = 0;
    std::array<std::size_t, kLaneCount> lanes{};
  };
  std::vector<Group> groups;
  std::size_t total = 0;
};
/// `group` is shop, warehouse, supplier, carrier, state or empty.
BoardResult board(const Rows& rows, const ListQuery& query, std::string_view group,
                  std::size_t limit, const Context& context, Time now);

/// What an attribute of the order is found by, eight bytes.
Bytes attribute_token(std::string_view name, std::string_view value);
/// What a row is found by when somebody types a number of any system.
Bytes number_token(std::string_view scheme, std::string_view value);

}  // namespace cairn::orders

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modules/integration/csv.hpp"

namespace cairn::integration {

/// The names of a table's columns.
class Columns {
 public:
  Columns() = default;
  explicit Columns(std::vector<std::string> names) : names_(std::move(names)) {}
  /// Its place, or -1. Tables have a dozen columns: looking through them beats hashing.
  int find(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

/// A child table in memory: the rows' texts one after the other, and their numbers sorted by key. A
/// row of 100 bytes costs about 110. Filled once, then read.
class Table {
 public:
  explicit Table(std::size_t bytes_max = std::size_t{2} << 30) : bytes_max_(bytes_max) {}

  Columns columns;
  int key_column = -1;

  /// Errors: TooLarge.
  Result<void> add(const CsvRow& row);
  void sort_by_key();
  /// The rows with that key, in the order of the file.
  std::span<const std::uint32_t> with_key(std::string_view key) const;
  std::string_view field(std::uint32_t row, int column) const;
  std::uint64_t line(std::uint32_t row) const { return rows_[row].line; }
  std::size_t size() const { return rows_.size(); }
  void mark_used(std::uint32_t row) { rows_[row].is_used = true; }
  std::size_t unused() const;
  std::uint64_t first_unused_line() const;

 private:
  struct Row {
    std::uint64_t offset;
    std::uint64_t line : 63;
    std::uint64_t is_used : 1;
  };
  std::size_t bytes_max_;
  std::string text_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> by_key_;
};

}  // namespace cairn::integration

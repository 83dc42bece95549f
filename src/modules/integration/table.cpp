#include "modules/integration/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace cairn::integration {

int Columns::find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == name) return static_cast<int>(i);
  return -1;
}

Result<void> Table::add(const CsvRow& row) {
  if (rows_.size() >= 0xffff'fff0u || text_.size() > bytes_max_)
    return fail(
        ErrorCode::TooLarge,
        fmt::format("more than {} bytes in a child table; split the folder by time", bytes_max_));
  rows_.push_back({text_.size(), row.line, 0});
  ByteWriter out(text_);
  for (const auto& field : row.fields) out.bytes(field);
  return {};
}

std::string_view Table::field(std::uint32_t row, int column) const {
  const auto end = row + 1 < rows_.size() ? rows_[row + 1].offset : text_.size();
  const auto begin = rows_[row].offset;
  ByteReader in(std::string_view(text_).substr(begin, end - begin));
  for (int i = 0; i < column; ++i) in.bytes();
  return in.bytes();
}

void Table::sort_by_key() {
  by_key_.resize(rows_.size());
  for (std::uint32_t i = 0; i < by_key_.size(); ++i) by_key_[i] = i;
  // By place within equal keys, which is what a stable sort would do with more memory.
  std::ranges::sort(by_key_, [&](std::uint32_t a, std::uint32_t b) {
    const auto ka = field(a, key_column), kb = field(b, key_column);
    return ka != kb ? ka < kb : a < b;
  });
}

std::span<const std::uint32_t> Table::with_key(std::string_view key) const {
  const auto of = [&](std::uint32_t row) { return field(row, key_column); };
  const auto found = std::ranges::equal_range(by_key_, key, {}, of);
  return {found.begin(), found.end()};
}

std::size_t Table::unused() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows_, [](const Row& row) { return row.is_used == 0; }));
}

std::uint64_t Table::first_unused_line() const {
  const auto found = std::ranges::find_if(rows_, [](const Row& row) { return row.is_used == 0; });
  return found == rows_.end() ? 0 : found->line;
}

}  // namespace cairn::integration

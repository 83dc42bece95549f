#pragma once

#include <algorithm>
#include <ranges>

namespace cairn {

/// std::ranges::contains, which libstdc++ 12 does not have.
template <std::ranges::input_range Range, typename T>
bool contains(Range&& range, const T& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace cairn

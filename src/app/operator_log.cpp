#include "app/operator_log.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace cairn::app {

void tell_operator(Level level, std::string_view what, std::string_view detail) {
  constexpr std::string_view kLevels[]{"note", "warning", "error"};
  const auto line =
      fmt::format("cairn: {} {}: {}\n", kLevels[static_cast<std::size_t>(level)], what, detail);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace cairn::app

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

bool TroubleLog::tell(std::string_view what, std::string_view detail, Time now) {
  {
    const std::scoped_lock lock(mutex_);
    auto& last = told_.try_emplace(std::string(what), Time::none()).first->second;
    if (!last.is_none() && now < last + minutes(1)) return false;
    last = now;
  }
  tell_operator(Level::Warning, what, detail);
  return true;
}

}  // namespace cairn::app

#include "counts.hpp"

#include <fmt/format.h>

namespace cairn::simulation {

std::uint64_t Counts::of(std::string_view group, std::string_view name) const {
  const auto found = groups_.find(std::string(group));
  if (found == groups_.end()) return 0;
  const auto named = found->second.find(std::string(name));
  return named == found->second.end() ? 0 : named->second;
}

std::vector<std::string> Counts::missing() const {
  std::vector<std::string> out;
  for (const auto& [group, names] : groups_)
    for (const auto& [name, n] : names)
      if (n == 0) out.push_back(group + " " + name);
  return out;
}

std::string Counts::text() const {
  constexpr std::size_t kColumns = 100;
  std::string out;
  for (const auto& [group, names] : groups_) {
    std::string line = fmt::format("{:<12}", group);
    for (const auto& [name, n] : names) {
      const auto part = fmt::format(" {} {}", name, n);
      if (line.size() + part.size() > kColumns) {
        out += line + "\n";
        line = std::string(12, ' ');
      }
      line += part;
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace cairn::simulation

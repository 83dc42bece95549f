#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::simulation {

/// How often what occurred: group ("fault", "refusal", "conflict", "transition" …) → name → count.
class Counts {
 public:
  void add(std::string_view group, std::string_view name, std::uint64_t n = 1) {
    groups_[std::string(group)][std::string(name)] += n;
  }
  /// Must occur in a long run: says so with a count of nothing.
  void expect(std::string_view group, std::string_view name) { add(group, name, 0); }
  void add(const Counts& other) {
    for (const auto& [group, names] : other.groups_)
      for (const auto& [name, n] : names) groups_[group][name] += n;
  }
  std::uint64_t of(std::string_view group, std::string_view name) const;
  /// "fault power_cut" … of everything expected that never occurred.
  std::vector<std::string> missing() const;
  std::string text() const;

 private:
  std::map<std::string, std::map<std::string, std::uint64_t>> groups_;
};

}  // namespace cairn::simulation

#pragma once

#include <bitset>
#include <map>
#include <string>

#include "modules/lifecycle/lifecycle.hpp"

namespace cairn::orders {

/// Who decides what, by source (the definitions of sources say so).
class Masters {
 public:
  void set(std::string source, lifecycle::Area area, std::string master) {
    masters_[std::move(source)][area] = std::move(master);
  }
  /// "source", "cairn" or the name of a system; empty where the source is silent.
  std::string_view find(std::string_view source, lifecycle::Area area) const {
    const auto found = masters_.find(source);
    if (found == masters_.end()) return {};
    const auto area_found = found->second.find(area);
    return area_found == found->second.end() ? std::string_view{} : area_found->second;
  }

 private:
  std::map<std::string, std::map<lifecycle::Area, std::string>, std::less<>> masters_;
};

/// The definitions in force, which the fold is a function of besides events and time.
struct Context {
  const lifecycle::Definitions* definitions = nullptr;
  const Masters* masters = nullptr;

  /// The system that decides about `area` for orders of `source`; empty: Cairn does.
  std::string_view master_of(std::string_view source, lifecycle::Area area) const {
    if (source.empty() || source == "cairn") return {};
    auto master = masters->find(source, area);
    if (master.empty()) master = definitions->default_master(area);
    return master == "cairn" ? std::string_view{} : master == "source" ? source : master;
  }
  const lifecycle::Lifecycle& default_lifecycle() const {
    return *definitions->lifecycle("retail");
  }
  const lifecycle::Lifecycle& after_sale() const { return *definitions->lifecycle("after_sale"); }
  const lifecycle::Preset& preset_of(const lifecycle::Lifecycle& lifecycle) const {
    return *definitions->preset(lifecycle.default_preset());
  }
};

}  // namespace cairn::orders

#pragma once

#include <array>
#include <map>
#include <string>

#include "base/error.hpp"
#include "modules/lifecycle/lifecycle.hpp"

namespace cairn::orders {

/// How long somebody who was asked may be silent, where the order's source does not say.
inline constexpr Duration kPatience = hours(4);

/// Who decides what, by source, and what is asked of them (the definitions of sources say so).
class Masters {
 public:
  struct Row {
    /// By area: "source", "cairn" or the name of a system; empty where the source is silent.
    std::array<std::string, lifecycle::kAreaCount> master;
    /// By area: how long a request waits for its answer.
    std::array<Duration, lifecycle::kAreaCount> patience;
    /// Since when what concerns its orders reaches outside; never: they are history.
    Time acts_from = Time::never();

    Row() { patience.fill(kPatience); }
  };

  void set(std::string source, lifecycle::Area area, std::string master) {
    rows_[std::move(source)].master[static_cast<std::size_t>(area)] = std::move(master);
  }
  void set_patience(std::string source, lifecycle::Area area, Duration patience) {
    rows_[std::move(source)].patience[static_cast<std::size_t>(area)] = patience;
  }
  void set_acts_from(std::string source, Time from) { rows_[std::move(source)].acts_from = from; }
  /// What is asked of whom today, which no order is pinned to: taken over from those in force.
  void ask_as(const Masters& in_force) {
    for (const auto& [source, row] : in_force.rows_) {
      rows_[source].patience = row.patience;
      rows_[source].acts_from = row.acts_from;
    }
  }
  /// Who decides, row by row: "source area master", in order.
  std::string to_text() const;
  /// Errors: Invalid.
  static Result<Masters> from_text(std::string_view text);
  const Row& of(std::string_view source) const {
    static const Row kSilent;
    const auto found = rows_.find(source);
    return found == rows_.end() ? kSilent : found->second;
  }

 private:
  std::map<std::string, Row, std::less<>> rows_;
};

class Versions;

/// The definitions that the fold is a function of besides events and time: those in force, or those
/// an order is pinned to.
struct Context {
  const lifecycle::Definitions* definitions = nullptr;
  const Masters* masters = nullptr;
  const Versions* versions =
      nullptr;  ///< where there were others before; null: these are the first

  /// Lifecycles by number, of all versions. A number is kept in rows and in records of changes, so
  /// it means the same lifecycle for ever.
  std::size_t lifecycle_count() const;
  const lifecycle::Lifecycle& lifecycle_at(std::uint8_t number) const;
  /// Null: there is none, or it is of a version that cannot be read any more.
  const lifecycle::Lifecycle* find_lifecycle(std::uint8_t number) const;
  std::uint8_t number_of(const lifecycle::Lifecycle& lifecycle) const;
  /// Of everything in all versions that a fold may depend on.
  std::uint32_t fingerprint() const;

  /// The system that decides about `area` for orders of `source`; empty: Cairn does.
  std::string_view master_of(std::string_view source, lifecycle::Area area) const {
    return master_in(masters->of(source), source, area);
  }
  /// The same for who asks about many areas; `row` is `masters->of(source)`.
  std::string_view master_in(const Masters::Row& row, std::string_view source,
                             lifecycle::Area area) const {
    if (source.empty() || source == "cairn") return {};
    std::string_view master = row.master[static_cast<std::size_t>(area)];
    if (master.empty()) master = definitions->default_master(area);
    return master == "cairn" ? std::string_view{} : master == "source" ? source : master;
  }
  /// How long who decides about `area` for orders of `source` may be silent when asked.
  Duration patience(std::string_view source, lifecycle::Area area) const {
    return masters->of(source).patience[static_cast<std::size_t>(area)];
  }
  /// The past does not act: what concerns orders of `source` at `at` may reach outside.
  bool acts(std::string_view source, Time at) const { return masters->of(source).acts_from <= at; }
  const lifecycle::Lifecycle& default_lifecycle() const {
    return *definitions->lifecycle("retail");
  }
  const lifecycle::Lifecycle& after_sale() const { return *definitions->lifecycle("after_sale"); }
  const lifecycle::Preset& preset_of(const lifecycle::Lifecycle& lifecycle) const {
    return *definitions->preset(lifecycle.default_preset());
  }
};

}  // namespace cairn::orders

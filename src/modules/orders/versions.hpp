#pragma once

#include <memory>
#include <vector>

#include "modules/orders/context.hpp"

namespace cairn::orders {

/// The definitions that were in force one after the other. An order stays with those that were in
/// force when it was recorded as placed, whatever is activated later (docs/adr/0006). Immutable,
/// any thread; the addresses of its contexts hold as long as it lives.
class Versions {
 public:
  /// A lifecycle as it was in some version; its place in the list is its number.
  struct Chart {
    std::string name;
    std::string version;  ///< SHA-256 of its file, hex
    friend bool operator==(const Chart&, const Chart&) = default;
  };
  struct Activation {
    Time from;  ///< no order was recorded before by it, nor later by the one before
    /// Null: its orders follow those in force now.
    std::shared_ptr<const lifecycle::Definitions> definitions;
    std::shared_ptr<const Masters> masters;
  };

  /// `activations` by time, at least one; `charts`: all that ever had a number, with those of the
  /// definitions in force.
  Versions(const lifecycle::Definitions& in_force, std::vector<Activation> activations,
           std::vector<Chart> charts);
  Versions(const Versions&) = delete;
  Versions& operator=(const Versions&) = delete;

  /// What an order recorded as placed at that moment is folded under; null: what is in force now.
  const Context* at(Time recorded) const;
  std::span<const Chart> charts() const { return charts_; }
  /// Null: there is none, or nothing of that version can be read any more.
  const lifecycle::Lifecycle* find_lifecycle(std::uint8_t number) const;
  std::uint8_t number_of(const lifecycle::Lifecycle& lifecycle) const;
  /// Of all versions, their times, and what follows what.
  std::uint32_t fingerprint() const { return fingerprint_; }

 private:
  struct Known {
    const lifecycle::Lifecycle* lifecycle;
    std::uint8_t number;
  };
  void add(const lifecycle::Definitions& definitions);

  std::vector<Activation> activations_;
  std::vector<std::unique_ptr<const Context>> contexts_;  ///< by activation; null: what is in force
  std::vector<Chart> charts_;
  std::vector<const lifecycle::Lifecycle*> by_number_;
  std::vector<Known> known_;
  std::uint32_t fingerprint_ = 0;
};

}  // namespace cairn::orders

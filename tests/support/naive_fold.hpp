#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "model/event.hpp"

namespace cairn::testing {

/// What a retail order comes to, computed the slow and simple way: the oracle that the real fold is
/// compared with. Written from the documents, shares no code with src/modules/orders. It knows
/// quantities, packages, money, holds and the headline of orders whose master is elsewhere (so that
/// no clock moves them) and that have no after-sale cases.
struct NaiveOrder {
  struct Line {
    std::int64_t due = 0, shipped = 0, delivered = 0;
    bool operator==(const Line&) const = default;
  };
  struct Package {
    std::string milestone;  ///< empty: none yet
    Time shipped_at = Time::none(), delivered_at = Time::none();
    bool is_shipped = false, is_delivered = false;
    bool operator==(const Package&) const = default;
  };
  std::map<std::string, Line> lines;
  std::map<std::string, Package> packages;
  std::string headline, category, payment;
  std::int64_t paid = 0, refunded = 0;
  Time first_shipped = Time::none(), last_shipped = Time::none(), delivered = Time::none();
  bool operator==(const NaiveOrder&) const = default;
};

NaiveOrder naive_fold(std::span<const model::Event> events, Time now);
std::string to_text(const NaiveOrder& order);

}  // namespace cairn::testing

#pragma once

#include <map>
#include <optional>
#include <span>

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// The event that a correction or retraction is about; nothing where it names none.
std::optional<model::Identity> target_of(const model::Event& event);

/// Events that change others instead of the order.
bool changes_others(const model::Event& event);

/// Which correction or retraction of every event counts: the newest by (recorded, identity), so
/// that a retraction wins over corrections before it. One that was itself retracted counts for
/// nothing. Apart from what is said of an event stands whether it is here at all: what the kernel
/// took away (a claim was let go, a move undone) is not, whoever corrects it, until the kernel
/// gives it back. Points into the events it was made from.
class Corrections {
 public:
  explicit Corrections(std::span<const model::Event> events);

  /// What counts for `id`; null where nothing does.
  const model::Event* of(const model::Identity& id) const;
  bool is_empty() const { return by_target_.empty(); }
  /// Every event that something was said about, also where it is not there (yet).
  template <typename Visit>
  void each_target(Visit&& visit) const {
    for (const auto& [target, changers] : by_target_) visit(target);
  }

 private:
  const model::Event* newest(const model::Identity& id, int depth) const;
  const model::Event* taking_away(const model::Identity& id) const;
  std::map<model::Identity, std::vector<const model::Event*>> by_target_;
};

/// The event as a correction leaves it, wherever it belongs then; nothing when it was retracted.
std::optional<model::Event> corrected(const model::Event& event, const model::Event& correction);

/// The other order a correction moves its event to; nothing where it stays with `own`.
std::optional<model::OrderId> moved_to(const model::Event& correction, const model::OrderId& own);

/// Letters to other orders that `cause` makes necessary: a copy of an event moves there, or is
/// taken back. `events` are all of the order in order of arrival, `cause` the last of them.
std::vector<core::Letter> moving_letters(const model::OrderId& own,
                                         std::span<const model::Event> events,
                                         const model::Event& cause);

}  // namespace cairn::orders

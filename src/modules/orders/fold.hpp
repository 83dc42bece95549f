#pragma once

#include <span>

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// Raised when the same events give another order: all views are made again.
inline constexpr std::uint32_t kFoldVersion = 1;

/// A fact told as of more than this after now is kept, but left out until its time has come.
inline constexpr Duration kClockTolerance = minutes(15);

/// The full fold (DESIGN §2, "How a pile is folded"): `events` in any order, repeated or not. What
/// happened after `until` is left out, for looking back. Everything here takes the definitions in
/// force and asks of the order which it stays with.
void fold_all(Order& order, std::span<const model::Event> events, Time now, const Context& in_force,
              Time until = Time::never());

/// True when adding `event`, just recorded, by `fold_one` gives what `fold_all` would.
bool is_newest(const Order& order, const model::Event& event);
void fold_one(Order& order, const model::Event& event, Time now, const Context& in_force);

/// Applies every automatic transition due by `now` and looks at health. True when either changed.
bool advance(Order& order, Time now, const Context& in_force);

}  // namespace cairn::orders

#pragma once

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// Moves the axes of the order by one event, whatever the headline says (DESIGN §2.3). Headline,
/// sums and timers follow in settle().
void move_axes(Order& order, const model::Event& event, const Context& context);

/// Binds the order to the lifecycle and the preset that it was placed under.
void pin(Order& order, const model::OrderPlaced& placed, const Context& context);

/// The package a report speaks of; added when it is new.
PackageState* package_of(Order& order, const model::PackageReport& report);

/// Takes so much of the line off, of what is not shipped yet.
void cancel_quantity(LineState& line, std::int64_t quantity);

/// Records a conflict once.
void note_conflict(Order& order, model::ConflictCode code, std::string detail,
                   const model::Identity& event);

/// Distributes what packages carry over the lines and sets shipped, delivered, back and in_case.
void count_quantities(Order& order);

}  // namespace cairn::orders

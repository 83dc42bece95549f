#pragma once

#include <string>

#include "modules/orders/order.hpp"

namespace cairn::simulation {

/// What two folds of one order differ in, as "field: one | other" lines; empty where they agree.
std::string difference(const orders::Order& one, const orders::Order& other);

}  // namespace cairn::simulation

#pragma once

#include "modules/orders/fold_events.hpp"

namespace cairn::orders {

void move_package(Order& order, const model::Event& event);
void open_case(Order& order, const model::Event& event, const Context& context);
void move_case(Order& order, const model::Event& event, const Context& context);

}  // namespace cairn::orders

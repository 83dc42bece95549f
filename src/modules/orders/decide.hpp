#pragma once

#include "core/command.hpp"
#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// What a command comes to in this state: the events to record. A command of which another system
/// is master becomes a request (RequestOpened). Errors: Refused with the state and what is allowed;
/// Invalid with the pointer of the field; NotFound, Forbidden.
Result<std::vector<model::Event>> decide(const Order& order, const core::Command& command, Time at,
                                         const Context& context);

}  // namespace cairn::orders

#pragma once

#include "core/reducer.hpp"
#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// Who may lift a hold: those its reason names, and a supervisor always.
bool may_release(const HoldState& hold, model::Role role);

/// What a command comes to in this state: the events to record. A command of which another system
/// is master, or that needs an approval, becomes a request (RequestOpened). Errors: Refused with
/// the state and what is allowed; Invalid with the pointer of the field; NotFound, Forbidden.
/// Without `knows` it is not looked whether what a correction is about is there.
Result<std::vector<model::Event>> decide(const Order& order, const core::Command& command, Time at,
                                         const Context& context, const core::Knows& knows = {});

/// The same for a command of the order's lifecycle, or of a case's, that people of other roles have
/// approved.
Result<std::vector<model::Event>> decide_approved(const Order& order, const core::Command& command,
                                                  Time at, const Context& context,
                                                  lifecycle::RoleSet approvals);

}  // namespace cairn::orders

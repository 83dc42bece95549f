#pragma once

#include "core/reducer.hpp"
#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

/// Commands that others decide: the master of their area, or people whose approval they need.
namespace cairn::orders {

/// An event as the command makes it, still without a payload.
model::Event event_of(const core::Command& command, model::EventType type, Time at);

/// Another system decides: the command is kept as a request until that system speaks. Errors:
/// Refused where the order's source does not act, so that nobody would ever answer.
Result<model::Event> ask_master(const Order& order, const core::Command& command,
                                lifecycle::Area area, Time at, const Context& context);
/// Why nobody is asked about this order at `at`; empty where somebody is.
lifecycle::Label why_not_asked(const Order& order, Time at, const Context& context);

/// People of the roles `missing` must agree first: the command is kept with its data until they do.
model::Event ask_approval(const Order& order, const core::Command& command, lifecycle::Area area,
                          lifecycle::RoleSet missing, Time at, const Context& context);

/// One of those who were asked for their approval gives it, or refuses; whoever asked may take it
/// back. The last approval carries out what was asked for, as it stands then. Errors: NotFound,
/// Forbidden, and those of the command itself.
Result<std::vector<model::Event>> decide_request(const Order& order, const core::Command& command,
                                                 model::EventType word, Time at,
                                                 const Context& context);
/// Whether `role` may approve the request, or refuse to.
bool may_approve(const RequestState& request, model::Role role);

}  // namespace cairn::orders

#pragma once

#include "modules/orders/render.hpp"

namespace cairn::orders {

/// What can be done now, for the viewer's role, with an after-sale case, and with a request that
/// waits for an approval.
void write_case_commands(json::Writer& out, const Order& order, const CaseState& c,
                         const Viewer& viewer);
void write_request_commands(json::Writer& out, const RequestState& request, const Viewer& viewer);

}  // namespace cairn::orders

#pragma once

#include "modules/orders/render.hpp"

namespace cairn::orders {

/// What can be done with an after-sale case now, for the viewer's role.
void write_case_commands(json::Writer& out, const Order& order, const CaseState& c,
                         const Viewer& viewer);

}  // namespace cairn::orders

#pragma once

#include "modules/orders/fold_events.hpp"

namespace cairn::orders {

/// True when the report speaks of this package.
bool speaks_of(const model::PackageReport& report, const PackageState& package);

void move_package(Order& order, const model::Event& event, const Context& context);
void open_case(Order& order, const model::Event& event, const Context& context);
void move_case(Order& order, const model::Event& event, const Context& context);

/// Something happened that is a step of this case where the case foresees it; else it is none.
void tell_case(Order& order, const model::Event& event, const std::string& id,
               std::string_view step, const Context& context);

/// What kinds of case do to quantities: while open they may hold goods, when they succeeded they
/// may have brought them back for good.
bool moves_goods(model::CaseType type);
bool brings_back(model::CaseType type);

}  // namespace cairn::orders

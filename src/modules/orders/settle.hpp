#pragma once

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// What the definitions see of the order (modules/lifecycle/variables.hpp).
lifecycle::Variables variables_of(const Order& order, const Context& context);

/// The same with what concerns one after-sale case.
lifecycle::Variables variables_of_case(const Order& order, const CaseState& c,
                                       const Context& context);

/// After an axis has moved: sums, money, moments, headline and the next timer.
/// `transition` is the automatic one that brought the event about, if one did.
void settle(Order& order, const model::Event& event, const Context& context,
            const lifecycle::Transition* transition = nullptr);

/// Before an event moves anything: is it what the lifecycle foresees here? Conflicts if not.
void judge(Order& order, const model::Event& event, const Context& context);

/// The automatic transition that comes next, of the order or of one of its after-sale cases.
struct Timer {
  Time at = Time::none();  ///< Time::none(): at once
  const lifecycle::Transition* transition = nullptr;
  std::optional<std::size_t> subject;  ///< index of the case
};
/// By how much the total would change, in thousandths.
std::int64_t change_permille(const Order& order, std::int64_t total);

std::optional<Timer> next_timer(const Order& order, const Context& context);

/// What depends on the whole and on the time: conflicts between moments, verdicts, health and how
/// long all this holds. `unfinish` takes back what `finish` will find again.
void finish(Order& order, Time now, const Context& context);
void unfinish(Order& order);

}  // namespace cairn::orders

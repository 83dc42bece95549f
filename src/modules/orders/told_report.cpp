#include "modules/orders/told_report.hpp"

#include <algorithm>
#include <set>

#include "modules/orders/fold.hpp"

namespace cairn::orders {
namespace {

using model::Category;
using model::Reached;

/// The dates that contradictions are found between. Time::none() where nothing was told.
struct Dates {
  Time placed, paid, handed, delivered;
};

/// When a package was told to have left: a delivery told before it moves `shipped_at`, which is
/// what makes the contradiction, so the milestones are asked.
Time handed_of(const PackageState& package) {
  Time handed = Time::none();
  for (const auto& reached : package.milestones) {
    const bool is_on_its_way = reached.milestone >= model::Milestone::PickedUp &&
                               reached.milestone < model::Milestone::Delivered;
    if (is_on_its_way && reached.has_date && (handed.is_none() || reached.at < handed))
      handed = reached.at;
  }
  return handed.is_none() ? package.declared_at : handed;
}

Dates dates_of(const Order& order) {
  Dates dates{order.at(At::Placed), Time::none(), Time::none(), Time::none()};
  for (const auto& payment : order.payments)
    if (dates.paid.is_none() || payment.at < dates.paid) dates.paid = payment.at;
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound) continue;
    const Time handed = handed_of(package);
    if (!handed.is_none() && (dates.handed.is_none() || handed < dates.handed))
      dates.handed = handed;
    dates.delivered = std::max(dates.delivered, package.delivered_at);
  }
  return dates;
}

/// The last date by which a line was to be handed over.
Time last_limit_of(const Order& order) {
  Time limit = Time::none();
  for (const auto& line : order.lines) limit = std::max(limit, line.promised_dispatch);
  return limit;
}

bool is_before(Time a, Time b) { return !a.is_none() && !b.is_none() && a < b; }

const model::StatusReported* snapshot_of(std::span<const model::Event> events) {
  for (const auto& event : events)
    if (event.type == model::EventType::StatusReported && event.is(model::EventFlag::NoDate))
      return &event.as<model::StatusReported>();
  return nullptr;
}

}  // namespace

bool is_where(const Order& order, Reached reached, std::string_view hold) {
  const auto category = order.category();
  if (!hold.empty()) return category == Category::Held;
  switch (reached) {
    case Reached::None:
      return true;
    case Reached::Placed:
      return category == Category::Unconfirmed;
    case Reached::Paid:
      return category == Category::Ready;
    case Reached::Released:
      return category == Category::Preparing || category == Category::Production;
    case Reached::Shipped:
      return category == Category::InTransit;
    case Reached::Delivered:
    case Reached::Completed:  // a clock may or may not have completed it by then
      return category == Category::Delivered || category == Category::Done;
    case Reached::Cancelled:
      return category == Category::Closed;
  }
  return false;
}

Order ToldReporter::fold(const ports::AggregateKey& key, std::span<const model::Event> events,
                         bool with_snapshot) const {
  std::vector<model::Event> seen;
  for (const auto& event : events) {
    const bool is_dated = !event.is(model::EventFlag::NoDate);
    if (is_dated && event.occurred > options_.at) continue;
    if (!with_snapshot && !is_dated && event.type == model::EventType::StatusReported) continue;
    seen.push_back(event);
  }
  Order order;
  order.key = key;
  fold_all(order, seen, options_.at, context_);
  return order;
}

/// What was completed has been delivered: whether its clock has run out is no word of the source.
std::string ToldReporter::headline_of(const Order& order) const {
  if (order.category() == Category::Done)
    for (const auto& state : order.lifecycle->states())
      if (state.category() == Category::Delivered) return std::string(state.code());
  return std::string(order.headline().code());
}

void ToldReporter::add(const ports::AggregateKey& key, std::span<const model::Event> events) {
  const auto order = fold(key, events, true);
  if (order.lifecycle == nullptr) return;  // nothing of it has happened by then
  ++report_.orders;
  ++report_.headlines[headline_of(order)];
  const auto* told = snapshot_of(events);
  if (told != nullptr) {
    ++report_.by_word[told->word][headline_of(order)];
    compare(order, fold(key, events, false), *told);
  }
  for (const auto& conflict : order.conflicts) {
    std::string name(name_of(conflict.code));
    if (!conflict.detail.empty()) name += ": " + conflict.detail;
    ++report_.conflicts[name];
  }
  look(order, told != nullptr);
  look_at_times(order, events);
}

void ToldReporter::compare(const Order& order, const Order& by_dates,
                           const model::StatusReported& told) {
  if (is_where(by_dates, told.reached, told.hold)) {
    ++report_.from_dates;
    ++report_.from_dates_by_headline[headline_of(by_dates)];
  } else if (is_where(order, told.reached, told.hold)) {
    ++report_.from_snapshot;
    ++report_.from_snapshot_by_headline[headline_of(order)];
  } else {
    ++report_.neither;
  }
}

/// What is known of the times themselves, by the event that began the order.
void ToldReporter::look_at_times(const Order& order, std::span<const model::Event> events) {
  const auto placed = std::ranges::find(events, model::EventType::OrderPlaced, &model::Event::type);
  if (placed == events.end()) return;
  const bool is_inferred = placed->is(model::EventFlag::ZoneInferred);
  report_.findings["precision_minute"] += placed->precision == Precision::Minute;
  report_.findings["purchases_in_repeated_hour"] +=
      is_inferred && options_.is_repeated && options_.is_repeated(placed->occurred);
  // A hand-over told of the order is that of each seller's package only about.
  std::set<std::string_view> sellers;
  for (const auto& line : order.lines)
    if (!line.supplier.empty()) sellers.insert(line.supplier);
  report_.findings["orders_with_several_sellers"] += sellers.size() > 1;
}

void ToldReporter::look(const Order& order, bool has_snapshot) {
  const auto hit = [&](const char* name, bool is_so) {
    report_.findings[name] += is_so ? 1 : 0;
    return is_so;
  };
  const auto dates = dates_of(order);
  const bool is_handed = !dates.handed.is_none(), is_delivered = !dates.delivered.is_none();
  hit("handed_before_approval", is_before(dates.handed, dates.paid));
  hit("handed_before_approval_and_purchase",
      is_before(dates.handed, dates.paid) && is_before(dates.handed, dates.placed));
  hit("delivered_before_handed", is_before(dates.delivered, dates.handed));
  hit("delivered_before_approval", is_before(dates.delivered, dates.paid));
  // A word without a time says how far it came: then these dates are what lacks.
  const bool is_said = has_snapshot && order.is(Flag::ReachedDelivered);
  hit("delivered_without_date", is_said && !is_delivered);
  hit("delivered_without_hand_over", is_said && !is_handed);
  hit("delivered_never_approved", is_said && dates.paid.is_none());
  const bool is_stopped = order.is(Flag::Cancelled) && is_handed;
  hit("cancelled_after_hand_over", is_stopped);
  hit("cancelled_after_hand_over_delivered", is_stopped && is_delivered);
  hit("cancelled_after_hand_over_never_delivered", is_stopped && !is_delivered);
  hit("orders_without_items", order.lines.empty());
  hit("orders_without_items_delivered", order.lines.empty() && is_said);
  hit("with_delivery_date", is_delivered);

  const auto* promise = promise_of(order, model::PromiseOf::Delivered);
  const Time promised = promise ? promise->at : Time::none();
  const bool is_late = is_delivered && !promised.is_none() && dates.delivered > promised;
  hit("late_by_date", is_late);
  // The promise is the end of a day. Read as that day's midnight, more would be late.
  hit("late_by_timestamp",
      is_delivered && !promised.is_none() && dates.delivered > promised - days(1) + Duration{1});
  const Time limit = last_limit_of(order);
  const bool has_limit = is_handed && !limit.is_none();
  hit("handed_with_limit", has_limit);
  const bool is_after_limit = hit("handed_after_last_limit", has_limit && dates.handed > limit);
  hit("late_orders_with_limit", is_late && has_limit);
  hit("late_orders_with_limit_seller_late", is_late && is_after_limit);
  const bool is_priced = order.total.has_value() && !order.lines.empty() && order.paid != 0;
  hit("priced_and_paid", is_priced);
  hit("paid_differs_from_total", is_priced && std::abs(*order.total - order.paid) > 5);
  if (!options_.cut) return;
  hit("delivery_dates_after_cut", is_delivered && dates.delivered >= *options_.cut);
  hit("shipped_promise_passed_at_cut", order.category() == Category::InTransit && !is_delivered &&
                                           !promised.is_none() &&
                                           promised - days(1) < *options_.cut);
}

}  // namespace cairn::orders

#include "modules/orders/fold_packages.hpp"
#include "base/ranges.hpp"
#include "modules/orders/settle.hpp"

#include <algorithm>

namespace cairn::orders {
namespace {

using model::Event;
using model::EventType;
using model::Milestone;
using model::PackageFlag;

/// Never replace a milestone that says where the package is.
bool is_silent(Milestone m) {
  return m == Milestone::Pending || m == Milestone::InfoReceived || m == Milestone::MonitoringEnded;
}
/// Proof that the package was handed over.
bool is_physical(Milestone m) {
  return !is_silent(m) && m != Milestone::Cancelled && m != Milestone::LostOrDestroyed;
}
bool is_return_leg(Milestone m) { return m == Milestone::Returning || m == Milestone::Returned; }
/// Happens to a package once: several sources that tell it are witnesses of one milestone, even if
/// their clocks differ.
bool is_once(Milestone m) { return m == Milestone::PickedUp || m == Milestone::Delivered; }

/// Shows a milestone of the package unless the one shown stands: one that says nothing of the place
/// never replaces one that does; after delivery only a return does; and scans of one minute are
/// shown by rank, as the clocks of scanners are not better than that (side codes have none).
void show(PackageState& package, const MilestoneState& fresh) {
  const Milestone old = package.milestone;
  const std::int64_t minute = minutes(1).us;
  if (package.has_milestone) {
    if (old == Milestone::Delivered && !is_return_leg(fresh.milestone)) return;
    if (!is_silent(old) && is_silent(fresh.milestone)) return;
    if (package.milestone_at.us / minute == fresh.at.us / minute && fresh.milestone < old &&
        old < Milestone::Forwarded)
      return;
  }
  package.milestone = fresh.milestone;
  package.milestone_at = fresh.at;
  package.has_milestone = true;
}

void show_again(PackageState& package) {
  package.has_milestone = false;
  package.milestone = Milestone::Pending;
  package.milestone_at = Time::none();
  for (const auto& milestone : package.milestones) show(package, milestone);
}

/// What an event says happened, where it does not name a milestone itself.
std::optional<Milestone> implied(const Event& event, const model::PackageReport& p) {
  if (p.milestone) return p.milestone;
  switch (event.type) {
    case EventType::PackageShipped:
      return p.is_confirmed ? Milestone::PickedUp : Milestone::InfoReceived;
    case EventType::PackageDelivered:
      return Milestone::Delivered;
    case EventType::PackageReturning:
      return Milestone::Returning;
    case EventType::PackageLost:
      return Milestone::LostOrDestroyed;
    default:
      return std::nullopt;
  }
}

void add_milestone(PackageState& package, const Event& event, const model::PackageReport& p,
                   Milestone milestone) {
  const bool has_date = !event.is(model::EventFlag::NoDate);
  for (auto& known : package.milestones) {
    if (known.milestone != milestone) continue;
    if (!known.leg.empty() && !p.leg.empty() && known.leg != p.leg) continue;
    const bool is_other_witness =
        is_once(milestone) && !contains(known.sources, event.origin.source);
    const bool is_same_moment =
        known.at <= event.latest() && event.occurred <= known.latest && known.place == p.place;
    if (!is_other_witness && !is_same_moment) continue;
    if (!contains(known.sources, event.origin.source)) known.sources.push_back(event.origin.source);
    return;
  }
  package.milestones.push_back(
      {milestone, event.occurred, event.latest(), has_date, p.place, p.leg, {event.origin.source}});
  show(package, package.milestones.back());
}

/// The first dated word counts; one without a date counts until there is one.
void ship(PackageState& package, const Event& event) {
  package.is_shipped = true;
  package.is_withdrawn = false;
  if (!package.shipped_at.is_none() || event.is(model::EventFlag::NoDate)) return;
  package.shipped_at = event.occurred;
  package.shipped_latest = event.latest();
}

void deliver(PackageState& package, const Event& event) {
  package.is_delivered = true;
  if (!package.delivered_at.is_none() || event.is(model::EventFlag::NoDate)) return;
  package.delivered_at = event.occurred;
  package.delivered_latest = event.latest();
}

/// What its number itself brought to the order.
bool is_brought_by_number(const Event& event) {
  const auto& subject = event.origin.subject;
  return subject.starts_with("tracking/") || subject.starts_with("tracking:");
}

bool is_of_carrier(const std::string& told, const std::string& known) {
  return told.empty() || known.empty() || told == known;
}

/// The report names by its number a unit that the package has ridden in.
bool has_ridden_in(const PackageState& package, const model::PackageReport& p) {
  return p.package.empty() && !p.number.empty() &&
         std::ranges::any_of(package.units, [&](const UnitState& unit) {
           return unit.number == p.number && is_of_carrier(p.carrier, unit.carrier);
         });
}
bool rides_in(const PackageState& package, const model::PackageReport& p) {
  return package.unit == p.number && has_ridden_in(package, p);
}

/// From now on the package goes where the unit goes.
void board(PackageState& package, const model::PackageReport& p) {
  if (p.unit.empty()) return;
  package.unit = p.unit;
  const auto known = std::ranges::find(package.units, p.unit, &UnitState::number);
  if (known == package.units.end())
    package.units.push_back({p.carrier, p.unit});
  else if (known->carrier.empty())
    known->carrier = p.carrier;
}

void describe(PackageState& package, const Event& event) {
  const auto& p = event.as<model::PackageReport>();
  const bool is_of_unit = rides_in(package, p);
  const auto set = [](std::string& to, const std::string& from) {
    if (!from.empty()) to = from;
  };
  // Which number the order claims must not depend on what the claim brings: claim and scans would
  // chase each other.
  const bool is_brought = is_brought_by_number(event);
  if (!is_of_unit && (!package.has_own_number || !is_brought)) {
    const bool is_known_by_scans = !package.has_own_number && !package.number.empty();
    if (is_known_by_scans && !is_brought && !p.number.empty()) package.carrier.clear();
    set(package.carrier, p.carrier);
    set(package.number, p.number);
  }
  set(package.supplier, p.supplier);
  if (!is_of_unit) board(package, p);
  set(package.case_id, p.case_id);
  set(package.last_place, p.place);
  if (!p.parts.empty()) package.parts = p.parts;
  if (p.estimated.is_set()) package.estimated = p.estimated.time;
  if (p.received_by != model::ReceivedBy::Unknown) package.received_by = p.received_by;
  if (p.latitude_e6) package.latitude_e6 = p.latitude_e6;
  if (p.longitude_e6) package.longitude_e6 = p.longitude_e6;
  for (const auto flag : p.flags) package.set(flag);
}

/// What was delivered was a leg: the package goes on.
void go_on(PackageState& package) {
  for (auto& milestone : package.milestones)
    if (milestone.milestone == Milestone::Delivered) milestone.milestone = Milestone::Forwarded;
  package.is_delivered = false;
  package.delivered_at = package.delivered_latest = Time::none();
  package.received_by = model::ReceivedBy::Unknown;
  show_again(package);
}

/// The report speaks of this leg, perhaps the first to do so. A leg that begins after another was
/// delivered says that this was not the end of the way; one that goes back says no such thing.
void enter_leg(PackageState& package, const model::PackageReport& p, bool is_going_back) {
  if (p.leg.empty()) return;
  auto leg = std::ranges::find(package.legs, p.leg, &LegState::leg);
  if (leg == package.legs.end()) {
    const bool is_of_leg =
        std::ranges::any_of(package.milestones, [](const MilestoneState& milestone) {
          return milestone.milestone == Milestone::Delivered && !milestone.leg.empty();
        });
    if (package.is_delivered && is_of_leg && !is_going_back) go_on(package);
    leg = package.legs.insert(package.legs.end(), {p.leg, {}, {}});
  }
  if (!p.carrier.empty()) leg->carrier = p.carrier;
  if (!p.number.empty()) leg->number = p.number;
}

/// Delivered at the end of a leg that others follow, a package is only passed on.
Milestone of_whole_way(const PackageState& package, const model::PackageReport& p, Milestone told) {
  const bool is_last = p.leg.empty() || package.legs.back().leg == p.leg;
  return told == Milestone::Delivered && !is_last ? Milestone::Forwarded : told;
}

/// A report that names no package speaks of all there are, of its direction and supplier.
bool is_unnamed(const model::PackageReport& p) { return p.package.empty() && p.number.empty(); }
bool is_meant(const PackageState& package, const model::PackageReport& p) {
  return package.direction == p.direction && (p.supplier.empty() || package.supplier == p.supplier);
}

/// Takes a dispatch back, but for what a carrier has seen since.
void unship(PackageState& package) {
  std::erase_if(package.milestones, [](const MilestoneState& m) {
    return m.milestone == Milestone::InfoReceived || m.milestone == Milestone::PickedUp;
  });
  package.is_declared = false;
  package.declared_at = Time::none();
  show_again(package);
  const auto seen = std::ranges::find_if(
      package.milestones, [](const MilestoneState& m) { return is_physical(m.milestone); });
  package.is_shipped = package.is_confirmed = seen != package.milestones.end();
  package.is_withdrawn = !package.is_shipped;
  package.shipped_at = package.is_shipped && seen->has_date ? seen->at : Time::none();
}

void move_one(Order& order, PackageState& package, const Event& event) {
  const auto& p = event.as<model::PackageReport>();
  auto milestone = implied(event, p);
  enter_leg(package, p, milestone && is_return_leg(*milestone));
  describe(package, event);
  // What a number itself brought to the order is no reason to claim that number; nor is it the
  // package's where it is its unit's.
  if (!p.number.empty() && !is_brought_by_number(event) && !rides_in(package, p))
    package.has_own_number = true;
  switch (event.type) {
    case EventType::PackageUnshipped:
      return unship(package);
    case EventType::PackageShipped:
      package.is_declared = true;
      if (package.declared_at.is_none() && !event.is(model::EventFlag::NoDate)) {
        package.declared_at = event.occurred;
        package.declared_latest = event.latest();
      }
      ship(package, event);
      break;
    case EventType::PackageRefused:
      package.set(PackageFlag::Refused);
      break;
    case EventType::PackageLost:
      package.set(PackageFlag::Lost);
      break;
    case EventType::InterceptRequested:
      package.set(PackageFlag::InterceptPending);
      order.set(Flag::Intercepting);
      return;
    case EventType::RedirectRequested:
      order.set(Flag::Redirecting);
      return;
    case EventType::CarrierUrged:
      return;
    default:
      break;
  }
  if (!milestone) return;
  milestone = of_whole_way(package, p, *milestone);
  add_milestone(package, event, p, *milestone);
  if (is_physical(*milestone)) {
    ship(package, event);
    package.is_confirmed = true;
    package.last_scan = event.occurred;
  }
  if (*milestone == Milestone::Delivered) deliver(package, event);
  if (*milestone == Milestone::Returned) package.is_back = true;
  if (*milestone == Milestone::LostOrDestroyed) package.set(PackageFlag::Lost);
  // Delivered or on its way back, there is nothing left to stop or to send elsewhere.
  if (*milestone == Milestone::Delivered || is_return_leg(*milestone)) {
    package.set(PackageFlag::InterceptPending, false);
    const bool is_any_pending = std::ranges::any_of(order.packages, [](const PackageState& other) {
      return other.has(PackageFlag::InterceptPending);
    });
    if (!is_any_pending) order.set(Flag::Intercepting, false);
    order.set(Flag::Redirecting, false);
  }
}

/// The step of its after-sale case that a package going this way means.
std::string_view step_of(model::Direction direction, EventType type) {
  using enum model::Direction;
  if (direction == Outbound) return {};
  if (type == EventType::PackageShipped)
    return direction == Return ? "return_shipped" : "ship_replacement";
  if (type == EventType::PackageDelivered)
    return direction == Return ? "return_delivered" : "replacement_delivered";
  return {};
}

void tell_its_case(Order& order, const PackageState& moved, const Event& event,
                   const Context& context) {
  const std::string case_id = moved.case_id;
  const auto step = step_of(moved.direction, event.type);
  if (event.type == EventType::PackageDelivered && !moved.is_delivered) return;  // a leg was
  if (!case_id.empty() && !step.empty()) tell_case(order, event, case_id, step, context);
}

/// Every package of the order that rides in the unit moves with it; one that has left it does not.
void move_unit(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::PackageReport>();
  for (auto& package : order.packages) {
    if (!speaks_of(p, package)) continue;
    move_one(order, package, event);
    tell_its_case(order, package, event, context);
  }
}

/// Scans of a unit that came before anybody said what rides in it made a package of it: it is none,
/// and what was told of it then does not concern this order.
void drop_units(Order& order) {
  std::vector<UnitState> units;
  for (const auto& package : order.packages)
    std::ranges::copy(package.units, std::back_inserter(units));
  if (units.empty()) return;
  std::erase_if(order.packages, [&](const PackageState& scanned) {
    return !scanned.has_own_number && scanned.id == scanned.number &&
           std::ranges::any_of(units, [&](const UnitState& unit) {
             return unit.number == scanned.number && is_of_carrier(scanned.carrier, unit.carrier);
           });
  });
}

}  // namespace

bool speaks_of(const model::PackageReport& p, const PackageState& package) {
  if (is_unnamed(p)) return is_meant(package, p);
  if (!p.package.empty() && package.id == p.package) return true;
  if (rides_in(package, p)) return true;
  return !p.number.empty() && package.number == p.number &&
         (p.carrier.empty() || package.carrier.empty() || package.carrier == p.carrier);
}

PackageState* package_of(Order& order, const model::PackageReport& p) {
  for (auto& package : order.packages)
    if (!p.package.empty() && package.id == p.package) return &package;
  for (auto& package : order.packages)
    if (!p.number.empty() && package.number == p.number &&
        (p.carrier.empty() || package.carrier.empty() || package.carrier == p.carrier)) {
      // So far it was called by its number alone: scans came before who sent it said what it is.
      if (!p.package.empty() && !package.has_own_number) package.id = p.package;
      return &package;
    }
  if (is_unnamed(p))
    for (auto& package : order.packages)
      if (is_meant(package, p)) return &package;
  if (order.packages.size() >= kPackagesMax) return nullptr;
  auto& package = order.packages.emplace_back();
  package.id = !p.package.empty()  ? p.package
               : !p.number.empty() ? p.number
                                   : std::to_string(order.packages.size());
  package.direction = p.direction;
  return &package;
}

void move_package(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::PackageReport>();
  if (std::ranges::any_of(order.packages,
                          [&](const auto& package) { return has_ridden_in(package, p); }))
    return move_unit(order, event, context);
  PackageState* first = package_of(order, p);
  if (!first) return order.set(Flag::PackagesBeyond);
  if (!is_unnamed(p)) {
    move_one(order, *first, event);
  } else {
    for (auto& package : order.packages)
      if (is_meant(package, p) || &package == first) move_one(order, package, event);
  }
  tell_its_case(order, *first, event, context);
  if (!p.unit.empty()) drop_units(order);
}

}  // namespace cairn::orders

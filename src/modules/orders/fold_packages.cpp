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

/// `pending`, `info_received` and `monitoring_ended` never replace a physical milestone.
bool is_physical(Milestone m) {
  return m != Milestone::Pending && m != Milestone::InfoReceived &&
         m != Milestone::MonitoringEnded && m != Milestone::Cancelled;
}
bool is_return_leg(Milestone m) {
  return m == Milestone::Returning || m == Milestone::Returned || m == Milestone::Forwarded;
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
    const bool is_same = known.milestone == milestone && known.at <= event.latest() &&
                         event.occurred <= known.latest && known.place == p.place;
    if (!is_same) continue;
    if (!contains(known.sources, event.origin.source)) known.sources.push_back(event.origin.source);
    return;
  }
  package.milestones.push_back(
      {milestone, event.occurred, event.latest(), has_date, p.place, {event.origin.source}});
  const bool is_stuck = package.has_milestone && package.milestone == Milestone::Delivered &&
                        !is_return_leg(milestone);
  const bool is_weaker =
      package.has_milestone && is_physical(package.milestone) && !is_physical(milestone);
  if (is_stuck || is_weaker) return;
  package.milestone = milestone;
  package.has_milestone = true;
}

void ship(PackageState& package, const Event& event) {
  if (package.is_shipped) return;
  package.is_shipped = true;
  package.shipped_at = event.is(model::EventFlag::NoDate) ? Time::none() : event.occurred;
  package.shipped_latest = event.latest();
}

void deliver(PackageState& package, const Event& event) {
  if (package.is_delivered) return;
  package.is_delivered = true;
  if (event.is(model::EventFlag::NoDate)) return;
  package.delivered_at = event.occurred;
  package.delivered_latest = event.latest();
}

void describe(PackageState& package, const model::PackageReport& p) {
  const auto set = [](std::string& to, const std::string& from) {
    if (!from.empty()) to = from;
  };
  set(package.carrier, p.carrier);
  set(package.number, p.number);
  set(package.supplier, p.supplier);
  set(package.unit, p.unit);
  set(package.case_id, p.case_id);
  set(package.leg, p.leg);
  set(package.last_place, p.place);
  if (!p.parts.empty()) package.parts = p.parts;
  if (p.estimated.is_set()) package.estimated = p.estimated.time;
  if (p.received_by != model::ReceivedBy::Unknown) package.received_by = p.received_by;
  if (p.latitude_e6) package.latitude_e6 = p.latitude_e6;
  if (p.longitude_e6) package.longitude_e6 = p.longitude_e6;
  for (const auto flag : p.flags) package.set(flag);
}

}  // namespace

PackageState& package_of(Order& order, const model::PackageReport& p) {
  for (auto& package : order.packages)
    if (!p.package.empty() && package.id == p.package) return package;
  for (auto& package : order.packages)
    if (!p.number.empty() && package.number == p.number &&
        (p.carrier.empty() || package.carrier.empty() || package.carrier == p.carrier))
      return package;
  // A report that names no package speaks of the only one there is.
  if (p.package.empty() && p.number.empty()) {
    PackageState* only = nullptr;
    int count = 0;
    for (auto& package : order.packages)
      if (package.direction == p.direction &&
          (p.supplier.empty() || package.supplier == p.supplier)) {
        only = &package;
        ++count;
      }
    if (count == 1) return *only;
  }
  auto& package = order.packages.emplace_back();
  package.id = !p.package.empty() ? p.package : !p.number.empty() ? p.number : "1";
  package.direction = p.direction;
  return package;
}

void move_package(Order& order, const Event& event) {
  const auto& p = event.as<model::PackageReport>();
  PackageState& package = package_of(order, p);
  describe(package, p);
  // What a number itself brought to the order is no reason to claim that number.
  if (!p.number.empty() && !event.origin.subject.starts_with("tracking/"))
    package.has_own_number = true;
  switch (event.type) {
    case EventType::PackageUnshipped:
      package.is_shipped = package.is_declared = package.is_confirmed = false;
      package.declared_at = package.shipped_at = Time::none();
      std::erase_if(package.milestones, [](const MilestoneState& m) {
        return m.milestone == Milestone::InfoReceived || m.milestone == Milestone::PickedUp;
      });
      package.has_milestone = !package.milestones.empty();
      package.milestone =
          package.has_milestone ? package.milestones.back().milestone : Milestone::Pending;
      return;
    case EventType::PackageShipped:
      package.is_declared = true;
      if (package.declared_at.is_none()) package.declared_at = event.occurred;
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
  const auto milestone = implied(event, p);
  if (!milestone) return;
  const bool was_stuck = package.is_delivered;
  add_milestone(package, event, p, *milestone);
  if (is_physical(*milestone) && *milestone != Milestone::LostOrDestroyed) {
    ship(package, event);
    package.is_confirmed = true;
    package.last_scan = event.occurred;
  }
  if (*milestone == Milestone::Delivered) deliver(package, event);
  if (*milestone == Milestone::Returning && !was_stuck) order.set(Flag::Intercepting, false);
  if (*milestone == Milestone::Returned) package.is_back = true;
  if (*milestone == Milestone::LostOrDestroyed) package.set(PackageFlag::Lost);
}

// ---- after-sale cases ---------------------------------------------------------------------------

namespace {

CaseState* find_case(Order& order, const std::string& id) {
  const auto found = std::ranges::find_if(order.cases, [&](const auto& c) { return c.id == id; });
  return found == order.cases.end() ? nullptr : &*found;
}

}  // namespace

void open_case(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::CaseOpened>();
  if (find_case(order, p.case_id)) return;
  auto& opened = order.cases.emplace_back();
  opened.id = p.case_id;
  opened.type = p.type;
  opened.parts = p.parts;
  opened.amount = p.amount;
  opened.reason = p.reason;
  opened.opened = opened.moved = event.occurred;
  const auto& chart = context.after_sale();
  opened.is_by_staff = event.origin.role != model::Role::Customer;
  opened.state = chart.start(variables_of_case(order, opened, context));
}

void move_case(Order& order, const Event& event, const Context& context) {
  const auto& p = event.as<model::CaseMoved>();
  CaseState* moved = find_case(order, p.case_id);
  if (!moved) {
    note_conflict(order, model::ConflictCode::IllegalHere, "unknown_case", event.id);
    return;
  }
  const auto& chart = context.after_sale();
  const auto target = chart.case_target(moved->state, p.on, p.to, moved->type);
  if (!target) {
    note_conflict(order, model::ConflictCode::IllegalHere, "after_sale_" + p.on, event.id);
    return;
  }
  moved->state = *target;
  moved->moved = event.occurred;
  if (!p.carrier.empty()) moved->carrier = p.carrier;
  if (!p.number.empty()) moved->number = p.number;
  if (p.amount) moved->amount = p.amount;
  if (!p.parts.empty()) moved->parts = p.parts;
  if (const auto code = chart.state(moved->state).code();
      code == "inspecting" || code == "refunding")
    moved->are_goods_back = true;
  moved->is_open = !chart.state(moved->state).is_final();
  moved->is_succeeded = chart.state(moved->state).category() == model::Category::Done;
}

// ---- quantities ---------------------------------------------------------------------------------

namespace {

/// What a case does to quantities: while open it may hold goods, when it succeeded it may have
/// brought them back for good.
struct CaseEffect {
  model::CaseType type;
  bool moves_goods, brings_back;
};
constexpr CaseEffect kCaseEffects[]{
    {model::CaseType::RefundUnshipped, false, true}, {model::CaseType::RefundOnly, false, false},
    {model::CaseType::ReturnRefund, true, true},     {model::CaseType::Exchange, true, false},
    {model::CaseType::Resend, false, false},         {model::CaseType::Repair, true, false},
    {model::CaseType::Refused, true, true},          {model::CaseType::Intercept, true, true},
    {model::CaseType::PriceAdjust, false, false}};

void carry(LineState& line, std::int64_t quantity, const PackageState& package) {
  if (package.is_shipped) line.shipped += quantity;
  if (package.is_delivered) line.delivered += quantity;
}

/// Packages that do not say what is in them share what no other package names.
void share_rest(Order& order) {
  for (auto& line : order.lines) {
    std::int64_t named = 0;
    bool any_shipped = false, all_delivered = true, any = false;
    for (const auto& package : order.packages) {
      if (package.direction != model::Direction::Outbound) continue;
      for (const auto& part : package.parts)
        if (part.line == line.id) named += part.quantity;
      if (!package.parts.empty()) continue;
      if (!package.supplier.empty() && !line.supplier.empty() && package.supplier != line.supplier)
        continue;
      any = true;
      any_shipped = any_shipped || package.is_shipped;
      all_delivered = all_delivered && package.is_delivered;
    }
    const auto rest = std::max<std::int64_t>(line.due() - named, 0);
    if (any && any_shipped) line.shipped += rest;
    if (any && all_delivered) line.delivered += rest;
  }
}

}  // namespace

void count_quantities(Order& order) {
  for (auto& line : order.lines) line.shipped = line.delivered = line.back = line.in_case = 0;
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound) continue;
    for (const auto& part : package.parts)
      for (auto& line : order.lines)
        if (line.id == part.line) carry(line, part.quantity, package);
  }
  share_rest(order);
  for (const auto& c : order.cases) {
    const auto& effect = kCaseEffects[static_cast<std::size_t>(c.type)];
    if (!(c.is_open && effect.moves_goods) && !(c.is_succeeded && effect.brings_back)) continue;
    for (auto& line : order.lines) {
      std::int64_t quantity = c.parts.empty() ? line.due() : 0;
      for (const auto& part : c.parts)
        if (part.line == line.id) quantity += part.quantity;
      (c.is_open ? line.in_case : line.back) += quantity;
    }
  }
}

}  // namespace cairn::orders

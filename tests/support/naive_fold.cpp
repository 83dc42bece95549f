#include "naive_fold.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace cairn::testing {
namespace {

using model::Event;
using model::EventType;
using model::Milestone;

bool is_changer(const Event& event) {
  return event.type == EventType::EventCorrected || event.type == EventType::EventRetracted;
}
std::string target_of(const Event& event) {
  return event.type == EventType::EventCorrected ? event.as<model::Correction>().target
                                                 : event.as<model::Retraction>().target;
}

bool is_kernels(const Event& changer) {
  return changer.type == EventType::EventRetracted && changer.origin.role == model::Role::System;
}

/// What the kernel said of where an event belongs: it was taken away, and not given back.
bool is_taken_away(const Event& event, std::span<const Event> events) {
  const auto kernel_says = [&](const Event& of, const auto& is_so) {
    for (const auto& word : events)
      if (is_kernels(word) && target_of(word) == to_hex(of.id.view()) && is_so(word)) return true;
    return false;
  };
  return kernel_says(event, [&](const Event& word) {
    return !kernel_says(word, [](const Event&) { return true; });
  });
}

/// The newest word on an event that was not itself retracted, looked for among all events.
const Event* word_on(const Event& event, std::span<const Event> events) {
  const Event* newest = nullptr;
  for (const auto& changer : events) {
    if (!is_changer(changer) || is_kernels(changer)) continue;
    if (target_of(changer) != to_hex(event.id.view())) continue;
    const auto* on_it = word_on(changer, events);
    if (on_it && on_it->type == EventType::EventRetracted) continue;
    if (!newest || std::tie(newest->recorded, newest->id) < std::tie(changer.recorded, changer.id))
      newest = &changer;
  }
  return newest;
}

/// A copy counts when neither what it was copied from nor a copy with a lesser id does.
bool is_told_better(const Event& copy, std::span<const Event> counted) {
  if (!copy.is(model::EventFlag::Copied)) return false;
  return std::ranges::any_of(counted, [&](const Event& other) {
    return other.id == copy.copy_of || (other.is(model::EventFlag::Copied) &&
                                        other.copy_of == copy.copy_of && other.id < copy.id);
  });
}

struct PackageFacts {
  struct Told {
    Milestone milestone;
    Time from, until;
    bool has_date;
    std::string place;
    std::set<std::string> sources;
  };
  std::vector<model::Part> parts;
  std::vector<Told> told;
  bool is_shipped = false, is_delivered = false, is_withdrawn = false;
  Time shipped_at = Time::none(), delivered_at = Time::none();
};

struct LineFacts {
  model::LineKind kind = model::LineKind::Goods;
  std::int64_t quantity = 0, tolerance = 0, cancelled = 0, shipped = 0, delivered = 0;
  std::int64_t due() const { return quantity - cancelled; }
  bool counts() const { return kind != model::LineKind::Fee && kind != model::LineKind::Service; }
};

struct Money {
  std::optional<std::int64_t> amount;
  bool in_full = false;
};

bool says_nothing_of_place(Milestone m) {
  return m == Milestone::Pending || m == Milestone::InfoReceived || m == Milestone::MonitoringEnded;
}
bool proves_handover(Milestone m) {
  static const std::set<Milestone> kNot{Milestone::Pending, Milestone::InfoReceived,
                                        Milestone::MonitoringEnded, Milestone::Cancelled,
                                        Milestone::LostOrDestroyed};
  return !kNot.contains(m);
}

/// The milestone that is displayed: by time, within a minute by rank.
std::optional<Milestone> displayed(const PackageFacts& package) {
  std::optional<Milestone> shown;
  Time at;
  for (const auto& told : package.told) {
    if (shown) {
      const bool is_back =
          told.milestone == Milestone::Returning || told.milestone == Milestone::Returned;
      if (*shown == Milestone::Delivered && !is_back) continue;
      if (!says_nothing_of_place(*shown) && says_nothing_of_place(told.milestone)) continue;
      const bool is_same_minute = at.us / 60'000'000 == told.from.us / 60'000'000;
      if (is_same_minute && *shown <= Milestone::Returned && told.milestone < *shown) continue;
    }
    shown = told.milestone;
    at = told.from;
  }
  return shown;
}

class Naive {
 public:
  void apply(const Event& event);
  NaiveOrder result() const;

 private:
  void place(const model::OrderPlaced& p);
  void put_line(const model::Line& line);
  void pay(const Event& event);
  void move(const Event& event);
  void unship(PackageFacts& package);
  void reach(const Event& event);
  void count();
  void keep_delivered();
  std::string headline() const;
  std::string payment() const;
  bool is_paid_in_full() const;
  bool is_refunded_in_full() const;
  bool holds_headline() const;
  bool has_counting_lines() const;
  bool all(std::int64_t LineFacts::* what, bool PackageFacts::* of_package) const;
  bool any(std::int64_t LineFacts::* what, bool PackageFacts::* of_package) const;
  std::int64_t sum(const std::map<std::string, Money>& money) const;

  struct Hold {
    std::string reason;
    std::vector<std::string> lines;
  };
  bool is_placed_ = false, is_cancelled_ = false, is_completed_ = false, is_released_ = false;
  model::PaymentTerms terms_ = model::PaymentTerms::Prepaid;
  std::optional<std::int64_t> total_, deposit_;
  std::map<std::string, LineFacts> lines_;
  std::map<std::string, PackageFacts> packages_;
  std::map<std::string, Money> payments_, refunds_;
  std::map<std::tuple<std::string, model::Step, std::string>, std::int64_t> steps_;
  std::map<std::string, Hold> holds_;
  bool reached_paid_ = false, reached_released_ = false, reached_shipped_ = false,
       reached_delivered_ = false;
  Time delivered_ = Time::none();
};

void Naive::place(const model::OrderPlaced& p) {
  if (!is_placed_) terms_ = p.terms;
  if (!total_) total_ = p.total;
  if (!deposit_) deposit_ = p.deposit;
  const bool is_first = !is_placed_;
  is_placed_ = true;
  for (const auto& line : p.lines)
    if (is_first || !lines_.contains(line.id)) put_line(line);
}

void Naive::put_line(const model::Line& line) {
  auto& known = lines_[line.id];
  known.kind = line.kind;
  known.quantity = std::max<std::int64_t>(line.quantity, 0);
  known.tolerance = std::max<std::int64_t>(line.tolerance, 0);
}

void Naive::pay(const Event& event) {
  const auto& p = event.as<model::Payment>();
  const auto id = p.payment_id.empty() ? event.origin.source : p.payment_id;
  if (event.type == EventType::RefundFailed) {
    refunds_.erase(id);
    return;
  }
  auto& money = event.type == EventType::PaymentReceived ? payments_[id] : refunds_[id];
  if (p.amount) money.amount = p.amount;
  if (p.in_full) money.in_full = true;
}

void Naive::unship(PackageFacts& package) {
  std::erase_if(package.told, [](const auto& told) {
    return told.milestone == Milestone::InfoReceived || told.milestone == Milestone::PickedUp;
  });
  package.is_shipped = false;
  package.shipped_at = Time::none();
  for (const auto& told : package.told) {
    if (!proves_handover(told.milestone)) continue;
    package.is_shipped = true;
    if (told.has_date) package.shipped_at = told.from;
    break;
  }
  package.is_withdrawn = !package.is_shipped;
}

void Naive::move(const Event& event) {
  const auto& p = event.as<model::PackageReport>();
  auto& package = packages_[p.package];
  const bool has_date = !event.is(model::EventFlag::NoDate);
  if (!p.parts.empty()) package.parts = p.parts;
  if (event.type == EventType::PackageUnshipped) return unship(package);
  std::optional<Milestone> milestone = p.milestone;
  if (!milestone && event.type == EventType::PackageShipped) milestone = Milestone::InfoReceived;
  if (!milestone && event.type == EventType::PackageDelivered) milestone = Milestone::Delivered;
  if (!milestone && event.type == EventType::PackageReturning) milestone = Milestone::Returning;
  if (!milestone && event.type == EventType::PackageLost) milestone = Milestone::LostOrDestroyed;
  const bool is_shipping =
      event.type == EventType::PackageShipped || (milestone && proves_handover(*milestone));
  if (is_shipping) {
    package.is_shipped = true;
    package.is_withdrawn = false;
    if (has_date && package.shipped_at.is_none()) package.shipped_at = event.occurred;
  }
  if (milestone == Milestone::Delivered) {
    package.is_delivered = true;
    if (has_date && package.delivered_at.is_none()) package.delivered_at = event.occurred;
  }
  if (!milestone) return;
  for (auto& told : package.told) {
    if (told.milestone != *milestone) continue;
    const bool happens_once =
        *milestone == Milestone::Delivered || *milestone == Milestone::PickedUp;
    const bool is_witness = happens_once && !told.sources.contains(event.origin.source);
    const bool overlaps = told.from <= event.latest() && event.occurred <= told.until;
    if (!is_witness && !(overlaps && told.place == p.place)) continue;
    told.sources.insert(event.origin.source);
    return;
  }
  package.told.push_back(
      {*milestone, event.occurred, event.latest(), has_date, p.place, {event.origin.source}});
}

void Naive::reach(const Event& event) {
  const auto reached = event.as<model::StatusReported>().reached;
  using enum model::Reached;
  if (reached == Cancelled) {
    is_cancelled_ = true;
    return;
  }
  reached_paid_ = reached_paid_ || reached >= Paid;
  reached_released_ = reached_released_ || reached >= Released;
  reached_shipped_ = reached_shipped_ || reached >= Shipped;
  reached_delivered_ = reached_delivered_ || reached >= Delivered;
  is_completed_ = is_completed_ || reached == Completed;
}

/// What is in the packages, line by line; those that do not say carry what no other names.
void Naive::count() {
  for (auto& [id, line] : lines_) {
    line.shipped = line.delivered = 0;
    std::int64_t named = 0;
    bool has_silent = false, is_silent_shipped = false, are_silent_delivered = true;
    for (const auto& [name, package] : packages_) {
      if (package.is_withdrawn) continue;
      for (const auto& part : package.parts) {
        if (part.line != id) continue;
        named += part.quantity;
        if (package.is_shipped) line.shipped += part.quantity;
        if (package.is_delivered) line.delivered += part.quantity;
      }
      if (!package.parts.empty()) continue;
      has_silent = true;
      is_silent_shipped = is_silent_shipped || package.is_shipped;
      are_silent_delivered = are_silent_delivered && package.is_delivered;
    }
    const auto rest = std::max<std::int64_t>(line.due() - named, 0);
    if (has_silent && is_silent_shipped) line.shipped += rest;
    if (has_silent && are_silent_delivered) line.delivered += rest;
  }
}

void Naive::apply(const Event& event) {
  const auto take_off = [&](const std::string& id, std::int64_t quantity) {
    const auto line = lines_.find(id);
    if (line == lines_.end()) return;
    const auto left = std::max<std::int64_t>(line->second.due() - line->second.shipped, 0);
    line->second.cancelled += std::min(left, quantity);
  };
  if (std::holds_alternative<model::PackageReport>(event.payload)) move(event);
  if (std::holds_alternative<model::Payment>(event.payload)) pay(event);
  switch (event.type) {
    case EventType::OrderPlaced:
      place(event.as<model::OrderPlaced>());
      break;
    case EventType::LinesAmended:
      for (const auto& line : event.as<model::LinesAmended>().lines) put_line(line);
      break;
    case EventType::LinesCancelled:
      for (const auto& part : event.as<model::LinesCancelled>().parts)
        take_off(part.line, part.quantity);
      break;
    case EventType::OrderCancelled:
      is_cancelled_ = true;
      break;
    case EventType::OrderCompleted:
      is_completed_ = true;
      break;
    case EventType::OrderReleased:
      is_released_ = true;
      break;
    case EventType::OrderRecalled:
      is_released_ = reached_released_ = false;
      steps_.clear();
      break;
    case EventType::StepTotal: {
      const auto& p = event.as<model::StepTotal>();
      steps_[{p.line, p.step, p.place}] = p.total;
      break;
    }
    case EventType::HoldPlaced: {
      const auto& p = event.as<model::HoldPlaced>();
      holds_[p.hold_id] = {p.reason, p.lines};
      break;
    }
    case EventType::HoldReleased:
      holds_.erase(event.as<model::HoldReleased>().hold_id);
      break;
    case EventType::StatusReported:
      reach(event);
      break;
    default:
      break;
  }
  count();
  keep_delivered();
}

bool Naive::has_counting_lines() const {
  return std::ranges::any_of(lines_, [](const auto& line) { return line.second.counts(); });
}

bool Naive::any(std::int64_t LineFacts::* what, bool PackageFacts::* of_package) const {
  if (has_counting_lines())
    return std::ranges::any_of(
        lines_, [&](const auto& line) { return line.second.counts() && line.second.*what > 0; });
  return std::ranges::any_of(packages_,
                             [&](const auto& package) { return package.second.*of_package; });
}

/// Never true of nothing.
bool Naive::all(std::int64_t LineFacts::* what, bool PackageFacts::* of_package) const {
  if (!any(what, of_package)) return false;
  if (!has_counting_lines())
    return std::ranges::all_of(packages_, [&](const auto& package) {
      return package.second.is_withdrawn || package.second.*of_package;
    });
  std::int64_t total = 0;
  for (const auto& [id, line] : lines_) {
    if (!line.counts()) continue;
    total += line.due();
    if (line.*what < line.due() - line.tolerance) return false;
  }
  return total > 0;
}

/// The moment the last package arrived that made it all, kept while it is all.
void Naive::keep_delivered() {
  if (!all(&LineFacts::delivered, &PackageFacts::is_delivered) && !reached_delivered_) {
    delivered_ = Time::none();
    return;
  }
  if (!delivered_.is_none()) return;
  Time last = Time::none();
  for (const auto& [id, package] : packages_) {
    if (!package.is_shipped) continue;
    if (package.delivered_at.is_none()) return;
    last = std::max(last, package.delivered_at);
  }
  delivered_ = last;
}

std::int64_t Naive::sum(const std::map<std::string, Money>& money) const {
  std::int64_t out = 0;
  for (const auto& [id, each] : money) out += each.amount.value_or(0);
  return out;
}
bool Naive::is_paid_in_full() const {
  for (const auto& [id, money] : payments_)
    if (money.in_full) return true;
  if (payments_.empty()) return false;
  return total_ ? sum(payments_) >= *total_ : !deposit_;
}
bool Naive::is_refunded_in_full() const {
  for (const auto& [id, money] : refunds_)
    if (money.in_full) return true;
  return sum(payments_) > 0 && sum(refunds_) >= sum(payments_);
}

bool Naive::holds_headline() const {
  static const std::set<std::string> kShown{"risk_review", "stock_short", "customer_request"};
  for (const auto& [id, hold] : holds_) {
    if (!kShown.contains(hold.reason)) continue;
    bool covers = true;
    if (!hold.lines.empty())
      for (const auto& [name, line] : lines_)
        if (line.counts() && line.shipped < line.due() &&
            std::ranges::find(hold.lines, name) == hold.lines.end())
          covers = false;
    if (covers) return true;
  }
  return false;
}

std::string Naive::headline() const {
  std::int64_t due = 0;
  for (const auto& [id, line] : lines_)
    if (line.counts()) due += line.due();
  const bool has_lines = has_counting_lines();
  const bool all_shipped =
      all(&LineFacts::shipped, &PackageFacts::is_shipped) || reached_shipped_ || reached_delivered_;
  const bool all_delivered =
      all(&LineFacts::delivered, &PackageFacts::is_delivered) || reached_delivered_;
  const bool on_account =
      terms_ == model::PaymentTerms::Cod || terms_ == model::PaymentTerms::Credit;
  if (is_cancelled_ || (has_lines && due <= 0)) return "cancelled";
  if (is_refunded_in_full()) return "closed";
  if (is_completed_) return "completed";
  if (all_delivered) return "delivered";
  if (all_shipped && any(&LineFacts::delivered, &PackageFacts::is_delivered))
    return "partly_delivered";
  if (all_shipped) return "shipped";
  if (any(&LineFacts::shipped, &PackageFacts::is_shipped)) return "partly_shipped";
  if (holds_headline()) return "on_hold";
  const bool has_steps = std::ranges::any_of(steps_, [](const auto& s) { return s.second > 0; });
  if (is_released_ || reached_released_ || has_steps) return "preparing";
  if (is_paid_in_full() || (total_ && *total_ == 0) || reached_paid_) return "paid";
  const bool has_deposit = deposit_ ? sum(payments_) >= *deposit_ : sum(payments_) > 0;
  if (terms_ == model::PaymentTerms::DepositBalance && has_deposit && !on_account)
    return "awaiting_balance";
  return "awaiting_payment";
}

std::string Naive::payment() const {
  if (is_refunded_in_full()) return "refunded";
  if (sum(refunds_) > 0) return "partly_refunded";
  if (is_paid_in_full()) return "paid";
  if (terms_ == model::PaymentTerms::Cod) return "cod_due";
  if (deposit_ && sum(payments_) >= *deposit_) return "deposit_paid";
  return sum(payments_) > 0 ? "partly_paid" : "unpaid";
}

NaiveOrder Naive::result() const {
  static const std::map<std::string, std::string> kCategories{{"awaiting_payment", "unconfirmed"},
                                                              {"awaiting_balance", "unconfirmed"},
                                                              {"paid", "ready"},
                                                              {"on_hold", "held"},
                                                              {"preparing", "preparing"},
                                                              {"partly_shipped", "preparing"},
                                                              {"shipped", "in_transit"},
                                                              {"partly_delivered", "in_transit"},
                                                              {"delivered", "delivered"},
                                                              {"completed", "done"},
                                                              {"cancelled", "closed"},
                                                              {"closed", "closed"}};
  NaiveOrder out;
  for (const auto& [id, line] : lines_) out.lines[id] = {line.due(), line.shipped, line.delivered};
  for (const auto& [id, package] : packages_) {
    auto& to = out.packages[id];
    if (const auto shown = displayed(package)) to.milestone = name_of(*shown);
    to.shipped_at = package.shipped_at;
    to.delivered_at = package.delivered_at;
    to.is_shipped = package.is_shipped;
    to.is_delivered = package.is_delivered;
    if (package.shipped_at.is_none()) continue;
    out.last_shipped = std::max(out.last_shipped, package.shipped_at);
    if (out.first_shipped.is_none() || package.shipped_at < out.first_shipped)
      out.first_shipped = package.shipped_at;
  }
  out.headline = headline();
  out.category = kCategories.at(out.headline);
  out.payment = payment();
  out.paid = sum(payments_);
  out.refunded = sum(refunds_);
  out.delivered = delivered_;
  return out;
}

}  // namespace

NaiveOrder naive_fold(std::span<const Event> events, Time now) {
  std::vector<Event> counted;
  std::set<model::Identity> seen;
  for (const auto& event : events) {
    if (is_changer(event) || !seen.insert(event.id).second) continue;
    if (is_taken_away(event, events)) continue;
    Event effective = event;
    if (const auto* word = word_on(event, events)) {
      if (word->type == EventType::EventRetracted) continue;
      const auto& c = word->as<model::Correction>();
      if (c.occurred.is_set()) {
        effective.occurred = c.occurred.time;
        effective.precision = c.occurred.precision;
        effective.flags &=
            static_cast<std::uint8_t>(~static_cast<unsigned>(model::EventFlag::NoDate));
      }
      if (!c.data.text.empty())
        effective.payload = *model::read_payload(event.type, c.data.text, model::Reading::Fact);
    }
    if (effective.occurred > now + minutes(15)) continue;
    counted.push_back(std::move(effective));
  }
  std::ranges::sort(counted, [](const Event& a, const Event& b) {
    const auto rank = [](const Event& e) {
      return e.is(model::EventFlag::NoDate) ? 210 : static_cast<int>(row_of(e.type).rank);
    };
    return std::tuple(a.occurred, rank(a), a.origin.trust, a.id) <
           std::tuple(b.occurred, rank(b), b.origin.trust, b.id);
  });
  Naive naive;
  for (const auto& event : counted)
    if (!is_told_better(event, counted)) naive.apply(event);
  return naive.result();
}

std::string to_text(const NaiveOrder& order) {
  std::string out =
      fmt::format("{} ({}) payment {} paid {} refunded {} shipped {}..{} delivered {}\n",
                  order.headline, order.category, order.payment, order.paid, order.refunded,
                  order.first_shipped.us, order.last_shipped.us, order.delivered.us);
  for (const auto& [id, line] : order.lines)
    out += fmt::format("  line {}: due {} shipped {} delivered {}\n", id, line.due, line.shipped,
                       line.delivered);
  for (const auto& [id, package] : order.packages)
    out += fmt::format("  package {}: {} shipped {} at {} delivered {} at {}\n", id,
                       package.milestone, package.is_shipped, package.shipped_at.us,
                       package.is_delivered, package.delivered_at.us);
  return out;
}

}  // namespace cairn::testing

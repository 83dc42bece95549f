#include "workload.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "modules/orders/reference.hpp"

namespace cairn::simulation {
namespace {

using model::Event;
using model::EventType;
using model::Milestone;

constexpr std::array<std::string_view, 4> kCarriers{"zto", "sf", "yto", "dhl"};
constexpr std::size_t kUnits = 8;

model::Moment moment(Time at) { return {at, Precision::Microsecond}; }

model::PackageReport report_of(const Story::Parcel& parcel) {
  model::PackageReport report;
  report.package = parcel.id;
  report.carrier = parcel.carrier;
  report.number = parcel.number;
  return report;
}

model::Reference tracking_of(const Story::Parcel& parcel) {
  return {"tracking", parcel.carrier, model::normalise_reference("tracking", parcel.number)};
}
model::Reference unit_of(std::size_t n) { return {"unit", "fleet", fmt::format("TRUCK{}", n)}; }

}  // namespace

Workload::Workload(World& world, Clients& clients, Random& random, WorkloadOptions options)
    : world_(world),
      clients_(clients),
      random_(random),
      options_(options),
      start_(world.now()),
      end_(world.now() + options.horizon) {
  for (const auto& command : world.definitions().lifecycles.commands())
    command_names_.push_back(command.code);
  std::ranges::sort(command_names_);
}

// ---- telling ------------------------------------------------------------------------------------

Event Workload::make_event(const Teller& teller, EventType type, model::Payload payload,
                           Time occurred) {
  Event event;
  event.type = type;
  event.id = model::identity_of(teller.source, fmt::format("e{}", next_id_++));
  event.occurred = occurred;
  event.origin.source = teller.source;
  event.origin.trust = teller.trust;
  event.origin.role = teller.role;
  event.payload = std::move(payload);
  if (random_.percent(20)) event.raw = fmt::format("{{\"raw\":{}}}", next_id_);
  return event;
}

/// When it arrives: soon, in some hours, or up to two days late; never before the run begins.
Time Workload::delivery_of(Time occurred) {
  const auto lot = random_.below(100);
  const Duration late = lot < 60   ? seconds(random_.between(0, 120))
                        : lot < 85 ? minutes(random_.between(0, 240))
                                   : minutes(random_.between(0, 48 * 60));
  Time at = std::max(occurred, start_) + late;
  if (at >= end_)
    at = start_ + Duration{static_cast<std::int64_t>(
                      random_.below(static_cast<std::uint64_t>(options_.horizon.us)))};
  // What has not happened yet is not told yet; a clock that runs ahead is another matter.
  return std::max(at, std::min(occurred, end_));
}

void Workload::deliver(const ports::AggregateKey& key, Event event) {
  auto& counts = world_.counts();
  Time at = delivery_of(event.occurred);
  if (random_.percent(3)) {
    event.set(model::EventFlag::NoDate);
    counts.add("input", "no_date");
  } else if (random_.percent(2)) {
    // Some clocks are days ahead: the fact still waits for its time when the day is over.
    event.occurred = at + (random_.percent(15) ? hours(random_.between(24 * 5, 24 * 9))
                                               : minutes(random_.between(20, 600)));
    counts.add("input", "future");
  } else if (random_.percent(4)) {
    event.occurred = event.occurred + minutes(random_.between(-720, 720));
    counts.add("input", "skewed");
  }
  const auto ticket = clients_.add_fact(key, event);
  planned_.push_back({at, Planned::What::Send, ticket});
  counts.add("input", "fact");
  while (random_.percent(30)) {
    planned_.push_back({delivery_of(at), Planned::What::Send, ticket});
    counts.add("input", "repeated");
  }
  // Of a fact without a date the time is not counted: told with another, it is the same fact.
  if (random_.percent(2) && !event.is(model::EventFlag::NoDate)) {
    Event rival = event;
    rival.occurred = rival.occurred + seconds(random_.between(1, 90));
    planned_.push_back(
        {delivery_of(at), Planned::What::Send, clients_.add_fact(key, std::move(rival))});
    counts.add("input", "id_reused");
  }
  if (auto* payment = std::get_if<model::Payment>(&event.payload); payment && random_.percent(10)) {
    payment->reason = "told in other words";
    planned_.push_back({delivery_of(at), Planned::What::Send, clients_.add_fact(key, event)});
    counts.add("input", "reworded");
  }
}

ports::AggregateKey Workload::know(const model::Reference& reference) {
  const auto key = model::reference_key(reference);
  references_.emplace(key, reference);
  return key;
}

Event Workload::tell(Story& story, const Teller& teller, EventType type, model::Payload payload,
                     Time occurred) {
  auto event = make_event(teller, type, std::move(payload), occurred);
  story.facts.push_back(event.id);
  deliver(story.key(), event);
  return event;
}

Event Workload::tell_reference(Story* story, const model::Reference& reference,
                               const Teller& teller, EventType type, model::Payload payload,
                               Time occurred) {
  auto event = make_event(teller, type, std::move(payload), occurred);
  event.origin.subject =
      fmt::format("{}/{}:{}", reference.scheme, reference.issuer, reference.value);
  if (story) story->facts.push_back(event.id);
  deliver(know(reference), event);
  return event;
}

// ---- stories ------------------------------------------------------------------------------------

void Workload::begin_story(std::size_t n) {
  constexpr std::array<std::string_view, 5> kSources{"cairn", "cairn", "generic", "taobao",
                                                     "shopify"};
  Story story;
  story.source = random_.pick(kSources);
  story.order_no = fmt::format("S{}", 1000 + n);
  story.id = model::order_id_of(story.source, story.order_no);
  // Some are a week old when Cairn first hears of them, so that their deadlines fall into the run.
  story.placed = random_.percent(25) ? start_ - minutes(random_.between(6 * 1440, 9 * 1440))
                                     : start_ + minutes(random_.between(-600, 16 * 60));
  story.is_made_to_order = random_.percent(15);
  story.comes_back = random_.percent(story.is_made_to_order ? 20 : 5);
  const auto lines = random_.between(story.comes_back, 3);
  for (std::int64_t i = 1; i <= lines; ++i) {
    model::Line line;
    line.id = std::to_string(i);
    line.sku = fmt::format("SKU{}", random_.below(20));
    line.name = "item";
    line.quantity = random_.between(1, 6);
    line.price = line.quantity * 1000;
    if (random_.percent(10)) line.tolerance = 1;
    if (random_.percent(20)) line.supplier = "supplier-a";
    story.lines.push_back(line);
  }
  const auto parcels = story.comes_back ? 1 : random_.between(1, 3);
  for (std::int64_t i = 0; i < parcels; ++i) {
    Story::Parcel parcel;
    parcel.id = fmt::format("P{}", i + 1);
    parcel.carrier = random_.pick(kCarriers);
    parcel.number = fmt::format("{}{:06}", 73, n * 10 + static_cast<std::size_t>(i));
    for (const auto& line : story.lines)
      if (parcels > 1 && (random_.percent(60) || i + 1 == parcels))
        parcel.parts.push_back({line.id, std::max<std::int64_t>(1, line.quantity / parcels)});
    story.parcels.push_back(parcel);
  }
  stories_.push_back(std::move(story));
}

void Workload::place(Story& story) {
  model::OrderPlaced placed;
  placed.order_no = story.order_no;
  if (story.is_made_to_order) placed.lifecycle = "made_to_order";
  placed.shop = fmt::format("shop-{}", random_.below(4));
  placed.currency = "CNY";
  placed.lines = story.lines;
  placed.total = 6000;
  const auto lot = random_.below(100);
  if (lot < (story.is_made_to_order ? 30 : 10)) {
    placed.terms = model::PaymentTerms::DepositBalance;
    placed.deposit = 2000;
    placed.balance_before_shipping = true;
  } else if (lot < 20) {
    placed.terms = model::PaymentTerms::Cod;
  }
  placed.buyer.id = fmt::format("b{}", random_.below(30));
  placed.buyer.name = model::PersonalName::from_plain("张三");
  placed.receiver.phone =
      model::PersonalPhone::from_plain(fmt::format("1380000{:04}", random_.below(10'000)));
  if (random_.percent(60)) placed.promised_delivery = moment(story.placed + hours(30));
  if (random_.percent(30)) placed.requested_delivery = moment(story.placed + hours(60));
  if (random_.percent(40)) {
    const auto unit = unit_of(random_.below(kUnits));
    placed.references.push_back({unit.scheme, unit.issuer, unit.value, ""});
    know(unit);
  }
  if (story.is_made_to_order)
    for (const std::string step : {"cut", "assemble", "final check"}) {
      if (step == "final check" && random_.percent(50)) continue;
      model::PlannedStep planned;
      planned.id = step;
      planned.phase = step == "final check" ? "inspection" : "production";
      planned.quantity = 5;
      placed.steps.push_back(planned);
    }
  if (story.is_own() && story.placed > start_) {
    json::Writer w(placed.attributes.text);
    core::Command command;
    command.name = "place_order";
    std::string data;
    json::Writer out(data);
    model::write_payload(out, placed, model::Show::Plain);
    command.data = std::move(data);
    command.identity = model::identity_of("place", model::to_text(story.id));
    command.origin = {.source = "cairn", .trust = 100, .role = model::Role::OrderDesk};
    const auto ticket = clients_.add_command(story.key(), std::move(command));
    for (int i = 0; i < 1 + random_.percent(20); ++i)
      planned_.push_back({story.placed + minutes(i), Planned::What::Send, ticket});
    return;
  }
  tell(story, {story.source, 60, model::Role::Source}, EventType::OrderPlaced, placed,
       story.placed);
  if (!random_.percent(4)) return;
  placed.total = 6100;
  tell(story, {"erp", 55, model::Role::Source}, EventType::OrderPlaced, placed,
       story.placed + minutes(5));
}

void Workload::tell_money(Story& story) {
  const Teller shop{story.source, 60, model::Role::Source};
  if (random_.percent(15) && !story.comes_back) return;
  model::Payment payment;
  payment.payment_id = "pay-1";
  payment.currency = "CNY";
  payment.method = random_.percent(10) ? "bank_transfer" : "alipay";
  const bool is_split = random_.percent(20);
  payment.amount = is_split ? 2000 : 6000;
  const Time paid = story.placed + minutes(random_.between(1, 45));
  tell(story, shop, EventType::PaymentReceived, payment, paid);
  if (is_split) {
    payment.payment_id = "pay-2";
    payment.amount = 4000;
    tell(story, shop, EventType::PaymentReceived, payment, paid + minutes(random_.between(5, 300)));
  }
  if (!story.comes_back && !random_.percent(10)) return;
  payment.payment_id = "refund-1";
  payment.amount = story.comes_back || random_.percent(50) ? 6000 : 1000;
  const Time refunded = paid + hours(story.comes_back ? 30 : random_.between(1, 20));
  tell(story, shop, EventType::RefundSucceeded, payment, refunded);
  if (!story.comes_back && random_.percent(30))
    tell(story, shop, EventType::RefundFailed, payment, refunded + minutes(9));
}

void Workload::tell_parcel(Story& story, std::size_t n, Time shipped) {
  const Teller warehouse{"wms", 70, model::Role::Warehouse};
  auto& parcel = story.parcels[n];
  const Teller carrier{"carrier-" + parcel.carrier, 40, model::Role::Carrier};
  auto report = report_of(parcel);
  report.parts = parcel.parts;
  if (random_.percent(4) && !report.parts.empty()) report.parts.front().quantity += 10;
  const bool is_mistaken = random_.percent(8);
  if (is_mistaken) {
    const auto& other = random_.pick(stories_);
    report.number = random_.percent(50) ? "99" + parcel.number : other.parcels.front().number;
    know({"tracking", report.carrier, model::normalise_reference("tracking", report.number)});
  }
  const auto told = tell(story, warehouse, EventType::PackageShipped, report, shipped);
  if (is_mistaken) correct(story, told);
  if (random_.percent(12) && !story.comes_back) return;  // no carrier ever sees it
  const auto tracking = tracking_of(parcel);
  model::PackageReport scan;
  scan.carrier = parcel.carrier;
  scan.number = parcel.number;
  Time at = shipped;
  for (const auto milestone : {Milestone::PickedUp, Milestone::InTransit, Milestone::AtDestination,
                               Milestone::OutForDelivery}) {
    at = at + minutes(random_.between(20, 240));
    if (random_.percent(25)) continue;
    scan.milestone = milestone;
    scan.place = fmt::format("hub-{}", random_.below(5));
    tell_reference(&story, tracking, carrier, EventType::PackageScanned, scan, at);
    if (random_.percent(15))  // another system has seen the same
      tell(story, {"tms", 45, model::Role::Source}, EventType::PackageScanned, scan, at);
  }
  if (random_.percent(15) && !story.comes_back) return;
  scan.place.clear();
  scan.milestone.reset();
  at = at + minutes(random_.between(10, 300));
  const auto lot = random_.below(100);
  const auto last = lot < 85 || story.comes_back ? EventType::PackageDelivered
                    : lot < 90                   ? EventType::PackageRefused
                    : lot < 96                   ? EventType::PackageReturning
                                                 : EventType::PackageLost;
  tell_reference(&story, tracking, carrier, last, scan, at);
  if (last == EventType::PackageDelivered) tell_after_sale(story, at);
}

void Workload::tell_after_sale(Story& story, Time delivered) {
  const Teller shop{story.source, 60, model::Role::Source};
  if (random_.percent(10))
    tell(story, shop, EventType::OrderCompleted, model::Remark{}, delivered + hours(1));
  if (random_.percent(5))
    tell(story, {"buyer", 30, model::Role::Customer}, EventType::DeliveryDisputed, model::Remark{},
         delivered + hours(2));
  if (!random_.percent(15) && !story.comes_back) return;
  constexpr std::array<model::CaseType, 4> kTypes{
      model::CaseType::ReturnRefund, model::CaseType::Exchange, model::CaseType::RefundOnly,
      model::CaseType::Repair};
  model::CaseOpened opened;
  opened.case_id = "case-1";
  opened.type = story.comes_back ? kTypes.front() : random_.pick(kTypes);
  opened.amount = 3000;
  if (!story.lines.empty() && random_.percent(50) && !story.comes_back)
    opened.parts.push_back({story.lines.front().id, 1});
  const Time at = delivered + minutes(random_.between(30, 600));
  tell(story, shop, EventType::AfterSaleOpened, opened, at);
  Time moved = at;
  for (const std::string on :
       {"accept_return", "return_shipped", "return_delivered", "pass_return", "refund_succeeded"}) {
    moved = moved + minutes(random_.between(5, 100));
    if (random_.percent(30) && !story.comes_back) return;
    model::CaseMoved move;
    move.case_id = "case-1";
    move.on = on;
    if (on == "return_shipped") move.number = "RET1";
    tell(story, shop, EventType::AfterSaleMoved, move, moved);
  }
}

void Workload::correct(Story& story, const Event& event) {
  const auto& report = event.as<model::PackageReport>();
  model::Correction correction;
  correction.target = to_hex(event.id.view());
  correction.reason = "wrong_number";
  auto right = report;
  for (const auto& parcel : story.parcels)
    if (parcel.id == report.package) right.number = parcel.number;
  json::Writer w(correction.data.text);
  model::write_payload(w, right, model::Show::Plain);
  tell(story, {"wms", 70, model::Role::Warehouse}, EventType::EventCorrected, correction,
       event.occurred + minutes(random_.between(1, 200)));
}

void Workload::tell_oddities(Story& story) {
  const Teller shop{story.source, 60, model::Role::Source};
  const Time base = story.placed;
  const auto at = [&](int minutes_max) { return base + minutes(random_.between(2, minutes_max)); };
  if (random_.percent(8))
    tell(story, shop, EventType::OrderCancelled, model::Remark{"buyer_regret", ""}, at(900));
  if (random_.percent(12)) {
    constexpr std::array<model::Reached, 7> kReached{
        model::Reached::Placed,   model::Reached::Paid,      model::Reached::Released,
        model::Reached::Shipped,  model::Reached::Delivered, model::Reached::Completed,
        model::Reached::Cancelled};
    auto event = make_event(shop, EventType::StatusReported,
                            model::StatusReported{"word", random_.pick(kReached), ""}, at(1200));
    event.set(model::EventFlag::NoDate);
    story.facts.push_back(event.id);
    deliver(story.key(), event);
  }
  if (random_.percent(15))
    tell(story, shop, EventType::PromiseMade,
         model::PromiseMade{model::PromiseOf::Delivered, "", moment(base + hours(40)),
                            model::PromiseBasis::Source, ""},
         at(300));
  if (random_.percent(15)) {
    const Time held = at(400);
    tell(story, shop, EventType::HoldPlaced,
         model::HoldPlaced{
             "h1", random_.percent(50) ? "payment_review" : "customer_request", {}, ""},
         held);
    if (random_.percent(60))
      tell(story, shop, EventType::HoldReleased, model::HoldReleased{"h1", "", ""},
           held + minutes(random_.between(5, 500)));
  }
  if (random_.percent(10) && !story.lines.empty()) {
    const auto step = random_.percent(50) ? model::Step::Picked : model::Step::Packed;
    for (std::int64_t total = 1; total <= 3; ++total)
      tell(story, {"wms", 70, model::Role::Warehouse}, EventType::StepTotal,
           model::StepTotal{story.lines.front().id, step, "", total}, at(600));
  }
  if (random_.percent(10)) {
    const auto note = tell(story, shop, EventType::TagAdded, model::Tag{"urgent"}, at(500));
    if (random_.percent(50))
      tell(story, shop, EventType::EventRetracted,
           model::Retraction{to_hex(note.id.view()), "mistaken", ""}, at(600));
  }
  if (random_.percent(8)) {
    // A fact told to the wrong order, and moved to the right one.
    auto& other = random_.pick(stories_);
    const auto stray =
        tell(story, shop, EventType::NoteAdded,
             model::NoteAdded{model::PersonalText::from_plain("for another")}, at(400));
    if (other.id != story.id) {
      model::Correction correction;
      correction.target = to_hex(stray.id.view());
      correction.move_to = model::to_text(other.id);
      correction.reason = "wrong_order";
      tell(story, shop, EventType::EventCorrected, correction, at(500));
      if (random_.percent(30)) deliver(other.key(), stray);  // its source found out too
    }
  }
}

void Workload::tell_retail(Story& story) {
  tell_money(story);
  Time shipped = story.placed + minutes(random_.between(60, 600));
  if (random_.percent(60))
    tell(story, {"wms", 70, model::Role::Warehouse}, EventType::OrderReleased, model::Remark{},
         story.placed + minutes(random_.between(30, 100)));
  if (random_.percent(12) && !story.comes_back) return;
  for (std::size_t i = 0; i < story.parcels.size(); ++i) {
    if (i > 0 && random_.percent(25)) continue;
    tell_parcel(story, i, shipped);
    shipped = shipped + minutes(random_.between(10, 200));
  }
}

void Workload::tell_made_to_order(Story& story) {
  const Teller erp{"erp", 70, model::Role::Source};
  Time at = story.placed + minutes(20);
  const auto next = [&] { return at = at + minutes(random_.between(10, 90)); };
  model::Plan plan;
  plan.promised_delivery = moment(story.placed + hours(50));
  tell(story, erp, EventType::OrderConfirmed, plan, next());
  if (random_.percent(40)) {
    tell(story, erp, EventType::DrawingSubmitted, model::Attachment{"aa", "", "", "drawing", 10},
         next());
    tell(story, erp, random_.percent(70) ? EventType::DrawingApproved : EventType::DrawingRejected,
         model::Remark{}, next());
  }
  tell_money(story);
  if (random_.percent(60)) {
    const auto step = [](std::string id, std::string phase) {
      model::PlannedStep out;
      out.id = std::move(id);
      out.phase = std::move(phase);
      return out;
    };
    plan.steps = {step("cut", "production"), step("assemble", "production")};
    if (random_.percent(70)) plan.steps.push_back(step("check", "inspection"));
    if (random_.percent(70)) plan.steps.push_back(step("install", "installation"));
    tell(story, erp, EventType::ProductionPlanned, plan, next());
  }
  if (random_.percent(70))
    tell(story, erp, EventType::PurchaseIssued, model::Assigned{"mill", "", "PO-1", {}}, next());
  if (random_.percent(80)) tell(story, erp, EventType::ProductionStarted, model::Remark{}, next());
  for (const std::string step : {"cut", "assemble"})
    for (const auto action : {model::NodeAction::Started, model::NodeAction::Progressed,
                              model::NodeAction::Blocked, model::NodeAction::Finished}) {
      if (random_.percent(action == model::NodeAction::Blocked ? 80 : 20)) continue;
      tell(story, erp, EventType::StepReported,
           model::StepReport{step, action, random_.between(0, 5), 0, "machine", "", {}, {}, {}},
           next());
    }
  if (random_.percent(60))
    tell(story, erp,
         random_.percent(80) ? EventType::InspectionPassed : EventType::InspectionFailed,
         model::Remark{}, next());
  if (random_.percent(60)) tell(story, erp, EventType::ShipmentReleased, model::Remark{}, next());
  for (std::size_t i = 0; i < story.parcels.size(); ++i)
    if (random_.percent(60) || story.comes_back) tell_parcel(story, i, next());
  if (random_.percent(25))
    tell(story, erp, EventType::InstallationStarted, model::Remark{}, at + hours(3));
  if (random_.percent(25))
    tell(story, erp, EventType::OrderAccepted, model::Remark{}, at + hours(5));
}

/// Trucks in which parcels of several orders ride: one scan reaches all of them.
void Workload::tell_units() {
  for (std::size_t n = 0; n < kUnits; ++n) know(unit_of(n));  // people name any of them
  for (std::size_t n = 0; n < std::min(kUnits, options_.strangers + 2); ++n) {
    Time at = start_ + minutes(random_.between(-300, 300));
    for (int i = 0; i < 4; ++i) {
      at = at + minutes(random_.between(30, 300));
      model::PackageReport scan;
      scan.milestone = i < 3 ? Milestone::InTransit : Milestone::AtDestination;
      scan.place = fmt::format("gate-{}", i);
      scan.package = "P1";
      tell_reference(nullptr, unit_of(n), {"fleet", 35, model::Role::Carrier},
                     EventType::PackageScanned, scan, at);
    }
  }
}

/// Numbers that no order of ours ever claims: they stay in quarantine, some are dismissed.
void Workload::tell_strangers() {
  for (std::size_t n = 0; n < options_.strangers; ++n) {
    const model::Reference stranger{"tracking", "zto", fmt::format("STRANGER{}", n)};
    model::PackageReport scan;
    scan.carrier = "zto";
    scan.number = stranger.value;
    scan.milestone = Milestone::InTransit;
    const auto event = tell_reference(nullptr, stranger, {"carrier-zto", 40, model::Role::Carrier},
                                      EventType::PackageScanned, scan,
                                      start_ + hours(static_cast<std::int64_t>(n)));
    if (!random_.percent(50)) continue;
    core::Command command;
    command.name = "dismiss_event";
    command.data = fmt::format(R"({{"reason":"not_ours","target":"{}"}})", to_hex(event.id.view()));
    command.identity = model::identity_of("dismiss", std::to_string(n));
    command.origin = {.source = "cairn", .role = model::Role::Service, .actor = "wang"};
    planned_.push_back({start_ + hours(random_.between(5, 25)), Planned::What::Send,
                        clients_.add_command(know(stranger), std::move(command))});
  }
}

/// Most people act on what they have just heard of an order: some of its states last an hour.
void Workload::plan_commands() {
  std::map<ports::AggregateKey, std::size_t> story_of;
  for (std::size_t i = 0; i < stories_.size(); ++i) story_of[stories_[i].key()] = i;
  std::vector<std::pair<Time, std::size_t>> news;
  for (const auto& [at, what, ticket] : planned_) {
    if (what != Planned::What::Send) continue;
    const auto story = story_of.find(clients_.tickets()[ticket].key);
    if (story != story_of.end()) news.emplace_back(at, story->second);
  }
  for (std::size_t i = 0; i < options_.commands; ++i) {
    auto at = start_ + Duration{static_cast<std::int64_t>(
                           random_.below(static_cast<std::uint64_t>(options_.horizon.us)))};
    auto story = random_.below(stories_.size());
    if (!news.empty() && random_.percent(60)) {
      std::tie(at, story) = random_.pick(news);
      at = at + minutes(random_.between(1, 15));
    }
    planned_.push_back({at, Planned::What::Command, story});
  }
}

std::vector<Planned> Workload::plan() {
  for (std::size_t n = 0; n < options_.orders; ++n) begin_story(n);
  for (auto& story : stories_) {
    place(story);
    if (story.is_made_to_order)
      tell_made_to_order(story);
    else
      tell_retail(story);
    tell_oddities(story);
  }
  tell_units();
  tell_strangers();
  plan_commands();
  std::ranges::sort(planned_, {},
                    [](const Planned& p) { return std::tuple(p.at, p.what, p.index); });
  return planned_;
}

}  // namespace cairn::simulation

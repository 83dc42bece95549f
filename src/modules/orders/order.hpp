#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/reducer.hpp"
#include "model/event.hpp"
#include "modules/lifecycle/lifecycle.hpp"

/// The folded state of an order: everything that follows from its events, the definitions and the
/// time. Built by fold.cpp only; read by rendering, rows and decisions.
namespace cairn::orders {

inline constexpr std::int64_t kUnset = std::numeric_limits<std::int64_t>::min();

/// What one order holds. Beyond, a command is refused; a fact is kept, not counted, and the order
/// has the conflict over_quantity.
inline constexpr std::size_t kPackagesMax = 1'000;
inline constexpr std::size_t kAttributedMax = 5'000;  ///< elements that were given attributes
inline constexpr std::size_t kAttributesBytesMax = 256 * 1024;

struct LineState {
  std::string id;
  model::LineKind kind = model::LineKind::Goods;
  std::int64_t quantity = 1;
  std::int64_t tolerance = 0;
  std::int64_t cancelled = 0;
  std::int64_t shipped = 0;  ///< by outbound packages
  std::int64_t delivered = 0;
  std::int64_t back = 0;     ///< accepted back or written off against a refund
  std::int64_t in_case = 0;  ///< in open after-sale cases that move goods
  std::string supplier, warehouse;
  Time promised_dispatch = Time::none(), promised_delivery = Time::none();
  Bytes description;  ///< model::Line, encoded, for rendering

  bool counts() const {
    return kind == model::LineKind::Goods || kind == model::LineKind::Gift ||
           kind == model::LineKind::Component;
  }
  std::int64_t due() const { return quantity - cancelled; }
};

/// How much had reached a step, told as a total: the later one wins.
struct StepState {
  std::string line, place;
  model::Step step = model::Step::Picked;
  std::int64_t total = 0;
};

/// One milestone of one package, however many sources tell it.
struct MilestoneState {
  model::Milestone milestone = model::Milestone::Pending;
  Time at = Time::none();
  Time latest = Time::none();  ///< end of what the told precision leaves open
  bool has_date = true;
  std::string place, leg;
  std::vector<std::string> sources;
};

/// A stretch of the package's way with a carrier and a number of its own.
struct LegState {
  std::string leg, carrier, number;
};

/// What a carrier scans that carries packages of several orders: a waybill, a truck's trip.
struct UnitState {
  std::string carrier, number;
};

struct PackageState {
  std::string id, carrier, number, supplier, unit, case_id;
  std::vector<UnitState> units;  ///< all it was ever told to ride in; `unit` is the latest
  std::vector<LegState> legs;    ///< in the order in which they were first spoken of
  model::Direction direction = model::Direction::Outbound;
  std::vector<model::Part> parts;
  std::vector<MilestoneState> milestones;  ///< in canonical order
  std::uint32_t flags = 0;                 ///< bits of model::PackageFlag
  model::Milestone milestone = model::Milestone::Pending;
  bool has_milestone = false;
  Time milestone_at = Time::none();
  bool is_shipped = false;
  bool is_declared = false;   ///< somebody said it was dispatched
  bool is_confirmed = false;  ///< … and there is evidence of the hand-over
  bool is_delivered = false;
  bool is_withdrawn = false;    ///< its dispatch was taken back, and nothing proves it since
  bool is_back = false;         ///< returned to the sender
  bool has_own_number = false;  ///< told by somebody who knew the order, not only the number
  Time declared_at = Time::none(), declared_latest = Time::none();  ///< told as a dispatch
  Time shipped_at = Time::none(), shipped_latest = Time::none();    ///< first proof of it
  Time delivered_at = Time::none(), delivered_latest = Time::none();
  Time last_scan = Time::none(), estimated = Time::none();
  model::ReceivedBy received_by = model::ReceivedBy::Unknown;
  std::optional<std::int64_t> latitude_e6, longitude_e6;
  std::string last_place;

  bool has(model::PackageFlag flag) const { return (flags >> static_cast<unsigned>(flag)) & 1; }
  void set(model::PackageFlag flag, bool on = true) {
    const auto bit = 1u << static_cast<unsigned>(flag);
    flags = on ? flags | bit : flags & ~bit;
  }
};

struct MoneyState {
  std::string id, method, case_id;
  std::optional<std::int64_t> amount;
  bool in_full = false;
  Time at = Time::none();
  std::string source;
};

struct HoldState {
  std::string id, reason;
  std::vector<std::string> lines;
  Time since = Time::none();
  bool has_date = true;
  const lifecycle::Hold* definition = nullptr;  ///< null: a reason no file knows
};

struct CaseState {
  std::string id;
  model::CaseType type = model::CaseType::ReturnRefund;
  lifecycle::StateId state = 0;
  std::vector<model::Part> parts;
  std::optional<std::int64_t> amount;
  std::string reason, carrier, number;
  std::string step;  ///< what brought it into its state
  Time opened = Time::none(), moved = Time::none();
  bool is_open = true, is_succeeded = false, are_goods_back = false, is_by_staff = false;
};

struct PromiseState {
  model::PromiseOf of = model::PromiseOf::Delivered;
  std::string line, source;
  Time at = Time::none();  ///< the last moment that keeps it
  model::PromiseBasis basis = model::PromiseBasis::Source;
  Time made = Time::none();
};

struct PlannedStepState {
  std::string id, owner, phase, name_zh, name_en;
  std::vector<std::string> after;
  Time planned_start = Time::none(), planned_end = Time::none();
  Time started = Time::none(), finished = Time::none(), estimated_end = Time::none();
  bool is_blocked = false, is_visible = false;
  std::string blocked_reason;
  std::int64_t quantity = 0, good = 0, scrap = 0;
};

/// From when until when something was so; `until` is Time::never() while it still is.
struct Stretch {
  Time from = Time::none(), until = Time::never();
};

struct RequestState {
  std::string id, command, master;
  Time opened = Time::none(), deadline = Time::none();
  bool is_silent = false;            ///< the deadline passed and whoever was asked said nothing
  lifecycle::RoleSet approvals = 0;  ///< roles that must still agree; 0: its master decides
  lifecycle::RoleSet approved = 0;   ///< roles that have
  std::vector<std::string> approved_by;
  std::string asked_by, asked_source;
  model::Role asked_role = model::Role::System;
  std::string data;  ///< of the command, where approvals are waited for
};

struct ConflictState {
  model::ConflictCode code = model::ConflictCode::IllegalHere;
  std::string detail;     ///< what exactly: "delivered_before_shipped", a state, a field
  model::Identity event;  ///< the event at fault; zero where it is the order as a whole
  std::string verdict;    ///< a person's word, when settled
  friend auto operator<=>(const ConflictState&, const ConflictState&) = default;
};

/// A person's word on a conflict, "<code>:<identity hex>".
struct VerdictState {
  model::EventKey key;
  std::string conflict, verdict;
};

struct TextState {
  model::Identity event;
  Time at = Time::none();
  std::string actor;
  Bytes payload;  ///< encoded: a note, an attachment, a relation
};

struct AttributeState {
  std::string level, element;
  std::string json;
  std::vector<Bytes> personal;  ///< sealed JSON, each laid over those before it
};

/// What is true of the order as a whole; one bit each, in the state hash.
enum class Flag : std::uint8_t {
  Placed,
  TermsConfirmed,
  DepositWaived,
  Reviewed,
  Cancelled,
  Terminated,
  Completed,
  Accepted,
  ReceiptConfirmed,
  Confirmed,
  CancelRequested,
  DisputeOpen,
  DrawingSubmitted,
  DrawingApproved,
  MaterialStarted,
  MaterialsKitted,
  ProductionStarted,
  InspectionPassed,
  InspectionFailed,
  ShipmentReleased,
  InstallationStarted,
  BalanceBeforeShipping,
  RefundedInFull,
  ReachedPaid,
  ReachedReleased,
  ReachedShipped,
  ReachedDelivered,
  Redirecting,
  Intercepting,
  Forgotten,
  ReleasedOnCredit,
  SupplierShips,
  PackagesBeyond,  ///< more were told of than an order holds
  AttributesBeyond
};

/// Moments in the order's life; the first, in canonical order, unless said otherwise.
enum class At : std::uint8_t {
  Placed,
  Paid,
  Confirmed,
  Released,
  FirstShipped,
  LastShipped,
  Delivered,
  Completed,
  Cancelled,
  ReceiptDue,
  BalanceDue,
  Presale,
  Requested,
  DepositPaid,
  PaymentDue,
  Count
};

struct Context;

struct Order final : core::Aggregate {
  // Where the fold stands.
  ports::AggregateKey key;
  ports::KeySlot key_slot = 0;  ///< of its personal fields
  model::EventKey last_key;
  Time last_timer = Time::none();    ///< when the latest automatic transition was applied
  Time next_timer = Time::never();   ///< when the next one falls due
  Time looks_until = Time::never();  ///< what `valid_until` says
  Time waits_until = Time::never();  ///< when the first event of the future must be folded
  std::uint32_t events = 0;
  /// Events about which something was known before they came: corrections, or copies moved here.
  std::vector<model::Identity> corrected_ahead;

  const Context* pinned = nullptr;  ///< the definitions it stays with; null: those in force
  const lifecycle::Lifecycle* lifecycle = nullptr;
  const lifecycle::Preset* preset = nullptr;
  lifecycle::StateId state = 0;
  model::Health health = model::Health::NoPromise;

  std::uint64_t flags = 0;
  std::array<Time, static_cast<std::size_t>(At::Count)> times;
  model::PaymentTerms terms = model::PaymentTerms::Prepaid;
  std::optional<std::int64_t> total, deposit;
  std::int64_t paid = 0, refunded = 0;
  bool is_paid_in_full = false;

  std::string order_no, source, shop, warehouse, currency, flag_colour;
  std::string cancel_reason, buyer_id;
  std::string summary;  ///< names of the first lines, for lists
  Bytes placed;         ///< model::OrderPlaced without lines, encoded
  Bytes receiver;       ///< model::Person of the latest address change, encoded
  Bytes tokens;         ///< search tokens of personal fields, eight bytes each

  std::vector<LineState> lines;
  std::vector<StepState> steps;
  std::vector<PackageState> packages;
  std::vector<MoneyState> payments, refunds;
  std::vector<HoldState> holds;
  std::vector<CaseState> cases;
  std::vector<PromiseState> promises;
  std::vector<PlannedStepState> plan;
  std::vector<RequestState> requests;
  std::vector<ConflictState> conflicts;
  std::vector<VerdictState> verdicts;
  std::vector<TextState> notes, attachments, relations;
  std::vector<AttributeState> attributes;
  std::vector<std::string> tags;
  std::vector<model::ReferenceText> references;
  std::vector<std::string> suppliers;  ///< assigned beyond those of the lines
  std::vector<Stretch> waits;  ///< automatic completion waited: a case, a dispute, an interception
  std::vector<Stretch> stops;  ///< the clock of the customer's promise stood still
  std::vector<model::Identity> evidence_due;  ///< events that somebody must prove
  std::int64_t receipt_extensions = 0, receipt_extensions_by_customer = 0;
  std::int64_t survey_score = 0;
  Time survey_sent = Time::none(), survey_answered = Time::none();
  std::string status_word;  ///< the source's own, latest

  Order() { times.fill(Time::none()); }
  Time valid_until() const override { return looks_until; }

  bool is(Flag flag) const { return (flags >> static_cast<unsigned>(flag)) & 1; }
  void set(Flag flag, bool on = true) {
    const auto bit = std::uint64_t{1} << static_cast<unsigned>(flag);
    flags = on ? flags | bit : flags & ~bit;
  }
  Time at(At what) const { return times[static_cast<std::size_t>(what)]; }
  Time& at(At what) { return times[static_cast<std::size_t>(what)]; }
  model::OrderId id() const { return model::order_of(key); }
  const lifecycle::State& headline() const { return lifecycle->state(state); }
  model::Category category() const { return headline().category(); }
};

/// How much of the stretches lies after `from`. An open one counts for nothing yet: it is not known
/// how long it will be.
Duration length_after(const std::vector<Stretch>& stretches, Time from);

/// True when the hold covers all that is not shipped yet.
bool covers_the_rest(const Order& order, const HoldState& hold);

/// The sums the headline is computed from (defaults §4).
struct Sums {
  std::int64_t ordered = 0, total = 0, shipped = 0, delivered = 0, back = 0, in_cases = 0;
  std::int64_t produced = 0, picked = 0, packed = 0, allocated = 0, released = 0, accepted = 0;
  bool all_shipped = false, all_delivered = false, all_back = false, all_produced = false;
};
Sums sums_of(const Order& order);

/// The promise that counts: told by the source, then by a person, then computed; the newest of the
/// best. Nothing when there is none.
const PromiseState* promise_of(const Order& order, model::PromiseOf of);
/// The date health is judged by: promised, else requested, put off by as long as the clock stood
/// still. Time::none() when there is none.
Time judged_by(const Order& order);
/// Nothing is to be delivered any more: it was, or the order has ended. A return changes that not.
bool is_done(const Order& order);
model::Health health_of(const Order& order, Time now);

model::PaymentState payment_state_of(const Order& order);

/// Where the order's packages are as a whole: the least advanced outbound one that is under way.
std::optional<model::Milestone> milestone_of(const Order& order);

/// Requests that ended by the silence of whoever was asked.
std::size_t silent_requests(const Order& order);

/// Badges beside the headline (defaults §2), bits in this order.
inline constexpr std::array<std::string_view, 15> kBadges{
    "after_sale_open", "cancel_requested", "intercepting",  "redirecting", "delivery_disputed",
    "rest_held",       "merged",           "presale",       "dropship",    "urgent",
    "data_conflict",   "request_pending",  "group_pending", "incident",    "request_silent"};
/// The kind of an order.relations entry.
model::RelationKind relation_kind(const TextState& text);
std::uint32_t badges_of(const Order& order);

/// What an element would have with these attributes set; nothing where the order would have more
/// than it can hold, beside what it was placed with.
std::optional<std::string> with_attributes(const Order& order, const model::AttributesSet& set);

/// Where personal fields of parties stand, as model::seal numbers them: the field's number in
/// OrderPlaced, or in AddressChanged.
inline constexpr std::uint16_t kBuyerField = 14, kReceiverField = 15, kNewReceiverField = 1;
inline constexpr std::uint16_t kPlacedAttributesField = 27, kAttributesField = 4;

/// DESIGN §2: covers the folded order; not versions, positions, recorded times, changes, audit.
Bytes state_hash(const Order& order);

/// What the order is folded, decided about and shown under.
inline const Context& context_of(const Order& order, const Context& in_force) {
  return order.pinned ? *order.pinned : in_force;
}

}  // namespace cairn::orders

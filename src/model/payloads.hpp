#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/fields.hpp"

/// What events say. One struct per shape; which event type carries which shape stands in
/// event_types.hpp. Quantities are integers in the line's smallest unit, money in minor units of
/// its currency, times in µs. Field numbers are on disk: append only, never reuse.
namespace cairn::model {

inline constexpr Field kRequired = Field::Required;
inline constexpr Field kUncounted = Field::Uncounted;
inline constexpr Field kInternal = Field::Internal;
inline constexpr Field kSeldom = Field::Seldom;

/// A name of an order, line or package in another system, as told (not yet normalised).
struct ReferenceText {
  std::string scheme, issuer, value, line;
  static constexpr auto fields() {
    return std::tuple{row(1, "scheme", &ReferenceText::scheme, kRequired),
                      row(2, "issuer", &ReferenceText::issuer),
                      row(3, "value", &ReferenceText::value, kRequired),
                      row(4, "line", &ReferenceText::line)};
  }
  bool operator==(const ReferenceText&) const = default;
};

/// A buyer or receiver.
struct Person {
  std::string id;  ///< the shop's own customer number; not personal
  PersonalName name;
  PersonalPhone phone;
  PersonalAddress address;
  PersonalText email;
  std::string city, region, postcode, country;
  static constexpr auto fields() {
    return std::tuple{row(1, "id", &Person::id),
                      row(2, "name", &Person::name, kUncounted),
                      row(3, "phone", &Person::phone, kUncounted),
                      row(4, "address", &Person::address, kUncounted),
                      row(5, "email", &Person::email, kUncounted),
                      row(6, "city", &Person::city),
                      row(7, "region", &Person::region),
                      row(8, "postcode", &Person::postcode),
                      row(9, "country", &Person::country)};
  }
  bool operator==(const Person&) const = default;
};

struct Line {
  std::string id, sku, name, unit, supplier, warehouse;
  LineKind kind = LineKind::Goods;
  std::int64_t scale = 1;             ///< smallest units in one unit of measure
  std::int64_t quantity = 1;          ///< in smallest units
  std::int64_t tolerance = 0;         ///< short or over delivery that still counts as all
  std::optional<std::int64_t> price;  ///< of the whole line, minor units
  Moment promised_dispatch, promised_delivery;
  JsonText attributes;
  static constexpr auto fields() {
    return std::tuple{row(1, "id", &Line::id, kRequired),
                      row(2, "sku", &Line::sku),
                      row(3, "name", &Line::name, kUncounted),
                      row(4, "unit", &Line::unit),
                      row(5, "supplier", &Line::supplier),
                      row(6, "warehouse", &Line::warehouse),
                      row(7, "kind", &Line::kind),
                      row(8, "scale", &Line::scale),
                      row(9, "quantity", &Line::quantity),
                      row(10, "tolerance", &Line::tolerance),
                      row(11, "price", &Line::price),
                      row(12, "promised_dispatch", &Line::promised_dispatch),
                      row(13, "promised_delivery", &Line::promised_delivery),
                      row(14, "attributes", &Line::attributes, kUncounted)};
  }
  bool operator==(const Line&) const = default;
};

/// So much of a line.
struct Part {
  std::string line;
  std::int64_t quantity = 0;
  static constexpr auto fields() {
    return std::tuple{row(1, "line", &Part::line, kRequired),
                      row(2, "quantity", &Part::quantity, kRequired)};
  }
  bool operator==(const Part&) const = default;
};

/// A planned element of the order: who does what, after what, when.
struct PlannedStep {
  std::string id, name_zh, name_en, owner;
  std::vector<std::string> after;
  Moment planned_start, planned_end;
  bool visible_to_customer = false;
  std::int64_t quantity = 0;
  std::string phase;  ///< material, production, inspection, installation or empty
  static constexpr auto fields() {
    return std::tuple{row(1, "id", &PlannedStep::id, kRequired),
                      row(2, "name_zh", &PlannedStep::name_zh, kUncounted),
                      row(3, "name_en", &PlannedStep::name_en, kUncounted),
                      row(4, "owner", &PlannedStep::owner),
                      row(5, "after", &PlannedStep::after),
                      row(6, "planned_start", &PlannedStep::planned_start),
                      row(7, "planned_end", &PlannedStep::planned_end),
                      row(8, "visible_to_customer", &PlannedStep::visible_to_customer),
                      row(9, "quantity", &PlannedStep::quantity),
                      row(10, "phase", &PlannedStep::phase)};
  }
  bool operator==(const PlannedStep&) const = default;
};

struct OrderPlaced {
  std::string order_no;   ///< the number people see
  std::string lifecycle;  ///< "retail" where empty
  std::string preset, shop, company, brand, channel, warehouse, plant, currency;
  PaymentTerms terms = PaymentTerms::Prepaid;
  std::optional<std::int64_t> total, deposit;
  Person buyer, receiver;
  std::vector<Line> lines;
  std::vector<ReferenceText> references;
  std::vector<PlannedStep> steps;
  std::vector<std::string> tags;
  Moment promised_delivery, promised_dispatch, requested_delivery, presale_at;
  JsonText attributes;
  PersonalText buyer_remark;
  bool balance_before_shipping = false;
  PersonalText personal_attributes;  ///< JSON, of those whose set says so
  static constexpr auto fields() {
    using O = OrderPlaced;
    return std::tuple{
        row(1, "order_no", &O::order_no),
        row(2, "lifecycle", &O::lifecycle),
        row(3, "preset", &O::preset),
        row(4, "shop", &O::shop),
        row(5, "company", &O::company),
        row(6, "brand", &O::brand),
        row(7, "channel", &O::channel),
        row(8, "warehouse", &O::warehouse),
        row(9, "plant", &O::plant),
        row(10, "currency", &O::currency),
        row(11, "terms", &O::terms),
        row(12, "total", &O::total),
        row(13, "deposit", &O::deposit),
        row(14, "buyer", &O::buyer),
        row(15, "receiver", &O::receiver),
        row(16, "lines", &O::lines),
        row(17, "references", &O::references),
        row(18, "steps", &O::steps),
        row(19, "tags", &O::tags),
        row(20, "promised_delivery", &O::promised_delivery),
        row(21, "promised_dispatch", &O::promised_dispatch),
        row(22, "requested_delivery", &O::requested_delivery),
        row(23, "presale_at", &O::presale_at),
        row(24, "attributes", &O::attributes, kUncounted),
        row(25, "buyer_remark", &O::buyer_remark, kUncounted),
        row(26, "balance_before_shipping", &O::balance_before_shipping),
        row(27, "personal_attributes", &O::personal_attributes, kUncounted | kInternal)};
  }
  bool operator==(const OrderPlaced&) const = default;
};

/// New lines, or new quantities of known ones; a line not named stays.
struct LinesAmended {
  std::vector<Line> lines;
  std::optional<std::int64_t> total;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "lines", &LinesAmended::lines, kRequired),
                      row(2, "total", &LinesAmended::total),
                      row(3, "reason", &LinesAmended::reason, kUncounted)};
  }
};

struct Payment {
  std::string payment_id;  ///< counted once per id; the source's "the payment" where empty
  std::optional<std::int64_t> amount;
  std::string currency, method, case_id;
  bool in_full = false;  ///< told as paid in full, whatever the amount
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{
        row(1, "payment_id", &Payment::payment_id, kSeldom), row(2, "amount", &Payment::amount),
        row(3, "currency", &Payment::currency, kSeldom),     row(4, "method", &Payment::method),
        row(5, "case_id", &Payment::case_id, kSeldom),       row(6, "in_full", &Payment::in_full),
        row(7, "reason", &Payment::reason, kUncounted)};
  }
};

/// A reason and perhaps a few words; what most commands carry.
struct Remark {
  std::string reason, text;
  static constexpr auto fields() {
    return std::tuple{row(1, "reason", &Remark::reason), row(2, "text", &Remark::text, kUncounted)};
  }
};

struct PriceChanged {
  std::int64_t total = 0;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "total", &PriceChanged::total, kRequired),
                      row(2, "reason", &PriceChanged::reason, kUncounted)};
  }
};

struct AddressChanged {
  Person receiver;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "receiver", &AddressChanged::receiver, kRequired),
                      row(2, "reason", &AddressChanged::reason, kUncounted)};
  }
};

struct LinesCancelled {
  std::vector<Part> parts;  ///< empty: everything not yet shipped
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "parts", &LinesCancelled::parts),
                      row(2, "reason", &LinesCancelled::reason)};
  }
};

/// How much of a line had reached a step by this time, all told: the later total wins.
struct StepTotal {
  std::string line;  ///< empty: the whole order
  Step step = Step::Picked;
  std::string place;
  std::int64_t total = 0;
  static constexpr auto fields() {
    return std::tuple{row(1, "line", &StepTotal::line), row(2, "step", &StepTotal::step, kRequired),
                      row(3, "place", &StepTotal::place, kSeldom),
                      row(4, "total", &StepTotal::total)};
  }
};

/// Everything that is said of a package. The carrier's own words are not counted.
struct PackageReport {
  std::string package;  ///< the sender's package number; the waybill number where empty
  std::string carrier, number, leg;
  Direction direction = Direction::Outbound;
  std::optional<Milestone> milestone;
  std::vector<PackageFlag> flags;
  std::vector<Part> parts;  ///< empty: everything not in another package
  std::string supplier;     ///< with no parts: only this supplier's lines
  std::string place, raw_code, reason, case_id, proof;
  PersonalText text, signer;
  ReceivedBy received_by = ReceivedBy::Unknown;
  std::optional<std::int64_t> latitude_e6, longitude_e6;  ///< WGS-84, millionths of a degree
  bool is_confirmed = false;  ///< a ship_package that is itself evidence of the hand-over
  std::string unit;           ///< transport unit it rides in: "carrier:number"
  Moment estimated;           ///< when the sender expects delivery
  static constexpr auto fields() {
    using P = PackageReport;
    return std::tuple{row(1, "package", &P::package, kSeldom),
                      row(2, "carrier", &P::carrier),
                      row(3, "number", &P::number),
                      row(4, "leg", &P::leg, kSeldom),
                      row(5, "direction", &P::direction, kSeldom),
                      row(6, "milestone", &P::milestone, kSeldom),
                      row(7, "flags", &P::flags, kSeldom),
                      row(8, "parts", &P::parts),
                      row(9, "supplier", &P::supplier, kSeldom),
                      row(10, "place", &P::place, kSeldom),
                      row(11, "raw_code", &P::raw_code, kSeldom),
                      row(12, "reason", &P::reason),
                      row(13, "case_id", &P::case_id, kSeldom),
                      row(14, "proof", &P::proof, kSeldom),
                      row(15, "text", &P::text, kUncounted),
                      row(16, "signer", &P::signer, kSeldom | kUncounted),
                      row(17, "received_by", &P::received_by, kSeldom),
                      row(18, "latitude_e6", &P::latitude_e6, kSeldom),
                      row(19, "longitude_e6", &P::longitude_e6, kSeldom),
                      row(20, "is_confirmed", &P::is_confirmed, kSeldom),
                      row(21, "unit", &P::unit, kSeldom),
                      row(22, "estimated", &P::estimated, kSeldom)};
  }
};

struct PromiseMade {
  PromiseOf of = PromiseOf::Delivered;
  std::string line;
  Moment at;
  PromiseBasis basis = PromiseBasis::Source;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "of", &PromiseMade::of), row(2, "line", &PromiseMade::line),
                      row(3, "at", &PromiseMade::at, kRequired),
                      row(4, "basis", &PromiseMade::basis),
                      row(5, "reason", &PromiseMade::reason, kUncounted)};
  }
};

struct HoldPlaced {
  std::string hold_id, reason;  ///< reason: a code of definitions/holds.yaml
  std::vector<std::string> lines;
  std::string text;
  static constexpr auto fields() {
    return std::tuple{row(1, "hold_id", &HoldPlaced::hold_id, kSeldom),
                      row(2, "reason", &HoldPlaced::reason, kRequired),
                      row(3, "lines", &HoldPlaced::lines),
                      row(4, "text", &HoldPlaced::text, kUncounted)};
  }
};

struct HoldReleased {
  std::string hold_id, reason;  ///< by id, else by reason, else all
  std::string text;
  static constexpr auto fields() {
    return std::tuple{row(1, "hold_id", &HoldReleased::hold_id, kSeldom),
                      row(2, "reason", &HoldReleased::reason),
                      row(3, "text", &HoldReleased::text, kUncounted)};
  }
};

struct NoteAdded {
  PersonalText text;
  static constexpr auto fields() {
    return std::tuple{row(1, "text", &NoteAdded::text, kRequired | kUncounted)};
  }
};

struct Tag {
  std::string tag;
  static constexpr auto fields() { return std::tuple{row(1, "tag", &Tag::tag, kRequired)}; }
};

struct Attachment {
  std::string hash, name, media_type, kind;  ///< hash: SHA-256 in hex
  std::int64_t size = 0;
  static constexpr auto fields() {
    return std::tuple{row(1, "hash", &Attachment::hash, kRequired),
                      row(2, "name", &Attachment::name, kUncounted),
                      row(3, "media_type", &Attachment::media_type, kSeldom),
                      row(4, "kind", &Attachment::kind), row(5, "size", &Attachment::size)};
  }
};

struct Relation {
  RelationKind kind = RelationKind::Split;
  std::string order;  ///< Cairn's id of the other order
  static constexpr auto fields() {
    return std::tuple{row(1, "kind", &Relation::kind, kRequired),
                      row(2, "order", &Relation::order, kRequired)};
  }
};

struct ReferenceChange {
  ReferenceText reference;
  static constexpr auto fields() {
    return std::tuple{row(1, "reference", &ReferenceChange::reference, kRequired)};
  }
};

struct AttributesSet {
  std::string level, element;  ///< order | line | package | step, and which one
  JsonText attributes;
  PersonalText personal_attributes;  ///< JSON, of those whose set says so
  static constexpr auto fields() {
    return std::tuple{
        row(1, "level", &AttributesSet::level, kSeldom),
        row(2, "element", &AttributesSet::element, kSeldom),
        row(3, "attributes", &AttributesSet::attributes, kRequired),
        row(4, "personal_attributes", &AttributesSet::personal_attributes, kUncounted | kInternal)};
  }
};

struct CaseOpened {
  std::string case_id;
  CaseType type = CaseType::ReturnRefund;
  std::vector<Part> parts;
  std::optional<std::int64_t> amount;
  std::string reason, text;
  static constexpr auto fields() {
    return std::tuple{row(1, "case_id", &CaseOpened::case_id, kRequired),
                      row(2, "type", &CaseOpened::type, kRequired),
                      row(3, "parts", &CaseOpened::parts),
                      row(4, "amount", &CaseOpened::amount),
                      row(5, "reason", &CaseOpened::reason),
                      row(6, "text", &CaseOpened::text, kUncounted)};
  }
};

/// A step of an after-sale case, named as its lifecycle names it.
struct CaseMoved {
  std::string case_id, on, to;  ///< `to` where the lifecycle leaves a choice (disputed → …)
  std::optional<std::int64_t> amount;
  std::string carrier, number, reason, text;
  std::vector<Part> parts;
  static constexpr auto fields() {
    return std::tuple{row(1, "case_id", &CaseMoved::case_id, kRequired),
                      row(2, "on", &CaseMoved::on, kRequired),
                      row(3, "to", &CaseMoved::to, kSeldom),
                      row(4, "amount", &CaseMoved::amount),
                      row(5, "carrier", &CaseMoved::carrier),
                      row(6, "number", &CaseMoved::number),
                      row(7, "reason", &CaseMoved::reason),
                      row(8, "text", &CaseMoved::text, kUncounted),
                      row(9, "parts", &CaseMoved::parts)};
  }
};

struct StepReport {
  std::string step;
  NodeAction action = NodeAction::Finished;
  std::int64_t good = 0, scrap = 0;  ///< totals so far, not increments
  std::string reason, owner;
  Moment planned_start, planned_end, estimated_end;
  static constexpr auto fields() {
    return std::tuple{row(1, "step", &StepReport::step, kRequired),
                      row(2, "action", &StepReport::action, kRequired),
                      row(3, "good", &StepReport::good),
                      row(4, "scrap", &StepReport::scrap, kSeldom),
                      row(5, "reason", &StepReport::reason),
                      row(6, "owner", &StepReport::owner, kSeldom),
                      row(7, "planned_start", &StepReport::planned_start, kSeldom),
                      row(8, "planned_end", &StepReport::planned_end, kSeldom),
                      row(9, "estimated_end", &StepReport::estimated_end)};
  }
};

struct Plan {
  std::vector<PlannedStep> steps;
  Moment promised_delivery;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "steps", &Plan::steps),
                      row(2, "promised_delivery", &Plan::promised_delivery),
                      row(3, "reason", &Plan::reason, kUncounted)};
  }
};

/// A source's own status word. It says what has been reached at least and adds nothing where the
/// dated facts already say as much.
struct StatusReported {
  std::string word;
  Reached reached = Reached::None;
  std::string hold;  ///< a hold reason the word implies
  static constexpr auto fields() {
    return std::tuple{row(1, "word", &StatusReported::word, kRequired),
                      row(2, "reached", &StatusReported::reached),
                      row(3, "hold", &StatusReported::hold)};
  }
};

struct Until {
  Moment until;
  std::int64_t days = 0;
  std::string reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "until", &Until::until), row(2, "days", &Until::days),
                      row(3, "reason", &Until::reason, kUncounted)};
  }
};

struct Survey {
  std::string survey_id;
  std::int64_t score = 0;
  static constexpr auto fields() {
    return std::tuple{row(1, "survey_id", &Survey::survey_id, kSeldom),
                      row(2, "score", &Survey::score)};
  }
};

struct Assigned {
  std::string supplier, need_date, purchase_order;
  std::vector<std::string> lines;
  static constexpr auto fields() {
    return std::tuple{row(1, "supplier", &Assigned::supplier, kRequired),
                      row(2, "need_date", &Assigned::need_date),
                      row(3, "purchase_order", &Assigned::purchase_order),
                      row(4, "lines", &Assigned::lines)};
  }
};

/// Another event in another form. The newest correction of an event counts.
struct Correction {
  std::string target;   ///< identity of the corrected event, hex
  Moment occurred;      ///< a new time, or unset
  JsonText data;        ///< a new payload of the same type, or empty
  std::string move_to;  ///< Cairn's id of the order it belongs to, or empty
  std::string reason;   ///< a code: wrong_ship, wrong_number, wrong_delivery …
  std::string text;
  static constexpr auto fields() {
    return std::tuple{row(1, "target", &Correction::target, kRequired),
                      row(2, "occurred", &Correction::occurred),
                      row(3, "data", &Correction::data),
                      row(4, "move_to", &Correction::move_to),
                      row(5, "reason", &Correction::reason, kRequired),
                      row(6, "text", &Correction::text, kUncounted)};
  }
};

struct Retraction {
  std::string target, reason, text;
  static constexpr auto fields() {
    return std::tuple{row(1, "target", &Retraction::target, kRequired),
                      row(2, "reason", &Retraction::reason, kRequired),
                      row(3, "text", &Retraction::text, kUncounted)};
  }
};

/// A person says what a conflict comes to.
struct ConflictSettled {
  std::string conflict, verdict, text;  ///< conflict: "<code>:<identity hex>"
  static constexpr auto fields() {
    return std::tuple{row(1, "conflict", &ConflictSettled::conflict, kRequired),
                      row(2, "verdict", &ConflictSettled::verdict, kRequired),
                      row(3, "text", &ConflictSettled::text, kUncounted)};
  }
};

/// A command that waits: for the system that decides, or for people of other roles who must agree.
struct Requested {
  std::string request_id, command, master;
  JsonText
      data;  ///< what an approval would carry out; of a request to a master it is in the raw form
  Moment deadline;
  std::vector<std::string> approvals;  ///< roles that must agree; empty: its master decides
  static constexpr auto fields() {
    return std::tuple{row(1, "request_id", &Requested::request_id, kRequired),
                      row(2, "command", &Requested::command, kRequired),
                      row(3, "master", &Requested::master),
                      row(4, "data", &Requested::data),
                      row(5, "deadline", &Requested::deadline),
                      row(6, "approvals", &Requested::approvals)};
  }
};

/// Refused, or approved by one who must agree.
struct RequestEnded {
  std::string request_id, reason;
  static constexpr auto fields() {
    return std::tuple{row(1, "request_id", &RequestEnded::request_id, kRequired),
                      row(2, "reason", &RequestEnded::reason)};
  }
};

/// A command of a lifecycle that Cairn itself knows nothing of.
struct Custom {
  std::string name;
  JsonText data;
  static constexpr auto fields() {
    return std::tuple{row(1, "name", &Custom::name, kRequired), row(2, "data", &Custom::data)};
  }
};

/// What a reference aggregate is told: an order claims it, or lets it go.
struct Claim {
  std::string scheme, issuer, value;
  std::string order, package, line;
  Moment from, until;
  static constexpr auto fields() {
    return std::tuple{row(1, "scheme", &Claim::scheme),   row(2, "issuer", &Claim::issuer),
                      row(3, "value", &Claim::value),     row(4, "order", &Claim::order),
                      row(5, "package", &Claim::package), row(6, "line", &Claim::line),
                      row(7, "from", &Claim::from),       row(8, "until", &Claim::until)};
  }
};

}  // namespace cairn::model

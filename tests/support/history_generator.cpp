#include "history_generator.hpp"

#include <fmt/format.h>

#include <set>

#include "base/check.hpp"

namespace cairn::testing {
namespace {

using model::Event;
using model::EventFlag;

constexpr std::string_view kPackages[]{"K1", "K2", "K3"};
constexpr std::string_view kLines[]{"A", "B"};
constexpr std::string_view kScans[]{
    "info_received",    "picked_up",        "in_transit",         "at_destination",
    "out_for_delivery", "ready_for_pickup", "delivered",          "returning",
    "returned",         "forwarded",        "delivery_attempted", "customs",
    "pending",          "monitoring_ended", "lost_or_destroyed",  "cancelled"};
constexpr std::string_view kHolds[]{"risk_review", "stock_short", "customer_request",
                                    "presale_wait", "customs_hold"};
constexpr std::string_view kCases[]{"return_refund", "exchange",         "resend",
                                    "refund_only",   "repair",           "refused",
                                    "price_adjust",  "refund_unshipped", "intercept"};
constexpr std::string_view kMoves[]{"accept_return",         "accept_refund",  "return_shipped",
                                    "return_delivered",      "receive_return", "pass_return",
                                    "reject_request",        "withdraw",       "ship_replacement",
                                    "replacement_delivered", "escalate"};
constexpr std::string_view kReached[]{"placed",    "paid",      "released", "shipped",
                                      "delivered", "completed", "cancelled"};

}  // namespace

HistoryGenerator::HistoryGenerator(Below below, HistoryOptions options)
    : below_(std::move(below)), options_(std::move(options)) {}

HistoryGenerator::Draft HistoryGenerator::place() {
  static constexpr std::string_view kTerms[]{"prepaid",         "prepaid", "prepaid",
                                             "deposit_balance", "cod",     "credit"};
  std::string lines;
  if (chance(85)) {
    lines = fmt::format(R"({{"id":"A","quantity":{},"tolerance":{}}})", 1 + below(4), below(2));
    if (chance(60))
      lines +=
          fmt::format(R"(,{{"id":"B","quantity":{},"supplier":"S{}"}})", 1 + below(2), below(2));
    if (chance(15)) lines += R"(,{"id":"F","kind":"fee","quantity":1})";
  }
  std::string more;
  if (chance(50)) more += fmt::format(R"(,"promised_delivery":"2026-01-{:02}")", 3 + below(20));
  if (chance(70)) more += fmt::format(R"(,"total":{})", below(3) * 200);
  if (chance(20)) more += R"(,"deposit":100)";
  return {
      "order_placed",
      fmt::format(R"({{"order_no":"G","terms":"{}","lines":[{}]{}}})", one_of(kTerms), lines, more),
      chance(10) ? "erp" : ""};
}

HistoryGenerator::Draft HistoryGenerator::money() {
  static constexpr std::string_view kTypes[]{"payment_received", "payment_received",
                                             "payment_received", "refund_succeeded",
                                             "refund_failed"};
  const auto type = one_of(kTypes);
  std::string amount;
  if (chance(80)) amount = fmt::format(R"(,"amount":{})", 100 * (1 + below(4)));
  return {type,
          fmt::format(R"({{"payment_id":"P{}"{}{}}})", below(3), amount,
                      chance(15) ? R"(,"in_full":true)" : ""),
          chance(20) ? "bank" : ""};
}

HistoryGenerator::Draft HistoryGenerator::step() {
  static constexpr std::string_view kSteps[]{"allocated", "picked", "packed", "label_created"};
  switch (below(4)) {
    case 0:
      return {"order_approved", "{}", ""};
    case 1:
      return {"order_released", "{}", ""};
    case 2:
      return {"order_recalled", "{}", ""};
    default:
      return {"step_total",
              fmt::format(R"({{"line":"{}","step":"{}","total":{}}})", one_of(kLines),
                          one_of(kSteps), below(4)),
              "wms"};
  }
}

HistoryGenerator::Draft HistoryGenerator::package() {
  static constexpr std::string_view kTypes[]{
      "package_shipped", "package_shipped",   "package_shipped",   "package_scanned",
      "package_scanned", "package_scanned",   "package_delivered", "package_delivered",
      "package_refused", "package_returning", "package_unshipped", "package_lost"};
  const auto type = one_of(kTypes);
  const auto name = one_of(kPackages);
  std::string data = fmt::format(R"({{"package":"{}")", name);
  if (chance(40)) data += fmt::format(R"(,"number":"N{}")", name);
  if (type == "package_shipped" && chance(60)) {
    data +=
        fmt::format(R"(,"parts":[{{"line":"{}","quantity":{}}}])", one_of(kLines), 1 + below(3));
  }
  if (type == "package_scanned") data += fmt::format(R"(,"milestone":"{}")", one_of(kScans));
  if (chance(20)) data += fmt::format(R"(,"place":"X{}")", below(3));
  return {type, data + "}", chance(50) ? "zto" : ""};
}

HistoryGenerator::Draft HistoryGenerator::overlay() {
  switch (below(4)) {
    case 0:
    case 1:
      return {"hold_placed",
              fmt::format(R"({{"hold_id":"H{}","reason":"{}"{}}})", below(2), one_of(kHolds),
                          chance(20) ? R"(,"lines":["A"])" : ""),
              ""};
    case 2:
      return {"hold_released", fmt::format(R"({{"hold_id":"H{}"}})", below(2)), ""};
    default:
      return {"promise_made", fmt::format(R"({{"at":"2026-01-{:02}T00:00:00Z"}})", 2 + below(25)),
              ""};
  }
}

HistoryGenerator::Draft HistoryGenerator::after_sale() {
  if (chance(50))
    return {"after_sale_opened",
            fmt::format(R"({{"case_id":"C{}","type":"{}"{}}})", below(2), one_of(kCases),
                        chance(40) ? R"(,"parts":[{"line":"A","quantity":1}])" : ""),
            ""};
  return {"after_sale_moved",
          fmt::format(R"({{"case_id":"C{}","on":"{}"}})", below(2), one_of(kMoves)), ""};
}

HistoryGenerator::Draft HistoryGenerator::other() {
  switch (below(8)) {
    case 0:
      return {"order_cancelled", R"({"reason":"x"})", ""};
    case 1:
      return {"order_completed", "{}", ""};
    case 2:
      return {"lines_cancelled",
              fmt::format(R"({{"parts":[{{"line":"{}","quantity":1}}]}})", one_of(kLines)), ""};
    case 3:
      return {"lines_amended",
              fmt::format(R"({{"lines":[{{"id":"{}","quantity":{}}}]}})", one_of(kLines), below(5)),
              ""};
    case 4:
      return {"delivery_disputed", "{}", ""};
    case 5:
      return {"dispute_closed", "{}", ""};
    case 6:
      return {"tag_added", fmt::format(R"({{"tag":"t{}"}})", below(3)), ""};
    default:
      return {"status_reported", fmt::format(R"({{"word":"w","reached":"{}"}})", one_of(kReached)),
              ""};
  }
}

HistoryGenerator::Draft HistoryGenerator::draw() {
  const auto kind = below(100);
  if (kind < 18) return money();
  if (kind < 30) return step();
  if (kind < 70) return package();
  if (kind < 80) return overlay();
  if (kind < 90) return options_.with_cases ? after_sale() : package();
  return other();
}

Event HistoryGenerator::event_of(const Draft& draft, Time at) {
  static constexpr Precision kPrecisions[]{Precision::Minute, Precision::Hour, Precision::Day};
  Event event;
  const auto type = model::event_type_from(draft.type);
  CAIRN_CHECK(type.has_value());
  event.type = *type;
  event.occurred = at;
  event.origin.source = draft.source.empty() ? options_.source : draft.source;
  event.origin.trust = static_cast<std::uint8_t>(40 + below(3) * 10);
  event.id = model::identity_of(event.origin.source, fmt::format("event {}", ++serial_));
  auto payload = model::read_payload(event.type, draft.data, model::Reading::Fact);
  CAIRN_CHECK(payload.has_value());
  event.payload = *std::move(payload);
  if (options_.with_precision && chance(10)) {
    event.precision = one_of(kPrecisions);
    const auto span = (end_of(at, event.precision) - at).us + 1;
    event.occurred = {at.us - at.us % span};
  }
  if (options_.with_undated && (draft.type == "status_reported" || chance(4)))
    event.set(EventFlag::NoDate);
  event.digest = model::counted_digest(event);
  return event;
}

Event HistoryGenerator::correction_of(const Event& target, Time at) {
  const auto id = to_hex(target.id.view());
  Draft draft;
  draft.type = "event_corrected";
  switch (below(4)) {
    case 0:
      draft.type = "event_retracted";
      draft.data = fmt::format(R"({{"target":"{}","reason":"wrong_ship"}})", id);
      break;
    case 1:
      draft.data =
          fmt::format(R"({{"target":"{}","reason":"r","occurred":"{}"}})", id, format_rfc3339(at));
      break;
    default: {
      std::string data;
      json::Writer w(data);
      model::write_payload(w, target.payload, model::Show::Plain);
      draft.data = fmt::format(R"({{"target":"{}","reason":"r","data":{}}})", id, data);
    }
  }
  auto event = event_of(draft, at);
  event.flags = 0;
  event.precision = Precision::Microsecond;
  event.occurred = at;
  event.digest = model::counted_digest(event);
  return event;
}

/// Takes an event away from the order, or gives back what was taken away: as the kernel does when a
/// claim is let go, a move undone.
Event HistoryGenerator::kernel_word_on(const model::Identity& target, Time at) {
  auto event = event_of(
      {"event_retracted",
       fmt::format(R"({{"target":"{}","reason":"moved"}})", to_hex(target.view())), "cairn"},
      at);
  event.flags = 0;
  event.precision = Precision::Microsecond;
  event.occurred = at;
  event.origin.role = model::Role::System;
  event.digest = model::counted_digest(event);
  return event;
}

/// As another order sends it here; what it is a copy of may be here too.
Event HistoryGenerator::copy_of(const Event& original) {
  Event copy = original;
  copy.id = model::identity_of("cairn/copy", fmt::format("copy {}", ++serial_));
  if (!original.is(EventFlag::Copied))
    copy.copy_of = chance(70) ? original.id : model::identity_of("elsewhere", "event");
  copy.set(EventFlag::Copied);
  return copy;
}

Event HistoryGenerator::word_on(const std::vector<Event>& events, const Event& target, Time at) {
  if (chance(50)) return correction_of(target, at);
  for (const auto& event : events)
    if (event.origin.role == model::Role::System && chance(40)) return kernel_word_on(event.id, at);
  return kernel_word_on(target.id, at);
}

std::vector<Event> HistoryGenerator::facts() {
  std::vector<Event> out;
  std::set<model::Identity> corrected;
  Time at = kStart;
  const auto count = 1 + below(options_.facts_max);
  const bool is_placed = chance(95);
  const auto placed_at = chance(90) ? 0 : below(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    static constexpr std::int64_t kGaps[]{0, 1, 30, 600, 3'600, 20'000, 90'000, 600'000};
    at = at + seconds(one_of(kGaps));
    if (is_placed && i == placed_at) {
      out.push_back(event_of(place(), at));
      continue;
    }
    const auto target = out.empty() ? 0 : below(out.size());
    const auto is_word = [&](const Event& e) {
      return e.type == model::EventType::EventCorrected ||
             e.type == model::EventType::EventRetracted;
    };
    const bool has_words = options_.with_corrections && !out.empty();
    if (has_words && chance(12) &&
        (options_.with_rival_corrections || corrected.insert(out[target].id).second))
      out.push_back(word_on(out, out[target], at));
    else if (has_words && chance(4) && !is_word(out[target]))
      out.push_back(copy_of(out[target]));
    else
      out.push_back(event_of(draw(), at));
  }
  return out;
}

core::Command HistoryGenerator::command() {
  static constexpr std::pair<std::string_view, std::string_view> kCommands[]{
      {"record_payment", R"({"payment_id":"P9","amount":400})"},
      {"confirm_terms", "{}"},
      {"change_price", R"({"total":390})"},
      {"cancel_order", R"({"reason":"x"})"},
      {"approve_order", "{}"},
      {"release_order", "{}"},
      {"recall_order", "{}"},
      {"hold_order", R"({"reason":"risk_review"})"},
      {"release_hold", "{}"},
      {"request_cancel", R"({"reason":"x"})"},
      {"confirm_cancel", "{}"},
      {"refuse_cancel", "{}"},
      {"ship_package", R"({"package":"K1"})"},
      {"ship_package", R"({"package":"K2","parts":[{"line":"A","quantity":1}]})"},
      {"cancel_remaining", "{}"},
      {"short_close", "{}"},
      {"unship", R"({"package":"K1"})"},
      {"confirm_receipt", "{}"},
      {"extend_receipt", R"({"days":2})"},
      {"request_intercept", R"({"package":"K1"})"},
      {"dispute_delivery", "{}"},
      {"close_dispute", "{}"},
      {"open_after_sale", R"({"case_id":"C1","type":"return_refund"})"},
      {"accept_return", R"({"case_id":"C1"})"},
      {"receive_return", R"({"case_id":"C1"})"},
      {"withdraw_after_sale", R"({"case_id":"C1"})"},
      {"complete_correction", R"({"reason":"x"})"},
      {"reinstate_order", "{}"},
      {"add_note", R"({"text":"n"})"},
      {"add_tag", R"({"tag":"t"})"},
      {"make_promise", R"({"at":"2026-01-20T00:00:00Z"})"},
      {"fly_away", "{}"}};
  const auto roles = model::Names<model::Role>::all().size();
  const auto& [name, data] = kCommands[below(std::size(kCommands))];
  core::Command out;
  out.name = name;
  out.data = data;
  out.identity = model::identity_of("console", fmt::format("command {}", ++serial_));
  out.origin = {.source = "console",
                .role = chance(50) ? model::Role::Admin : static_cast<model::Role>(below(roles))};
  return out;
}

std::vector<Event> as_told(const std::vector<Event>& facts, const Below& below) {
  std::vector<Event> out;
  for (const auto& fact : facts)
    for (auto times = 1 + (below(4) == 0 ? 1 + below(2) : 0); times > 0; --times)
      out.push_back(fact);
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[below(i)]);
  return out;
}

}  // namespace cairn::testing

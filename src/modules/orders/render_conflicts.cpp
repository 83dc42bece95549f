#include <algorithm>

#include <fmt/format.h>

#include "modules/orders/corrections.hpp"
#include "modules/orders/fold_packages.hpp"
#include "modules/orders/render.hpp"

/// A conflict for the person who is to settle it: what it is about, and who says what.
namespace cairn::orders {
namespace {

using lifecycle::Label;
using model::ConflictCode;
using model::Event;
using model::EventType;
using model::Milestone;

/// One voice. Without an event it is that of a system which was to say something and did not.
struct Side {
  const Event* event = nullptr;
  std::string source;
  Time at = Time::none();
  std::string value;
  Label says;
};

void write_label(json::Writer& out, std::string_view key, const Label& label) {
  out.key(key).begin_object().field("zh", label.zh).field("en", label.en).end_object();
}

/// The events that count, as they count: corrected, in the order in which they are folded.
std::vector<Event> effective(std::span<const Event> history, const model::OrderId& id) {
  const Corrections corrections(history);
  std::vector<Event> out;
  for (const auto& event : history) {
    if (changes_others(event) || event.is(model::EventFlag::Rival)) continue;
    const auto* correction = corrections.of(event.id);
    if (correction && moved_to(*correction, id)) continue;
    if (auto other = correction ? corrected(event, *correction) : std::optional(event))
      out.push_back(*std::move(other));
  }
  std::ranges::sort(out, {}, [](const Event& event) { return event.key(); });
  return out;
}

/// What the event claims, in a few words that hold nothing personal.
std::string value_of(const Event& event) {
  if (const auto* p = std::get_if<model::Payment>(&event.payload))
    return p->amount ? std::to_string(*p->amount) : std::string();
  if (const auto* p = std::get_if<model::OrderPlaced>(&event.payload))
    return p->total ? std::to_string(*p->total) : std::string();
  if (const auto* p = std::get_if<model::PriceChanged>(&event.payload))
    return std::to_string(p->total);
  if (const auto* p = std::get_if<model::StepTotal>(&event.payload))
    return fmt::format("{} {}", name_of(p->step), p->total);
  if (const auto* p = std::get_if<model::StatusReported>(&event.payload)) return p->word;
  if (const auto* p = std::get_if<model::PackageReport>(&event.payload)) {
    const auto& package = p->package.empty() ? p->number : p->package;
    return p->milestone ? fmt::format("{} {}", name_of(*p->milestone), package) : package;
  }
  return {};
}

/// What a side says, as staff read it: with the word for a milestone rather than its code.
Label spoken(const Side& side, const Context& context) {
  const auto* report =
      side.event ? std::get_if<model::PackageReport>(&side.event->payload) : nullptr;
  if (!report || !report->milestone || side.value != value_of(*side.event)) return side.says;
  const auto& type = row_of(side.event->type);
  const auto& words = context.definitions->milestone(*report->milestone).label;
  const auto& package = report->package.empty() ? report->number : report->package;
  return {fmt::format("{} {} {}", type.zh, words.zh, package),
          fmt::format("{}: {} {}", type.en, words.en, package)};
}

Label words_of(const Event& event, std::string_view value) {
  const auto& type = row_of(event.type);
  if (value.empty()) return {std::string(type.zh), std::string(type.en)};
  return {fmt::format("{} {}", type.zh, value), fmt::format("{}: {}", type.en, value)};
}

Side side_of(const Event& event, std::string value) {
  auto says = words_of(event, value);
  return {&event, event.origin.source,
          event.is(model::EventFlag::NoDate) ? Time::none() : event.occurred, std::move(value),
          std::move(says)};
}
Side side_of(const Event& event) { return side_of(event, value_of(event)); }

bool is_dispatch(const Event& event) {
  const auto* p = std::get_if<model::PackageReport>(&event.payload);
  if (!p || p->direction != model::Direction::Outbound) return false;
  const bool is_scan =
      p->milestone && *p->milestone >= Milestone::PickedUp && *p->milestone < Milestone::Delivered;
  return event.type == EventType::PackageShipped || is_scan;
}
bool is_delivery(const Event& event) {
  const auto* p = std::get_if<model::PackageReport>(&event.payload);
  return p && p->direction == model::Direction::Outbound &&
         (event.type == EventType::PackageDelivered || p->milestone == Milestone::Delivered);
}
bool is_placing(const Event& event) { return event.type == EventType::OrderPlaced; }
bool is_payment(const Event& event) { return event.type == EventType::PaymentReceived; }
bool is_refund(const Event& event) { return event.type == EventType::RefundSucceeded; }
bool is_cancelling(const Event& event) {
  const auto* status = std::get_if<model::StatusReported>(&event.payload);
  return event.type == EventType::OrderCancelled || event.type == EventType::CancelConfirmed ||
         (status && status->reached == model::Reached::Cancelled);
}

/// Two things told that do not go together, by what the conflict's detail calls it.
struct Pair {
  std::string_view detail, zh, en;
  bool (*first)(const Event&);
  bool (*second)(const Event&);
};
constexpr Pair kPairs[]{
    {"shipped_before_placed", "发货早于下单", "Shipped before it was placed", is_placing,
     is_dispatch},
    {"shipped_before_paid", "发货早于付款", "Shipped before it was paid", is_payment, is_dispatch},
    {"delivered_before_paid", "签收早于付款", "Delivered before it was paid", is_payment,
     is_delivery},
    {"delivered_before_shipped", "签收早于发货", "Delivered before it was shipped", is_dispatch,
     is_delivery},
    {"cancelled_but_shipped", "已取消，却已发货", "Cancelled, yet shipped", is_cancelling,
     is_dispatch},
    {"refunded", "退款多于付款", "More refunded than paid", is_payment, is_refund}};

const Pair* pair_of(std::string_view detail) {
  const auto* found = std::ranges::find(kPairs, detail, &Pair::detail);
  return found == std::end(kPairs) ? nullptr : found;
}

/// Works out the sides of one conflict from all events.
class Sides {
 public:
  Sides(const Order& order, const ConflictState& conflict, std::span<const Event> history)
      : order_(order),
        conflict_(conflict),
        history_(history),
        events_(effective(history, order.id())) {}

  std::vector<Side> find();

 private:
  const Event* at_fault() const {
    const auto found = std::ranges::find(events_, conflict_.event, &Event::id);
    return found == events_.end() ? nullptr : &*found;
  }
  /// The last event before this one, which is what had brought the order where it was.
  const Event* before(const Event& event) const {
    const Event* out = nullptr;
    for (const auto& other : events_)
      if (other.key() < event.key()) out = &other;
    return out;
  }
  void add_pair(const Pair& pair);
  void add_against_state(const Event& event);
  void add_rivals();
  void add_disagreement(const Event& event);
  void add_of_package(std::string_view package);
  void add_of_line(std::string_view line, std::string_view what);
  void add_silence(std::string source, Label says) {
    sides_.push_back({nullptr, std::move(source), Time::none(), {}, std::move(says)});
  }

  const Order& order_;
  const ConflictState& conflict_;
  std::span<const Event> history_;
  std::vector<Event> events_;
  std::vector<Side> sides_;
};

/// The two that contradict each other; where several could, the first that do.
void Sides::add_pair(const Pair& pair) {
  const Event* first = nullptr;
  const Event* second = nullptr;
  const auto same_package = [](const Event& a, const Event& b) {
    const auto* p = std::get_if<model::PackageReport>(&a.payload);
    const auto* q = std::get_if<model::PackageReport>(&b.payload);
    if (!p || !q) return true;
    return p->package.empty() || q->package.empty() ? p->number == q->number
                                                    : p->package == q->package;
  };
  bool is_found = false;
  for (const auto& a : events_)
    for (const auto& b : events_) {
      if (!pair.first(a) || !pair.second(b) || !same_package(a, b)) continue;
      const bool is_contrary = b.latest() < a.occurred;
      if (first && (is_found || !is_contrary)) continue;
      first = &a;
      second = &b;
      is_found = is_contrary;
    }
  if (first) sides_ = {side_of(*first), side_of(*second)};
}

void Sides::add_against_state(const Event& event) {
  // "package_shipped in paid", or the state alone.
  const std::string_view detail(conflict_.detail);
  const auto at = detail.rfind(' ');
  const auto code = at == std::string_view::npos ? detail : detail.substr(at + 1);
  const auto state = order_.lifecycle->find_state(code);
  Side there;
  there.value = code;
  const auto label = state ? order_.lifecycle->state(*state).staff_label()
                           : Label{std::string(code), std::string(code)};
  there.says = {fmt::format("订单为“{}”", label.zh), fmt::format("The order was: {}", label.en)};
  if (const auto* cause = before(event)) {
    there.event = cause;
    there.source = cause->origin.source;
    there.at = cause->occurred;
  } else {
    there.source = order_.source;
  }
  sides_ = {std::move(there), side_of(event)};
}

void Sides::add_rivals() {
  for (const auto& event : history_)
    if (event.id == conflict_.event) sides_.push_back(side_of(event));
}

/// "total", "line A" or "payment P1": who said it first, and who says otherwise.
void Sides::add_disagreement(const Event& event) {
  const std::string_view detail(conflict_.detail);
  const auto value = [&](const Event& other) -> std::optional<std::string> {
    if (const auto* p = std::get_if<model::Payment>(&other.payload)) {
      const auto& id = p->payment_id.empty() ? other.origin.source : p->payment_id;
      if (!p->amount || detail != "payment " + id || other.type != event.type) return std::nullopt;
      return std::to_string(*p->amount);
    }
    const auto* placed = std::get_if<model::OrderPlaced>(&other.payload);
    if (!placed) return std::nullopt;
    if (detail == "total")
      return placed->total ? std::optional(std::to_string(*placed->total)) : std::nullopt;
    for (const auto& line : placed->lines)
      if (detail == "line " + line.id) return fmt::format("{} × {}", line.id, line.quantity);
    return std::nullopt;
  };
  for (const auto& other : events_) {
    const auto claimed = value(other);
    if (!claimed || other.key() >= event.key()) continue;
    sides_ = {side_of(other, *claimed)};  // the latest before it
  }
  sides_.push_back(side_of(event, value(event).value_or(value_of(event))));
}

void Sides::add_of_package(std::string_view name) {
  const auto package = std::ranges::find(order_.packages, name, &PackageState::id);
  const Event* told = nullptr;
  for (const auto& event : events_) {
    const auto* report = std::get_if<model::PackageReport>(&event.payload);
    if (!report || package == order_.packages.end() || !speaks_of(*report, *package)) continue;
    const bool is_undated = event.is(model::EventFlag::NoDate);
    if (conflict_.code == ConflictCode::NoDate ? is_undated
                                               : event.type == EventType::PackageShipped)
      told = &event;
  }
  if (told) sides_.push_back(side_of(*told));
  if (conflict_.code == ConflictCode::NoDate)
    return add_silence("cairn", {"没有带时间的事实", "No fact with a time says so"});
  const bool has_carrier = package != order_.packages.end() && !package->carrier.empty();
  add_silence(has_carrier ? package->carrier : "carrier",
              {"没有揽收或扫描记录", "No pickup and no scan"});
}

/// What was ordered, and the last word of those that made it more.
void Sides::add_of_line(std::string_view line, std::string_view what) {
  const Event* ordered = nullptr;
  const Event* moved = nullptr;
  std::string quantity;
  const auto look = [&](const Event& event, std::span<const model::Line> lines) {
    for (const auto& each : lines)
      if (each.id == line) {
        ordered = &event;
        quantity = fmt::format("{} × {}", line, each.quantity);
      }
  };
  for (const auto& event : events_) {
    if (const auto* p = std::get_if<model::OrderPlaced>(&event.payload)) look(event, p->lines);
    if (const auto* p = std::get_if<model::LinesAmended>(&event.payload)) look(event, p->lines);
    const auto* total = std::get_if<model::StepTotal>(&event.payload);
    const bool is_step = total && total->line == line && name_of(total->step) == what;
    const bool is_package = what == "delivered" ? is_delivery(event) : is_dispatch(event);
    const bool is_move = what == "shipped" || what == "delivered";
    if (is_step || (is_move && is_package)) moved = &event;
  }
  if (ordered) sides_.push_back(side_of(*ordered, quantity));
  if (moved) sides_.push_back(side_of(*moved));
}

std::vector<Side> Sides::find() {
  const std::string_view detail(conflict_.detail);
  const Event* event = at_fault();
  if (const auto* pair = pair_of(detail)) {
    add_pair(*pair);
    return std::move(sides_);
  }
  switch (conflict_.code) {
    case ConflictCode::IdReused:
      add_rivals();
      break;
    case ConflictCode::SourcesDisagree:
      if (event) add_disagreement(*event);
      break;
    case ConflictCode::IllegalHere:
    case ConflictCode::AfterFinal:
    case ConflictCode::Overtaken:
      if (event) add_against_state(*event);
      break;
    case ConflictCode::ClockSuspect:
      if (!event) break;
      sides_ = {side_of(*event)};
      add_silence("cairn", {"收到时该时间还在未来", "That time lay ahead when it was told"});
      sides_.back().at = event->recorded;
      break;
    case ConflictCode::EvidenceMissing:
      if (!event) break;
      sides_ = {side_of(*event)};
      add_silence("cairn", {"没有附件", "There is no attachment"});
      break;
    case ConflictCode::OverQuantity:
      if (detail.starts_with("line ")) {
        const auto at = detail.rfind(' ');
        add_of_line(detail.substr(5, at - 5), detail.substr(at + 1));
      }
      break;
    case ConflictCode::NoDate:
    case ConflictCode::DeclaredNotConfirmed:
      if (detail.starts_with("package ")) {
        auto name = detail.substr(8);
        if (conflict_.code == ConflictCode::NoDate) name = name.substr(0, name.rfind(' '));
        add_of_package(name);
        break;
      }
      for (const auto& other : events_)
        if (other.is(model::EventFlag::NoDate)) sides_ = {side_of(other)};
      add_silence("cairn", {"没有带时间的事实", "No fact with a time says so"});
      break;
    case ConflictCode::ImpossibleOrder:
      break;  // all of them are pairs
  }
  return std::move(sides_);
}

/// The conflict's detail, which is a code to the fold, in words.
Label detail_of(const Order& order, const ConflictState& conflict, const Context& context) {
  const std::string_view detail(conflict.detail);
  if (const auto* pair = pair_of(detail)) return {std::string(pair->zh), std::string(pair->en)};
  struct Row {
    std::string_view code, zh, en;
  };
  static constexpr Row kRows[]{
      {"unknown_lifecycle", "没有这样的状态流程", "There is no such lifecycle"},
      {"packages", "包裹超过 1000 个：之后的上报已保存，未计入",
       "More than 1,000 packages: what was told of the others is kept and not counted"},
      {"attributes", "属性超过 5000 项或 256 KiB：之后的上报已保存，未计入",
       "Attributes of more than 5,000 elements or 256 KiB: what came then is kept and not counted"},
      {"unknown_case", "没有这个售后单", "There is no such after-sale case"},
      {"return_before_shipping", "未发货却退货", "A return of what was not shipped"}};
  for (const auto& row : kRows)
    if (detail == row.code) return {std::string(row.zh), std::string(row.en)};
  if (detail == "total") return {"订单总额不一致", "The totals differ"};
  const auto rest = [&](std::string_view head) { return detail.substr(head.size()); };
  if (detail.starts_with("after_sale_")) {
    const auto step = command_label(rest("after_sale_"), context);
    return {fmt::format("售后单此时没有“{}”", step.zh),
            fmt::format("The after-sale case did not foresee: {}", step.en)};
  }
  if (detail.starts_with("payment "))
    return {fmt::format("付款 {} 的金额不一致", rest("payment ")),
            fmt::format("The amounts of payment {} differ", rest("payment "))};
  if (detail.starts_with("package "))
    return {fmt::format("包裹 {}", rest("package ")), fmt::format("Package {}", rest("package "))};
  if (detail.starts_with("line "))
    return {fmt::format("明细 {}", rest("line ")), fmt::format("Line {}", rest("line "))};
  const auto label_of = [&](std::string_view code) {
    const auto state = order.lifecycle->find_state(code);
    return state ? order.lifecycle->state(*state).staff_label()
                 : Label{std::string(code), std::string(code)};
  };
  const auto in = detail.find(" in ");
  if (in == std::string_view::npos) return label_of(detail);
  const auto state = label_of(detail.substr(in + 4));
  const auto type = model::event_type_from(detail.substr(0, in));
  const Label event = type ? Label{std::string(row_of(*type).zh), std::string(row_of(*type).en)}
                           : Label{std::string(detail), std::string(detail)};
  return {fmt::format("“{}”时收到“{}”", state.zh, event.zh),
          fmt::format("{} while: {}", event.en, state.en)};
}

/// A person's word on it: when, and who.
void write_settled(json::Writer& out, const Order& order, const ConflictState& conflict,
                   std::string_view id, std::span<const Event> history) {
  const VerdictState* newest = nullptr;
  for (const auto& verdict : order.verdicts)
    if (verdict.conflict == id && (!newest || newest->key < verdict.key)) newest = &verdict;
  out.key("settled").begin_object();
  out.field("at", newest ? newest->key.occurred : order.last_key.occurred);
  out.field("verdict", conflict.verdict);
  for (const auto& event : history) {
    if (!newest || event.id != newest->key.id) continue;
    const auto* settled = std::get_if<model::ConflictSettled>(&event.payload);
    if (settled) out.text_if("text", settled->text).text_if("actor", event.origin.actor);
    break;
  }
  out.end_object();
}

}  // namespace

void write_conflict(json::Writer& out, const Order& order, const ConflictState& conflict,
                    std::span<const Event> history, const Context& context) {
  const auto& row = model::conflict_table()[static_cast<std::size_t>(conflict.code)];
  const auto id = fmt::format("{}:{}", name_of(conflict.code), to_hex(conflict.event.view()));
  Sides finder(order, conflict, history);
  const auto sides = finder.find();
  Time at = Time::none();
  for (const auto& side : sides) at = std::max(at, side.at);
  out.begin_object().field("id", id).field("code", name_of(conflict.code));
  write_label(out, "label", {std::string(row.zh), std::string(row.en)});
  if (!conflict.detail.empty()) write_label(out, "detail", detail_of(order, conflict, context));
  out.field("at", at.is_none() ? order.last_key.occurred : at).field("settled_by", row.settled_by);
  out.key("sides").begin_array();
  for (const auto& side : sides) {
    out.begin_object();
    if (side.event) out.field("event", to_hex(side.event->id.view()));
    out.field("source", side.source).time_if("at", side.at).text_if("value", side.value);
    write_label(out, "says", spoken(side, context));
    out.end_object();
  }
  out.end_array();
  if (!conflict.verdict.empty()) write_settled(out, order, conflict, id, history);
  out.end_object();
}

}  // namespace cairn::orders

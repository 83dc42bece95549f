#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/event_types.hpp"
#include "model/vocabulary.hpp"
#include "modules/lifecycle/variables.hpp"

/// The rows of the tables beside the lifecycles: who there is, whose turn, why orders wait, how
/// long one may take, what to say. All read from definitions/*.yaml; codes are text, words are
/// data.
namespace cairn::lifecycle {

struct Label {
  std::string zh, en;
  bool empty() const { return zh.empty() && en.empty(); }
  bool operator==(const Label&) const = default;
};

/// What a command touches: who is master of the area decides it (DESIGN §2).
enum class Area : std::uint8_t { None, Payment, Cancel, Amend, Refund, Completion, Dispatch };
inline constexpr std::size_t kAreaCount = 7;
std::string_view name_of(Area area);
std::optional<Area> area_from(std::string_view name);
/// The variable that says whether Cairn is master of it; nothing for None, which is always Cairn's.
std::optional<Variable> master_variable(Area area);

/// Bits of model::Role.
using RoleSet = std::uint32_t;
constexpr RoleSet bit(model::Role role) { return RoleSet{1} << static_cast<unsigned>(role); }
constexpr bool has(RoleSet roles, model::Role role) { return (roles & bit(role)) != 0; }
/// Codes of the roles in it, in order.
std::vector<std::string_view> names_of(RoleSet roles);
/// With those for whom they may approve: a manager whatever a supervisor may, an administrator all.
RoleSet with_deputies(RoleSet roles);

/// What a hold does to the clock of the customer's promise.
enum class Clock : std::uint8_t { Runs, Stops, NotStarted, Excuses };
std::string_view name_of(Clock clock);

/// What a hold stops. `Lines` and `Steps` stop what the hold names, the whole order where it names
/// nothing.
enum class Blocks : std::uint8_t { Nothing, All, Lines, Steps, Shipping, Production };
std::string_view name_of(Blocks blocks);

/// A reason to wait (defaults §3).
struct Hold {
  std::string code;
  Label label;
  std::string party;  ///< whose fault: customer, merchant, supplier, authority, nobody …
  Clock clock = Clock::Runs;
  Blocks blocks = Blocks::All;
  bool is_blocking = true;    ///< stops release and shipping of what it covers
  bool sets_headline = true;  ///< shows as the state on_hold while it blocks
  RoleSet released_by = 0;    ///< a supervisor may always
  std::optional<Duration> case_after;
  bool blocks_shipping() const { return is_blocking || blocks == Blocks::Shipping; }
  bool blocks_production() const { return is_blocking || blocks == Blocks::Production; }
};

struct CategoryRow {
  model::Category category = model::Category::Ready;
  std::string_view code;
  Label label;
  std::string owner;  ///< code of whose turn it is: customer, order_desk, … nobody
  Label turn;         ///< the same in words
  int column = 0;     ///< of the board; 0 is collapsed
  bool is_open = true;
  bool hidden_if_empty = false;
  std::string tone;  ///< info, good, warn, bad, neutral
};

struct RoleRow {
  model::Role role = model::Role::System;
  std::string_view code;
  Label label;
  std::string scope;  ///< what it sees by default, in words
};

struct MilestoneRow {
  model::Milestone milestone = model::Milestone::Pending;
  std::string_view code;
  Label label;     ///< for staff
  Label customer;  ///< for customers
  Label sentence;  ///< with {place}, {time} …; never the carrier's own text
  Label plain;     ///< the same without blanks, for when one of them is not known; may be empty
};

struct BadgeRow {
  std::string code;
  Label label;
  std::string tone;
};

struct Reason {
  std::string group;  ///< delay, cancel, return, correction, dismiss
  std::string code;
  Label label;
  std::string party;  ///< whose fault; of delays
};

/// What follows from a transition, named; intents of these names arise where a module offers them.
struct Effect {
  std::string code;
  Label label;
};

/// Time limits that a channel's law or platform sets (defaults §9). A limit that the source itself
/// watches, or that does not exist, is absent: Cairn's clock then does nothing.
#define CAIRN_LIMITS(X)                                                                \
  X(PaymentTimeout, "payment_timeout", "An unpaid order closes, after it was placed")  \
  X(SlowPaymentTimeout, "slow_payment_timeout", "… for bank transfer and the like")    \
  X(BalanceTimeout, "balance_timeout", "An unpaid balance closes, after it fell due")  \
  X(DispatchPromise, "dispatch_promise", "Dispatch promised, after payment")           \
  X(PickupScan, "pickup_scan", "First scan expected, after dispatch was declared")     \
  X(CompleteDelivered, "complete_delivered", "Automatic completion, after delivery")   \
  X(CompleteShipped, "complete_shipped", "Automatic completion, after last dispatch")  \
  X(DeemedAcceptance, "deemed_acceptance", "Deemed acceptance, after delivery")        \
  X(AskNoReason, "after_sale_no_reason", "A return without a reason, after receipt")   \
  X(AskReturn, "after_sale_return", "Money or goods back for a reason, after receipt") \
  X(AskExchange, "after_sale_exchange", "An exchange for a reason, after receipt")     \
  X(CaseResponse, "case_response", "The merchant answers an after-sale request")       \
  X(CaseReturn, "case_return", "The buyer sends the goods back, after the answer")     \
  X(CaseReceipt, "case_receipt", "The merchant inspects, after goods were sent back")  \
  X(CaseRevision, "case_revision", "The buyer revises a rejected request")             \
  X(CaseReceiptGoal, "case_receipt_goal", "Own goal for inspecting, after arrival")

enum class Limit : std::uint8_t {
#define X(enumerator, name, doc) enumerator,
  CAIRN_LIMITS(X)
#undef X
      Count
};
inline constexpr std::size_t kLimitCount = static_cast<std::size_t>(Limit::Count);
struct LimitRow {
  Limit limit;
  std::string_view name, doc;
};
std::span<const LimitRow> limit_table();
std::string_view name_of(Limit limit);
std::optional<Limit> limit_from(std::string_view name);

struct Preset {
  std::string code;
  Label label;
  std::string checked;   ///< date of the last look at the channel's rules
  std::string evidence;  ///< verified, practice or own
  std::array<std::optional<Duration>, kLimitCount> limits{};
  std::vector<std::string> slow_methods;  ///< payment methods that take days
  bool dispatch_in_working_days = false;
  bool is_deposit_refundable = false;  ///< a buyer who cancels gets the deposit back
  Label note;
  std::string version;  ///< SHA-256 of the file, hex
  std::optional<Duration> limit(Limit which) const {
    return limits[static_cast<std::size_t>(which)];
  }
};

/// A command by name, wherever it is offered.
struct Command {
  std::string code;
  Label label;
  Label effect;                           ///< what it will do, in a sentence
  std::optional<model::EventType> emits;  ///< empty: what its lifecycle says
  Area area = Area::None;
  std::string tone = "plain";  ///< primary, plain, danger
  bool is_bulk = false;        ///< makes sense for many orders at once
  std::string undo;            ///< command that takes it back
  bool is_general = false;     ///< offered in every state, outside lifecycles
  bool is_open_only = false;   ///< … that is not final
  bool is_of_request = false;  ///< offered with each request that waits for an approval
  RoleSet who = 0;             ///< of a general one
  /// What its form asks for where that is not what its event carries: names and types (Field of
  /// api/openapi.yaml).
  std::vector<std::pair<std::string, std::string>> fields;
  bool has_own_fields = false;
};

/// Something wrong in a file. `code` is fixed, the message is for people.
struct Fault {
  std::string file;
  int line = 0, column = 0;
  std::string code;
  std::string message;
};
/// "retail.yaml:12:5: …", one per line.
std::string to_text(const std::vector<Fault>& faults);

}  // namespace cairn::lifecycle

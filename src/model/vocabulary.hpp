#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cairn::model {

/// A table of names for an enum whose values are 0, 1, 2 …: one place for parsing, printing and
/// documentation. Specialised below for every enum that appears in JSON.
template <typename E>
struct Names;

template <typename E>
std::string_view name_of(E value) {
  const auto all = Names<E>::all();
  const auto index = static_cast<std::size_t>(value);
  return index < all.size() ? all[index] : std::string_view("?");
}

template <typename E>
std::optional<E> from_name(std::string_view name) {
  const auto all = Names<E>::all();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == name) return static_cast<E>(i);
  return std::nullopt;
}

// Values of all enums below are on disk: append only.

/// Whose turn it is (defaults §2). The ten are fixed.
enum class Category : std::uint8_t {
  Unconfirmed,
  Ready,
  Production,
  Preparing,
  InTransit,
  Delivered,
  Reverse,
  Held,
  Done,
  Closed
};
inline constexpr std::size_t kCategoryCount = 10;

/// Where a package is (vocabulary §2, rank order except the side codes at the end).
enum class Milestone : std::uint8_t {
  Pending,
  InfoReceived,
  PickedUp,
  InTransit,
  Customs,
  AtDestination,
  OutForDelivery,
  ReadyForPickup,
  DeliveryAttempted,
  Delivered,
  Returning,
  Returned,
  Forwarded,
  LostOrDestroyed,
  Cancelled,
  MonitoringEnded
};

/// What is said beside the milestone (vocabulary §3).
enum class PackageFlag : std::uint8_t {
  Delayed,
  OnHold,
  Exception,
  Refused,
  Damaged,
  Intercepted,
  InterceptPending,
  AddressProblem,
  SignedByOther,
  PickupOverdue,
  Incident,
  Exempted,
  Claimed,
  Lost
};

/// done → paused → overdue → no_signal → at_risk → no_promise → on_time (DESIGN §3).
enum class Health : std::uint8_t {
  OnTime,
  AtRisk,
  Overdue,
  NoSignal,
  NoPromise,
  Paused,
  DoneOnTime,
  DoneLate
};
/// Lane of the board, from health alone.
enum class Lane : std::uint8_t { Normal, AtRisk, Overdue, Unverified };
Lane lane_of(Health health);

enum class PaymentTerms : std::uint8_t { Prepaid, DepositBalance, Cod, Credit };
enum class PaymentState : std::uint8_t {
  Unpaid,
  DepositPaid,
  PartlyPaid,
  Paid,
  CodDue,
  PartlyRefunded,
  Refunded
};
enum class LineKind : std::uint8_t { Goods, Gift, Bundle, Service, Fee, Component };

/// Fulfilment steps with a quantity each (vocabulary §4).
enum class Step : std::uint8_t {
  Released,
  Allocated,
  InProduction,
  Produced,
  Accepted,
  Picked,
  Packed,
  LabelCreated,
  Shipped,
  Delivered,
  Returned
};
inline constexpr std::size_t kStepCount = 11;

enum class Direction : std::uint8_t { Outbound, Return, ExchangeOut, Resend };
enum class CaseType : std::uint8_t {
  RefundUnshipped,
  RefundOnly,
  ReturnRefund,
  Exchange,
  Resend,
  Repair,
  Refused,
  Intercept,
  PriceAdjust
};
enum class RelationKind : std::uint8_t {
  Split,
  MergedShipment,
  Exchange,
  Resend,
  Dropship,
  PresaleBalance
};
/// What a source's status word says has been reached at least (never a headline).
enum class Reached : std::uint8_t {
  None,
  Placed,
  Paid,
  Released,
  Shipped,
  Delivered,
  Completed,
  Cancelled
};
enum class ReceivedBy : std::uint8_t {
  Unknown,
  Self,
  FamilyOrColleague,
  Concierge,
  Locker,
  Station,
  Door
};
enum class NodeAction : std::uint8_t {
  Planned,
  Started,
  Progressed,
  Finished,
  Blocked,
  Unblocked,
  Scrapped,
  Skipped
};
enum class PromiseOf : std::uint8_t { Delivered, Dispatched };
/// Told by the source wins over set by a person wins over computed (DESIGN §3).
enum class PromiseBasis : std::uint8_t { Computed, Person, Source };

/// Roles of actors (defaults §1).
enum class Role : std::uint8_t {
  System,
  Source,
  Customer,
  Service,
  OrderDesk,
  Warehouse,
  Planner,
  Engineering,
  ShopFloor,
  Qc,
  Purchasing,
  Supplier,
  CarrierLiaison,
  Carrier,
  FieldService,
  Finance,
  Supervisor,
  Manager,
  Admin
};

/// The closed table of conflicts (DESIGN §2).
enum class ConflictCode : std::uint8_t {
  ImpossibleOrder,
  IllegalHere,
  SourcesDisagree,
  IdReused,
  Overtaken,
  AfterFinal,
  OverQuantity,
  ClockSuspect,
  NoDate,
  EvidenceMissing,
  DeclaredNotConfirmed
};
struct ConflictRow {
  ConflictCode code;
  std::string_view zh, en;
  std::string_view settled_by;  ///< who or what ends it
};
std::span<const ConflictRow> conflict_table();

#define CAIRN_NAMES(E)                              \
  template <>                                       \
  struct Names<E> {                                 \
    static std::span<const std::string_view> all(); \
  }
CAIRN_NAMES(Category);
CAIRN_NAMES(Milestone);
CAIRN_NAMES(PackageFlag);
CAIRN_NAMES(Health);
CAIRN_NAMES(Lane);
CAIRN_NAMES(PaymentTerms);
CAIRN_NAMES(PaymentState);
CAIRN_NAMES(LineKind);
CAIRN_NAMES(Step);
CAIRN_NAMES(Direction);
CAIRN_NAMES(CaseType);
CAIRN_NAMES(RelationKind);
CAIRN_NAMES(Reached);
CAIRN_NAMES(ReceivedBy);
CAIRN_NAMES(NodeAction);
CAIRN_NAMES(PromiseOf);
CAIRN_NAMES(PromiseBasis);
CAIRN_NAMES(Role);
CAIRN_NAMES(ConflictCode);
#undef CAIRN_NAMES

}  // namespace cairn::model

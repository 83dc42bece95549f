#include "model/vocabulary.hpp"

#include <array>

namespace cairn::model {

#define CAIRN_NAMES(E, ...)                                                        \
  std::span<const std::string_view> Names<E>::all() {                              \
    static constexpr auto kNames = std::to_array<std::string_view>({__VA_ARGS__}); \
    return kNames;                                                                 \
  }
CAIRN_NAMES(Category, "unconfirmed", "ready", "production", "preparing", "in_transit", "delivered",
            "reverse", "held", "done", "closed")
CAIRN_NAMES(Milestone, "pending", "info_received", "picked_up", "in_transit", "customs",
            "at_destination", "out_for_delivery", "ready_for_pickup", "delivery_attempted",
            "delivered", "returning", "returned", "forwarded", "lost_or_destroyed", "cancelled",
            "monitoring_ended")
CAIRN_NAMES(PackageFlag, "delayed", "on_hold", "exception", "refused", "damaged", "intercepted",
            "intercept_pending", "address_problem", "signed_by_other", "pickup_overdue", "incident",
            "exempted", "claimed", "lost")
CAIRN_NAMES(Health, "on_time", "at_risk", "overdue", "no_signal", "no_promise", "paused",
            "done_on_time", "done_late")
CAIRN_NAMES(Lane, "normal", "at_risk", "overdue", "unverified")
CAIRN_NAMES(PaymentTerms, "prepaid", "deposit_balance", "cod", "credit")
CAIRN_NAMES(PaymentState, "unpaid", "deposit_paid", "partly_paid", "paid", "cod_due",
            "partly_refunded", "refunded")
CAIRN_NAMES(LineKind, "goods", "gift", "bundle", "service", "fee", "component")
CAIRN_NAMES(Step, "released", "allocated", "in_production", "produced", "accepted", "picked",
            "packed", "label_created", "shipped", "delivered", "returned")
CAIRN_NAMES(Direction, "outbound", "return", "exchange_out", "resend")
CAIRN_NAMES(CaseType, "refund_unshipped", "refund_only", "return_refund", "exchange", "resend",
            "repair", "refused", "intercept", "price_adjust")
CAIRN_NAMES(RelationKind, "split", "merged_shipment", "exchange", "resend", "dropship",
            "presale_balance")
CAIRN_NAMES(Reached, "none", "placed", "paid", "released", "shipped", "delivered", "completed",
            "cancelled")
CAIRN_NAMES(ReceivedBy, "unknown", "self", "family_or_colleague", "concierge", "locker", "station",
            "door")
CAIRN_NAMES(NodeAction, "planned", "started", "progressed", "finished", "blocked", "unblocked",
            "scrapped", "skipped")
CAIRN_NAMES(PromiseOf, "delivered", "dispatched")
CAIRN_NAMES(PromiseBasis, "computed", "person", "source")
CAIRN_NAMES(Role, "system", "source", "customer", "service", "order_desk", "warehouse", "planner",
            "engineering", "shop_floor", "qc", "purchasing", "supplier", "carrier_liaison",
            "carrier", "field_service", "finance", "supervisor", "manager", "admin")
CAIRN_NAMES(ConflictCode, "impossible_order", "illegal_here", "sources_disagree", "id_reused",
            "overtaken", "after_final", "over_quantity", "clock_suspect", "no_date",
            "evidence_missing", "declared_not_confirmed")
#undef CAIRN_NAMES

Lane lane_of(Health health) {
  constexpr std::array<Lane, 8> kLane{Lane::Normal,     Lane::AtRisk,     Lane::Overdue,
                                      Lane::Unverified, Lane::Unverified, Lane::Normal,
                                      Lane::Normal,     Lane::Normal};
  return kLane[static_cast<std::size_t>(health)];
}

std::span<const ConflictRow> conflict_table() {
  using enum ConflictCode;
  static constexpr auto kRows = std::to_array<ConflictRow>({
      {ImpossibleOrder, "时间先后矛盾", "Told in an impossible order", "correction of a time"},
      {IllegalHere, "当前状态下不应发生", "Not foreseen in this state", "correction or dismissal"},
      {SourcesDisagree, "来源说法不一", "Sources disagree", "a person says who was right"},
      {IdReused, "同一标识内容不同", "Same identity, other content", "correction"},
      {Overtaken, "操作被后到事实推翻", "Overtaken by a later fact", "a new command"},
      {AfterFinal, "终态后仍有事件", "Event after the end", "correction or reopening"},
      {OverQuantity, "数量超出", "More than was ordered", "correction of a quantity"},
      {ClockSuspect, "时间在未来", "Time lies in the future", "its time coming, or correction"},
      {NoDate, "没有时间", "No time was told", "a dated fact"},
      {EvidenceMissing, "缺少凭证", "Evidence is missing", "the evidence arriving"},
      {DeclaredNotConfirmed, "已声明未证实", "Declared, not confirmed", "the first scan"},
  });
  return kRows;
}

}  // namespace cairn::model

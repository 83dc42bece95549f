#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "model/payloads.hpp"

namespace cairn::model {

/// The closed list of event types: enum, name in JSON, rank among events of the same microsecond,
/// payload, Chinese and English for people. Enum values are on disk: append only.
#define CAIRN_EVENT_TYPES(X)                                                                      \
  X(OrderPlaced, "order_placed", 10, OrderPlaced, "下单", "Order placed")                         \
  X(LinesAmended, "lines_amended", 30, LinesAmended, "修改商品", "Lines amended")                 \
  X(PriceChanged, "price_changed", 30, PriceChanged, "改价", "Price changed")                     \
  X(AddressChanged, "address_changed", 30, AddressChanged, "修改地址", "Address changed")         \
  X(PaymentReceived, "payment_received", 20, Payment, "收到付款", "Payment received")             \
  X(RefundSucceeded, "refund_succeeded", 80, Payment, "退款成功", "Refund succeeded")             \
  X(RefundFailed, "refund_failed", 80, Payment, "退款失败", "Refund failed")                      \
  X(TermsConfirmed, "terms_confirmed", 21, Remark, "确认条款", "Terms confirmed")                 \
  X(DepositWaived, "deposit_waived", 21, Remark, "免定金", "Deposit waived")                      \
  X(OrderApproved, "order_approved", 32, Remark, "审核通过", "Order approved")                    \
  X(OrderReleased, "order_released", 34, Remark, "下发仓库", "Released to warehouse")             \
  X(OrderRecalled, "order_recalled", 35, Remark, "退回审单", "Recalled from warehouse")           \
  X(OrderCancelled, "order_cancelled", 90, Remark, "订单已取消", "Order cancelled")               \
  X(OrderReinstated, "order_reinstated", 92, Remark, "恢复订单", "Order reinstated")              \
  X(CancelRequested, "cancel_requested", 36, Remark, "申请取消", "Cancellation requested")        \
  X(CancelConfirmed, "cancel_confirmed", 37, Remark, "截单成功", "Cancellation confirmed")        \
  X(CancelRefused, "cancel_refused", 37, Remark, "截单失败", "Cancellation refused")              \
  X(LinesCancelled, "lines_cancelled", 38, LinesCancelled, "取消部分商品", "Lines cancelled")     \
  X(OrderCompleted, "order_completed", 85, Remark, "交易完成", "Order completed")                 \
  X(ReceiptConfirmed, "receipt_confirmed", 85, Remark, "确认收货", "Receipt confirmed")           \
  X(CompletionCorrected, "completion_corrected", 86, Remark, "撤销完成", "Completion withdrawn")  \
  X(ReceiptExtended, "receipt_extended", 75, Until, "延长收货", "Receipt period extended")        \
  X(BalanceWindowExtended, "balance_window_extended", 31, Until, "延长付尾款",                    \
    "Balance window extended")                                                                    \
  X(StepTotal, "step_total", 40, StepTotal, "仓内进度", "Fulfilment progress")                    \
  X(PackageShipped, "package_shipped", 50, PackageReport, "发货", "Package shipped")              \
  X(PackageUnshipped, "package_unshipped", 51, PackageReport, "撤销发货", "Dispatch withdrawn")   \
  X(PackageScanned, "package_scanned", 60, PackageReport, "物流轨迹", "Package scanned")          \
  X(PackageDelivered, "package_delivered", 70, PackageReport, "签收", "Package delivered")        \
  X(PackageRefused, "package_refused", 71, PackageReport, "拒收", "Package refused")              \
  X(PackageReturning, "package_returning", 72, PackageReport, "退回中", "Package returning")      \
  X(PackageLost, "package_lost", 73, PackageReport, "判定丢件", "Package lost")                   \
  X(InterceptRequested, "intercept_requested", 62, PackageReport, "申请拦截",                     \
    "Interception requested")                                                                     \
  X(RedirectRequested, "redirect_requested", 62, PackageReport, "改派转寄",                       \
    "Redirection requested")                                                                      \
  X(CarrierUrged, "carrier_urged", 62, PackageReport, "催派送", "Carrier urged")                  \
  X(PromiseMade, "promise_made", 25, PromiseMade, "承诺时间", "Promise made")                     \
  X(HoldPlaced, "hold_placed", 33, HoldPlaced, "挂起", "Hold placed")                             \
  X(HoldReleased, "hold_released", 39, HoldReleased, "解除挂起", "Hold released")                 \
  X(NoteAdded, "note_added", 95, NoteAdded, "备注", "Note added")                                 \
  X(TagAdded, "tag_added", 95, Tag, "加标签", "Tag added")                                        \
  X(TagRemoved, "tag_removed", 96, Tag, "去标签", "Tag removed")                                  \
  X(FlagSet, "flag_set", 95, Tag, "旗标", "Flag set")                                             \
  X(AttachmentAdded, "attachment_added", 95, Attachment, "附件", "Attachment added")              \
  X(RelationAdded, "relation_added", 95, Relation, "关联订单", "Order related")                   \
  X(ReferenceAdded, "reference_added", 95, ReferenceChange, "增加单号", "Reference added")        \
  X(ReferenceRemoved, "reference_removed", 96, ReferenceChange, "去除单号", "Reference removed")  \
  X(AttributesSet, "attributes_set", 95, AttributesSet, "属性", "Attributes set")                 \
  X(AfterSaleOpened, "after_sale_opened", 76, CaseOpened, "申请售后", "After-sale case opened")   \
  X(AfterSaleMoved, "after_sale_moved", 77, CaseMoved, "售后进展", "After-sale case moved")       \
  X(DeliveryDisputed, "delivery_disputed", 74, Remark, "签收异议", "Delivery disputed")           \
  X(DisputeClosed, "dispute_closed", 75, Remark, "异议结束", "Dispute closed")                    \
  X(SupplierAssigned, "supplier_assigned", 34, Assigned, "转代发", "Supplier assigned")           \
  X(OrderConfirmed, "order_confirmed", 22, Plan, "确认订单", "Order confirmed")                   \
  X(CounterOffered, "counter_offered", 22, Plan, "协商交期", "Counter-offer made")                \
  X(DrawingSubmitted, "drawing_submitted", 26, Attachment, "提交图纸", "Drawing submitted")       \
  X(DrawingApproved, "drawing_approved", 27, Remark, "确认图纸", "Drawing approved")              \
  X(DrawingRejected, "drawing_rejected", 27, Remark, "退回图纸", "Drawing rejected")              \
  X(ProductionPlanned, "production_planned", 28, Plan, "排产", "Production planned")              \
  X(PurchaseIssued, "purchase_issued", 29, Assigned, "下采购单", "Purchase order issued")         \
  X(ProductionStarted, "production_started", 41, Remark, "开工", "Production started")            \
  X(StepReported, "step_reported", 42, StepReport, "报工", "Step reported")                       \
  X(EngineeringChanged, "engineering_changed", 33, Remark, "工程变更", "Engineering changed")     \
  X(InspectionPassed, "inspection_passed", 45, Remark, "检验合格", "Inspection passed")           \
  X(InspectionFailed, "inspection_failed", 45, Remark, "检验不合格", "Inspection failed")         \
  X(InspectionConceded, "inspection_conceded", 46, Remark, "让步接收", "Inspection conceded")     \
  X(ShipmentReleased, "shipment_released", 47, Remark, "下达发运", "Shipment released")           \
  X(ReleasedOnCredit, "released_on_credit", 47, Remark, "欠款放行", "Released on credit")         \
  X(InstallationStarted, "installation_started", 78, Remark, "开始安装", "Installation started")  \
  X(OrderAccepted, "order_accepted", 84, Remark, "验收合格", "Order accepted")                    \
  X(OrderTerminated, "order_terminated", 91, Remark, "终止订单", "Order terminated")              \
  X(DateChanged, "date_changed", 25, PromiseMade, "交期变更", "Date changed")                     \
  X(SupplierConfirmed, "supplier_confirmed", 29, PromiseMade, "供应商确认", "Supplier confirmed") \
  X(MaterialsKitted, "materials_kitted", 40, Remark, "物料齐套", "Materials kitted")              \
  X(StatusReported, "status_reported", 200, StatusReported, "来源状态", "Status reported")        \
  X(SurveySent, "survey_sent", 87, Survey, "发出调查", "Survey sent")                             \
  X(SurveyAnswered, "survey_answered", 88, Survey, "调查答复", "Survey answered")                 \
  X(RequestOpened, "request_opened", 97, Requested, "已申请", "Requested")                        \
  X(RequestRefused, "request_refused", 98, RequestEnded, "申请被拒绝", "Request refused")         \
  X(ConflictSettled, "conflict_settled", 99, ConflictSettled, "冲突裁定", "Conflict settled")     \
  X(PersonalRevealed, "personal_revealed", 99, Remark, "查看个人信息", "Personal data revealed")  \
  X(PersonalForgotten, "personal_forgotten", 99, Remark, "个人信息已删除",                        \
    "Personal data forgotten")                                                                    \
  X(EventCorrected, "event_corrected", 1, Correction, "更正", "Event corrected")                  \
  X(EventRetracted, "event_retracted", 1, Retraction, "撤销", "Event retracted")                  \
  X(CustomHappened, "custom", 50, Custom, "自定义", "Custom event")                               \
  X(ReferenceClaimed, "reference_claimed", 5, Claim, "单号认领", "Reference claimed")             \
  X(ReferenceUnclaimed, "reference_unclaimed", 6, Claim, "单号释放", "Reference let go")          \
  X(EventDismissed, "event_dismissed", 99, Retraction, "不予处理", "Waiting event dismissed")     \
  X(RequestApproved, "request_approved", 2, RequestEnded, "申请已批准", "Request approved")

enum class EventType : std::uint16_t {
#define X(enumerator, name, rank, payload, zh, en) enumerator,
  CAIRN_EVENT_TYPES(X)
#undef X
      Count
};
inline constexpr std::size_t kEventTypeCount = static_cast<std::size_t>(EventType::Count);

struct EventTypeRow {
  EventType type;
  std::string_view name;
  std::uint8_t rank;
  std::size_t payload_index;  ///< alternative of Payload
  std::string_view zh, en;
};
std::span<const EventTypeRow> event_type_table();
const EventTypeRow& row_of(EventType type);
std::optional<EventType> event_type_from(std::string_view name);

using Payload =
    std::variant<OrderPlaced, LinesAmended, PriceChanged, AddressChanged, Payment, Remark, Until,
                 LinesCancelled, StepTotal, PackageReport, PromiseMade, HoldPlaced, HoldReleased,
                 NoteAdded, Tag, Attachment, Relation, ReferenceChange, AttributesSet, CaseOpened,
                 CaseMoved, Assigned, Plan, StepReport, StatusReported, Survey, Requested,
                 RequestEnded, ConflictSettled, Correction, Retraction, Custom, Claim>;

/// An empty payload of the shape that `type` carries.
Payload make_payload(EventType type);
/// The same, in place.
void make_payload(EventType type, Payload& into);

}  // namespace cairn::model

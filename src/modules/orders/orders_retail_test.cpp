#include <fmt/format.h>

#include "base/ranges.hpp"
#include "modules/orders/orders_test_support.hpp"

namespace cairn::orders::testing {
namespace {

using model::ConflictCode;
using model::Role;

TEST(Retail, FromPlacedToCompletedByItself) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.tell("payment_received", R"({"payment_id":"P1","amount":400})", minutes(5));
  EXPECT_EQ(story.state(), "paid");
  story.must("approve_order", "{}", Role::OrderDesk);
  EXPECT_EQ(story.state(), "paid");
  story.must("release_order", "{}", Role::OrderDesk);
  EXPECT_EQ(story.state(), "preparing");
  story.must("ship_package", R"({"package":"K1","carrier":"ZTO","number":"Z1"})", Role::Warehouse);
  EXPECT_EQ(story.state(), "shipped");
  story.tell("package_scanned", R"({"package":"K1","milestone":"in_transit"})", hours(10), "zto");
  EXPECT_EQ(story.state(), "shipped");
  story.tell("package_delivered", R"({"package":"K1"})", hours(40), "zto");
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().at(At::Delivered), kStart + hours(40));
  story.pass(days(6));
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().valid_until(), kStart + hours(40) + days(7));
  story.pass(days(30));
  EXPECT_EQ(story.state(), "completed");
  EXPECT_EQ(story.order().at(At::Completed), kStart + hours(40) + days(7))
      << "at its due time, however late somebody looks";
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Retail, AnUnpaidOrderClosesAtItsDueTime) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.pass(minutes(30) - Duration{1});
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.pass(Duration{1});
  EXPECT_EQ(story.state(), "cancelled");
  EXPECT_EQ(story.order().cancel_reason, "payment_timeout");
  EXPECT_EQ(story.order().at(At::Cancelled), kStart + minutes(30));
}

TEST(Retail, ALatePaymentThatWasInTimeUndoesTheTimeout) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.pass(hours(2));
  EXPECT_EQ(story.state(), "cancelled");
  story.tell("payment_received", R"({"payment_id":"P1","amount":400})", minutes(29));
  EXPECT_EQ(story.state(), "paid");
}

TEST(Retail, TheClockOfAnotherMasterIsNotCairns) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  story.pass(days(30));
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.tell("payment_received", R"({"amount":400})", days(30));
  story.tell("package_shipped", R"({"package":"K1"})", days(31));
  story.tell("package_delivered", R"({"package":"K1"})", days(32));
  story.pass(days(60));
  EXPECT_EQ(story.state(), "delivered");
  story.tell("order_completed", "{}", days(60));
  EXPECT_EQ(story.state(), "completed");
}

TEST(Retail, AnOrderNobodyPlacedHasNoClock) {
  Story story;
  story.tell("package_shipped", R"({"package":"K1"})", hours(1));
  story.tell("package_delivered", R"({"package":"K1"})", hours(2));
  story.pass(days(60));
  EXPECT_EQ(story.state(), "delivered");
}

TEST(Retail, PartsAreShippedAndDelivered) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1","parts":[{"line":"A","quantity":2}]})",
             Role::Warehouse);
  EXPECT_EQ(story.state(), "partly_shipped");
  EXPECT_EQ(story.order().lines[0].shipped, 2);
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  EXPECT_EQ(story.state(), "partly_shipped") << "the rest has not left";
  story.must("ship_package",
             R"({"package":"K2","parts":[{"line":"A","quantity":1},{"line":"B","quantity":1}]})",
             Role::Warehouse);
  EXPECT_EQ(story.state(), "partly_delivered");
  story.tell("package_delivered", R"({"package":"K2"})", hours(30));
  EXPECT_EQ(story.state(), "delivered");
  EXPECT_EQ(story.order().at(At::Delivered), kStart + hours(30));
  EXPECT_EQ(story.order().at(At::FirstShipped), story.events()[4].occurred);
}

TEST(Retail, ShippingChecksWhatIsLeft) {
  Story story;
  prepare(story);
  EXPECT_EQ(story.refusal("ship_package", R"({"package":"K","parts":[{"line":"C","quantity":1}]})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/parts/0/line");
  EXPECT_EQ(story.refusal("ship_package", R"({"package":"K","parts":[{"line":"A","quantity":4}]})"),
            ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/parts/0/quantity");
  EXPECT_EQ(story.refusal("ship_package", R"({"package":"K","parts":[{"line":"A","quantity":0}]})"),
            ErrorCode::Invalid);
}

TEST(Retail, RestIsCancelledOrClosedShort) {
  for (const auto* name : {"cancel_remaining", "short_close"}) {
    Story story;
    prepare(story);
    story.must("ship_package", R"({"package":"K1","parts":[{"line":"A","quantity":2}]})");
    story.must(name, "{}", name == std::string("short_close") ? Role::Supervisor : Role::Service);
    EXPECT_EQ(story.state(), "shipped") << name;
    EXPECT_EQ(story.order().lines[0].cancelled, 1);
    EXPECT_EQ(story.order().lines[1].cancelled, 1);
    story.tell("package_delivered", R"({"package":"K1"})", hours(20));
    EXPECT_EQ(story.state(), "delivered") << name;
  }
}

TEST(Retail, CancelBeforeAndAfterRelease) {
  Story early;
  early.tell("order_placed", kOrder, hours(0));
  EXPECT_EQ(early.refusal("cancel_order", "{}", Role::Customer), ErrorCode::Invalid);
  EXPECT_EQ(early.error().pointer, "/reason");
  early.must("cancel_order", R"({"reason":"no_longer_wanted"})", Role::Customer);
  EXPECT_EQ(early.state(), "cancelled");

  Story late;
  prepare(late);
  EXPECT_EQ(late.refusal("cancel_order", R"({"reason":"x"})"), ErrorCode::Refused);
  late.must("request_cancel", R"({"reason":"no_longer_wanted"})", Role::Customer);
  EXPECT_EQ(late.state(), "preparing");
  EXPECT_TRUE(late.has_badge("cancel_requested"));
  EXPECT_EQ(late.refusal("ship_package", R"({"package":"K1"})"), ErrorCode::Refused);
  late.must("refuse_cancel", "{}", Role::Warehouse);
  EXPECT_FALSE(late.has_badge("cancel_requested"));
  EXPECT_TRUE(late.order().holds.empty()) << "nothing waits any more";
  late.must("request_cancel", R"({"reason":"no_longer_wanted"})", Role::Customer);
  late.must("confirm_cancel", "{}", Role::Warehouse);
  EXPECT_EQ(late.state(), "cancelled");
  late.must("reinstate_order", "{}", Role::Supervisor);
  EXPECT_EQ(late.state(), "preparing");
  EXPECT_TRUE(late.order().cancel_reason.empty());
}

TEST(Retail, AReinstatedOrderHasTimeToPay) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.pass(hours(1));
  EXPECT_EQ(story.state(), "cancelled");
  story.must("reinstate_order", "{}", Role::Supervisor);
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.pass(minutes(29));
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.pass(minutes(2));
  EXPECT_EQ(story.state(), "cancelled");
}

TEST(Retail, CancellingAllLinesCancelsTheOrder) {
  Story story;
  prepare(story);
  story.must("cancel_lines", R"({"parts":[{"line":"A","quantity":3},{"line":"B","quantity":1}]})",
             Role::Service);
  EXPECT_EQ(story.state(), "cancelled");
}

TEST(Retail, ARecallTakesTheWarehousesProgressBack) {
  Story story;
  prepare(story);
  story.tell("step_total", R"({"line":"A","step":"picked","total":2})", hours(10));
  story.must("recall_order", "{}", Role::Warehouse);
  EXPECT_EQ(story.state(), "paid");
}

TEST(Retail, HoldsStopTheOrderUntilWhoMayLiftsThem) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.tell("payment_received", R"({"payment_id":"P1","amount":400})", minutes(5));
  EXPECT_EQ(story.refusal("hold_order", R"({"reason":"tired"})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/reason");
  story.must("hold_order", R"({"reason":"risk_review"})", Role::Service);
  EXPECT_EQ(story.state(), "on_hold");
  EXPECT_EQ(story.order().category(), model::Category::Held);
  EXPECT_EQ(story.refusal("release_order"), ErrorCode::Refused);
  EXPECT_EQ(story.refusal("release_hold", "{}", Role::Warehouse), ErrorCode::Forbidden);
  const auto allowed =
      allowed_commands(story.order(), Role::Warehouse, story.now(), story.context());
  EXPECT_FALSE(contains(allowed, std::string("release_hold")));
  story.must("release_hold", "{}", Role::OrderDesk);
  EXPECT_EQ(story.state(), "paid");
  EXPECT_EQ(story.refusal("release_hold"), ErrorCode::Refused);
}

TEST(Retail, AHoldOnSomeLinesLeavesTheOthersAlone) {
  Story story;
  prepare(story);
  EXPECT_EQ(story.refusal("hold_order", R"({"reason":"stock_short","lines":["Z"]})"),
            ErrorCode::Invalid);
  story.must("hold_order", R"({"reason":"stock_short","lines":["B"]})", Role::Warehouse);
  EXPECT_EQ(story.state(), "preparing");
  EXPECT_TRUE(story.has_badge("rest_held"));
  story.must("ship_package", R"({"package":"K1","parts":[{"line":"A","quantity":3}]})");
  EXPECT_EQ(story.state(), "partly_shipped");
  EXPECT_EQ(story.refusal("ship_package", R"({"package":"K2"})"), ErrorCode::Refused)
      << "all that is left is held";
}

TEST(Retail, HoldsOfAnyReasonAreKnown) {
  for (const auto& hold : world().definitions.holds()) {
    Story story;
    prepare(story);
    story.must("hold_order", R"({"reason":")" + hold.code + "\"}", Role::OrderDesk);
    EXPECT_EQ(story.state(), hold.sets_headline ? "on_hold" : "preparing") << hold.code;
    EXPECT_EQ(story.order().health == model::Health::Paused,
              hold.clock == lifecycle::Clock::Stops || hold.clock == lifecycle::Clock::NotStarted)
        << hold.code;
    story.must("release_hold", "{}", Role::Supervisor);
    EXPECT_EQ(story.state(), "preparing") << hold.code;
  }
}

TEST(Retail, UnshipTakesADispatchBackUntilACarrierSawIt) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1","number":"N1"})");
  EXPECT_EQ(story.state(), "shipped");
  story.must("unship", R"({"package":"K1"})", Role::Warehouse);
  EXPECT_EQ(story.state(), "preparing");
  story.must("ship_package", R"({"package":"K1","number":"N1"})");
  story.tell("package_scanned", R"({"number":"N1","milestone":"picked_up"})", hours(11), "zto");
  EXPECT_EQ(story.refusal("unship", R"({"package":"K1"})"), ErrorCode::Refused);
}

TEST(Retail, CompletionIsTakenBackAndTheClockBeginsAnew) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  story.must("confirm_receipt", "{}", Role::Customer);
  EXPECT_EQ(story.state(), "completed");
  story.pass(days(10));
  story.must("complete_correction", R"({"reason":"mistake"})", Role::Supervisor);
  EXPECT_EQ(story.state(), "delivered");
  story.pass(days(6));
  EXPECT_EQ(story.state(), "delivered");
  story.pass(days(2));
  EXPECT_EQ(story.state(), "completed");
}

TEST(Retail, ReceiptIsExtendedWithinTheRules) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  EXPECT_EQ(story.refusal("extend_receipt", R"({"days":4})", Role::Customer), ErrorCode::Refused);
  story.must("extend_receipt", R"({"days":3})", Role::Customer);
  EXPECT_EQ(story.refusal("extend_receipt", R"({"days":1})", Role::Customer), ErrorCode::Refused);
  story.must("extend_receipt", R"({"days":10})", Role::Service);
  EXPECT_EQ(story.refusal("extend_receipt", R"({"days":1})", Role::Service), ErrorCode::Refused);
  EXPECT_EQ(story.order().valid_until(), kStart + hours(20) + days(20));
  story.pass(days(30));
  EXPECT_EQ(story.order().at(At::Completed), kStart + hours(20) + days(20));
}

TEST(Retail, WithoutAScanItCompletesAfterTheLastDispatch) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  const Time shipped = story.now();
  story.pass(days(20));
  EXPECT_EQ(story.state(), "completed");
  EXPECT_EQ(story.order().at(At::Completed), shipped + days(15));
}

TEST(Retail, ALostPackageDoesNotCompleteByItself) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  EXPECT_EQ(story.refusal("declare_lost", R"({"package":"K1"})"), ErrorCode::Refused);
  story.tell("package_lost", R"({"package":"K1"})", hours(30));
  EXPECT_EQ(story.order().packages[0].milestone, model::Milestone::LostOrDestroyed);
  story.pass(days(30));
  EXPECT_EQ(story.state(), "shipped");
  story.must("declare_lost", R"({"package":"K1"})", Role::CarrierLiaison);
  story.tell("refund_succeeded", R"({"payment_id":"R1","amount":400})", days(40));
  EXPECT_EQ(story.state(), "closed") << "everything refunded, nothing came back";
}

TEST(Retail, APackageSilentForSevenDaysMayBeDeclaredLost) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})", Role::Warehouse);
  story.tell("package_scanned", R"({"package":"K1","milestone":"in_transit"})", days(3));
  story.pass(days(7) - hours(1));
  EXPECT_FALSE(contains(allowed(story, Role::CarrierLiaison), std::string("declare_lost")));
  EXPECT_EQ(story.refusal("declare_lost", R"({"package":"K1"})", Role::CarrierLiaison),
            ErrorCode::Refused);
  story.pass(hours(1));
  EXPECT_TRUE(contains(allowed(story, Role::CarrierLiaison), std::string("declare_lost")));
  story.must("declare_lost", R"({"package":"K1"})", Role::CarrierLiaison);
  EXPECT_TRUE(story.order().packages.at(0).has(model::PackageFlag::Lost));
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Retail, ADisputeMakesCompletionWait) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  story.pass(days(2));
  story.must("dispute_delivery", "{}", Role::Customer);
  EXPECT_TRUE(story.has_badge("delivery_disputed"));
  story.pass(days(10));
  EXPECT_EQ(story.state(), "delivered");
  const Time closed = story.now();
  story.must("close_dispute", "{}", Role::Service);
  EXPECT_EQ(story.state(), "delivered") << "what was left of the time goes on";
  story.pass(days(30));
  const Time opened = closed - days(10);
  EXPECT_EQ(story.order().at(At::Completed).us / 1'000'000,
            (closed + (kStart + hours(20) + days(7) - opened)).us / 1'000'000);
}

TEST(Retail, InterceptionEndsWhereThePackageDoes) {
  Story story;
  prepare(story);
  story.must("ship_package", R"({"package":"K1"})");
  EXPECT_EQ(story.refusal("request_intercept", R"({"package":"K7"})"), ErrorCode::Invalid);
  EXPECT_EQ(story.error().pointer, "/package");
  story.must("request_intercept", R"({"package":"K1"})", Role::Service);
  story.must("redirect_package", R"({"package":"K1"})", Role::Service);
  EXPECT_TRUE(story.has_badge("intercepting"));
  EXPECT_TRUE(story.has_badge("redirecting"));
  story.tell("package_delivered", R"({"package":"K1"})", hours(20));
  EXPECT_FALSE(story.has_badge("intercepting"));
  EXPECT_FALSE(story.has_badge("redirecting"));
  story.pass(days(8));
  EXPECT_EQ(story.state(), "completed");
}

TEST(Retail, ServicesAloneCannotBeShipped) {
  Story story;
  story.tell("order_placed",
             R"({"order_no":"S","total":10,"lines":[{"id":"S","kind":"service","quantity":1}]})",
             hours(0));
  story.tell("payment_received", R"({"amount":10})", minutes(1));
  EXPECT_EQ(story.state(), "paid") << "nothing is true of no goods";
}

TEST(Retail, AnOrderWithoutLinesMovesByItsPackages) {
  Story story("shop");
  story.tell("order_placed", R"({"order_no":"N"})", hours(0));
  EXPECT_EQ(story.state(), "awaiting_payment");
  story.tell("payment_received", R"({"in_full":true})", hours(1));
  story.tell("package_shipped", R"({"package":"K1"})", hours(2));
  story.tell("package_shipped", R"({"package":"K2"})", hours(3));
  EXPECT_EQ(story.state(), "shipped");
  story.tell("package_delivered", R"({"package":"K1"})", hours(4));
  EXPECT_EQ(story.state(), "partly_delivered");
  story.tell("package_delivered", "{}", hours(5));
  EXPECT_EQ(story.state(), "delivered") << "a report that names no package speaks of all";
  EXPECT_EQ(story.order().packages.size(), 2u);
  EXPECT_EQ(story.order().at(At::Delivered), kStart + hours(5));
}

// ---- terms --------------------------------------------------------------------------------------

TEST(Terms, DepositThenBalance) {
  Story story;
  story.tell("order_placed", R"({"order_no":"D","terms":"deposit_balance","total":400,"deposit":100,
      "lines":[{"id":"A","quantity":1}]})",
             hours(0));
  EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::Unpaid);
  story.tell("payment_received", R"({"payment_id":"P1","amount":60})", minutes(1));
  EXPECT_EQ(story.state(), "awaiting_payment");
  EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::PartlyPaid);
  story.tell("payment_received", R"({"payment_id":"P2","amount":40})", minutes(2));
  EXPECT_EQ(story.state(), "awaiting_balance");
  EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::DepositPaid);
  EXPECT_EQ(story.order().valid_until(), kStart + minutes(2) + days(3));
  EXPECT_EQ(story.refusal("extend_balance_window", R"({"days":2})", Role::Service),
            ErrorCode::Refused);
  story.must("extend_balance_window", R"({"days":2})", Role::Supervisor);
  story.pass(days(4));
  EXPECT_EQ(story.state(), "awaiting_balance");
  story.must("record_payment", R"({"payment_id":"P3","amount":300})", Role::Finance);
  EXPECT_EQ(story.state(), "paid");
  EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::Paid);
}

TEST(Terms, WhetherTheBuyerGetsTheDepositBackIsForTheChannelsRules) {
  for (const bool is_refundable : {false, true}) {
    Story story;
    story.tell("order_placed",
               fmt::format(R"({{"order_no":"D","preset":"{}","terms":"deposit_balance","total":400,
                   "deposit":100,"lines":[{{"id":"A","quantity":1}}]}})",
                           is_refundable ? "eu_shop" : "own_shop"),
               hours(0));
    story.tell("payment_received", R"({"payment_id":"P1","amount":100})", minutes(1));
    ASSERT_EQ(story.state(), "awaiting_balance");
    EXPECT_EQ(contains(allowed(story, Role::Customer), std::string("cancel_order")), is_refundable);
    if (is_refundable)
      story.must("cancel_order", R"({"reason":"x"})", Role::Customer);
    else
      EXPECT_EQ(story.refusal("cancel_order", R"({"reason":"x"})", Role::Customer),
                ErrorCode::Refused);
    EXPECT_EQ(story.state(), is_refundable ? "cancelled" : "awaiting_balance");
  }
}

TEST(Terms, AnUnpaidBalanceCloses) {
  Story story;
  story.tell("order_placed", R"({"order_no":"D","terms":"deposit_balance","total":400,"deposit":100,
      "lines":[{"id":"A","quantity":1}]})",
             hours(0));
  story.tell("payment_received", R"({"payment_id":"P1","amount":100})", minutes(1));
  story.pass(days(4));
  EXPECT_EQ(story.state(), "cancelled");
  EXPECT_EQ(story.order().cancel_reason, "balance_timeout");
  EXPECT_EQ(story.order().at(At::Cancelled), kStart + minutes(1) + days(3));
}

TEST(Terms, CashOnDeliveryAndCreditShipBeforeTheyPay) {
  for (const auto* terms : {"cod", "credit"}) {
    Story story;
    story.tell("order_placed",
               fmt::format(R"({{"order_no":"C","terms":"{}","total":50,"preset":"b2b",
                   "lines":[{{"id":"A","quantity":1}}]}})",
                           terms),
               hours(0));
    EXPECT_EQ(story.state(), "awaiting_payment");
    story.must("confirm_terms", "{}", Role::OrderDesk);
    EXPECT_EQ(story.state(), "paid");
    story.must("approve_order");
    story.must("release_order");
    story.must("ship_package", R"({"package":"K1"})");
    story.tell("package_delivered", R"({"package":"K1"})", days(2));
    EXPECT_EQ(story.state(), "delivered");
    story.tell("payment_received", R"({"amount":50})", days(3));
    EXPECT_EQ(story.state(), "delivered");
    EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::Paid);
    EXPECT_EQ(story.conflicts(), std::vector<std::string>{}) << terms;
  }
}

TEST(Terms, CreditOverTheLimitIsNotConfirmed) {
  Story story;
  story.tell("order_placed", R"({"order_no":"C","terms":"credit","preset":"b2b",
      "lines":[{"id":"A","quantity":1}]})",
             hours(0));
  story.tell("hold_placed", R"({"reason":"credit_limit"})", hours(1));
  EXPECT_EQ(story.refusal("confirm_terms"), ErrorCode::Refused);
  story.must("release_hold", "{}", Role::Finance);
  story.must("confirm_terms");
}

TEST(Terms, PricesChangeWithinTenPercentOrWithASupervisor) {
  Story story;
  story.tell("order_placed", kOrder, hours(0));
  story.must("change_price", R"({"total":300})", Role::Service);
  EXPECT_EQ(story.order().total, 400) << "a supervisor is asked";
  story.must("change_price", R"({"total":380})", Role::Service);
  EXPECT_TRUE(story.order().requests.empty()) << "a newer word on the same matter";
  story.must("change_price", R"({"total":300})", Role::Supervisor);
  story.tell("payment_received", R"({"payment_id":"P1","amount":300})", minutes(5));
  EXPECT_EQ(story.state(), "paid");
  EXPECT_EQ(story.conflicts(), std::vector<std::string>{});
}

TEST(Terms, AFreeOrderIsPaid) {
  Story story;
  story.tell("order_placed", R"({"order_no":"F","total":0,"lines":[{"id":"A","quantity":1}]})",
             hours(0));
  EXPECT_EQ(story.state(), "paid");
}

TEST(Terms, RefundsAreCountedOnceAndMayFail) {
  Story story;
  prepare(story);
  story.tell("refund_succeeded", R"({"payment_id":"R1","amount":100})", hours(10));
  story.tell("refund_succeeded", R"({"payment_id":"R1","amount":100})", hours(11), "bank");
  EXPECT_EQ(story.order().refunded, 100);
  EXPECT_EQ(payment_state_of(story.order()), model::PaymentState::PartlyRefunded);
  story.tell("refund_failed", R"({"payment_id":"R1"})", hours(12));
  EXPECT_EQ(story.order().refunded, 0);
}

// A scan that stands before the dispatch made a package of its own, to which the dispatch then
// spoke as well; taken back, the number was the other package's. So claim and scan chased each
// other.
TEST(Packages, WhichNumbersAreClaimedDoesNotDependOnWhatTheClaimsBring) {
  const auto told = [](bool with_scans) {
    Story story("shop");
    story.tell("order_placed", kOrder, hours(0));
    const auto scanned = [&](std::string_view data, Duration after) {
      if (!with_scans) return;
      auto scan = story.fact("package_scanned", data, kStart + after, "carrier");
      scan.origin.subject = "tracking/yto:N1";
      story.add(scan);
    };
    scanned(R"({"carrier":"yto","number":"N1","milestone":"picked_up"})", hours(1));
    story.tell("package_shipped", R"({"package":"K1","carrier":"yto","number":"N1"})", hours(2));
    scanned(R"({"carrier":"other","number":"N1","package":"K1","milestone":"in_transit"})",
            hours(3));
    story.tell("package_shipped", R"({"package":"K1","carrier":"sf","number":"N2"})", hours(4));
    EXPECT_EQ(story.order().packages.size(), 1u);
    return OrderReducer(story.context()).claims(story.order());
  };
  EXPECT_EQ(told(true), told(false));
}

TEST(Packages, ANumberWithoutACarrierStaysOneWhateverItsScansSay) {
  const auto told = [](bool with_scans) {
    Story story("shop");
    story.tell("order_placed", kOrder, hours(0));
    for (const auto after : {hours(1), hours(3)}) {
      if (!with_scans) continue;
      auto scan = story.fact("package_scanned",
                             R"({"carrier":"yto","number":"N1","milestone":"in_transit"})",
                             kStart + after, "carrier");
      scan.origin.subject = "tracking:N1";
      story.add(scan);
    }
    story.tell("package_shipped", R"({"package":"K1","number":"N1"})", hours(2));
    return OrderReducer(story.context()).claims(story.order());
  };
  EXPECT_EQ(told(true), told(false));
}

TEST(Packages, AReferenceIsNotLetGoByWhatItBrought) {
  Story story("shop");
  story.tell("order_placed", kOrder, hours(0));
  constexpr std::string_view kTruck =
      R"({"reference":{"scheme":"unit","issuer":"fleet","value":"T1"}})";
  story.tell("reference_added", kTruck, hours(1));
  auto gone = story.fact("reference_removed", kTruck, kStart + hours(2), "fleet");
  gone.origin.subject = "unit/fleet:T1";
  story.add(gone);
  EXPECT_EQ(story.order().references.size(), 1u);
  story.tell("reference_removed", kTruck, hours(3));
  EXPECT_TRUE(story.order().references.empty());
}

}  // namespace
}  // namespace cairn::orders::testing

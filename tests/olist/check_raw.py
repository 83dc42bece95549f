#!/usr/bin/env python3
"""Counts, over the raw files of the Olist orders, every figure that the import must show.

Written apart from the importer and sharing nothing with it: Python's csv module, no time zones,
local wall times compared as they stand. Prints JSON: `counts` (one number per line of the list of
contradictions and gaps), `facts` (how many facts of each type the mapping makes), `listed` (what
the list says) and `differs` (where the two part, with proof).

    check_raw.py [folder]      default: ../shared/data/olist/dev beside the checkout
"""
import collections
import csv
import datetime
import decimal
import gzip
import json
import pathlib
import sys

PURCHASE = "order_purchase_timestamp"
APPROVED = "order_approved_at"
HANDED = "order_delivered_carrier_date"
DELIVERED = "order_delivered_customer_date"
PROMISED = "order_estimated_delivery_date"
STATUSES = ("created", "approved", "invoiced", "processing", "unavailable", "shipped", "delivered",
            "canceled")
CUT = datetime.datetime(2018, 5, 1)

# The list, as written before anything was measured here.
LISTED = {
    "orders": 31199,
    "status_created": 5, "status_approved": 2, "status_invoiced": 251, "status_processing": 294,
    "status_unavailable": 564, "status_shipped": 902, "status_delivered": 28742,
    "status_canceled": 439,
    "precision_minute": 4761,
    "purchases_in_repeated_hour": 5,
    "orders_with_several_sellers": 297,
    "handed_before_approval": 194,
    "handed_before_approval_and_purchase": 4,
    "delivered_before_handed": 8,
    "delivered_before_approval": 13,
    "delivered_without_date": 2,
    "delivered_without_hand_over": 1,
    "delivered_never_approved": 8,
    "cancelled_after_hand_over": 75,
    "cancelled_after_hand_over_delivered": 6,
    "cancelled_after_hand_over_never_delivered": 69,
    "delivery_dates_after_cut": 1135,
    "orders_without_items": 3243,
    "orders_without_items_delivered": 2594,
    "orders_without_payment": 2528,
    "orders_without_customer": 2518,
    "orders_with_items_and_payments": 27754,
    "paid_differs_from_total": 90,
    "with_delivery_date": 28746,
    "late_by_date": 2194,
    "late_by_timestamp": 2539,
    "handed_with_limit": 27124,
    "handed_after_last_limit": 2569,
    "late_orders_with_limit": 1982,
    "late_orders_with_limit_seller_late": 507,
    "shipped_promise_passed_at_cut": 814,
    # What the dated facts alone come to, and what only the snapshot status says.
    "follows_from_dates": 29649,
    "follows_from_dates_delivered": 28740, "follows_from_dates_shipped": 902,
    "follows_from_dates_approved": 2, "follows_from_dates_created": 5,
    "follows_from_snapshot": 1550,
    # What the back-test must show.
    "unpaid_after_30_minutes": 12947, "with_approval": 31119,
    "not_handed_after_48_hours": 14876, "with_approval_and_hand_over": 29710,
}
LISTED_RATES = {
    "hand_over_to_delivery_beyond_48_hours": 0.904,
    "survey_mean_on_time": 4.26, "survey_mean_late": 2.12, "survey_late_2_or_less": 0.665,
    "survey_mean_undelivered": 1.73, "survey_undelivered_2_or_less": 0.785,
}


def rows(folder, name):
    for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if path.exists():
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
                yield from csv.DictReader(file)
            return
    raise SystemExit(f"{folder} has no {name}.csv or {name}.csv.gz")


def moment(text):
    """Some times are told to the minute, "2016-10-11 10:12", others to the second."""
    if not text:
        return None
    form = "%Y-%m-%d %H:%M:%S" if len(text) > 16 else "%Y-%m-%d %H:%M"
    return datetime.datetime.strptime(text, form)


def by_order(folder, name):
    out = collections.defaultdict(list)
    for row in rows(folder, name):
        out[row["order_id"]].append(row)
    return out


def in_repeated_hour(at):
    """Sao Paulo's clocks went back from 00:00 to 23:00 before the third Sunday of February."""
    if at.month != 2 or at.hour != 23:
        return False
    first = datetime.date(at.year, 2, 1)
    third_sunday = first + datetime.timedelta(days=(6 - first.weekday()) % 7 + 14)
    return at.date() == third_sunday - datetime.timedelta(days=1)


def count(folder):
    orders = list(rows(folder, "orders"))
    items, payments = by_order(folder, "order_items"), by_order(folder, "payments")
    reviews = by_order(folder, "reviews_no_text")
    customers = {row["customer_id"] for row in rows(folder, "customers")}
    counts = collections.Counter({name: 0 for name in LISTED})
    facts = collections.Counter()
    proof = collections.defaultdict(list)
    spans, scores = [], collections.defaultdict(list)

    def hit(name, order):
        counts[name] += 1
        if len(proof[name]) < 5:
            proof[name].append(order)

    for order in orders:
        key, status = order["order_id"], order["order_status"]
        purchase, approved, handed, delivered, promised = (
            moment(order[column]) for column in (PURCHASE, APPROVED, HANDED, DELIVERED, PROMISED))
        mine, paid = items.get(key, []), payments.get(key, [])
        sellers = {row["seller_id"] for row in mine}
        limits = [moment(row["shipping_limit_date"]) for row in mine if row["shipping_limit_date"]]
        hit("orders", key)
        hit(f"status_{status}", key)
        if order["precision"] == "min":
            hit("precision_minute", key)
        if in_repeated_hour(purchase):
            hit("purchases_in_repeated_hour", key)
        if len(sellers) > 1:
            hit("orders_with_several_sellers", key)
        if handed and approved and handed < approved:
            hit("handed_before_approval", key)
            if handed < purchase:
                hit("handed_before_approval_and_purchase", key)
        if handed and handed < purchase:
            hit("handed_before_purchase", key)
        if delivered and handed and delivered < handed:
            hit("delivered_before_handed", key)
        if delivered and approved and delivered < approved:
            hit("delivered_before_approval", key)
        if status == "delivered":
            if not delivered:
                hit("delivered_without_date", key)
            if not handed:
                hit("delivered_without_hand_over", key)
            if not approved:
                hit("delivered_never_approved", key)
        if status == "canceled" and handed:
            hit("cancelled_after_hand_over", key)
            end = "delivered" if delivered else "never_delivered"
            hit(f"cancelled_after_hand_over_{end}", key)
        if delivered and delivered >= CUT:
            hit("delivery_dates_after_cut", key)
        if delivered and delivered.date() > CUT.date():
            hit("delivery_dates_after_the_day_of_the_cut", key)
        if not mine:
            hit("orders_without_items", key)
            hit(f"orders_without_items_{status}", key)
            if delivered:
                hit("orders_without_items_with_delivery_date", key)
        if not paid:
            hit("orders_without_payment", key)
        if order["customer_id"] not in customers:
            hit("orders_without_customer", key)
        if mine and paid:
            hit("orders_with_items_and_payments", key)
            # A payment is a fact only where the approval has a date.
            if approved:
                hit("priced_and_paid", key)
            total = sum(decimal.Decimal(row["price"]) + decimal.Decimal(row["freight_value"])
                        for row in mine)
            told = sum(decimal.Decimal(row["payment_value"]) for row in paid)
            if abs(total - told) > decimal.Decimal("0.05"):
                hit("paid_differs_from_total", key)
        is_late = bool(delivered) and delivered.date() > promised.date()
        if delivered:
            hit("with_delivery_date", key)
            if is_late:
                hit("late_by_date", key)
                if handed and limits:
                    hit("late_orders_with_limit", key)
                    if handed > max(limits):
                        hit("late_orders_with_limit_seller_late", key)
            if delivered > promised:
                hit("late_by_timestamp", key)
        if handed and limits:
            hit("handed_with_limit", key)
            if handed > max(limits):
                hit("handed_after_last_limit", key)
        if status == "shipped" and not delivered and promised < CUT:
            hit("shipped_promise_passed_at_cut", key)

        said = ("delivered" if delivered else "shipped" if handed else
                "approved" if approved else "created")
        if status == said:
            hit("follows_from_dates", key)
            hit(f"follows_from_dates_{status}", key)
        else:
            hit("follows_from_snapshot", key)
        if approved:
            hit("with_approval", key)
            if approved - purchase > datetime.timedelta(minutes=30):
                hit("unpaid_after_30_minutes", key)
            if handed:
                hit("with_approval_and_hand_over", key)
                if handed - approved > datetime.timedelta(hours=48):
                    hit("not_handed_after_48_hours", key)
        if handed and delivered:
            spans.append(delivered - handed > datetime.timedelta(hours=48))
        for review in reviews.get(key, []):
            kind = "undelivered" if not delivered else "late" if is_late else "on_time"
            scores[kind].append(int(review["review_score"]))

        facts["order_placed"] += 1
        facts["promise_made"] += bool(promised)
        facts["payment_received"] += bool(approved)
        facts["package_shipped"] += max(len(sellers), 1) if handed else 0
        facts["package_delivered"] += max(len(sellers), 1) if delivered else 0
        facts["survey_sent"] += sum(
            bool(row["review_creation_date"]) for row in reviews.get(key, []))
        facts["survey_answered"] += sum(
            bool(row["review_answer_timestamp"]) for row in reviews.get(key, []))
        facts["status_reported"] += 1
        facts["lines"] += len(mine)
    share = lambda flags: sum(flags) / len(flags)
    rates = {
        "hand_over_to_delivery_beyond_48_hours": share(spans),
        "survey_mean_on_time": share(scores["on_time"]),
        "survey_mean_late": share(scores["late"]),
        "survey_late_2_or_less": share([score <= 2 for score in scores["late"]]),
        "survey_mean_undelivered": share(scores["undelivered"]),
        "survey_undelivered_2_or_less": share([score <= 2 for score in scores["undelivered"]]),
    }
    return counts, facts, proof, rates


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    folder = here.parent / "shared/data/olist/dev"
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there; name the folder of the Olist files")
    counts, facts, proof, rates = count(folder)
    differs = {
        name: {"listed": listed, "counted": counts[name], "for_example": proof[name]}
        for name, listed in LISTED.items() if counts[name] != listed
    }
    # Proof of a count of orders without items: all of them by status, which add up to the total.
    if "orders_without_items_delivered" in differs:
        differs["orders_without_items_delivered"]["by_status"] = {
            name.removeprefix("orders_without_items_"): number for name, number in counts.items()
            if name.removeprefix("orders_without_items_") in STATUSES}
    for name, listed in LISTED_RATES.items():
        digits = 2 if listed > 1 else 3
        if round(rates[name], digits) != listed:
            differs[name] = {"listed": listed, "counted": rates[name]}
    print(json.dumps({"counts": counts, "rates": rates, "facts": facts, "listed": LISTED,
                      "differs": differs}, indent=2, sort_keys=True))


if __name__ == "__main__":
    main()

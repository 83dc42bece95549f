#pragma once

#include "modules/orders/order.hpp"

/// How an order ends and how that is taken back: cancelling, completing, their deadlines, and what
/// was asked of others.
namespace cairn::orders {

void end_cancel_request(Order& order);
/// A fact that says what became of a request ends it.
void end_requests(Order& order, const model::Event& event);
void open_request(Order& order, const model::Event& event);
/// One who must agree does; with the last of them the request has ended.
void approve_request(Order& order, const model::Event& event);
void refuse_request(Order& order, const model::Event& event);
/// Keeps in mind what somebody must be able to prove: what staff did in the customer's name.
void ask_for_evidence(Order& order, const model::Event& event);
void cancel(Order& order, const model::Event& event);
void reinstate(Order& order, const model::Event& event);
void recall(Order& order);
void extend_receipt(Order& order, const model::Event& event);
void extend_balance(Order& order, const model::Event& event);
void complete(Order& order, const model::Event& event);
void uncomplete(Order& order, const model::Event& event);
void inspect(Order& order, const model::Event& event);

}  // namespace cairn::orders

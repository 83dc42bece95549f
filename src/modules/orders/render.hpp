#pragma once

#include <functional>

#include "core/history.hpp"
#include "core/sealing.hpp"
#include "json/writer.hpp"
#include "modules/orders/rows.hpp"

/// Orders as JSON, in the shapes of api/openapi.yaml.
namespace cairn::orders {

/// For whom and with what something is shown.
struct Viewer {
  model::Role role = model::Role::Manager;
  const Context* context = nullptr;
  const core::Sealer* sealer = nullptr;
  Time now;
};

/// Status: at most 512 bytes, nothing personal, the same for all who may see it.
void append_status(std::string& out, const Row& row, const Context& context, Time now);
/// OrderRow of lists and board.
void write_row(json::Writer& out, const Row& row, const Names& names, const Viewer& viewer);
/// Order. `key_slot` is the key of its personal fields.
void write_order(json::Writer& out, const Order& order, const Row& row, ports::KeySlot key_slot,
                 const Viewer& viewer);
/// TimelinePage over all records of the order, newest last.
void write_timeline(json::Writer& out, const Order& order,
                    std::span<const core::StoredRecord> history, std::uint64_t version,
                    const Viewer& viewer);
/// RawEvent: one event with its raw form and the other wordings of it. False: it is not here.
bool write_raw_event(json::Writer& out, const Order& order,
                     std::span<const core::StoredRecord> history, const model::Identity& wanted,
                     const Viewer& viewer);
/// CommandOffer for everything the lifecycle and the general commands know in this state.
void write_commands(json::Writer& out, const Order& order, const Viewer& viewer);

/// {buyer, receiver} in plain text, for somebody whose look was recorded.
void write_revealed(json::Writer& out, const Order& order, ports::KeySlot key_slot,
                    const core::Sealer& sealer);

/// Calls `visit(code, Conflict as JSON)` for every conflict.
void each_conflict(const Order& order,
                   const std::function<void(std::string_view, const std::string&)>& visit);
/// Names of the commands of lifecycle and open after-sale cases that `role` could give now.
std::vector<std::string> allowed_commands(const Order& order, model::Role role, Time now,
                                          const Context& context);

/// Board column, lane and so on, as the live stream says where an order went.
struct Summary {
  lifecycle::StateId state = 0;
  std::uint8_t lifecycle = 0;
  model::Category category = model::Category::Unconfirmed;
  model::Health health = model::Health::NoPromise;
  std::uint8_t milestone = 0xff;
  bool is_placed = false;
};
Bytes encode(const Summary& summary);
Summary decode_summary(BytesView bytes);
Summary summary_of(const Order& order, const Context& context);
/// StateRef.
void write_state_ref(json::Writer& out, const Summary& summary, const Context& context);

}  // namespace cairn::orders

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
  /// What people call a code of a vocabulary; empty: the code itself.
  std::function<lifecycle::Label(std::string_view vocabulary, std::string_view code)> word_of;

  lifecycle::Label word(std::string_view vocabulary, std::string_view code) const;
  /// Works for the organisation: sees what is written for its own people.
  bool is_staff() const;
};

/// Status: at most 512 bytes, nothing personal, the same for all who may see it. `told`: the health
/// that was told of an earlier state, where it is not that of the row.
void append_status(std::string& out, const Row& row, const Context& context, Time now,
                   std::optional<model::Health> told = {});
/// OrderRow of lists and board. `attributes` is JSON, left out where empty: rows have none.
void write_row(json::Writer& out, const Row& row, const Names& names, const Viewer& viewer,
               std::string_view attributes = {});
/// Those of `names` that the order as a whole has, as a JSON object; personal ones are left out.
std::string attributes_named(const Order& order, std::span<const std::string> names);
/// Order. `key_slot` is the key of its personal fields.
/// `history` is looked into for the sides of conflicts; without it they are not named.
void write_order(json::Writer& out, const Order& order, const Row& row, ports::KeySlot key_slot,
                 const Viewer& viewer, std::span<const model::Event> history = {});
/// Which part of a timeline is wanted.
struct TimelinePart {
  /// Where an item stands: time, rank among those of its moment, number of its record.
  using Place = std::tuple<std::int64_t, int, std::uint64_t>;
  std::size_t limit = 500;
  bool is_newest_first = false;
  std::optional<Place> after;
  Time known_at = Time::never();  ///< only what had been recorded by then
};
/// TimelinePage over the records of the order.
void write_timeline(json::Writer& out, const Order& order,
                    std::span<const core::StoredRecord> history, std::uint64_t version,
                    const Viewer& viewer, const TimelinePart& part = {});
/// RawEvent: one event with its raw form and the other wordings of it. False: it is not here.
bool write_raw_event(json::Writer& out, const Order& order,
                     std::span<const core::StoredRecord> history, const model::Identity& wanted,
                     const Viewer& viewer);
/// CommandOffer for everything the lifecycle and the general commands know in this state.
void write_commands(json::Writer& out, const Order& order, const Viewer& viewer);

/// {buyer, receiver} in plain text, for somebody whose look was recorded.
void write_revealed(json::Writer& out, const Order& order, ports::KeySlot key_slot,
                    const core::Sealer& sealer);

/// Conflict, with who says what. `history` holds all events of the order.
void write_conflict(json::Writer& out, const Order& order, const ConflictState& conflict,
                    std::span<const model::Event> history, const Context& context);
/// The fields of a command's body: Field of api/openapi.yaml.
void write_fields(json::Writer& out, model::EventType type, std::span<const std::string> needs,
                  const Viewer& viewer);
/// Code of the role whose turn it is. Of what is held, that is for the hold to say.
std::string_view next_owner(
    const lifecycle::CategoryRow& category,
    const std::function<void(const std::function<void(const lifecycle::Hold*)>&)>& each_hold);
/// What people call a command, wherever it is declared.
lifecycle::Label command_label(std::string_view command, const Context& context);
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
  std::uint8_t silent_requests = 0;  ///< at most 255
};
Bytes encode(const Summary& summary);
Summary decode_summary(BytesView bytes);
Summary summary_of(const Order& order, const Context& context);
/// StateRef.
void write_state_ref(json::Writer& out, const Summary& summary, const Context& context);

}  // namespace cairn::orders

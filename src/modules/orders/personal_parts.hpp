#pragma once

#include <optional>
#include <string>

#include "model/event.hpp"
#include "modules/orders/context.hpp"

namespace cairn::orders {

/// Moves attributes whose set says `x-personal` out of the open part of an event, before it is
/// counted and sealed, to a field that is sealed.
void part_personal(model::Event& event, const lifecycle::AttributeSets& sets);

/// A correction that gives another payload.
bool corrects_data(const model::Event& event);
/// Takes out of such a correction what is personal in a payload of `type`, for nobody who folds has
/// a key: it stays as it was told. Without a type, what is personal in any. Errors: Invalid, with
/// the pointer, where a command names somebody anew; masked forms, which a form that was filled in
/// comes back with, name nobody.
Result<void> part_correction(model::Event& event, std::optional<model::EventType> type);

/// What an attribute set calls personal, as JSON of one element of an order, masked.
std::string masked_attributes(std::string_view level, std::string_view attributes,
                              const lifecycle::AttributeSets& sets);

}  // namespace cairn::orders

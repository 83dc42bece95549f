#pragma once

#include <string>

#include "model/event.hpp"
#include "modules/orders/context.hpp"

namespace cairn::orders {

/// Moves what is personal out of the open parts of an event, before it is counted and sealed:
/// attributes whose set says `x-personal` go to a field that is sealed; a correction loses what may
/// be personal in what it corrects, which stays as it was first told. Whoever told it keeps it in
/// the raw form, sealed.
struct PersonalParts {
  bool is_lost = false;  ///< a correction said something that is not kept
  std::string pointer;   ///< to the first of it that is no masked form, "/data/signer"; or empty
};
PersonalParts part_personal(model::Event& event, const lifecycle::AttributeSets& sets);

/// What an attribute set calls personal, as JSON of one element of an order.
std::string masked_attributes(std::string_view level, std::string_view attributes,
                              const lifecycle::AttributeSets& sets);

}  // namespace cairn::orders

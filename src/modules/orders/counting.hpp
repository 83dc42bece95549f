#pragma once

#include "model/vocabulary.hpp"

namespace cairn::orders {

/// Whether the promise's clock runs: not for what is done, and not while it is paused.
constexpr bool is_counting(model::Health health) {
  return health != model::Health::Paused && health != model::Health::DoneOnTime &&
         health != model::Health::DoneLate;
}

}  // namespace cairn::orders

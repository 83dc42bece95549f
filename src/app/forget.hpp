#pragma once

#include <functional>

#include "app/attachments.hpp"
#include "app/installation.hpp"

namespace cairn::app {

/// What forgetting an order came to.
struct Forgotten {
  model::OrderId order;
  std::size_t keys = 0;   ///< destroyed: its own, and those of numbers that are only its
  std::size_t files = 0;  ///< removed: attachments that no other order has
};

/// Destroys the key of an order's personal data and removes its attachments, after the order's log
/// says who had it done. The cluster must be running; `done` is called on a shard's thread, or at
/// once. Doing it again is no error and finishes what was broken off. Errors: NotFound, Busy, Io.
void forget(Installation& installation, Attachments& attachments, const model::OrderId& order,
            const model::Origin& by, Time now, std::function<void(Result<Forgotten>)> done);

}  // namespace cairn::app

#pragma once

#include <optional>

#include "model/event.hpp"

namespace cairn::model {

/// An event as the edge understood it, before it is known which aggregate it belongs to. It names
/// an order by Cairn's id, or by a reference that some order claims, or will. Exactly one is set.
struct Told {
  Event event;
  std::optional<OrderId> order;
  std::optional<Reference> reference;

  ports::AggregateKey address() const {
    return order ? order_key(*order) : reference_key(*reference);
  }
};

}  // namespace cairn::model

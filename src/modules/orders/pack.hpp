#pragma once

#include "modules/orders/order.hpp"
#include "modules/orders/reference.hpp"

namespace cairn::orders {

/// States in few bytes, for orders that nobody is asking about (docs/adr/0005). Memory of this
/// process only: pointers into the definitions are kept as they are. Of a structure only those
/// members are told that differ from a fresh one's, times as the distance to the one before, a text
/// that was told before by its number. What `pack` appended to `out`, `unpack` gives back exactly,
/// but for the key, which whoever keeps the bytes knows.
void pack(const Order& order, Bytes& out);
void pack(const ReferenceState& reference, Bytes& out);

/// `state` is fresh.
void unpack(BytesView packed, Order& state);
void unpack(BytesView packed, ReferenceState& state);

}  // namespace cairn::orders

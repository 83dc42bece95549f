#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "ports/record.hpp"

namespace cairn::model {

struct IdentityTag;
/// Who an event is: 16 bytes of SHA-256 over (source, its id), or over the fields its mapping names
/// (DESIGN §2, "Identity and quantity").
using Identity = FixedBytes<16, IdentityTag>;

struct OrderIdTag;
/// 80 bits of SHA-256; shown as sixteen letters of Crockford's base 32 in lower case.
using OrderId = FixedBytes<10, OrderIdTag>;

inline constexpr std::uint8_t kOrderKind = 1;
inline constexpr std::uint8_t kReferenceKind = 2;

std::string to_text(const OrderId& id);
/// Accepts upper case too, and the letters people misread: i, l → 1, o → 0. Errors: Invalid.
Result<OrderId> parse_order_id(std::string_view text);

/// SHA-256("<source>\n<order number>").
OrderId order_id_of(std::string_view source, std::string_view number);
/// SHA-256("<principal>\n<Idempotency-Key>\nkey"): a retry without a number meets the same order.
OrderId order_id_of_key(std::string_view principal, std::string_view idempotency_key);
ports::AggregateKey order_key(const OrderId& id);
OrderId order_of(const ports::AggregateKey& key);

/// SHA-256("<source>\n<id>").
Identity identity_of(std::string_view source, std::string_view id);

/// A name by which another system knows an order, a package or a line.
struct Reference {
  std::string scheme;  ///< "order", "tracking", "po", "token" …
  std::string issuer;  ///< carrier, shop or system whose number it is; may be empty
  std::string value;   ///< normalised: half width, no blanks, upper case
  friend auto operator<=>(const Reference&, const Reference&) = default;
};
/// Half width, no blanks or invisible signs at all, upper case (tokens stay as they are).
std::string normalise_reference(std::string_view scheme, std::string_view value);
ports::AggregateKey reference_key(const Reference& reference);

}  // namespace cairn::model

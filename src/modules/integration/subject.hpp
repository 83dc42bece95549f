#pragma once

#include <string_view>

#include "model/told.hpp"
#include "modules/integration/source.hpp"

namespace cairn::integration {

inline constexpr std::size_t kAttributeBytesMax = 300;

/// Who an event is about.
struct Address {
  std::optional<model::OrderId> order;
  std::optional<model::Reference> reference;
  std::string order_no;  ///< as told, where an order was named by its number
};

/// "order:<number>", "cairn:<id>" or "<scheme>[/<issuer>]:<value>". An order number becomes the id
/// of the source's order with that number, and stays as a reference beside it.
/// Errors: Invalid with /subject and how to write it.
Result<Address> parse_subject(std::string_view subject, const SourceDefinition& source);
Address address_of_number(std::string_view number, const SourceDefinition& source);
/// Errors: Invalid: scheme or value missing, too long, or with signs that have no place there.
Result<Address> address_of_reference(std::string_view scheme, std::string_view issuer,
                                     std::string_view value);

}  // namespace cairn::integration

#pragma once

#include <span>
#include <string_view>

#include "http/message.hpp"

namespace cairn::app {

/// What may stand in a query parameter, for those that say it in one way wherever they occur.
struct ParameterRow {
  enum class Kind : std::uint8_t { Text, Flag };
  std::string_view name;
  Kind kind = Kind::Text;
  std::size_t characters_max = 0;  ///< of a text, decoded
};
/// As api/openapi.yaml says; a test compares the two.
std::span<const ParameterRow> parameter_table();

/// Errors: Invalid with the pointer "/<name>": a parameter of the table, or the Idempotency-Key, is
/// not what it may be.
Result<void> check_parameters(const http::Request& request);

/// The parameter where it is one of `allowed`; empty where it is absent. Errors: Invalid.
Result<std::string> choice_of(const http::Request& request, std::string_view name,
                              std::span<const std::string_view> allowed);

/// `limit` of a list. Errors: Invalid.
Result<std::size_t> limit_of(const http::Request& request, std::size_t normal, std::size_t most,
                             std::size_t least = 1);

}  // namespace cairn::app

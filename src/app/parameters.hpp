#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "http/message.hpp"
#include "model/vocabulary.hpp"

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

/// What stands between the commas of a parameter, without blanks around it and without empty ones.
std::vector<std::string> codes_of(const http::Request& request, std::string_view name);

/// A bit for every code of E that the parameter names; 0 where it names none. Errors: Invalid, with
/// the codes there are.
template <typename E>
Result<std::uint32_t> bits_of(const http::Request& request, std::string_view name) {
  std::uint32_t bits = 0;
  for (const auto& code : codes_of(request, name)) {
    const auto known = model::from_name<E>(code);
    if (!known)
      return fail(
          ErrorCode::Invalid,
          fmt::format("\"{}\" is none of: {}", code, fmt::join(model::Names<E>::all(), ", ")),
          fmt::format("/{}", name));
    bits |= 1u << static_cast<unsigned>(*known);
  }
  return bits;
}

/// `limit` of a list. Errors: Invalid.
Result<std::size_t> limit_of(const http::Request& request, std::size_t normal, std::size_t most,
                             std::size_t least = 1);

}  // namespace cairn::app

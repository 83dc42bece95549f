#include "app/parameters.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"

namespace cairn::app {
namespace {

constexpr std::size_t kCodes = 500, kPosition = 500, kNumber = 200, kKey = 200;
using enum ParameterRow::Kind;
constexpr auto kTable = std::to_array<ParameterRow>({
    {"after", Text, kPosition},
    {"cursor", Text, kPosition},
    {"reference", Text, 300},
    {"numbers", Text, 8'000},
    {"id", Text, 4'000},
    {"q", Text, 200},
    {"lifecycle", Text, kCodes},
    {"state", Text, kCodes},
    {"category", Text, kCodes},
    {"health", Text, kCodes},
    {"lane", Text, kCodes},
    {"shop", Text, kCodes},
    {"source", Text, kCodes},
    {"warehouse", Text, kCodes},
    {"supplier", Text, kCodes},
    {"carrier", Text, kCodes},
    {"tag", Text, kCodes},
    {"flag", Text, kCodes},
    {"hold", Text, kCodes},
    {"badge", Text, kCodes},
    {"party", Text, kNumber},
    {"name", Text, kNumber},
    {"actor", Text, kNumber},
    {"attributes", Text, 1'000},
    {"code", Text, 40},
    {"has_after_sale", Flag},
    {"open", Flag},
    {"closed", Flag},
    {"newest", Flag},
    {"settled", Flag},
});

std::size_t characters_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::unexpected<Error> wrong(std::string message, std::string_view name) {
  return fail(ErrorCode::Invalid, std::move(message), fmt::format("/{}", name));
}

}  // namespace

std::span<const ParameterRow> parameter_table() { return kTable; }

Result<void> check_parameters(const http::Request& request) {
  bool is_key_wrong = false;
  request.each_header([&](std::string_view name, std::string_view value) {
    if (http::is_same_ignoring_case(name, "idempotency-key"))
      is_key_wrong = is_key_wrong || value.empty() || characters_of(value) > kKey;
  });
  if (is_key_wrong)
    return wrong(fmt::format("expected 1 to {} characters", kKey), "Idempotency-Key");
  if (request.query_text.empty()) return {};
  for (const auto& row : kTable) {
    const auto value = request.query(row.name);
    if (!value) continue;
    if (row.kind == Flag && *value != "true" && *value != "false")
      return wrong("expected true or false", row.name);
    if (row.kind == Text && characters_of(*value) > row.characters_max)
      return wrong(fmt::format("longer than {} characters", row.characters_max), row.name);
  }
  return {};
}

Result<std::string> choice_of(const http::Request& request, std::string_view name,
                              std::span<const std::string_view> allowed) {
  auto value = request.query(name);
  if (!value) return std::string();
  if (!contains(allowed, std::string_view(*value)))
    return wrong(fmt::format("expected one of {}", fmt::join(allowed, ", ")), name);
  return *std::move(value);
}

std::vector<std::string> codes_of(const http::Request& request, std::string_view name) {
  std::vector<std::string> out;
  if (const auto text = request.query(name))
    for (const auto part : split(*text, ','))
      if (!trim(part).empty()) out.emplace_back(trim(part));
  return out;
}

Result<std::size_t> limit_of(const http::Request& request, std::size_t normal, std::size_t most,
                             std::size_t least) {
  const auto text = request.query("limit");
  if (!text) return normal;
  const auto limit = parse_number<std::size_t>(*text);
  if (!limit || *limit > most || *limit < least)
    return wrong(fmt::format("expected {} to {}", least, most), "limit");
  return *limit;
}

}  // namespace cairn::app

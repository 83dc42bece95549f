#include "modules/integration/subject.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cairn::integration {
namespace {

constexpr std::size_t kSchemeBytesMax = 32;
constexpr std::size_t kValueBytesMax = 200;

bool is_scheme(std::string_view text) {
  return !text.empty() && text.size() <= kSchemeBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

std::unexpected<Error> bad_subject(std::string_view subject, std::string_view why) {
  return fail(
      ErrorCode::Invalid,
      fmt::format("subject \"{}\" {}; write order:<number>, cairn:<order id> or a reference "
                  "such as tracking/zto:73100000000001",
                  utf8_prefix(subject, 64), why),
      "/subject");
}

}  // namespace

Address address_of_number(std::string_view number, const SourceDefinition& source) {
  Address out;
  out.order_no = number;
  out.order = source.order_id(number);
  out.reference = model::Reference{"order", source.order_namespace,
                                   model::normalise_reference("order", number)};
  return out;
}

Result<Address> address_of_reference(std::string_view scheme, std::string_view issuer,
                                     std::string_view value) {
  const auto bad = [&](std::string_view why, const char* pointer) {
    return fail(ErrorCode::Invalid, std::string(why), pointer);
  };
  if (!is_scheme(scheme))
    return bad("the scheme of a reference is at most 32 of a-z, 0-9 and _, such as tracking or po",
               "/reference/scheme");
  if (issuer.size() > kValueBytesMax || has_control(issuer))
    return bad("the issuer of a reference is at most 200 bytes without control characters",
               "/reference/issuer");
  model::Reference reference{std::string(scheme), std::string(issuer),
                             model::normalise_reference(scheme, value)};
  if (reference.value.empty() || value.size() > kValueBytesMax || has_control(value))
    return bad("the value of a reference is 1 to 200 bytes without control characters",
               "/reference/value");
  Address out;
  out.reference = std::move(reference);
  return out;
}

Result<Address> parse_subject(std::string_view subject, const SourceDefinition& source) {
  if (subject.size() > kAttributeBytesMax) return bad_subject(subject, "is longer than 300 bytes");
  const std::size_t colon = subject.find(':');
  if (colon == subject.npos) return bad_subject(subject, "does not say what kind of number it is");
  std::string_view scheme = subject.substr(0, colon);
  const std::string_view value = trim(subject.substr(colon + 1));
  if (value.empty()) return bad_subject(subject, "has no number after the colon");
  if (has_control(value)) return bad_subject(subject, "has control characters");
  if (scheme == "order") return address_of_number(value, source);
  if (scheme == "cairn") {
    auto id = model::parse_order_id(value);
    if (!id) {
      id.error().pointer = "/subject";
      return std::unexpected(std::move(id).error());
    }
    Address out;
    out.order = *id;
    return out;
  }
  std::string_view issuer;
  if (const std::size_t slash = scheme.find('/'); slash != scheme.npos) {
    issuer = scheme.substr(slash + 1);
    scheme = scheme.substr(0, slash);
  }
  auto address = address_of_reference(scheme, issuer, value);
  if (!address) return bad_subject(subject, "is no reference: " + address.error().message);
  return address;
}

}  // namespace cairn::integration

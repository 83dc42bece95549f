#include "model/identity.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "crypto/hash.hpp"

namespace cairn::model {
namespace {

constexpr std::string_view kCrockford = "0123456789abcdefghjkmnpqrstvwxyz";

/// By letter in either case; i and l are read as 1, o as 0; 0xff is none.
constexpr auto kCrockfordValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xff);
  const auto put = [&](char letter, std::size_t value) {
    values[static_cast<unsigned char>(letter)] = static_cast<std::uint8_t>(value);
    if (letter >= 'a')
      values[static_cast<unsigned char>(letter - 32)] = values[static_cast<unsigned char>(letter)];
  };
  for (std::size_t i = 0; i < kCrockford.size(); ++i) put(kCrockford[i], i);
  put('i', 1), put('l', 1), put('o', 0);
  return values;
}();

template <typename Id>
Id hash_of(std::initializer_list<std::string_view> parts) {
  crypto::Sha256 hash;
  bool is_empty = true;
  for (const auto part : parts) {
    if (!is_empty) hash.update("\n");
    hash.update(part);
    is_empty = is_empty && part.empty();
  }
  const auto digest = hash.finish();
  return Id::from({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

std::string to_text(const OrderId& id) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t b : id.data) {
    bits = bits << 8 | b;
    for (count += 8; count >= 5; count -= 5) out += kCrockford[bits >> (count - 5) & 31];
  }
  return out;
}

Result<OrderId> parse_order_id(std::string_view text) {
  OrderId out;
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t at = 0;
  if (text.size() == 16) {
    for (const char letter : text) {
      const auto value = kCrockfordValues[static_cast<unsigned char>(letter)];
      if (value == 0xff) break;
      bits = bits << 5 | value;
      count += 5;
      if (count >= 8) {
        count -= 8;
        out.data[at++] = static_cast<std::uint8_t>(bits >> count);
      }
    }
  }
  if (at != out.data.size())
    return fail(ErrorCode::Invalid,
                fmt::format("\"{}\" is not an order id: expected sixteen letters and digits such "
                            "as 2h7k9qpx4mzt0vab; look an order up by its number with "
                            "/v1/orders?reference=order:<number>",
                            utf8_prefix(text, 40)));
  return out;
}

OrderId order_id_of(std::string_view source, std::string_view number) {
  return hash_of<OrderId>({source, number});
}
OrderId order_id_of_key(std::string_view principal, std::string_view idempotency_key) {
  return hash_of<OrderId>({principal, idempotency_key, "key"});
}
ports::AggregateKey order_key(const OrderId& id) {
  return {kOrderKind, ports::AggregateId::from(id.view())};
}
OrderId order_of(const ports::AggregateKey& key) { return OrderId::from(key.id.view()); }

Identity identity_of(std::string_view source, std::string_view id) {
  return hash_of<Identity>({source, id});
}

std::string normalise_reference(std::string_view scheme, std::string_view value) {
  std::string out;
  for (const char c : to_half_width(value)) {
    if (static_cast<unsigned char>(c) <= ' ') continue;
    out += scheme != "token" && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

ports::AggregateKey reference_key(const Reference& reference) {
  // Who scans a number often does not say whose it is: carriers' numbers are one aggregate whatever
  // the issuer, and the claims on it are told apart by carrier.
  const std::string_view issuer =
      reference.scheme == "tracking" ? std::string_view() : std::string_view(reference.issuer);
  return {kReferenceKind, hash_of<ports::AggregateId>({reference.scheme, issuer, reference.value})};
}

}  // namespace cairn::model

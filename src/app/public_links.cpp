#include "app/public_links.hpp"

#include "crypto/hash.hpp"

namespace cairn::app {
namespace {

constexpr std::size_t kSecretSize = 16;
constexpr std::size_t kTokenSize = kSecretSize + 4;  ///< and the hour it ends, little-endian

}  // namespace

Result<PublicLinks> PublicLinks::open_with(ports::Keys& keys) {
  CAIRN_TRY(const auto key, keys.installation_key("links"));
  return PublicLinks(key);
}

PublicLinks::Link PublicLinks::make(const model::OrderId& order, const model::Identity& command,
                                    Time expires) const {
  const auto hour = static_cast<std::uint32_t>((expires.us + hours(1).us - 1) / hours(1).us);
  Bytes message;
  ByteWriter w(message);
  w.raw(order.data.data(), order.size());
  w.raw(command.data.data(), command.size());
  w.u32(hour);
  const BytesView key(reinterpret_cast<const char*>(key_.data()), key_.size());
  Bytes token(crypto::view(crypto::hmac_sha256(key, message)).substr(0, kSecretSize));
  ByteWriter(token).u32(hour);
  return {to_base64url(token), Time{hours(hour).us}};
}

model::Reference PublicLinks::reference_of(std::string_view token) {
  const auto hash = to_hex(crypto::view(crypto::sha256(token)));
  return {std::string(kScheme), "", model::normalise_reference(kScheme, hash)};
}

Time PublicLinks::expires_at(std::string_view token) {
  const auto bytes = from_base64url(token);
  if (!bytes || bytes->size() != kTokenSize) return Time::none();
  ByteReader r(BytesView(*bytes).substr(kSecretSize));
  return Time{hours(r.u32()).us};
}

}  // namespace cairn::app

#include "crypto/sealed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/hash.hpp"

namespace cairn::crypto {
namespace {

constexpr std::uint8_t kVersion = 1;

Bytes header_of(std::uint16_t field, BytesView associated) {
  Bytes header;
  header.reserve(7 + associated.size());
  ByteWriter out(header);
  out.u8(kVersion);
  out.u16(field);
  out.u32(static_cast<std::uint32_t>(associated.size()));
  out.raw(associated.data(), associated.size());
  return header;
}

}  // namespace

Bytes seal(const Key& key, std::uint16_t field, BytesView associated, BytesView plain) {
  const Bytes header = header_of(field, associated);
  HmacSha256 hmac(view(key));
  hmac.update(header);
  hmac.update(plain);
  const Digest digest = hmac.finish();
  Nonce nonce;
  std::copy_n(digest.begin(), nonce.size(), nonce.begin());
  const Bytes text = aead_seal(key, nonce, header, plain);
  Bytes out;
  out.reserve(1 + nonce.size() + text.size());
  out.push_back(static_cast<char>(kVersion));
  out.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  out.append(text);
  return out;
}

Result<Bytes> open(const Key& key, std::uint16_t field, BytesView associated, BytesView sealed) {
  if (sealed.size() < kSealedOverhead)
    return fail(ErrorCode::Damaged, fmt::format("a sealed text has {} bytes; expected at least {}",
                                                sealed.size(), kSealedOverhead));
  if (static_cast<std::uint8_t>(sealed[0]) != kVersion)
    return fail(ErrorCode::Damaged,
                fmt::format("a sealed text has version {}; this program reads version {}",
                            static_cast<std::uint8_t>(sealed[0]), kVersion));
  Nonce nonce;
  std::copy_n(sealed.begin() + 1, nonce.size(), nonce.begin());
  return aead_open(key, nonce, header_of(field, associated), sealed.substr(1 + nonce.size()));
}

}  // namespace cairn::crypto

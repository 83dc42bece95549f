// OpenSSL 3 marks the direct SHA-256 functions as deprecated in favour of EVP. For the short
// messages hashed here (identities, chains, seals) they take a quarter less time than EVP with a
// fetched digest and a kept context, and allocate nothing, so a hash is a plain value.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.hpp"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/random.h>

#include <cstring>

#include "base/check.hpp"

namespace cairn::crypto {
namespace {

constexpr std::size_t kBlock = 64;

static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= 8);

SHA256_CTX* context(std::array<std::uint8_t, 112>& state) {
  return reinterpret_cast<SHA256_CTX*>(state.data());
}

}  // namespace

Sha256::Sha256() { SHA256_Init(context(state_)); }

void Sha256::update(BytesView data) { SHA256_Update(context(state_), data.data(), data.size()); }

Digest Sha256::finish() {
  Digest out;
  SHA256_Final(out.data(), context(state_));
  SHA256_Init(context(state_));
  return out;
}

Digest sha256(BytesView data) {
  Sha256 hash;
  hash.update(data);
  return hash.finish();
}

HmacSha256::HmacSha256(BytesView key) {
  Digest short_key;
  if (key.size() > kBlock) {
    short_key = sha256(key);
    key = view(short_key);
  }
  std::array<char, kBlock> pad{};
  if (!key.empty()) std::memcpy(pad.data(), key.data(), key.size());
  for (char& c : pad) c = static_cast<char>(c ^ 0x36);
  inner_start_.update({pad.data(), pad.size()});
  for (char& c : pad) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
  outer_start_.update({pad.data(), pad.size()});
  inner_ = inner_start_;
  OPENSSL_cleanse(pad.data(), pad.size());
  OPENSSL_cleanse(short_key.data(), short_key.size());
}

Digest HmacSha256::finish() {
  const Digest inner = inner_.finish();
  inner_ = inner_start_;
  Sha256 outer = outer_start_;
  outer.update(view(inner));
  return outer.finish();
}

Digest hmac_sha256(BytesView key, BytesView data) {
  HmacSha256 hmac(key);
  hmac.update(data);
  return hmac.finish();
}

Bytes hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t size) {
  CAIRN_CHECK(size <= 255 * sizeof(Digest));
  const Digest pseudorandom_key = hmac_sha256(salt, key);
  HmacSha256 hmac(view(pseudorandom_key));
  Bytes out;
  Digest block;
  for (std::uint8_t counter = 1; out.size() < size; ++counter) {
    if (counter > 1) hmac.update(view(block));
    hmac.update(info);
    hmac.update({reinterpret_cast<const char*>(&counter), 1});
    block = hmac.finish();
    out.append(view(block).substr(0, size - out.size()));
  }
  return out;
}

bool equal_in_constant_time(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void random_bytes(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    CAIRN_CHECK(got > 0 || errno == EINTR);
    if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace cairn::crypto

#include "crypto/aead.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <limits>
#include <memory>

#include "base/check.hpp"

namespace cairn::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

/// Fetched once: looking the cipher up costs more than sealing a name does.
EVP_CIPHER* cipher() {
  static EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return fetched;
}

EVP_CIPHER_CTX* context_of_thread() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  return context.get();
}

const unsigned char* data_of(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* data_of(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

/// OpenSSL counts in int; what Cairn seals is smaller by far.
int size_of(BytesView bytes) {
  CAIRN_CHECK(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(bytes.size());
}

}  // namespace

Bytes aead_seal(const Key& key, const Nonce& nonce, BytesView associated, BytesView plain) {
  EVP_CIPHER_CTX* const context = context_of_thread();
  Bytes out(plain.size() + kTagSize, '\0');
  int written = 0;
  CAIRN_CHECK(EVP_EncryptInit_ex2(context, cipher(), key.data(), nonce.data(), nullptr) == 1);
  if (!associated.empty())
    CAIRN_CHECK(EVP_EncryptUpdate(context, nullptr, &written, data_of(associated),
                                  size_of(associated)) == 1);
  if (!plain.empty())
    CAIRN_CHECK(
        EVP_EncryptUpdate(context, data_of(out), &written, data_of(plain), size_of(plain)) == 1);
  unsigned char* const end = data_of(out) + plain.size();
  CAIRN_CHECK(EVP_EncryptFinal_ex(context, end, &written) == 1);
  CAIRN_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, end) == 1);
  return out;
}

Result<Bytes> aead_open(const Key& key, const Nonce& nonce, BytesView associated,
                        BytesView sealed) {
  if (sealed.size() < kTagSize)
    return fail(ErrorCode::Damaged, "a sealed text is shorter than its tag of 16 bytes");
  EVP_CIPHER_CTX* const context = context_of_thread();
  const BytesView text = sealed.substr(0, sealed.size() - kTagSize);
  Bytes tag(sealed.substr(text.size()));
  Bytes out(text.size(), '\0');
  int written = 0;
  CAIRN_CHECK(EVP_DecryptInit_ex2(context, cipher(), key.data(), nonce.data(), nullptr) == 1);
  if (!associated.empty())
    CAIRN_CHECK(EVP_DecryptUpdate(context, nullptr, &written, data_of(associated),
                                  size_of(associated)) == 1);
  if (!text.empty())
    CAIRN_CHECK(EVP_DecryptUpdate(context, data_of(out), &written, data_of(text), size_of(text)) ==
                1);
  CAIRN_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, data_of(tag)) == 1);
  if (EVP_DecryptFinal_ex(context, data_of(tag), &written) != 1) {
    wipe(out.data(), out.size());
    return fail(ErrorCode::Damaged,
                "a sealed text does not open: its bytes, its place or its key are not the ones it "
                "was sealed with");
  }
  return out;
}

void wipe(void* secret, std::size_t size) { OPENSSL_cleanse(secret, size); }

}  // namespace cairn::crypto

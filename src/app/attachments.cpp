#include "app/attachments.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "crypto/sealed.hpp"

namespace cairn::app {
namespace {
constexpr std::uint16_t kField = 1;
constexpr std::uint64_t kSealedBytesMax = Attachments::kBytesMax + 1'024;  ///< with nonce and tag
}  // namespace

Result<Attachments> Attachments::open(ports::Storage& storage, std::string folder,
                                      ports::Keys& keys) {
  CAIRN_TRY(const auto key, keys.installation_key("attachments"));
  CAIRN_TRY_VOID(storage.make_folder(folder));
  return Attachments(storage, std::move(folder), key);
}

Result<std::string> Attachments::path_of(const std::string& hash) const {
  const auto bytes = from_hex(hash);
  if (!bytes || bytes->size() != 32 || hash != to_hex(*bytes))
    return fail(ErrorCode::Invalid, "expected a SHA-256 in 64 lower-case hex digits", "/hash");
  return fmt::format("{}/{}", folder_, hash);
}

Result<void> Attachments::put(const std::string& hash, BytesView bytes) {
  CAIRN_TRY(const auto path, path_of(hash));
  if (bytes.size() > kBytesMax)
    return fail(ErrorCode::TooLarge, fmt::format("an attachment has at most {} bytes; this has {}",
                                                 kBytesMax, bytes.size()));
  if (to_hex(crypto::view(crypto::sha256(bytes))) != hash)
    return fail(ErrorCode::Invalid, "the bytes have another SHA-256 than the path says", "/hash");
  CAIRN_TRY(const bool exists, storage_->exists(path));
  if (exists) return {};
  return ports::replace_file(*storage_, path, crypto::seal(key_, kField, hash, bytes));
}

Result<Bytes> Attachments::get(const std::string& hash) {
  CAIRN_TRY(const auto path, path_of(hash));
  CAIRN_TRY(const bool exists, storage_->exists(path));
  if (!exists) return fail(ErrorCode::NotFound, fmt::format("no attachment {}", hash));
  CAIRN_TRY(const auto sealed, ports::read_file(*storage_, path, kSealedBytesMax));
  return crypto::open(key_, kField, hash, sealed);
}

Result<void> Attachments::remove(const std::string& hash) {
  CAIRN_TRY(const auto path, path_of(hash));
  CAIRN_TRY(const bool exists, storage_->exists(path));
  if (!exists) return {};
  return storage_->remove(path);
}

}  // namespace cairn::app

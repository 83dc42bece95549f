#pragma once

#include <string>

#include "ports/keys.hpp"
#include "ports/storage.hpp"

namespace cairn::app {

/// The bytes of attachments, by their hash; events name only the hash. Files of a folder, sealed
/// under a key of the installation. Any thread. When the world fails nothing is kept half.
class Attachments {
 public:
  static constexpr std::size_t kBytesMax = 20 * 1024 * 1024;

  /// Errors: those of the key store and of making the folder.
  static Result<Attachments> open(ports::Storage& storage, std::string folder, ports::Keys& keys);

  /// Errors: Invalid (the bytes have another hash), TooLarge, DiskFull, Io.
  Result<void> put(const std::string& hash, BytesView bytes);
  /// Errors: NotFound, Damaged, Io.
  Result<Bytes> get(const std::string& hash);
  /// Repeating it is no error.
  Result<void> remove(const std::string& hash);

 private:
  Attachments(ports::Storage& storage, std::string folder, ports::KeyBytes key)
      : storage_(&storage), folder_(std::move(folder)), key_(key) {}
  Result<std::string> path_of(const std::string& hash) const;

  ports::Storage* storage_;
  std::string folder_;
  ports::KeyBytes key_;
};

}  // namespace cairn::app

#include "ports/storage.hpp"

#include <fmt/format.h>

namespace cairn::ports {

Result<Bytes> read_file(Storage& storage, const std::string& path, std::uint64_t bytes_max) {
  CAIRN_TRY(const auto file, storage.open(path, Storage::Mode::Existing));
  CAIRN_TRY(const auto size, file->size());
  if (size > bytes_max)
    return fail(ErrorCode::TooLarge,
                fmt::format("{} has {} bytes, at most {} are read", path, size, bytes_max));
  return file->read_at(0, size);
}

Result<void> write_file(Storage& storage, const std::string& path, BytesView bytes) {
  CAIRN_TRY(const auto file, storage.open(path, Storage::Mode::OpenOrCreate));
  CAIRN_TRY_VOID(file->truncate(0));
  CAIRN_TRY_VOID(file->write_at(0, bytes));
  return file->sync();
}

Result<void> replace_file(Storage& storage, const std::string& path, BytesView bytes) {
  const auto fresh = path + ".new";
  CAIRN_TRY_VOID(write_file(storage, fresh, bytes));
  return storage.rename(fresh, path);
}

}  // namespace cairn::ports

#pragma once

#include "ports/storage.hpp"

namespace cairn::system {

/// The file system of this machine. Keeps no state: any thread may call it, and one instance serves
/// the whole process. Whatever changes a folder (create, rename, remove) has fsynced that folder
/// when it returns. When the world fails: NotFound for a path that is not there, DiskFull for
/// ENOSPC and EDQUOT, Io for the rest; each message names the operation, the path and the reason.
class PosixStorage final : public ports::Storage {
 public:
  Result<std::unique_ptr<ports::File>> open(const std::string& path, Mode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
};

}  // namespace cairn::system

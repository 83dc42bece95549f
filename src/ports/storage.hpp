#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace cairn::ports {

/// A file opened for reading and writing at offsets. One thread at a time, except `read_at`.
class File {
 public:
  virtual ~File() = default;
  /// Reads up to `size` bytes; fewer only at the end of the file.
  virtual Result<Bytes> read_at(std::uint64_t offset, std::size_t size) = 0;
  /// Writes all bytes or fails (Io, DiskFull); after a failure any part of them may be there.
  virtual Result<void> write_at(std::uint64_t offset, BytesView bytes) = 0;
  /// fdatasync. After a failure nothing written since the last success may be believed.
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  /// Reserves room with posix_fallocate, so that later writes neither grow the file nor run out of
  /// disk. Errors: DiskFull.
  virtual Result<void> allocate(std::uint64_t size) = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
};

/// What Cairn needs from a file system. Production: adapters/system; memory and fault-injecting:
/// adapters/memory. Every operation that changes a directory is durable when it returns.
class Storage {
 public:
  virtual ~Storage() = default;
  enum class Mode { Existing, CreateNew, OpenOrCreate };
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;  ///< names, sorted
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<void> make_folder(const std::string& path) = 0;  ///< with its parents
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
};

/// All of a file. Errors: TooLarge when it has more than `bytes_max`, those of opening and reading.
Result<Bytes> read_file(Storage& storage, const std::string& path, std::uint64_t bytes_max);
/// A file of these bytes, synced. Broken off it may have any part of them: for files in a folder
/// that gets its name when all are there.
Result<void> write_file(Storage& storage, const std::string& path, BytesView bytes);
/// Same, written beside `path` and renamed: whoever opens `path`, whenever the process ends, finds
/// what was there before or all of `bytes`.
Result<void> replace_file(Storage& storage, const std::string& path, BytesView bytes);

}  // namespace cairn::ports

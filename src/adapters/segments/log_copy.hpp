#pragma once

#include <string>

#include "ports/storage.hpp"

namespace cairn::segments {

/// Copies the log of a shard into another folder as it was when `through` was its last record, byte
/// for byte, with the same chain; for backups. The log may be appended to, and records up to
/// `not_needed` may be dropped from it, meanwhile. `to` must be empty or not there. Errors: Damaged
/// when records between are missing, Io.
struct LogCopy {
  std::string from, to;  ///< folders
  std::uint32_t shard = 0;
  std::uint64_t not_needed = 0;  ///< the piles hold these
  std::uint64_t through = 0;
};
Result<void> copy_log(ports::Storage& storage, const LogCopy& copy);

}  // namespace cairn::segments

#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/installation.hpp"
#include "ports/key_values.hpp"

namespace cairn::app {

/// What a backup holds: a data folder as it was at one moment, which can be opened as one.
struct Backup {
  Time made;
  std::vector<std::uint64_t> numbers;  ///< by shard: the last record in it
  std::uint64_t bytes = 0;
};

/// How far a copy has come, in bytes; at its end both are the same.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Copies a data folder as it was when shard i had made record `numbers[i]` durable. The piles must
/// stand still meanwhile. `to` must not exist, or be empty. The key api.key is left out: it is the
/// machine's, and `serve` makes another where it is needed. Keys of orders are in it, wrapped: keep
/// a backup as safe as the data. Errors: Invalid (the folder is in use), Damaged, DiskFull, Io.
struct BackupSource {
  DataFolder& folder;
  Stores& stores;
  ports::KeyValues& tables;
  std::vector<std::uint64_t> numbers;
  Time now;
};
Result<Backup> back_up(const BackupSource& source, const std::string& to,
                       const CopyProgress& progress = {});

/// Makes a data folder of a backup. `to` must not exist, or be empty. Errors: NotFound, Invalid
/// (not a whole backup), DiskFull, Io.
Result<Backup> restore(const std::string& from, const std::string& to,
                       const CopyProgress& progress = {});

}  // namespace cairn::app

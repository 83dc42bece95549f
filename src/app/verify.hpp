#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/offline.hpp"

namespace cairn::app {

/// What `cairn verify` found in a data folder.
struct Verification {
  std::uint64_t shards = 0, orders = 0, references = 0, records = 0, events = 0, changes = 0;
  std::uint64_t log_records = 0, audit_files = 0, rows = 0, forgotten = 0;
  std::vector<std::string> faults;  ///< a sentence each, the first thousand
  std::uint64_t fault_count = 0;
};

/// Checks chains (log and audit files), piles (checksums and numbers), views (each row is what the
/// fold of its pile gives) and what was shown (the last change of each aggregate is what the fold
/// gives now for then). Nothing is written but what opening the folder does. `progress` gets done
/// and all aggregates. Errors: what could not even be read.
Result<Verification> verify(Offline& offline,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace cairn::app

#pragma once

#include <functional>
#include <vector>

#include "core/history.hpp"
#include "ports/log.hpp"
#include "ports/piles.hpp"

namespace cairn::app {

/// Everything the disk holds of one aggregate; valid during the call only.
struct StoredAggregate {
  ports::AggregateKey key;
  ports::Serial serial = 0;  ///< 0: in the log only
  std::span<const core::StoredRecord> records;
  BytesView row;          ///< of the view; empty where there is none
  bool has_tail = false;  ///< some records are in the log only, so the row is older than they
};

/// Visits every aggregate of a shard with all its records, those of the pile and those that only
/// the log holds yet. Errors: Damaged, Io, whatever the visitor returned.
Result<void> each_aggregate(ports::Log& log, ports::Piles& piles,
                            const std::function<Result<void>(const StoredAggregate&)>& visit);

}  // namespace cairn::app

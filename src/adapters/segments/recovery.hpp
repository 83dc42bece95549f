#pragma once

#include "adapters/segments/segment.hpp"

namespace cairn::segments {

/// What the operator has said about a damaged log: the first number that is given up.
using AcceptedLoss = std::optional<std::uint64_t>;

struct RecoveryInput {
  std::string folder;
  std::uint32_t shard = 0;
  /// The highest position of the shard's piles and views: records up to here were durable.
  std::uint64_t not_before = 0;
  AcceptedLoss accepted_loss;
};

/// What a folder of segments holds, as found; nothing on disk has been changed.
struct Recovered {
  std::vector<std::shared_ptr<Segment>> segments;  ///< oldest first; numbers without a gap
  std::vector<std::string> useless;                ///< files that hold no record which counts
  std::vector<std::string> set_aside;  ///< given up by the operator; to be kept under another name
  std::vector<std::string> spares;
  std::uint64_t generation_max = 0;
  std::uint64_t durable = 0;
  Digest chain{};
  std::uint64_t last_batch_offset = 0;  ///< in the newest segment; 0 when that has none
  bool has_cut = false;        ///< an unfinished batch lies behind the last one: it never counted
  bool needs_segment = false;  ///< the operator's cut: go on in a new segment only
};

/// Finds out what is durable. Errors: Io; Damaged when records that counted are missing or spoilt,
/// with the sentence that names the repair.
Result<Recovered> recover(ports::Storage& storage, const RecoveryInput& input);

}  // namespace cairn::segments

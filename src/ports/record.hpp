#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace cairn::ports {

/// What a record in the log is (DESIGN §2, "three kinds of record", and what the log itself keeps).
/// Values are on disk: never renumber.
enum class RecordType : std::uint8_t {
  Event = 1,    ///< an input of the fold
  Change = 2,   ///< an output that somebody could see
  Intent = 3,   ///< an effect that is owed; a letter is one
  Outcome = 4,  ///< what became of an intent
  Receipt = 5,  ///< the letters received from one shard, up to a number
  Refusal = 6,  ///< a command that was refused: kept for audit and for its repetition, never folded
  Wording = 7,  ///< a duplicate that said the same in other words; never folded
};

struct AggregateIdTag;
/// 16 bytes of SHA-256; an order's id uses the first ten (80 bits), the rest is zero.
using AggregateId = FixedBytes<16, AggregateIdTag>;

/// The address of an aggregate. `kind` is a module's number: 1 order, 2 reference, …
struct AggregateKey {
  std::uint8_t kind = 0;
  AggregateId id;
  friend constexpr auto operator<=>(const AggregateKey&, const AggregateKey&) = default;
};

/// One record. `number` is contiguous within its shard, from 1; 0 where it is not yet known.
struct Record {
  RecordType type = RecordType::Event;
  AggregateKey aggregate;
  std::uint64_t number = 0;
  Time recorded;
  BytesView body;
};

using RecordVisitor = std::function<Result<void>(const Record&)>;

}  // namespace cairn::ports

template <>
struct std::hash<cairn::ports::AggregateKey> {
  std::size_t operator()(const cairn::ports::AggregateKey& key) const {
    return key.id.hash() ^ (key.kind * 0x9e3779b97f4a7c15ull);
  }
};

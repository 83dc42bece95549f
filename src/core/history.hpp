#pragma once

#include <vector>

#include "model/event.hpp"
#include "ports/record.hpp"

namespace cairn::core {

/// Records of one aggregate as they lie in its pile. Each:
///   u8 type · varint number · i64 recorded µs · varint length · body
/// The aggregate is the pile's.
void append_record(Bytes& out, const ports::Record& record);

/// One record out of a pile; `body` points into the bytes it was read from.
struct StoredRecord {
  ports::RecordType type = ports::RecordType::Event;
  std::uint64_t number = 0;
  Time recorded;
  BytesView body;
};

/// Reads records, leaving out numbers not above the last one seen (the same records may stand in a
/// pile and in memory). Errors: Damaged.
Result<void> read_records(BytesView bytes, std::vector<StoredRecord>& out);

/// Only the events among them, decoded.
Result<std::vector<model::Event>> events_of(std::span<const StoredRecord> records,
                                            const ports::AggregateKey& key);

/// Body of a Change record, version 1: u8 version · varint number of the change (1, 2, …) ·
/// 16 identity of the cause (zero: its time came) · bytes was · bytes is.
struct Change {
  std::uint64_t version = 0;
  model::Identity cause;
  Bytes was, is;
};
Bytes encode(const Change& change);
Result<Change> decode_change(BytesView body);

/// Body of a Refusal record, version 1: u8 version · 16 identity · u32 digest · u8 error code ·
/// i64 when · u8 role · bytes command · bytes source · bytes actor · bytes ip · bytes request ·
/// bytes message · bytes pointer.
struct Refusal {
  model::Identity identity;
  std::uint32_t digest = 0;
  Error error;
  Time at;
  std::string command;
  model::Origin origin;
};
/// True for a refusal that is an answer: kept for the repetition of its command. A body that could
/// not be read is none, so that it can be mended and sent again under the same key.
constexpr bool is_decision(ErrorCode code) {
  return code != ErrorCode::Invalid && code != ErrorCode::Malformed && code != ErrorCode::TooLarge;
}
Bytes encode(const Refusal& refusal);
Result<Refusal> decode_refusal(BytesView body);

}  // namespace cairn::core

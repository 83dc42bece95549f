#include "core/history.hpp"

namespace cairn::core {
namespace {
constexpr std::uint8_t kVersion = 1;
std::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::Damaged, std::string("a ") + what +
                                      " cannot be read; run cairn verify to see how far it goes");
}
}  // namespace

void append_record(Bytes& out, const ports::Record& record) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(record.type));
  w.varint(record.number);
  w.i64(record.recorded.us);
  w.bytes(record.body);
}

Result<void> read_records(BytesView bytes, std::vector<StoredRecord>& out) {
  ByteReader r(bytes);
  std::uint64_t last = out.empty() ? 0 : out.back().number;
  while (!r.at_end()) {
    StoredRecord record;
    record.type = static_cast<ports::RecordType>(r.u8());
    record.number = r.varint();
    record.recorded.us = r.i64();
    record.body = r.bytes();
    if (r.failed()) return damaged("pile");
    if (record.number <= last) continue;
    last = record.number;
    out.push_back(record);
  }
  return {};
}

Result<std::vector<model::Event>> events_of(std::span<const StoredRecord> records,
                                            const ports::AggregateKey& key) {
  std::vector<model::Event> out;
  for (const auto& record : records) {
    if (record.type != ports::RecordType::Event) continue;
    CAIRN_TRY(auto event,
              model::decode_event({record.type, key, record.number, record.recorded, record.body}));
    out.push_back(std::move(event));
  }
  return out;
}

Bytes encode(const Change& change) {
  Bytes out;
  out.reserve(48 + change.was.size() + change.is.size());
  ByteWriter w(out);
  w.u8(kVersion);
  w.varint(change.version);
  w.raw(change.cause.data.data(), change.cause.size());
  w.bytes(change.was);
  w.bytes(change.is);
  return out;
}

Result<Change> decode_change(BytesView body) {
  ByteReader r(body);
  Change change;
  if (r.u8() != kVersion) return damaged("change record");
  change.version = r.varint();
  change.cause = model::Identity::from(r.take(16));
  change.was = r.bytes();
  change.is = r.bytes();
  if (r.failed()) return damaged("change record");
  return change;
}

Bytes encode(const Refusal& refusal) {
  Bytes out;
  ByteWriter w(out);
  w.u8(kVersion);
  w.raw(refusal.identity.data.data(), refusal.identity.size());
  w.u32(refusal.digest);
  w.u8(static_cast<std::uint8_t>(refusal.error.code));
  w.i64(refusal.at.us);
  w.u8(static_cast<std::uint8_t>(refusal.origin.role));
  for (const std::string* text :
       {&refusal.command, &refusal.origin.source, &refusal.origin.actor, &refusal.origin.ip,
        &refusal.origin.request, &refusal.error.message, &refusal.error.pointer})
    w.bytes(*text);
  return out;
}

Result<Refusal> decode_refusal(BytesView body) {
  ByteReader r(body);
  Refusal refusal;
  if (r.u8() != kVersion) return damaged("refusal record");
  refusal.identity = model::Identity::from(r.take(16));
  refusal.digest = r.u32();
  refusal.error.code = static_cast<ErrorCode>(r.u8());
  refusal.at.us = r.i64();
  refusal.origin.role = static_cast<model::Role>(r.u8());
  for (std::string* text :
       {&refusal.command, &refusal.origin.source, &refusal.origin.actor, &refusal.origin.ip,
        &refusal.origin.request, &refusal.error.message, &refusal.error.pointer})
    *text = r.bytes();
  if (r.failed()) return damaged("refusal record");
  return refusal;
}

}  // namespace cairn::core

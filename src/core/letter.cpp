#include "core/letter.hpp"

namespace cairn::core {
namespace {
constexpr std::uint8_t kVersion = 1;
std::unexpected<Error> damaged() {
  return fail(ErrorCode::Damaged, "a letter or receipt cannot be read; run cairn verify");
}
}  // namespace

Bytes encode(const Letter& letter) {
  Bytes out;
  ByteWriter w(out);
  w.u8(kVersion);
  w.u8(letter.to.kind);
  w.raw(letter.to.id.data.data(), letter.to.id.size());
  w.bytes(model::encode(letter.event));
  return out;
}

Result<Letter> decode_letter(const ports::Record& record) {
  ByteReader r(record.body);
  Letter letter;
  if (r.u8() != kVersion) return damaged();
  letter.to.kind = r.u8();
  letter.to.id = ports::AggregateId::from(r.take(16));
  const auto body = r.bytes();
  if (r.failed()) return damaged();
  CAIRN_TRY(letter.event, model::decode_event({ports::RecordType::Event, letter.to, record.number,
                                               record.recorded, body}));
  return letter;
}

Bytes encode(const Receipt& receipt) {
  Bytes out;
  ByteWriter w(out);
  w.u8(kVersion);
  w.varint(receipt.shard);
  w.varint(receipt.number);
  return out;
}

Result<Receipt> decode_receipt(BytesView body) {
  ByteReader r(body);
  if (r.u8() != kVersion) return damaged();
  Receipt receipt;
  receipt.shard = static_cast<std::uint32_t>(r.varint());
  receipt.number = r.varint();
  if (r.failed()) return damaged();
  return receipt;
}

ports::AggregateKey shard_key() { return {0, {}}; }

}  // namespace cairn::core

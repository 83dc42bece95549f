#pragma once

#include "core/reducer.hpp"

namespace cairn::core {

/// Body of an Intent record that is a letter, version 1: u8 version · u8 kind · 16 id of the
/// aggregate it goes to · bytes event (model::encode). Its sequence is the record's number.
Bytes encode(const Letter& letter);
/// Errors: Damaged.
Result<Letter> decode_letter(const ports::Record& record);

/// The letters received from each sending shard, up to a number: constant memory makes at least
/// once into once. Body of a Receipt record, version 1: u8 version · varint shard · varint number.
struct Receipt {
  std::uint32_t shard = 0;
  std::uint64_t number = 0;
};
Bytes encode(const Receipt& receipt);
Result<Receipt> decode_receipt(BytesView body);

/// The aggregate of kind 0 in every shard that receipts belong to.
ports::AggregateKey shard_key();

}  // namespace cairn::core

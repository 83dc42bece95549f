#pragma once

#include "model/codec.hpp"
#include "model/payloads.hpp"

namespace cairn::model {

/// One payload struct in its binary form, for what a module keeps but rarely looks into.
template <HasFields T>
Bytes encode_payload(const T& value) {
  Bytes out;
  ByteWriter w(out);
  codec::encode(w, value);
  return out;
}

/// The default value where the bytes are empty or damaged: they were written by this process.
template <HasFields T>
T decode_payload(BytesView bytes) {
  T value;
  codec::decode(bytes, value);
  return value;
}

}  // namespace cairn::model

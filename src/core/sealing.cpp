#include "core/sealing.hpp"

#include "crypto/hash.hpp"
#include "crypto/sealed.hpp"

namespace cairn::core {
namespace {

BytesView view(const ports::KeyBytes& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

Bytes associated(ports::KeySlot slot) {
  Bytes out;
  ByteWriter(out).u32(slot);
  return out;
}

}  // namespace

Result<Sealer> Sealer::open_with(ports::Keys& keys) {
  CAIRN_TRY(const auto search, keys.installation_key("search"));
  return Sealer(keys, search);
}

Result<void> Sealer::seal(model::Event& event, ports::KeySlot& slot) const {
  if (!model::needs_sealing(event)) return {};
  if (slot == 0) {
    CAIRN_TRY(slot, keys_->take());
  }
  CAIRN_TRY(const auto key, keys_->get(slot));
  const Bytes aad = associated(slot);
  model::seal(
      event,
      {[&](std::uint16_t field, BytesView plain) { return crypto::seal(key, field, aad, plain); },
       [&](model::PersonalKind kind, std::string_view plain) { return tokens(kind, plain); }});
  event.key_slot = slot;
  return {};
}

void Sealer::open(model::Event& event) const {
  if (event.key_slot == 0) return;
  const auto slot = event.key_slot;
  model::open(event,
              [&](std::uint16_t field, BytesView sealed) { return open(slot, field, sealed); });
}

Result<Bytes> Sealer::open(ports::KeySlot slot, std::uint16_t field, BytesView sealed) const {
  CAIRN_TRY(const auto key, keys_->get(slot));
  return crypto::open(key, field, associated(slot), sealed);
}

Bytes Sealer::token(model::PersonalKind kind, std::string_view term) const {
  Bytes text(1, static_cast<char>(kind));
  text += term;
  const auto digest = crypto::hmac_sha256(view(search_), text);
  return Bytes(crypto::view(digest).substr(0, 8));
}

Bytes Sealer::tokens(model::PersonalKind kind, std::string_view plain) const {
  Bytes out;
  for (const auto& term : model::search_terms(kind, plain)) out += token(kind, term);
  return out;
}

}  // namespace cairn::core

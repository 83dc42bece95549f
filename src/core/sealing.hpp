#pragma once

#include "model/event.hpp"
#include "ports/keys.hpp"

namespace cairn::core {

/// Seals and opens personal fields and raw payloads with the keys of aggregates (DESIGN §2,
/// "Personal data"). Any thread.
class Sealer {
 public:
  /// Errors: whatever the key store says.
  static Result<Sealer> open_with(ports::Keys& keys);

  /// Seals under the key in `slot`; takes a slot where it is 0. Sets `event.key_slot`. An event
  /// with nothing personal is left alone. Errors: Gone when the key was destroyed.
  Result<void> seal(model::Event& event, ports::KeySlot& slot) const;

  /// Opens in place; what cannot be opened (the key is gone) stays sealed.
  void open(model::Event& event) const;

  /// Opens one sealed text of an aggregate whose key is in `slot`. Errors: Gone, Damaged.
  Result<Bytes> open(ports::KeySlot slot, std::uint16_t field, BytesView sealed) const;

  /// Eight bytes of a keyed hash per search term (model::search_terms).
  Bytes tokens(model::PersonalKind kind, std::string_view plain) const;
  /// The token a search for `term` looks for.
  Bytes token(model::PersonalKind kind, std::string_view term) const;

 private:
  Sealer(ports::Keys& keys, ports::KeyBytes search) : keys_(&keys), search_(search) {}
  ports::Keys* keys_;
  ports::KeyBytes search_;
};

}  // namespace cairn::core

#include <algorithm>

#include "base/check.hpp"
#include "core/shard_state.hpp"

/// How a shard keeps many states in little memory: those that nobody used lately lie packed, each
/// with what is known of its identities in one block of exactly its size, and are unpacked when the
/// next input or question needs them.
///
/// A block: varint version · varint key slot · varint count of identities · of each: 16 bytes · u32
/// digest · u32 wording · varint (number minus that of the one before) << 2 | is_refusal << 1 |
/// is_rival · then what the reducer made of the state.
namespace cairn::core {

/// Out of the list: packed, or let go of altogether where there is no state to keep.
void Shard::put_away(Hot& hot) {
  auto& slot = slots_[hot.serial];
  unlink_lru(hot);
  if (hot.state && !hot.damage) {
    packing_.clear();
    ByteWriter w(packing_);
    w.varint(hot.version);
    w.varint(hot.key_slot);
    w.varint(hot.known.size());
    std::uint64_t last = 0;
    for (const auto& known : hot.known) {
      CAIRN_CHECK(known.number >= last);
      w.raw(known.identity.data.data(), known.identity.data.size());
      w.u32(known.digest);
      w.u32(known.wording);
      w.varint((known.number - last) << 2 | known.is_refusal << 1 | known.is_rival);
      last = known.number;
    }
    kind_of(hot.key).reducer->pack(*hot.state, packing_);
    slot.packed = Block(packing_);
    slot.is_recent = true;
    ++packed_count_;
  } else {
    --hot_count_;
    ++counts_.evictions;
  }
  slot.hot.reset();
}

/// Into the Hot just made for it.
void Shard::unpack(Slot& slot) {
  Hot& hot = *slot.hot;
  ByteReader r(slot.packed.view());
  hot.version = r.varint();
  hot.key_slot = static_cast<ports::KeySlot>(r.varint());
  hot.known.resize(r.varint());
  std::uint64_t last = 0;
  for (auto& known : hot.known) {
    known.identity = model::Identity::from(r.take(model::Identity::size()));
    known.digest = r.u32();
    known.wording = r.u32();
    const auto number = r.varint();
    known.number = last += number >> 2;
    known.is_refusal = number >> 1 & 1;
    known.is_rival = number & 1;
  }
  hot.state = kind_of(slot.key).reducer->unpack(slot.key, r.take(r.remaining()));
  CAIRN_CHECK(!r.failed() && hot.state);
  slot.packed = {};
  --packed_count_;
  ++counts_.unpacked;
}

/// Lets go of packed states beyond the limit: the clock's hand passes over those packed since it
/// came by last. It looks at so many slots at once that even few packed ones among many are found.
void Shard::evict() {
  constexpr std::size_t kSlotsLookedAt = 16'384;
  for (std::size_t looked = 0;
       looked < kSlotsLookedAt && hot_count_ > options_.hot_max && packed_count_ > 0; ++looked) {
    if (++hand_ >= slots_.size()) hand_ = 1;
    auto& slot = slots_[hand_];
    if (!slot.packed || std::exchange(slot.is_recent, false)) continue;
    slot.packed = {};
    --packed_count_;
    --hot_count_;
    ++counts_.evictions;
  }
}

bool Shard::tidy(std::size_t hot_to_look_at) {
  const auto unpacked_max = std::min(options_.unpacked_max, options_.hot_max);
  for (; listed_count_ > unpacked_max && hot_to_look_at > 0; --hot_to_look_at) put_away(*oldest_);
  evict();
  return listed_count_ > unpacked_max || (hot_count_ > options_.hot_max && packed_count_ > 0);
}

}  // namespace cairn::core

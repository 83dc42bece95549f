#include <algorithm>

#include "base/check.hpp"
#include "core/shard_state.hpp"

/// Which aggregates a shard has in memory: found by key, fetched from the piles, let go, looked at
/// again when their time comes.
namespace cairn::core {

const Kind& Shard::kind_of(const ports::AggregateKey& key) const {
  const auto found = kinds_.find(key.kind);
  CAIRN_CHECK(found != kinds_.end());
  return found->second;
}

Serial Shard::find(const ports::AggregateKey& key) const {
  return index_.find(std::hash<ports::AggregateKey>{}(key),
                     [&](Serial serial) { return slots_[serial].key == key; });
}

Serial Shard::add_slot(const ports::AggregateKey& key) {
  const auto serial = static_cast<Serial>(slots_.size());
  slots_.emplace_back().key = key;
  index_.insert(std::hash<ports::AggregateKey>{}(key), serial,
                [&](Serial other) { return std::hash<ports::AggregateKey>{}(slots_[other].key); });
  return serial;
}

/// Takes back `add_slot` for the aggregate it added last.
void Shard::drop_newest_slot() {
  const auto serial = static_cast<Serial>(slots_.size() - 1);
  auto& slot = slots_.back();
  index_.erase(std::hash<ports::AggregateKey>{}(slot.key), serial);
  if (slot.hot) {
    unlink_lru(*slot.hot);
    --hot_count_;
  }
  slots_.pop_back();
}

Shard::Hot& Shard::make_hot(Serial serial) {
  auto& slot = slots_[serial];
  if (!slot.hot) {
    slot.hot = std::make_unique<Hot>();
    slot.hot->serial = serial;
    slot.hot->key = slot.key;
    slot.hot->has_pile = slot.has_pile;
    slot.hot->last_number = slot.last_number;
    if (slot.packed) {
      unpack(slot);
    } else {
      ++hot_count_;
      if (slot.last_number == 0 && slot.key.kind != 0)
        slot.hot->state = kind_of(slot.key).reducer->fold(slot.key, {}, last_time_);
    }
  }
  touch_lru(*slot.hot);
  return *slot.hot;
}

/// Its records are not all in the piles yet.
void Shard::mark_dirty(Hot& hot) {
  if (hot.is_dirty) return;
  hot.is_dirty = true;
  dirty_.push_back(hot.serial);
  unlink_lru(hot);
}

void Shard::unlink_lru(Hot& hot) {
  const bool is_listed = newest_ == &hot || hot.newer;
  if (!is_listed) return;
  if (hot.newer) hot.newer->older = hot.older;
  if (hot.older) hot.older->newer = hot.newer;
  if (newest_ == &hot) newest_ = hot.older;
  if (oldest_ == &hot) oldest_ = hot.newer;
  hot.newer = hot.older = nullptr;
  --listed_count_;
}

/// Only what could be put away is listed: whatever is oldest there can be.
void Shard::touch_lru(Hot& hot) {
  if (newest_ == &hot || hot.is_dirty || hot.is_flushing || hot.key.kind == 0) return;
  unlink_lru(hot);
  hot.older = newest_;
  if (newest_) newest_->newer = &hot;
  newest_ = &hot;
  if (!oldest_) oldest_ = &hot;
  ++listed_count_;
}

/// True when all records of the aggregate can be had without the disk.
bool Shard::has_history(const Hot& hot) const { return !hot.has_pile || hot.pile.has_value(); }

Result<void> Shard::fetch_pile(Hot& hot) {
  if (!hot.has_pile || hot.pile) return {};
  CAIRN_TRY(hot.pile, piles_->read(hot.serial));
  with_pile_.push_back(hot.serial);
  return {};
}

Result<std::vector<StoredRecord>> Shard::records_of(const Hot& hot) const {
  std::vector<StoredRecord> records;
  if (hot.pile) CAIRN_TRY_VOID(read_records(*hot.pile, records));
  CAIRN_TRY_VOID(read_records(hot.flushing, records));
  CAIRN_TRY_VOID(read_records(hot.pending, records));
  return records;
}

/// The state as it was last told, at the time of its newest change: what has fallen due since is
/// applied by a batch, which writes it down, not silently by the load.
Result<void> Shard::load_hot(Hot& hot) {
  CAIRN_TRY_VOID(fetch_pile(hot));
  CAIRN_TRY(const auto records, records_of(hot));
  CAIRN_TRY(const auto events, events_of(records, hot.key));
  hot.known.clear();
  hot.version = hot.last_change = 0;
  std::size_t next_event = 0;
  Time told = last_time_;
  for (const auto& record : records) {
    if (record.type == ports::RecordType::Event) {
      const auto& event = events[next_event++];
      if (event.key_slot != 0) hot.key_slot = event.key_slot;
      hot.known.push_back({event.id, event.digest, model::wording_digest(event), event.number,
                           event.is(model::EventFlag::Rival), 0});
    } else if (record.type == ports::RecordType::Change) {
      CAIRN_TRY(const auto change, decode_change(record.body));
      hot.version = change.version;
      hot.last_change = record.number;
      told = record.recorded;
    } else if (record.type == ports::RecordType::Refusal) {
      CAIRN_TRY(const auto refusal, decode_refusal(record.body));
      if (is_decision(refusal.error.code))
        hot.known.push_back(
            {refusal.identity, refusal.digest, refusal.digest, record.number, 0, 1});
    } else if (record.type == ports::RecordType::Wording) {
      CAIRN_TRY(const auto event, model::decode_event({record.type, hot.key, record.number,
                                                       record.recorded, record.body}));
      for (auto& known : hot.known)
        if (known.identity == event.id && known.digest == event.digest)
          known.wording = model::wording_digest(event);
    }
  }
  hot.state = kind_of(hot.key).reducer->fold(hot.key, events, told);
  ++counts_.loads;
  return {};
}

void Shard::prefetch(std::span<Input> inputs, Time now) {
  if (!last_time_.is_none()) now = std::max(now, last_time_);
  while (!due_.empty() && due_.top().at <= now && due_now_.size() < options_.due_max) {
    const auto [at, serial] = due_.top();
    due_.pop();
    auto& slot = slots_[serial];
    if (slot.queued != at) continue;
    slot.queued = Time::never();
    if (slot.valid_until > now) {
      if (slot.valid_until != Time::never()) due_.push({slot.queued = slot.valid_until, serial});
      continue;
    }
    due_now_.push_back(serial);
    Hot& hot = make_hot(serial);
    forget_passing_damage(hot);
    if (!hot.state) try_load(hot);
    if (hot.state && kind_of(hot.key).reducer->must_refold(*hot.state, now))
      if (auto fetched = fetch_pile(hot); !fetched) hot.damage = fetched.error();
  }
  for (auto& input : inputs) {
    const Serial serial = find(input.key);
    if (serial == 0) continue;
    Hot& hot = make_hot(serial);
    forget_passing_damage(hot);
    if (!hot.state) try_load(hot);
    if (!hot.state) continue;
    const auto reducer = kind_of(hot.key).reducer;
    if (input.event) input.event->recorded = now;
    const bool wants_history = input.question ? input.question->wants_history
                               : input.event  ? !reducer->is_newest(*hot.state, *input.event) ||
                                                   reducer->needs_history(*input.event)
                                             : reducer->must_refold(*hot.state, now);
    const bool is_repeated =
        input.command && std::ranges::any_of(hot.known, [&](const Known& known) {
          return known.identity == input.command->identity && known.is_refusal;
        });
    const bool is_rival = input.event && std::ranges::any_of(hot.known, [&](const Known& known) {
                            return known.identity == input.event->id;
                          });
    if (!input.wants_history && !wants_history && !is_repeated && !is_rival) continue;
    if (auto fetched = fetch_pile(hot); !fetched) hot.damage = fetched.error();
  }
}

/// A disk that could not be read a moment ago is asked again; a spoilt pile stays spoilt.
void Shard::forget_passing_damage(Hot& hot) {
  if (hot.damage && hot.damage->code != ErrorCode::Damaged) hot.damage.reset();
}

void Shard::try_load(Hot& hot) {
  if (hot.damage) return;
  if (auto loaded = load_hot(hot); !loaded) hot.damage = loaded.error();
}

void Shard::schedule(Hot& hot) {
  auto& slot = slots_[hot.serial];
  slot.valid_until = hot.state->valid_until();
  if (slot.valid_until >= slot.queued) return;
  slot.queued = slot.valid_until;
  due_.push({slot.valid_until, hot.serial});
}

Time Shard::next_due() const { return due_.empty() ? Time::never() : due_.top().at; }

std::uint64_t Shard::received_from(std::uint32_t shard) const {
  const auto found = receipts_.find(shard);
  return found == receipts_.end() ? 0 : found->second;
}

}  // namespace cairn::core

#include <algorithm>
#include <unordered_set>

#include "base/check.hpp"
#include "core/shard_state.hpp"

/// The shard's way to and from the disk, apart from the log's append: start, flush, letters.
namespace cairn::core {

namespace {
constexpr std::uint8_t kRowVersion = 1;
}

// ---- start --------------------------------------------------------------------------------------

Result<void> Shard::load(Time now) {
  CAIRN_TRY_VOID(piles_->scan([&](const ports::PileEntry& entry) { return load_row(entry); }));
  if (find(shard_key()) == 0) add_slot(shard_key());
  last_time_ = now;
  CAIRN_TRY_VOID(replay());
  viewed_ = log_->durable();
  return {};
}

Result<void> Shard::load_row(const ports::PileEntry& entry) {
  while (slots_.size() < entry.serial) add_slot({255, {}});  // a serial that was never written
  const auto serial = add_slot(entry.key);
  CAIRN_CHECK(serial == entry.serial);
  auto& slot = slots_[serial];
  slot.has_pile = true;
  slot.last_number = entry.last_number;
  if (entry.row.empty()) {
    unviewed_.push_back(serial);
    return {};
  }
  ByteReader r(entry.row);
  auto* view = entry.key.kind == 0 ? nullptr : kind_of(entry.key).view;
  if (r.u8() != kRowVersion || r.u32() != (view ? view->fingerprint() : 0)) {
    unviewed_.push_back(serial);
    return {};
  }
  if (entry.key == shard_key()) {
    while (!r.at_end() && !r.failed()) {
      const auto from = static_cast<std::uint32_t>(r.varint());
      receipts_[from] = r.varint();
    }
  } else {
    slot.valid_until.us = r.i64();
    if (slot.valid_until != Time::never()) due_.push({slot.queued = slot.valid_until, serial});
    if (view) CAIRN_TRY_VOID(view->load(entry.key, serial, r.take(r.remaining())));
  }
  if (r.failed())
    return fail(ErrorCode::Damaged, "a row of the view cannot be read; run cairn rebuild");
  return {};
}

/// Brings in what the log holds beyond the piles.
Result<void> Shard::replay() {
  std::vector<Serial> seen;
  const auto from = std::max(piles_->position() + 1, log_->first());
  if (from > piles_->position() + 1)
    return fail(ErrorCode::Damaged,
                "the log begins after what the piles hold: records are missing between them; "
                "restore the latest backup (cairn restore)");
  if (from <= log_->durable())
    CAIRN_TRY_VOID(log_->read(from, [&](const ports::Record& record) -> Result<void> {
      Serial serial = find(record.aggregate);
      if (serial == 0) serial = add_slot(record.aggregate);
      auto& slot = slots_[serial];
      last_time_ = std::max(last_time_, record.recorded);
      if (record.type == ports::RecordType::Receipt) {
        CAIRN_TRY(const auto receipt, decode_receipt(record.body));
        auto& received = receipts_[receipt.shard];
        received = std::max(received, receipt.number);
      }
      if (record.number <= slot.last_number) return {};
      if (!slot.hot) {
        slot.hot = std::make_unique<Hot>();
        slot.hot->serial = serial;
        slot.hot->key = slot.key;
        slot.hot->has_pile = slot.has_pile;
        ++hot_count_;
      }
      Hot& hot = *slot.hot;
      const auto before = hot.pending.size();
      append_record(hot.pending, record);
      pending_bytes_ += hot.pending.size() - before;
      hot.last_number = slot.last_number = record.number;
      if (!hot.is_dirty) seen.push_back(serial);
      mark_dirty(hot);
      return {};
    }));
  for (const auto serial : unviewed_)
    if (slots_[serial].key == shard_key()) CAIRN_TRY_VOID(read_receipts(make_hot(serial)));
  for (const auto serial : seen) CAIRN_TRY_VOID(view_again(*slots_[serial].hot));
  return remake_rows();
}

Result<void> Shard::view_again(Hot& hot) {
  if (hot.key.kind == 0) return {};
  CAIRN_TRY_VOID(load_hot(hot));
  hot.pile.reset();
  if (const auto view = kind_of(hot.key).view)
    view->put(hot.key, hot.serial, *hot.state, hot.version, hot.last_change);
  schedule(hot);
  mark_dirty(hot);  // also where only its row was missing
  return {};
}

/// Where definitions changed, every row is made again from its pile: written as it goes, so that
/// the states of a million orders do not have to be in memory at once.
Result<void> Shard::remake_rows() {
  bool has_room = true;
  for (const auto serial : std::exchange(unviewed_, {})) {
    if (slots_[serial].key.kind == 0) continue;
    CAIRN_TRY_VOID(view_again(make_hot(serial)));
    if (!has_room || dirty_.size() < options_.rows_at_once) continue;
    const auto flush = take_flush();
    has_room = piles_->write(flush->additions, flush->position).has_value();
    flushed(has_room);  // a full disk is met again by the first flush, which tells of it
    tidy(options_.rows_at_once);
  }
  return {};
}

/// From the pile, where the row that sums them up is gone: letters taken once stay taken.
Result<void> Shard::read_receipts(Hot& hot) {
  CAIRN_TRY_VOID(fetch_pile(hot));
  CAIRN_TRY(const auto records, records_of(hot));
  for (const auto& record : records) {
    if (record.type != ports::RecordType::Receipt) continue;
    CAIRN_TRY(const auto receipt, decode_receipt(record.body));
    auto& received = receipts_[receipt.shard];
    received = std::max(received, receipt.number);
  }
  hot.pile.reset();
  mark_dirty(hot);
  return {};
}

std::size_t Shard::aggregates() const { return slots_.size() - 1; }

// ---- flush --------------------------------------------------------------------------------------

Bytes Shard::row_of(const Hot& hot) const {
  Bytes row;
  ByteWriter w(row);
  const auto* view = hot.key.kind == 0 ? nullptr : kind_of(hot.key).view;
  w.u8(kRowVersion);
  w.u32(view ? view->fingerprint() : 0);
  if (hot.key.kind == 0) {
    for (const auto& [from, number] : receipts_) {
      w.varint(from);
      w.varint(number);
    }
    return row;
  }
  w.i64(slots_[hot.serial].valid_until.us);
  if (view) row += view->bytes(hot.serial);
  return row;
}

std::optional<Flush> Shard::take_flush(std::size_t aggregates_max) {
  if (flushing_count_ > 0) return std::nullopt;
  if (left_in_round() == 0) {
    round_.clear();
    round_at_ = 0;
    round_.swap(dirty_);
    // Also so that serials reach the piles without gaps: the newest have the highest.
    std::ranges::sort(round_);
    round_position_ = log_->durable();
  }
  flushing_count_ = std::min(aggregates_max, left_in_round());
  if (flushing_count_ == 0) return std::nullopt;
  Flush flush;
  flush.position = flushing_count_ == left_in_round() ? round_position_ : piles_->position();
  flush.additions.reserve(flushing_count_);
  for (const auto serial : std::span(round_).subspan(round_at_, flushing_count_)) {
    Hot& hot = *slots_[serial].hot;
    hot.is_dirty = false;
    hot.is_flushing = true;
    hot.flushing = std::move(hot.pending);
    hot.pending.clear();
    flushing_bytes_ += hot.flushing.size();
    const auto& records = flush.bytes.emplace_back(hot.flushing);
    const auto& row = flush.bytes.emplace_back(row_of(hot));
    flush.additions.push_back({serial, hot.key, hot.last_number, records, row});
  }
  pending_bytes_ -= flushing_bytes_;
  return flush;
}

void Shard::flushed(bool is_done) {
  CAIRN_CHECK(flushing_count_ > 0);
  const auto portion = std::span(round_).subspan(round_at_, flushing_count_);
  if (is_done)
    round_at_ += flushing_count_;
  else  // it stays in this round, whether or not it waits for the next one already
    std::erase_if(dirty_, [this](Serial serial) { return slots_[serial].hot->is_flushing; });
  for (const auto serial : portion) {
    Hot& hot = *slots_[serial].hot;
    hot.is_flushing = false;
    if (is_done) {
      hot.has_pile = slots_[serial].has_pile = true;
      Bytes().swap(hot.flushing);  // assigning {} would keep its room
      touch_lru(hot);
      continue;
    }
    hot.flushing += hot.pending;
    hot.pending = std::exchange(hot.flushing, {});
    hot.is_dirty = true;
    unlink_lru(hot);
  }
  if (!is_done) pending_bytes_ += flushing_bytes_;
  flushing_count_ = flushing_bytes_ = 0;
}

Result<void> Shard::release_log(std::uint64_t letters_before) {
  const auto through = std::min(piles_->position(), letters_before - 1);
  if (through < log_->first()) return {};
  return log_->release(through);
}

// ---- letters ------------------------------------------------------------------------------------

std::vector<Outgoing> Shard::take_letters() { return std::exchange(letters_, {}); }

Result<std::vector<Outgoing>> Shard::unreceived(
    const std::function<std::uint64_t(const ports::AggregateKey&)>& received) {
  std::vector<Outgoing> out;
  if (log_->durable() == 0 || log_->first() > log_->durable()) return out;
  CAIRN_TRY_VOID(log_->read(log_->first(), [&](const ports::Record& record) -> Result<void> {
    if (record.type != ports::RecordType::Intent) return {};
    CAIRN_TRY(auto letter, decode_letter(record));
    if (record.number > received(letter.to)) out.push_back({record.number, std::move(letter)});
    return {};
  }));
  return out;
}

}  // namespace cairn::core

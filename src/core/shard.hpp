#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <queue>

#include "base/blocks.hpp"
#include "core/input.hpp"
#include "core/letter.hpp"
#include "core/sealing.hpp"
#include "core/serial_index.hpp"
#include "ports/log.hpp"
#include "ports/piles.hpp"

namespace cairn::core {

using ports::Serial;

/// What a shard needs to know of the kinds of aggregates: a module's reducer and view per kind.
struct Kind {
  const Reducer* reducer = nullptr;
  View* view = nullptr;
};
using Kinds = std::map<std::uint8_t, Kind>;

/// Something that could be seen, told to listeners after it is durable.
struct Committed {
  ports::AggregateKey key;
  Serial serial = 0;
  std::uint64_t number = 0;             ///< of the change record
  std::uint64_t version = 0;            ///< of the aggregate after it
  const model::Event* cause = nullptr;  ///< null: its time came
  const Aggregate* state = nullptr;     ///< as it is after the whole batch
  BytesView was;                        ///< Reducer::summary before the change
};

/// A letter that is owed, on its way out.
struct Outgoing {
  std::uint64_t number = 0;
  Letter letter;
};

/// Told what became durable, on the shard's thread, before waiters are answered.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void committed(std::uint32_t shard, std::span<const Committed> changes) = 0;
};

/// A portion of what memory owes to the piles.
struct Flush {
  std::vector<ports::PileAddition> additions;
  std::deque<Bytes> bytes;     ///< what the additions point into
  std::uint64_t position = 0;  ///< moves with the last portion of a round
};

struct ShardOptions {
  std::uint32_t index = 0;
  std::size_t hot_max = 400'000;            ///< folded states kept in memory, packed or not
  std::size_t unpacked_max = 4'096;         ///< … of which so many that are clean are not packed
  std::size_t rows_at_once = 4'096;         ///< made again at the start before they are written
  std::size_t records_max = 20'000;         ///< of one batch
  std::size_t bytes_max = 8 * 1024 * 1024;  ///< of one batch
  std::size_t events_max = 10'000;          ///< per aggregate (DESIGN §3, named limits)
  std::size_t due_max = 5'000;              ///< deadlines applied in one batch
};

struct ShardCounts {
  std::uint64_t accepted = 0, duplicates = 0, rivals = 0, refused = 0, rewordings = 0;
  std::uint64_t changes = 0, fired = 0, letters_out = 0, letters_in = 0, letters_repeated = 0;
  std::uint64_t refolds = 0, loads = 0, unpacked = 0, evictions = 0, batches = 0,
                failed_batches = 0;
  std::uint64_t set_aside = 0;
};

/// The single writer of its aggregates: takes a batch of inputs, decides, appends all records in
/// one durable write, answers (DESIGN §4). It knows no business: reducers do. Passive: a Runner
/// gives it a thread, the simulator pumps it by hand; one thread at a time. When the log cannot
/// take a batch the batch is undone in memory, its waiters hear Failed, and the log is reopened.
class Shard {
 public:
  Shard(ShardOptions options, Kinds kinds, ports::Log& log, ports::Piles& piles,
        const Sealer& sealer, Listener* listener = nullptr);
  ~Shard();

  /// Brings memory to where log and piles are: rows first, then the tail of the log.
  Result<void> load(Time now);

  /// Reads from the piles what this batch will need. May block on the disk. What cannot be read is
  /// answered by `run_batch` with the reason.
  void prefetch(std::span<Input> inputs, Time now);

  /// Runs the batch; never waits for the disk except in the one append. Inputs whose aggregate was
  /// not prefetched come back, in order, to be run first next time.
  std::vector<Input> run_batch(std::vector<Input> inputs, Time now);

  /// Packs states that were not used lately and lets go of those beyond the limit, a few at a time.
  /// True while there is more to do: to be called again when there is no other work.
  bool tidy() { return tidy(kTidiedAtOnce); }

  /// When something is due without an input; Time::never().
  Time next_due() const;

  /// What the piles lack goes to them in rounds of portions: a round is of everything that is owed
  /// when it begins, in order of serial, so that no portion keeps the shard from its batches for
  /// long. The next portion, of at most `aggregates_max`; nothing while one is being written or
  /// where nothing is owed. A portion that could not be written comes again.
  std::optional<Flush> take_flush(std::size_t aggregates_max = SIZE_MAX);
  void flushed(bool is_done);
  /// Aggregates of the round that are yet to come; 0: the next portion begins a round.
  std::size_t left_in_round() const { return round_.size() - round_at_; }
  /// Aggregates that wait for the next round.
  std::size_t owed() const { return dirty_.size(); }
  std::size_t unflushed_bytes() const { return pending_bytes_; }

  /// Letters written since the last call, and those that must be repeated after a restart.
  std::vector<Outgoing> take_letters();
  /// Letters in the log above `received(shard of the addressee)`.
  Result<std::vector<Outgoing>> unreceived(
      const std::function<std::uint64_t(const ports::AggregateKey&)>& received);
  /// The highest letter number taken from `shard`.
  std::uint64_t received_from(std::uint32_t shard) const;

  /// Lets the log drop what is in the piles and below `letters_before` (the lowest unreceived).
  Result<void> release_log(std::uint64_t letters_before);

  std::uint64_t durable() const { return log_->durable(); }
  /// Up to where views and listeners know what is durable: before anybody hears the answer to an
  /// input, they do. Any thread.
  std::uint64_t viewed() const { return viewed_.load(std::memory_order_acquire); }
  std::uint64_t piled() const { return piles_->position(); }
  std::size_t aggregates() const;
  std::size_t hot() const { return hot_count_; }
  std::size_t packed() const { return packed_count_; }
  const ShardCounts& counts() const { return counts_; }

 private:
  static constexpr std::size_t kTidiedAtOnce = 512;  ///< about a millisecond
  struct Known;
  struct Hot;
  class Block;
  struct Slot;
  struct Batch;
  struct Due {
    Time at;
    Serial serial;
    bool operator>(const Due& other) const { return at > other.at; }
  };

  Serial find(const ports::AggregateKey& key) const;
  Serial add_slot(const ports::AggregateKey& key);
  void drop_newest_slot();
  Hot& make_hot(Serial serial);
  const Kind& kind_of(const ports::AggregateKey& key) const;
  Result<void> load_hot(Hot& hot);
  Result<std::vector<StoredRecord>> records_of(const Hot& hot) const;
  std::vector<model::Event> history_of(const Hot& hot) const;
  Result<void> fetch_pile(Hot& hot);
  void try_load(Hot& hot);
  static void forget_passing_damage(Hot& hot);
  bool has_history(const Hot& hot) const;
  void mark_dirty(Hot& hot);
  void touch_lru(Hot& hot);
  void unlink_lru(Hot& hot);
  void put_away(Hot& hot);
  void unpack(Slot& slot);
  void evict();
  bool tidy(std::size_t hot_to_look_at);

  void refuse_damaged(Batch& batch, const Hot& hot, Input& input);
  bool run_fact(Batch& batch, Hot& hot, Input& input);
  bool run_command(Batch& batch, Hot& hot, Input& input);
  bool run_letter(Batch& batch, Hot& hot, Input& input);
  void run_due(Batch& batch);
  bool accept(Batch& batch, Hot& hot, std::unique_ptr<model::Event> cause, Answer& answer);
  bool fold_in(Batch& batch, Hot& hot, const model::Event& event, const Bytes& claims);
  bool keep_aside(Batch& batch, Hot& hot, std::unique_ptr<model::Event> cause, Answer& answer,
                  ports::RecordType type);
  bool answer_again(Batch& batch, Hot& hot, Input& input, const Known& known);
  void look(Batch& batch, Hot& hot, Time at);
  void record(Batch& batch, Hot& hot, ports::RecordType type, Bytes body);
  void write_letters(Batch& batch, Hot& hot, const Bytes& claims, const model::Event& cause,
                     std::span<const model::Event> history);
  void record_change(Batch& batch, Hot& hot, const model::Identity& cause, Bytes was);
  bool commit(Batch& batch);
  void rollback(Batch& batch);
  void publish(Batch& batch);
  void ask(Batch& batch, std::vector<Input>& aside);
  void schedule(Hot& hot);
  Result<void> replay();
  Result<void> read_receipts(Hot& hot);
  Result<void> view_again(Hot& hot);
  Result<void> remake_rows();
  Bytes row_of(const Hot& hot) const;
  Result<void> load_row(const ports::PileEntry& entry);

  ShardOptions options_;
  Kinds kinds_;
  ports::Log* log_;
  ports::Piles* piles_;
  const Sealer* sealer_;
  Listener* listener_;

  Blocks<Slot> slots_;  ///< by serial; slots_[0] is unused
  SerialIndex index_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Serial> due_now_;    ///< popped by prefetch, applied by run_batch
  std::vector<Serial> with_pile_;  ///< their piles are in memory until the batch is over
  Hot* newest_ = nullptr;          ///< of the list of clean ones, most recently used first
  Hot* oldest_ = nullptr;
  std::size_t listed_count_ = 0;
  std::size_t packed_count_ = 0;
  std::size_t hot_count_ = 0;         ///< in memory, packed or not
  Serial hand_ = 0;                   ///< the slot at which the clock of evictions stands
  Bytes packing_;                     ///< kept for its room
  std::vector<Serial> dirty_;         ///< for the next round of flushes
  std::vector<Serial> round_;         ///< the round under way, by serial
  std::size_t round_at_ = 0;          ///< … from here it is still owed
  std::uint64_t round_position_ = 0;  ///< durable when it began
  std::size_t flushing_count_ = 0;    ///< from `round_at_` on, being written; 0: nothing is
  std::size_t flushing_bytes_ = 0;
  std::size_t pending_bytes_ = 0;
  std::vector<Serial> unviewed_;  ///< found by `load` without a row
  bool must_reopen_ = false;      ///< the log, which did not take a batch and could not be reopened
  std::map<std::uint32_t, std::uint64_t> receipts_;
  std::vector<Outgoing> letters_;
  Time last_time_ = Time::none();
  ShardCounts counts_;
  std::atomic<std::uint64_t> viewed_{0};
};

}  // namespace cairn::core

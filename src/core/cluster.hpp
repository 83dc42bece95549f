#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "core/mailbox.hpp"
#include "core/shard.hpp"
#include "ports/clock.hpp"

namespace cairn::core {

inline constexpr std::uint32_t kSlots = 4'096;

/// hash(kind, id) → one of 4,096 slots → shard.
std::uint32_t slot_of(const ports::AggregateKey& key);
inline std::uint32_t shard_of(const ports::AggregateKey& key, std::uint32_t shards) {
  return slot_of(key) * shards / kSlots;
}

struct ClusterOptions {
  std::uint32_t shards = 4;
  std::size_t mailbox_max = 16'384;   ///< inputs waiting per shard
  std::size_t hot_max = 400'000;      ///< folded states in memory, all shards together
  std::size_t unpacked_max = 16'384;  ///< … of which so many clean ones are not packed
  std::size_t rows_at_once = 16'384;  ///< made again at a start before they are written
  Duration flush_every = seconds(4);  ///< piles on disk are at most about twice this behind
  std::size_t flush_bytes = 48 * 1024 * 1024;     ///< … or this much per shard
  std::size_t flush_portion = 32;                 ///< aggregates at a time, more where much is owed
  std::size_t unflushed_max = 256 * 1024 * 1024;  ///< beyond: Busy until the piles have caught up
  Duration letter_repeat = seconds(1);            ///< a letter not received by then is sent again
  /// Told of what went wrong behind the acknowledged path and is tried again: "piles", "log",
  /// "archive". Any thread.
  std::function<void(std::string_view what, const Error&)> trouble;
  std::function<void()> shard_begins;  ///< on the thread of every shard, before its work
  std::function<void()>
      background_begins;  ///< on the threads of drain and archive, before their work
  /// By the archive's thread, often. What is urgent keeps more of it, or the end, waiting.
  std::function<void(bool is_urgent)> between_blocks = [](bool) {};
};

/// The disk of one shard. Owned by whoever made the cluster; outlives it.
struct ShardStores {
  ports::Log* log = nullptr;
  ports::Piles* piles = nullptr;
  Kinds kinds;
};

/// A letter's way to the mailbox of `to`; the simulator puts losses and delays here.
using Deliver = std::function<void(std::uint32_t to, Input letter)>;

/// All shards of this process with mailboxes, postmen and drains. `start` gives every shard a
/// thread, its drain another, and a third to what archives its log; without it the simulator calls
/// `step`. `submit` may be called from any thread.
class Cluster {
 public:
  Cluster(ClusterOptions options, std::vector<ShardStores> stores, const Sealer& sealer,
          Listener* listener);
  ~Cluster();

  /// Loads every shard; then repeats the letters that had not arrived. Errors: Damaged, Io.
  Result<void> load(Time now);
  void start(ports::Clock& clock);
  /// Finishes what is in the mailboxes, writes the piles, ends the threads.
  void stop();

  /// Errors: Busy (the mailbox is full or the piles lag too far: try again after a moment).
  Result<void> submit(Input input);
  /// A group of inputs; what found no room is left in `inputs`.
  void submit_all(std::vector<Input>& inputs);

  std::uint32_t shards() const { return static_cast<std::uint32_t>(units_.size()); }
  std::uint32_t shard_for(const ports::AggregateKey& key) const { return shard_of(key, shards()); }
  /// What is durable in the log of a shard. Any thread.
  std::uint64_t durable(std::uint32_t shard) const;
  /// Up to where its views and listeners have come, at least. Any thread.
  std::uint64_t viewed(std::uint32_t shard) const;
  /// Stops every shard between two batches, notes what each has made durable, and lets them go on:
  /// one moment of all. Until `release_piles` nothing is written to the piles, so that they stand
  /// as they were, and no log drops what they lack. One caller at a time; the cluster is running.
  std::vector<std::uint64_t> hold_piles();
  void release_piles();
  /// Sums of all shards, as of each one's last batch. Any thread.
  struct Totals {
    ShardCounts counts;
    std::uint64_t aggregates = 0, hot = 0, packed = 0, waiting = 0, unflushed_bytes = 0,
                  log_bytes = 0;
    std::uint64_t records = 0, piled = 0;
    bool is_full = false;  ///< the disk did not take the last batch
  };
  Totals totals() const;

  // ---- by hand, for the simulator and tools ----
  /// One round of one shard: inputs, letters, and the drain in the same thread. True when it did
  /// something.
  bool step(std::uint32_t shard, Time now, bool must_flush = false);
  Shard& shard(std::uint32_t index);
  /// Called on a shard's thread after each of its rounds; before `start`.
  void after_rounds(std::function<void()> done) { round_done_ = std::move(done); }
  void deliver_with(Deliver deliver) { deliver_ = std::move(deliver); }
  /// A letter is always taken; of anything else that finds the mailbox full the asker hears Busy.
  void put(std::uint32_t shard, Input input);

 private:
  struct Unit;
  void run(Unit& unit, ports::Clock& clock);
  void drain(Unit& unit);
  void archive(Unit& unit);
  bool round(Unit& unit, Time now);
  bool can_flush(const Unit& unit) const;
  void begin_flush(Unit& unit, Time now, bool must_flush);
  void end_flush(Unit& unit);
  void write_piles(Unit& unit);
  void complain(std::string_view what, const Error& error) const;
  void post(Unit& unit, Time now);
  void send(Unit& unit, std::size_t from, Time now);
  void publish_totals(Unit& unit);
  void stand_still(Unit& unit);
  std::uint64_t lowest_unreceived(Unit& unit);

  ClusterOptions options_;
  const Sealer* sealer_;
  std::vector<std::unique_ptr<Unit>> units_;
  Deliver deliver_;
  std::function<void()> round_done_;
  std::atomic<bool> is_stopping_{false};

  std::atomic<bool> are_piles_held_{false};
  std::atomic<bool> is_standing_{false};  ///< every shard is to stop before its next batch
  std::mutex stand_mutex_;
  std::condition_variable stand_changed_;
  std::size_t standing_ = 0;
};

}  // namespace cairn::core

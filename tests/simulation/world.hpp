#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/keys/memory_keys.hpp"
#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/sqlite/memory_piles.hpp"
#include "app/installation.hpp"
#include "counts.hpp"
#include "random.hpp"

/// The simulator: the kernel of Cairn, wired as production wires it, on a disk, a post and a clock
/// that fail as a seed says.
namespace cairn::simulation {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t shards = 4;
  std::size_t hot_max = 400'000;
  std::size_t unpacked_max = 8;  ///< few, so that orders are packed and unpacked all the time
  std::size_t mailbox_max = 16'384;
  std::uint64_t segment_bytes = 64 * 1024;
  bool has_audit_files = false;
  bool has_lossy_post = false;  ///< letters are lost, repeated, late
};

/// What was told to live listeners, in the order it was told.
struct Told {
  std::uint32_t shard = 0;
  ports::AggregateKey key;
  std::uint64_t number = 0, version = 0;
  model::Identity cause;  ///< zero: its time came
  Time at;
  std::uint64_t batch = 0;  ///< those of one batch bear one number
};

/// One installation and its machine. Driven by hand from one thread; time is `now()`.
///
/// `crash_power` loses what no fdatasync has written and kills the process; `crash_process` only
/// kills it. Both leave the machine down until `start`.
class World final : private core::Listener {
 public:
  World(WorldOptions options, Time start, std::shared_ptr<const app::Definitions> definitions,
        Counts& counts);
  ~World() override;

  /// Definitions as shipped, read once a process.
  static std::shared_ptr<const app::Definitions> shipped_definitions();

  /// Opens the stores and loads. Errors: what the disk did to it; the machine is down then.
  Result<void> start();
  bool is_up() const { return installation_ != nullptr; }
  void crash_power();
  void crash_process();
  /// The power fails in the midst of the n-th operation of the disk from now.
  void cut_power_in(std::uint64_t operations);
  bool is_power_cut() const { return storage_.is_power_cut(); }

  Time now() const { return now_; }
  void advance(Duration by) { now_ = now_ + by; }
  void set_now(Time to) { now_ = std::max(now_, to); }
  /// What the machine's clock shows beside the true time; negative: it went back.
  void set_clock_error(Duration error) { clock_error_ = error; }
  Duration clock_error() const { return clock_error_; }

  /// Errors: Busy.
  Result<void> submit(core::Input input);
  /// One round of one shard, and letters whose delay is over.
  void step(std::uint32_t shard, bool must_flush = false);
  /// One round of every shard.
  bool step_all(bool must_flush = false);
  /// The disk and the post behave from now on, and what was late arrives.
  void calm();
  void unsettle() { is_calm_ = false; }
  bool is_calm() const { return is_calm_; }
  bool has_late_letters() const { return !late_.empty(); }

  // Faults of the disk: the n-th operation from now.
  void fail(memory::Operation operation, memory::Fault fault, std::uint64_t in = 1,
            std::uint64_t times = 1);
  void fail_flush(std::uint32_t shard, std::uint64_t times);
  void fail_pile_reads(std::uint64_t times) { failing_reads_ = times; }
  void fail_keys(std::uint64_t times) { keys_.fail_next(ErrorCode::Io, times); }
  void set_room(std::uint64_t bytes) { disk_.set_capacity(bytes); }
  std::uint64_t used() const { return disk_.used(); }
  void heal();
  /// Throws the view of rows of every shard away, as `cairn rebuild` does; the machine is down.
  void drop_rows();

  app::Installation& installation() { return *installation_; }
  const app::Definitions& definitions() const { return *definitions_; }
  std::uint32_t shards() const { return options_.shards; }
  memory::FaultyStorage& storage() { return storage_; }
  Counts& counts() { return *counts_; }

  /// What a question to one aggregate comes to, its records decoded. Nothing when unknown.
  struct Look {
    const core::Aggregate* state = nullptr;  ///< valid inside `use` only
    std::uint64_t version = 0;
    std::vector<core::StoredRecord> records;
    Time now;
  };
  /// Asks and steps the shard until it is answered. Errors: as the shard says; NotFound.
  Result<void> look(const ports::AggregateKey& key, const std::function<void(const Look&)>& use);
  /// Puts a question that is answered when its shard is stepped.
  void ask(const ports::AggregateKey& key, std::function<void(const Look&)> use);

  /// Called for everything told to live listeners.
  std::function<void(const Told&, const core::Aggregate*)> on_told;

 private:
  class PilesHandle;
  class KeysHandle;
  void committed(std::uint32_t shard, std::span<const core::Committed> changes) override;
  Result<std::unique_ptr<ports::Log>> open_log(std::uint32_t shard);
  void deliver(std::uint32_t to, core::Input letter);
  void deliver_late();
  void go_down();

  WorldOptions options_;
  std::shared_ptr<const app::Definitions> definitions_;
  Counts* counts_;
  Random random_;
  memory::MemoryStorage disk_;
  memory::FaultyStorage storage_;
  keys::MemoryKeys keys_;
  std::vector<std::unique_ptr<sqlite::MemoryPiles>> piles_;
  std::uint64_t failing_reads_ = 0;
  struct Late {
    Time due;
    std::uint32_t to;
    core::Input letter;
  };
  std::vector<Late> late_;
  Time now_;
  Duration clock_error_{};
  bool is_calm_ = false;
  std::uint64_t told_batches_ = 0;
  std::unique_ptr<app::Installation> installation_;
};

}  // namespace cairn::simulation

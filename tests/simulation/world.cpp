#include "world.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "adapters/segments/segment_log.hpp"
#include "base/check.hpp"
#include "crypto/hash.hpp"

namespace cairn::simulation {

/// The piles of a shard outlive its process, as a file does. A transaction that the power cut off
/// may have been committed, but nobody hears of it.
class World::PilesHandle final : public ports::Piles {
 public:
  PilesHandle(World& world, sqlite::MemoryPiles& piles) : world_(world), piles_(piles) {}

  Result<void> write(std::span<const ports::PileAddition> additions,
                     std::uint64_t position) override {
    if (!world_.is_power_cut()) return piles_.write(additions, position);
    if (std::exchange(is_dead_, true) || world_.random_.percent(50))
      return cairn::fail(ErrorCode::Io, "the power is gone");
    (void)piles_.write(additions, position);
    world_.counts_->add("fault", "flush_committed_unheard");
    return cairn::fail(ErrorCode::Io, "the power is gone");
  }
  std::uint64_t position() const override { return piles_.position(); }
  Result<Bytes> read(ports::Serial serial) override {
    if (world_.failing_reads_ > 0) {
      --world_.failing_reads_;
      world_.counts_->add("fault", "pile_read");
      return cairn::fail(ErrorCode::Io, "cannot read the pile: Input/output error");
    }
    return piles_.read(serial);
  }
  Result<void> scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) override {
    return piles_.scan(visit);
  }
  Result<void> drop_rows() override { return piles_.drop_rows(); }
  Result<std::vector<std::string>> verify() override { return piles_.verify(); }
  Result<void> backup_to(const std::string& path) override { return piles_.backup_to(path); }

 private:
  World& world_;
  sqlite::MemoryPiles& piles_;
  bool is_dead_ = false;
};

class World::KeysHandle final : public ports::Keys {
 public:
  explicit KeysHandle(keys::MemoryKeys& keys) : keys_(keys) {}
  Result<ports::KeySlot> take() override { return keys_.take(); }
  Result<ports::KeyBytes> get(ports::KeySlot slot) override { return keys_.get(slot); }
  Result<void> destroy(ports::KeySlot slot) override { return keys_.destroy(slot); }
  Result<ports::KeyBytes> installation_key(std::string_view purpose) override {
    return keys_.installation_key(purpose);
  }

 private:
  keys::MemoryKeys& keys_;
};

std::shared_ptr<const app::Definitions> World::shipped_definitions() {
  static const std::shared_ptr<const app::Definitions> shipped = [] {
    const auto folder = std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions";
    auto loaded = app::load_definitions(folder.string());
    if (!loaded) fmt::print(stderr, "{}\n", loaded.error().message);
    CAIRN_CHECK(loaded.has_value());
    return *std::move(loaded);
  }();
  return shipped;
}

World::World(WorldOptions options, Time start, std::shared_ptr<const app::Definitions> definitions,
             Counts& counts)
    : options_(options),
      definitions_(std::move(definitions)),
      counts_(&counts),
      random_(options.seed ^ 0x776f726c64ull),
      storage_(disk_, options.seed),
      keys_(options.seed),
      now_(start) {
  for (std::uint32_t i = 0; i < options_.shards; ++i)
    piles_.push_back(std::make_unique<sqlite::MemoryPiles>());
}
World::~World() = default;

// ---- up and down --------------------------------------------------------------------------------

Result<std::unique_ptr<ports::Log>> World::open_log(std::uint32_t shard) {
  segments::Options options;
  options.folder = fmt::format("shard-{:02}/log", shard);
  options.shard = shard;
  options.segment_bytes = options_.segment_bytes;
  options.zeros_ahead_bytes = options_.segment_bytes / 4;
  options.not_before = piles_[shard]->position();
  options.salt = static_cast<std::uint32_t>(options_.seed);
  if (options_.has_audit_files) {
    options.audit_folder = "audit";
    options.sign = [](BytesView bytes) {
      return Bytes(crypto::view(crypto::hmac_sha256("audit", bytes)));
    };
  }
  return segments::SegmentLog::open(storage_, std::move(options));
}

Result<void> World::start() {
  CAIRN_CHECK(!installation_);
  app::Stores stores;
  stores.keys = std::make_unique<KeysHandle>(keys_);
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    CAIRN_TRY(auto log, open_log(i));
    stores.logs.push_back(std::move(log));
    stores.piles.push_back(std::make_unique<PilesHandle>(*this, *piles_[i]));
  }
  core::ClusterOptions options;
  options.shards = options_.shards;
  options.hot_max = options_.hot_max;
  options.unpacked_max = options_.unpacked_max;
  options.mailbox_max = options_.mailbox_max;
  options.flush_every = minutes(5);
  options.flush_portion = 7;  // so that crashes find rounds of flushes half done
  core::Listener* listener = this;
  installation_ =
      std::make_unique<app::Installation>(definitions_, std::move(stores), options, listener);
  installation_->cluster().deliver_with(
      [this](std::uint32_t to, core::Input letter) { deliver(to, std::move(letter)); });
  auto loaded = installation_->load(now_ + clock_error_);
  if (!loaded) go_down();
  return loaded;
}

void World::go_down() {
  late_.clear();
  if (installation_) {
    const auto counts = installation_->cluster().totals().counts;
    counts_->add("kernel", "evictions", counts.evictions);
    counts_->add("kernel", "unpacked", counts.unpacked);
    counts_->add("kernel", "refolds", counts.refolds);
    counts_->add("kernel", "failed_batches", counts.failed_batches);
    counts_->add("kernel", "rewordings", counts.rewordings);
    counts_->add("kernel", "letters_taken", counts.letters_in);
    counts_->add("kernel", "letters_taken_again", counts.letters_repeated);
    counts_->add("kernel", "fired", counts.fired);
    counts_->add("kernel", "set_aside", counts.set_aside);
  }
  installation_.reset();
}

void World::crash_process() {
  go_down();
  counts_->add("fault", "process_killed");
}

void World::crash_power() {
  go_down();
  disk_.crash(random_.bits());
  storage_.restore_power();
  counts_->add("fault", "power_lost");
}

void World::cut_power_in(std::uint64_t operations) {
  storage_.cut_power_at(storage_.count_all() + std::max<std::uint64_t>(1, operations));
}

void World::drop_rows() {
  CAIRN_CHECK(!installation_);
  for (auto& piles : piles_) CAIRN_CHECK(piles->drop_rows().has_value());
}

// ---- faults -------------------------------------------------------------------------------------

void World::fail(memory::Operation operation, memory::Fault fault, std::uint64_t in,
                 std::uint64_t times) {
  storage_.fail(operation, storage_.count(operation) + in, fault, times);
}

void World::fail_flush(std::uint32_t shard, std::uint64_t times) {
  piles_[shard]->fail_next_write(ErrorCode::DiskFull, times);
  counts_->add("fault", "flush_failed", times);
}

void World::heal() {
  storage_.heal();
  failing_reads_ = 0;
  keys_.fail_next(ErrorCode::Io, 0);
  for (auto& piles : piles_) piles->fail_next_write(ErrorCode::Io, 0);
  disk_.set_capacity(UINT64_MAX);
}

// ---- the post -----------------------------------------------------------------------------------

namespace {
core::Input copy_of(const core::Input& letter) {
  return {.type = core::Input::Type::Letter,
          .key = letter.key,
          .event = std::make_unique<model::Event>(*letter.event),
          .letter = letter.letter};
}
}  // namespace

void World::deliver(std::uint32_t to, core::Input letter) {
  auto& cluster = installation_->cluster();
  if (is_calm_ || !options_.has_lossy_post) return cluster.put(to, std::move(letter));
  switch (random_.below(10)) {
    case 0:
      return counts_->add("fault", "letter_lost");
    case 1:
      counts_->add("fault", "letter_repeated");
      cluster.put(to, copy_of(letter));
      break;
    case 2:
      counts_->add("fault", "letter_late");
      late_.push_back({now_ + minutes(random_.between(0, 30)), to, std::move(letter)});
      return;
    default:
      break;
  }
  cluster.put(to, std::move(letter));
}

void World::deliver_late() {
  for (std::size_t i = 0; i < late_.size();) {
    if (late_[i].due > now_ && !is_calm_) {
      ++i;
      continue;
    }
    installation_->cluster().put(late_[i].to, std::move(late_[i].letter));
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void World::calm() {
  heal();
  is_calm_ = true;
  clock_error_ = {};
}

// ---- rounds -------------------------------------------------------------------------------------

Result<void> World::submit(core::Input input) {
  return installation_->cluster().submit(std::move(input));
}

void World::step(std::uint32_t shard, bool must_flush) {
  deliver_late();
  installation_->cluster().step(shard, now_ + clock_error_, must_flush);
}

bool World::step_all(bool must_flush) {
  deliver_late();
  bool did = false;
  for (std::uint32_t i = 0; i < options_.shards; ++i)
    did |= installation_->cluster().step(i, now_ + clock_error_, must_flush);
  return did || has_late_letters();
}

void World::committed(std::uint32_t shard, std::span<const core::Committed> changes) {
  ++told_batches_;
  for (const auto& change : changes) {
    Told told{.shard = shard,
              .key = change.key,
              .number = change.number,
              .version = change.version,
              .at = now_ + clock_error_,
              .batch = told_batches_};
    if (change.cause) told.cause = change.cause->id;
    if (on_told) on_told(told, change.state);
  }
}

void World::ask(const ports::AggregateKey& key, std::function<void(const Look&)> use) {
  core::Question question{
      true, [use = std::move(use)](Result<core::Seen> seen) {
        if (!seen || !seen->state) return;
        use({seen->state, seen->version, {seen->history.begin(), seen->history.end()}, seen->now});
      }};
  installation_->cluster().put(installation_->cluster().shard_for(key),
                               core::question(key, std::move(question)));
}

Result<void> World::look(const ports::AggregateKey& key,
                         const std::function<void(const Look&)>& use) {
  struct Asked {
    bool is_abandoned = false;
    std::optional<Result<void>> done;
  };
  const auto asked = std::make_shared<Asked>();
  core::Question question{true, [asked, &use](Result<core::Seen> seen) {
                            if (asked->is_abandoned) return;
                            asked->done.emplace();
                            if (!seen) {
                              asked->done = std::unexpected(seen.error());
                            } else if (!seen->state) {
                              asked->done = cairn::fail(ErrorCode::NotFound, "nobody knows it");
                            } else {
                              use({seen->state,
                                   seen->version,
                                   {seen->history.begin(), seen->history.end()},
                                   seen->now});
                            }
                          }};
  const auto shard = installation_->cluster().shard_for(key);
  step(shard);  // what waits there goes first, so that there is room for a question
  installation_->cluster().put(shard, core::question(key, std::move(question)));
  for (int round = 0; round < 20 && !asked->done; ++round) step(shard);
  asked->is_abandoned = true;
  if (!asked->done) return cairn::fail(ErrorCode::Timeout, "a question is never answered");
  return *asked->done;
}

}  // namespace cairn::simulation

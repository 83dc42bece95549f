#include "core/cluster.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace cairn::core {

namespace {
constexpr std::string_view kBusy = "more is waiting than can be taken now; try again in a second";
constexpr std::size_t kPortionsMax = 16;                   ///< of one round
constexpr Duration kPauseAfterFailedPortion = seconds(1);  ///< the disk may have recovered by then
}  // namespace

std::uint32_t slot_of(const ports::AggregateKey& key) {
  return static_cast<std::uint32_t>(
      (std::hash<ports::AggregateKey>{}(key) * 0x9e3779b97f4a7c15ull) >> 52);
}

/// One shard with what moves its inputs and outputs.
struct Cluster::Unit {
  Unit(const ClusterOptions& options, ShardOptions shard_options, const ShardStores& stores,
       const Sealer& sealer, Listener* listener)
      : index(shard_options.index),
        mailbox(options.mailbox_max),
        log(stores.log),
        piles(stores.piles),
        shard(shard_options, stores.kinds, *stores.log, *stores.piles, sealer, listener),
        received(options.shards) {}

  const std::uint32_t index;
  Mailbox mailbox;
  ports::Log* log;
  ports::Piles* piles;
  Shard shard;
  std::vector<Input> next;  ///< set aside by the last batch, then what the mailbox gave

  /// Letters this shard has written and the addressee has not received, in order.
  struct Owed {
    Outgoing letter;
    std::uint32_t to = 0;
    std::uint64_t previous = 0;
    Time sent = Time::none();
  };
  std::deque<Owed> owed;
  std::map<std::uint32_t, std::uint64_t> last_to;    ///< number of the last letter to each shard
  std::vector<std::atomic<std::uint64_t>> received;  ///< by sender; read by the sender

  Time next_round = Time::none();    ///< when a round of flushes is to begin
  Time next_portion = Time::none();  ///< … and when its next portion is taken
  std::size_t portion = 0;           ///< aggregates, at most
  Duration between_portions;
  std::optional<Flush> flush;       ///< given to the drain
  std::atomic<int> flush_state{0};  ///< 0 none · 1 to be written · 2 written · 3 failed
  std::mutex drain_mutex;
  std::condition_variable drain_ready, archive_ready;
  bool has_released = false;  ///< what the log may drop has grown; under `drain_mutex`
  std::thread thread, drain_thread, archive_thread;

  mutable std::mutex totals_mutex;
  Totals totals;
  std::atomic<std::uint64_t> durable{0};
  std::atomic<bool> is_behind{false};
  std::atomic<bool> is_done{false};
};

Cluster::Cluster(ClusterOptions options, std::vector<ShardStores> stores, const Sealer& sealer,
                 Listener* listener)
    : options_(options), sealer_(&sealer) {
  CAIRN_CHECK(stores.size() == options.shards);
  for (std::uint32_t i = 0; i < stores.size(); ++i) {
    ShardOptions shard_options;
    shard_options.index = i;
    shard_options.hot_max = std::max<std::size_t>(1, options.hot_max / stores.size());
    shard_options.unpacked_max = std::max<std::size_t>(1, options.unpacked_max / stores.size());
    shard_options.rows_at_once = std::max<std::size_t>(1, options.rows_at_once / stores.size());
    units_.push_back(std::make_unique<Unit>(options_, shard_options, stores[i], sealer, listener));
  }
  deliver_ = [this](std::uint32_t to, Input letter) { put(to, std::move(letter)); };
}

Cluster::~Cluster() { stop(); }

Result<void> Cluster::load(Time now) {
  for (auto& unit : units_) CAIRN_TRY_VOID(unit->shard.load(now));
  for (auto& unit : units_) {
    const auto received = [&](const ports::AggregateKey& key) {
      return units_[shard_for(key)]->shard.received_from(unit->index);
    };
    for (std::uint32_t from = 0; from < shards(); ++from)
      unit->received[from] = unit->shard.received_from(from);
    CAIRN_TRY(auto letters, unit->shard.unreceived(received));
    for (auto& letter : letters) {
      const auto to = shard_for(letter.letter.to);
      auto& last = unit->last_to[to];
      unit->owed.push_back({std::move(letter), to, last});
      last = unit->owed.back().letter.number;
    }
    publish_totals(*unit);
  }
  return {};
}

Result<void> Cluster::submit(Input input) {
  Unit& unit = *units_[shard_for(input.key)];
  if ((unit.is_behind && input.type != Input::Type::Question) || !unit.mailbox.push(input))
    return fail(ErrorCode::Busy, std::string(kBusy));
  return {};
}

void Cluster::submit_all(std::vector<Input>& inputs) {
  std::vector<std::vector<Input>> parts(units_.size());
  for (auto& input : inputs) parts[shard_for(input.key)].push_back(std::move(input));
  inputs.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    if (!units_[i]->is_behind) units_[i]->mailbox.push_all(parts[i]);
    std::ranges::move(parts[i], std::back_inserter(inputs));
  }
}

std::uint64_t Cluster::durable(std::uint32_t shard) const { return units_[shard]->durable; }
Shard& Cluster::shard(std::uint32_t index) { return units_[index]->shard; }
std::uint64_t Cluster::viewed(std::uint32_t shard) const { return units_[shard]->shard.viewed(); }

namespace {

/// Told at once, so that nobody waits for an answer that will not come.
void turn_away(Input& input) {
  const Error error{ErrorCode::Busy, std::string(kBusy), ""};
  if (input.question) input.question->ask(std::unexpected(error));
  if (input.reply) input.reply({.outcome = Outcome::Failed, .error = error}, nullptr);
}

}  // namespace

void Cluster::put(std::uint32_t shard, Input input) {
  if (!units_[shard]->mailbox.push(input)) turn_away(input);
}

// ---- one round ----------------------------------------------------------------------------------

bool Cluster::round(Unit& unit, Time now) {
  unit.mailbox.take(unit.next);
  const bool has_work = !unit.next.empty() || unit.shard.next_due() <= now;
  if (has_work) {
    unit.shard.prefetch(unit.next, now);
    unit.next = unit.shard.run_batch(std::exchange(unit.next, {}), now);
    for (std::uint32_t from = 0; from < shards(); ++from)
      unit.received[from].store(unit.shard.received_from(from), std::memory_order_release);
  }
  post(unit, now);
  return has_work;
}

/// Sends new letters, and those again that have not arrived in time.
void Cluster::post(Unit& unit, Time now) {
  for (auto& letter : unit.shard.take_letters()) {
    const auto to = shard_for(letter.letter.to);
    auto& last = unit.last_to[to];
    unit.owed.push_back({std::move(letter), to, last});
    last = unit.owed.back().letter.number;
  }
  const auto is_received = [&](const Unit::Owed& owed) {
    return owed.letter.number <=
           units_[owed.to]->received[unit.index].load(std::memory_order_acquire);
  };
  while (!unit.owed.empty() && is_received(unit.owed.front())) unit.owed.pop_front();
  std::vector<bool> is_late(units_.size());
  for (auto& owed : unit.owed) {
    if (is_received(owed)) continue;
    const bool is_due = owed.sent.is_none() || now - owed.sent >= options_.letter_repeat;
    if (is_due && !owed.sent.is_none()) is_late[owed.to] = true;
    if (!is_due && !is_late[owed.to]) continue;
    owed.sent = now;
    deliver_(owed.to, Input{.type = Input::Type::Letter,
                            .key = owed.letter.letter.to,
                            .event = std::make_unique<model::Event>(owed.letter.letter.event),
                            .letter = {unit.index, owed.letter.number, owed.previous}});
  }
}

std::uint64_t Cluster::lowest_unreceived(Unit& unit) {
  return unit.owed.empty() ? std::numeric_limits<std::uint64_t>::max()
                           : unit.owed.front().letter.number;
}

// ---- flush --------------------------------------------------------------------------------------

bool Cluster::can_flush(const Unit& unit) const {
  return unit.flush_state == 0 && (!are_piles_held_ || is_stopping_);
}

/// The portions of a round are spread over half of the time until the next one. Where much is owed
/// they are larger rather than many: each is a transaction, synced by itself.
void Cluster::begin_flush(Unit& unit, Time now, bool must_flush) {
  if (!can_flush(unit)) return;
  const bool is_new = unit.shard.left_in_round() == 0;
  const bool is_due = now >= (is_new ? unit.next_round : unit.next_portion) || must_flush ||
                      unit.shard.unflushed_bytes() >= options_.flush_bytes;
  if (!is_due) return;
  if (is_new) {
    const auto owed = unit.shard.owed();
    unit.portion = std::max(options_.flush_portion, owed / kPortionsMax);
    const auto portions = static_cast<std::int64_t>(owed / unit.portion + 1);
    unit.between_portions = Duration{options_.flush_every.us / 2 / portions};
    unit.next_round = now + options_.flush_every;
  }
  auto flush = unit.shard.take_flush(must_flush ? SIZE_MAX : unit.portion);
  unit.next_portion = now + unit.between_portions;
  if (!flush) return;
  {
    std::lock_guard lock(unit.drain_mutex);
    unit.flush = std::move(flush);
    unit.flush_state = 1;
  }
  unit.drain_ready.notify_one();
}

void Cluster::end_flush(Unit& unit) {
  const int state = unit.flush_state;
  if (state != 2 && state != 3) return;
  unit.flush.reset();
  unit.flush_state = 0;
  unit.shard.flushed(state == 2);
  if (state == 3) unit.next_portion = unit.next_portion + kPauseAfterFailedPortion;
  // A log that cannot drop a segment now drops it after the next flush: nothing depends on it.
  if (state != 2) return;
  if (const auto done = unit.shard.release_log(lowest_unreceived(unit)); !done)
    complain("log", done.error());
  {
    std::lock_guard lock(unit.drain_mutex);
    unit.has_released = true;
  }
  unit.archive_ready.notify_one();
}

void Cluster::complain(std::string_view what, const Error& error) const {
  if (options_.trouble) options_.trouble(what, error);
}

void Cluster::write_piles(Unit& unit) {
  const auto written = unit.piles->write(unit.flush->additions, unit.flush->position);
  if (!written) complain("piles", written.error());
  unit.flush_state = written ? 2 : 3;
}

void Cluster::drain(Unit& unit) {
  for (;;) {
    {
      std::unique_lock lock(unit.drain_mutex);
      unit.drain_ready.wait(lock, [&] { return unit.flush_state == 1 || unit.is_done; });
      if (unit.flush_state != 1) return;
    }
    write_piles(unit);
    unit.mailbox.wake();
  }
}

/// Compressing a segment takes a fraction of a second of a processor. Taken at once, it would make
/// events in flight wait on a busy machine; so it is taken in small parts while nothing presses.
void Cluster::archive(Unit& unit) {
  const auto between = [&](std::size_t waiting) {
    options_.between_blocks(waiting > 0 || is_stopping_);
  };
  for (bool is_last = false; !is_last;) {
    {
      std::unique_lock lock(unit.drain_mutex);
      unit.archive_ready.wait(lock, [&] { return unit.has_released || unit.is_done; });
      unit.has_released = false;
      is_last = unit.is_done;
    }
    // What cannot be archived now stays and is tried after the next flush.
    for (bool is_more = true; is_more;) {
      const auto did = unit.log->recycle_one(between);
      if (!did) complain("archive", did.error());
      is_more = did && *did;
    }
  }
}

bool Cluster::step(std::uint32_t index, Time now, bool must_flush) {
  Unit& unit = *units_[index];
  const bool did = round(unit, now);
  begin_flush(unit, now, must_flush);
  if (unit.flush_state == 1) write_piles(unit);
  end_flush(unit);
  unit.shard.tidy();
  publish_totals(unit);
  return did || !unit.owed.empty();
}

// ---- threads ------------------------------------------------------------------------------------

void Cluster::start(ports::Clock& clock) {
  for (auto& unit : units_) {
    unit->next_round = clock.now() + options_.flush_every;
    unit->drain_thread = std::thread([this, u = unit.get()] {
      if (options_.background_begins) options_.background_begins();
      drain(*u);
    });
    unit->archive_thread = std::thread([this, u = unit.get()] {
      if (options_.background_begins) options_.background_begins();
      archive(*u);
    });
    unit->thread = std::thread([this, u = unit.get(), &clock] {
      if (options_.shard_begins) options_.shard_begins();
      run(*u, clock);
    });
  }
}

void Cluster::run(Unit& unit, ports::Clock& clock) {
  for (;;) {
    if (is_standing_) stand_still(unit);
    Time now = clock.now();
    round(unit, now);
    if (round_done_) round_done_();
    end_flush(unit);
    begin_flush(unit, now, false);
    publish_totals(unit);
    if (is_stopping_ && unit.mailbox.size() == 0 && unit.next.empty()) break;
    if (!unit.next.empty() || unit.shard.tidy()) continue;
    auto until = std::min(unit.shard.next_due(), now + seconds(1));
    if (can_flush(unit))
      until = std::min(until, unit.shard.left_in_round() > 0 ? unit.next_portion : unit.next_round);
    if (until > now) unit.mailbox.wait(until - now);
  }
  for (int round = 0; round < 3 && (unit.shard.unflushed_bytes() > 0 || unit.flush_state != 0);
       ++round) {
    begin_flush(unit, clock.now(), true);
    while (unit.flush_state == 1) unit.mailbox.wait(milliseconds(20));
    end_flush(unit);
  }
  {
    std::lock_guard lock(unit.drain_mutex);
    unit.is_done = true;
  }
  unit.drain_ready.notify_one();
  unit.archive_ready.notify_one();
  publish_totals(unit);
}

// ---- one moment of all shards -------------------------------------------------------------------

/// On the shard's thread, between two batches. No flush is under way while it stands.
void Cluster::stand_still(Unit& unit) {
  while (unit.flush_state == 1) unit.mailbox.wait(milliseconds(5));
  end_flush(unit);
  publish_totals(unit);
  std::unique_lock lock(stand_mutex_);
  ++standing_;
  stand_changed_.notify_all();
  stand_changed_.wait(lock, [&] { return !is_standing_; });
  --standing_;
  stand_changed_.notify_all();
}

std::vector<std::uint64_t> Cluster::hold_piles() {
  are_piles_held_ = true;
  std::unique_lock lock(stand_mutex_);
  // Flushes that have begun may take long; the shards go on while they end.
  const auto is_any_flushing = [&] {
    return std::ranges::any_of(units_, [](const auto& unit) { return unit->flush_state != 0; });
  };
  while (is_any_flushing()) {
    for (auto& unit : units_) unit->mailbox.wake();
    stand_changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  is_standing_ = true;
  for (auto& unit : units_) unit->mailbox.wake();
  stand_changed_.wait(lock, [&] { return standing_ == units_.size(); });
  std::vector<std::uint64_t> durable;
  for (const auto& unit : units_) durable.push_back(unit->durable);
  is_standing_ = false;
  stand_changed_.notify_all();
  stand_changed_.wait(lock, [&] { return standing_ == 0; });
  return durable;
}

void Cluster::release_piles() { are_piles_held_ = false; }

void Cluster::stop() {
  if (is_stopping_.exchange(true)) return;
  for (auto& unit : units_) unit->mailbox.wake();
  for (auto& unit : units_) {
    if (unit->thread.joinable()) unit->thread.join();
    if (unit->drain_thread.joinable()) unit->drain_thread.join();
    if (unit->archive_thread.joinable()) unit->archive_thread.join();
  }
}

void Cluster::publish_totals(Unit& unit) {
  unit.durable.store(unit.shard.durable(), std::memory_order_release);
  unit.is_behind = unit.shard.unflushed_bytes() > options_.unflushed_max;
  std::lock_guard lock(unit.totals_mutex);
  auto& t = unit.totals;
  t.is_full = unit.shard.counts().failed_batches > t.counts.failed_batches;
  t.counts = unit.shard.counts();
  t.aggregates = unit.shard.aggregates();
  t.hot = unit.shard.hot();
  t.packed = unit.shard.packed();
  t.unflushed_bytes = unit.shard.unflushed_bytes();
  t.log_bytes = unit.log->size_bytes();
  t.records = unit.shard.durable();
  t.piled = unit.shard.piled();
}

Cluster::Totals Cluster::totals() const {
  Totals sum;
  for (const auto& unit : units_) {
    std::lock_guard lock(unit->totals_mutex);
    const auto& t = unit->totals;
    const auto add = [](ShardCounts& into, const ShardCounts& from) {
      constexpr std::size_t kCount = sizeof(ShardCounts) / sizeof(std::uint64_t);
      std::array<std::uint64_t, kCount> a, b;
      std::memcpy(a.data(), &into, sizeof into);
      std::memcpy(b.data(), &from, sizeof from);
      for (std::size_t i = 0; i < kCount; ++i) a[i] += b[i];
      std::memcpy(&into, a.data(), sizeof into);
    };
    add(sum.counts, t.counts);
    sum.aggregates += t.aggregates;
    sum.hot += t.hot;
    sum.packed += t.packed;
    sum.waiting += unit->mailbox.size();
    sum.unflushed_bytes += t.unflushed_bytes;
    sum.log_bytes += t.log_bytes;
    sum.records += t.records;
    sum.piled += t.piled;
    sum.is_full = sum.is_full || t.is_full;
  }
  return sum;
}

}  // namespace cairn::core

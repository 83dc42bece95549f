#include "simulation.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "checks.hpp"

namespace cairn::simulation {
namespace {

using memory::Fault;
using memory::Operation;

/// Something that goes wrong at a time.
enum class Trouble : std::uint8_t {
  PowerLoss,
  ProcessKilled,
  WriteError,
  ShortWrite,
  WriteFull,
  SyncError,
  NoRoomForSegment,
  OpenError,
  RenameError,
  RemoveError,
  DiskFull,
  RoomAgain,
  FlushFails,
  PileReadFails,
  KeysFail,
  ClockBack,
  ClockRight,
  ClockJump,
};
constexpr std::string_view kAfterSale = "after_sale";

constexpr std::array<std::string_view, 18> kTroubleNames{
    "power_loss",  "process_kill", "write_error",  "short_write",  "write_full",  "sync_error",
    "no_segment",  "open_error",   "rename_error", "remove_error", "disk_full",   "room_again",
    "flush_fails", "read_fails",   "keys_fail",    "clock_back",   "clock_right", "clock_jump"};

class Run {
 public:
  Run(const SeedOptions& options, Counts& counts)
      : random_(options.seed),
        counts_(counts),
        world_(world_options(options), start_of(options), World::shipped_definitions(), counts),
        clients_(world_, violations_, trace_, random_),
        workload_(world_, clients_, random_, workload_options(options)),
        book_(violations_, trace_),
        checks_(world_, clients_, workload_, book_, violations_, trace_, random_),
        options_(options) {
    if (options.fault) {
      auto& storage = world_.storage();
      if (options.fault->operation)
        storage.fail(*options.fault->operation, options.fault->nth, options.fault->fault);
      else
        storage.cut_power_at(options.fault->nth);
    }
    world_.on_told = [this](const Told& told, const core::Aggregate* state) {
      book_.told(told, state);
      note(told, state);
    };
  }

  SeedResult run() {
    const auto started = world_.start();
    if (!started && !options_.fault)
      violations_.add("does not start at all: " + started.error().message);
    const auto planned = workload_.plan();
    if (options_.has_troubles) plan_troubles();
    if (!started || world_.is_power_cut()) die();
    for (const auto& item : planned) {
      if (violations_.any()) return result();
      move_to(item.at);
      if (!world_.is_up()) recover();
      if (item.what == Planned::What::Send)
        clients_.send(item.index);
      else
        workload_.give_command(item.index);
      work();
    }
    finish();
    return result();
  }

 private:
  static WorldOptions world_options(const SeedOptions& options) {
    Random random(options.seed * 7919);
    return {.seed = options.seed,
            .hot_max = random.percent(50) ? 60u : 400'000u,
            .mailbox_max = random.percent(20) ? 8u : 16'384u,
            .segment_bytes = random.percent(50) ? 16u * 1024 : 128u * 1024,
            .has_audit_files = random.percent(20),
            .has_lossy_post = options.has_troubles && random.percent(80)};
  }
  static Time start_of(const SeedOptions& options) {
    return Time{1'790'000'000'000'000} + minutes(static_cast<std::int64_t>(options.seed % 10'000));
  }
  static WorkloadOptions workload_options(const SeedOptions& options) {
    if (options.orders != 0)
      return {.orders = options.orders, .commands = options.orders * 5, .strangers = 1};
    return options.is_short ? WorkloadOptions{.orders = 34, .commands = 240} : WorkloadOptions{};
  }

  SeedResult result() {
    SeedResult out{violations_.all(), trace_.value(), clients_.answers()};
    const auto& storage = world_.storage();
    out.operations = storage.count_all();
    for (std::size_t i = 0; i < memory::operation_count; ++i)
      out.operations_by_kind[i] = storage.count(static_cast<Operation>(i));
    return out;
  }

  /// Three crashes, and lesser troubles between them.
  void plan_troubles() {
    const auto at = [&] { return world_.now() + minutes(random_.between(30, 25 * 60)); };
    for (int i = 0; i < 3; ++i)
      troubles_.emplace_back(
          at(), i == 0 || random_.percent(60) ? Trouble::PowerLoss : Trouble::ProcessKilled);
    for (int i = 0; i < 14; ++i) {
      auto what = static_cast<Trouble>(random_.between(2, 17));
      if (what == Trouble::RoomAgain || what == Trouble::ClockRight) continue;
      const Time when = at();
      troubles_.emplace_back(when, what);
      if (what == Trouble::DiskFull)
        troubles_.emplace_back(when + minutes(random_.between(1, 40)), Trouble::RoomAgain);
      if (what == Trouble::ClockBack)
        troubles_.emplace_back(when + minutes(random_.between(1, 60)), Trouble::ClockRight);
    }
    std::ranges::sort(troubles_);
  }

  void strike(Trouble what) {
    counts_.add("trouble", kTroubleNames[static_cast<std::size_t>(what)]);
    const auto soon = static_cast<std::uint64_t>(random_.between(1, 6));
    const auto times = static_cast<std::uint64_t>(random_.between(1, 3));
    switch (what) {
      case Trouble::PowerLoss:
        return world_.cut_power_in(static_cast<std::uint64_t>(random_.between(1, 40)));
      case Trouble::ProcessKilled:
        world_.crash_process();
        return recover();
      case Trouble::WriteError:
        return world_.fail(Operation::Write, Fault::Eio, soon, times);
      case Trouble::ShortWrite:
        return world_.fail(Operation::Write, Fault::Short, soon, times);
      case Trouble::WriteFull:
        return world_.fail(Operation::Write, Fault::Enospc, soon, times);
      case Trouble::SyncError:
        return world_.fail(Operation::Sync, Fault::Eio, soon, times);
      case Trouble::NoRoomForSegment:
        return world_.fail(Operation::Allocate, Fault::Enospc, 1, times);
      case Trouble::OpenError:
        return world_.fail(Operation::Open, Fault::Eio, 1, times);
      case Trouble::RenameError:
        return world_.fail(Operation::Rename, Fault::Eio, 1, times);
      case Trouble::RemoveError:
        return world_.fail(Operation::Remove, Fault::Eio, 1, times);
      case Trouble::DiskFull:
        return world_.set_room(world_.used());
      case Trouble::RoomAgain:
        return world_.set_room(UINT64_MAX);
      case Trouble::FlushFails:
        return world_.fail_flush(static_cast<std::uint32_t>(random_.below(world_.shards())), times);
      case Trouble::PileReadFails:
        return world_.fail_pile_reads(times);
      case Trouble::KeysFail:
        return world_.fail_keys(times);
      case Trouble::ClockBack:
        return world_.set_clock_error(minutes(-random_.between(1, 90)));
      case Trouble::ClockRight:
        return world_.set_clock_error({});
      case Trouble::ClockJump:
        return world_.advance(minutes(random_.between(30, 180)));
    }
  }

  /// Lets the time pass: what is due meanwhile happens.
  void move_to(Time at) {
    for (;;) {
      const Time trouble = troubles_.empty() ? Time::never() : troubles_.front().first;
      const Time next = std::min(trouble, clients_.next_due());
      if (next > at) break;
      world_.set_now(next);
      if (trouble == next) {
        const auto what = troubles_.front().second;
        troubles_.erase(troubles_.begin());
        strike(what);
      }
      clients_.send_due();
      work();
      if (violations_.any()) return;
    }
    if (at - world_.now() > minutes(5)) {
      world_.set_now(world_.now() + Duration{(at - world_.now()).us / 2});
      step(true);
    }
    world_.set_now(at);
  }

  /// Mostly one shard, sometimes all; inputs gather meanwhile.
  void work() {
    if (random_.percent(45)) step(false);
    if (random_.percent(6)) step(true);
  }

  void step(bool is_all) {
    if (is_all)
      world_.step_all(random_.percent(30));
    else
      world_.step(static_cast<std::uint32_t>(random_.below(world_.shards())), random_.percent(3));
    if (world_.is_power_cut()) die();
  }

  void die() {
    world_.crash_power();
    recover();
  }

  /// Starts again, perhaps dying while it starts, and checks that nothing was lost.
  void recover() {
    clients_.hang_up();
    book_.crashed();
    world_.heal();
    if (options_.has_troubles && random_.percent(30)) {
      world_.cut_power_in(static_cast<std::uint64_t>(random_.between(1, 120)));
      counts_.add("trouble", "power_loss_at_start");
    }
    for (int attempt = 0; !world_.is_up(); ++attempt) {
      const auto started = world_.start();
      if (started && !world_.is_power_cut()) break;
      if (attempt > 3 || !world_.is_power_cut())
        return violations_.add("does not start: " +
                               (started ? "no power" : started.error().message));
      world_.crash_power();
    }
    world_.storage().restore_power();
    quiet("after a crash");
    world_.unsettle();
  }

  Snapshot quiet(std::string_view when) {
    bool is_quiet = settle(world_, clients_);
    if (world_.is_power_cut()) {  // even now
      die();
      is_quiet = settle(world_, clients_);
    }
    if (!is_quiet) violations_.add(fmt::format("{}: never quiet", when));
    return checks_.all(when);
  }

  void restart(std::string_view when, const Snapshot& before) {
    clients_.hang_up();
    if (auto started = world_.start(); !started)
      return violations_.add(fmt::format("{}: does not start: {}", when, started.error().message));
    world_.calm();
    book_.crashed();
    checks_.same(before, checks_.all(when), when);
  }

  void finish() {
    while (clients_.has_more() && !violations_.any()) {
      move_to(clients_.next_due());
      if (!world_.is_up()) recover();
    }
    if (violations_.any()) return;
    auto snapshot = quiet("at the end of the day");
    world_.storage().restore_power();  // what was to come later does not come
    for (int i = 0; i < 4 && !violations_.any(); ++i) {
      world_.advance(hours(13));
      snapshot = quiet("in the days after");
    }
    if (violations_.any()) return;
    for (const auto& [key, found] : snapshot) {
      for (const auto& conflict : found.conflicts)
        counts_.add("conflict", model::name_of(conflict.code));
      count_moves(found.events);
    }
    for (const auto& ticket : clients_.tickets())
      if (ticket.accepted > 0 && ticket.command) counts_.add("command", ticket.command->name);
    checks_.replayed(snapshot, options_.seed);
    if (violations_.any()) return;
    snapshot = quiet("before the restart");
    world_.crash_process();
    restart("after a restart", snapshot);
    if (violations_.any()) return;
    world_.crash_process();
    world_.drop_rows();
    restart("after the rows were made again", snapshot);
  }

  /// What came here from another order, what was taken away again, and what given back.
  void count_moves(const std::vector<model::Event>& events) {
    std::set<std::string> taken;
    for (const auto& event : events) {
      if (event.is(model::EventFlag::Copied)) counts_.add("move", "copied");
      if (event.type != model::EventType::EventRetracted ||
          event.origin.role != model::Role::System)
        continue;
      const bool is_back = taken.contains(event.as<model::Retraction>().target);
      counts_.add("move", is_back ? "given_back" : "taken_away");
      taken.insert(to_hex(event.id.view()));
    }
  }

  void note(const Told& told, const core::Aggregate* state) {
    if (told.key.kind != model::kOrderKind || !state) return;
    const auto& order = static_cast<const orders::Order&>(*state);
    for (const auto& its : order.cases) {
      const auto [seen, is_new] = case_states_.try_emplace({told.key, its.id}, its.state);
      if (is_new || std::exchange(seen->second, its.state) != its.state)
        counts_.add("case", case_chart_.state(its.state).code());
    }
    auto& last = states_[told.key];
    const auto now = std::string(order.lifecycle->name()) + ":" + order.headline().code();
    if (last == now) return;
    counts_.add("state", now);
    counts_.add("transition", told.cause.is_zero() ? "by_clock" : "by_event");
    last = now;
  }

  Random random_;
  Counts& counts_;
  Violations violations_;
  Trace trace_;
  World world_;
  Clients clients_;
  Workload workload_;
  LiveBook book_;
  Checks checks_;
  SeedOptions options_;
  std::vector<std::pair<Time, Trouble>> troubles_;
  const lifecycle::Lifecycle& case_chart_ =
      *World::shipped_definitions()->lifecycles.lifecycle(kAfterSale);
  std::map<std::pair<ports::AggregateKey, std::string>, lifecycle::StateId> case_states_;
  std::map<ports::AggregateKey, std::string> states_;
};

}  // namespace

bool settle(World& world, Clients& clients) {
  world.calm();
  for (int round = 0; round < 5'000; ++round) {
    clients.send_due();
    const bool did = world.step_all();
    if (!did && clients.is_idle()) return true;
    world.advance(milliseconds(250));
  }
  return false;
}

SeedResult run_seed(const SeedOptions& options, Counts& counts) {
  return Run(options, counts).run();
}

void expect_all(Counts& counts) {
  for (const auto name : kTroubleNames) counts.expect("trouble", name);
  counts.expect("trouble", "power_loss_at_start");
  for (const auto name : {"power_lost", "process_killed", "letter_lost", "letter_repeated",
                          "letter_late", "flush_failed", "flush_committed_unheard", "pile_read"})
    counts.expect("fault", name);
  for (const auto name : {"evictions", "unpacked", "refolds", "failed_batches", "rewordings",
                          "fired", "letters_taken", "letters_taken_again", "set_aside"})
    counts.expect("kernel", name);
  for (const auto name : {"accepted", "duplicate", "rival", "refused", "failed"})
    counts.expect("answer", name);
  for (const auto code : {ErrorCode::Refused, ErrorCode::Invalid, ErrorCode::Forbidden,
                          ErrorCode::NotFound, ErrorCode::IdReused, ErrorCode::VersionMismatch,
                          ErrorCode::Unknown, ErrorCode::DiskFull, ErrorCode::Io, ErrorCode::Busy})
    counts.expect("refusal", error_row(code).name);
  for (const auto& row : model::conflict_table())
    counts.expect("conflict", model::name_of(row.code));
  for (const auto name : {"copied", "taken_away", "given_back"}) counts.expect("move", name);
  for (const auto name : {"same", "rivals"}) counts.expect("replay", name);
  const auto& lifecycles = World::shipped_definitions()->lifecycles;
  for (const std::string lifecycle : {"retail", "made_to_order"})
    for (const auto& state : lifecycles.lifecycle(lifecycle)->states())
      counts.expect("state", lifecycle + ":" + std::string(state.code()));
  for (const auto& state : lifecycles.lifecycle(kAfterSale)->states())
    counts.expect("case", state.code());
  for (const auto name : {"by_clock", "by_event"}) counts.expect("transition", name);
  for (const auto& command : lifecycles.commands()) counts.expect("command", command.code);
  for (const auto name : {"unpaid_cancelled", "unpaid_open"}) counts.expect("oracle", name);
}

}  // namespace cairn::simulation

#include <atomic>
#include <future>
#include <thread>

#include "core/core_test_world.hpp"

namespace cairn::core {
namespace {

TEST(Shard, rows_of_other_definitions_are_made_again_and_written_a_few_at_a_time) {
  World world(1);
  VersionView view;
  world.view = &view;
  world.options.rows_at_once = 3;
  world.crash();  // to start anew with it
  constexpr int kAskers = 25;
  for (int n = 0; n < kAskers; ++n) world.ask(n);
  for (int round = 0; round < 3; ++round) {
    world.now = world.now + seconds(10);
    world.settle();
  }
  world.ask(kAskers);  // in the log only
  world.settle();
  const auto rows = view.rows;
  ASSERT_EQ(rows.size(), kAskers + 1u);
  view.rows.clear();
  view.definitions = 2;
  world.crash();
  EXPECT_EQ(view.rows, rows);
  EXPECT_LE(world.cluster->totals().unflushed_bytes, 4'096u);
  const auto again = world.cluster->totals().counts.loads;
  EXPECT_GE(again, static_cast<std::uint64_t>(kAskers));
  view.rows.clear();
  world.crash();
  EXPECT_EQ(view.rows, rows);
  EXPECT_LT(world.cluster->totals().counts.loads, again / 2) << "most were written";
  world.with<Asker>(key_of(kAsker, 7), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
}

TEST(Shard, a_round_of_flushes_goes_in_portions_and_may_be_cut_off) {
  World world(1);
  world.options.flush_portion = 10;
  world.options.flush_every = minutes(1);
  std::vector<std::string> troubles;
  world.options.trouble = [&](std::string_view what, const Error&) { troubles.emplace_back(what); };
  world.crash();  // to start anew with it
  const auto step = [&](Duration passed) {
    world.now = world.now + passed;
    world.cluster->step(0, world.now);
  };
  const auto rest = [&] {
    for (int i = 0; i < 20; ++i) step(seconds(10));
    step(minutes(1));
  };
  world.ask(0);
  world.settle();
  rest();
  constexpr int kAskers = 56;
  for (int n = 1; n < kAskers; ++n) world.ask(n);
  world.settle();
  const auto piled = world.cluster->shard(0).piled();
  step(minutes(1));
  auto left = world.cluster->shard(0).left_in_round();
  EXPECT_GE(left, 40u);
  EXPECT_EQ(world.cluster->shard(0).piled(), piled) << "the position moves with the last portion";
  step(milliseconds(1));
  EXPECT_EQ(world.cluster->shard(0).left_in_round(), left) << "portions are spread over time";
  step(seconds(10));
  EXPECT_EQ(world.cluster->shard(0).left_in_round(), left - 10);
  world.piles[0]->fail_next_write(ErrorCode::Io);
  step(seconds(10));
  EXPECT_EQ(world.cluster->shard(0).left_in_round(), left - 10) << "comes again";
  EXPECT_EQ(troubles, std::vector<std::string>{"piles"}) << "and is told";
  // What is new meanwhile goes with its portion where that is yet to come, else in the next round.
  const auto owed = world.cluster->shard(0).unflushed_bytes();
  const auto durable = world.cluster->shard(0).durable();
  for (int n = 0; n < kAskers; ++n)
    ASSERT_TRUE(world.cluster->submit(core::command(
        key_of(kAsker, n), {"ask", "{}", model::identity_of("again", std::to_string(n)), {}, {}},
        nullptr)));
  world.settle();
  EXPECT_EQ(world.cluster->shard(0).durable(), durable + kAskers) << "refusals are written down";
  EXPECT_GT(world.cluster->shard(0).unflushed_bytes(), owed);
  const auto aggregates = world.cluster->totals().aggregates;
  world.crash();
  EXPECT_EQ(world.cluster->totals().aggregates, aggregates) << "no serial was left out";
  EXPECT_EQ(world.cluster->shard(0).durable(), durable + kAskers);
  rest();
  EXPECT_EQ(world.cluster->shard(0).piled(), world.cluster->shard(0).durable());
  EXPECT_EQ(world.cluster->totals().unflushed_bytes, 0u);
  world.crash();
  for (int n = 0; n < kAskers; ++n)
    world.with<Asker>(key_of(kAsker, n), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
}

TEST(Shard, a_damaged_pile_stops_its_own_aggregate_only) {
  World world(1, 64);
  world.ask(1);
  for (int n = 100; n < 300; ++n) world.ask(n);
  world.settle();
  world.now = world.now + seconds(10);
  world.settle();
  for (ports::Serial serial = 1; serial < 4; ++serial) world.piles[0]->damage(serial);
  world.crash();
  int failed = 0, accepted = 0;
  for (const int n : {1, 100, 250, 299}) {
    ASSERT_TRUE(world.cluster->submit(
        core::command(key_of(kAsker, n), {"ask", "{}", model::identity_of("cmd", "again"), {}, {}},
                      [&](const Answer& answer, const Aggregate*) {
                        failed += answer.outcome == Outcome::Failed;
                        accepted += answer.outcome == Outcome::Refused;
                        if (answer.outcome == Outcome::Failed)
                          EXPECT_EQ(answer.error.code, ErrorCode::Damaged);
                      })));
  }
  world.settle();
  EXPECT_GE(failed, 1);
  EXPECT_GE(accepted, 2);
}

/// A log whose archive takes until the test lets it end.
class SlowArchive final : public ports::Log {
 public:
  explicit SlowArchive(ports::Log& inner) : inner_(inner) {}
  Result<std::uint64_t> append(std::span<const ports::Record> batch, Time recorded) override {
    return inner_.append(batch, recorded);
  }
  std::uint64_t durable() const override { return inner_.durable(); }
  std::uint64_t first() const override { return inner_.first(); }
  Result<void> read(std::uint64_t from, const ports::RecordVisitor& visit) override {
    return inner_.read(from, visit);
  }
  Result<void> release(std::uint64_t through) override { return inner_.release(through); }
  Result<bool> recycle_one(const Between& between) override {
    if (is_done_) return false;
    between(0);
    begun.set_value();
    may_end.get_future().wait();
    return is_done_ = true;
  }
  Result<void> reopen() override { return inner_.reopen(); }
  Bytes chain_head() const override { return inner_.chain_head(); }
  std::uint64_t size_bytes() const override { return inner_.size_bytes(); }

  std::promise<void> begun, may_end;

 private:
  ports::Log& inner_;
  bool is_done_ = false;
};

TEST(Cluster, piles_do_not_wait_for_the_archive) {
  World world(1);
  world.cluster.reset();
  SlowArchive log(*world.logs[0]);
  std::vector<bool> urgent;
  world.options.flush_every = milliseconds(1);
  world.options.between_blocks = [&](bool is_urgent) { urgent.push_back(is_urgent); };
  Cluster cluster(world.options,
                  {{&log,
                    world.piles[0].get(),
                    {{kAsker, {&world.asker, nullptr}}, {kCounter, {&world.counter, nullptr}}}}},
                  world.sealer, nullptr);
  ASSERT_TRUE(cluster.load(world.now));
  struct RunningClock final : ports::Clock {
    Time now() override { return Time{++ticks}; }
    std::atomic<std::int64_t> ticks{1'700'000'000'000'000};
  } clock;
  cluster.start(clock);
  const auto ask = [&](int n) {
    std::promise<void> answered;
    ASSERT_TRUE(cluster.submit(core::command(
        key_of(kAsker, n), {"ask", "{}", model::identity_of("cmd", std::to_string(n)), {}, {}},
        [&](const Answer&, const Aggregate*) { answered.set_value(); })));
    answered.get_future().wait();
  };
  ask(1);
  log.begun.get_future().wait();
  ask(2);
  const auto durable = cluster.durable(0);
  while (cluster.totals().piled < durable) std::this_thread::yield();
  log.may_end.set_value();
  cluster.stop();
  EXPECT_EQ(urgent, std::vector{false});
}

}  // namespace
}  // namespace cairn::core

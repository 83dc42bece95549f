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

}  // namespace
}  // namespace cairn::core

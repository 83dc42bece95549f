#include <random>
#include <set>

#include "core/core_test_world.hpp"

namespace cairn::core {
namespace {

TEST(Shard, a_limit_holds_over_shards_and_crashes) {
  World world(4);
  std::mt19937 random(7);
  for (int n = 0; n < 40; ++n) {
    world.ask(n);
    if (random() % 3 == 0) {
      for (std::uint32_t i = 0; i < 4; ++i)
        if (random() % 2) world.cluster->step(i, world.now);
      if (random() % 4 == 0) world.crash();
      // Whoever got no answer before the crash asks again with the same key.
      for (int again = 0; again <= n; ++again) world.ask(again);
    }
  }
  world.settle();
  int granted = 0, answered = 0;
  for (int n = 0; n < 40; ++n)
    world.with<Asker>(key_of(kAsker, n), [&](const Asker* asker) {
      ASSERT_NE(asker, nullptr);
      answered += asker->answers;
      granted += asker->outcome == "granted";
    });
  EXPECT_EQ(answered, 40) << "every question is answered exactly once";
  EXPECT_EQ(granted, kLimit);
}

TEST(Shard, a_grant_nobody_confirms_expires_at_its_time_once) {
  World world(2);
  for (int n = 0; n < 12; ++n) world.ask(n);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 10); });
  world.now = world.now + kExpires - seconds(2);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 10); });
  world.crash();
  world.now = world.now + seconds(5);
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 0); });
  EXPECT_GE(world.cluster->totals().counts.fired, 1u);
}

TEST(Cluster, what_finds_a_mailbox_full_is_told_so) {
  World world(1);
  world.options.mailbox_max = 16;
  world.crash();  // to start anew with it
  std::size_t turned_away = 0, answered = 0;
  const auto count = [&](bool is_busy) { ++(is_busy ? turned_away : answered); };
  const auto key = key_of(kAsker, 1);
  const auto mailbox_max = world.options.mailbox_max;
  for (std::size_t i = 0; i < mailbox_max + 3; ++i) {
    if (i % 2 == 0)
      world.cluster->put(
          0, core::question(key, {false, [&](Result<Seen> seen) {
                                    count(!seen && seen.error().code == ErrorCode::Busy);
                                  }}));
    else
      world.cluster->put(
          0, core::command(key,
                           {.name = "ask", .identity = model::identity_of("t", std::to_string(i))},
                           [&](const Answer& answer, const Aggregate*) {
                             count(answer.error.code == ErrorCode::Busy);
                           }));
  }
  EXPECT_EQ(turned_away, 3u);
  EXPECT_EQ(answered, 0u);
  world.settle();
  EXPECT_EQ(turned_away, 3u);
  EXPECT_EQ(answered, mailbox_max);
}

TEST(Shard, what_nobody_uses_is_packed_and_comes_back_as_it_was) {
  World world(1, 100'000, 8);
  std::vector<Outcome> first(300), again(300);
  for (int n = 0; n < 300; ++n) world.ask(n, &first[static_cast<std::size_t>(n)]);
  world.settle();
  EXPECT_EQ(world.cluster->totals().packed, 0u) << "its records are not in the piles yet";
  world.now = world.now + seconds(10);
  world.settle();
  const auto before = world.cluster->totals();
  EXPECT_EQ(before.hot, 302u) << "those who ask, whom they ask, and the shard itself";
  EXPECT_EQ(before.packed, 301u - 8u);
  EXPECT_EQ(before.counts.evictions, 0u);
  for (int n = 0; n < 300; ++n)
    world.with<Asker>(key_of(kAsker, n), [](const Asker* asker) {
      ASSERT_NE(asker, nullptr);
      EXPECT_EQ(asker->answers, 1);
    });
  for (int n = 0; n < 300; ++n) world.ask(n, &again[static_cast<std::size_t>(n)]);
  world.settle();
  EXPECT_EQ(first, std::vector(300, Outcome::Accepted));
  EXPECT_EQ(again, std::vector(300, Outcome::Duplicate));
  // Those granted expire at their time, packed or not.
  world.now = world.now + kExpires;
  world.settle();
  world.with<Counter>(key_of(kCounter, 0), [](const Counter* c) { EXPECT_EQ(c->taken(), 0); });
  const auto after = world.cluster->totals();
  EXPECT_EQ(after.counts.loads, before.counts.loads) << "nothing was read from the piles";
  EXPECT_GT(after.counts.unpacked, 300u);
}

TEST(Shard, a_repeated_command_gets_the_same_answer_even_when_evicted) {
  World world(1, 64);
  Outcome first{}, second{}, refused{};
  world.ask(1, &first);
  world.settle();
  for (int n = 100; n < 400; ++n) world.ask(n);
  world.now = world.now + seconds(10);
  world.settle();
  world.now = world.now + seconds(10);
  world.settle();
  EXPECT_GT(world.cluster->totals().counts.evictions, 0u);
  world.ask(1, &second);
  world.settle();
  EXPECT_EQ(first, Outcome::Accepted);
  EXPECT_EQ(second, Outcome::Duplicate);
  const auto other = [&] {
    ASSERT_TRUE(world.cluster->submit(
        core::command(key_of(kAsker, 1), {"ask", "{}", model::identity_of("cmd", "other"), {}, {}},
                      [&](const Answer& answer, const Aggregate*) {
                        refused = answer.outcome;
                        EXPECT_EQ(answer.error.message, "asked before");
                      })));
    world.settle();
  };
  other();
  EXPECT_EQ(refused, Outcome::Refused);
  const auto records = world.cluster->totals().records;
  refused = Outcome::Accepted;
  other();
  EXPECT_EQ(refused, Outcome::Refused);
  EXPECT_EQ(world.cluster->totals().records, records) << "a repeated refusal writes nothing";
}

TEST(Shard, a_failed_commit_is_told_and_leaves_no_trace) {
  World world(1);
  Outcome outcome{};
  world.ask(1);
  world.settle();
  world.logs[0]->fail_next(ErrorCode::Unknown);
  world.ask(2, &outcome);
  world.settle();
  EXPECT_EQ(outcome, Outcome::Failed);
  world.ask(2, &outcome);
  world.settle();
  EXPECT_EQ(outcome, Outcome::Accepted);
  world.with<Asker>(key_of(kAsker, 2), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
  world.crash();
  world.with<Asker>(key_of(kAsker, 2), [](const Asker* a) { EXPECT_EQ(a->answers, 1); });
}

TEST(Shard, a_rival_of_what_a_failed_batch_forgot_is_the_first) {
  World world(1, 64);
  world.ask(1);
  for (int round = 0; round < 3; ++round) {  // its pile is written; its state stays in memory
    world.now = world.now + seconds(10);
    world.settle();
  }
  const auto id = model::identity_of("test", "told twice");
  std::vector<Outcome> outcomes(2);
  const auto tell = [&](int n) {
    ASSERT_TRUE(world.cluster->submit(
        core::fact(key_of(kAsker, 1), happened("told", std::to_string(n), id, world.now),
                   [&, n](const Answer& answer, const Aggregate*) {
                     outcomes[static_cast<std::size_t>(n)] = answer.outcome;
                   })));
  };
  world.logs[0]->fail_next(ErrorCode::Unknown);
  tell(0);
  tell(1);
  world.settle();
  EXPECT_EQ(outcomes, (std::vector{Outcome::Failed, Outcome::Accepted}));
  tell(0);
  world.settle();
  EXPECT_EQ(outcomes[0], Outcome::Rival);
  std::map<std::string, bool> is_rival;
  Question question{true, [&](Result<Seen> seen) {
                      ASSERT_TRUE(seen);
                      const auto events = events_of(seen->history, key_of(kAsker, 1));
                      ASSERT_TRUE(events);
                      for (const auto& event : *events)
                        if (event.id == id)
                          is_rival[custom(event).data.text] = event.is(model::EventFlag::Rival);
                    }};
  world.cluster->put(0, core::question(key_of(kAsker, 1), std::move(question)));
  world.settle();
  EXPECT_EQ(is_rival, (std::map<std::string, bool>{{"0", true}, {"1", false}}));
}

TEST(Shard, letters_lost_repeated_and_late_arrive_once_and_in_order) {
  World world(3);
  std::mt19937 random(11);
  std::vector<std::pair<std::uint32_t, Input>> late;
  world.cluster->deliver_with([&](std::uint32_t to, Input letter) {
    const auto copy = [&] {
      return Input{.type = Input::Type::Letter,
                   .key = letter.key,
                   .event = std::make_unique<Event>(*letter.event),
                   .letter = letter.letter};
    };
    switch (random() % 4) {
      case 0:
        return;
      case 1:
        world.cluster->put(to, copy());
        break;
      case 2:
        late.emplace_back(to, copy());
        return;
    }
    world.cluster->put(to, std::move(letter));
  });
  for (int n = 0; n < 30; ++n) world.ask(n);
  for (int round = 0; round < 400; ++round) {
    world.now = world.now + milliseconds(200);
    for (std::uint32_t i = 0; i < 3; ++i) world.cluster->step(i, world.now);
    if (random() % 5 == 0)
      for (auto& [to, letter] : std::exchange(late, {})) world.cluster->put(to, std::move(letter));
  }
  int answered = 0;
  for (int n = 0; n < 30; ++n)
    world.with<Asker>(key_of(kAsker, n), [&](const Asker* a) { answered += a->answers; });
  EXPECT_EQ(answered, 30);
}

}  // namespace
}  // namespace cairn::core

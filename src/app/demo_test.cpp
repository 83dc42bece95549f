#include "app/demo.hpp"

#include <gtest/gtest.h>

#include <set>

#include "adapters/keys/memory_keys.hpp"
#include "adapters/memory/memory_log.hpp"
#include "adapters/sqlite/memory_piles.hpp"
#include "app/demo_cast.hpp"
#include "core/history.hpp"

namespace cairn::app {
namespace {

const std::string kDefinitions = CAIRN_SOURCE_DIR "/definitions";
/// 2026-11-27 19:00 in China, a round of stories just begun.
constexpr Time kStart{1'795'777'200'000'000};

std::uint64_t count_all(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t all = 0;
  for (const auto& [what, count] : counts) all += count;
  return all;
}

/// An installation on memory with its demo, and time moved by hand.
class World {
 public:
  World() : book_(*demo::load_book(kDefinitions + "/demo")), cast_(book_) {
    Stores stores;
    for (int i = 0; i < 2; ++i) {
      stores.logs.push_back(std::make_unique<memory::MemoryLog>());
      stores.piles.push_back(std::make_unique<sqlite::MemoryPiles>());
    }
    stores.keys = std::make_unique<keys::MemoryKeys>(7);
    start(std::move(stores));
  }

  /// What the disk holds is handed to a new installation, which knows nothing else.
  void restart() {
    demo_.reset();
    Stores stores = std::move(installation_->stores());
    installation_.reset();
    start(std::move(stores));
  }

  void start(Stores stores) {
    core::ClusterOptions options;
    options.shards = 2;
    auto definitions = load_definitions(kDefinitions, With::Demo);
    ASSERT_TRUE(definitions) << definitions.error().message;
    installation_ = std::make_unique<Installation>(*std::move(definitions), std::move(stores),
                                                   options, nullptr);
    const auto loaded = installation_->load(now_);
    ASSERT_TRUE(loaded) << loaded.error().message;
    auto demo = Demo::open(*installation_, kDefinitions + "/demo");
    ASSERT_TRUE(demo) << demo.error().message;
    demo_ = *std::move(demo);
  }

  void run(Duration span) {
    const Time until = now_ + span;
    while (now_ < until) {
      demo_->step(now_);
      settle();
      now_ = now_ + milliseconds(200);
    }
  }

  template <typename Use>
  void each_order(Use&& use) {
    std::vector<orders::Row> rows;
    installation_->rows().each([&](const orders::Row& row) { rows.push_back(row); });
    for (const auto& row : rows) {
      const auto key = model::order_key(row.id);
      core::Question question;
      question.ask = [&](Result<core::Seen> seen) {
        ASSERT_TRUE(seen);
        use(row, static_cast<const orders::Order&>(*seen->state));
      };
      auto& cluster = installation_->cluster();
      cluster.put(cluster.shard_for(key), core::question(key, std::move(question)));
      settle();
    }
  }

  const demo::Book& book() const { return book_; }
  const demo::Cast& cast() const { return cast_; }
  Installation& installation() { return *installation_; }
  Demo& demo() { return *demo_; }
  Time now() const { return now_; }
  void wait(Duration span) { now_ = now_ + span; }

 private:
  void settle() {
    auto& cluster = installation_->cluster();
    for (int round = 0; round < 50; ++round) {
      bool did = false;
      for (std::uint32_t i = 0; i < cluster.shards(); ++i) did |= cluster.step(i, now_);
      if (!did) return;
    }
  }

  const demo::Book book_;
  const demo::Cast cast_;
  Time now_ = kStart;
  std::unique_ptr<Installation> installation_;
  std::unique_ptr<Demo> demo_;
};

std::string text_of(const std::map<std::string, std::uint64_t>& refused) {
  std::string out;
  for (const auto& [what, count] : refused) out += std::to_string(count) + " × " + what + "\n";
  return out;
}

TEST(Demo, every_value_its_scripts_name_is_known) {
  const auto book = demo::load_book(kDefinitions + "/demo");
  ASSERT_TRUE(book) << book.error().message;
  const demo::Cast cast(*book);
  std::set<std::string> played;
  const auto fill_all = [&](std::uint32_t number) {
    const demo::Ticket ticket{20'784, number};
    const auto part = cast.part_of(ticket);
    if (!part) return false;
    played.insert(part->script->id);
    EXPECT_TRUE(cast.placed(ticket, *part, kStart));
    for (const auto& act : part->script->acts) {
      if (act.order != part->order) continue;
      const auto data = cast.fill(act.data, ticket, *part, kStart);
      EXPECT_TRUE(data) << (data ? "" : data.error().message);
    }
    const auto again = demo::parse_order_no(cast.order_no(ticket));
    EXPECT_TRUE(again && *again == ticket) << cast.order_no(ticket);
    return true;
  };
  for (std::uint32_t number = 1; fill_all(number);) ++number;
  for (std::uint32_t number = 0; number < 2'000; ++number) fill_all(demo::kEverydayFirst + number);
  for (std::uint32_t number = demo::kStoriesFirst; fill_all(number);) ++number;
  EXPECT_EQ(played.size(), book->lives.size() + book->stories.size());
}

TEST(Demo, time_passes_faster_and_keeps_its_order) {
  const auto book = demo::load_book(kDefinitions + "/demo");
  const demo::Cast cast(*book);
  const demo::Ticket ticket{20'784, demo::kEverydayFirst};
  const auto part = cast.part_of(ticket);
  Duration before{0};
  for (int minute = 10; minute < 60 * 24 * 20; minute += 7) {
    const auto at = cast.pace(ticket, *part, minutes(minute));
    EXPECT_GT(at, before);
    before = at;
  }
  const auto two_days = cast.pace(ticket, *part, hours(48));
  EXPECT_GT(two_days, minutes(6));
  EXPECT_LT(two_days, minutes(10));
}

TEST(Demo, the_first_start_finds_every_category) {
  World world;
  world.run(seconds(10));
  std::set<model::Category> categories;
  std::set<model::ConflictCode> conflicts;
  std::size_t overdue = 0, all = 0;
  world.each_order([&](const orders::Row& row, const orders::Order& order) {
    ++all;
    categories.insert(row.category);
    overdue += row.health(world.now()) == model::Health::Overdue;
    for (const auto& conflict : order.conflicts) {
      conflicts.insert(conflict.code);
      using enum model::ConflictCode;
      const bool is_planned = conflict.code == DeclaredNotConfirmed ||
                              (conflict.code == SourcesDisagree && conflict.detail == "total");
      EXPECT_TRUE(is_planned) << row.order_no() << " " << name_of(conflict.code) << " "
                              << conflict.detail;
    }
  });
  EXPECT_EQ(categories.size(), model::kCategoryCount);
  EXPECT_EQ(conflicts.size(), 2u);
  EXPECT_GT(all, 380u);
  EXPECT_GT(overdue, all / 100);
  EXPECT_LE(overdue, all / 20);
  std::size_t waiting = 0;
  for (const auto& quarantine : world.installation().quarantines())
    waiting += quarantine->waiting().size();
  EXPECT_EQ(waiting, 3u);
  EXPECT_EQ(count_all(world.demo().counts().refused), 0u) << text_of(world.demo().counts().refused);
}

TEST(Demo, an_hour_of_it_tells_every_story_to_its_end) {
  World world;
  world.run(hours(1));
  const auto counts = world.demo().counts();
  EXPECT_EQ(count_all(counts.refused), 0u) << text_of(counts.refused);
  EXPECT_GT(counts.orders, 5'000u);
  std::map<std::string, std::size_t> ended;
  world.each_order([&](const orders::Row& row, const orders::Order& order) {
    const auto ticket = demo::parse_order_no(row.order_no());
    ASSERT_TRUE(ticket);
    const auto part = world.cast().part_of(*ticket);
    ASSERT_TRUE(part);
    const auto& script = *part->script;
    for (const auto& conflict : order.conflicts)
      if (part->is_live)
        EXPECT_TRUE(std::ranges::find(script.conflicts, name_of(conflict.code)) !=
                    script.conflicts.end())
            << script.id << " " << row.order_no() << " " << name_of(conflict.code) << " "
            << conflict.detail;
    const auto wanted = script.ends.find(script.orders[part->order]);
    if (wanted == script.ends.end()) return;
    // Those whose time is over by now.
    const auto last = world.cast().pace(*ticket, *part, script.acts.back().at);
    if (row.placed + last + minutes(1) > world.now()) return;
    EXPECT_EQ(order.headline().code(), wanted->second) << script.id << " " << row.order_no();
    ++ended[script.id];
  });
  for (const auto& story : world.book().stories) EXPECT_GT(ended[story.id], 0u) << story.id;
}

TEST(Demo, a_restart_goes_on_where_it_was) {
  World world;
  world.run(minutes(3));
  std::set<std::string, std::less<>> before;
  world.each_order([&](const orders::Row& row, const orders::Order&) {
    EXPECT_TRUE(before.emplace(row.order_no()).second);
  });
  world.wait(minutes(7));  // nobody was there
  world.restart();
  world.run(minutes(12));
  EXPECT_EQ(count_all(world.demo().counts().refused), 0u) << text_of(world.demo().counts().refused);
  EXPECT_EQ(world.installation().cluster().totals().counts.rivals, 0u);
  std::size_t kept = 0, all = 0, under_way = 0;
  world.each_order([&](const orders::Row& row, const orders::Order& order) {
    ++all;
    kept += before.contains(row.order_no());
    const auto ticket = demo::parse_order_no(row.order_no());
    const auto part = world.cast().part_of(*ticket);
    for (const auto& conflict : order.conflicts)
      if (part->is_live && part->script->conflicts.empty())
        ADD_FAILURE() << row.order_no() << " " << part->script->id << " " << name_of(conflict.code)
                      << " " << conflict.detail;
    const bool is_open =
        row.category != model::Category::Done && row.category != model::Category::Closed;
    // What was under way when it stopped has come to its end since.
    under_way += is_open && before.contains(row.order_no()) && part->script->id == "uneventful" &&
                 part->is_live;
  });
  EXPECT_EQ(kept, before.size());
  EXPECT_GT(all, before.size() + 600);
  EXPECT_EQ(under_way, 0u);
}

TEST(Demo, its_warehouse_answers_what_the_console_asks) {
  World world;
  world.run(minutes(2));
  // Orders of the shop on a platform that the warehouse is picking.
  std::vector<model::OrderId> asked;
  world.each_order([&](const orders::Row& row, const orders::Order& order) {
    if (order.source == "demo_platform" && order.headline().code() == "preparing" &&
        demo::parse_order_no(row.order_no())->number >= demo::kEverydayFirst)
      asked.push_back(row.id);
  });
  ASSERT_GT(asked.size(), 6u);
  for (const auto& id : asked) {
    core::Command command;
    command.name = "request_cancel";
    command.data = R"({"reason":"no_longer_wanted"})";
    command.identity = model::identity_of("test", model::to_text(id));
    command.origin = {.source = "cairn", .role = model::Role::Service};
    ASSERT_TRUE(world.installation().cluster().submit(
        core::command(model::order_key(id), std::move(command))));
  }
  world.run(minutes(1));
  std::size_t cancelled = 0, refused = 0;
  world.each_order([&](const orders::Row& row, const orders::Order& order) {
    if (std::ranges::find(asked, row.id) == asked.end()) return;
    EXPECT_TRUE(order.requests.empty()) << row.order_no();
    ++(order.headline().code() == "cancelled" ? cancelled : refused);
  });
  EXPECT_GT(cancelled, 0u);
  EXPECT_GT(refused, 0u);
}

TEST(Demo, its_folder_lies_beside_the_data) {
  EXPECT_EQ(demo_folder("./data"), "demo-data");
  EXPECT_EQ(demo_folder("/var/lib/cairn/data/"), "/var/lib/cairn/demo-data");
}

}  // namespace
}  // namespace cairn::app

#include <fstream>

#include "adapters/system/posix_storage.hpp"
#include "app/definition_store.hpp"
#include "app/offline.hpp"
#include "app/service_test_support.hpp"

namespace cairn::app {
namespace {

/// A service whose folder of definitions is written to between starts.
class DefinitionStoreTest : public testing::ServiceTest {
 protected:
  void SetUp() override {
    definitions_ = testing::fs::temp_directory_path() /
                   fmt::format("cairn-definitions-{}-{}", ::getpid(), next_++);
    testing::fs::copy(CAIRN_SOURCE_DIR "/definitions", definitions_,
                      testing::fs::copy_options::recursive);
    ServiceTest::SetUp();
    service_->stop();
    service_.reset();
    testing::fs::remove_all(folder_);
    settings_.definitions = definitions_.string();
    open();
  }
  void TearDown() override {
    ServiceTest::TearDown();
    testing::fs::remove_all(definitions_);
  }

  void edit(const testing::fs::path& path, std::string_view what, std::string_view with) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    auto changed = text.str();
    const auto at = changed.find(what);
    ASSERT_NE(at, std::string::npos) << path << " has no " << what;
    changed.replace(at, what.size(), with);
    std::ofstream(path) << changed;
  }
  void activate_another() {
    edit(definitions_ / "lifecycles/retail.yaml", "headline:\n",
         "headline:\n  - {state: parked, if: \"T < 0\"}\n");
    edit(definitions_ / "lifecycles/retail.yaml", "states:\n", R"(states:
  parked:
    labels: {zh: 停放, en: Parked}
    category: unconfirmed
    derives: [awaiting_payment]
)");
    edit(definitions_ / "lifecycles/retail.yaml", "derives: [awaiting_balance,",
         "derives: [parked, awaiting_balance,");
    edit(definitions_ / "lifecycles/retail.yaml", "zh: 待支付", "zh: 等待付款");
    restart();
  }
  std::vector<DefinitionHistory::Entry> entries() {
    system::PosixStorage storage;
    auto history = read_definition_history(storage, settings_.data);
    EXPECT_TRUE(history) << history.error().message;
    return history ? history->entries : std::vector<DefinitionHistory::Entry>{};
  }
  bool lists(const std::string& query, const std::string& id) {
    return get("/v1/orders?" + query).response.body.contains(id);
  }

  testing::fs::path definitions_;
};

TEST_F(DefinitionStoreTest, orders_stay_with_what_they_were_placed_under) {
  const auto old = place("V-1");
  activate_another();
  const auto fresh = place("V-2");
  EXPECT_TRUE(get("/v1/orders/" + old + "/status").response.body.contains("待支付"));
  EXPECT_TRUE(get("/v1/orders/" + fresh + "/status").response.body.contains("等待付款"));
  EXPECT_EQ(state(old), "awaiting_payment");
  EXPECT_EQ(state(fresh), "awaiting_payment");
  for (const auto& query : {"state=retail/awaiting_payment", "lifecycle=retail"}) {
    EXPECT_TRUE(lists(query, old)) << query;
    EXPECT_TRUE(lists(query, fresh)) << query;
  }
  const auto board = get("/v1/board?group=state").response.body;
  EXPECT_EQ(board.find("retail/awaiting_payment"), board.rfind("retail/awaiting_payment"))
      << "one group for the state of both versions: " << board;
  // What was recorded before the change is read as it was meant.
  EXPECT_TRUE(get("/v1/orders/" + old + "/timeline").response.body.contains("awaiting_payment"));
  command(old, "record_payment", R"({"payment_id":"p1","amount":25800})");
  EXPECT_EQ(state(old), "paid");
  restart();
  EXPECT_EQ(entries().size(), 2u) << "a start with the same definitions activates nothing";
  EXPECT_EQ(state(old), "paid");
}

TEST_F(DefinitionStoreTest, moves_orders_at_the_operators_word) {
  const auto old = place("V-3");
  activate_another();
  settings_.move_orders = {"all"};
  restart();
  EXPECT_TRUE(get("/v1/orders/" + old + "/status").response.body.contains("等待付款"));
  settings_.move_orders.clear();
  restart();
  EXPECT_TRUE(get("/v1/orders/" + old + "/status").response.body.contains("等待付款"))
      << "said once, it holds";
  EXPECT_EQ(entries().at(0).follows, entries().at(1).version);
}

TEST_F(DefinitionStoreTest, names_what_cannot_be_read_and_what_helps) {
  const auto old = place("V-4");
  activate_another();
  service_->stop();
  service_.reset();
  const auto lost = entries().at(0).version;
  const auto path = testing::fs::path(settings_.data) / "definitions" / lost;
  edit(path / "lifecycles/retail.yaml", "待支付", "待付");
  auto refused = Service::open(settings_, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("--move-orders " + lost.substr(0, 8)))
      << refused.error().message;
  settings_.move_orders = {"0000"};
  refused = Service::open(settings_, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("move_orders")) << refused.error().message;
  settings_.move_orders = {lost.substr(0, 8)};
  open();
  EXPECT_TRUE(get("/v1/orders/" + old + "/status").response.body.contains("等待付款"));
  EXPECT_EQ(get("/v1/orders/" + old + "/timeline").response.status, 200);
}

TEST_F(DefinitionStoreTest, a_command_that_only_looks_works_with_what_its_server_does) {
  const auto old = place("V-5");
  service_->stop();
  service_.reset();
  edit(definitions_ / "lifecycles/retail.yaml", "zh: 待支付", "zh: 等待付款");
  auto offline = Offline::open(settings_);
  ASSERT_TRUE(offline) << offline.error().message;
  const auto* retail = (*offline)->installation().context().definitions->lifecycle("retail");
  EXPECT_EQ(retail->state(*retail->find_state("awaiting_payment")).staff_label().zh, "待支付");
  EXPECT_EQ(entries().size(), 1u);
}

}  // namespace
}  // namespace cairn::app

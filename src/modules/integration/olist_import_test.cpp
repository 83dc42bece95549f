#include <gtest/gtest.h>
#include <stdio.h>

#include <filesystem>
#include <map>
#include <set>

#include "modules/integration/cloud_events.hpp"
#include "modules/integration/importer.hpp"

namespace cairn::integration {
namespace {

using model::EventType;

const std::filesystem::path kFolder = CAIRN_SOURCE_DIR "/../shared/data/olist/dev";

class Olist : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder / "orders.csv.gz"))
      GTEST_SKIP() << "the Olist orders are not beside this checkout (../shared/data/olist/dev)";
    const auto text = read_text_file(CAIRN_SOURCE_DIR "/definitions/sources/olist.yaml", 1 << 20);
    ASSERT_TRUE(text);
    auto source = parse_source(*text, "olist.yaml");
    ASSERT_TRUE(source) << source.error().message;
    auto mapping = parse_mapping(*text, "olist.yaml");
    ASSERT_TRUE(mapping) << mapping.error().message;
    source_ = *std::move(source);
    mapping_ = *std::move(mapping);
  }
  Result<Importer> open() { return Importer::open(kFolder, mapping_, source_); }

  SourceDefinition source_;
  ImportMapping mapping_;
};

/// Counted apart from the importer, over the raw files, by tests/olist/check_raw.py.
const std::map<std::string, std::int64_t> kFacts{
    {"order_placed", 31199},    {"promise_made", 31199},      {"payment_received", 31119},
    {"package_shipped", 30024}, {"package_delivered", 29050}, {"survey_sent", 19772},
    {"survey_answered", 19772}, {"status_reported", 31199}};

struct Shown {
  std::map<std::string, std::int64_t> counts;
  void hit(const char* name, bool is = true) { counts[name] += is; }
};

/// The contradictions and gaps of an order, from its facts alone.
void look(const std::vector<model::Told>& facts, Shown& out) {
  std::map<EventType, Time> at;
  std::string word;
  const model::OrderPlaced* placed = nullptr;
  Time promised = Time::none(), limit = Time::none();
  std::optional<std::int64_t> paid;
  for (const auto& told : facts) {
    const auto& event = told.event;
    at.try_emplace(event.type, event.occurred);
    if (event.type == EventType::OrderPlaced) placed = &event.as<model::OrderPlaced>();
    if (event.type == EventType::PromiseMade) promised = event.as<model::PromiseMade>().at.time;
    if (event.type == EventType::PaymentReceived) paid = event.as<model::Payment>().amount;
    if (event.type == EventType::StatusReported) word = event.as<model::StatusReported>().word;
  }
  for (const auto& line : placed->lines) limit = std::max(limit, line.promised_dispatch.time);
  const auto has = [&](EventType type) { return at.contains(type); };
  using enum EventType;
  const bool handed = has(PackageShipped), delivered = has(PackageDelivered);
  const bool approved = has(PaymentReceived);
  out.hit("handed_before_approval", handed && approved && at[PackageShipped] < at[PaymentReceived]);
  out.hit("delivered_before_handed",
          handed && delivered && at[PackageDelivered] < at[PackageShipped]);
  out.hit("delivered_before_approval",
          delivered && approved && at[PackageDelivered] < at[PaymentReceived]);
  out.hit("delivered_without_date", word == "delivered" && !delivered);
  out.hit("delivered_without_hand_over", word == "delivered" && !handed);
  out.hit("delivered_never_approved", word == "delivered" && !approved);
  out.hit("cancelled_after_hand_over", word == "canceled" && handed);
  out.hit("orders_without_items", placed->lines.empty());
  out.hit("orders_without_items_delivered", placed->lines.empty() && word == "delivered");
  out.hit("orders_without_customer", placed->buyer.id.empty());
  out.hit("with_delivery_date", delivered);
  out.hit("late_by_date", delivered && at[PackageDelivered] > promised);
  out.hit("handed_with_limit", handed && !limit.is_none());
  out.hit("handed_after_last_limit", handed && !limit.is_none() && at[PackageShipped] > limit);
  out.hit("purchases", has(OrderPlaced));
  if (approved && paid && placed->total && !placed->lines.empty()) {
    out.hit("paid_differs_from_total_and_approved", std::abs(*paid - *placed->total) > 5);
  }
}

TEST_F(Olist, EveryOrderComesInWithExactlyTheFactsOfItsRows) {
  auto importer = open();
  ASSERT_TRUE(importer) << importer.error().message;
  std::vector<model::Told> facts;
  std::set<model::Identity> seen;
  Shown shown;
  for (;;) {
    const auto more = importer->next(facts);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) break;
    for (const auto& told : facts) {
      EXPECT_TRUE(seen.insert(told.event.id).second);
      EXPECT_EQ(told.order, facts[0].order);
      EXPECT_EQ(told.event.is(model::EventFlag::NoDate),
                told.event.type == EventType::StatusReported);
      EXPECT_FALSE(told.event.occurred.is_none());
    }
    look(facts, shown);
  }
  const auto& counts = importer->counts();
  EXPECT_EQ(counts.orders, 31199u);
  EXPECT_EQ(counts.rows_unread, 0u);
  EXPECT_EQ(counts.facts_unread, 0u);
  EXPECT_EQ(counts.bytes_read, counts.bytes_total);
  EXPECT_TRUE(counts.rows_without_order.empty());
  for (const auto& problem : importer->problems())
    ADD_FAILURE() << problem.file << ":" << problem.line << ": " << problem.message;
  std::map<std::string, std::int64_t> told;
  for (const auto& [type, count] : counts.facts)
    told[std::string(model::row_of(type).name)] = static_cast<std::int64_t>(count);
  EXPECT_EQ(told, kFacts);
  const std::map<std::string, std::int64_t> expected{
      {"handed_before_approval", 194},
      {"delivered_before_handed", 8},
      {"delivered_before_approval", 13},
      {"delivered_without_date", 2},
      {"delivered_without_hand_over", 1},
      {"delivered_never_approved", 8},
      {"cancelled_after_hand_over", 75},
      {"orders_without_items", 3243},
      // Listed as 2594; check_raw.py proves 2593 by the status of all 3,243.
      {"orders_without_items_delivered", 2593},
      {"orders_without_customer", 2518},
      {"with_delivery_date", 28746},
      {"late_by_date", 2194},
      {"handed_with_limit", 27124},
      {"handed_after_last_limit", 2569}};
  for (const auto& [name, count] : expected) EXPECT_EQ(shown.counts[name], count) << name;
}

TEST_F(Olist, TheCountsAreThoseOfTheScriptOverTheRawFiles) {
  FILE* pipe = popen("python3 '" CAIRN_SOURCE_DIR "/tests/olist/check_raw.py' '" CAIRN_SOURCE_DIR
                     "/../shared/data/olist/dev' 2>/dev/null",
                     "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  char block[4096];
  for (std::size_t size; (size = fread(block, 1, sizeof block, pipe)) > 0;)
    text.append(block, size);
  if (pclose(pipe) != 0) GTEST_SKIP() << "no python3 here to count the raw files";
  json::Document document;
  const auto root = document.parse(text);
  ASSERT_TRUE(root) << text.substr(0, 200);
  for (const auto& [name, count] : kFacts)
    EXPECT_EQ(root->find("facts")->find(name)->as_integer(), count) << name;
  std::set<std::string> differs;
  root->find("differs")->members([&](std::string_view name, json::Value) {
    differs.emplace(name);
    return true;
  });
  EXPECT_EQ(differs, std::set<std::string>{"orders_without_items_delivered"});
}

TEST_F(Olist, ImportedAgainOrThroughCloudEventsItIsTheSame) {
  Sources sources;
  ASSERT_TRUE(sources.add(source_));
  EventReader reader(sources);
  auto first = open();
  auto second = open();
  ASSERT_TRUE(first && second);
  std::vector<model::Told> facts, again;
  std::vector<std::string> ids;
  std::string json;
  int different = 0;
  while (*first->next(facts, &ids)) {
    ASSERT_TRUE(*second->next(again));
    ASSERT_EQ(facts.size(), again.size());
    ASSERT_EQ(facts.size(), ids.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
      const auto& one = facts[i].event;
      different += again[i].event.id != one.id ||
                   model::counted_digest(again[i].event) != model::counted_digest(one);
      json.clear();
      append_cloud_event(json, facts[i], ids[i]);
      auto read = reader.read_structured(json, Sender{});
      ASSERT_TRUE(read) << read.error().message << "\n" << json;
      const auto& back = read->all[0];
      const bool is_same = back.event.id == one.id && back.event.key() == one.key() &&
                           back.event.precision == one.precision && back.event.flags == one.flags &&
                           back.address() == facts[i].address() &&
                           model::counted_digest(back.event) == model::counted_digest(one) &&
                           read->all.size() == 1;
      different += !is_same;
      if (!is_same && different < 3) ADD_FAILURE() << json;
    }
  }
  EXPECT_EQ(different, 0);
}

}  // namespace
}  // namespace cairn::integration

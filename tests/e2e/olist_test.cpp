#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <semaphore>
#include <set>

#include <fmt/format.h>

#include "adapters/curl/curl_client.hpp"
#include "app/import_run.hpp"
#include "app/service.hpp"

/// Every order of the Olist data through the production wiring, with stores on the disk: the
/// figures are those of a script that shares nothing with it, and whatever the order, the
/// repetitions, the batches and the way in, each order comes to the same state.
namespace cairn::app {
namespace {

const std::filesystem::path kFiles = CAIRN_SOURCE_DIR "/../shared/data/olist/dev";
constexpr std::uint64_t kOrders = 31'199;

/// Fold and comparison are as of this moment: the last of the data lies before it.
Time compared_at() { return parse_rfc3339("2018-12-31T00:00:00Z")->time; }
/// Midnight of 1 May 2018 in São Paulo.
Time cut() { return parse_rfc3339("2018-05-01T00:00:00-03:00")->time; }

/// Contradictions and gaps as the report of an import shows them, all of them.
const std::map<std::string, std::uint64_t> kFindings{
    {"handed_before_approval", 194},
    {"handed_before_approval_and_purchase", 4},
    {"delivered_before_handed", 8},
    {"delivered_before_approval", 13},
    {"delivered_without_date", 2},
    {"delivered_without_hand_over", 1},
    {"delivered_never_approved", 8},
    {"cancelled_after_hand_over", 75},
    {"cancelled_after_hand_over_delivered", 6},
    {"cancelled_after_hand_over_never_delivered", 69},
    {"orders_without_items", 3'243},
    {"orders_without_items_delivered", 2'593},
    {"with_delivery_date", 28'746},
    {"late_by_date", 2'194},
    {"late_by_timestamp", 2'539},
    {"handed_with_limit", 27'124},
    {"handed_after_last_limit", 2'569},
    {"late_orders_with_limit", 1'982},
    {"late_orders_with_limit_seller_late", 507},
    {"priced_and_paid", 27'746},
    {"paid_differs_from_total", 90},
    {"delivery_dates_after_cut", 1'135},
    {"shipped_promise_passed_at_cut", 814},
    {"precision_minute", 4'761},
    {"purchases_in_repeated_hour", 5},
    {"orders_with_several_sellers", 297},
};

using Hashes = std::map<model::OrderId, Bytes>;

/// The state hash of every order, asked of the shards: what the shortcuts came to, not a new fold.
Hashes hashes_of(Installation& installation) {
  std::vector<model::OrderId> ids;
  installation.rows().each([&](const orders::Row& row) { ids.push_back(row.id); });
  Hashes hashes;
  std::mutex mutex;
  constexpr std::ptrdiff_t kAsked = 1'000;
  std::counting_semaphore<kAsked> free(kAsked);
  for (const auto& id : ids) {
    free.acquire();
    core::Question question{
        false, [&, id](Result<core::Seen> seen) {
          if (seen && seen->state) {
            auto hash = orders::state_hash(static_cast<const orders::Order&>(*seen->state));
            std::lock_guard lock(mutex);
            hashes[id] = std::move(hash);
          }
          free.release();
        }};
    EXPECT_TRUE(
        installation.cluster().submit(core::question(model::order_key(id), std::move(question))));
  }
  for (std::ptrdiff_t i = 0; i < kAsked; ++i) free.acquire();
  return hashes;
}

std::size_t different(const Hashes& a, const Hashes& b) {
  std::size_t count = a.size() == b.size() ? 0 : 1;
  for (const auto& [id, hash] : a) {
    const auto other = b.find(id);
    count += other == b.end() || other->second != hash;
  }
  return count;
}

struct RawFigures {
  std::map<std::string, std::uint64_t> counts;
  std::set<std::string> differs;  ///< from the list of defaults, with proof
};

/// The figures of tests/olist/check_raw.py, by name; empty where there is no python3.
RawFigures raw_figures() {
  FILE* pipe = popen("python3 '" CAIRN_SOURCE_DIR "/tests/olist/check_raw.py' '" CAIRN_SOURCE_DIR
                     "/../shared/data/olist/dev' 2>/dev/null",
                     "r");
  RawFigures raw;
  if (pipe == nullptr) return raw;
  std::string text;
  char block[4096];
  for (std::size_t size; (size = fread(block, 1, sizeof block, pipe)) > 0;)
    text.append(block, size);
  if (pclose(pipe) != 0) return raw;
  json::Document document;
  const auto root = document.parse(text);
  if (!root) return raw;
  root->find("counts")->members([&](std::string_view name, json::Value value) {
    raw.counts[std::string(name)] = static_cast<std::uint64_t>(value.as_integer().value_or(0));
    return true;
  });
  root->find("differs")->members([&](std::string_view name, json::Value) {
    raw.differs.emplace(name);
    return true;
  });
  return raw;
}

class OlistOrders : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFiles / "orders.csv.gz"))
      GTEST_SKIP() << "the Olist orders are not beside this checkout (../shared/data/olist/dev)";
    folder_ = (std::filesystem::temp_directory_path() / "cairn-olist-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    auto source = read_import_source(definitions() + "/sources/olist.yaml", definitions());
    ASSERT_TRUE(source) << source.error().message;
    source_ = *std::move(source);
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  static std::string definitions() { return CAIRN_SOURCE_DIR "/definitions"; }
  Settings settings(const std::string& name) const {
    Settings settings;
    settings.data = folder_ + "/" + name;
    settings.definitions = definitions();
    settings.port = 0;
    settings.keyless = true;
    return settings;
  }
  ImportOptions options() const { return {kFiles.string(), {compared_at(), cut()}, {}}; }

  /// Every fact as a line, the source's own id with it.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    auto importer = integration::Importer::open(kFiles, source_.mapping, source_.definition);
    EXPECT_TRUE(importer) << importer.error().message;
    std::vector<model::Told> facts;
    std::vector<std::string> ids;
    while (importer && *importer->next(facts, &ids))
      for (std::size_t i = 0; i < facts.size(); ++i)
        integration::append_cloud_event(lines.emplace_back(), facts[i], ids[i]);
    return lines;
  }

  std::string folder_;
  ImportSource source_;
};

TEST_F(OlistOrders, ComeInWithTheFiguresOfTheRawFilesAndOnlyOnce) {
  auto offline = Offline::open(settings("first"), Offline::If::ExistsOrMake);
  ASSERT_TRUE(offline) << offline.error().message;
  ASSERT_TRUE((*offline)->load());
  (*offline)->start();
  const auto first = import_locally(**offline, source_, options());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->told.orders, kOrders);
  EXPECT_EQ(first->counts.accepted, first->told.all_facts());
  EXPECT_EQ(first->counts.duplicates + first->counts.waiting + first->counts.rejected, 0u);
  EXPECT_EQ((*offline)->installation().rows().size(), kOrders);

  const auto& report = first->report;
  EXPECT_EQ(report.from_dates, 29'649u);
  EXPECT_EQ(report.from_snapshot, 1'550u);
  EXPECT_EQ(report.neither, 0u);
  const std::map<std::string, std::uint64_t> by_headline{
      {"delivered", 28'740}, {"shipped", 902}, {"paid", 2}, {"awaiting_payment", 5}};
  EXPECT_EQ(report.from_dates_by_headline, by_headline);

  EXPECT_EQ(report.findings, kFindings);

  const auto figures = raw_figures();
  const auto& raw = figures.counts;
  if (raw.empty()) GTEST_SKIP() << "no python3 here to count the raw files";
  for (const auto& [name, count] : kFindings) {
    ASSERT_TRUE(raw.contains(name)) << name;
    EXPECT_EQ(count, raw.at(name)) << name;
  }
  EXPECT_EQ(figures.differs, std::set<std::string>{"orders_without_items_delivered"});
  for (const auto& [table, name] : {std::pair{"items", "orders_without_items"},
                                    {"payments", "orders_without_payment"},
                                    {"customers", "orders_without_customer"}})
    EXPECT_EQ(first->told.orders_without_row.at(table), raw.at(name)) << name;

  const auto written = (*offline)->installation().cluster().totals().records;
  const auto again = import_locally(**offline, source_, options());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->counts.accepted, 0u);
  EXPECT_EQ(again->counts.duplicates, first->counts.accepted);
  EXPECT_EQ((*offline)->installation().cluster().totals().records, written) << "wrote something";
}

TEST_F(OlistOrders, ShuffledRepeatedAndThroughHttpTheyAreTheSame) {
  Hashes expected;
  {
    auto offline = Offline::open(settings("plain"), Offline::If::ExistsOrMake);
    ASSERT_TRUE(offline) << offline.error().message;
    ASSERT_TRUE((*offline)->load());
    (*offline)->start();
    ASSERT_TRUE(import_locally(**offline, source_, options()));
    expected = hashes_of((*offline)->installation());
  }
  ASSERT_EQ(expected.size(), kOrders);

  const auto told = lines();
  std::mt19937_64 random(20181231);
  std::vector<std::uint32_t> places;
  for (std::uint32_t i = 0; i < told.size(); ++i)
    for (auto times = 1 + random() % 3; times > 0; --times) places.push_back(i);
  std::shuffle(places.begin(), places.end(), random);

  auto service = Service::open(settings("shuffled"));
  ASSERT_TRUE(service) << service.error().message;
  ASSERT_TRUE((*service)->start());
  curl::CurlClient client;
  std::uint64_t accepted = 0, duplicates = 0;
  constexpr std::size_t kBatches = 7;
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    std::size_t at = places.size() * batch / kBatches;
    const std::size_t end = places.size() * (batch + 1) / kBatches;
    std::string left;
    ports::HttpRequest request{
        .method = "POST",
        .url = fmt::format("http://127.0.0.1:{}/v1/events", (*service)->port()),
        .headers = {{"Content-Type", "application/x-ndjson"}}};
    request.timeout = seconds(0);
    request.read_body = [&](std::span<char> into) -> Result<std::size_t> {
      while (left.size() < into.size() && at < end) left += told[places[at++]] + '\n';
      const auto size = std::min(into.size(), left.size());
      std::copy_n(left.begin(), size, into.begin());
      left.erase(0, size);
      return size;
    };
    const auto answer = client.send(request);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->status, 200) << answer->body;
    json::Document document;
    const auto counts = document.parse(answer->body);
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->find("rejected")->as_integer(), 0) << answer->body.substr(0, 2000);
    accepted += static_cast<std::uint64_t>(*counts->find("accepted")->as_integer());
    duplicates += static_cast<std::uint64_t>(*counts->find("duplicates")->as_integer());
  }
  EXPECT_EQ(accepted, told.size());
  EXPECT_EQ(duplicates, places.size() - told.size());
  EXPECT_EQ(different(expected, hashes_of((*service)->installation())), 0u);
  (*service)->stop();
}

}  // namespace
}  // namespace cairn::app

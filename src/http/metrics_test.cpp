#include "http/metrics.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace cairn::http {
namespace {

constexpr MetricInfo kApples{"apples_total", "Apples\nand \\ \"pears\"", MetricType::Counter};
constexpr MetricInfo kHeat{"heat_celsius", "How warm", MetricType::Gauge};
constexpr MetricInfo kWeight{"weight_grams", "How heavy", MetricType::Histogram};

TEST(MetricsWriter, WritesAFamilyOnceAndItsSamplesTogether) {
  std::string out;
  MetricsWriter(out)
      .add(kApples, 3u, {{"kind", "a\"b\\c\nd"}, {"place", "您"}})
      .add(kApples, std::uint64_t{18'446'744'073'709'551'615ull}, {{"kind", "e"}})
      .add(kHeat, -1.5)
      .add(kHeat, -4, {{"room", "cold"}});
  EXPECT_EQ(out,
            "# HELP apples_total Apples\\nand \\\\ \"pears\"\n"
            "# TYPE apples_total counter\n"
            "apples_total{kind=\"a\\\"b\\\\c\\nd\",place=\"您\"} 3\n"
            "apples_total{kind=\"e\"} 18446744073709551615\n"
            "# HELP heat_celsius How warm\n"
            "# TYPE heat_celsius gauge\n"
            "heat_celsius -1.5\n"
            "heat_celsius{room=\"cold\"} -4\n");
}

TEST(MetricsWriter, WritesWhatIsNoNumber) {
  std::string out;
  using Limit = std::numeric_limits<double>;
  MetricsWriter(out)
      .add(kHeat, Limit::quiet_NaN())
      .add(kHeat, Limit::infinity())
      .add(kHeat, -Limit::infinity());
  EXPECT_TRUE(out.ends_with("heat_celsius NaN\nheat_celsius +Inf\nheat_celsius -Inf\n")) << out;
}

TEST(MetricsWriter, SumsUpTheBucketsOfAHistogram) {
  std::string out;
  const double bounds[]{0.5, 10};
  const std::uint64_t counts[]{2, 0, 3};
  MetricsWriter(out).add_histogram(kWeight, bounds, counts, 61.25, {{"of", "x"}});
  EXPECT_EQ(out,
            "# HELP weight_grams How heavy\n"
            "# TYPE weight_grams histogram\n"
            "weight_grams_bucket{of=\"x\",le=\"0.5\"} 2\n"
            "weight_grams_bucket{of=\"x\",le=\"10\"} 2\n"
            "weight_grams_bucket{of=\"x\",le=\"+Inf\"} 5\n"
            "weight_grams_sum{of=\"x\"} 61.25\n"
            "weight_grams_count{of=\"x\"} 5\n");
}

TEST(Metrics, AddUpWhatTheLoopsCounted) {
  Metrics metrics;
  metrics.name_classes({"none", "read"});
  auto& one = metrics.add_loop();
  auto& two = metrics.add_loop();
  one.count(1, 200, 50'000);         // on the bound of the first bucket
  two.count(1, 204, 50'001);         // beyond it
  two.count(1, 404, 2'000'000'000);  // 2 s
  one.count(0, 431, 9'000'000'000);  // more than all bounds
  metrics.counts.open = 7;
  std::string out;
  MetricsWriter writer(out);
  metrics.write(writer);
  const auto has = [&](std::string_view line) {
    return out.find(std::string(line) + "\n") != std::string::npos;
  };
  EXPECT_TRUE(has("cairn_http_requests_total{class=\"read\",status=\"2xx\"} 2")) << out;
  EXPECT_TRUE(has("cairn_http_requests_total{class=\"read\",status=\"4xx\"} 1"));
  EXPECT_TRUE(has("cairn_http_requests_total{class=\"none\",status=\"4xx\"} 1"));
  const std::string of_read = "cairn_http_request_duration_seconds_bucket{class=\"read\",le=";
  EXPECT_TRUE(has(of_read + "\"5e-05\"} 1")) << out;
  EXPECT_TRUE(has(of_read + "\"0.0001\"} 2"));
  EXPECT_TRUE(has(of_read + "\"1\"} 2"));
  EXPECT_TRUE(has(of_read + "\"5\"} 3"));
  EXPECT_TRUE(has("cairn_http_request_duration_seconds_bucket{class=\"none\",le=\"5\"} 0"));
  EXPECT_TRUE(has("cairn_http_request_duration_seconds_bucket{class=\"none\",le=\"+Inf\"} 1"));
  EXPECT_TRUE(has("cairn_http_connections 7"));
  EXPECT_EQ(out.find("cairn_live"), std::string::npos);
}

}  // namespace
}  // namespace cairn::http

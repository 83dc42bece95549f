#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::http {

class LiveHub;

enum class MetricType : std::uint8_t { Counter, Gauge, Histogram };

/// A family of samples. Modules declare theirs in one constexpr table each.
struct MetricInfo {
  std::string_view name;  ///< with its unit; a counter ends in `_total`
  std::string_view help;
  MetricType type = MetricType::Counter;
};

struct MetricLabel {
  std::string_view name, value;
};
using MetricLabels = std::initializer_list<MetricLabel>;

/// Appends samples to `out` in Prometheus' text format 0.0.4; a family's head comes by itself. All
/// samples of a family stand together: to go back to an earlier one is a bug of the caller.
class MetricsWriter {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  explicit MetricsWriter(std::string& out) : out_(out) {}

  template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
  MetricsWriter& add(const MetricInfo& info, Number value, MetricLabels labels = {}) {
    begin(info);
    name_with(info.name, "", labels, {});
    if constexpr (std::floating_point<Number>)
      number(static_cast<double>(value));
    else if constexpr (std::signed_integral<Number>)
      number(static_cast<std::int64_t>(value));
    else
      number(static_cast<std::uint64_t>(value));
    return *this;
  }
  /// `counts` by bucket, not summed up: one for each of `bounds` and one for what lies above.
  MetricsWriter& add_histogram(const MetricInfo& info, std::span<const double> bounds,
                               std::span<const std::uint64_t> counts, double sum,
                               MetricLabels labels = {});

 private:
  void begin(const MetricInfo& info);
  void name_with(std::string_view name, std::string_view suffix, MetricLabels labels,
                 std::string_view bound);
  void number(double value);
  void number(std::int64_t value);
  void number(std::uint64_t value);

  std::string& out_;
  std::vector<std::string> families_;
};

/// The edge as a whole; `open` is what is connected now.
struct ServerCounts {
  std::atomic<std::uint64_t> requests{0}, fast{0}, connections{0}, open{0}, refused{0};
  std::atomic<std::uint64_t> bytes_out{0}, errors_4xx{0}, errors_5xx{0};
};

/// What one loop counts. Written by its thread only, read by any: no locked instruction is spent on
/// the path of a request.
class LoopFigures {
 public:
  static constexpr std::size_t kClassesMax = 16;
  /// Seconds; the last bucket is what took longer.
  static constexpr std::array<double, 14> kBounds{0.000'05, 0.000'1, 0.000'25, 0.000'5, 0.001,
                                                  0.002'5,  0.005,   0.01,     0.025,   0.05,
                                                  0.1,      0.25,    1,        5};

  void count(std::size_t rate_class, int status, std::uint64_t nanoseconds);

 private:
  friend class Metrics;
  using Cell = std::atomic<std::uint64_t>;
  struct OfClass {
    std::array<Cell, 5> by_status{};  ///< 1xx … 5xx
    std::array<Cell, kBounds.size() + 1> buckets{};
    Cell nanoseconds{0};
  };
  static void add(Cell& cell, std::uint64_t much) {
    cell.store(cell.load(std::memory_order_relaxed) + much, std::memory_order_relaxed);
  }
  std::array<OfClass, kClassesMax> classes_{};
};

/// All figures of the edge. Owned by whoever answers /metrics and by the server, which counts into
/// it; `write` may be called from any thread.
class Metrics {
 public:
  /// For a loop that begins; lives as long as this does.
  LoopFigures& add_loop();
  /// The names of the classes of routes, in the router's order.
  void name_classes(std::vector<std::string> names);
  void write(MetricsWriter& out, const LiveHub* hub = nullptr) const;

  ServerCounts counts;

 private:
  void write_requests(MetricsWriter& out) const;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<LoopFigures>> loops_;
  std::vector<std::string> class_names_;
};

}  // namespace cairn::http

#include "http/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/check.hpp"
#include "http/live_hub.hpp"

namespace cairn::http {
namespace {

using enum MetricType;

// Every figure of the edge.
constexpr MetricInfo kRequests{"cairn_http_requests_total", "Requests answered", Counter};
constexpr MetricInfo kDuration{"cairn_http_request_duration_seconds",
                               "From a request's last byte to its answer", Histogram};
constexpr MetricInfo kFast{"cairn_http_fast_total", "Status queries answered from ready bytes",
                           Counter};
constexpr MetricInfo kOpen{"cairn_http_connections", "Connections open, live streams not counted",
                           Gauge};
constexpr MetricInfo kConnections{"cairn_http_connections_total", "Connections accepted", Counter};
constexpr MetricInfo kRefused{"cairn_http_connections_refused_total",
                              "Connections turned away because connections_max were open", Counter};
constexpr MetricInfo kBytesOut{"cairn_http_sent_bytes_total",
                               "Bytes sent, live streams not counted", Counter};
constexpr MetricInfo kSubscribers{"cairn_live_subscribers", "Live streams open", Gauge};
constexpr MetricInfo kDelivered{"cairn_live_delivered_total", "Changes given to live streams",
                                Counter};
constexpr MetricInfo kDropped{"cairn_live_dropped_total",
                              "Live streams closed because their reader was too slow", Counter};

constexpr std::array<std::string_view, 5> kStatusClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};

std::string_view name_of(MetricType type) {
  constexpr std::array<std::string_view, 3> kNames{"counter", "gauge", "histogram"};
  return kNames[static_cast<std::size_t>(type)];
}

void append_escaped(std::string& out, std::string_view text, bool is_quoted) {
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\' || (c == '"' && is_quoted))
      (out += '\\') += c;
    else
      out += c;
  }
}

}  // namespace

// ---- the text format ----------------------------------------------------------------------------

void MetricsWriter::begin(const MetricInfo& info) {
  if (!families_.empty() && families_.back() == info.name) return;
  CAIRN_CHECK(std::ranges::find(families_, info.name) == families_.end());
  families_.emplace_back(info.name);
  fmt::format_to(std::back_inserter(out_), "# HELP {} ", info.name);
  append_escaped(out_, info.help, false);
  fmt::format_to(std::back_inserter(out_), "\n# TYPE {} {}\n", info.name, name_of(info.type));
}

void MetricsWriter::name_with(std::string_view name, std::string_view suffix, MetricLabels labels,
                              std::string_view bound) {
  (out_ += name) += suffix;
  char before = '{';
  const auto add_label = [&](std::string_view label, std::string_view value) {
    out_ += std::exchange(before, ',');
    (out_ += label) += "=\"";
    append_escaped(out_, value, true);
    out_ += '"';
  };
  for (const auto& label : labels) add_label(label.name, label.value);
  if (!bound.empty()) add_label("le", bound);
  if (before == ',') out_ += '}';
  out_ += ' ';
}

void MetricsWriter::number(double value) {
  if (std::isnan(value))
    out_ += "NaN\n";
  else if (std::isinf(value))
    out_ += value > 0 ? "+Inf\n" : "-Inf\n";
  else
    fmt::format_to(std::back_inserter(out_), "{}\n", value);
}
void MetricsWriter::number(std::int64_t value) {
  fmt::format_to(std::back_inserter(out_), "{}\n", value);
}
void MetricsWriter::number(std::uint64_t value) {
  fmt::format_to(std::back_inserter(out_), "{}\n", value);
}

MetricsWriter& MetricsWriter::add_histogram(const MetricInfo& info, std::span<const double> bounds,
                                            std::span<const std::uint64_t> counts, double sum,
                                            MetricLabels labels) {
  CAIRN_CHECK(counts.size() == bounds.size() + 1);
  begin(info);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    const auto bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : std::string("+Inf");
    name_with(info.name, "_bucket", labels, bound);
    number(total);
  }
  name_with(info.name, "_sum", labels, {});
  number(sum);
  name_with(info.name, "_count", labels, {});
  number(total);
  return *this;
}

// ---- the edge's figures -------------------------------------------------------------------------

void LoopFigures::count(std::size_t rate_class, int status, std::uint64_t nanoseconds) {
  constexpr auto kNanoseconds = [] {
    std::array<std::uint64_t, kBounds.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::uint64_t>(kBounds[i] * 1e9 + 0.5);
    return out;
  }();
  auto& figures = classes_[std::min(rate_class, kClassesMax - 1)];
  add(figures.by_status[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)], 1);
  std::size_t bucket = 0;
  while (bucket < kNanoseconds.size() && nanoseconds > kNanoseconds[bucket]) ++bucket;
  add(figures.buckets[bucket], 1);
  add(figures.nanoseconds, nanoseconds);
}

LoopFigures& Metrics::add_loop() {
  std::lock_guard lock(mutex_);
  return *loops_.emplace_back(std::make_unique<LoopFigures>());
}

void Metrics::name_classes(std::vector<std::string> names) {
  CAIRN_CHECK(names.size() <= LoopFigures::kClassesMax);
  std::lock_guard lock(mutex_);
  class_names_ = std::move(names);
}

void Metrics::write_requests(MetricsWriter& out) const {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < class_names_.size(); ++i)
    for (std::size_t status = 0; status < kStatusClasses.size(); ++status) {
      std::uint64_t count = 0;
      for (const auto& loop : loops_) count += loop->classes_[i].by_status[status];
      if (count != 0)
        out.add(kRequests, count, {{"class", class_names_[i]}, {"status", kStatusClasses[status]}});
    }
  for (std::size_t i = 0; i < class_names_.size(); ++i) {
    std::array<std::uint64_t, LoopFigures::kBounds.size() + 1> buckets{};
    std::uint64_t nanoseconds = 0, total = 0;
    for (const auto& loop : loops_) {
      const auto& figures = loop->classes_[i];
      for (std::size_t b = 0; b < buckets.size(); ++b) total += buckets[b] += figures.buckets[b];
      nanoseconds += figures.nanoseconds;
    }
    if (total != 0)
      out.add_histogram(kDuration, LoopFigures::kBounds, buckets,
                        static_cast<double>(nanoseconds) / 1e9, {{"class", class_names_[i]}});
  }
}

void Metrics::write(MetricsWriter& out, const LiveHub* hub) const {
  write_requests(out);
  out.add(kFast, counts.fast.load())
      .add(kOpen, counts.open.load())
      .add(kConnections, counts.connections.load())
      .add(kRefused, counts.refused.load())
      .add(kBytesOut, counts.bytes_out.load());
  if (!hub) return;
  out.add(kSubscribers, hub->subscribers())
      .add(kDelivered, hub->delivered())
      .add(kDropped, hub->dropped());
}

}  // namespace cairn::http

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::bench {

/// The load that docs/benchmarks.md describes: orders begin at a steady rate and live through ten
/// events each, interleaved with all others alive, about 300 bytes of JSON to an event; some are
/// sent twice, some come late. Everything follows from the options: two feeds with the same options
/// give the same bytes.
struct FeedOptions {
  std::string prefix = "B";  ///< of the order numbers: one per run, or everything is a duplicate
  std::string source = "generic";
  std::int64_t begin_us = 0;      ///< time of the first event
  std::int64_t rate = 50'000;     ///< events a second of the orders' own time
  std::int64_t life_ms = 10'000;  ///< from an order's first event to its last
  int stages = 10;                ///< events of each order, at most ten
  int repeated_percent = 10;
  int late_percent = 2;
  std::int64_t orders_max = 0;  ///< the feed ends after these; 0: never
};

class Feed {
 public:
  explicit Feed(FeedOptions options);
  /// Appends the next event, without a line end. False when the feed has ended.
  bool append_next(std::string& out);
  std::string number_of(std::int64_t order) const;
  std::int64_t repeated() const { return repeated_; }
  std::int64_t late() const { return late_; }

 private:
  struct Place {
    std::int64_t order = 0;
    int stage = 0;
  };
  Place place_of(std::int64_t position) const;
  bool is_real(Place place) const;
  bool is_late(std::int64_t position, Place place) const;
  void append_event(std::string& out, std::int64_t position, Place place) const;
  void append_data(std::string& out, Place place, std::int64_t time_us) const;

  FeedOptions options_;
  std::int64_t gap_ = 1;       ///< orders begun between two events of one order
  std::int64_t position_ = 0;  ///< next place in the interleaving
  std::int64_t sent_ = 0;
  std::int64_t repeated_ = 0, late_ = 0;
  std::deque<std::int64_t> held_;  ///< positions that come late, oldest first
};

}  // namespace cairn::bench

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// What a heap of told orders shows when each is folded by itself: does the source's own word for
/// the state follow from the dates it gives, and where do its dates contradict each other or lack.
struct ToldReport {
  std::uint64_t orders = 0;
  std::map<std::string, std::uint64_t> headlines;
  std::map<std::string, std::map<std::string, std::uint64_t>> by_word;  ///< word → headline

  // Of orders whose source told a status without a date (a snapshot):
  std::uint64_t from_dates = 0;     ///< the dated facts alone come to what it says
  std::uint64_t from_snapshot = 0;  ///< they do not, with the snapshot they do
  std::uint64_t neither = 0;        ///< not even then
  std::map<std::string, std::uint64_t> from_dates_by_headline;
  std::map<std::string, std::uint64_t> from_snapshot_by_headline;

  std::map<std::string, std::uint64_t> findings;   ///< contradictions and gaps of the dates
  std::map<std::string, std::uint64_t> conflicts;  ///< "code: detail" as the fold marks them
};

/// Builds a ToldReport order by order. A value; one thread.
class ToldReporter {
 public:
  struct Options {
    Time at;                  ///< orders are seen as of this moment
    std::optional<Time> cut;  ///< also count what was not known, or overdue, then
    /// Did the source's clocks show this hour twice? Asked of times told without an offset.
    std::function<bool(Time)> is_repeated = {};
  };
  ToldReporter(const Context& context, Options options)
      : context_(context), options_(std::move(options)) {}

  /// All events told of one order, in any order.
  void add(const ports::AggregateKey& key, std::span<const model::Event> events);
  const ToldReport& report() const { return report_; }

 private:
  Order fold(const ports::AggregateKey& key, std::span<const model::Event> events,
             bool with_snapshot) const;
  std::string headline_of(const Order& order) const;
  void compare(const Order& order, const Order& by_dates, const model::StatusReported& told);
  void look(const Order& order, bool has_snapshot);
  void look_at_times(const Order& order, std::span<const model::Event> events);

  const Context& context_;
  Options options_;
  ToldReport report_;
};

/// Is the order where a source's word says it is? `hold` is the hold the word means, or empty.
bool is_where(const Order& order, model::Reached reached, std::string_view hold);

}  // namespace cairn::orders

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "app/installation.hpp"
#include "app/position.hpp"
#include "modules/orders/audit.hpp"

namespace cairn::app {

/// What a reader of the audit asks for. Empty fields: everything.
struct AuditFilter {
  std::string order, actor, outcome;
  Time from = Time::none(), until = Time::never();
  bool fits(const orders::AuditRow& row) const;
};

struct AuditPage {
  struct Item {
    std::uint32_t shard = 0;
    orders::AuditRow row;
  };
  std::vector<Item> items;  ///< newest first
  /// Where the next page begins; empty: nothing is left. A page may be short, or empty, and still
  /// have a next one: a request looks at `kRecordsMax` records at most.
  std::string next_cursor;
};

/// Reads the audit over all orders, newest first: the log backwards, then the audit files of
/// dropped segments. Any thread.
class AuditQuery {
 public:
  static constexpr std::size_t kRecordsMax = 400'000;

  explicit AuditQuery(Installation& installation) : installation_(installation) {}
  /// Errors: Invalid (the cursor), Damaged, Io.
  Result<AuditPage> page(const AuditFilter& filter, const std::string& cursor, std::size_t limit);

 private:
  struct Stream;
  Result<void> fill(Stream& stream, const AuditFilter& filter);

  Installation& installation_;
  std::size_t looked_at_ = 0;
};

}  // namespace cairn::app

#include "app/audit_query.hpp"

#include <algorithm>

namespace cairn::app {

bool AuditFilter::fits(const orders::AuditRow& row) const {
  return (order.empty() || row.order == order) && (actor.empty() || row.actor == actor) &&
         (outcome.empty() || row.outcome == outcome) && row.recorded >= from &&
         row.recorded < until;
}

/// The rows of one shard below a number, newest first, a window at a time.
struct AuditQuery::Stream {
  std::uint32_t shard = 0;
  std::uint64_t below = 0;  ///< records from here on have been looked at
  std::deque<orders::AuditRow> rows;
  bool is_over = false;
};

/// Looks at the window before `below`: of the log, or the newest audit file that begins before it.
Result<void> AuditQuery::fill(Stream& stream, const AuditFilter& filter) {
  constexpr std::uint64_t kWindow = 4'096;
  auto& log = *installation_.stores().logs[stream.shard];
  std::deque<orders::AuditRow> found;
  Time oldest = Time::never();
  const auto take = [&](const ports::Record& record) {
    if (record.number >= stream.below) return;
    ++looked_at_;
    oldest = std::min(oldest, record.recorded);
    if (auto row = orders::audit_row_of(record); row && filter.fits(*row))
      found.push_front(*std::move(row));
  };
  std::uint64_t began = 1;
  if (stream.below > log.first() && log.first() <= log.durable()) {
    began = stream.below > kWindow ? std::max(log.first(), stream.below - kWindow) : log.first();
    bool is_enough = false;
    const auto read = log.read(began, [&](const ports::Record& record) -> Result<void> {
      is_enough = record.number >= stream.below;
      if (is_enough) return fail(ErrorCode::Busy, "the window ends here");
      take(record);
      return {};
    });
    // Released meanwhile: the audit file has it, which the next look finds.
    if (!read && !is_enough && read.error().code != ErrorCode::Gone)
      return std::unexpected(read.error());
  } else {
    CAIRN_TRY(began, installation_.stores().read_archived(stream.shard, stream.below, take));
  }
  std::ranges::move(found, std::back_inserter(stream.rows));
  stream.below = began;
  if (began <= 1 || oldest < filter.from) stream.is_over = true;
  return {};
}

Result<AuditPage> AuditQuery::page(const AuditFilter& filter, const std::string& cursor,
                                   std::size_t limit) {
  const auto from = parse_position(cursor);
  if (!from) return fail(ErrorCode::Invalid, "not a cursor of this list", "/cursor");
  std::vector<Stream> streams;
  for (std::uint32_t i = 0; i < installation_.cluster().shards(); ++i) {
    const auto told = from->find(i);
    if (!cursor.empty() && told == from->end()) continue;  // nothing was left of it
    auto& stream = streams.emplace_back();
    stream.shard = i;
    stream.below = cursor.empty() ? installation_.stores().logs[i]->durable() + 1 : told->second;
    stream.is_over = stream.below <= 1;
  }
  AuditPage page;
  while (page.items.size() < limit) {
    Stream* newest = nullptr;
    bool is_complete = true;  // only then is the newest of them the newest of all
    for (auto& stream : streams) {
      while (stream.rows.empty() && !stream.is_over && looked_at_ < kRecordsMax)
        CAIRN_TRY_VOID(fill(stream, filter));
      is_complete = is_complete && (!stream.rows.empty() || stream.is_over);
      if (!stream.rows.empty() &&
          (!newest || stream.rows.front().recorded > newest->rows.front().recorded))
        newest = &stream;
    }
    if (!newest || !is_complete) break;
    page.items.push_back({newest->shard, std::move(newest->rows.front())});
    newest->rows.pop_front();
  }
  Position next;
  for (const auto& stream : streams) {
    if (!stream.rows.empty())
      next[stream.shard] = stream.rows.front().number + 1;
    else if (!stream.is_over)
      next[stream.shard] = stream.below;
  }
  page.next_cursor = format_position(next);
  return page;
}

}  // namespace cairn::app

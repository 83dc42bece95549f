#include "app/records.hpp"

#include <algorithm>
#include <map>

namespace cairn::app {

Result<void> each_aggregate(ports::Log& log, ports::Piles& piles,
                            const std::function<Result<void>(const StoredAggregate&)>& visit) {
  std::map<ports::AggregateKey, Bytes> tails;
  const auto from = std::max(piles.position() + 1, log.first());
  if (from <= log.durable())
    CAIRN_TRY_VOID(log.read(from, [&](const ports::Record& record) -> Result<void> {
      core::append_record(tails[record.aggregate], record);
      return {};
    }));
  std::vector<core::StoredRecord> records;
  CAIRN_TRY_VOID(piles.scan([&](const ports::PileEntry& entry) -> Result<void> {
    CAIRN_TRY(const Bytes pile, piles.read(entry.serial));
    records.clear();
    CAIRN_TRY_VOID(core::read_records(pile, records));
    const auto tail = tails.extract(entry.key);
    const auto in_pile = records.size();
    if (!tail.empty()) CAIRN_TRY_VOID(core::read_records(tail.mapped(), records));
    // Between the portions of a flush some piles are ahead of the position.
    const auto begin = records.begin() + static_cast<std::ptrdiff_t>(in_pile);
    records.erase(std::remove_if(begin, records.end(),
                                 [&](const core::StoredRecord& record) {
                                   return record.number <= entry.last_number;
                                 }),
                  records.end());
    return visit({entry.key, entry.serial, records, entry.row, records.size() > in_pile});
  }));
  for (const auto& [key, tail] : tails) {
    records.clear();
    CAIRN_TRY_VOID(core::read_records(tail, records));
    CAIRN_TRY_VOID(visit({key, 0, records, {}, true}));
  }
  return {};
}

}  // namespace cairn::app

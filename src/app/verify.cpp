#include "app/verify.hpp"

#include <fmt/format.h>

#include "adapters/segments/segment_log.hpp"
#include "app/records.hpp"
#include "crypto/hash.hpp"
#include "modules/orders/fold.hpp"

namespace cairn::app {
namespace {

constexpr std::size_t kFaultsMax = 1'000;

class Verifier {
 public:
  Verifier(Offline& offline, const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : offline_(offline),
        installation_(offline.installation()),
        orders_(installation_.context()),
        progress_(progress) {}

  Result<Verification> run() {
    auto& stores = installation_.stores();
    CAIRN_TRY(const auto audit_key, stores.keys->installation_key("audit"));
    signing_key_.assign(reinterpret_cast<const char*>(audit_key.data()), audit_key.size());
    for (const auto& piles : stores.piles)
      CAIRN_TRY_VOID(piles->scan([&](const ports::PileEntry&) -> Result<void> {
        ++total_;
        return {};
      }));
    out_.shards = stores.logs.size();
    for (shard_ = 0; shard_ < stores.logs.size(); ++shard_) {
      auto& log = static_cast<segments::SegmentLog&>(*stores.logs[shard_]);
      auto& piles = *stores.piles[shard_];
      CAIRN_TRY_VOID(check_chain(log, piles));
      CAIRN_TRY(const auto faults, piles.verify());
      for (const auto& text : faults) fault("piles: " + text);
      if (faults.empty()) CAIRN_TRY_VOID(check_aggregates(log, piles));
    }
    return std::move(out_);
  }

 private:
  void fault(const std::string& what) {
    ++out_.fault_count;
    if (out_.faults.size() < kFaultsMax)
      out_.faults.push_back(fmt::format("shard {}: {}", shard_, what));
  }

  /// The log's own chain was followed when it was opened; the audit files must lead to it.
  Result<void> check_chain(segments::SegmentLog& log, ports::Piles& piles) {
    if (log.first() > piles.position() + 1)
      fault(fmt::format("records {} to {} are neither in the piles nor in the log",
                        piles.position() + 1, log.first() - 1));
    std::uint64_t expected = log.first();
    if (log.first() <= log.durable())
      CAIRN_TRY_VOID(log.read(log.first(), [&](const ports::Record& record) -> Result<void> {
        ++out_.log_records;
        if (record.number != expected)
          fault(fmt::format("record {} of the log follows {}", record.number, expected - 1));
        expected = record.number + 1;
        return {};
      }));
    if (log.first() <= 1) return {};  // nothing has been dropped: no audit file yet
    const auto sign = [this](BytesView bytes) {
      return Bytes(crypto::view(crypto::hmac_sha256(signing_key_, bytes)));
    };
    const auto folder = offline_.folder().path("audit");
    const auto head = segments::verify_audit(
        offline_.folder().storage(), folder, static_cast<std::uint32_t>(shard_),
        {segments::beginning(static_cast<std::uint32_t>(shard_)), log.audit_head()}, sign,
        [](const ports::Record&) -> Result<void> { return {}; });
    if (head)
      ++out_.audit_files;
    else
      fault("audit: " + head.error().message);
    return {};
  }

  Result<void> check_aggregates(ports::Log& log, ports::Piles& piles) {
    orders::Rows rows(installation_.context(),
                      static_cast<std::uint32_t>(installation_.stores().logs.size()));
    return each_aggregate(log, piles, [&](const StoredAggregate& stored) -> Result<void> {
      if (progress_) progress_(++done_, total_);
      std::uint64_t last = 0;
      for (const auto& record : stored.records) {
        ++out_.records;
        if (record.number <= last) fault(fmt::format("record {} stands twice", record.number));
        last = record.number;
      }
      if (last > log.durable())
        fault(fmt::format("record {} is in the piles, and the log ends with {}", last,
                          log.durable()));
      if (stored.key.kind == model::kOrderKind)
        check(stored, orders_, rows.table(static_cast<std::uint32_t>(shard_)));
      if (stored.key.kind == model::kReferenceKind) check(stored, references_, quarantine_);
      return {};
    });
  }

  static std::string name_of(const ports::AggregateKey& key) {
    return key.kind == model::kOrderKind ? "order " + model::to_text(model::order_of(key))
                                         : "reference " + to_hex(key.id.view());
  }

  void check(const StoredAggregate& stored, const core::Reducer& reducer, core::View& view) {
    ++(stored.key.kind == model::kOrderKind ? out_.orders : out_.references);
    const auto events = core::events_of(stored.records, stored.key);
    if (!events) return fault(name_of(stored.key) + ": " + events.error().message);
    out_.events += events->size();
    Time seen = Time::none();  // when it last looked otherwise than before
    std::optional<core::Change> shown;
    std::uint64_t version = 0;
    for (const auto& record : stored.records) {
      if (record.type != ports::RecordType::Change) continue;
      auto change = core::decode_change(record.body);
      if (!change) return fault(name_of(stored.key) + ": " + change.error().message);
      ++out_.changes;
      if (change->version != version + 1)
        fault(fmt::format("{}: version {} follows {}", name_of(stored.key), change->version,
                          version));
      version = change->version;
      seen = record.recorded;
      shown = *std::move(change);
    }
    if (events->empty() || !shown) return;
    const auto state = reducer.fold(stored.key, *events, seen);
    if (reducer.summary(*state) != shown->is)
      fault(fmt::format("{}: what was shown last (version {}) is not what its events come to",
                        name_of(stored.key), version));
    check_keys(stored, *events, *state);
    check_row(stored, *state, version, view);
  }

  /// A key that is gone must have been destroyed on purpose.
  void check_keys(const StoredAggregate& stored, std::span<const model::Event> events,
                  const core::Aggregate& state) {
    ports::KeySlot slot = 0;
    for (const auto& event : events)
      if (event.key_slot != 0) slot = event.key_slot;
    const bool is_order = stored.key.kind == model::kOrderKind;
    const bool is_forgotten =
        is_order && static_cast<const orders::Order&>(state).is(orders::Flag::Forgotten);
    if (is_forgotten) ++out_.forgotten;
    if (slot == 0) return;
    const auto key = installation_.stores().keys->get(slot);
    if (!key && key.error().code != ErrorCode::Gone)
      return fault(name_of(stored.key) + ": " + key.error().message);
    if (!key && is_order && !is_forgotten)
      fault(name_of(stored.key) + ": its key is destroyed, but nobody has had it forgotten");
    if (key && is_forgotten)
      fault(name_of(stored.key) +
            ": it is marked forgotten, but its key still exists; run cairn forget again");
  }

  void check_row(const StoredAggregate& stored, const core::Aggregate& state, std::uint64_t version,
                 core::View& view) {
    if (stored.row.empty() || stored.has_tail) return;  // made, or made again, at the next start
    ByteReader r(stored.row);
    r.u8();
    if (r.u32() != view.fingerprint()) return;
    ++out_.rows;
    const Time valid_until{r.i64()};
    std::uint64_t newest_change = 0;
    for (const auto& record : stored.records)
      if (record.type == ports::RecordType::Change) newest_change = record.number;
    view.put(stored.key, stored.serial, state, version, newest_change);
    if (r.failed() || valid_until != state.valid_until() ||
        r.take(r.remaining()) != view.bytes(stored.serial))
      fault(
          fmt::format("{}: its row in the view is not what its events come to; cairn rebuild "
                      "makes the views again",
                      name_of(stored.key)));
  }

  Offline& offline_;
  Installation& installation_;
  orders::OrderReducer orders_;
  orders::ReferenceReducer references_;
  orders::Quarantine quarantine_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  Bytes signing_key_;
  Verification out_;
  std::size_t shard_ = 0;
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

Result<Verification> verify(Offline& offline,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Verifier(offline, progress).run();
}

}  // namespace cairn::app

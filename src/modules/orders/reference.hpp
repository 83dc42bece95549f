#pragma once

#include "core/reducer.hpp"
#include "core/shard.hpp"
#include "modules/orders/render.hpp"

#include <map>
#include <mutex>

namespace cairn::orders {

/// Who says a number is theirs.
struct ClaimState {
  std::string order;  ///< Cairn's id
  std::string package;
  Time from = Time::none(), until = Time::none();
};

/// An event that no claim explains yet.
struct WaitingState {
  model::Identity event;
  std::uint64_t number = 0;
  Time occurred;
  std::string source;
  bool is_dismissed = false;
};

/// A reference: a name under which another system speaks of orders (DESIGN §4). It forwards what it
/// is told to every order with a claim at that time, and keeps what nobody claims: the quarantine.
struct ReferenceState final : core::Aggregate {
  ports::AggregateKey key;
  std::string scheme, issuer, value;
  std::vector<ClaimState> claims;
  std::vector<WaitingState> told;  ///< everything that is not a claim, in order of arrival
  Time valid_until() const override { return Time::never(); }
  bool is_claimed_at(Time at) const;
  bool waits(const WaitingState& event) const {
    return !event.is_dismissed && !is_claimed_at(event.occurred);
  }
};

/// The newest of what waits, oldest first: `events` of QuarantineItem. `history` holds all records.
void write_waiting(json::Writer& out, const ReferenceState& reference,
                   std::span<const core::StoredRecord> history, const Viewer& viewer);

class ReferenceReducer final : public core::Reducer {
 public:
  std::unique_ptr<core::Aggregate> fold(const ports::AggregateKey& key,
                                        std::span<const model::Event> events,
                                        Time now) const override;
  bool is_newest(const core::Aggregate& state, const model::Event& event) const override;
  void apply(core::Aggregate& state, const model::Event& event, Time now) const override;
  bool advance(core::Aggregate&, Time) const override { return false; }
  bool needs_history(const model::Event& event) const override;
  Result<std::vector<model::Event>> decide(const core::Aggregate& state,
                                           const core::Command& command, const core::Knows& knows,
                                           Time at) const override;
  Bytes summary(const core::Aggregate& state) const override;
  std::vector<core::Letter> letters(const ports::AggregateKey& key, const Bytes& before,
                                    const core::Aggregate& state, const model::Event& cause,
                                    std::span<const model::Event> history) const override;
  Bytes claims(const core::Aggregate&) const override { return {}; }
  bool must_refold(const core::Aggregate&, Time) const override { return false; }
  bool has_key() const override { return true; }
  void pack(const core::Aggregate& state, Bytes& out) const override;
  std::unique_ptr<core::Aggregate> unpack(const ports::AggregateKey& key,
                                          BytesView packed) const override;
};

/// What waits in quarantine: rows of those references only where something does. The shard's thread
/// writes, any thread reads.
class Quarantine final : public core::View {
 public:
  struct Row {
    std::string scheme, issuer, value, id;
    std::uint32_t waiting = 0;
    Time oldest = Time::none(), newest = Time::none();
    std::uint32_t claims = 0;
    std::vector<std::string> sources;  ///< that told what waits
  };
  void put(ports::AggregateKey key, std::uint32_t serial, const core::Aggregate& state,
           std::uint64_t version, std::uint64_t number) override;
  Bytes bytes(std::uint32_t serial) const override;
  Result<void> load(ports::AggregateKey key, std::uint32_t serial, BytesView row) override;
  void forget_all() override;
  std::uint32_t fingerprint() const override { return 2; }
  /// Oldest first.
  std::vector<Row> waiting() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Row> rows_;
};

}  // namespace cairn::orders

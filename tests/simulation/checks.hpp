#pragma once

#include "workload.hpp"

namespace cairn::simulation {

/// What live listeners were told, checked as it comes: an order's changes are numbered without gap
/// or repetition, and nothing moves by the clock before its time.
class LiveBook {
 public:
  LiveBook(Violations& violations, Trace& trace) : violations_(violations), trace_(trace) {}
  void told(const Told& told, const core::Aggregate* state);
  /// What was durable and not yet told is never told: readers resume from the store.
  void crashed();
  /// What the store says now. False when it knows less than listeners were told.
  bool agree(const ports::AggregateKey& key, std::uint64_t version, Time valid_until);

 private:
  struct Page {
    std::uint64_t version = 0;
    Time valid_until = Time::never();
    std::uint64_t batch = 0;
    bool is_sure = false;  ///< nothing can have happened that was not told
  };
  Violations& violations_;
  Trace& trace_;
  std::map<ports::AggregateKey, Page> pages_;
  std::map<std::uint32_t, std::uint64_t> numbers_;  ///< last told, by shard
  Time latest_ = Time::none();
};

/// One aggregate as it was found.
struct Found {
  std::vector<model::Event> events;
  std::vector<core::StoredRecord> records;                          ///< without bodies
  std::map<std::pair<model::Identity, std::uint32_t>, int> counts;  ///< of events, by what they say
  std::map<std::pair<model::Identity, std::uint32_t>, int> refusals;
  Bytes hash;
  model::Health health{};
  std::string state;
  std::uint64_t version = 0;
  Time valid_until;
  std::vector<std::tuple<std::string, std::string, std::string>> wanted;  ///< claims of an order
  std::vector<orders::ConflictState> conflicts;
  /// Of a reference.
  std::vector<std::pair<std::string, std::string>> claims;  ///< order, package
  std::vector<std::pair<model::Identity, Time>> told;       ///< not dismissed
};
using Snapshot = std::map<ports::AggregateKey, Found>;

/// The invariants of DESIGN §7, looked for in everything there is.
class Checks {
 public:
  Checks(World& world, Clients& clients, const Workload& workload, LiveBook& book,
         Violations& violations, Trace& trace, Random& random);

  /// Looks at every aggregate and checks all that must hold once things are quiet.
  Snapshot all(std::string_view when);
  /// Two looks at the same installation must show the same.
  void same(const Snapshot& before, const Snapshot& after, std::string_view when);
  /// The same facts, shuffled and repeated, given to a fresh installation, come to the same.
  void replayed(const Snapshot& snapshot, std::uint64_t seed);

 private:
  void look_at(const ports::AggregateKey& key, Snapshot& snapshot);
  void read_records(const ports::AggregateKey& key, const World::Look& look, Found& found);
  void check_records(const ports::AggregateKey& key, const Found& found);
  void check_order(const ports::AggregateKey& key, const World::Look& look, Found& found);
  void check_fold(const ports::AggregateKey& key, const orders::Order& live, const Found& found,
                  Time now);
  void check_row(const ports::AggregateKey& key, const orders::Order& live, const Found& found,
                 Time now);
  void check_unpaid(const ports::AggregateKey& key, const orders::Order& live, const Found& found,
                    Time now);
  void check_ledger(const Snapshot& snapshot);
  void check_letters(const Snapshot& snapshot);
  void wrong(const ports::AggregateKey& key, std::string what);

  World& world_;
  Clients& clients_;
  const Workload& workload_;
  LiveBook& book_;
  Violations& violations_;
  Trace& trace_;
  Random& random_;
  std::string when_;
};

/// Steps until everything is quiet: all letters there, everybody answered. False: it never is.
bool settle(World& world, Clients& clients);

}  // namespace cairn::simulation

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/cities.hpp"
#include "app/settings.hpp"
#include "app/words.hpp"
#include "core/cluster.hpp"
#include "modules/integration/source.hpp"
#include "modules/lifecycle/loader.hpp"
#include "modules/orders/order_reducer.hpp"
#include "modules/orders/reference.hpp"
#include "modules/orders/rows.hpp"
#include "modules/orders/versions.hpp"

namespace cairn::ports {
class Storage;
class Clock;
}  // namespace cairn::ports

namespace cairn::app {

/// The definitions an installation works with.
struct Definitions {
  lifecycle::Definitions lifecycles;
  integration::Sources sources;
  Words words;
  Cities cities;
  orders::Masters masters;
  lifecycle::Files files;  ///< what `lifecycles` was read from
  /// Of the installation; null: these are the only ones (app/definition_store.hpp).
  std::unique_ptr<const orders::Versions> versions;
  orders::Context context() const { return {&lifecycles, &masters, versions.get()}; }
};
/// The sources of the demo (definitions/demo/sources) belong to its installation alone.
enum class With : std::uint8_t { Nothing, Demo };
/// Errors: Invalid with every fault of every file, NotFound.
Result<std::unique_ptr<Definitions>> load_definitions(const std::string& folder,
                                                      With with = With::Nothing);

/// The disk of an installation: what a Cluster runs on. The production wiring opens it on files,
/// the simulator on memory.
struct Stores {
  std::vector<std::unique_ptr<ports::Log>> logs;
  std::vector<std::unique_ptr<ports::Piles>> piles;
  std::unique_ptr<ports::Keys> keys;
  /// Visits the newest audit file of a shard that begins before the record `below`, and says where
  /// it began; 1 when there is none. Empty: dropped segments are not kept.
  using Visit = std::function<void(const ports::Record&)>;
  std::function<Result<std::uint64_t>(std::uint32_t shard, std::uint64_t below, const Visit&)>
      archive;

  Result<std::uint64_t> read_archived(std::uint32_t shard, std::uint64_t below,
                                      const Visit& visit) const {
    return archive ? archive(shard, below, visit) : Result<std::uint64_t>(1);
  }
};

/// What `data/manifest` says; made with the folder.
struct Manifest {
  std::uint32_t version = 1;
  std::uint32_t shards = 4;
  std::string api_key_hash;  ///< SHA-256 in hex
};

/// When the newest record of any shard was written; Time::none() where none is left in the logs.
Result<Time> newest_recorded(const Stores& stores);

/// The folder of an installation, locked while it is open so that no two processes write it.
class DataFolder {
 public:
  /// Makes the folder when it is not there. Errors: Busy (another process has it), Io, Damaged.
  static Result<std::unique_ptr<DataFolder>> open(const Settings& settings);
  ~DataFolder();

  const Manifest& manifest() const { return manifest_; }
  /// The bootstrap key, when it was made just now; shown once.
  const std::string& new_api_key() const { return new_api_key_; }
  Result<Stores> open_stores();
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  ports::Storage& storage() { return *storage_; }

 private:
  DataFolder() = default;
  std::string path_;
  Settings settings_;
  Manifest manifest_;
  std::string new_api_key_;
  std::unique_ptr<ports::Storage> storage_;
  int lock_ = -1;
};

/// The kernel: shards, views and definitions, wired. `main` and the simulator make it by this one
/// constructor. Owned by them; members in order of dependency.
class Installation {
 public:
  Installation(std::shared_ptr<const Definitions> definitions, Stores stores,
               core::ClusterOptions options, core::Listener* listener);

  Result<void> load(Time now) { return cluster_.load(now); }

  const Definitions& definitions() const { return *definitions_; }
  const orders::Context& context() const { return context_; }
  const core::Sealer& sealer() const { return sealer_; }
  orders::Rows& rows() { return rows_; }
  const std::vector<std::unique_ptr<orders::Quarantine>>& quarantines() const {
    return quarantines_;
  }
  core::Cluster& cluster() { return cluster_; }
  Stores& stores() { return stores_; }

 private:
  std::vector<core::ShardStores> shard_stores();

  std::shared_ptr<const Definitions> definitions_;  ///< shared by those that start many times
  orders::Context context_;
  Stores stores_;
  core::Sealer sealer_;
  orders::OrderReducer order_reducer_;
  orders::ReferenceReducer reference_reducer_;
  orders::Rows rows_;
  std::vector<std::unique_ptr<orders::Quarantine>> quarantines_;
  core::Cluster cluster_;
};

}  // namespace cairn::app

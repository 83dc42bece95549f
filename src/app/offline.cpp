#include "app/offline.hpp"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "adapters/sqlite/kv.hpp"
#include "adapters/system/system_clock.hpp"
#include "app/definition_store.hpp"

namespace cairn::app {

bool is_data_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path + "/manifest.json", ignored);
}

Result<std::unique_ptr<Offline>> Offline::open(const Settings& settings, If what) {
  if (const auto faults = settings.validate(); !faults.empty())
    return fail(ErrorCode::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
  if (what == If::Exists && !is_data_folder(settings.data))
    return fail(ErrorCode::NotFound,
                fmt::format("no data of Cairn in {}; name its folder with --data", settings.data));
  auto offline = std::unique_ptr<Offline>(new Offline());
  CAIRN_TRY(const auto definitions_folder, find_folder("definitions", settings.definitions));
  CAIRN_TRY(auto definitions,
            load_definitions(definitions_folder, settings.demo ? With::Demo : With::Nothing));
  auto folder = DataFolder::open(settings);
  if (!folder && folder.error().code == ErrorCode::Busy)
    return fail(ErrorCode::Busy,
                fmt::format("a server is running on {}; stop it, or where the command can go "
                            "through it name its address with --server",
                            settings.data));
  if (!folder) return std::unexpected(folder.error());
  offline->folder_ = *std::move(folder);
  CAIRN_TRY(auto stores, offline->folder_->open_stores());
  CAIRN_TRY(offline->tables_, sqlite::KeyValueStore::open(offline->folder_->path("tables.db")));
  CAIRN_TRY(const auto newest, newest_recorded(stores));
  offline->clock_ = std::make_unique<system::SystemClock>(newest);
  // A command that only looks works with what its server does.
  CAIRN_TRY_VOID(adopt(*definitions, offline->folder_->storage(), settings.data,
                       what == If::Exists ? Adopt::Follow : Adopt::Activate,
                       std::max(offline->clock_->now(), newest + Duration{1}), {}));
  core::ClusterOptions options;
  options.shards = offline->folder_->manifest().shards;
  options.hot_max = settings.hot_orders_max;
  offline->installation_ =
      std::make_unique<Installation>(std::move(definitions), std::move(stores), options, nullptr);
  return offline;
}

Offline::~Offline() { stop(); }

Result<void> Offline::load() { return installation_->load(clock_->now()); }

void Offline::start() {
  installation_->cluster().start(*clock_);
  is_started_ = true;
}

void Offline::stop() {
  if (std::exchange(is_started_, false)) installation_->cluster().stop();
}

Result<void> Offline::flush() {
  auto& cluster = installation_->cluster();
  for (std::uint32_t i = 0; i < cluster.shards(); ++i) {
    auto& shard = cluster.shard(i);
    while (const auto flush = shard.take_flush()) {
      const auto written =
          installation_->stores().piles[i]->write(flush->additions, flush->position);
      shard.flushed(written.has_value());
      if (!written) return written;
    }
  }
  return {};
}

}  // namespace cairn::app

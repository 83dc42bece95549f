#include "app/installation.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "adapters/keys/file_keys.hpp"
#include "adapters/keys/master_key.hpp"
#include "adapters/segments/audit_file.hpp"
#include "adapters/segments/segment_log.hpp"
#include "adapters/sqlite/piles.hpp"
#include "adapters/system/machine.hpp"
#include "adapters/system/posix_storage.hpp"
#include "base/check.hpp"
#include "crypto/hash.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

namespace cairn::app {
namespace {

Result<Manifest> read_manifest(ports::Storage& storage, const std::string& path) {
  constexpr std::uint64_t kBytesMax = 64 * 1024;
  CAIRN_TRY(const auto text, ports::read_file(storage, path, kBytesMax));
  json::Document document;
  const auto value = document.parse(text);
  if (!value) return fail(ErrorCode::Damaged, path + " is not JSON; restore it from a backup");
  Manifest manifest;
  const auto version = value->find("version");
  const auto shards = value->find("shards");
  const auto hash = value->find("api_key_hash");
  manifest.version = static_cast<std::uint32_t>(version ? version->as_integer().value_or(0) : 0);
  manifest.shards = static_cast<std::uint32_t>(shards ? shards->as_integer().value_or(0) : 0);
  if (hash) manifest.api_key_hash = hash->as_string().value_or("");
  if (manifest.version != 1 || manifest.shards == 0)
    return fail(ErrorCode::Damaged, path + " is of another version of Cairn");
  return manifest;
}

Result<void> write_manifest(ports::Storage& storage, const std::string& path,
                            const Manifest& manifest) {
  std::string text;
  json::Writer w(text);
  w.begin_object().field("version", std::uint64_t{manifest.version});
  w.field("shards", std::uint64_t{manifest.shards}).field("api_key_hash", manifest.api_key_hash);
  w.end_object();
  text += '\n';
  return ports::replace_file(storage, path, text);
}

std::string hash_of_key(std::string_view key) { return to_hex(crypto::view(crypto::sha256(key))); }

/// The key that was made lies beside the data, for its owner's eyes only, so that the command line
/// on this machine finds it. One that the operator chose is not written down; an older one goes.
Result<void> keep_key(const std::string& path, const std::string& made) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return fail(ErrorCode::Io, fmt::format("{}: {}", path, std::strerror(errno)));
  if (made.empty()) return {};
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const auto text = made + "\n";
  const bool is_done = fd >= 0 &&
                       ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (is_done) return {};
  return fail(ErrorCode::Io, fmt::format("{}: {}", path, std::strerror(error)));
}

}  // namespace

Result<std::unique_ptr<Definitions>> load_definitions(const std::string& folder, With with) {
  auto files = lifecycle::read_files(folder);
  if (!files) return fail(ErrorCode::Invalid, lifecycle::to_text(files.error()));
  auto lifecycles = lifecycle::load(*files);
  if (!lifecycles) return fail(ErrorCode::Invalid, lifecycle::to_text(lifecycles.error()));
  CAIRN_TRY(auto sources, integration::Sources::load(folder + "/sources"));
  if (with == With::Demo) {
    CAIRN_TRY(const auto own, integration::Sources::load(folder + "/demo/sources"));
    for (const auto& [id, source] : own.all()) CAIRN_TRY_VOID(sources.add(source));
  }
  CAIRN_TRY(auto words, Words::load(folder + "/words.yaml"));
  CAIRN_TRY(auto cities, Cities::load(folder + "/cities.yaml"));
  auto out = std::make_unique<Definitions>(Definitions{*std::move(lifecycles),
                                                       std::move(sources),
                                                       std::move(words),
                                                       std::move(cities),
                                                       {},
                                                       *std::move(files),
                                                       nullptr});
  for (const auto& [id, source] : out->sources.all()) {
    out->masters.set_acts_from(id, source.acts_from);
    for (std::size_t i = 1; i < lifecycle::kAreaCount; ++i) {
      const auto area = static_cast<lifecycle::Area>(i);
      const auto master = source.master_of(lifecycle::name_of(area));
      if (!master.empty()) out->masters.set(id, area, std::string(master));
      if (const auto patience = source.patience_of(lifecycle::name_of(area)))
        out->masters.set_patience(id, area, *patience);
    }
  }
  return out;
}

Result<std::unique_ptr<DataFolder>> DataFolder::open(const Settings& settings) {
  auto folder = std::unique_ptr<DataFolder>(new DataFolder());
  folder->path_ = settings.data;
  folder->settings_ = settings;
  folder->storage_ = std::make_unique<system::PosixStorage>();
  auto& storage = *folder->storage_;
  CAIRN_TRY_VOID(storage.make_folder(settings.data));
  const auto lock_path = folder->path("lock");
  folder->lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (folder->lock_ < 0 || ::flock(folder->lock_, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorCode::Busy,
                fmt::format("{} is in use by another Cairn; stop it or name another folder with "
                            "--data",
                            settings.data));
  const auto manifest_path = folder->path("manifest.json");
  CAIRN_TRY(const bool exists, storage.exists(manifest_path));
  if (exists) {
    CAIRN_TRY(folder->manifest_, read_manifest(storage, manifest_path));
  } else {
    folder->manifest_.shards = settings.shards;
  }
  std::string key = settings.api_key;
  if (key.empty() && folder->manifest_.api_key_hash.empty()) {
    CAIRN_TRY(const auto random, system::random_bytes(24));
    key = folder->new_api_key_ = to_base64url(random);
  }
  const bool is_new_key = !key.empty() && hash_of_key(key) != folder->manifest_.api_key_hash;
  if (is_new_key) folder->manifest_.api_key_hash = hash_of_key(key);
  if (!exists || is_new_key)
    CAIRN_TRY_VOID(write_manifest(storage, manifest_path, folder->manifest_));
  if (is_new_key) CAIRN_TRY_VOID(keep_key(folder->path("api.key"), folder->new_api_key_));
  return folder;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

namespace {

/// Audit files are named by their first record: "<shard>-<first>.zst".
Result<std::uint64_t> read_newest_before(ports::Storage& storage, const std::string& folder,
                                         std::uint32_t shard, std::uint64_t below,
                                         const segments::Sign& sign, const Stores::Visit& visit) {
  CAIRN_TRY(const auto names, storage.list(folder));
  std::uint64_t first = 0;
  for (const auto& name : names) {
    const auto dash = name.find('-');
    std::uint64_t number = 0;
    if (dash == std::string::npos ||
        std::from_chars(name.data() + dash + 1, name.data() + name.size(), number).ec !=
            std::errc{})
      continue;
    if (segments::audit_path(folder, shard, number) == folder + "/" + name && number < below)
      first = std::max(first, number);
  }
  if (first == 0) return 1;
  CAIRN_TRY_VOID(segments::read_audit_file(storage, segments::audit_path(folder, shard, first),
                                           sign, [&](const ports::Record& record) -> Result<void> {
                                             visit(record);
                                             return {};
                                           }));
  return first;
}

}  // namespace

Result<Stores> DataFolder::open_stores() {
  Stores stores;
  CAIRN_TRY(const auto master, keys::load_or_create_master_key(path("master.key")));
  CAIRN_TRY(stores.keys, keys::FileKeys::open(*storage_, path("keys"), master));
  CAIRN_TRY(const auto audit_key, stores.keys->installation_key("audit"));
  const Bytes signing_key(reinterpret_cast<const char*>(audit_key.data()), audit_key.size());
  const segments::Sign sign = [signing_key](BytesView bytes) {
    return Bytes(crypto::view(crypto::hmac_sha256(signing_key, bytes)));
  };
  if (settings_.audit_files)
    stores.archive = [this, sign, folder = path("audit")](std::uint32_t shard, std::uint64_t below,
                                                          const Stores::Visit& visit) {
      return read_newest_before(*storage_, folder, shard, below, sign, visit);
    };
  CAIRN_TRY(const auto salt, system::random_bytes(4));
  for (std::uint32_t i = 0; i < manifest_.shards; ++i) {
    const auto folder = path(fmt::format("shard-{:02}", i));
    CAIRN_TRY_VOID(storage_->make_folder(folder));
    CAIRN_TRY(auto piles, sqlite::SqlitePiles::open(folder + "/piles.db", {.pause = [] {
                                                      system::give_way(system::Share::Most);
                                                    }}));
    segments::Options options;
    options.folder = folder + "/log";
    options.shard = i;
    options.segment_bytes = settings_.segment_bytes;
    options.not_before = piles->position();
    options.accept_loss_from = settings_.accepted_loss(i);
    std::memcpy(&options.salt, salt.data(), sizeof options.salt);
    if (settings_.audit_files) {
      options.audit_folder = path("audit");
      options.sign = sign;
    }
    options.is_recycled_elsewhere = true;
    CAIRN_TRY(auto log, segments::SegmentLog::open(*storage_, std::move(options)));
    stores.logs.push_back(std::move(log));
    stores.piles.push_back(std::move(piles));
  }
  return stores;
}

Result<Time> newest_recorded(const Stores& stores) {
  Time newest = Time::none();
  for (const auto& log : stores.logs) {
    if (log->first() > log->durable()) continue;
    CAIRN_TRY_VOID(log->read(log->durable(), [&](const ports::Record& record) -> Result<void> {
      newest = std::max(newest, record.recorded);
      return {};
    }));
  }
  return newest;
}

Installation::Installation(std::shared_ptr<const Definitions> definitions, Stores stores,
                           core::ClusterOptions options, core::Listener* listener)
    : definitions_(std::move(definitions)),
      context_(definitions_->context()),
      stores_(std::move(stores)),
      sealer_([&] {
        auto sealer = core::Sealer::open_with(*stores_.keys);
        CAIRN_CHECK(sealer.has_value());
        return *std::move(sealer);
      }()),
      order_reducer_(context_),
      rows_(context_, options.shards),
      quarantines_([&] {
        std::vector<std::unique_ptr<orders::Quarantine>> out;
        for (std::uint32_t i = 0; i < options.shards; ++i)
          out.push_back(std::make_unique<orders::Quarantine>());
        return out;
      }()),
      cluster_(options, shard_stores(), sealer_, listener) {}

std::vector<core::ShardStores> Installation::shard_stores() {
  std::vector<core::ShardStores> out;
  for (std::uint32_t i = 0; i < stores_.logs.size(); ++i)
    out.push_back({stores_.logs[i].get(),
                   stores_.piles[i].get(),
                   {{model::kOrderKind, {&order_reducer_, &rows_.table(i)}},
                    {model::kReferenceKind, {&reference_reducer_, quarantines_[i].get()}}}});
  return out;
}

}  // namespace cairn::app

/// A key-value file, format 1 (application_id 0x43724e4b "CrNK", user_version 1): one table of keys
/// in order of their bytes.
#include "adapters/sqlite/kv.hpp"

namespace cairn::sqlite {
namespace {

constexpr std::int32_t kApplication = 0x43724e4b;
constexpr int kFormat = 1;
constexpr std::uint64_t kWalBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kIdleReadersMax = 4;

constexpr const char* kSchema =
    "CREATE TABLE key_value(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

}  // namespace

struct KeyValueStore::Writer {
  Connection connection;
  Statement put, erase;
};

struct KeyValueStore::Reader {
  Connection connection;
  Statement get;
};

KeyValueStore::KeyValueStore(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {
  readers_ = std::make_unique<Pool<Reader>>(
      kIdleReadersMax, [path = writer_->connection.path()]() -> Result<std::unique_ptr<Reader>> {
        CAIRN_TRY(auto connection, Connection::open(path, Access::Read));
        CAIRN_TRY(auto get, connection.prepare("SELECT value FROM key_value WHERE key = ?1"));
        return std::unique_ptr<Reader>(new Reader{std::move(connection), std::move(get)});
      });
}

KeyValueStore::~KeyValueStore() = default;

Result<std::unique_ptr<KeyValueStore>> KeyValueStore::open(const std::string& path) {
  CAIRN_TRY(auto connection, Connection::open(path, Access::Write));
  CAIRN_TRY_VOID(connection.ensure_schema(kApplication, kFormat, kSchema));
  CAIRN_TRY(auto put, connection.prepare("INSERT INTO key_value(key, value) VALUES(?1, ?2) "
                                         "ON CONFLICT(key) DO UPDATE SET value = excluded.value"));
  CAIRN_TRY(auto erase, connection.prepare("DELETE FROM key_value WHERE key = ?1"));
  auto writer =
      std::unique_ptr<Writer>(new Writer{std::move(connection), std::move(put), std::move(erase)});
  return std::unique_ptr<KeyValueStore>(new KeyValueStore(std::move(writer)));
}

Result<void> KeyValueStore::write(std::span<const ports::KeyValueChange> changes) {
  for (const auto& change : changes) CAIRN_TRY_VOID(ports::check_key(change.key));
  const std::lock_guard lock(write_mutex_);
  auto& connection = writer_->connection;
  CAIRN_TRY_VOID(connection.in_transaction([&]() -> Result<void> {
    for (const auto& [key, value] : changes) {
      auto& statement = value ? writer_->put : writer_->erase;
      if (value) statement.bind(2, BytesView(*value));
      CAIRN_TRY_VOID(statement.bind(1, BytesView(key)).run());
    }
    return {};
  }));
  // Written is written: a checkpoint that fails is tried again after the next write.
  if (connection.wal_bytes() > kWalBytesMax) (void)connection.checkpoint();
  return {};
}

Result<std::optional<Bytes>> KeyValueStore::get(std::string_view key) {
  CAIRN_TRY(auto reader, readers_->take());
  const ResetAtEnd guard(reader->get);
  CAIRN_TRY(const bool has_row, reader->get.bind(1, BytesView(key)).step());
  if (!has_row) return std::nullopt;
  return Bytes(reader->get.bytes(0));
}

Result<void> KeyValueStore::scan(std::string_view prefix, std::string_view after,
                                 const Visitor& visit) {
  CAIRN_TRY(auto reader, readers_->take());
  const bool is_after = after >= prefix && !after.empty();
  CAIRN_TRY(auto row, reader->connection.prepare(
                          is_after ? "SELECT key, value FROM key_value WHERE key > ?1 ORDER BY key"
                                   : "SELECT key, value FROM key_value WHERE key >= ?1 "
                                     "ORDER BY key"));
  row.bind(1, BytesView(is_after ? after : prefix));
  while (true) {
    CAIRN_TRY(const bool has_row, row.step());
    if (!has_row || !row.bytes(0).starts_with(prefix)) return {};
    CAIRN_TRY(const bool is_more, visit(row.bytes(0), row.bytes(1)));
    if (!is_more) return {};
  }
}

Result<void> KeyValueStore::backup_to(const std::string& path) {
  CAIRN_TRY(auto reader, readers_->take());
  return reader->connection.copy_to(path);
}

}  // namespace cairn::sqlite

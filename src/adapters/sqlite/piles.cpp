/// A pile file, format 1 (application_id 0x43724e50 "CrNP", user_version 1):
///
///   meta        one row: the position, which moves in the transaction that adds what it covers
///   aggregate   serial → kind, id, number of the newest record
///   pile_chunk  chunks in the order they were written, with an index on serial. An aggregate's
///               records are the bytes of its chunks, in order of `chunk`, each at most 64 KiB.
///   view_row    serial → the aggregate's row, thrown away at will
///
/// A chunk's `crc` is CRC-32C over serial (u32 little-endian), form (u8) and the bytes as stored.
/// `form` says how the bytes are stored: 0 as they are. There is no compressed form: records are
/// small, and mostly ciphertext, identities and hashes. zstd at level 1 saved 3 to 17 % of the
/// chunks of two to ten events and took 5 to 12 µs for each, as much as all the rest of a write.
///
/// Chunks lie in order of writing, not by aggregate: a flush then appends to the end of one B-tree
/// and fills its pages, and only the small entries of the index go to many places. With chunks
/// keyed by (serial, chunk) every addition dirtied and often split a page of its own, and the same
/// additions took two to three times as long. Pages of 16 KiB hold several chunks without waste and
/// cost half the time of 4 KiB.
#include "adapters/sqlite/piles.hpp"

#include <fmt/format.h>

#include "base/check.hpp"

namespace cairn::sqlite {
namespace {

constexpr std::int32_t kApplication = 0x43724e50;
constexpr int kFormat = 1;
constexpr int kPageSize = 16 * 1024;
constexpr std::size_t kChunkMax = 64 * 1024;
constexpr std::int64_t kRaw = 0;

constexpr const char* kSchema = R"sql(
CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), position INTEGER NOT NULL);
INSERT INTO meta(id, position) VALUES(1, 0);
CREATE TABLE aggregate(
  serial INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL,
  last_number INTEGER NOT NULL);
CREATE TABLE pile_chunk(
  chunk INTEGER PRIMARY KEY, serial INTEGER NOT NULL, form INTEGER NOT NULL,
  crc INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE INDEX pile_chunk_of ON pile_chunk(serial);
CREATE TABLE view_row(serial INTEGER PRIMARY KEY, row BLOB NOT NULL)
)sql";

std::uint32_t crc_of(ports::Serial serial, std::int64_t form, BytesView bytes) {
  Bytes head;
  ByteWriter out(head);
  out.u32(serial);
  out.u8(static_cast<std::uint8_t>(form));
  return crc32c(bytes, crc32c(head));
}

/// What is wrong with the chunk in columns serial, form, crc, bytes from `first` on, if anything.
std::string fault_of(const Statement& row, int first, std::int64_t chunk) {
  const auto serial = row.integer(first);
  const auto form = row.integer(first + 1);
  if (form != kRaw)
    return fmt::format("chunk {} of aggregate {} has form {}, which this program does not know",
                       chunk, serial, form);
  const auto crc = crc_of(static_cast<ports::Serial>(serial), form, row.bytes(first + 3));
  if (crc == row.integer(first + 2)) return {};
  return fmt::format(
      "chunk {} of aggregate {} has checksum {:08x}, expected {:08x}: its bytes are "
      "damaged",
      chunk, serial, crc, row.integer(first + 2));
}

}  // namespace

struct SqlitePiles::Writer {
  Connection connection;
  Statement add_chunk, put_aggregate, put_row, set_position;

  static Result<std::unique_ptr<Writer>> make(Connection connection) {
    auto writer = std::unique_ptr<Writer>(new Writer{std::move(connection), {}, {}, {}, {}});
    auto& c = writer->connection;
    CAIRN_TRY(writer->add_chunk,
              c.prepare("INSERT INTO pile_chunk(serial, form, crc, bytes) VALUES(?1, ?2, ?3, ?4)"));
    CAIRN_TRY(
        writer->put_aggregate,
        c.prepare("INSERT INTO aggregate(serial, kind, id, last_number) VALUES(?1, ?2, ?3, ?4) "
                  "ON CONFLICT(serial) DO UPDATE SET "
                  "last_number = max(last_number, excluded.last_number) "
                  "WHERE kind = excluded.kind AND id = excluded.id"));
    CAIRN_TRY(writer->put_row, c.prepare("INSERT INTO view_row(serial, row) VALUES(?1, ?2) "
                                         "ON CONFLICT(serial) DO UPDATE SET row = excluded.row"));
    CAIRN_TRY(writer->set_position, c.prepare("UPDATE meta SET position = ?1"));
    return writer;
  }
};

struct SqlitePiles::Reader {
  Connection connection;
  Statement chunks;

  static Result<std::unique_ptr<Reader>> make(const std::string& path) {
    CAIRN_TRY(auto connection, Connection::open(path, Access::Read));
    auto reader = std::unique_ptr<Reader>(new Reader{std::move(connection), {}});
    CAIRN_TRY(reader->chunks,
              reader->connection.prepare("SELECT chunk, serial, form, crc, bytes FROM pile_chunk "
                                         "WHERE serial = ?1 ORDER BY chunk"));
    return reader;
  }
};

SqlitePiles::SqlitePiles(std::unique_ptr<Writer> writer, PilesOptions options)
    : options_(options), writer_(std::move(writer)) {
  readers_ = std::make_unique<Pool<Reader>>(
      options.idle_readers_max, [path = writer_->connection.path()] { return Reader::make(path); });
}

SqlitePiles::~SqlitePiles() = default;

Result<std::unique_ptr<SqlitePiles>> SqlitePiles::open(const std::string& path,
                                                       PilesOptions options) {
  CAIRN_TRY(auto connection, Connection::open(path, Access::Write, kPageSize));
  CAIRN_TRY_VOID(connection.ensure_schema(kApplication, kFormat, kSchema));
  CAIRN_TRY(const auto position, connection.number("SELECT position FROM meta"));
  CAIRN_TRY(auto writer, Writer::make(std::move(connection)));
  auto piles = std::unique_ptr<SqlitePiles>(new SqlitePiles(std::move(writer), options));
  piles->position_ = static_cast<std::uint64_t>(position);
  return piles;
}

Result<void> SqlitePiles::write(std::span<const ports::PileAddition> additions,
                                std::uint64_t position) {
  CAIRN_CHECK(position >= this->position());
  auto& connection = writer_->connection;
  if (is_checkpoint_owed_) CAIRN_TRY_VOID(connection.checkpoint());
  is_checkpoint_owed_ = false;
  CAIRN_TRY_VOID(connection.in_transaction([&]() -> Result<void> {
    for (const auto& addition : additions) {
      CAIRN_TRY_VOID(add(addition));
      options_.pause();
    }
    return writer_->set_position.bind(1, static_cast<std::int64_t>(position)).run();
  }));
  position_.store(position, std::memory_order_release);
  if (connection.wal_bytes() > options_.wal_bytes_max)
    is_checkpoint_owed_ = !connection.checkpoint().has_value();
  return {};
}

Result<void> SqlitePiles::add(const ports::PileAddition& addition) {
  CAIRN_CHECK(addition.serial != 0);
  CAIRN_TRY_VOID(writer_->put_aggregate.bind(1, addition.serial)
                     .bind(2, addition.key.kind)
                     .bind(3, addition.key.id.view())
                     .bind(4, static_cast<std::int64_t>(addition.last_number))
                     .run());
  if (writer_->connection.changes() != 1)
    return fail(ErrorCode::Internal,
                fmt::format("{}: serial {} belongs to another aggregate than {}:{}",
                            writer_->connection.path(), addition.serial, addition.key.kind,
                            to_hex(addition.key.id.view())));
  CAIRN_TRY_VOID(add_chunks(addition.serial, addition.records));
  if (!addition.row.empty())
    CAIRN_TRY_VOID(writer_->put_row.bind(1, addition.serial).bind(2, addition.row).run());
  return {};
}

Result<void> SqlitePiles::add_chunks(ports::Serial serial, BytesView records) {
  while (!records.empty()) {
    const BytesView chunk = records.substr(0, kChunkMax);
    CAIRN_TRY_VOID(writer_->add_chunk.bind(1, serial)
                       .bind(2, kRaw)
                       .bind(3, crc_of(serial, kRaw, chunk))
                       .bind(4, chunk)
                       .run());
    records.remove_prefix(chunk.size());
  }
  return {};
}

Result<Bytes> SqlitePiles::read(ports::Serial serial) {
  CAIRN_TRY(auto reader, readers_->take());
  auto& row = reader->chunks;
  const ResetAtEnd guard(row);
  row.bind(1, serial);
  Bytes out;
  while (true) {
    CAIRN_TRY(const bool has_row, row.step());
    if (!has_row) return out;
    if (const auto fault = fault_of(row, 1, row.integer(0)); !fault.empty())
      return fail(ErrorCode::Damaged, fmt::format("{}: {}; restore this file from a backup",
                                                  reader->connection.path(), fault));
    out.append(row.bytes(4));
  }
}

Result<void> SqlitePiles::scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) {
  CAIRN_TRY(auto reader, readers_->take());
  CAIRN_TRY(auto row, reader->connection.prepare(
                          "SELECT a.serial, a.kind, a.id, a.last_number, v.row FROM aggregate a "
                          "LEFT JOIN view_row v ON v.serial = a.serial ORDER BY a.serial"));
  while (true) {
    CAIRN_TRY(const bool has_row, row.step());
    if (!has_row) return {};
    ports::PileEntry entry;
    entry.serial = static_cast<ports::Serial>(row.integer(0));
    if (row.bytes(2).size() != ports::AggregateId::size())
      return fail(ErrorCode::Damaged,
                  fmt::format("{}: the id of aggregate {} has {} bytes, expected {}; restore this "
                              "file from a backup",
                              reader->connection.path(), entry.serial, row.bytes(2).size(),
                              ports::AggregateId::size()));
    entry.key = {static_cast<std::uint8_t>(row.integer(1)), ports::AggregateId::from(row.bytes(2))};
    entry.last_number = static_cast<std::uint64_t>(row.integer(3));
    entry.row = row.bytes(4);
    CAIRN_TRY_VOID(visit(entry));
  }
}

Result<void> SqlitePiles::drop_rows() {
  return writer_->connection.in_transaction(
      [&] { return writer_->connection.execute("DELETE FROM view_row"); });
}

Result<std::vector<std::string>> SqlitePiles::verify() {
  CAIRN_TRY(auto reader, readers_->take());
  auto& connection = reader->connection;
  std::vector<std::string> faults;
  {
    CAIRN_TRY(auto row, connection.prepare("PRAGMA quick_check(100)"));
    while (true) {
      CAIRN_TRY(const bool has_row, row.step());
      if (!has_row) break;
      if (row.bytes(0) != "ok") faults.push_back(fmt::format("file: {}", row.bytes(0)));
    }
  }
  {
    CAIRN_TRY(auto row,
              connection.prepare("SELECT chunk, serial, form, crc, bytes FROM pile_chunk"));
    while (true) {
      CAIRN_TRY(const bool has_row, row.step());
      if (!has_row) break;
      if (auto fault = fault_of(row, 1, row.integer(0)); !fault.empty())
        faults.push_back(std::move(fault));
    }
  }
  CAIRN_TRY(auto orphan,
            connection.prepare("SELECT DISTINCT serial FROM pile_chunk "
                               "WHERE serial NOT IN (SELECT serial FROM aggregate) LIMIT 100"));
  while (true) {
    CAIRN_TRY(const bool has_row, orphan.step());
    if (!has_row) break;
    faults.push_back(fmt::format("chunks of aggregate {} have no aggregate", orphan.integer(0)));
  }
  return faults;
}

Result<void> SqlitePiles::backup_to(const std::string& path) {
  CAIRN_TRY(auto reader, readers_->take());
  return reader->connection.copy_to(path);
}

}  // namespace cairn::sqlite

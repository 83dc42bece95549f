#include "adapters/sqlite/connection.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/check.hpp"

namespace cairn::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

ErrorCode code_of(int code, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT) return ErrorCode::DiskFull;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::DiskFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::Damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::Busy;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      return ErrorCode::Io;
    default:
      return ErrorCode::Internal;
  }
}

std::string_view remedy_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::DiskFull:
      return "; make room on this disk";
    case ErrorCode::Damaged:
      return "; run `cairn verify`, and restore this file from a backup";
    case ErrorCode::Busy:
      return "; another program holds this file: end it";
    default:
      return "";
  }
}

Error error_of(sqlite3* handle, int code, std::string_view what, std::string_view path) {
  const int system_error =
      handle != nullptr && (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
  const ErrorCode mapped = code_of(code, system_error);
  std::string said = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  if (system_error != 0) said += fmt::format(" ({})", std::strerror(system_error));
  return {mapped, fmt::format("{}: cannot {}: {}{}", path, what, said, remedy_of(mapped)), {}};
}

/// Makes `path` durable as a name, and the file readable by its owner and group only: SQLite gives
/// the files beside it the same rights.
Result<void> create_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0)
    return fail(errno == ENOSPC ? ErrorCode::DiskFull : ErrorCode::Io,
                fmt::format("{}: cannot create: {}", path, std::strerror(errno)));
  ::close(fd);
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = folder_fd >= 0 && ::fsync(folder_fd) == 0;
  if (folder_fd >= 0) ::close(folder_fd);
  if (!is_synced)
    return fail(ErrorCode::Io, fmt::format("{}: cannot sync the folder", folder.string()));
  return {};
}

}  // namespace

// ---- statements ---------------------------------------------------------------------------------

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int index, std::int64_t value) {
  CAIRN_CHECK(sqlite3_bind_int64(handle_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, BytesView bytes) {
  // A null pointer would bind NULL rather than no bytes.
  const char* const data = bytes.empty() ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_STATIC);
  CAIRN_CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  const char* const data = text.empty() ? "" : text.data();
  const int code =
      sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  CAIRN_CHECK(code == SQLITE_OK || code == SQLITE_TOOBIG);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* const handle = sqlite3_db_handle(handle_);
  return std::unexpected(error_of(handle, code, fmt::format("run `{}`", sqlite3_sql(handle_)),
                                  sqlite3_db_filename(handle, "main")));
}

Result<void> Statement::run() {
  const ResetAtEnd guard(*this);
  CAIRN_TRY(const bool has_row, step());
  CAIRN_CHECK(!has_row);
  return {};
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

BytesView Statement::bytes(int column) const {
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

// ---- connections --------------------------------------------------------------------------------

/// Reached by SQLite through a pointer, hence apart from the connection, which moves.
struct Connection::Wal {
  int frames = 0;
  int page_size = 0;
};

Connection::Connection(sqlite3* handle, std::string path)
    : handle_(handle), path_(std::move(path)), wal_(std::make_unique<Wal>()) {}

Connection::Connection(Connection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      wal_(std::move(other.wal_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  std::swap(wal_, other.wal_);
  return *this;
}

// close_v2 waits for statements that are destroyed after their connection.
Connection::~Connection() { sqlite3_close_v2(handle_); }

Result<Connection> Connection::open(const std::string& path, Access access, int page_size) {
  if (access == Access::Write && !std::filesystem::exists(path)) CAIRN_TRY_VOID(create_file(path));
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  Connection connection(handle, path);
  if (code != SQLITE_OK) return std::unexpected(connection.error(code, "open the database"));
  CAIRN_TRY_VOID(connection.configure(access, page_size));
  return connection;
}

Result<void> Connection::configure(Access access, int page_size) {
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  if (access == Access::Read) return execute("PRAGMA query_only = 1; PRAGMA cache_size = -4096");
  CAIRN_TRY_VOID(execute(fmt::format(
      "PRAGMA page_size = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32768; PRAGMA foreign_keys = 1",
      page_size)));
  CAIRN_TRY(const auto actual, number("PRAGMA page_size"));
  wal_->page_size = static_cast<int>(actual);
  sqlite3_wal_hook(
      handle_,
      [](void* wal, sqlite3*, const char*, int frames) {
        static_cast<Wal*>(wal)->frames = frames;
        return SQLITE_OK;
      },
      wal_.get());
  return {};
}

Error Connection::error(int code, std::string_view what) const {
  return error_of(handle_, code, what, path_);
}

Result<void> Connection::execute(const std::string& statements) {
  const int code = sqlite3_exec(handle_, statements.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    return std::unexpected(error(code, fmt::format("run `{}`", statements.substr(0, 80))));
  return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code, fmt::format("prepare `{}`", sql)));
  return Statement(statement);
}

Result<std::int64_t> Connection::number(std::string_view sql) {
  CAIRN_TRY(auto statement, prepare(sql));
  CAIRN_TRY(const bool has_row, statement.step());
  if (!has_row) return fail(ErrorCode::NotFound, fmt::format("{}: `{}` gives no row", path_, sql));
  return statement.integer(0);
}

int Connection::changes() const { return sqlite3_changes(handle_); }

Result<void> Connection::in_transaction(const std::function<Result<void>()>& work) {
  CAIRN_TRY_VOID(execute("BEGIN IMMEDIATE"));
  auto result = work();
  if (result) result = execute("COMMIT");
  // Some errors end the transaction by themselves; a ROLLBACK would then be one more error.
  if (!result && sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return result;
}

Result<void> Connection::ensure_schema(std::int32_t application, int version,
                                       const std::string& schema) {
  return in_transaction([&]() -> Result<void> {
    CAIRN_TRY(const auto found, number("PRAGMA application_id"));
    CAIRN_TRY(const auto found_version, number("PRAGMA user_version"));
    CAIRN_TRY(const auto tables, number("SELECT count(*) FROM sqlite_schema"));
    if (found == application && found_version == version) return {};
    if (found != 0 || found_version != 0 || tables != 0)
      return fail(ErrorCode::Invalid,
                  fmt::format("{}: is application {:#x} version {}; expected {:#x} version {}: it "
                              "was made by another program or another release of Cairn",
                              path_, found, found_version, application, version));
    return execute(fmt::format("{}; PRAGMA application_id = {}; PRAGMA user_version = {}", schema,
                               application, version));
  });
}

std::uint64_t Connection::wal_bytes() const {
  return static_cast<std::uint64_t>(wal_->frames) * static_cast<std::uint64_t>(wal_->page_size);
}

Result<void> Connection::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
    return std::unexpected(error(code, "checkpoint the write-ahead log"));
  return {};
}

Result<void> Connection::copy_to(const std::string& path) {
  if (std::filesystem::exists(path))
    return fail(ErrorCode::Invalid, fmt::format("{}: exists already; a backup replaces nothing: "
                                                "give a path that is free",
                                                path));
  CAIRN_TRY_VOID(create_file(path));
  sqlite3* target = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
                             nullptr);
  if (code == SQLITE_OK) {
    // All pages in one step: a copy in several would begin anew with every commit in between.
    sqlite3_backup* const backup = sqlite3_backup_init(target, "main", handle_, "main");
    if (backup != nullptr) sqlite3_backup_step(backup, -1);
    code = backup != nullptr ? sqlite3_backup_finish(backup) : sqlite3_extended_errcode(target);
  }
  Result<void> result;
  if (code != SQLITE_OK)
    result = std::unexpected(error_of(target, code, fmt::format("copy {} there", path_), path));
  sqlite3_close_v2(target);
  if (!result)
    for (const auto* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((path + suffix).c_str());
  return result;
}

}  // namespace cairn::sqlite

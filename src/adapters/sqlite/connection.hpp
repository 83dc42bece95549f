#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::sqlite {

/// A prepared statement. Belongs to the thread that uses its connection.
///
/// Bytes and texts are bound by reference: they must live until the statement is reset. A row's
/// bytes are valid until the next `step` or `reset`.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, BytesView bytes);
  Statement& bind_text(int index, std::string_view text);

  /// True: there is a row. False: the end. After either an error or the end, `reset` is due.
  Result<bool> step();
  /// Runs a statement that gives no rows to its end, and resets it.
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  BytesView bytes(int column) const;
  bool is_null(int column) const;

 private:
  friend class Connection;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  sqlite3_stmt* handle_ = nullptr;
};

/// Resets a statement at the end of a block, so that its read transaction ends there.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ResetAtEnd(const ResetAtEnd&) = delete;
  ~ResetAtEnd() { statement_.reset(); }

 private:
  Statement& statement_;
};

enum class Access : std::uint8_t { Read, Write };

/// One connection to one database file in WAL mode. One thread at a time (SQLite is compiled with
/// SQLITE_THREADSAFE=2). When the world fails: DiskFull, Damaged, Busy or Io with what was tried,
/// on which file, and what SQLite says.
class Connection {
 public:
  /// Opens `path`; with Access::Write creates it, with pages of `page_size`, where it is not.
  /// Every commit of a writer is synced; checkpoints happen only by `checkpoint`.
  static Result<Connection> open(const std::string& path, Access access, int page_size = 4096);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  Result<void> execute(const std::string& statements);
  Result<Statement> prepare(std::string_view sql);
  /// The single number `sql` gives. Errors: NotFound when it gives no row.
  Result<std::int64_t> number(std::string_view sql);
  /// Rows changed by the last statement.
  int changes() const;

  /// Runs `work` between BEGIN IMMEDIATE and COMMIT; any error rolls back and is returned.
  Result<void> in_transaction(const std::function<Result<void>()>& work);

  /// Checks `PRAGMA application_id` and `user_version`: a new file gets them and runs `schema`;
  /// another program's file or a newer format is refused (Invalid).
  Result<void> ensure_schema(std::int32_t application, int version, const std::string& schema);

  /// Size of the write-ahead log as of this connection's last commit.
  std::uint64_t wal_bytes() const;
  /// Copies from the write-ahead log into the file what it can without waiting for a reader.
  Result<void> checkpoint();
  /// Copies everything as of now into a new file at `path`, synced. An existing file is refused
  /// (Invalid); a file that could not be completed is removed.
  Result<void> copy_to(const std::string& path);

  const std::string& path() const { return path_; }

 private:
  struct Wal;
  Connection(sqlite3* handle, std::string path);
  Result<void> configure(Access access, int page_size);
  Error error(int code, std::string_view what) const;

  sqlite3* handle_ = nullptr;
  std::string path_;
  std::unique_ptr<Wal> wal_;
};

/// Things that one thread at a time may use, made when they are needed. At most `idle_max` are kept
/// between uses; there is no limit on those in use, so nobody waits and nothing can lock up.
template <typename T>
class Pool {
 public:
  using Make = std::function<Result<std::unique_ptr<T>>()>;
  Pool(std::size_t idle_max, Make make) : idle_max_(idle_max), make_(std::move(make)) {}

  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<T> thing) : pool_(&pool), thing_(std::move(thing)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (thing_) pool_->give_back(std::move(thing_));
    }
    T* operator->() { return thing_.get(); }
    T& operator*() { return *thing_; }

   private:
    Pool* pool_;
    std::unique_ptr<T> thing_;
  };

  Result<Lease> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto thing = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(thing));
      }
    }
    CAIRN_TRY(auto thing, make_());
    return Lease(*this, std::move(thing));
  }

 private:
  void give_back(std::unique_ptr<T> thing) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_max_) idle_.push_back(std::move(thing));
  }

  std::size_t idle_max_;
  Make make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace cairn::sqlite

#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "adapters/sqlite/memory_piles.hpp"
#include "adapters/sqlite/piles.hpp"
#include "crypto/hash.hpp"

/// What the tests of piles share: both adapters behind one face.
namespace cairn::piles_tests {

using ports::PileAddition;
using ports::PileEntry;
using ports::Serial;

/// A folder that goes when the test does.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cairn-piles-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline ports::AggregateKey key_of(Serial serial) {
  const auto digest = crypto::sha256(std::to_string(serial));
  return {static_cast<std::uint8_t>(1 + serial % 3),
          ports::AggregateId::from(crypto::view(digest))};
}

inline PileAddition addition(Serial serial, std::uint64_t number, BytesView records,
                             BytesView row = {}) {
  return {serial, key_of(serial), number, records, row};
}

/// Runs statements on a database file behind its owner's back.
inline void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

/// One adapter under test, and what the tests do to it from outside.
class World {
 public:
  virtual ~World() = default;
  virtual ports::Piles& piles() = 0;
  /// Ends the adapter in order and opens the same piles again.
  virtual void reopen() = 0;
  /// Damages the newest chunk of `serial` on the medium.
  virtual void damage(Serial serial) = 0;
  /// A name for `backup_to`, and what lies there afterwards.
  virtual std::string backup_name() = 0;
  virtual std::unique_ptr<ports::Piles> open_backup(const std::string& name) = 0;
};

class MemoryWorld final : public World {
 public:
  ports::Piles& piles() override { return *piles_; }
  void reopen() override { piles_ = piles_->clone(); }
  void damage(Serial serial) override { piles_->damage(serial); }
  std::string backup_name() override { return "copy"; }
  std::unique_ptr<ports::Piles> open_backup(const std::string& name) override {
    return piles_->backup(name);
  }

 private:
  std::unique_ptr<sqlite::MemoryPiles> piles_ = std::make_unique<sqlite::MemoryPiles>();
};

class SqliteWorld final : public World {
 public:
  SqliteWorld() { reopen(); }
  ports::Piles& piles() override { return *piles_; }
  void reopen() override {
    piles_.reset();
    // A small write-ahead log, so that every test meets checkpoints.
    piles_ = sqlite::SqlitePiles::open(path(), {.wal_bytes_max = 100'000}).value();
  }
  void damage(Serial serial) override {
    run_sql(path(),
            "UPDATE pile_chunk SET bytes = CAST(substr(bytes, 2) AS BLOB) WHERE chunk = "
            "(SELECT max(chunk) FROM pile_chunk WHERE serial = " +
                std::to_string(serial) + ")");
  }
  std::string backup_name() override { return folder_ / "copy.db"; }
  std::unique_ptr<ports::Piles> open_backup(const std::string& name) override {
    return sqlite::SqlitePiles::open(name).value();
  }
  std::string path() const { return folder_ / "piles.db"; }

 private:
  Folder folder_;
  std::unique_ptr<sqlite::SqlitePiles> piles_;
};

}  // namespace cairn::piles_tests

// What every adapter of ports::Piles must do, and what SQLite's must do beside it.
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "piles_support.hpp"

namespace cairn::piles_tests {
namespace {

template <typename W>
class PilesConformance : public ::testing::Test {
 protected:
  W world;
  ports::Piles& piles() { return world.piles(); }

  Result<void> write(std::initializer_list<PileAddition> additions, std::uint64_t position) {
    return piles().write(std::span(additions.begin(), additions.size()), position);
  }
  std::map<Serial, PileEntry> scan(std::map<Serial, Bytes>& rows) {
    std::map<Serial, PileEntry> out;
    const auto done = piles().scan([&](const PileEntry& entry) -> Result<void> {
      EXPECT_TRUE(out.empty() || out.rbegin()->first < entry.serial) << "in order of serial";
      rows[entry.serial] = Bytes(entry.row);
      out[entry.serial] = entry;
      return {};
    });
    EXPECT_TRUE(done);
    return out;
  }
};

using Worlds = ::testing::Types<MemoryWorld, SqliteWorld>;
TYPED_TEST_SUITE(PilesConformance, Worlds);

TYPED_TEST(PilesConformance, EmptyAtFirst) {
  EXPECT_EQ(this->piles().position(), 0u);
  EXPECT_EQ(this->piles().read(1).value(), "");
  std::map<Serial, Bytes> rows;
  EXPECT_TRUE(this->scan(rows).empty());
  EXPECT_TRUE(this->piles().verify().value().empty());
}

TYPED_TEST(PilesConformance, AdditionsAreConcatenatedInOrder) {
  for (int life = 0; life < 3; ++life) {
    const auto at = static_cast<std::uint64_t>(life) * 10;
    ASSERT_TRUE(this->write({addition(3, at + 1, "three"), addition(1, at + 2, "one")}, at + 2));
    ASSERT_TRUE(this->write({addition(1, at + 4, "more")}, at + 4));
    this->world.reopen();
    EXPECT_EQ(this->piles().position(), at + 4);
  }
  EXPECT_EQ(this->piles().read(1).value(), "onemoreonemoreonemore");
  EXPECT_EQ(this->piles().read(3).value(), "threethreethree");
  EXPECT_EQ(this->piles().read(2).value(), "");
}

TYPED_TEST(PilesConformance, AnyBytesOfAnySize) {
  std::mt19937_64 random(1);
  Bytes all;
  std::uint64_t number = 0;
  for (const std::size_t size : {1u, 65'535u, 65'536u, 65'537u, 400'000u}) {
    Bytes bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ++number;
    ASSERT_TRUE(this->write({addition(7, number, bytes)}, number));
    all += bytes;
  }
  this->world.reopen();
  EXPECT_EQ(this->piles().read(7).value(), all);
  EXPECT_TRUE(this->piles().verify().value().empty());
}

TYPED_TEST(PilesConformance, ScanGivesKeysNumbersAndRows) {
  ASSERT_TRUE(this->write(
      {addition(2, 5, "b", "row b"), addition(9, 6, "c"), addition(1, 7, "a", "row a")}, 7));
  ASSERT_TRUE(
      this->write({addition(2, 8, "b2", Bytes("row\0b2", 6)), addition(9, 6, "", "only")}, 9));
  ASSERT_TRUE(this->write({addition(1, 10, "a2")}, 10));
  std::map<Serial, Bytes> rows;
  const auto entries = this->scan(rows);
  ASSERT_EQ(entries.size(), 3u);
  for (const auto& [serial, entry] : entries) EXPECT_EQ(entry.key, key_of(serial));
  EXPECT_EQ(entries.at(1).last_number, 10u);
  EXPECT_EQ(entries.at(2).last_number, 8u);
  EXPECT_EQ(entries.at(9).last_number, 6u);
  EXPECT_EQ(rows.at(1), "row a") << "an addition without a row changes none";
  EXPECT_EQ(rows.at(2), Bytes("row\0b2", 6));
  EXPECT_EQ(rows.at(9), "only");
  EXPECT_EQ(this->piles().read(9).value(), "c") << "a row alone adds no records";
}

TYPED_TEST(PilesConformance, DroppedRowsAreGoneAndPilesStay) {
  ASSERT_TRUE(this->write({addition(1, 1, "a", "row a"), addition(2, 2, "b", "row b")}, 2));
  ASSERT_TRUE(this->piles().drop_rows());
  this->world.reopen();
  std::map<Serial, Bytes> rows;
  EXPECT_EQ(this->scan(rows).size(), 2u);
  EXPECT_EQ(rows.at(1) + rows.at(2), "");
  EXPECT_EQ(this->piles().read(1).value() + this->piles().read(2).value(), "ab");
  EXPECT_EQ(this->piles().position(), 2u);
  ASSERT_TRUE(this->write({addition(2, 2, "", "again")}, 2));
  this->scan(rows);
  EXPECT_EQ(rows.at(2), "again");
}

TYPED_TEST(PilesConformance, AVisitorsErrorEndsTheScan) {
  ASSERT_TRUE(this->write({addition(1, 1, "a"), addition(2, 2, "b")}, 2));
  int visited = 0;
  const auto done = this->piles().scan([&](const PileEntry&) -> Result<void> {
    ++visited;
    return fail(ErrorCode::Timeout, "enough");
  });
  EXPECT_EQ(done.error().code, ErrorCode::Timeout);
  EXPECT_EQ(visited, 1);
  EXPECT_TRUE(this->write({addition(1, 3, "a")}, 3));
}

TYPED_TEST(PilesConformance, AVisitorMayReadAndTheDrainMayWriteMeanwhile) {
  ASSERT_TRUE(this->write({addition(1, 1, "a"), addition(2, 2, "b")}, 2));
  Bytes seen;
  std::uint64_t next = 3;
  ASSERT_TRUE(this->piles().scan([&](const PileEntry& entry) -> Result<void> {
    CAIRN_TRY(const Bytes bytes, this->piles().read(entry.serial));
    seen += bytes;
    const auto number = next++;
    return this->write({addition(100 + entry.serial, number, "new")}, number);
  }));
  EXPECT_EQ(seen, "ab") << "a scan shows one moment";
  EXPECT_EQ(this->piles().read(102).value(), "new");
}

TYPED_TEST(PilesConformance, ASerialOfAnotherAggregateIsRefusedAsAWhole) {
  ASSERT_TRUE(this->write({addition(1, 1, "a", "row")}, 1));
  PileAddition wrong = addition(1, 3, "x", "bad");
  wrong.key = key_of(2);
  EXPECT_EQ(this->write({addition(5, 2, "five"), wrong}, 3).error().code, ErrorCode::Internal);
  EXPECT_EQ(this->piles().position(), 1u);
  EXPECT_EQ(this->piles().read(5).value(), "");
  EXPECT_EQ(this->piles().read(1).value(), "a");
  ASSERT_TRUE(this->write({addition(5, 2, "five")}, 2));
  EXPECT_EQ(this->piles().read(5).value(), "five");
}

TYPED_TEST(PilesConformance, ADamagedChunkIsFound) {
  ASSERT_TRUE(this->write({addition(1, 1, "first of one"), addition(2, 2, "first of two")}, 2));
  ASSERT_TRUE(this->write({addition(1, 3, "second of one")}, 3));
  this->world.damage(1);
  EXPECT_EQ(this->piles().read(1).error().code, ErrorCode::Damaged);
  EXPECT_EQ(this->piles().read(2).value(), "first of two");
  EXPECT_EQ(this->piles().verify().value().size(), 1u);
}

TYPED_TEST(PilesConformance, MayBeAheadOfThePosition) {
  ASSERT_TRUE(this->write({addition(1, 8, "a")}, 0));
  ASSERT_TRUE(this->write({addition(2, 7, "b")}, 7));
  EXPECT_EQ(this->piles().position(), 7u);
  EXPECT_TRUE(this->piles().verify().value().empty());
}

TYPED_TEST(PilesConformance, ABackupIsOneMoment) {
  ASSERT_TRUE(this->write({addition(1, 1, "a", "row"), addition(2, 2, Bytes(70'000, 'b'))}, 2));
  const auto name = this->world.backup_name();
  ASSERT_TRUE(this->piles().backup_to(name));
  ASSERT_TRUE(this->write({addition(1, 3, "later")}, 3));
  EXPECT_EQ(this->piles().backup_to(name).error().code, ErrorCode::Invalid);
  const auto copy = this->world.open_backup(name);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->position(), 2u);
  EXPECT_EQ(copy->read(1).value(), "a");
  EXPECT_EQ(copy->read(2).value().size(), 70'000u);
  EXPECT_TRUE(copy->verify().value().empty());
}

TYPED_TEST(PilesConformance, ReadersSeeWholeWritesOnly) {
  ASSERT_TRUE(this->write({addition(1, 1, ""), addition(2, 1, "")}, 1));
  std::atomic<bool> is_done = false;
  std::atomic<std::uint64_t> reads = 0;
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      std::size_t before = 0;
      while (!is_done || reads < 50) {
        const auto one = this->piles().read(1);
        const auto two = this->piles().read(2);
        if (!one || !two) ADD_FAILURE() << (one ? two.error().message : one.error().message);
        if (!one || !two) return;
        // Each write adds 1,000 bytes to both; reading `two` later it can only be longer.
        EXPECT_EQ(one->size() % 1'000, 0u);
        EXPECT_GE(two->size(), one->size());
        EXPECT_GE(one->size(), before);
        before = one->size();
        ++reads;
      }
    });
  const Bytes records(1'000, 'r');
  for (std::uint64_t n = 2; n < 120; ++n)
    EXPECT_TRUE(this->write({addition(1, n, records), addition(2, n, records)}, n));
  is_done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(this->piles().read(2).value().size(), 118'000u);
}

/// Ten thousand additions against a plain map.
TYPED_TEST(PilesConformance, AgreesWithAMap) {
  std::mt19937_64 random(5);
  std::map<Serial, Bytes> records, rows;
  std::uint64_t number = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<Bytes> bytes;
    bytes.reserve(500);
    std::vector<PileAddition> additions;
    for (int i = 0; i < 250; ++i) {
      const auto serial = static_cast<Serial>(1 + random() % 300);
      const Bytes& record = bytes.emplace_back(random() % 300, static_cast<char>(random()));
      const Bytes& row = bytes.emplace_back(random() % 3 * 40, static_cast<char>(random()));
      additions.push_back(addition(serial, ++number, record, row));
      records[serial] += record;
      rows[serial] = row.empty() ? rows[serial] : row;
    }
    ASSERT_TRUE(this->piles().write(additions, number));
    if (round % 10 == 9) this->world.reopen();
  }
  for (const auto& [serial, bytes] : records) ASSERT_EQ(this->piles().read(serial).value(), bytes);
  std::map<Serial, Bytes> found;
  EXPECT_EQ(this->scan(found).size(), records.size());
  EXPECT_EQ(found, rows);
}

TEST(MemoryPiles, FailsAsTold) {
  sqlite::MemoryPiles piles;
  piles.fail_next_write(ErrorCode::DiskFull, 2);
  const PileAddition one[] = {addition(1, 1, "a")};
  EXPECT_EQ(piles.write(one, 1).error().code, ErrorCode::DiskFull);
  EXPECT_EQ(piles.write(one, 1).error().code, ErrorCode::DiskFull);
  EXPECT_EQ(piles.position(), 0u);
  EXPECT_TRUE(piles.write(one, 1));
  const auto after_crash = piles.clone();
  EXPECT_EQ(after_crash->read(1).value(), "a");
}

TEST(SqlitePiles, RefusesWhatIsNotAPileFile) {
  const Folder folder;
  run_sql(folder / "other.db", "CREATE TABLE t(x); PRAGMA application_id = 5");
  EXPECT_EQ(sqlite::SqlitePiles::open(folder / "other.db").error().code, ErrorCode::Invalid);
  std::FILE* const file = std::fopen((folder / "text.db").c_str(), "w");
  std::fputs(Bytes(5'000, 'x').c_str(), file);
  std::fclose(file);
  EXPECT_EQ(sqlite::SqlitePiles::open(folder / "text.db").error().code, ErrorCode::Damaged);
  EXPECT_EQ(sqlite::SqlitePiles::open(folder / "no/such/folder.db").error().code, ErrorCode::Io);
  {
    ASSERT_TRUE(sqlite::SqlitePiles::open(folder / "piles.db"));
  }
  run_sql(folder / "piles.db", "PRAGMA user_version = 2");
  EXPECT_EQ(sqlite::SqlitePiles::open(folder / "piles.db").error().code, ErrorCode::Invalid);
}

TEST(SqlitePiles, TheWriteAheadLogStaysSmall) {
  const Folder folder;
  auto piles = sqlite::SqlitePiles::open(folder / "piles.db", {.wal_bytes_max = 1'000'000}).value();
  const Bytes records(20'000, 'x');
  for (std::uint64_t n = 1; n <= 500; ++n) {
    const PileAddition one[] = {addition(static_cast<Serial>(n), n, records)};
    ASSERT_TRUE(piles->write(one, n));
  }
  EXPECT_LT(std::filesystem::file_size(folder / "piles.db-wal"), 1'500'000u);
  EXPECT_GT(std::filesystem::file_size(folder / "piles.db"), 8'000'000u);
}

TEST(Speed, Printed) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  constexpr Serial kAggregates = 100'000;
  constexpr std::size_t kPerWrite = 10'000;
  const Folder folder;
  auto piles = sqlite::SqlitePiles::open(folder / "piles.db").value();
  std::mt19937_64 random(3);
  Bytes noise(1 << 16, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const BytesView bytes(noise);
  std::uint64_t number = 0;
  double seconds = 0;
  for (Serial first = 1; first <= kAggregates; first += kPerWrite) {
    std::vector<PileAddition> additions;
    for (Serial serial = first; serial < first + kPerWrite; ++serial)
      additions.push_back(
          addition(serial, ++number, bytes.substr(serial % 50'000, 2'000), bytes.substr(0, 300)));
    const auto start = Clock::now();
    ASSERT_TRUE(piles->write(additions, number));
    seconds += seconds_since(start);
  }
  std::printf("write  %.0f additions/s (2,000 bytes and a row of 300; 10,000 a transaction)\n",
              kAggregates / seconds);
  auto start = Clock::now();
  std::size_t visited = 0;
  ASSERT_TRUE(piles->scan([&](const PileEntry& entry) -> Result<void> {
    visited += entry.row.size() == 300;
    return {};
  }));
  std::printf("scan   %.0f rows/s over %zu\n", visited / seconds_since(start), visited);
  EXPECT_EQ(visited, kAggregates);
  start = Clock::now();
  for (int i = 0; i < 10'000; ++i)
    ASSERT_EQ(piles->read(static_cast<Serial>(1 + random() % kAggregates))->size(), 2'000u);
  std::printf("read   %.1f us\n", seconds_since(start) * 100);
}

}  // namespace
}  // namespace cairn::piles_tests

// What every adapter of ports::KeyValues must do.
#include <map>
#include <random>
#include <thread>

#include "adapters/sqlite/kv.hpp"
#include "adapters/sqlite/memory_kv.hpp"
#include "piles_support.hpp"

namespace cairn::piles_tests {
namespace {

using ports::KeyValueChange;

struct MemoryStore {
  sqlite::MemoryKeyValues store;
  ports::KeyValues& operator*() { return store; }
  void reopen() {}
};

struct SqliteStore {
  Folder folder;
  std::unique_ptr<sqlite::KeyValueStore> store;
  SqliteStore() { reopen(); }
  ports::KeyValues& operator*() { return *store; }
  void reopen() {
    store.reset();
    store = sqlite::KeyValueStore::open(folder / "kv.db").value();
  }
};

template <typename S>
class KeyValuesConformance : public ::testing::Test {
 protected:
  S world;
  ports::KeyValues& store() { return *world; }
  std::vector<std::string> keys(std::string_view prefix, std::string_view after = {},
                                std::size_t max = 1'000) {
    std::vector<std::string> out;
    EXPECT_TRUE(store().scan(prefix, after, [&](std::string_view key, BytesView) -> Result<bool> {
      out.emplace_back(key);
      return out.size() < max;
    }));
    return out;
  }
};

using Stores = ::testing::Types<MemoryStore, SqliteStore>;
TYPED_TEST_SUITE(KeyValuesConformance, Stores);
using Keys = std::vector<std::string>;

TYPED_TEST(KeyValuesConformance, PutGetEraseAndReopen) {
  EXPECT_EQ(this->store().get("a").value(), std::nullopt);
  ASSERT_TRUE(this->store().put("a", Bytes("\0x", 2)));
  ASSERT_TRUE(this->store().put("b", ""));
  ASSERT_TRUE(this->store().put("big", Bytes(3'000'000, 'x')));
  this->world.reopen();
  EXPECT_EQ(this->store().get("a").value(), Bytes("\0x", 2));
  EXPECT_EQ(this->store().get("b").value(), "") << "an empty value is a value";
  EXPECT_EQ(this->store().get("big").value()->size(), 3'000'000u);
  ASSERT_TRUE(this->store().put("a", "2"));
  ASSERT_TRUE(this->store().erase("b"));
  ASSERT_TRUE(this->store().erase("never there"));
  this->world.reopen();
  EXPECT_EQ(this->store().get("a").value(), "2");
  EXPECT_EQ(this->store().get("b").value(), std::nullopt);
}

TYPED_TEST(KeyValuesConformance, ChangesOfOneWriteGoTogetherAndInOrder) {
  const KeyValueChange good[] = {{"x", "1"}, {"y", "1"}, {"x", std::nullopt}, {"y", "2"}};
  ASSERT_TRUE(this->store().write(good));
  EXPECT_EQ(this->keys(""), (Keys{"y"}));
  EXPECT_EQ(this->store().get("y").value(), "2");
  const KeyValueChange bad[] = {{"z", "1"}, {"", "no key"}};
  EXPECT_EQ(this->store().write(bad).error().code, ErrorCode::Invalid);
  EXPECT_EQ(this->store().put(std::string(1'025, 'k'), "").error().code, ErrorCode::Invalid);
  EXPECT_EQ(this->keys(""), (Keys{"y"}));
}

TYPED_TEST(KeyValuesConformance, ScanIsByPrefixInOrderOfBytesAndPages) {
  for (const std::string key : {"import/2", "import/10", "import/1", "imports", "a", "import",
                                "import/\xff", "import/\xff\xff", "\xff", "\xff\xff"})
    ASSERT_TRUE(this->store().put(key, key));
  EXPECT_EQ(this->keys("import/"),
            (Keys{"import/1", "import/10", "import/2", "import/\xff", "import/\xff\xff"}));
  EXPECT_EQ(this->keys("import/", "import/10", 2), (Keys{"import/2", "import/\xff"}));
  EXPECT_EQ(this->keys("import/", "import/\xff\xff"), Keys{});
  EXPECT_EQ(this->keys("import/", "a", 1), (Keys{"import/1"})) << "`after` lies before the prefix";
  EXPECT_EQ(this->keys("import/", "z"), Keys{});
  EXPECT_EQ(this->keys("\xff"), (Keys{"\xff", "\xff\xff"}));
  EXPECT_EQ(this->keys("").size(), 10u);
}

TYPED_TEST(KeyValuesConformance, AVisitorMayChangeWhatItSees) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(this->store().put("k" + std::to_string(i), "v"));
  ASSERT_TRUE(this->store().scan("k", "", [&](std::string_view key, BytesView) -> Result<bool> {
    CAIRN_TRY_VOID(this->store().erase(std::string(key)));
    return true;
  }));
  EXPECT_EQ(this->keys(""), Keys{});
  ASSERT_TRUE(this->store().put("k", "v"));
  const auto failed = this->store().scan("", "", [](std::string_view, BytesView) -> Result<bool> {
    return fail(ErrorCode::Timeout, "enough");
  });
  EXPECT_EQ(failed.error().code, ErrorCode::Timeout);
}

TYPED_TEST(KeyValuesConformance, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(this->store().put(key, key));
        EXPECT_EQ(this->store().get(key).value(), key);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(this->keys("1/").size(), 60u);
  EXPECT_EQ(this->keys("").size(), 180u);
}

TEST(KeyValueStore, BackupAndOtherFiles) {
  SqliteStore world;
  ASSERT_TRUE((*world).put("a", "1"));
  const auto path = world.folder / "copy.db";
  ASSERT_TRUE((*world).backup_to(path));
  ASSERT_TRUE((*world).put("a", "2"));
  EXPECT_EQ((*world).backup_to(path).error().code, ErrorCode::Invalid);
  EXPECT_EQ(sqlite::KeyValueStore::open(path).value()->get("a").value(), "1");
  ASSERT_TRUE(sqlite::SqlitePiles::open(world.folder / "piles.db"));
  EXPECT_EQ(sqlite::KeyValueStore::open(world.folder / "piles.db").error().code,
            ErrorCode::Invalid);
}

}  // namespace
}  // namespace cairn::piles_tests

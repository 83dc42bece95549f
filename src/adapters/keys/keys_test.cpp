#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "adapters/keys/file_keys.hpp"
#include "adapters/keys/master_key.hpp"
#include "adapters/keys/memory_keys.hpp"
#include "adapters/memory/faulty_storage.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/system/posix_storage.hpp"

namespace cairn::keys {
namespace {

using ports::KeyBytes;
using ports::KeySlot;

constexpr KeySlot kBlock = 4'096;

KeyBytes master(std::uint8_t first = 1) {
  KeyBytes key{};
  key[0] = first;
  return key;
}

std::unique_ptr<FileKeys> opened(ports::Storage& storage, FileKeysOptions options = {}) {
  return FileKeys::open(storage, "keys", master(), options).value();
}

BytesView view(const KeyBytes& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

/// A folder that goes when the test does.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cairn-keys-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST(FileKeys, GivesEachSlotOnceAndItsKeyForGood) {
  memory::MemoryStorage storage;
  std::set<KeySlot> slots;
  std::set<KeyBytes> different;
  std::vector<std::pair<KeySlot, KeyBytes>> given;
  {
    const auto keys = opened(storage, {.cached_max = 64});
    for (KeySlot i = 0; i < kBlock + 100; ++i) {
      const auto slot = keys->take().value();
      given.emplace_back(slot, keys->get(slot).value());
      slots.insert(slot);
      different.insert(given.back().second);
    }
    EXPECT_EQ(slots.size(), given.size());
    EXPECT_EQ(different.size(), given.size());
    for (const auto& [slot, key] : given) ASSERT_EQ(keys->get(slot).value(), key);
  }
  const auto keys = opened(storage);
  for (const auto& [slot, key] : given) ASSERT_EQ(keys->get(slot).value(), key);
  EXPECT_EQ(keys->take().value(), kBlock + 101) << "an orderly end wastes nothing";
}

TEST(FileKeys, SaysWhatWasNeverGiven) {
  memory::MemoryStorage storage;
  const auto keys = opened(storage);
  const auto slot = keys->take().value();
  for (const KeySlot unknown : {0u, slot + 1, 4'000'000'000u}) {
    EXPECT_EQ(keys->get(unknown).error().code, ErrorCode::NotFound);
    EXPECT_EQ(keys->destroy(unknown).error().code, ErrorCode::NotFound);
  }
}

TEST(FileKeys, NoSlotIsGivenTwiceAfterACrash) {
  std::uint64_t recovered = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    memory::MemoryStorage disk;
    memory::FaultyStorage storage(disk, seed);
    std::map<KeySlot, KeyBytes> given;
    for (int life = 0; life < 4; ++life) {
      auto keys = FileKeys::open(storage, "keys", master());
      if (keys) {
        for (const auto& [slot, key] : given) ASSERT_EQ((*keys)->get(slot).value(), key);
        storage.cut_power_at(storage.count_all() + 1 + (seed * 7 + life * 3) % 12);
        for (KeySlot i = 0; i < 2 * kBlock + seed * 50; ++i) {
          const auto slot = (*keys)->take();
          if (!slot) break;
          const auto [at, is_new] = given.emplace(*slot, (*keys)->get(*slot).value());
          ASSERT_TRUE(is_new) << "slot " << *slot << " in seed " << seed;
        }
        keys->reset();
        ++recovered;
      }
      disk.crash(seed + life);
      storage.restore_power();
      storage.heal();
    }
  }
  EXPECT_GT(recovered, 100u);
}

TEST(FileKeys, ACrashAfterAnOrderlyEndRepeatsNoSlot) {
  memory::MemoryStorage storage;
  {
    ASSERT_EQ(opened(storage)->take().value(), 1u);
  }
  {
    const auto keys = opened(storage);
    ASSERT_EQ(keys->take().value(), 2u);
    storage.crash(1);
  }
  EXPECT_EQ(opened(storage)->take().value(), kBlock + 1);
}

TEST(FileKeys, DestroyedIsGoneForGoodAndTwiceIsNoError) {
  memory::MemoryStorage storage;
  KeySlot slot = 0, other = 0;
  KeyBytes key;
  {
    const auto keys = opened(storage);
    slot = keys->take().value();
    other = keys->take().value();
    key = keys->get(slot).value();
    ASSERT_TRUE(keys->destroy(slot));
    EXPECT_EQ(keys->get(slot).error().code, ErrorCode::Gone);
    storage.crash(3);
  }
  const auto keys = opened(storage);
  EXPECT_EQ(keys->get(slot).error().code, ErrorCode::Gone);
  EXPECT_TRUE(keys->destroy(slot));
  EXPECT_EQ(keys->get(slot).error().code, ErrorCode::Gone);
  EXPECT_TRUE(keys->get(other));
}

TEST(FileKeys, AFailedDestroyIsSaidAndCanBeRepeated) {
  memory::MemoryStorage disk;
  memory::FaultyStorage storage(disk);
  const auto keys = opened(storage);
  const auto slot = keys->take().value();
  storage.fail(memory::Operation::Sync, storage.count(memory::Operation::Sync) + 1,
               memory::Fault::Eio);
  EXPECT_EQ(keys->destroy(slot).error().code, ErrorCode::Io);
  EXPECT_TRUE(keys->destroy(slot));
  EXPECT_EQ(keys->get(slot).error().code, ErrorCode::Gone);
}

TEST(FileKeys, NoKeyLiesInTheFileInPlain) {
  memory::MemoryStorage storage;
  const auto keys = opened(storage);
  const auto slot = keys->take().value();
  const auto key = keys->get(slot).value();
  const Bytes file = storage.peek("keys").value();
  EXPECT_EQ(file.find(view(key)), Bytes::npos);
  EXPECT_EQ(file.find(view(master()).substr(0, 16)), Bytes::npos);
  ASSERT_TRUE(keys->destroy(slot));
  EXPECT_EQ(storage.peek("keys").value().substr(4'096 + (slot - 1) * 64, 64), Bytes(64, '\0'));
}

TEST(FileKeys, ADamagedOrMovedSlotIsDamaged) {
  memory::MemoryStorage storage;
  KeySlot slot = 0;
  {
    const auto keys = opened(storage);
    for (int i = 0; i < 3; ++i) slot = keys->take().value();
  }
  const Bytes good = storage.peek("keys").value();
  const std::size_t at = 4'096 + (slot - 1) * 64;
  for (const std::size_t byte : {0u, 5u, 20u, 63u}) {
    Bytes bad = good;
    bad[at + byte] = static_cast<char>(bad[at + byte] ^ 4);
    ASSERT_TRUE(storage.poke("keys", bad));
    EXPECT_EQ(opened(storage)->get(slot).error().code, ErrorCode::Damaged) << byte;
  }
  Bytes swapped = good;
  std::copy_n(good.begin() + static_cast<std::ptrdiff_t>(at) - 64, 64,
              swapped.begin() + static_cast<std::ptrdiff_t>(at));
  ASSERT_TRUE(storage.poke("keys", swapped));
  EXPECT_EQ(opened(storage)->get(slot).error().code, ErrorCode::Damaged);
}

TEST(FileKeys, AnyOneCopyOfTheHeaderSuffices) {
  memory::MemoryStorage storage;
  KeySlot slot = 0;
  {
    const auto keys = opened(storage);
    slot = keys->take().value();
  }
  const Bytes good = storage.peek("keys").value();
  for (const std::size_t copy : {0u, 512u}) {
    Bytes bad = good;
    bad[copy + 20] = static_cast<char>(bad[copy + 20] ^ 4);
    ASSERT_TRUE(storage.poke("keys", bad));
    const auto keys = opened(storage);
    EXPECT_TRUE(keys->get(slot));
    EXPECT_GT(keys->take().value(), slot);
  }
  Bytes bad = good;
  bad[20] = bad[532] = '\x7f';
  ASSERT_TRUE(storage.poke("keys", bad));
  EXPECT_EQ(FileKeys::open(storage, "keys", master()).error().code, ErrorCode::Damaged);
}

TEST(FileKeys, AnotherMasterKeyAndAMissingStoreAreRefused) {
  memory::MemoryStorage storage;
  EXPECT_EQ(FileKeys::open(storage, "keys", master(), {.may_create = false}).error().code,
            ErrorCode::NotFound);
  const auto search = opened(storage)->installation_key("search").value();
  const auto refused = FileKeys::open(storage, "keys", master(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Invalid);
  const auto keys = opened(storage, {.may_create = false});
  EXPECT_EQ(keys->installation_key("search").value(), search);
  EXPECT_NE(keys->installation_key("tokens").value(), search);
}

TEST(FileKeys, TakeDoesNotTouchTheDiskWhileToppedUp) {
  memory::MemoryStorage disk;
  memory::FaultyStorage storage(disk);
  const auto keys = opened(storage);
  EXPECT_TRUE(keys->wants_top_up());
  ASSERT_TRUE(keys->top_up());
  EXPECT_FALSE(keys->wants_top_up());
  const auto before = storage.count_all();
  for (KeySlot i = 0; i < kBlock / 2; ++i) ASSERT_TRUE(keys->take());
  ASSERT_TRUE(keys->top_up());
  EXPECT_EQ(storage.count_all(), before) << "half a block is enough";
  ASSERT_TRUE(keys->take());
  EXPECT_TRUE(keys->wants_top_up());
  ASSERT_TRUE(keys->top_up());
  const auto after = storage.count_all();
  for (KeySlot i = 0; i < kBlock; ++i) ASSERT_TRUE(keys->take());
  EXPECT_EQ(storage.count_all(), after);
}

TEST(FileKeys, AFullDiskGivesNothingAndHeals) {
  memory::MemoryStorage storage;
  const auto keys = opened(storage);
  storage.set_capacity(storage.used() + 1'000);
  EXPECT_EQ(keys->take().error().code, ErrorCode::DiskFull);
  EXPECT_EQ(keys->top_up().error().code, ErrorCode::DiskFull);
  storage.set_capacity(1ull << 30);
  EXPECT_EQ(keys->take().value(), 1u);
}

TEST(FileKeys, ManyThreads) {
  memory::MemoryStorage storage;
  const auto keys = opened(storage, {.cached_max = 16});
  std::array<std::vector<KeySlot>, 4> slots;
  std::vector<std::thread> threads;
  for (auto& mine : slots)
    threads.emplace_back([&mine, &keys] {
      for (int i = 0; i < 3'000; ++i) {
        mine.push_back(keys->take().value());
        if (i % 64 == 63) EXPECT_TRUE(keys->destroy(mine[i - 10]));
        EXPECT_TRUE(keys->get(mine.back()));
        if (i % 100 == 0) EXPECT_TRUE(keys->top_up());
      }
    });
  for (auto& thread : threads) thread.join();
  std::set<KeySlot> all;
  for (const auto& mine : slots) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 12'000u);
  for (const auto& mine : slots)
    for (std::size_t i = 63; i < mine.size(); i += 64)
      EXPECT_EQ(keys->get(mine[i - 10]).error().code, ErrorCode::Gone);
}

TEST(MemoryKeys, BehavesLikeFileKeys) {
  MemoryKeys keys(7);
  const auto slot = keys.take().value();
  EXPECT_NE(slot, 0u);
  const auto key = keys.get(slot).value();
  EXPECT_EQ(MemoryKeys(7).installation_key("a").value(), keys.installation_key("a").value());
  EXPECT_NE(keys.get(keys.take().value()).value(), key);
  EXPECT_EQ(keys.get(9).error().code, ErrorCode::NotFound);
  keys.fail_next(ErrorCode::DiskFull);
  EXPECT_EQ(keys.take().error().code, ErrorCode::DiskFull);
  EXPECT_TRUE(keys.destroy(slot));
  EXPECT_TRUE(keys.destroy(slot));
  EXPECT_EQ(keys.get(slot).error().code, ErrorCode::Gone);
}

TEST(MasterKey, IsMadeOnceForItsOwnerOnly) {
  const Folder folder;
  const std::string path = folder / "master.key";
  EXPECT_EQ(load_master_key(path).error().code, ErrorCode::NotFound);
  const auto key = load_or_create_master_key(path);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(load_or_create_master_key(path).value(), *key);
  EXPECT_EQ(load_master_key(path).value(), *key);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(load_master_key(path).error().code, ErrorCode::Invalid);
}

TEST(MasterKey, AnotherFileIsRefused) {
  const Folder folder;
  for (const std::string text : {"", "secret\n", "cairn-master-key-1:AAAA\n"}) {
    const std::string path = folder / "other";
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const auto key = load_or_create_master_key(path);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, ErrorCode::Invalid);
  }
}

TEST(Speed, PrintedOnARealDisk) {
  const Folder folder;
  system::PosixStorage storage;
  const auto keys = FileKeys::open(storage, folder / "keys", master(), {.cached_max = 16}).value();
  const auto report = [](const char* what, int times, auto&& once) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) once(i);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    std::printf("%-34s %9.2f us\n", what, took.count() / times);
  };
  report("make a block of 4,096", 1, [&](int) { ASSERT_TRUE(keys->top_up()); });
  report("take", 4'096, [&](int) { ASSERT_TRUE(keys->take()); });
  report("get, not in the cache", 4'096,
         [&](int i) { ASSERT_TRUE(keys->get(static_cast<KeySlot>(i + 1))); });
  report("get, in the cache", 4'096, [&](int) { ASSERT_TRUE(keys->get(1)); });
  report("destroy", 20, [&](int i) { ASSERT_TRUE(keys->destroy(static_cast<KeySlot>(i + 1))); });
}

}  // namespace
}  // namespace cairn::keys

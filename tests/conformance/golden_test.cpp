#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "adapters/keys/file_keys.hpp"
#include "adapters/memory/memory_storage.hpp"
#include "adapters/sqlite/piles.hpp"
#include "base/text.hpp"
#include "core/history.hpp"
#include "core/letter.hpp"
#include "model/event.hpp"
#include "model/event_types.hpp"

/// What lies on disk, byte by byte, as it was released: golden/records_v1.txt has a line for each
/// kind, its name and its bytes in hex. What is written now must be these bytes, and what was
/// written then must be read.
namespace cairn {
namespace {

constexpr const char* kGolden = CAIRN_SOURCE_DIR "/tests/conformance/golden/records_v1.txt";
constexpr std::string_view kWhatToDo =
    "the format on disk changed: data that exists would be read wrongly or not at all. Give it a "
    "new version with a migration, write the decision down in docs/adr, and keep these bytes";

const std::map<std::string, std::string>& golden() {
  static const auto kLines = [] {
    std::map<std::string, std::string> lines;
    std::ifstream file(kGolden);
    for (std::string name, hex; file >> name >> hex;) lines[name] = hex;
    return lines;
  }();
  return kLines;
}

/// The bytes of the golden line, which must be `made`.
Bytes expect_golden(const std::string& name, BytesView made) {
  const auto line = golden().find(name);
  if (line == golden().end()) {
    ADD_FAILURE() << "a new kind of record; add its line to " << kGolden << ":\n"
                  << name << " " << to_hex(made);
    return {};
  }
  EXPECT_EQ(to_hex(made), line->second) << name << ": " << kWhatToDo;
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < line->second.size(); i += 2)
    bytes += static_cast<char>(std::stoi(line->second.substr(i, 2), nullptr, 16));
  return bytes;
}

// ---- a payload with a value in every field, which follows from the field's number ---------------

template <typename T>
void fill(T& value, std::uint16_t number);

template <typename T>
void fill_members(T& value) {
  model::for_each_field<T>([&](const auto& row) { fill(value.*row.member, row.number); });
}

template <typename T>
void fill(T& value, std::uint16_t number) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = fmt::format("t{}", number);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = !value;
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(static_cast<int>(value) == 1 ? 0 : 1);
  } else if constexpr (std::is_integral_v<T>) {
    value = static_cast<T>(100 + number);
  } else if constexpr (std::is_same_v<T, model::JsonText>) {
    value.text = fmt::format(R"({{"n":{}}})", number);
  } else if constexpr (std::is_same_v<T, model::Moment>) {
    value = {Time{1'700'000'000'000'000 + number}, Precision::Minute};
  } else if constexpr (model::IsPersonal<T>::value) {
    value = T::from_sealed(fmt::format("sealed{}", number), fmt::format("tokens{:02}", number));
  } else if constexpr (model::IsVector<T>::value) {
    fill(value.emplace_back(), number);
  } else if constexpr (requires { value.has_value(); }) {
    fill(value.emplace(), number);
  } else {
    fill_members(value);
  }
}

model::Event event_of(model::EventType type) {
  model::Event event;
  event.type = type;
  event.id = model::identity_of("golden", model::row_of(type).name);
  event.occurred = Time{1'700'000'000'000'000};
  event.precision = Precision::Second;
  event.set(model::EventFlag::ZoneInferred);
  event.digest = 0x01020304;
  event.key_slot = 300;
  event.origin = {"shop", 60, model::Role::Service, "anna", "192.0.2.1", "r1", "tracking/zto:7"};
  event.payload = model::make_payload(type);
  std::visit([](auto& payload) { fill_members(payload); }, event.payload);
  event.raw = "sealed raw";
  return event;
}

const ports::AggregateKey kKey = model::order_key(model::order_id_of("golden", "G-1"));

ports::Record record_of(ports::RecordType type, BytesView body) {
  return {type, kKey, 7, Time{1'700'000'001'000'000}, body};
}

TEST(Golden, EventsOfEveryTypeAreWrittenAndReadAsTheyWereReleased) {
  for (std::size_t i = 0; i < model::kEventTypeCount; ++i) {
    const auto type = static_cast<model::EventType>(i);
    const auto name = fmt::format("event/{}", model::row_of(type).name);
    const auto bytes = expect_golden(name, encode(event_of(type)));
    if (bytes.empty()) continue;
    const auto read = model::decode_event(record_of(ports::RecordType::Event, bytes));
    ASSERT_TRUE(read) << name << ": " << kWhatToDo;
    EXPECT_EQ(to_hex(encode(*read)), to_hex(bytes)) << name << ": " << kWhatToDo;
  }
}

TEST(Golden, ACopyOfAnEventNamesWhatItIsACopyOf) {
  auto event = event_of(model::EventType::NoteAdded);
  event.set(model::EventFlag::Copied);
  event.copy_of = model::identity_of("golden", "elsewhere");
  const auto bytes = expect_golden("event-copy", encode(event));
  const auto read = model::decode_event(record_of(ports::RecordType::Event, bytes));
  ASSERT_TRUE(read) << kWhatToDo;
  EXPECT_EQ(read->copy_of, event.copy_of);
}

TEST(Golden, Changes) {
  const core::Change change{9, model::identity_of("golden", "cause"), "was", "is now"};
  const auto read = core::decode_change(expect_golden("change", encode(change)));
  ASSERT_TRUE(read) << kWhatToDo;
  EXPECT_EQ(read->version, 9u);
  EXPECT_EQ(read->cause, change.cause);
  EXPECT_EQ(read->was, "was");
  EXPECT_EQ(read->is, "is now");
}

TEST(Golden, Refusals) {
  core::Refusal refusal;
  refusal.identity = model::identity_of("golden", "refused");
  refusal.digest = 77;
  refusal.error = {ErrorCode::Refused, "not now", "/state"};
  refusal.at = Time{1'700'000'000'000'000};
  refusal.command = "ship_package";
  refusal.origin = {"cairn", 100, model::Role::Service, "anna", "192.0.2.1", "r2", ""};
  const auto read = core::decode_refusal(expect_golden("refusal", encode(refusal)));
  ASSERT_TRUE(read) << kWhatToDo;
  EXPECT_EQ(read->error.message, "not now");
  EXPECT_EQ(read->error.code, ErrorCode::Refused);
  EXPECT_EQ(read->command, "ship_package");
  EXPECT_EQ(read->origin.request, "r2");
}

TEST(Golden, LettersAndReceipts) {
  const core::Letter letter{kKey, event_of(model::EventType::NoteAdded)};
  const auto bytes = expect_golden("letter", encode(letter));
  const auto read = core::decode_letter(record_of(ports::RecordType::Intent, bytes));
  ASSERT_TRUE(read) << kWhatToDo;
  EXPECT_EQ(read->to, kKey);
  EXPECT_EQ(to_hex(encode(read->event)), to_hex(encode(letter.event)));
  const auto receipt =
      core::decode_receipt(expect_golden("receipt", encode(core::Receipt{3, 400})));
  ASSERT_TRUE(receipt) << kWhatToDo;
  EXPECT_EQ(receipt->shard, 3u);
  EXPECT_EQ(receipt->number, 400u);
}

/// In a real file: the columns of a chunk with its checksum, and the records inside.
TEST(Golden, ChunksOfPiles) {
  Bytes records;
  core::append_record(records, record_of(ports::RecordType::Event, "a body"));
  auto folder = (std::filesystem::temp_directory_path() / "cairn-golden-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto path = folder + "/piles.db";
  {
    auto piles = sqlite::SqlitePiles::open(path);
    ASSERT_TRUE(piles) << piles.error().message;
    const ports::PileAddition addition{5, kKey, 7, records, "row"};
    ASSERT_TRUE((*piles)->write(std::span(&addition, 1), 7));
  }
  {
    auto file = sqlite::Connection::open(path, sqlite::Access::Read);
    ASSERT_TRUE(file) << file.error().message;
    auto chunk = file->prepare("SELECT serial, form, crc, bytes FROM pile_chunk");
    ASSERT_TRUE(chunk) << kWhatToDo;
    ASSERT_TRUE(*chunk->step());
    Bytes row;
    ByteWriter w(row);
    w.varint(static_cast<std::uint64_t>(chunk->integer(0)));
    w.varint(static_cast<std::uint64_t>(chunk->integer(1)));
    w.varint(static_cast<std::uint64_t>(chunk->integer(2)));
    w.bytes(chunk->bytes(3));
    expect_golden("pile-chunk", row);
  }
  std::filesystem::remove_all(folder);
}

/// The keys in a store are random, so that the golden one is read: its header (of a store that was
/// not closed, which gives no slot of these again), its first slot, and the key that must come out.
TEST(Golden, TheKeyFile) {
  constexpr std::size_t kSlotsAt = 4'096, kSlots = 4'096, kSlotSize = 64;
  ports::KeyBytes master;
  master.fill(0x5a);
  memory::MemoryStorage fresh;
  auto made = keys::FileKeys::open(fresh, "keys", master);
  ASSERT_TRUE(made && (*made)->take()) << "no key store could be made";
  const auto header = golden().find("key-header"), slot = golden().find("key-slot");
  const auto key = golden().find("key");
  if (header == golden().end() || slot == golden().end() || key == golden().end()) {
    const auto its = (*made)->get(1);
    auto file = fresh.open("keys", ports::Storage::Mode::Existing);
    FAIL() << "lines are missing in " << kGolden << ", such as\nkey-header "
           << to_hex(*(*file)->read_at(0, 1'024)) << "\nkey-slot "
           << to_hex(*(*file)->read_at(kSlotsAt, kSlotSize)) << "\nkey "
           << to_hex({reinterpret_cast<const char*>(its->data()), its->size()});
  }
  Bytes store(kSlotsAt + kSlots * kSlotSize, '\0');
  const auto put = [&](std::size_t at, const std::string& hex) {
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      store[at + i / 2] = static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  };
  put(0, header->second);
  put(kSlotsAt, slot->second);
  memory::MemoryStorage disk;
  ASSERT_TRUE(disk.open("keys", ports::Storage::Mode::CreateNew));
  ASSERT_TRUE(disk.poke("keys", store));
  auto keys = keys::FileKeys::open(disk, "keys", master);
  ASSERT_TRUE(keys) << kWhatToDo << "\n" << keys.error().message;
  const auto got = (*keys)->get(1);
  ASSERT_TRUE(got) << kWhatToDo << "\n" << got.error().message;
  EXPECT_EQ(to_hex({reinterpret_cast<const char*>(got->data()), got->size()}), key->second)
      << kWhatToDo;
}

}  // namespace
}  // namespace cairn

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "app/backup.hpp"
#include "app/csv_out.hpp"
#include "app/event_stream.hpp"
#include "app/offline.hpp"
#include "app/order_text.hpp"
#include "app/roles.hpp"
#include "app/terminal.hpp"
#include "base/text.hpp"

namespace cairn::app {
namespace {

// ---- terminal -----------------------------------------------------------------------------------

TEST(Terminal, PadsAndShortensByColumnsNotBytes) {
  EXPECT_EQ(pad("已发货", 8), "已发货  ");
  EXPECT_EQ(pad_left("7", 3), "  7");
  EXPECT_EQ(shorten("已发货到上海", 12), "已发货到上海");
  EXPECT_EQ(shorten("已发货到上海", 11), "已发货到上…");
  EXPECT_EQ(shorten("已发货到上海", 10), "已发货到…");
  EXPECT_EQ(shorten("abc", 0), "");
  EXPECT_LE(display_width(shorten("a已b发c货", 5)), 5u);
}

TEST(Terminal, CombiningSignsAndJoinersTakeNoColumn) {
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("a\u200bb"), 2u);
}

TEST(Terminal, WithoutColoursStruckTextStillShows) {
  EXPECT_EQ(Style::plain().strike("Shipped"), "~~Shipped~~");
  EXPECT_EQ(Style::plain().paint(Ink::Red, "late"), "late");
  const Style coloured(true, 80);
  EXPECT_EQ(coloured.paint(Ink::Red, "late"), "\x1b[31mlate\x1b[0m");
  EXPECT_EQ(coloured.paint(Ink::Red, ""), "");
}

TEST(Terminal, GroupsThousands) {
  EXPECT_EQ(grouped(7), "7");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(31199000), "31,199,000");
}

// ---- backup -------------------------------------------------------------------------------------

TEST(Backup, TellsHowFarItIs) {
  namespace fs = std::filesystem;
  auto folder = (fs::temp_directory_path() / "cairn-backup-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  const CopyProgress hear = [&](std::uint64_t done, std::uint64_t total) {
    told.emplace_back(done, total);
  };
  const auto expect_told = [&] {
    ASSERT_GE(told.size(), 3u);
    EXPECT_TRUE(std::ranges::is_sorted(told)) << "went back";
    EXPECT_LT(told.front().first, told.front().second);
    EXPECT_EQ(told.back().first, told.back().second);
    EXPECT_GT(told.back().second, 0u);
    told.clear();
  };
  {
    Settings settings;
    settings.data = folder + "/data";
    settings.definitions = CAIRN_SOURCE_DIR "/definitions";
    auto offline = Offline::open(settings, Offline::If::ExistsOrMake);
    ASSERT_TRUE(offline) << offline.error().message;
    auto& o = **offline;
    std::vector<std::uint64_t> numbers(o.installation().stores().logs.size(), 0);
    const BackupSource source{o.folder(), o.installation().stores(), o.tables(), numbers,
                              o.clock().now()};
    const auto made = back_up(source, folder + "/backup", hear);
    ASSERT_TRUE(made) << made.error().message;
  }
  expect_told();
  const auto restored = restore(folder + "/backup", folder + "/again", hear);
  ASSERT_TRUE(restored) << restored.error().message;
  expect_told();
  fs::remove_all(folder);
}

// ---- server-sent events -------------------------------------------------------------------------

std::vector<StreamEvent> all_of(EventStream& stream, std::string_view text, std::size_t step) {
  std::vector<StreamEvent> events;
  for (std::size_t at = 0; at < text.size(); at += step)
    stream.push(text.substr(at, step), [&](const StreamEvent& event) {
      events.push_back(event);
      return true;
    });
  return events;
}

TEST(EventStream, IsTheSameHoweverItIsCut) {
  const std::string text =
      "retry: 1000\n\n: a comment\n"
      "event: change\r\nid: 0-17\r\ndata: {\"a\":1}\r\n\r\n"
      "data: one\ndata:two\n\n"
      "event: nothing\n\n"
      "id: 1-4\n\n"
      "data: unfinished";
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, text.size()}) {
    EventStream stream;
    const auto events = all_of(stream, text, step);
    ASSERT_EQ(events.size(), 2u) << step;
    EXPECT_EQ(events[0].type, "change");
    EXPECT_EQ(events[0].id, "0-17");
    EXPECT_EQ(events[0].data, "{\"a\":1}");
    EXPECT_EQ(events[1].type, "message");
    EXPECT_EQ(events[1].data, "one\ntwo");
    EXPECT_EQ(stream.last_id(), "1-4");
  }
}

TEST(EventStream, DropsWhatIsTooLongAndGoesOn) {
  EventStream stream(16);
  const auto events = all_of(stream, "data: " + std::string(100, 'x') + "\n\ndata: y\n\n", 5);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data, "y");
}

TEST(EventStream, ANewConnectionForgetsTheHalfEventAndKeepsThePlace) {
  EventStream stream;
  all_of(stream, "id: 3-9\ndata: a\n\ndata: hal", 100);
  stream.begin_again();
  const auto events = all_of(stream, "data: b\n\n", 100);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data, "b");
  EXPECT_EQ(stream.last_id(), "3-9");
}

// ---- orders as text -----------------------------------------------------------------------------

constexpr std::string_view kOrder = R"({"id":"00112233aabbccdd","status":{"id":"00112233aabbccdd",
  "order_no":"A-1","state":"delivered","label":{"zh":"已送达","en":"Delivered"},
  "health":"done_late","lane":"at_risk"},"source":"shop","placed_at":"2026-01-05T23:30:00Z",
  "total":12900,"currency":"CNY","lines":[],"packages":[{"id":"p","direction":"outbound",
  "shipped_at":"2026-01-06T10:00:00Z","delivered_at":"2026-01-09T12:00:00Z",
  "label":{"zh":"已签收","en":"Delivered"}}],
  "promises":[{"of":"delivered","to":"2026-01-08T15:59:59Z","current":true},
              {"of":"delivered","to":"2026-01-07T15:59:59Z","current":false}],
  "conflicts":[{"id":"impossible_order:ff","label":{"zh":"顺序矛盾","en":"Impossible order"},
  "detail":{"zh":"签收早于发货","en":"delivered before shipped"}}]})";

constexpr std::string_view kTimeline = R"({"version":3,"items":[
  {"id":"aa","kind":"fact","type":"order_placed","label":{"zh":"下单","en":"Order placed"},
   "occurred":"2026-01-05T23:30:00Z","source":"shop","role":"source","data":{"total":12900,
   "currency":"CNY"},"changes":{"to":{"state":"awaiting_payment","category":"unconfirmed"},"version":1}},
  {"id":"bb","kind":"fact","type":"package_shipped","label":{"zh":"发货","en":"Shipped"},
   "occurred":"2026-01-06T10:00:00Z","precision":"minute","source":"顺丰速运","role":"carrier",
   "data":{"number":"SF1"},"retracted":{"by":"cc","at":"2026-01-06T11:00:00Z",
   "reason":"wrong_click","actor":"张三"}},
  {"id":"ff","kind":"fact","type":"package_delivered","label":{"zh":"签收","en":"Delivered"},
   "occurred":"2026-01-09T12:00:00Z","source":"顺丰速运","role":"carrier","data":{},
   "conflicts":["impossible_order:ff"]}]})";

struct Parsed {
  json::Document order_document, page_document;
  std::string text(const TextOptions& options) {
    const auto order = order_document.parse(kOrder);
    const auto page = page_document.parse(kTimeline);
    EXPECT_TRUE(order && page);
    return timeline_text(*order, *page, options);
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

std::string line_with(const std::string& text, std::string_view part) {
  for (const auto& line : lines_of(text))
    if (line.find(part) != std::string::npos) return line;
  ADD_FAILURE() << "no line with " << part << " in\n" << text;
  return {};
}

TEST(OrderText, TheTimelineGoesByTheDaysOfTheReader) {
  Parsed parsed;
  const auto utc = parsed.text({});
  EXPECT_NE(utc.find("2026-01-05 Mon"), std::string::npos) << utc;
  const auto shanghai = parsed.text({.offset_seconds = [](Time) { return 8 * 3600; }});
  EXPECT_EQ(shanghai.find("2026-01-05"), std::string::npos) << shanghai;
  EXPECT_NE(shanghai.find("2026-01-06 Tue"), std::string::npos) << shanghai;
  EXPECT_NE(line_with(shanghai, "Order placed").find("07:30:00"), std::string::npos) << shanghai;
  EXPECT_NE(shanghai.find("+08:00"), std::string::npos) << shanghai;
}

TEST(OrderText, ColumnsStandUnderEachOtherWhateverTheScript) {
  Parsed parsed;
  const auto text = parsed.text({.is_chinese = true});
  const auto column_of = [&](std::string_view line_part, std::string_view what) {
    const auto line = line_with(text, line_part);
    return display_width(line.substr(0, line.find(what)));
  };
  EXPECT_EQ(column_of("23:30:00", "下单  "), column_of("SF1", "~~发货"));
}

TEST(OrderText, CorrectionsAreStruckAndConflictsNamed) {
  Parsed parsed;
  json::Document meta;
  const auto words = meta.parse(R"({"lifecycles":[{"name":"retail","states":[
    {"code":"awaiting_payment","label":{"zh":"待支付","en":"Awaiting payment"}}]}]})");
  ASSERT_TRUE(words);
  const auto text = parsed.text({.states = state_words(*words, false)});
  EXPECT_NE(text.find("~~Shipped  SF1~~"), std::string::npos) << text;
  EXPECT_NE(text.find("taken back 2026-01-06 11:00 · wrong_click · 张三"), std::string::npos)
      << text;
  EXPECT_NE(text.find("▲ Impossible order · delivered before shipped"), std::string::npos) << text;
  EXPECT_NE(line_with(text, "Order placed").find("→ Awaiting payment"), std::string::npos) << text;
}

TEST(OrderText, PlannedStandsBesideActual) {
  Parsed parsed;
  const auto row = line_with(parsed.text({}), "Promised delivery");
  EXPECT_NE(row.find("2026-01-08 15:59  2026-01-09 12:00  late by 20h"), std::string::npos) << row;
}

TEST(OrderText, WithoutColoursThereIsNoEscape) {
  Parsed parsed;
  EXPECT_EQ(parsed.text({}).find('\x1b'), std::string::npos);
  EXPECT_NE(parsed.text({.style = Style(true, 100)}).find("\x1b[9;2m"), std::string::npos);
}

TEST(OrderText, AnEmptyOrderIsNoFault) {
  json::Document one, two;
  const auto order = one.parse("{}");
  const auto page = two.parse("{}");
  ASSERT_TRUE(order && page);
  EXPECT_FALSE(order_text(*order, {}).empty());
  EXPECT_FALSE(timeline_text(*order, *page, {}).empty());
  EXPECT_FALSE(change_text(*order, {}).empty());
}

// ---- CSV ----------------------------------------------------------------------------------------

TEST(CsvOut, QuotesAndDisarmsFormulas) {
  std::string out;
  append_csv_row(out, {"a", "b,c", "say \"hi\"", "=1+1", "", "-2", "已"});
  EXPECT_EQ(out, "a,\"b,c\",\"say \"\"hi\"\"\",\"'=1+1\",,\"'-2\",已\r\n");
}

// ---- roles --------------------------------------------------------------------------------------

TEST(Roles, EveryNeedIsARoleAndNothingNeedsItself) {
  std::map<std::string_view, std::span<const std::string_view>> needs;
  for (const auto& role : role_table()) {
    EXPECT_TRUE(needs.emplace(role.name, role.needs).second) << role.name << " stands twice";
  }
  // Takes away whatever needs nothing that is left: a cycle would stay.
  std::set<std::string_view> left;
  for (const auto& [name, its] : needs) {
    left.insert(name);
    for (const auto need : its) EXPECT_TRUE(needs.contains(need)) << name << " needs " << need;
  }
  for (bool is_moving = true; is_moving;) {
    is_moving = false;
    for (auto at = left.begin(); at != left.end();) {
      const auto& its = needs[*at];
      const bool is_free =
          std::ranges::none_of(its, [&](std::string_view need) { return left.contains(need); });
      is_moving = is_moving || is_free;
      at = is_free ? left.erase(at) : std::next(at);
    }
  }
  EXPECT_TRUE(left.empty()) << "a cycle of roles around " << *left.begin();
}

TEST(Roles, StartWhatTheyNeedFirst) {
  const auto all = start_order({});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), role_table().size());
  const std::vector<std::string> asked{"gateway", "orders"};
  const auto order = start_order(asked);
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(*order, (std::vector<std::string_view>{"orders", "gateway"}));
  const std::vector<std::string> lacking{"gateway"};
  ASSERT_FALSE(start_order(lacking));
  EXPECT_NE(start_order(lacking).error().message.find("--role gateway,orders"), std::string::npos);
  const std::vector<std::string> wrong{"gatway"};
  ASSERT_FALSE(start_order(wrong));
  EXPECT_NE(start_order(wrong).error().message.find("did you mean \"gateway\""), std::string::npos);
}

}  // namespace
}  // namespace cairn::app

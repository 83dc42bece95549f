#include "modules/integration/source.hpp"

#include <gtest/gtest.h>

namespace cairn::integration {
namespace {

std::string fault_of(std::string_view yaml) {
  const auto source = parse_source(yaml, "x.yaml");
  return source ? std::string("read") : source.error().message;
}

TEST(Source, EveryFileShippedIsGood) {
  const auto sources = Sources::load(CAIRN_SOURCE_DIR "/definitions/sources");
  ASSERT_TRUE(sources) << sources.error().message;
  for (const char* id :
       {"cairn", "generic", "olist", "taobao", "pinduoduo", "weixin_shop", "shopify"})
    EXPECT_NE(sources->find(id), nullptr) << id;
  for (const auto& [id, source] : sources->all())
    EXPECT_EQ(source.acts_from == Time::never(), id == "olist")
        << id << ": an archive, or connected";
  EXPECT_EQ(sources->find("cairn")->master_of("payment"), "cairn");
  EXPECT_EQ(sources->find("generic")->master_of("payment"), "generic");
  EXPECT_EQ(sources->find("generic")->master_of("pick"), "warehouse");
  EXPECT_EQ(sources->find("generic")->master_of("notes"), "cairn");
}

TEST(Source, DefaultsAreThoseOfTheDesign) {
  const auto source = parse_source("id: shop\nname: {zh: 店, en: Shop}\n", "shop.yaml");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->trust, 50);
  EXPECT_EQ(source->acts_from, Time::never());
  EXPECT_EQ(source->order_namespace, "shop");
  EXPECT_TRUE(source->has_stable_ids);
  EXPECT_FALSE(source->zone);
  EXPECT_EQ(source->master_of("cancel"), "shop");
  EXPECT_EQ(source->master_of("scans"), "carrier");
  EXPECT_EQ(source->master_of("no such area"), "cairn");
}

TEST(Source, SaysHowLongItsMastersMayBeSilent) {
  const auto source = parse_source(
      "id: shop\nname: {zh: 店, en: Shop}\npatience: {dispatch: 30m, all: 2h}\n", "shop.yaml");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->patience_of("dispatch"), minutes(30));
  EXPECT_EQ(source->patience_of("cancel"), hours(2));
  const auto silent = parse_source("id: shop\nname: {zh: 店, en: Shop}\n", "shop.yaml");
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->patience_of("cancel"), std::nullopt);
  for (const auto* wrong : {"0s", "31d", "soon", "[1h]"})
    EXPECT_NE(fault_of(std::string("id: shop\nname: {zh: 店, en: Shop}\npatience: {cancel: ") +
                       wrong + "}\n")
                  .find("x.yaml:3: patience: cancel: expected a time from 1m to 30d"),
              std::string::npos)
        << wrong;
}

TEST(Source, EveryFaultIsReportedAtOnceWithItsLine) {
  const auto faults = fault_of(R"(id: Shop Nr 1
name: {zh: 店}
trust: 300
zone: Asia/Shangai
masters:
  payments: source
  cancel: "a b"
stable_id: false
statuses:
  PAID: {reached: payed, facts: [{type: payment_recieved}, {type: hold_placed, data: {reson: x}}]}
)");
  for (const char* part :
       {"x.yaml:1: id:", "x.yaml:2: name: en is required",
        "x.yaml:3: trust:", "x.yaml:4: \"Asia/Shangai\" is not a time zone",
        "x.yaml:6: masters: unknown member \"payments\"; did you mean \"payment\"?",
        "x.yaml:7: cancel:",
        "x.yaml:8: source: unknown member \"stable_id\"; did you mean "
        "\"stable_ids\"?",
        "x.yaml:10: reached: expected one of", "did you mean \"payment_received\"?",
        "data of hold_placed: no field reson; did you mean \"reason\"?"})
    EXPECT_NE(faults.find(part), std::string::npos) << part << "\nin\n" << faults;
}

TEST(Source, HostileFilesAreRefusedNotBelieved) {
  EXPECT_NE(fault_of("").find("expected a map"), std::string::npos);
  EXPECT_NE(fault_of("id: [").find("not YAML"), std::string::npos);
  EXPECT_NE(fault_of("\xff\xfe").find("UTF-8"), std::string::npos);
  EXPECT_NE(fault_of(std::string(5000, '[')).find("x.yaml:1"), std::string::npos);
  EXPECT_NE(fault_of(std::string(2 << 20, ' ')).find("at most"), std::string::npos);
  EXPECT_NE(fault_of("id: {a: b}\nname: 3\nstatuses: 4\ntypes: [1]\nidentity: x").find(":5:"),
            std::string::npos);
  EXPECT_NE(fault_of("id: a\nid: b\nname: {zh: 店, en: Shop}").find("given twice"),
            std::string::npos);
}

TEST(Sources, AnUnknownSourceIsNamedWithTheNearest) {
  Sources sources;
  ASSERT_TRUE(
      sources.add(*parse_source("id: taobao\nname: {zh: 淘宝, en: Taobao}\n"
                                "cloud_events: [/shops/7]",
                                "t.yaml")));
  EXPECT_EQ((*sources.resolve("/shops/7"))->id, "taobao");
  const auto unknown = sources.resolve("toabao");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("did you mean \"taobao\"?"), std::string::npos);
  EXPECT_EQ(unknown.error().pointer, "/source");
  EXPECT_FALSE(sources.add(*parse_source("id: taobao\nname: {zh: 淘宝, en: T}", "t.yaml")));
}

TEST(Zone, RepeatedAndSkippedHoursAreTheSameEverywhere) {
  const auto zone = Zone::find("America/Sao_Paulo");
  ASSERT_TRUE(zone);
  const auto at = [&](std::string_view text) {
    const auto told = parse_told_time(text, *zone);
    return told ? format_rfc3339(told->time) : told.error().message;
  };
  EXPECT_EQ(at("2017-12-01 10:00:00"), "2017-12-01T12:00:00Z");
  EXPECT_EQ(at("2017-07-01 10:00:00"), "2017-07-01T13:00:00Z");
  // Clocks went back at midnight of 2018-02-18: 23:30 of the 17th occurred twice, the first counts.
  EXPECT_EQ(at("2018-02-17 23:30:00"), "2018-02-18T01:30:00Z");
  // They went forward at midnight of 2017-10-15: there was no 00:30.
  EXPECT_EQ(at("2017-10-15 00:30:00"), "2017-10-15T03:30:00Z");
  EXPECT_EQ(at("2017-12-01T10:00:00+08:00"), "2017-12-01T02:00:00Z");
  EXPECT_EQ(format_rfc3339(zone->end_of_day(parse_wall_time("2018-02-17 12:00:00")->time)),
            "2018-02-18T02:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(zone->end_of_day(parse_wall_time("2017-12-01")->time)),
            "2017-12-02T01:59:59.999999Z");
  EXPECT_FALSE(Zone::find("Mars/Olympus"));
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
  EXPECT_FALSE(Zone::find(""));
}

TEST(Money, IsExact) {
  EXPECT_EQ(*parse_money("199.90", 2), 19990);
  EXPECT_EQ(*parse_money("0.1", 2), 10);
  EXPECT_EQ(*parse_money("-3", 2), -300);
  EXPECT_EQ(*parse_money("92233720368547758.07", 2), 9223372036854775807);
  EXPECT_EQ(*parse_money("1.500", 2), 150);
  for (const char* bad : {"", "-", ".", "1.005", "1,5", "92233720368547758.08", "1.2.3", "1e3",
                          "99999999999999999999", "NaN"})
    EXPECT_FALSE(parse_money(bad, 2)) << bad;
}

}  // namespace
}  // namespace cairn::integration

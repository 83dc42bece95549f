#include "modules/integration/importer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

namespace cairn::integration {
namespace {

constexpr std::string_view kDefinition = R"(
id: legacy
name: {zh: 旧系统, en: Legacy}
zone: Asia/Shanghai
import:
  base: orders
  order_no: "{no}"
  files:
    orders: {file: orders.csv, key: no}
    items: {file: items.csv, key: no}
    notes: {file: notes.csv, key: no, optional: true}
  precision: {from: quality, words: {s: second, m: minute}}
  facts:
    - type: order_placed
      id: "{no}/placed"
      occurred: placed_at
      data:
        total: {sum: [price, freight], of: items, as: money}
        receiver: {fields: {city: {from: city}}}
        promised_delivery: {from: due, as: end_of_day}
        lines: {list: items, fields: {id: {from: line}, quantity: {from: quantity, as: integer},
                                      supplier: {from: supplier}}}
    - type: package_shipped
      id: "{no}/shipped/{supplier}"
      occurred: shipped_at
      when: [{of: state, not_in: [void]}]
      each: items
      group_by: supplier
      without_rows: once
      data:
        package: {from: supplier}
        raw_code: {from: $groups, words: {"0": "", "1": ""}, otherwise: several}
        parts: {list: items, fields: {line: {from: line}, quantity: {from: quantity, as: integer}}}
    - type: note_added
      id: "{no}/note/{n}"
      occurred: written_at
      precision: day
      each: notes
      data: {text: {from: text}}
    - type: status_reported
      id: "{no}/status"
      occurred: {not_before: [placed_at, shipped_at]}
      data: {word: {from: state}}
)";

class Import : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("cairn-import-{}", reinterpret_cast<std::uintptr_t>(this));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write("orders.csv",
          "no,state,placed_at,shipped_at,due,city,quality\n"
          "6923456789012345678,新建,2026-01-02 08:00:00,,2026-01-05,南京市,s\n"
          "B2,done,2026-01-02 08:00,2026-01-03 09:00:00,,,m\n"
          "C3,void,2026-01-02 08:00:00,2026-01-03 09:00:00,,,s\n");
    write("items.csv",
          "no,line,supplier,quantity,price,freight\n"
          "B2,1,east,2,199.90,0.1\nB2,2,west,1,5,\nB2,3,east,1,.05,1\n"
          "nobody,1,east,1,1,1\nC3,1,east,1,12,5\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  Result<Importer> open(std::string yaml = std::string(kDefinition)) {
    CAIRN_TRY(auto source, parse_source(yaml, "legacy.yaml"));
    CAIRN_TRY(auto mapping, parse_mapping(yaml, "legacy.yaml"));
    return Importer::open(folder_, std::move(mapping), std::move(source));
  }
  std::filesystem::path folder_;
};

TEST_F(Import, RowsBecomeFacts) {
  auto importer = open();
  ASSERT_TRUE(importer) << importer.error().message;
  std::vector<model::Told> facts;
  std::vector<std::string> ids;
  ASSERT_TRUE(*importer->next(facts, &ids));
  ASSERT_EQ(facts.size(), 2u);
  const auto& placed = facts[0].event.as<model::OrderPlaced>();
  EXPECT_EQ(placed.order_no, "6923456789012345678");
  EXPECT_EQ(facts[0].order, model::order_id_of("legacy", "6923456789012345678"));
  EXPECT_EQ(placed.receiver.city, "南京市");
  EXPECT_FALSE(placed.total);
  EXPECT_TRUE(placed.lines.empty());
  EXPECT_EQ(format_rfc3339(placed.promised_delivery.time), "2026-01-05T15:59:59.999999Z");
  EXPECT_EQ(format_rfc3339(facts[0].event.occurred), "2026-01-02T00:00:00Z");
  EXPECT_TRUE(facts[0].event.is(model::EventFlag::ZoneInferred));
  EXPECT_TRUE(facts[1].event.is(model::EventFlag::NoDate));
  EXPECT_EQ(facts[1].event.occurred, facts[0].event.occurred);

  ASSERT_TRUE(*importer->next(facts, &ids));
  EXPECT_EQ(ids, (std::vector<std::string>{"B2/placed", "B2/shipped/east", "B2/shipped/west",
                                           "B2/status"}));
  EXPECT_EQ(facts[1].event.id, model::identity_of("legacy", "B2/shipped/east"));
  EXPECT_EQ(facts[0].event.precision, Precision::Minute);
  EXPECT_EQ(*facts[0].event.as<model::OrderPlaced>().total, 20605);
  EXPECT_EQ(facts[0].event.as<model::OrderPlaced>().lines.size(), 3u);
  const auto& east = facts[1].event.as<model::PackageReport>();
  EXPECT_EQ(east.package, "east");
  EXPECT_EQ(east.raw_code, "several");
  EXPECT_EQ(east.parts, (std::vector<model::Part>{{"1", 2}, {"3", 1}}));
  EXPECT_EQ(facts[3].event.occurred, facts[1].event.occurred);

  ASSERT_TRUE(*importer->next(facts, &ids));
  EXPECT_EQ(ids, (std::vector<std::string>{"C3/placed", "C3/status"}));
  EXPECT_FALSE(*importer->next(facts));
  EXPECT_FALSE(*importer->next(facts));
  EXPECT_EQ(importer->counts().orders, 3u);
  EXPECT_EQ(importer->counts().all_facts(), 8u);
  EXPECT_EQ(importer->counts().rows_without_order.at("items"), 1u);
  ASSERT_EQ(importer->problems().size(), 1u);
  EXPECT_EQ(importer->problems()[0].line, 5u);
}

TEST_F(Import, WhatCannotBeReadIsReportedAndPassedOver) {
  write("orders.csv",
        "no,state,placed_at,shipped_at,due,city,quality\n"
        "A,x,yesterday,2026-01-03 09:00:00,,,s\n"
        "B,x\n"
        ",x,2026-01-02 08:00:00,,,,s\n"
        "D,x,2026-01-02 08:00:00,,,,q\n"
        "E,x,2026-01-02 08:00:00,,,,s\n");
  write("items.csv", "no,line,supplier,quantity,price,freight\nE,1,s,many,1,1\nE,2,s,1,1.001,1\n");
  write("notes.csv", "no,n,written_at,text\nE,1,2026-01-04,好\nE,1,2026-01-05,again\n");
  auto importer = open();
  ASSERT_TRUE(importer) << importer.error().message;
  std::vector<model::Told> facts;
  std::vector<std::vector<std::string>> all;
  std::vector<std::string> ids;
  while (*importer->next(facts, &ids)) all.push_back(ids);
  EXPECT_EQ(all, (std::vector<std::vector<std::string>>{
                     {"A/shipped/", "A/status"}, {"D/status"}, {"E/note/1", "E/status"}}));
  EXPECT_EQ(importer->counts().rows_unread, 2u);
  EXPECT_EQ(importer->counts().facts_unread, 4u);
  std::string text;
  for (const auto& p : importer->problems())
    text += fmt::format("{}:{}: {}\n", p.file, p.line, p.message);
  for (const char* part :
       {"orders.csv:2: order_placed: placed_at: \"yesterday\" is not a local time",
        "orders.csv:3: 2 fields; expected 7", "orders.csv:4: the row has no order number",
        "orders.csv:5: order_placed: precision \"q\" is not known", "orders.csv:6: order_placed",
        "orders.csv:6: note_added: two facts of order E have the id E/note/1"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
}

TEST_F(Import, FilesThatDoNotFitTheMappingAreSaidSoAtOnce) {
  write("orders.csv", "no,state,placed_at,shipped,due,city\nA,x,,,,\n");
  write("items.csv", "order,line,supplier,quantity,price\n");
  const auto importer = open();
  ASSERT_FALSE(importer);
  for (const char* part :
       {"no column shipped_at", "no column quality", "no column items.freight", "items: no key no"})
    EXPECT_NE(importer.error().message.find(part), std::string::npos) << part << "\nin\n"
                                                                      << importer.error().message;
  std::filesystem::remove(folder_ / "items.csv");
  EXPECT_EQ(open().error().code, ErrorCode::NotFound);
  std::filesystem::remove(folder_ / "orders.csv");
  EXPECT_EQ(open().error().code, ErrorCode::NotFound);
}

TEST(Mapping, EveryFaultHasItsLine) {
  const auto faults = [](std::string_view yaml) {
    const auto mapping = parse_mapping(yaml, "m.yaml");
    return mapping ? std::string("read") : mapping.error().message;
  };
  EXPECT_NE(faults("id: x").find("no `import:` section"), std::string::npos);
  const auto all = faults(R"(import:
  base: order
  order_no: "{no}"
  files:
    orders: {file: ../../etc/passwd, kee: no}
    items: {file: [a.csv, {}], key: no, encoding: latin1, separator: "ab"}
  facts:
    - {type: order_place, id: x, occurred: at}
    - {type: order_placed, occurred: at, data: {totl: 1, lines: 5, buyer: {list: items, fields: {id: 1}}}}
    - {type: tag_added, id: "{no}", occurred: {after: [x]}, precision: days, group_by: y}
    - {type: tag_added, id: "{no}", occurred: at, each: nothing, data: {tag: {form: x}}}
    - {type: tag_added, id: "{no}", occurred: at, data: {tag: {from: x, as: float}},
       when: [{of: a, is: there}, {of: b, in: [c], is: present}]}
)");
  for (const char* part :
       {"m.yaml:5: \"../../etc/passwd\" is no plain name",
        "m.yaml:5: files: unknown member \"kee\"", "m.yaml:5: orders: key is required",
        "m.yaml:6: file: expected a text", "m.yaml:6: encoding:", "m.yaml:6: separator:",
        "m.yaml:8: \"order_place\" is no event type; did "
        "you mean \"order_placed\"?",
        "m.yaml:9: fact: id is required",
        "m.yaml:9: data of order_placed: no field totl; did you mean \"total\"?",
        "m.yaml:9: data of order_placed: buyer is one object, not a list",
        "m.yaml:10: occurred: unknown member \"after\"", "m.yaml:10: precision: \"days\"",
        "m.yaml:10: group_by and without_rows need", "each \"nothing\" is no child table",
        "m.yaml:11: expected a constant, or a map with one of", "m.yaml:12: as: expected one of",
        "m.yaml:13: is: expected present or absent", "m.yaml:13: when: expected exactly one of",
        "base \"order\" is none of the files"})
    EXPECT_NE(all.find(part), std::string::npos) << part << "\nin\n" << all;
}

}  // namespace
}  // namespace cairn::integration

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "modules/lifecycle/loader.hpp"

namespace cairn::lifecycle {
namespace {

const Files& shipped() {
  static const Files kFiles = [] {
    auto files = read_files(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
    if (!files) ADD_FAILURE() << to_text(files.error());
    return std::move(*files);
  }();
  return kFiles;
}

constexpr std::string_view kSet = R"(id: bikes
title: {zh: 自行车, en: Bicycles}
levels: [line]
schema:
  type: object
  properties:
    frame: {type: string, maxLength: 5}
    gears: {type: integer, minimum: 1}
    code: {enum: ["1", x]}
)";

std::vector<Fault> faults_of(std::string text) {
  auto files = shipped();
  files["attributes/bikes.yaml"] = std::move(text);
  const auto loaded = load(files);
  return loaded ? std::vector<Fault>{} : loaded.error();
}
std::string changed(std::string_view from, std::string_view to) {
  std::string out(kSet);
  out.replace(out.find(from), from.size(), to);
  return out;
}

TEST(Attributes, ShippedSetsAreLaidOverAnyOrder) {
  const auto loaded = load(shipped());
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  const auto& sets = loaded->attributes();
  EXPECT_EQ(sets.sets().size(), 6u);
  EXPECT_TRUE(
      sets.check("package", R"({"temperature_zone":"frozen","temperature_max":-180})").empty());
  EXPECT_TRUE(sets.check("line", R"({"size_mm":[100,20],"hs_code":"620342"})").empty());
  EXPECT_TRUE(sets.check("", R"({"trade_mode":"9610"})").empty()) << "the order where none is said";
  EXPECT_TRUE(sets.check("order", "").empty());
  EXPECT_TRUE(sets.check("line", R"({"drawing":null})").empty()) << "takes it away";
}

TEST(Attributes, FaultsPointAtTheValue) {
  const auto loaded = load(shipped());
  ASSERT_TRUE(loaded);
  struct Row {
    std::string_view level, json, pointer, says;
  };
  const Row kRows[]{
      {"package", R"({"temperature_zone":"hot"})", "/temperature_zone", ""},
      {"package", R"({"temperature_max":"-18"})", "/temperature_max", ""},
      {"package", R"({"temperature_max":601})", "/temperature_max", ""},
      {"package", R"({"excursion_minutes":1.5})", "/excursion_minutes", ""},
      {"line", R"({"size_mm":[1,2,3,4]})", "/size_mm", ""},
      {"line", R"({"size_mm":[1,-2]})", "/size_mm/1", ""},
      {"order", R"({"trade_mode":9610})", "/trade_mode", ""},
      {"line", R"({"drawng":"x"})", "/drawng", "did you mean \"drawing\"?"},
      {"order", R"({"drawing":"x"})", "/drawing", "no attribute set has \"drawing\" for an order"},
      {"step", R"({"drawing":null})", "/drawing", "for a step"},
      {"order", "[1]", "", "JSON object"},
  };
  for (const auto& row : kRows) {
    const auto faults = loaded->attributes().check(row.level, row.json);
    ASSERT_EQ(faults.size(), 1u) << row.json;
    EXPECT_EQ(faults[0].pointer, row.pointer) << row.json << ": " << faults[0].message;
    EXPECT_TRUE(faults[0].message.contains(row.says)) << faults[0].message;
    EXPECT_FALSE(faults[0].message.empty());
  }
  EXPECT_EQ(loaded->attributes().check("line", R"({"a":1,"b":2,"drawing":"x"})").size(), 2u);
}

TEST(Attributes, ASetIsAFileDroppedIntoTheFolder) {
  auto files = shipped();
  files["attributes/bikes.yaml"] = kSet;
  const auto loaded = load(files);
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  EXPECT_EQ(loaded->attributes().sets().size(), 7u);
  EXPECT_TRUE(loaded->attributes().check("line", R"({"frame":"steel","gears":3})").empty());
  EXPECT_FALSE(loaded->attributes().check("line", R"({"frame":"titanium"})").empty());
  EXPECT_TRUE(loaded->attributes().check("line", R"({"code":"1"})").empty()) << "quoted: a text";
  EXPECT_FALSE(loaded->attributes().check("line", R"({"code":1})").empty());
}

TEST(Attributes, ASetIsDefinedOnce) {
  const auto faults = faults_of(changed("id: bikes", "id: cold_chain"));
  ASSERT_EQ(faults.size(), 1u) << to_text(faults);
  EXPECT_EQ(faults[0].code, "duplicate_key");
}

TEST(Attributes, ShippedEnumsHaveWords) {
  const auto loaded = load(shipped());
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  const auto count = [](std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  for (const auto& set : loaded->attributes().sets())
    EXPECT_EQ(count(set.schema, R"("enum":)"), count(set.schema, R"("x-options":)")) << set.code;
  const auto retail = std::ranges::find(loaded->attributes().sets(), "retail_cn",
                                        [](const auto& set) { return set.code; });
  EXPECT_TRUE(retail->schema.contains(R"("none":{"zh":"不开票","en":"No invoice"})"));
}

TEST(Attributes, AnEnumHasWordsForAllItsValuesOrForNone) {
  struct Row {
    std::string_view to, code, says;
    int line;
  };
  const Row kRows[]{
      {"code: {enum: [\"1\", x], x-options: {\"1\": {zh: 一, en: one}, x: {zh: 叉, en: x}}}", "",
       "", 0},
      {"code:\n      enum:\n      - \"1\"\n      - x\n      x-options: {\"1\": {zh: 一, en: one}}",
       "missing_label", "\"x\" has no words", 12},
      {"code:\n      enum: [\"1\", x]\n      x-options:\n        \"1\": {zh: 一, en: one}\n"
       "        x: {zh: 叉, en: x}\n        \"2\": {zh: 二, en: two}",
       "unknown_value", "unknown value of the enum \"2\"", 14},
      {"code:\n      enum: [\"1\"]\n      x-options:\n        \"1\": {zh: 一}", "missing_key", "en",
       12},
      {"code: {type: string, x-options: {x: {zh: 叉, en: x}}}", "no_enum", "\"enum\"", 9},
      {"code: {type: integer, x-unit: mm}", "", "", 0},
      {"code: {type: integer, x-unit: {zh: 分, en: cents}}", "", "", 0},
      {"code: {type: integer, x-unit: {zh: 分}}", "missing_key", "en", 9},
      {"code: {type: array, items: {enum: [x], x-options: {y: {zh: 叉, en: y}}}}", "unknown_value",
       "\"y\"", 9},
  };
  for (const auto& row : kRows) {
    const auto faults = faults_of(changed("code: {enum: [\"1\", x]}", row.to));
    if (row.code.empty()) {
      EXPECT_TRUE(faults.empty()) << to_text(faults);
      continue;
    }
    const auto found = std::ranges::find(faults, row.code, &Fault::code);
    ASSERT_NE(found, faults.end()) << row.to << "\n" << to_text(faults);
    EXPECT_TRUE(found->message.contains(row.says)) << found->message;
    EXPECT_EQ(found->line, row.line) << row.to << to_text(faults);
  }
}

TEST(Attributes, WhatWouldNotBeCheckedIsRefusedAtLoad) {
  struct Row {
    std::string_view from, to, code, says;
    int line;
  };
  const Row kRows[]{
      {"maxLength: 5", "pattern: a+", "unknown_keyword", "", 7},
      {"maxLength: 5", "format: date", "unknown_keyword", "", 7},
      {"maxLength: 5", "maxLenght: 5", "unknown_keyword", "did you mean \"maxLength\"?", 7},
      {"maxLength: 5", "x-lable: {}", "unknown_keyword", "did you mean \"x-label\"?", 7},
      {"maxLength: 5", "x-personal: true", "unknown_kind", "name", 7},
      {"type: integer, minimum: 1", "type: integer, x-personal: name", "personal_attribute",
       "only a text", 8},
      {"maxLength: 5", "x-personal: name", "personal_of_line", "not sealed", 7},
      {"type: integer, minimum: 1", "oneOf: [{type: integer}, {$ref: x}]", "unknown_keyword", "",
       8},
      {"type: integer", "type: intger", "bad_schema", "gears", 5},
      {"levels: [line]", "levels: [lines]", "unknown_level", "did you mean \"line\"?", 3},
      {"levels: [line]\n", "", "missing_key", "levels", 1},
      {"  properties:\n", "  required: [frame]\n  propertys:\n", "unknown_keyword",
       "did you mean \"properties\"?", 7},
  };
  for (const auto& row : kRows) {
    const auto faults = faults_of(changed(row.from, row.to));
    const auto found = std::ranges::find(faults, row.code, &Fault::code);
    ASSERT_NE(found, faults.end()) << row.to << "\n" << to_text(faults);
    EXPECT_TRUE(found->message.contains(row.says)) << found->message;
    EXPECT_EQ(found->file, "attributes/bikes.yaml");
    EXPECT_GE(found->line, row.line) << row.to;
    EXPECT_LE(found->line, row.line + 1) << row.to << to_text(faults);
  }
}

}  // namespace
}  // namespace cairn::lifecycle

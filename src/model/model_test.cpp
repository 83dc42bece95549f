#include <gtest/gtest.h>

#include "model/event.hpp"
#include "model/vocabulary.hpp"

namespace cairn::model {
namespace {

ports::Record record_of(const Bytes& body) {
  ports::Record record;
  record.number = 7;
  record.recorded = Time{5};
  record.body = body;
  return record;
}

constexpr std::string_view kPlaced = R"({"order_no":"SY-1","shop":"shanye","currency":"CNY",
  "total":25800,"terms":"prepaid","receiver":{"name":"张三","phone":"+86 138 1234 5678"},
  "lines":[{"id":1234567890123456789,"sku":"TENT","quantity":2,"price":25800}],
  "promised_delivery":"2026-11-25","attributes":{"b":1,"a":"x"}})";

TEST(Lanes, WhatNobodyCanJudgeIsNotGreen) {
  EXPECT_EQ(lane_of(Health::OnTime), Lane::Normal);
  EXPECT_EQ(lane_of(Health::Paused), Lane::Normal);
  EXPECT_EQ(lane_of(Health::AtRisk), Lane::AtRisk);
  EXPECT_EQ(lane_of(Health::Overdue), Lane::Overdue);
  EXPECT_EQ(lane_of(Health::NoSignal), Lane::Unverified);
  EXPECT_EQ(lane_of(Health::NoPromise), Lane::Unverified);
}

TEST(Event, BinaryFormGivesBackWhatWasRead) {
  Event event;
  event.id = identity_of("shop", "1");
  event.occurred = Time{1'000'000};
  event.origin.source = "shop";
  auto payload = read_payload(EventType::OrderPlaced, kPlaced, Reading::Command);
  ASSERT_TRUE(payload) << payload.error().pointer << payload.error().message;
  event.payload = *payload;
  event.digest = counted_digest(event);
  const Sealing sealing{[](std::uint16_t, BytesView plain) { return "<" + Bytes(plain) + ">"; },
                        [](PersonalKind, std::string_view) { return Bytes("12345678"); }};
  EXPECT_TRUE(needs_sealing(event));
  seal(event, sealing);
  const auto back = decode_event(record_of(encode(event)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, event.id);
  EXPECT_EQ(back->number, 7u);
  EXPECT_EQ(std::get<OrderPlaced>(back->payload), std::get<OrderPlaced>(event.payload));
  EXPECT_EQ(back->as<OrderPlaced>().lines[0].id, "1234567890123456789");
  EXPECT_EQ(back->as<OrderPlaced>().promised_delivery.precision, Precision::Day);
  EXPECT_EQ(back->as<OrderPlaced>().attributes.text, R"({"a":"x","b":1})");
  EXPECT_EQ(counted_digest(*back), event.digest);
  EXPECT_EQ(tokens_of(*back).size(), 16u);
}

TEST(Event, ACopyNamesWhatItIsACopyOf) {
  Event event;
  event.copy_of = identity_of("shop", "1");
  EXPECT_TRUE(decode_event(record_of(encode(event)))->copy_of.is_zero());
  event.set(EventFlag::Copied);
  EXPECT_EQ(decode_event(record_of(encode(event)))->copy_of, event.copy_of);
}

TEST(Event, DamagedBytesAreSaidSo) {
  Event event;
  event.origin.source = "s";
  event.set(EventFlag::Copied);
  const Bytes body = encode(event);
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    const Bytes part = body.substr(0, cut);
    EXPECT_FALSE(decode_event(record_of(part))) << cut;
  }
}

TEST(Payload, ErrorsNameTheField) {
  const auto pointer = [](EventType type, std::string_view text, Reading reading) {
    const auto result = read_payload(type, text, reading);
    return result ? std::string("read") : result.error().pointer;
  };
  using enum EventType;
  EXPECT_EQ(
      pointer(OrderPlaced, R"({"lines":[{"id":"1"},{"id":"2","quantity":"x"}]})", Reading::Command),
      "/lines/1/quantity");
  EXPECT_EQ(pointer(OrderPlaced, R"({"lines":[{"sku":"1"}]})", Reading::Fact), "/lines/0/id");
  EXPECT_EQ(pointer(OrderPlaced, R"({"shopp":"a"})", Reading::Command), "/shopp");
  EXPECT_EQ(pointer(OrderPlaced, R"({"shopp":"a"})", Reading::Fact), "read");
  EXPECT_EQ(pointer(HoldPlaced, "{}", Reading::Command), "/reason");
  EXPECT_EQ(pointer(PackageScanned, R"({"milestone":"flying"})", Reading::Fact), "/milestone");
}

TEST(Personal, IsMaskedAndNeverShownSealed) {
  EXPECT_EQ(masked(PersonalKind::Name, "张三丰"), "张*");
  EXPECT_EQ(masked(PersonalKind::Phone, "+86 138-1234-5678"), "138****5678");
  EXPECT_EQ(search_terms(PersonalKind::Phone, "+86 138-1234-5678"),
            (std::vector<std::string>{"phone:13812345678", "tail:5678"}));
  EXPECT_EQ(search_terms(PersonalKind::Phone, "138 1234 5678")[0], "phone:13812345678");
}

TEST(Identity, OrderIdsReadBack) {
  const OrderId id = order_id_of("olist", "2e7a8482f6fb09756ca50c10d7bfc047");
  EXPECT_EQ(to_text(id).size(), 16u);
  EXPECT_EQ(parse_order_id(to_text(id)), id);
  EXPECT_FALSE(parse_order_id("short"));
  EXPECT_FALSE(parse_order_id("uuuuuuuuuuuuuuuu"));
  EXPECT_EQ(normalise_reference("order", " ａb-12 3"), "AB-123");
}

TEST(EventTypes, NamesAreUniqueAndReadBack) {
  for (const auto& row : event_type_table()) {
    EXPECT_EQ(event_type_from(row.name), row.type);
    EXPECT_FALSE(row.zh.empty());
  }
}

}  // namespace
}  // namespace cairn::model

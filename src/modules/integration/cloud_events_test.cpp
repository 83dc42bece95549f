#include "modules/integration/cloud_events.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cairn::integration {
namespace {

using model::EventFlag;
using model::EventType;

Sources test_sources() {
  Sources out;
  const auto add = [&](std::string_view yaml) {
    auto source = parse_source(yaml, "test.yaml");
    ASSERT_TRUE(source) << source.error().message;
    ASSERT_TRUE(out.add(*std::move(source)));
  };
  add("id: shop\nname: {zh: 店, en: Shop}\nlifecycle: retail\nnamespace: numbers\ntrust: 70\n"
      "cloud_events: [/tenants/acme/orders]");
  add("id: zto\nname: {zh: 中通, en: ZTO}\nzone: Asia/Shanghai\nrole: carrier\nstable_ids: false\n"
      "identity: {default: [type, subject, second, code, place, ordinal]}");
  add(R"(id: platform
name: {zh: 平台, en: Platform}
types:
  orders/paid: {type: payment_received, data: {amount: {from: total_price, as: money},
                                               payment_id: {from: transactions.0.id, as: text}}}
statuses:
  PAID_FORBID_CONSIGN:
    reached: paid
    facts:
      - {type: payment_received, data: {in_full: true}}
      - {type: hold_placed, data: {reason: group_pending}}
  PART:
    facts: [{type: package_shipped, when: [{of: parts, is: present}], data: {parts: {from: parts}}}]
)");
  return out;
}

class Events : public ::testing::Test {
 protected:
  Sources sources_ = test_sources();
  EventReader reader_{sources_};
  Sender sender_;

  model::Told one(std::string_view json) {
    auto facts = reader_.read_line(json, sender_);
    EXPECT_TRUE(facts) << facts.error().pointer << ": " << facts.error().message;
    return facts ? facts->all[0] : model::Told{};
  }
  std::string fault(std::string_view json) {
    const auto facts = reader_.read_line(json, sender_);
    return facts ? "read" : facts.error().pointer + ": " + facts.error().message;
  }
};

constexpr std::string_view kPlaced =
    R"({"specversion":"1.0","id":"e-1","source":"/tenants/acme/orders","type":"cairn.order_placed",)"
    R"("subject":"order:6923456789012345678","time":"2026-11-23T14:02:03+08:00",)"
    R"("data":{"total":1,"lines":[{"id":6923456789012345679,"quantity":2}]}})";

TEST_F(Events, AStructuredEventIsRead) {
  const auto told = one(kPlaced);
  EXPECT_EQ(told.event.type, EventType::OrderPlaced);
  EXPECT_EQ(told.event.id, model::identity_of("shop", "e-1"));
  EXPECT_EQ(told.event.origin.source, "shop");
  EXPECT_EQ(told.event.origin.trust, 70);
  EXPECT_EQ(format_rfc3339(told.event.occurred), "2026-11-23T06:02:03Z");
  EXPECT_EQ(told.event.precision, Precision::Second);
  EXPECT_EQ(told.order, model::order_id_of("numbers", "6923456789012345678"));
  ASSERT_TRUE(told.reference);
  EXPECT_EQ(told.reference->value, "6923456789012345678");
  EXPECT_EQ(told.event.as<model::OrderPlaced>().order_no, "6923456789012345678");
  EXPECT_EQ(told.event.as<model::OrderPlaced>().lifecycle, "retail");
  EXPECT_EQ(told.event.as<model::OrderPlaced>().lines[0].id, "6923456789012345679");
  EXPECT_EQ(told.event.raw, kPlaced);
  EXPECT_FALSE(told.event.is(EventFlag::UnknownFields));
  EXPECT_FALSE(told.event.is(EventFlag::NoDate));
}

TEST_F(Events, TheSameEventInEveryFormIsTheSame) {
  const auto told = one(kPlaced);
  const Header headers[]{{"CE-ID", "e-1"},
                         {"ce-specversion", "1.0"},
                         {"ce-source", "/tenants/acme/orders"},
                         {"ce-type", "order_placed"},
                         {"ce-subject", "\"order:6923456789012345678\""},
                         {"ce-time", "2026-11-23T14%3A02:03+08:00"},
                         {"Content-Type", "application/json; charset=utf-8"},
                         {"ce-traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f0-01"}};
  const auto binary = reader_.read_binary(
      headers, R"({"total":1,"lines":[{"id":"6923456789012345679","quantity":2}]})", sender_);
  ASSERT_TRUE(binary) << binary.error().message;
  EXPECT_EQ(binary->all[0].event.id, told.event.id);
  EXPECT_EQ(model::counted_digest(binary->all[0].event), model::counted_digest(told.event));
  EXPECT_EQ(binary->all[0].order, told.order);

  const auto line =
      one(R"({"id":"e-1","source":"shop","type":"order_placed",)"
          R"("order":6923456789012345678,"occurred":"2026-11-23T14:02:03+08:00",)"
          R"("data":{"total":1,"lines":[{"id":"6923456789012345679","quantity":2}]}})");
  EXPECT_EQ(line.event.id, told.event.id);
  EXPECT_EQ(model::counted_digest(line.event), model::counted_digest(told.event));
  EXPECT_EQ(line.order, told.order);

  int count = 0;
  const auto batch =
      reader_.read_batch(fmt::format(" [ {} ,\n{{\"specversion\":\"1.0\"}}, 7] ", kPlaced), sender_,
                         [&](std::size_t index, Result<Facts> facts) {
                           EXPECT_EQ(facts.has_value(), index == 0);
                           if (facts) {
                             EXPECT_EQ(facts->all[0].event.raw, kPlaced);
                             EXPECT_EQ(facts->all[0].event.id, told.event.id);
                           }
                           ++count;
                           return true;
                         });
  EXPECT_TRUE(batch);
  EXPECT_EQ(count, 3);
}

TEST_F(Events, SubjectsSayWhoItIsAbout) {
  const auto with = [&](std::string_view subject,
                        std::string_view data = R"({"milestone":"in_transit"})") {
    return one(fmt::format(R"({{"type":"package_scanned","source":"shop","id":"1",)"
                           R"("occurred":"2026-11-23T00:00:00Z","subject":"{}","data":{}}})",
                           subject, data));
  };
  const auto order = model::order_id_of("numbers", "SY-1");
  EXPECT_EQ(with("order:SY-1").order, order);
  EXPECT_EQ(with("cairn:" + model::to_text(order)).order, order);
  EXPECT_FALSE(with("cairn:" + model::to_text(order)).reference);
  const auto waybill = with("tracking/zto:ｚt 73100");
  EXPECT_FALSE(waybill.order);
  EXPECT_EQ(*waybill.reference, (model::Reference{"tracking", "zto", "ZT73100"}));
  EXPECT_EQ(waybill.event.as<model::PackageReport>().number, "ZT73100");
  EXPECT_EQ(waybill.event.as<model::PackageReport>().carrier, "zto");
  EXPECT_EQ(with("tracking:7", R"({"carrier":"sf","milestone":"delivered"})").reference->issuer,
            "sf");
  EXPECT_EQ(with("po:urn:x:1").reference->value, "URN:X:1");
  const auto implied =
      one(R"({"type":"package_delivered","source":"shop","id":"2",)"
          R"("occurred":"2026-11-23T00:00:00Z","data":{"carrier":"sf","number":"8"}})");
  EXPECT_EQ(*implied.reference, (model::Reference{"tracking", "sf", "8"}));
}

TEST_F(Events, TimesWithoutOffsetNeedTheSourcesZone) {
  const auto scan = [](std::string_view source, std::string_view time) {
    return fmt::format(R"({{"type":"package_scanned","source":"{}","id":"1","occurred":"{}",)"
                       R"("subject":"tracking:7","data":{{"milestone":"in_transit"}}}})",
                       source, time);
  };
  const auto told = one(scan("zto", "2026-11-23 14:02:03"));
  EXPECT_EQ(format_rfc3339(told.event.occurred), "2026-11-23T06:02:03Z");
  EXPECT_TRUE(told.event.is(EventFlag::ZoneInferred));
  EXPECT_EQ(told.event.origin.role, model::Role::Carrier);
  EXPECT_FALSE(one(scan("zto", "2026-11-23T14:02:03+08:00")).event.is(EventFlag::ZoneInferred));
  EXPECT_EQ(one(scan("zto", "2026-11-23")).event.precision, Precision::Day);
  EXPECT_EQ(fault(scan("shop", "2026-11-23 14:02:03")).substr(0, 10), "/occurred:");
  EXPECT_EQ(fault(scan("shop", "yesterday")).substr(0, 10), "/occurred:");
}

TEST_F(Events, AFactWithoutATimeStandsAfterWhatItWasToldWith) {
  const auto none = one(R"({"type":"status_reported","source":"shop","id":"1","order":"A",)"
                        R"("data":{"word":"已发货"}})");
  EXPECT_TRUE(none.event.is(EventFlag::NoDate));
  EXPECT_TRUE(none.event.occurred.is_none());
  const auto after = one(R"({"type":"status_reported","source":"shop","id":"1","order":"A",)"
                         R"("not_before":"2026-11-23T00:00:00Z","data":{"word":"已发货"}})");
  EXPECT_TRUE(after.event.is(EventFlag::NoDate));
  EXPECT_EQ(format_rfc3339(after.event.occurred), "2026-11-23T00:00:00Z");
  EXPECT_EQ(model::counted_digest(none.event), model::counted_digest(after.event));
}

TEST_F(Events, FaultsNameTheFieldAndTheRemedy) {
  const auto with = [&](std::string_view name, std::string_view value) {
    std::string json(kPlaced);
    const auto at = json.find(fmt::format("\"{}\":", name));
    const auto begin = at + name.size() + 3;
    auto end = json.find(",\"", begin);
    return fault(json.substr(0, begin) + std::string(value) + json.substr(end));
  };
  EXPECT_NE(with("specversion", "\"0.3\"").find("/specversion: CloudEvents 0.3"),
            std::string::npos);
  EXPECT_NE(with("id", "\"\"").find("/id: id is required"), std::string::npos);
  EXPECT_NE(with("id", "{}").find("/id: id: expected a text"), std::string::npos);
  EXPECT_NE(with("source", "\"shp\"").find("did you mean \"shop\"?"), std::string::npos);
  EXPECT_NE(with("type", "\"order_placd\"")
                .find("/type: \"order_placd\" is no event type; did you "
                      "mean \"order_placed\"?"),
            std::string::npos);
  EXPECT_NE(with("type", "\"personal_forgotten\"").find("/type:"), std::string::npos);
  EXPECT_NE(with("subject", "\"6923\"").find("/subject:"), std::string::npos);
  EXPECT_NE(with("subject", "\"cairn:x\"").find("/subject:"), std::string::npos);
  EXPECT_NE(with("subject", "\"a b:1\"").find("/subject:"), std::string::npos);
  EXPECT_NE(with("subject", "null").find("/subject: subject is required"), std::string::npos);
  EXPECT_NE(with("time", "\"2026-11-23T14:02:03\"").find("/time: "), std::string::npos);
  EXPECT_NE(fault(R"({"type":"order_placed","source":"shop","order":"1","data":{"lines":[{"id":1},)"
                  R"({"id":2,"quantity":"x"}]}})")
                .find("/data/lines/1/quantity: expected an integer"),
            std::string::npos);
  EXPECT_NE(
      fault(R"({"type":"order_placed","source":"shop","order":"1","data":[]})").find("/data: "),
      std::string::npos);
  EXPECT_NE(fault(R"({"type":"hold_placed","source":"shop","order":"1"})")
                .find("/data/reason: is "
                      "required"),
            std::string::npos);
}

TEST_F(Events, HostileBodiesAreRefused) {
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("{"), std::string("\"x\""), std::string("{}"),
        std::string("\xff\xff"), std::string(100'000, '['), std::string(70'000, ' '),
        std::string(R"({"specversion":"1.0"})"),
        std::string(R"({"type":"order_placed","source":"shop","order":""})"),
        std::string(R"({"type":"order_placed","source":"shop","order":"a\u0000b"})"),
        std::string(R"({"type":"order_placed","source":"shop","reference":7})"),
        std::string(
            R"({"type":"order_placed","source":"shop","reference":{"scheme":"A!","value":"1"}})")})
    EXPECT_FALSE(reader_.read_line(body, sender_)) << body.substr(0, 80);
  const auto big = reader_.read_structured(std::string(65 * 1024, ' '), sender_);
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().code, ErrorCode::TooLarge);
  const auto ignore = [](std::size_t, Result<Facts>) { return true; };
  for (const char* body : {"", "{}", "[", "[1,]", "[,1]", "[1]2", "[1}", "[\"", "[{]", "[\"\\"})
    EXPECT_FALSE(reader_.read_batch(body, sender_, ignore)) << body;
  EXPECT_TRUE(reader_.read_batch(" [ ] ", sender_, ignore));
  IntakeLimits limits;
  limits.batch_events_max = 3;
  EventReader small(sources_, limits);
  EXPECT_EQ(small.read_batch("[1,2,3,4]", sender_, ignore).error().code, ErrorCode::TooLarge);
}

TEST_F(Events, UnknownFieldsAreKeptAndFlagged) {
  const auto told = one(R"({"type":"payment_received","source":"shop","id":"9","order":"1",)"
                        R"("occurred":"2026-11-23T00:00:00Z","data":{"amount":5,"bank":"工行"}})");
  EXPECT_TRUE(told.event.is(EventFlag::UnknownFields));
  EXPECT_EQ(told.event.as<model::Payment>().amount, 5);
  EXPECT_NE(told.event.raw.find("工行"), std::string::npos);
}

TEST_F(Events, StatusWordsBecomeFacts) {
  const auto paid = reader_.read_line(
      R"({"type":"status_reported","source":"platform","id":"s1","order":"7",)"
      R"("occurred":"2026-11-23T00:00:00Z","data":{"word":"PAID_FORBID_CONSIGN"}})",
      sender_);
  ASSERT_TRUE(paid);
  ASSERT_EQ(paid->all.size(), 3u);
  EXPECT_FALSE(paid->is_unmapped);
  EXPECT_EQ(paid->all[0].event.as<model::StatusReported>().reached, model::Reached::Paid);
  EXPECT_EQ(paid->all[1].event.type, EventType::PaymentReceived);
  EXPECT_TRUE(paid->all[1].event.as<model::Payment>().in_full);
  EXPECT_EQ(paid->all[2].event.as<model::HoldPlaced>().reason, "group_pending");
  EXPECT_NE(paid->all[1].event.id, paid->all[0].event.id);
  EXPECT_NE(paid->all[1].event.id, paid->all[2].event.id);
  EXPECT_EQ(paid->all[2].order, paid->all[0].order);

  const auto part = reader_.read_line(
      R"({"type":"status_reported","source":"platform","id":"s2","order":"7","data":)"
      R"({"word":"PART","parts":[{"line":6923456789012345678,"quantity":1}]}})",
      sender_);
  ASSERT_TRUE(part);
  ASSERT_EQ(part->all.size(), 2u);
  EXPECT_TRUE(part->all[1].event.is(EventFlag::NoDate));
  EXPECT_EQ(part->all[1].event.as<model::PackageReport>().parts[0].line, "6923456789012345678");

  const auto unknown = reader_.read_line(
      R"({"type":"status_reported","source":"platform","id":"s3","order":"7","data":{"word":"新状态"}})",
      sender_);
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->is_unmapped);
  EXPECT_EQ(unknown->all.size(), 1u);
}

TEST_F(Events, TheTypesOfASourceAreMapped) {
  const auto told =
      one(R"({"type":"orders/paid","source":"platform","id":"p","order":"7","occurred":)"
          R"("2026-11-23T00:00:00Z","data":{"total_price":"129.90","x":1,)"
          R"("transactions":[{"id":450789469450789469}]}})");
  EXPECT_EQ(told.event.type, EventType::PaymentReceived);
  EXPECT_EQ(told.event.as<model::Payment>().amount, 12990);
  EXPECT_EQ(told.event.as<model::Payment>().payment_id, "450789469450789469");
  EXPECT_NE(fault(R"({"type":"orders/paid","source":"platform","id":"p","order":"7",)"
                  R"("data":{"total_price":"12,9"}})")
                .find("/data/amount: "),
            std::string::npos);
}

TEST_F(Events, WithoutStableIdsTheCountedFieldsAreTheIdentity) {
  const auto scan = [&](std::string_view id, std::string_view time, std::string_view text,
                        std::string_view ordinal) {
    return one(fmt::format(
                   R"({{"specversion":"1.0","type":"package_scanned","source":"zto","id":"{}",)"
                   R"("time":"{}","ordinal":"{}","subject":"tracking/zto:7",)"
                   R"("data":{{"raw_code":"GOT","place":"南京市","text":"{}"}}}})",
                   id, time, ordinal, text))
        .event.id;
  };
  const auto first = scan("a", "2026-11-23T14:02:03+08:00", "已揽收", "0");
  EXPECT_EQ(scan("b", "2026-11-23T14:02:03.200+08:00", "快件已揽收", "0"), first);
  EXPECT_NE(scan("a", "2026-11-23T14:02:04+08:00", "已揽收", "0"), first);
  EXPECT_NE(scan("a", "2026-11-23T14:02:03+08:00", "已揽收", "1"), first);
}

TEST_F(Events, ABoundSourceWins) {
  Sender bound;
  bound.bound_source = "zto";
  bound.actor = "key-7";
  const auto facts = reader_.read_line(
      R"({"type":"package_scanned","source":"shop","id":"1","occurred":"2026-11-23T00:00:00Z",)"
      R"("subject":"tracking:7","data":{"milestone":"in_transit"}})",
      bound);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->all[0].event.origin.source, "zto");
  EXPECT_EQ(facts->all[0].event.origin.actor, "key-7");
  Sender named;
  named.default_source = "shop";
  EXPECT_TRUE(reader_.read_line(R"({"type":"tag_added","order":"1","data":{"tag":"vip"}})", named));
  EXPECT_FALSE(
      reader_.read_line(R"({"type":"tag_added","order":"1","data":{"tag":"vip"}})", sender_));
}

TEST_F(Events, WhatIsExportedReadsBackAsTheSameEvent) {
  for (const std::string_view line :
       {kPlaced,
        std::string_view(
            R"({"type":"package_scanned","source":"zto","id":"1","occurred":)"
            R"("2026-11-23 14:02","subject":"tracking/zto:7","data":{"milestone":"customs"}})"),
        std::string_view(R"({"type":"status_reported","source":"shop","id":"1","order":"A",)"
                         R"("not_before":"2026-11-23T00:00:00Z","data":{"word":"shipped"}})")}) {
    const auto told = one(line);
    std::string json;
    append_cloud_event(json, told, "e-1");
    const auto back = one(json);
    EXPECT_EQ(back.event.key().occurred, told.event.key().occurred) << json;
    EXPECT_EQ(back.event.precision, told.event.precision) << json;
    EXPECT_EQ(back.event.flags, told.event.flags) << json;
    EXPECT_EQ(model::counted_digest(back.event), model::counted_digest(told.event)) << json;
    EXPECT_EQ(back.address(), told.address()) << json;
  }
}

TEST(EventForm, FollowsTheContentType) {
  EXPECT_EQ(*event_form("application/cloudevents+json; charset=UTF-8", false),
            EventForm::Structured);
  EXPECT_EQ(*event_form("Application/CloudEvents-Batch+JSON", true), EventForm::Batch);
  EXPECT_EQ(*event_form("application/x-ndjson", false), EventForm::Lines);
  EXPECT_EQ(*event_form("application/json", true), EventForm::Binary);
  EXPECT_EQ(event_form("text/csv", false).error().code, ErrorCode::UnsupportedMedia);
}

}  // namespace
}  // namespace cairn::integration

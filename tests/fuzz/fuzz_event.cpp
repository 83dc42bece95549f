// Any bytes as a stored event, and any text as the data of an event: a reason, or an event that can
// be shown, written again and read back the same.
#include <array>
#include <cstdint>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "model/event.hpp"

namespace cairn::fuzz {
namespace {

ports::Record record_of(const Bytes& body) {
  ports::Record record;
  record.number = 7;
  record.recorded = Time{5};
  record.body = body;
  return record;
}

std::string shown(const model::Event& event, model::Show show) {
  std::string out;
  json::Writer writer(out);
  model::write_event(writer, event, show);
  return out;
}

void check_binary(const Bytes& body) {
  const auto event = model::decode_event(record_of(body));
  if (!event) {
    CAIRN_CHECK(event.error().code == ErrorCode::Damaged);
    return;
  }
  CAIRN_CHECK(event->number == 7 && event->recorded == Time{5});
  for (const auto show : {model::Show::Hidden, model::Show::Masked, model::Show::Plain})
    (void)shown(*event, show);
  const Bytes again = model::encode(*event);
  const auto back = model::decode_event(record_of(again));
  CAIRN_CHECK(back && model::encode(*back) == again);
  CAIRN_CHECK(model::counted_digest(*back) == model::counted_digest(*event));
  CAIRN_CHECK(back->key() == event->key());
}

void check_json(std::string_view text) {
  constexpr std::array kTypes{model::EventType::OrderPlaced, model::EventType::PackageScanned,
                              model::EventType::HoldPlaced};
  for (const auto type : kTypes)
    for (const auto reading : {model::Reading::Command, model::Reading::Fact}) {
      const auto payload = model::read_payload(type, text, reading);
      if (!payload) {
        CAIRN_CHECK(!payload.error().message.empty());
        continue;
      }
      model::Event event;
      event.type = type;
      event.payload = *payload;
      (void)shown(event, model::Show::Masked);
      (void)model::tokens_of(event);
      model::seal(event, {[](std::uint16_t, BytesView plain) { return Bytes(plain); },
                          [](model::PersonalKind, std::string_view) { return Bytes("12345678"); }});
      const Bytes body = model::encode(event);
      const auto back = model::decode_event(record_of(body));
      CAIRN_CHECK(back && model::encode(*back) == body);
    }
}

Bytes placed() {
  model::Event event;
  event.id = model::identity_of("shop", "1");
  event.occurred = Time{1'000'000};
  event.origin.source = "shop";
  event.payload =
      *model::read_payload(model::EventType::OrderPlaced,
                           R"({"order_no":"1","currency":"CNY","lines":[{"id":"1","quantity":2}]})",
                           model::Reading::Command);
  return model::encode(event);
}

}  // namespace

std::span<const std::string_view> seeds() {
  static const Bytes kPlaced = placed();
  static const std::array<std::string_view, 4> kSeeds{
      kPlaced,
      R"({"order_no":"SY-1","shop":"s","currency":"CNY","total":25800,"terms":"prepaid",
          "receiver":{"name":"张三","phone":"+86 138 1234 5678"},"attributes":{"b":1,"a":[null]},
          "lines":[{"id":123,"sku":"T","quantity":2,"price":1}],"promised_delivery":"2026-11-25"})",
      R"({"package":"p","milestone":"in_transit","place":"Hub","carrier":"sf"})",
      R"({"reason":"payment_review"})"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cairn::fuzz::check_binary(cairn::Bytes(text));
  cairn::fuzz::check_json(text);
  return 0;
}

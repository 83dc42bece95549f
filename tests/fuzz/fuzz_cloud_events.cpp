// Any bytes as an event in every form: an error, or an event that can be written and read back.
#include <cstdint>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "modules/integration/cloud_events.hpp"

namespace cairn::fuzz {
namespace {

constexpr std::string_view kPlatform = R"(
id: s
name: {zh: 平台, en: Platform}
zone: America/Sao_Paulo
stable_ids: false
identity: {default: [type, subject, second, code, place, number, package, word, ordinal]}
types:
  paid: {type: payment_received, data: {amount: {from: sum, as: money}, payment_id: {from: a.0.b}}}
statuses:
  W: {reached: paid, facts: [{type: package_shipped, data: {parts: {list: l, required: true,
      where: [{of: ok, is: present}], fields: {line: {from: id, as: text}, quantity: 1}}}}]}
)";

const integration::Sources& sources() {
  static const auto kSources = [] {
    integration::Sources out;
    CAIRN_CHECK(out.add(*integration::parse_source(kPlatform, "s.yaml")));
    CAIRN_CHECK(out.add(*integration::parse_source("id: t\nname: {zh: 店, en: T}", "t.yaml")));
    return out;
  }();
  return kSources;
}

void check(const Result<integration::Facts>& facts) {
  if (!facts) return;
  CAIRN_CHECK(!facts->all.empty());
  for (const auto& told : facts->all) {
    CAIRN_CHECK(told.order || told.reference);
    CAIRN_CHECK(!told.event.id.is_zero());
    ports::Record record;
    auto copy = told.event;
    const model::Sealing sealing{[](std::uint16_t, BytesView plain) { return Bytes(plain); },
                                 [](model::PersonalKind, std::string_view) { return Bytes(); }};
    model::seal(copy, sealing);
    record.body = model::encode(copy);
    const Bytes body = model::encode(copy);
    record.body = body;
    const auto back = model::decode_event(record);
    CAIRN_CHECK(back && back->id == told.event.id && back->key() == told.event.key());
    CAIRN_CHECK(model::counted_digest(*back) == model::counted_digest(told.event));
  }
}

}  // namespace

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      R"({"specversion":"1.0","id":"e","source":"t","type":"cairn.order_placed","subject":)"
      R"("order:692345678901234567","time":"2026-11-23T14:02:03+08:00","data":{"total":1,)"
      R"("lines":[{"id":6923456789012345679,"quantity":2}],"receiver":{"name":"张三"}}})",
      R"({"type":"status_reported","source":"s","id":"1","order":"7","not_before":)"
      R"("2018-02-17 23:30:00","data":{"word":"W","l":[{"id":1,"ok":1},{"id":2}]}})",
      R"({"type":"paid","source":"s","reference":{"scheme":"po","value":"1"},"data":{"sum":"1.5"}})",
      R"({"specversion":"1.0","id":"e","source":"s","type":"package_scanned","subject":)"
      R"("tracking/zto:ＡＢ 7","time":"2026-11-23","data_base64":"eyJtaWxlc3RvbmUiOiJjdXN0b21zIn0="})",
      R"([{"specversion":"1.0","id":"a"},{},[1,"]"]])"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  thread_local integration::EventReader reader(fuzz::sources());
  const integration::Sender sender{.default_source = "s"};
  fuzz::check(reader.read_line(text, sender));
  fuzz::check(reader.read_structured(text, sender));
  (void)reader.read_batch(text, sender, [&](std::size_t, Result<integration::Facts> facts) {
    fuzz::check(facts);
    return true;
  });
  // The same bytes as a header each, and what is left as the body.
  const std::string_view head = text.substr(0, size / 2), body = text.substr(size / 2);
  const std::size_t third = head.size() / 3;
  const integration::Header headers[]{{"ce-specversion", "1.0"},
                                      {"ce-id", head.substr(0, third)},
                                      {"ce-source", "t"},
                                      {"ce-type", "tag_added"},
                                      {"ce-subject", head.substr(third, third)},
                                      {"ce-time", head.substr(2 * third)},
                                      {text.substr(0, third), text.substr(third)}};
  fuzz::check(reader.read_binary(headers, body, sender));
  fuzz::check(reader.read_binary(headers, R"({"tag":"x"})", sender));
  return 0;
}

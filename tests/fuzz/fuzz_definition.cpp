// Any bytes as a source's definition and its mapping: faults with their lines, or a definition.
#include <cstdint>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "modules/integration/mapping.hpp"
#include "modules/integration/source.hpp"

namespace cairn::fuzz {

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      "id: shop\nname: {zh: 店, en: Shop}\nzone: Asia/Shanghai\ntrust: 60\n"
      "statuses:\n  W: {reached: paid, zh: 已付, en: Paid}\n",
      "id: s\nname: {zh: 店, en: S}\nimport:\n  base: orders\n  order_no: '{order_id}'\n  tables:\n"
      "    orders: {files: [orders.csv]}\n    items: {files: [items.csv], key: order_id, "
      "joined_to: order_id}\n  facts:\n    - type: order_placed\n      id: '{order_id}/placed'\n"
      "      occurred: {column: placed_at}\n      data: {order_no: {from: order_id, as: text}}\n"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto source = integration::parse_source(text, "a.yaml");
  if (source)
    CAIRN_CHECK(!source->id.empty());
  else
    CAIRN_CHECK(!source.error().message.empty());
  const auto mapping = integration::parse_mapping(text, "a.yaml");
  if (mapping)
    CAIRN_CHECK(!mapping->base.empty());
  else
    CAIRN_CHECK(!mapping.error().message.empty());
  return 0;
}

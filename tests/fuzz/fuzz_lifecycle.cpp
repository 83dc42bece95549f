// Any bytes as a lifecycle, and as the tables beside it: faults with their lines, or definitions.
#include <cstdint>
#include <filesystem>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "modules/lifecycle/loader.hpp"

namespace cairn::fuzz {
namespace {

void check_faults(const std::vector<lifecycle::Fault>& faults) {
  CAIRN_CHECK(!faults.empty());
  for (const auto& fault : faults)
    CAIRN_CHECK(!fault.message.empty() && !fault.code.empty() && !fault.file.empty());
  CAIRN_CHECK(!lifecycle::to_text(faults).empty());
}

}  // namespace

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      "id: small\ntitle: {zh: 小, en: Small}\nsubject: order\ninitial: placed\nstates:\n"
      "  placed:\n    labels: {zh: 已下单, en: Placed}\n    category: ready\n    on:\n"
      "      ship:\n        who: [service]\n        guard: {if: \"paid and lines_open > 0\", zh: "
      "付,"
      " en: paid}\n        to: done\n        then: [tell_customer]\n    after:\n"
      "      late: {delay: preset.case_response, since: placed_at, to: done}\n"
      "  done:\n    labels: {zh: 完成, en: Done}\n    category: done\n    final: true\n",
      "payment_review:\n  labels: {zh: 支付风控审核, en: Payment under review}\n  party: "
      "authority\n"
      "  clock: stops\n  blocks: \"yes\"\n  released_by: [finance, source]\n  case_after: 4h\n",
      "tell_customer:\n  labels: {zh: 通知, en: Tell the customer}\n  kind: message\n"};
  return kSeeds;
}

}  // namespace cairn::fuzz

namespace {

/// What a lifecycle stands beside: the definitions shipped with Cairn.
const cairn::lifecycle::Definitions& shipped() {
  static const auto loaded =
      cairn::lifecycle::load(std::filesystem::path(CAIRN_SOURCE_DIR) / "definitions");
  CAIRN_CHECK(loaded.has_value());
  return *loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto chart = lifecycle::load_lifecycle(text, "a.yaml", shipped());
  if (!chart)
    fuzz::check_faults(chart.error());
  else
    CAIRN_CHECK(!(*chart)->states().empty() && !(*chart)->name().empty());
  lifecycle::Files files{{"lifecycles/a.yaml", text}};
  for (const auto name : {"holds.yaml", "commands.yaml", "effects.yaml", "presets/a.yaml"})
    files.emplace(name, text);
  if (const auto loaded = lifecycle::load(files); !loaded) fuzz::check_faults(loaded.error());
  return 0;
}

#include <algorithm>

#include "modules/orders/fold_packages.hpp"

/// What packages and after-sale cases come to, line by line.
namespace cairn::orders {
namespace {

/// What a case does to quantities: while open it may hold goods, when it succeeded it may have
/// brought them back for good.
struct CaseEffect {
  model::CaseType type;
  bool moves_goods, brings_back;
};
constexpr CaseEffect kCaseEffects[]{
    {model::CaseType::RefundUnshipped, false, false}, {model::CaseType::RefundOnly, false, false},
    {model::CaseType::ReturnRefund, true, true},      {model::CaseType::Exchange, true, false},
    {model::CaseType::Resend, false, false},          {model::CaseType::Repair, true, false},
    {model::CaseType::Refused, true, true},           {model::CaseType::Intercept, true, true},
    {model::CaseType::PriceAdjust, false, false}};

const CaseEffect& effect_of(model::CaseType type) {
  return kCaseEffects[static_cast<std::size_t>(type)];
}

void carry(LineState& line, std::int64_t quantity, const PackageState& package) {
  if (package.is_shipped) line.shipped += quantity;
  if (package.is_delivered) line.delivered += quantity;
}

/// Packages that do not say what is in them share what no other package names.
void share_rest(Order& order) {
  for (auto& line : order.lines) {
    std::int64_t named = 0;
    bool any_shipped = false, all_delivered = true, any = false;
    for (const auto& package : order.packages) {
      // What was withdrawn is empty: its goods are in no package, or in the next one.
      if (package.direction != model::Direction::Outbound || package.is_withdrawn) continue;
      for (const auto& part : package.parts)
        if (part.line == line.id) named += part.quantity;
      if (!package.parts.empty()) continue;
      if (!package.supplier.empty() && !line.supplier.empty() && package.supplier != line.supplier)
        continue;
      any = true;
      any_shipped = any_shipped || package.is_shipped;
      all_delivered = all_delivered && package.is_delivered;
    }
    const auto rest = std::max<std::int64_t>(line.due() - named, 0);
    if (any && any_shipped) line.shipped += rest;
    if (any && all_delivered) line.delivered += rest;
  }
}

}  // namespace

bool moves_goods(model::CaseType type) { return effect_of(type).moves_goods; }
bool brings_back(model::CaseType type) { return effect_of(type).brings_back; }

void count_quantities(Order& order) {
  for (auto& line : order.lines) line.shipped = line.delivered = line.back = line.in_case = 0;
  for (const auto& package : order.packages) {
    if (package.direction != model::Direction::Outbound) continue;
    for (const auto& part : package.parts)
      for (auto& line : order.lines)
        if (line.id == part.line) carry(line, part.quantity, package);
  }
  share_rest(order);
  for (const auto& c : order.cases) {
    const auto& effect = effect_of(c.type);
    if (!(c.is_open && effect.moves_goods) && !(c.is_succeeded && effect.brings_back)) continue;
    for (auto& line : order.lines) {
      std::int64_t quantity = c.parts.empty() ? line.due() : 0;
      for (const auto& part : c.parts)
        if (part.line == line.id) quantity += part.quantity;
      (c.is_open ? line.in_case : line.back) += quantity;
    }
  }
}

}  // namespace cairn::orders

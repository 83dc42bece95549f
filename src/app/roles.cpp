#include "app/roles.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "base/text.hpp"

namespace cairn::app {
namespace {

// In the embedded shape the gateway hands its inputs to mailboxes in memory.
constexpr std::string_view kGatewayNeeds[]{"orders"};
constexpr RoleRow kRoles[]{
    {"gateway", "HTTP 与实时推送、认证、接口说明、控制台",
     "HTTP and live streams, authentication, the API, the console", kGatewayNeeds,
     "edge loops, live hub, two readers"},
    {"orders",
     "分片：订单与单号、状态流程、时效、审计",
     "the shards: orders and references, lifecycles, promises, health, audit",
     {},
     "a writer and a drain per shard"},
};

const RoleRow* find(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &RoleRow::name);
  return found == std::end(kRoles) ? nullptr : found;
}

void add_with_needs(const RoleRow& role, std::vector<std::string_view>& order) {
  if (contains(order, role.name)) return;
  for (const auto need : role.needs) add_with_needs(*find(need), order);
  order.push_back(role.name);
}

}  // namespace

std::span<const RoleRow> role_table() { return kRoles; }

Result<std::vector<std::string_view>> start_order(std::span<const std::string> wanted) {
  std::vector<std::string_view> order;
  const bool is_all = wanted.empty() || (wanted.size() == 1 && wanted[0] == "all");
  if (is_all) {
    for (const auto& role : kRoles) add_with_needs(role, order);
    return order;
  }
  std::vector<std::string_view> names{"all"};
  for (const auto& role : kRoles) names.push_back(role.name);
  for (const auto& name : wanted) {
    const auto* role = find(name);
    if (role == nullptr) {
      const auto meant = nearest(name, names);
      return fail(ErrorCode::Invalid,
                  fmt::format("--role: no role \"{}\"{}; `cairn role` lists them", name,
                              meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
    }
    for (const auto need : role->needs)
      if (!contains(wanted, std::string(need)))
        return fail(ErrorCode::Invalid,
                    fmt::format("--role: {} needs {} in the same process; ask for both: --role "
                                "{},{}",
                                name, need, name, need));
    add_with_needs(*role, order);
  }
  return order;
}

}  // namespace cairn::app

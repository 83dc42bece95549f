#include "modules/lifecycle/tables.hpp"

#include <fmt/format.h>

#include <span>

namespace cairn::lifecycle {
namespace {

struct AreaRow {
  std::string_view name;
  std::optional<Variable> master;
};
constexpr std::array<AreaRow, kAreaCount> kAreas{{{"none", std::nullopt},
                                                  {"payment", Variable::MasterPayment},
                                                  {"cancel", Variable::MasterCancel},
                                                  {"amend", Variable::MasterAmend},
                                                  {"refund", Variable::MasterRefund},
                                                  {"completion", Variable::MasterCompletion},
                                                  {"dispatch", Variable::MasterDispatch}}};
constexpr std::array<std::string_view, 4> kClocks{"runs", "stops", "not_started", "excuses"};
constexpr std::array<std::string_view, 6> kBlocks{"no",    "yes",      "lines",
                                                  "steps", "shipping", "production"};
constexpr auto kLimits = std::to_array<LimitRow>({
#define X(enumerator, name, doc) {Limit::enumerator, name, doc},
    CAIRN_LIMITS(X)
#undef X
});

}  // namespace

std::string_view name_of(Area area) { return kAreas[static_cast<std::size_t>(area)].name; }

std::optional<Area> area_from(std::string_view name) {
  for (std::size_t i = 0; i < kAreas.size(); ++i)
    if (kAreas[i].name == name) return static_cast<Area>(i);
  return std::nullopt;
}

std::optional<Variable> master_variable(Area area) {
  return kAreas[static_cast<std::size_t>(area)].master;
}

RoleSet with_deputies(RoleSet roles) {
  if (has(roles, model::Role::Admin)) return ~RoleSet{0};
  return has(roles, model::Role::Manager) ? roles | bit(model::Role::Supervisor) : roles;
}

std::vector<std::string_view> names_of(RoleSet roles) {
  std::vector<std::string_view> out;
  const auto all = model::Names<model::Role>::all();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (has(roles, static_cast<model::Role>(i))) out.push_back(all[i]);
  return out;
}

std::string_view name_of(Clock clock) { return kClocks[static_cast<std::size_t>(clock)]; }
std::string_view name_of(Blocks blocks) { return kBlocks[static_cast<std::size_t>(blocks)]; }

std::span<const LimitRow> limit_table() { return kLimits; }
std::string_view name_of(Limit limit) { return kLimits[static_cast<std::size_t>(limit)].name; }

std::optional<Limit> limit_from(std::string_view name) {
  for (const auto& row : kLimits)
    if (row.name == name) return row.limit;
  return std::nullopt;
}

std::string to_text(const std::vector<Fault>& faults) {
  std::string out;
  for (const auto& fault : faults)
    fmt::format_to(std::back_inserter(out), "{}:{}:{}: {}\n", fault.file, fault.line, fault.column,
                   fault.message);
  return out;
}

}  // namespace cairn::lifecycle

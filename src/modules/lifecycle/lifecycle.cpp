#include "modules/lifecycle/lifecycle.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/ranges.hpp"

namespace cairn::lifecycle {
namespace {

template <typename Rows, typename Matches>
auto* row_where(const Rows& rows, Matches&& matches) {
  const auto found = std::ranges::find_if(rows, matches);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

Lifecycle::Lifecycle(Parts parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < parts_.states.size(); ++i) {
    by_code_.emplace(parts_.states[i].code(), static_cast<StateId>(i));
    for (const auto& t : parts_.states[i].transitions())
      if (t.kind == Kind::Command) emits_.emplace(t.on, t.emits);
  }
}

const State& Lifecycle::state(StateId id) const {
  CAIRN_CHECK(id < parts_.states.size());
  return parts_.states[id];
}

std::optional<StateId> Lifecycle::find_state(std::string_view code) const {
  const auto found = by_code_.find(code);
  if (found == by_code_.end()) return std::nullopt;
  return found->second;
}

StateId Lifecycle::start(const Variables& variables) const {
  for (const auto& row : parts_.starts)
    if (row.condition.holds(variables)) return row.state;
  return parts_.start;
}

StateId Lifecycle::headline(const Variables& variables) const {
  CAIRN_CHECK(is_derived());
  for (const auto& row : parts_.headline)
    if (row.condition.holds(variables)) return row.state;
  // The loader sees to it that the last row always holds.
  return parts_.headline.back().state;
}

std::vector<Move> Lifecycle::moves(StateId from, model::Role role) const {
  std::vector<Move> out;
  const auto& here = state(from);
  for (const auto& t : here.transitions()) {
    const bool may = role == model::Role::Admin || has(t.who, role);
    if (t.kind != Kind::Command || !may) continue;
    for (const auto target : t.target.states) {
      const auto category = state(target).category();
      const bool is_known =
          std::ranges::any_of(out, [&](const Move& move) { return move.to == category; });
      if (category != here.category() && !is_known) out.push_back({category, t.on});
    }
  }
  return out;
}

std::optional<model::EventType> Lifecycle::emits(std::string_view command) const {
  const auto found = emits_.find(command);
  if (found == emits_.end()) return std::nullopt;
  return found->second;
}

std::optional<StateId> Lifecycle::case_target(StateId from, std::string_view on,
                                              std::string_view to, model::CaseType type) const {
  Variables variables;
  variables[Variable::CaseType] = static_cast<std::int64_t>(type);
  return target(from, on, to, variables);
}

std::optional<StateId> Lifecycle::target(StateId from, std::string_view on, std::string_view to,
                                         const Variables& variables) const {
  for (const auto& t : state(from).transitions()) {
    if (t.on != on || !t.when.holds(variables)) continue;
    switch (t.target.way) {
      case Target::Way::Stay:
        return from;
      case Target::Way::Derive:
        return is_derived() ? headline(variables) : from;
      case Target::Way::State:
        return t.target.states[0];
      case Target::Way::Choose: {
        const auto chosen = find_state(to);
        if (chosen && contains(t.target.states, *chosen)) return chosen;
        break;
      }
    }
  }
  return std::nullopt;
}

const Lifecycle* Definitions::lifecycle(std::string_view name) const {
  const auto* found =
      row_where(parts_.lifecycles, [&](const auto& chart) { return chart->name() == name; });
  return found ? found->get() : nullptr;
}

const Lifecycle& Definitions::lifecycle_at(std::uint8_t index) const {
  CAIRN_CHECK(index < parts_.lifecycles.size());
  return *parts_.lifecycles[index];
}

std::uint8_t Definitions::index_of(const Lifecycle& lifecycle) const {
  const auto* found =
      row_where(parts_.lifecycles, [&](const auto& chart) { return chart.get() == &lifecycle; });
  CAIRN_CHECK(found != nullptr);
  return static_cast<std::uint8_t>(found - parts_.lifecycles.data());
}

const Hold* Definitions::hold(std::string_view code) const {
  return row_where(parts_.holds, [&](const Hold& row) { return row.code == code; });
}
const Preset* Definitions::preset(std::string_view code) const {
  return row_where(parts_.presets, [&](const Preset& row) { return row.code == code; });
}
const Effect* Definitions::effect(std::string_view code) const {
  return row_where(parts_.effects, [&](const Effect& row) { return row.code == code; });
}
const Command* Definitions::command(std::string_view code) const {
  return row_where(parts_.commands, [&](const Command& row) { return row.code == code; });
}
const Reason* Definitions::reason(std::string_view group, std::string_view code) const {
  return row_where(parts_.reasons,
                   [&](const Reason& row) { return row.group == group && row.code == code; });
}
const CategoryRow& Definitions::category(model::Category category) const {
  return parts_.categories.at(static_cast<std::size_t>(category));
}
const RoleRow& Definitions::role(model::Role role) const {
  return parts_.roles.at(static_cast<std::size_t>(role));
}
const MilestoneRow& Definitions::milestone(model::Milestone milestone) const {
  return parts_.milestones.at(static_cast<std::size_t>(milestone));
}

std::string_view Definitions::default_master(Area area) const {
  const auto found = parts_.masters.find(area);
  return found == parts_.masters.end() ? std::string_view("cairn") : found->second;
}

bool Definitions::is_foreseen_anywhere(model::EventType type) const {
  return contains(parts_.anywhere, type);
}

}  // namespace cairn::lifecycle

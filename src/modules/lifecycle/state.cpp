#include "modules/lifecycle/state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ranges.hpp"

namespace cairn::lifecycle {
namespace {

/// Whoever may use it now, though others may have to agree.
bool may_ask(const Transition& t, model::Role role, const Variables& variables) {
  return has(t.who, role) && t.guard.holds(variables);
}

/// Why a transition that is there does not let this command through.
Label obstacle(const Transition& t, model::Role role, const Variables& variables) {
  if (!has(t.who, role)) {
    const auto who = names_of(t.who);
    return {fmt::format("{} 不能执行“{}”，可由 {} 执行", model::name_of(role), t.label.zh,
                        fmt::join(who, "、")),
            fmt::format("{} may not use {}; it is for {}", model::name_of(role), t.on,
                        fmt::join(who, ", "))};
  }
  const auto parts = fmt::format("{}", fmt::join(t.guard.why_not(variables), ", "));
  const auto with_parts = [&](const std::string& sentence) {
    return sentence.empty() ? parts : fmt::format("{} ({})", sentence, parts);
  };
  return {fmt::format("不满足条件：{}", with_parts(t.guard_text.zh)),
          fmt::format("condition not met: {}", with_parts(t.guard_text.en))};
}

/// Of two offers of one command: one that is open, and of these one that asks nobody.
bool is_better(const Offer& fresh, const Offer& known) {
  if (!fresh.is_allowed) return false;
  return !known.is_allowed || (fresh.approvals_missing == 0 && known.approvals_missing != 0);
}

Time moved(std::int64_t at, std::int64_t span) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(at, span, &sum)) return Time::never();
  return {sum};
}

}  // namespace

std::string_view name_of(Kind kind) {
  static constexpr std::array<std::string_view, 3> kNames{"fact", "command", "automatic"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<Time> Delay::due(const Variables& variables, const Preset& preset) const {
  Time at = Time::never();
  if (until && variables[*until] != kUnset) {
    at = Time{variables[*until]};
  } else {
    const auto span = limit ? preset.limit(*limit) : fixed;
    const auto from = variables[since];
    if (!span || from == kUnset) return std::nullopt;
    at = moved(from, span->us);
  }
  if (plus) at = moved(at.us, variables[*plus]);
  if (at == Time::never()) return std::nullopt;
  return at;
}

bool Transition::is_decided_by_cairn(const Variables& variables) const {
  const auto master = master_variable(area);
  return !master || variables.is(*master);
}

RoleSet Transition::approvals_missing(model::Role role, const Variables& variables) const {
  const auto given = static_cast<RoleSet>(variables[Variable::Approvals]) | bit(role);
  return with & ~with_deputies(given);
}

State::State(Parts parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < parts_.transitions.size(); ++i) {
    const auto& t = parts_.transitions[i];
    if (t.kind == Kind::Auto) {
      // Where the headline decides, one that is no event changes nothing by itself.
      if (t.as || !parts_.is_derived) autos_.push_back(static_cast<std::uint16_t>(i));
      if (t.as) foreseen_.set(static_cast<std::size_t>(*t.as));
    } else if (const auto type = model::event_type_from(t.on); t.kind == Kind::Fact && type) {
      foreseen_.set(static_cast<std::size_t>(*type));
    } else {
      foreseen_.set(static_cast<std::size_t>(t.emits));
    }
  }
}

std::span<const Transition> State::on(Kind kind, std::string_view name) const {
  const auto is_it = [&](const Transition& t) { return t.kind == kind && t.on == name; };
  const auto first = std::ranges::find_if(parts_.transitions, is_it);
  const auto last = std::find_if_not(first, parts_.transitions.end(), is_it);
  return {first, last};
}

const Transition* State::find(Kind kind, std::string_view name, model::Role role,
                              const Variables& variables, Label* why_not) const {
  const Transition *nearest = nullptr, *asked = nullptr;
  for (const auto& t : on(kind, name)) {
    if (!t.when.holds(variables)) continue;
    if (kind == Kind::Fact) return &t;
    if (may_ask(t, role, variables)) {
      if (t.approvals_missing(role, variables) == 0) return &t;
      if (!asked) asked = &t;
    }
    // Of several that refuse, the one for this role has the reason that helps.
    if (!nearest || (!has(nearest->who, role) && has(t.who, role))) nearest = &t;
  }
  if (asked) return asked;
  if (why_not)
    *why_not = nearest ? obstacle(*nearest, role, variables) : refusal(name, role, variables);
  return nullptr;
}

Label State::refusal(std::string_view name, model::Role role, const Variables& variables) const {
  std::vector<std::string_view> allowed;
  for (const auto& offer : offers(variables, role))
    if (offer.is_allowed) allowed.push_back(offer.transition->on);
  if (allowed.empty())
    return {fmt::format("“{}”状态下没有“{}”，当前没有可用操作", parts_.staff.zh, name),
            fmt::format("there is no {} in state {}; no command is open to {} now", name,
                        parts_.code, model::name_of(role))};
  return {fmt::format("“{}”状态下没有“{}”，可用操作：{}", parts_.staff.zh, name,
                      fmt::join(allowed, "、")),
          fmt::format("there is no {} in state {}; allowed now: {}", name, parts_.code,
                      fmt::join(allowed, ", "))};
}

std::optional<Due> State::next_due(const Variables& variables, const Preset& preset) const {
  std::optional<Due> first;
  for (const auto index : autos_) {
    const auto& t = parts_.transitions[index];
    // An order whose master is elsewhere is never moved by Cairn's clock.
    if (!t.is_decided_by_cairn(variables)) continue;
    if (!t.when.holds(variables) || !t.guard.holds(variables)) continue;
    const auto at = t.after ? t.after->due(variables, preset) : Time::none();
    if (at && (!first || *at < first->at)) first = Due{*at, &t};
  }
  return first;
}

std::vector<Offer> State::offers(const Variables& variables, model::Role role) const {
  std::vector<Offer> out;
  for (const auto& t : parts_.transitions) {
    if (t.kind != Kind::Command || !has(t.who, role) || !t.when.holds(variables)) continue;
    Offer offer{&t,
                may_ask(t, role, variables),
                t.is_decided_by_cairn(variables),
                t.approvals_missing(role, variables),
                {}};
    if (!offer.is_allowed) offer.why_not = obstacle(t, role, variables);
    const auto known =
        std::ranges::find_if(out, [&](const Offer& other) { return other.transition->on == t.on; });
    if (known == out.end())
      out.push_back(std::move(offer));
    else if (is_better(offer, *known))
      *known = std::move(offer);
  }
  return out;
}

}  // namespace cairn::lifecycle

#pragma once

#include <bitset>
#include <span>

#include "modules/lifecycle/expression.hpp"
#include "modules/lifecycle/tables.hpp"

namespace cairn::lifecycle {

using StateId = std::uint8_t;
inline constexpr std::size_t kStatesMax = 64;

/// Somebody reports, somebody wants, or time and quantities do it.
enum class Kind : std::uint8_t { Fact, Command, Auto };
std::string_view name_of(Kind kind);

/// Where a transition leads.
struct Target {
  enum class Way : std::uint8_t {
    Stay,    ///< the state remains
    State,   ///< `states[0]`
    Derive,  ///< the headline decides; `states`: what it can come to
    Choose,  ///< whoever moves says which of `states`
  };
  Way way = Way::Stay;
  std::vector<StateId> states;
};

/// When an automatic transition falls due: `until` where that is known, else `since` plus the time;
/// either put off by the span `plus`.
struct Delay {
  std::optional<Duration> fixed;
  std::optional<Limit> limit;  ///< of the order's preset; absent there: never
  Variable since = Variable::PlacedAt;
  std::optional<Variable> until, plus;

  /// Nothing: not due by the clock.
  std::optional<Time> due(const Variables& variables, const Preset& preset) const;
};

/// One way out of a state, with its guard and what follows.
struct Transition {
  std::string on;  ///< command, event type, step of a case, or name of the timer
  Kind kind = Kind::Fact;
  Label label;
  RoleSet who = 0;
  RoleSet with = 0;  ///< who must approve it, all of them; until then it is a request
  Expression when;   ///< chooses between transitions of one name; facts and commands alike
  Expression guard;  ///< must hold for commands and automatic ones; facts are never refused
  Label guard_text;  ///< the condition for people, also where only the payload can tell
  Target target;
  std::optional<Delay> after;          ///< of automatic ones; empty: at once
  std::optional<model::EventType> as;  ///< event an automatic one is applied as
  std::string reason;                  ///< … with this reason
  model::EventType emits = model::EventType::CustomHappened;  ///< what an accepted command becomes
  std::vector<std::string> then;                              ///< codes of effects
  std::vector<std::string> needs;                             ///< payload fields that must be given
  std::string case_step;  ///< of an order: the step it is of the case it names
  Area area = Area::None;
  int line = 0;  ///< in its file

  bool is_decided_by_cairn(const Variables& variables) const;
  /// Of those who must approve it, who has not: neither is it `role`, nor among the approvals.
  RoleSet approvals_missing(model::Role role, const Variables& variables) const;
};

struct Due {
  Time at = Time::none();  ///< Time::none(): at once
  const Transition* transition = nullptr;
};

/// A command as things stand.
struct Offer {
  const Transition* transition = nullptr;
  bool is_allowed = false;
  bool is_decided_by_cairn = true;  ///< else it becomes a request to the master of its area
  RoleSet approvals_missing = 0;    ///< who must agree first: it becomes a request to them
  Label why_not;                    ///< where not allowed
};

/// A state of an order or of a case. It owns its outgoing transitions, their guards and what
/// follows from them: to know what may happen, ask the state. Immutable after loading; any thread.
class State {
 public:
  struct Parts {
    std::string code;
    Label staff, customer;
    model::Category category = model::Category::Ready;
    bool is_final = false;
    bool is_derived = false;  ///< of a lifecycle with a headline table
    std::vector<StateId> derives;
    std::vector<Transition> transitions;  ///< those of one name and kind stand together
  };
  explicit State(Parts parts);

  const std::string& code() const { return parts_.code; }
  const Label& staff_label() const { return parts_.staff; }
  const Label& customer_label() const { return parts_.customer; }
  model::Category category() const { return parts_.category; }
  bool is_final() const { return parts_.is_final; }
  /// What the headline can come to from here.
  std::span<const StateId> derives() const { return parts_.derives; }
  std::span<const Transition> transitions() const { return parts_.transitions; }
  /// All of one kind and name, in the order they are tried.
  std::span<const Transition> on(Kind kind, std::string_view name) const;
  /// A fact of this type is expected here: told as such, or what a command of this state becomes.
  bool foresees(model::EventType type) const {
    return foreseen_.test(static_cast<std::size_t>(type));
  }

  /// The transition for a command or a fact; of commands one that needs nobody's approval, else one
  /// that does (`approvals_missing`). Nothing for a refused command, with the reason.
  const Transition* find(Kind kind, std::string_view name, model::Role role,
                         const Variables& variables, Label* why_not = nullptr) const;
  /// The automatic transition that is due first, among those whose conditions hold now.
  std::optional<Due> next_due(const Variables& variables, const Preset& preset) const;
  /// Every command that `role` has here, one per name, allowed or not.
  std::vector<Offer> offers(const Variables& variables, model::Role role) const;

 private:
  Label refusal(std::string_view name, model::Role role, const Variables& variables) const;

  Parts parts_;
  std::vector<std::uint16_t> autos_;
  std::bitset<model::kEventTypeCount> foreseen_;
};

}  // namespace cairn::lifecycle

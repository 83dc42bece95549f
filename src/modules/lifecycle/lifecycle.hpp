#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "modules/lifecycle/attributes.hpp"
#include "modules/lifecycle/state.hpp"

/// Lifecycles as files, the State pattern in code. A pure library: values in, decisions out.
namespace cairn::lifecycle {

/// A row of the precedence table: the first whose condition holds gives the headline.
struct HeadlineRow {
  StateId state = 0;
  Expression condition;
};

/// Where a case of some kind begins, if not at the start.
struct StartRow {
  StateId state = 0;
  Expression condition;
};

/// A column that a command can bring an order to.
struct Move {
  model::Category to = model::Category::Ready;
  std::string_view command;
};

/// The states of one kind of order, or of after-sale cases. *Derived* ones have a precedence table
/// that computes the headline from quantities, payment and cases; the others are *direct*: their
/// state moves by targets. Owned by Definitions, immutable, any thread.
class Lifecycle {
 public:
  enum class Subject : std::uint8_t { Order, AfterSale };
  struct Parts {
    std::string name;
    Label label;
    Subject subject = Subject::Order;
    std::string version;         ///< SHA-256 of the file, hex
    std::string default_preset;  ///< of orders that name none
    StateId start = 0;
    std::vector<State> states;
    std::vector<HeadlineRow> headline;
    std::vector<StartRow> starts;
  };
  explicit Lifecycle(Parts parts);
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  const std::string& name() const { return parts_.name; }
  const Label& label() const { return parts_.label; }
  Subject subject() const { return parts_.subject; }
  const std::string& version() const { return parts_.version; }
  const std::string& default_preset() const { return parts_.default_preset; }
  bool is_derived() const { return !parts_.headline.empty(); }
  std::span<const HeadlineRow> headline_rows() const { return parts_.headline; }
  std::span<const StartRow> start_rows() const { return parts_.starts; }

  std::span<const State> states() const { return parts_.states; }
  const State& state(StateId id) const;
  std::optional<StateId> find_state(std::string_view code) const;
  StateId start() const { return parts_.start; }
  /// The start of a case as `variables` describe it (case_type, case_by_staff).
  StateId start(const Variables& variables) const;

  /// First match of the precedence table. Only for derived lifecycles.
  StateId headline(const Variables& variables) const;

  const Transition* find(StateId state, Kind kind, std::string_view name, model::Role role,
                         const Variables& variables, Label* why_not = nullptr) const {
    return this->state(state).find(kind, name, role, variables, why_not);
  }
  std::optional<Due> next_due(StateId state, const Variables& variables,
                              const Preset& preset) const {
    return this->state(state).next_due(variables, preset);
  }
  std::vector<Offer> offers(StateId state, const Variables& variables, model::Role role) const {
    return this->state(state).offers(variables, role);
  }
  /// Columns that `role` can bring it to from here, one command each; conditions are not asked.
  std::vector<Move> moves(StateId state, model::Role role) const;

  /// What an accepted command of this name becomes; nothing for a name it does not know.
  std::optional<model::EventType> emits(std::string_view command) const;
  /// Where a case comes to that was moved by `on`, a command or fact that was accepted then: guards
  /// are not asked again. `to` decides where there is a choice. Nothing: not foreseen here.
  std::optional<StateId> case_target(StateId from, std::string_view on, std::string_view to,
                                     model::CaseType type) const;
  /// The same where more than the type is known.
  std::optional<StateId> target(StateId from, std::string_view on, std::string_view to,
                                const Variables& variables) const;

 private:
  Parts parts_;
  std::unordered_map<std::string_view, StateId> by_code_;
  std::map<std::string, model::EventType, std::less<>> emits_;
};

/// Everything read from the folder of definitions. Lifecycles and rows keep their addresses as long
/// as it lives, also when it is moved. Immutable, any thread.
class Definitions {
 public:
  struct Parts {
    std::vector<std::unique_ptr<const Lifecycle>> lifecycles;
    std::vector<Hold> holds;
    std::vector<CategoryRow> categories;   ///< indexed by model::Category
    std::vector<RoleRow> roles;            ///< indexed by model::Role
    std::vector<MilestoneRow> milestones;  ///< indexed by model::Milestone
    std::vector<BadgeRow> badges;
    std::vector<Preset> presets;
    std::vector<Reason> reasons;
    std::vector<Effect> effects;
    std::vector<Command> commands;
    std::vector<model::EventType> anywhere;  ///< facts foreseen in every state
    std::map<Area, std::string> masters;     ///< area → source, warehouse or cairn
    AttributeSets attributes;
    Bytes hash;  ///< SHA-256 over all files, 32 bytes
  };
  explicit Definitions(Parts parts) : parts_(std::move(parts)) {}

  /// By name; nothing when there is none.
  const Lifecycle* lifecycle(std::string_view name) const;
  const Lifecycle& lifecycle_at(std::uint8_t index) const;
  std::uint8_t index_of(const Lifecycle& lifecycle) const;
  std::span<const std::unique_ptr<const Lifecycle>> lifecycles() const { return parts_.lifecycles; }
  const Hold* hold(std::string_view code) const;
  const Preset* preset(std::string_view code) const;
  const Effect* effect(std::string_view code) const;
  const Command* command(std::string_view code) const;
  const Reason* reason(std::string_view group, std::string_view code) const;
  const CategoryRow& category(model::Category category) const;
  const RoleRow& role(model::Role role) const;
  const MilestoneRow& milestone(model::Milestone milestone) const;
  std::span<const Hold> holds() const { return parts_.holds; }
  std::span<const CategoryRow> categories() const { return parts_.categories; }
  std::span<const RoleRow> roles() const { return parts_.roles; }
  std::span<const MilestoneRow> milestones() const { return parts_.milestones; }
  std::span<const BadgeRow> badges() const { return parts_.badges; }
  std::span<const Preset> presets() const { return parts_.presets; }
  std::span<const Reason> reasons() const { return parts_.reasons; }
  std::span<const Effect> effects() const { return parts_.effects; }
  std::span<const Command> commands() const { return parts_.commands; }
  /// What orders, lines, packages and steps may be given besides.
  const AttributeSets& attributes() const { return parts_.attributes; }
  /// Who decides about an area where the source's definition is silent: source, warehouse or cairn.
  std::string_view default_master(Area area) const;
  /// True for events that contradict no state whatever: notes, promises, holds …
  bool is_foreseen_anywhere(model::EventType type) const;
  /// Changes whenever any file of the folder does.
  BytesView hash() const { return parts_.hash; }

 private:
  Parts parts_;
};

}  // namespace cairn::lifecycle

#include "modules/lifecycle/loader_lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/ranges.hpp"
#include "crypto/hash.hpp"
#include "model/event.hpp"

namespace cairn::lifecycle {
namespace {

const Command* command_named(const Surroundings& around, std::string_view name) {
  const auto found = std::ranges::find_if(
      around.commands, [&](const Command& command) { return command.code == name; });
  return found == around.commands.end() ? nullptr : &*found;
}

/// Names of the fields that an event of this type carries.
std::vector<std::string_view> fields_of(model::EventType type) {
  std::vector<std::string_view> out;
  const auto payload = model::make_payload(type);
  std::visit(
      [&](const auto& p) {
        model::for_each_field<std::decay_t<decltype(p)>>(
            [&](const auto& row) { out.push_back(row.name); });
      },
      payload);
  return out;
}

class Builder {
 public:
  Builder(std::string_view file, const Surroundings& around, std::vector<Fault>& faults)
      : reader_(file, faults), around_(around) {}

  void build(const Yaml& root) {
    if (!reader_.expect_map(
            root, "a lifecycle",
            {"id", "title", "subject", "initial", "preset", "headline", "starts", "states", "any"}))
      return;
    parts_.name = reader_.needed_text(root, "id", "a lifecycle");
    parts_.label = reader_.label_of(root, "title", true, "a lifecycle");
    read_subject(root);
    parts_.default_preset = reader_.text_of(root, "preset");
    if (const auto* node = root.find("preset");
        node && !std::ranges::any_of(around_.presets, [&](const Preset& p) {
          return p.code == parts_.default_preset;
        }))
      reader_.fault(*node, "unknown_preset",
                    fmt::format("unknown preset \"{}\"", parts_.default_preset));
    is_derived_ = root.find("headline") != nullptr;
    read_states(root);
    if (states_.empty()) return;
    if (const auto* node = reader_.need(root, "initial", "a lifecycle")) {
      start_place_ = *node;
      if (const auto state = target(*node)) parts_.start = *state;
    }
    read_headline(root);
    read_starts(root);
    for (const auto& group : reader_.items(root.find("any"), "any")) read_group(group);
    finish();
  }

  Lifecycle::Parts take() { return std::move(parts_); }
  std::span<const Yaml> places() const { return places_; }
  const Yaml& start_place() const { return start_place_; }
  Reader& reader() { return reader_; }

 private:
  void read_subject(const Yaml& root) {
    const auto* node = root.find("subject");
    if (!node || node->text == "order") return;
    if (node->text == "after_sale")
      parts_.subject = Lifecycle::Subject::AfterSale;
    else
      reader_.unknown(*node, "unknown_subject", "subject", {"order", "after_sale"});
  }

  void read_states(const Yaml& root) {
    const auto* node = reader_.need(root, "states", "a lifecycle");
    if (!node || !reader_.expect_open_map(*node, "states")) return;
    if (node->members.empty() || node->members.size() > kStatesMax) {
      reader_.fault(*node, "too_many",
                    fmt::format("a lifecycle has 1 to {} states, this one {}", kStatesMax,
                                node->members.size()));
      return;
    }
    for (const auto& [key, value] : node->members) {
      if (ids_.contains(key.text)) continue;
      ids_.emplace(key.text, static_cast<StateId>(states_.size()));
      states_.emplace_back().code = key.text;
      places_.push_back(key);
    }
    std::vector<bool> is_read(states_.size());
    for (const auto& [key, value] : node->members) {
      const auto id = ids_.at(key.text);
      if (!is_read[id]) read_state(states_[id], value);
      is_read[id] = true;
    }
  }

  void read_state(State::Parts& state, const Yaml& node) {
    const auto what = fmt::format("state \"{}\"", state.code);
    if (!reader_.expect_map(
            node, what,
            {"labels", "customer", "category", "type", "derives", "on", "after", "always"}))
      return;
    state.staff = reader_.label_of(node, "labels", true, what);
    state.customer = reader_.label_of(node, "customer", false, what);
    if (state.customer.empty()) state.customer = state.staff;
    state.is_derived = is_derived_;
    if (const auto* category = node.find("category")) {
      if (const auto found =
              reader_.named<model::Category>(*category, "unknown_category", "category"))
        state.category = *found;
    } else {
      reader_.fault(node, "no_category",
                    fmt::format("{} needs a category: it says whose turn it is", what));
    }
    if (const auto* type = node.find("type")) {
      state.is_final = type->text == "final";
      if (!state.is_final) reader_.unknown(*type, "unknown_type", "type of a state", {"final"});
    }
    if (const auto* derives = node.find("derives")) {
      if (!is_derived_)
        reader_.fault(*derives, "no_headline", "\"derives\" needs a headline table");
      state.derives = targets(*derives);
    }
    const auto from = ids_.at(state.code);
    read_handlers(from, node.find("on"), std::nullopt, "on");
    read_handlers(from, node.find("after"), Kind::Auto, "after");
    read_handlers(from, node.find("always"), Kind::Auto, "always");
  }

  /// on | after | always: name → one transition, or a list tried in order.
  void read_handlers(StateId from, const Yaml* node, std::optional<Kind> kind,
                     std::string_view key) {
    if (!node || !reader_.expect_open_map(*node, key)) return;
    for (const auto& [name, value] : node->members) {
      if (value.is_sequence()) {
        for (const auto& item : value.items) read_transition({from}, name, item, kind, key);
      } else {
        read_transition({from}, name, value, kind, key);
      }
    }
  }

  /// A transition that leaves several states: {from: […], on: name, …}.
  void read_group(const Yaml& node) {
    if (!node.is_map()) {
      reader_.fault(node, "wrong_type", "an entry of \"any\" must be a map");
      return;
    }
    std::vector<StateId> from;
    const auto* states = reader_.need(node, "from", "an entry of \"any\"");
    if (states && states->is_scalar() && (states->text == "open" || states->text == "all")) {
      for (std::size_t i = 0; i < states_.size(); ++i)
        if (states->text == "all" || !states_[i].is_final) from.push_back(static_cast<StateId>(i));
    } else if (states) {
      from = targets(*states);
    }
    int names = 0;
    for (const std::string_view key : {"on", "after", "always"}) {
      const auto* name = node.find(key);
      if (!name) continue;
      ++names;
      read_transition(from, *name, node, key == "on" ? std::nullopt : std::optional(Kind::Auto),
                      key);
    }
    if (names != 1)
      reader_.fault(node, "missing_key",
                    "an entry of \"any\" needs exactly one of \"on\", \"after\", \"always\"");
  }

  void read_transition(const std::vector<StateId>& from, const Yaml& name, const Yaml& node,
                       std::optional<Kind> kind, std::string_view key) {
    const auto what = fmt::format("transition \"{}\"", name.text);
    if (!reader_.expect_map(
            node, what, {"from", "on",     "after", "always", "kind",  "labels", "who",   "with",
                         "when", "guard",  "to",    "leads",  "delay", "since",  "until", "plus",
                         "as",   "reason", "emits", "then",   "needs", "area",   "case"}))
      return;
    Transition t;
    t.on = name.text;
    t.line = name.line;
    t.kind = kind ? *kind : kind_of(name, node);
    const auto* command = t.kind == Kind::Command ? command_named(around_, t.on) : nullptr;
    read_labels(t, name, node, command);
    read_who(t, name, node);
    read_conditions(t, node);
    read_effects(t, node, command);
    check_approval(t, node);
    check_words(t, node);
    if (t.kind == Kind::Auto) read_automatic(t, node, key);
    const auto* to = node.find("to");
    const auto* leads = node.find("leads");
    for (const auto state : from) {
      Transition own = t;
      read_target(own, states_[state], to, leads);
      states_[state].transitions.push_back(std::move(own));
    }
  }

  Kind kind_of(const Yaml& name, const Yaml& node) {
    const bool is_event = model::event_type_from(name.text).has_value();
    const auto* told = node.find("kind");
    if (!told) return is_event ? Kind::Fact : Kind::Command;
    if (told->text == "command") return Kind::Command;
    if (told->text != "fact") {
      reader_.unknown(*told, "unknown_kind", "kind", {"fact", "command"});
      return Kind::Fact;
    }
    // Cases are told of by the names of their own steps; orders by event types.
    if (!is_event && parts_.subject == Lifecycle::Subject::Order) reader_.event_type(name);
    return Kind::Fact;
  }

  void read_labels(Transition& t, const Yaml& name, const Yaml& node, const Command* command) {
    t.label = reader_.label_of(node, "labels", false, t.on);
    if (t.label.empty() && !node.find("labels")) {
      if (command) {
        t.label = command->label;
      } else if (const auto type = model::event_type_from(t.on)) {
        t.label = {std::string(row_of(*type).zh), std::string(row_of(*type).en)};
      } else {
        reader_.fault(name, "missing_key", fmt::format("transition \"{}\" needs labels", t.on));
      }
    }
  }

  void read_who(Transition& t, const Yaml& name, const Yaml& node) {
    const auto* who = node.find("who");
    t.who = reader_.roles(who);
    if (!who) {
      if (t.kind == Kind::Command)
        reader_.fault(name, "missing_key",
                      fmt::format("command \"{}\" needs who may use it", t.on));
      t.who = bit(t.kind == Kind::Auto ? model::Role::System : model::Role::Source);
    }
    t.with = reader_.roles(node.find("with"));
  }

  /// What waits for an approval waits in the open, where nothing personal may stand.
  void check_approval(const Transition& t, const Yaml& node) {
    if (t.with == 0) return;
    const auto& with = *node.find("with");
    if (t.kind != Kind::Command)
      reader_.fault(with, "stray_approval",
                    "\"with\" belongs to commands: a fact or a timer asks nobody");
    else if (model::has_personal_fields(t.emits))
      reader_.fault(with, "personal_approval",
                    fmt::format("\"{}\" becomes {}, which has personal fields: it cannot wait for "
                                "an approval; leave \"with\" out and name in \"who\" those who may",
                                t.on, row_of(t.emits).name));
  }

  /// Words of a condition for which a command is never refused would only seem to guard it.
  void check_words(const Transition& t, const Yaml& node) {
    const bool has_words = !t.guard_text.zh.empty() || !t.guard_text.en.empty();
    if (t.kind != Kind::Command || !has_words || !t.guard.is_always_true() || t.with != 0 ||
        !t.needs.empty())
      return;
    reader_.fault(*node.find("guard"), "unchecked_guard",
                  fmt::format("nothing checks what the guard of \"{}\" says: give it an \"if\", or "
                              "\"needs\" with the fields that must be given, or leave it out",
                              t.on));
  }

  void read_conditions(Transition& t, const Yaml& node) {
    const auto* when = node.find("when");
    if (when) t.when = reader_.condition(*when);
    const auto* guard = node.find("guard");
    if (when && t.kind == Kind::Auto && t.when.uses(Variable::Now)) complain_about_now(*when);
    if (!guard) return;
    if (guard->is_map()) {
      reader_.expect_map(*guard, "a guard", {"if", "zh", "en"});
      if (const auto* condition = guard->find("if")) t.guard = reader_.condition(*condition);
      t.guard_text = {reader_.needed_text(*guard, "zh", "a guard"),
                      reader_.needed_text(*guard, "en", "a guard")};
    } else {
      t.guard = reader_.condition(*guard);
    }
    if (t.kind == Kind::Fact && !t.guard.is_always_true())
      reader_.fault(*guard, "guarded_fact",
                    "a fact is never refused: say what it means in words only, or choose with "
                    "\"when\"");
    if (t.kind == Kind::Auto && t.guard.uses(Variable::Now)) complain_about_now(*guard);
  }
  void complain_about_now(const Yaml& at) {
    reader_.fault(at, "uses_now", "an automatic transition waits with \"delay\", not \"now\"");
  }

  void read_effects(Transition& t, const Yaml& node, const Command* command) {
    const bool is_case = parts_.subject == Lifecycle::Subject::AfterSale;
    t.emits = is_case ? model::EventType::AfterSaleMoved : model::EventType::CustomHappened;
    if (command && command->emits) t.emits = *command->emits;
    if (command) t.area = command->area;
    if (const auto* emits = node.find("emits"))
      if (const auto type = reader_.event_type(*emits)) t.emits = *type;
    if (const auto* area = node.find("area")) {
      if (const auto found = area_from(area->text))
        t.area = *found;
      else
        reader_.unknown(*area, "unknown_area", "area",
                        {"none", "payment", "cancel", "amend", "refund", "completion", "dispatch"});
    }
    t.case_step = reader_.text_of(node, "case");
    t.then = reader_.texts(node.find("then"), "then");
    std::vector<std::string_view> effects;
    for (const auto& effect : around_.effects) effects.push_back(effect.code);
    for (const auto& code : t.then)
      if (!contains(effects, std::string_view(code)))
        reader_.unknown(with_text(*node.find("then"), code), "unknown_effect", "effect", effects);
    const auto* needs = node.find("needs");
    t.needs = reader_.texts(needs, "needs");
    if (t.emits == model::EventType::CustomHappened) return;
    const auto fields = fields_of(t.emits);
    for (const auto& field : t.needs)
      if (!contains(fields, std::string_view(field)))
        reader_.unknown(with_text(*needs, field), "unknown_field",
                        fmt::format("field of {}", row_of(t.emits).name), fields);
  }

  static Yaml with_text(const Yaml& place, const std::string& text) {
    Yaml out;
    out.line = place.line;
    out.column = place.column;
    out.text = text;
    return out;
  }

  void read_automatic(Transition& t, const Yaml& node, std::string_view key) {
    if (const auto* as = node.find("as")) t.as = reader_.event_type(*as);
    t.reason = reader_.text_of(node, "reason");
    const auto* delay = node.find("delay");
    const auto* since = node.find("since");
    if (key == "always") {
      if (delay || since)
        reader_.fault(delay ? *delay : *since, "timed_always",
                      "\"always\" happens at once; put it under \"after\" to wait");
      return;
    }
    Delay out;
    if (!delay) {
      reader_.fault(
          node, "missing_key",
          fmt::format("timer \"{}\" needs a delay, such as 48h or preset.payment_timeout", t.on));
    } else if (delay->text.starts_with("preset.")) {
      const auto name = std::string_view(delay->text).substr(7);
      out.limit = limit_from(name);
      if (!out.limit) {
        std::vector<std::string_view> names;
        for (const auto& row : limit_table()) names.push_back(row.name);
        reader_.unknown(with_text(*delay, std::string(name)), "unknown_limit",
                        "time limit of a preset", std::move(names));
      }
    } else {
      out.fixed = reader_.duration(*delay);
    }
    if (!since)
      reader_.fault(node, "missing_key",
                    fmt::format("timer \"{}\" needs \"since\", such as placed_at", t.on));
    else if (const auto which = reader_.variable(*since, Unit::Time))
      out.since = *which;
    if (const auto* until = node.find("until")) out.until = reader_.variable(*until, Unit::Time);
    if (const auto* plus = node.find("plus")) out.plus = reader_.variable(*plus, Unit::Span);
    t.after = out;
    if (is_derived_ && !t.as)
      reader_.fault(node, "nothing_happens",
                    fmt::format("timer \"{}\" needs \"as\": the event it is applied as, since the "
                                "headline is computed",
                                t.on));
  }

  void read_target(Transition& t, const State::Parts& from, const Yaml* to, const Yaml* leads) {
    if (!to || to->text == "=") {
      if (leads) reader_.fault(*leads, "stray_leads", "\"leads\" belongs to \"to: derive\"");
      return;
    }
    if (to->is_sequence()) {
      t.target = {Target::Way::Choose, targets(*to)};
      if (is_derived_)
        reader_.fault(*to, "no_choice",
                      "the headline is computed: use \"to: derive\" with \"leads\"");
      return;
    }
    if (to->text != "derive") {
      if (const auto state = target(*to)) t.target = {Target::Way::State, {*state}};
      return;
    }
    if (!is_derived_) {
      reader_.fault(*to, "no_headline", "\"derive\" needs a headline table");
      return;
    }
    t.target = {Target::Way::Derive, leads ? targets(*leads) : from.derives};
  }

  std::optional<StateId> target(const Yaml& node) {
    const auto found = ids_.find(node.text);
    if (node.is_scalar() && found != ids_.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& state : states_) names.push_back(state.code);
    reader_.unknown(node, "unknown_target", "state", std::move(names));
    return std::nullopt;
  }

  std::vector<StateId> targets(const Yaml& node) {
    std::vector<StateId> out;
    const auto add = [&](const Yaml& item) {
      const auto state = target(item);
      if (state && !contains(out, *state)) out.push_back(*state);
    };
    if (node.is_scalar())
      add(node);
    else
      for (const auto& item : reader_.items(&node, "a list of states")) add(item);
    return out;
  }

  void read_headline(const Yaml& root) {
    const auto* node = root.find("headline");
    const auto rows = reader_.items(node, "headline");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = rows[i];
      if (!reader_.expect_map(row, "a row of the headline", {"state", "if"})) continue;
      HeadlineRow out;
      if (const auto* state = reader_.need(row, "state", "a row of the headline"))
        out.state = target(*state).value_or(0);
      const auto* condition = row.find("if");
      const bool is_last = i + 1 == rows.size();
      if (condition) out.condition = reader_.condition(*condition);
      if (condition && out.condition.uses(Variable::Now))
        reader_.fault(*condition, "uses_now", "a headline follows from events, not from the clock");
      if (!condition && !is_last)
        reader_.fault(row, "hidden_rows", "rows below one without a condition are never reached");
      if (condition && is_last)
        reader_.fault(row, "no_catch_all",
                      "the last row of the headline must hold always: leave its \"if\" out");
      parts_.headline.push_back(std::move(out));
    }
    if (node && rows.empty())
      reader_.fault(*node, "no_catch_all", "the headline needs at least a last row without \"if\"");
  }

  void read_starts(const Yaml& root) {
    for (const auto& row : reader_.items(root.find("starts"), "starts")) {
      if (!reader_.expect_map(row, "a row of starts", {"state", "if"})) continue;
      StartRow out;
      if (const auto* state = reader_.need(row, "state", "a row of starts"))
        out.state = target(*state).value_or(0);
      if (const auto* condition = reader_.need(row, "if", "a row of starts"))
        out.condition = reader_.condition(*condition);
      parts_.starts.push_back(std::move(out));
    }
  }

  /// Transitions of one name and kind stand together, in the order they were written.
  void finish() {
    for (auto& state : states_) {
      std::vector<Transition> grouped;
      for (auto& t : state.transitions) {
        const auto last = std::find_if(grouped.rbegin(), grouped.rend(), [&](const auto& other) {
          return other.kind == t.kind && other.on == t.on;
        });
        grouped.insert(last == grouped.rend() ? grouped.end() : last.base(), std::move(t));
      }
      state.transitions = std::move(grouped);
      parts_.states.emplace_back(std::move(state));
    }
  }

  Reader reader_;
  const Surroundings& around_;
  Lifecycle::Parts parts_;
  std::vector<State::Parts> states_;
  std::unordered_map<std::string, StateId> ids_;
  std::vector<Yaml> places_;
  Yaml start_place_;
  bool is_derived_ = false;
};

}  // namespace

std::unique_ptr<const Lifecycle> build_lifecycle(std::string_view text, std::string_view file,
                                                 const Surroundings& around,
                                                 std::vector<Fault>& faults) {
  const auto faults_before = faults.size();
  const auto root = parse_yaml(text, file);
  if (!root) {
    faults.push_back(root.error());
    return nullptr;
  }
  Builder builder(file, around, faults);
  builder.build(*root);
  auto parts = builder.take();
  // Targets that are not known would show as unreachable states too.
  const bool has_graph =
      std::none_of(faults.begin() + static_cast<std::ptrdiff_t>(faults_before), faults.end(),
                   [](const Fault& fault) { return fault.code == "unknown_target"; });
  if (has_graph && !parts.states.empty())
    check_graph(parts, builder.places(), builder.start_place(), builder.reader());
  if (faults.size() != faults_before) return nullptr;
  parts.version = to_hex(crypto::view(crypto::sha256(text)));
  return std::make_unique<const Lifecycle>(std::move(parts));
}

}  // namespace cairn::lifecycle

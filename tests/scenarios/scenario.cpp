#include "scenario.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "modules/orders/render.hpp"

namespace cairn::scenarios {
namespace {

using simulation::World;

/// One line: its words, its `name=value` options, and the JSON object at its end.
struct Line {
  int number = 0;
  std::string text;
  std::vector<std::string> words;
  std::map<std::string, std::string> options;
  std::string data = "{}";

  std::string word(std::size_t n) const { return n < words.size() ? words[n] : std::string(); }
  std::string option(const std::string& name, std::string otherwise) const {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
  }
};

Line parse(int number, const std::string& text) {
  Line line{.number = number, .text = text};
  std::string head = text;
  if (const auto brace = text.find('{'); brace != std::string::npos) {
    head = text.substr(0, brace);
    line.data = text.substr(brace);
  }
  std::istringstream in(head);
  for (std::string word; in >> word;) {
    if (word.starts_with('#')) break;
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      line.words.push_back(word);
    else
      line.options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return line;
}

class Player {
 public:
  Player()
      : world_({.shards = 2}, Time{1'790'000'000'000'000}, World::shipped_definitions(), counts_) {
    start();
  }

  void play(Line& line) {
    line_ = &line;
    const auto found = verbs().find(line.word(0));
    if (found == verbs().end()) return wrong("no such verb");
    (this->*found->second)();
  }
  std::vector<std::string> faults() const { return faults_; }

 private:
  using Verb = void (Player::*)();
  static const std::map<std::string, Verb>& verbs() {
    static const std::map<std::string, Verb> kVerbs{
        {"order", &Player::declare},   {"command", &Player::command},
        {"fact", &Player::fact},       {"tell", &Player::tell},
        {"expect", &Player::expect},   {"advance", &Player::advance},
        {"restart", &Player::restart}, {"crash", &Player::crash},
        {"fail", &Player::fail_next},  {"disk", &Player::disk},
        {"again", &Player::again},     {"remember", &Player::remember}};
    return kVerbs;
  }

  void wrong(const std::string& what) {
    faults_.push_back(fmt::format("line {}: {}: {}", line_->number, line_->text, what));
  }
  void start() {
    if (auto started = world_.start(); !started) wrong(started.error().message);
  }

  // ---- orders and what is said of them ----------------------------------------------------------

  model::OrderId id_of(const std::string& name) {
    const auto source = sources_.try_emplace(name, "cairn").first->second;
    return model::order_id_of(source, name);
  }
  void declare() {
    sources_[line_->word(1)] = line_->option("from", "cairn");
    (void)id_of(line_->word(1));
  }

  void command() {
    resolve_targets();
    core::Command command;
    command.name = line_->word(2);
    command.data = line_->data;
    const auto role = model::from_name<model::Role>(line_->option("by", "order_desk"));
    if (!role) return wrong("no such role");
    command.origin = {
        .source = "cairn", .trust = 100, .role = *role, .actor = line_->option("actor", "wang")};
    if (*role == model::Role::Source) command.origin.source = sources_[line_->word(1)];
    command.identity =
        model::identity_of("key", line_->option("key", fmt::format("line {}", line_->number)));
    if (const auto version = line_->option("version", ""); !version.empty())
      command.expected_version = std::strtoull(version.c_str(), nullptr, 10);
    give(model::order_key(id_of(line_->word(1))), {}, std::move(command));
  }

  std::optional<model::Event> event(const std::string& type_name) {
    const auto type = model::event_type_from(type_name);
    if (!type) {
      wrong("no such event type");
      return std::nullopt;
    }
    auto payload = model::read_payload(*type, line_->data, model::Reading::Fact);
    if (!payload) {
      wrong(payload.error().message);
      return std::nullopt;
    }
    model::Event event;
    event.type = *type;
    event.payload = *std::move(payload);
    event.origin.source = line_->option("from", "generic");
    event.origin.role = model::Role::Source;
    event.id = model::identity_of(event.origin.source,
                                  line_->option("id", fmt::format("line {}", line_->number)));
    ids_[line_->option("id", "")] = event.id;
    event.occurred = world_.now();
    if (auto at = line_->option("at", ""); !at.empty()) {
      const bool is_before = at.front() == '-';
      const auto duration = parse_duration(at.substr(at.find_first_not_of("+-")));
      if (!duration)
        wrong(duration.error().message);
      else
        event.occurred = is_before ? event.occurred - *duration : event.occurred + *duration;
    }
    if (std::ranges::find(line_->words, "undated") != line_->words.end())
      event.set(model::EventFlag::NoDate);
    return event;
  }
  void fact() {
    resolve_targets();
    if (auto told = event(line_->word(2))) give(model::order_key(id_of(line_->word(1))), told, {});
  }
  /// "tell tracking/zto:7301 package_delivered": by somebody who knows no order.
  void tell() {
    const auto subject = line_->word(1);
    const auto slash = subject.find('/'), colon = subject.find(':');
    if (slash == std::string::npos || colon == std::string::npos || slash > colon)
      return wrong("expected <scheme>/<issuer>:<value>");
    const model::Reference reference{subject.substr(0, slash),
                                     subject.substr(slash + 1, colon - slash - 1),
                                     subject.substr(colon + 1)};
    auto told = event(line_->word(2));
    if (!told) return;
    told->origin.subject = subject;
    give(model::reference_key(reference), told, {});
  }
  /// `"target":"@id"` names an earlier event of the scenario, `"move_to":"@A"` an order.
  void resolve_targets() {
    auto& data = line_->data;
    for (const auto& [name, id] : ids_)
      if (!name.empty()) {
        replace(data, "\"@" + name + "\"", "\"" + to_hex(id.view()) + "\"");
        replace(data, ":@@" + name, ":" + to_hex(id.view()));
      }
    if (data.contains("\"@request\"")) replace(data, "\"@request\"", '"' + newest_request() + '"');
    for (const auto& [name, source] : sources_)
      replace(data, "\"@" + name + "\"", "\"" + model::to_text(id_of(name)) + "\"");
  }
  std::string newest_request() {
    std::string id;
    const auto found = world_.look(model::order_key(id_of(line_->word(1))), [&](const auto& look) {
      const auto& requests = static_cast<const orders::Order&>(*look.state).requests;
      if (!requests.empty()) id = requests.back().id;
    });
    if (!found) wrong(found.error().message);
    return id;
  }
  static void replace(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }

  void give(const ports::AggregateKey& key, std::optional<model::Event> told,
            std::optional<core::Command> wanted) {
    last_key_ = key;
    last_event_ = told;
    last_command_ = wanted;
    deliver();
  }
  /// The same input once more, as a sender does that heard nothing.
  void again() { deliver(); }

  void deliver() {
    answer_.reset();
    auto reply = [this](const core::Answer& answer, const core::Aggregate*) { answer_ = answer; };
    auto input = last_event_ ? core::fact(last_key_, *last_event_, reply)
                             : core::command(last_key_, *last_command_, reply);
    if (auto submitted = world_.submit(std::move(input)); !submitted)
      return wrong(submitted.error().message);
    settle();
    if (!answer_) wrong("is never answered");
  }
  void settle() {
    for (int round = 0; round < 400; ++round) {
      if (!world_.step_all()) return;
      world_.advance(milliseconds(100));
    }
  }

  // ---- what happens to Cairn --------------------------------------------------------------------

  void advance() {
    const auto by = parse_duration(line_->word(1));
    if (!by) return wrong(by.error().message);
    world_.advance(*by);
    settle();
  }
  void restart() {
    world_.crash_process();
    start();
    settle();
  }
  void crash() {
    world_.crash_power();
    start();
    settle();
  }
  void fail_next() {
    if (line_->word(1) == "next" && line_->word(2) == "commit")
      return world_.fail(memory::Operation::Sync, memory::Fault::Eio);
    wrong("expected: fail next commit");
  }
  void disk() {
    if (line_->word(1) == "full") {
      world_.fail(memory::Operation::Allocate, memory::Fault::Enospc, 1, 1'000'000);
      return world_.fail(memory::Operation::Write, memory::Fault::Enospc, 1, 1'000'000);
    }
    if (line_->word(1) == "room") return world_.heal();
    wrong("expected: disk full, or disk room");
  }

  // ---- what is expected -------------------------------------------------------------------------

  void expect() {
    const auto what = line_->word(1);
    if (line_->options.contains("quarantine")) return expect_quarantine();
    for (const auto outcome : {core::Outcome::Accepted, core::Outcome::Duplicate,
                               core::Outcome::Rival, core::Outcome::Refused, core::Outcome::Failed})
      if (what == outcome_name(outcome)) return expect_outcome(outcome);
    const auto found = world_.look(model::order_key(id_of(what)), [&](const World::Look& look) {
      expect_order(static_cast<const orders::Order&>(*look.state), look);
    });
    if (!found) wrong(found.error().message);
  }
  static std::string_view outcome_name(core::Outcome outcome) {
    constexpr std::array<std::string_view, 5> kNames{"accepted", "duplicate", "rival", "refused",
                                                     "failed"};
    return kNames[static_cast<std::size_t>(outcome)];
  }
  void expect_outcome(core::Outcome outcome) {
    if (!answer_) return wrong("nothing was answered");
    const std::string_view code = error_row(answer_->error.code).name;
    const auto wanted = line_->option("code", std::string(code));
    if (answer_->outcome != outcome || wanted != code)
      wrong(fmt::format("was {} {} \"{}\"", outcome_name(answer_->outcome), code,
                        answer_->error.message));
  }
  void expect_quarantine() {
    std::size_t waiting = 0;
    for (const auto& view : world_.installation().quarantines())
      for (const auto& row : view->waiting()) waiting += row.waiting;
    if (std::to_string(waiting) != line_->options.at("quarantine"))
      wrong(fmt::format("{} events wait", waiting));
  }

  void expect_order(const orders::Order& order, const World::Look& look) {
    const auto& context = world_.installation().context();
    for (const auto& [name, value] : line_->options) {
      if (name == "conflict" || name == "no_conflict") {
        const bool is_there = std::ranges::any_of(order.conflicts, [&](const auto& conflict) {
          return model::name_of(conflict.code) == value && conflict.verdict.empty();
        });
        if (is_there != (name == "conflict")) wrong(is_there ? "has it" : "has it not");
        continue;
      }
      if (name == "allows" || name == "forbids") {
        const auto all = orders::allowed_commands(order, model::Role::Admin, world_.now(), context);
        const bool is_there = std::ranges::find(all, value) != all.end();
        if (is_there != (name == "allows")) wrong(is_there ? "it is allowed" : "it is not allowed");
        continue;
      }
      if (name == "badge" || name == "no_badge") {
        const auto badge = std::ranges::find(orders::kBadges, value);
        const bool is_there = badge != orders::kBadges.end() &&
                              (orders::badges_of(order) >> (badge - orders::kBadges.begin()) & 1);
        if (is_there != (name == "badge")) wrong(is_there ? "has it" : "has it not");
        continue;
      }
      const auto is = fact_of(order, look, name);
      if (is != value) wrong(fmt::format("{} is {}", name, is));
    }
    if (std::ranges::find(line_->words, "same") != line_->words.end() &&
        remembered_[line_->word(1)] != orders::state_hash(order))
      wrong("it is not the same any more");
  }
  std::string fact_of(const orders::Order& order, const World::Look& look,
                      const std::string& name) {
    if (name == "state") return std::string(order.headline().code());
    if (name == "health") return std::string(model::name_of(order.health));
    if (name == "version") return std::to_string(look.version);
    if (name == "packages") return std::to_string(order.packages.size());
    if (name == "requests") return std::to_string(order.requests.size());
    if (name == "holds") return std::to_string(order.holds.size());
    if (name == "paid") return std::to_string(order.paid);
    if (name == "events") return std::to_string(order.events);
    if (name == "notes") return std::to_string(order.notes.size());
    if (name == "number") return order.packages.empty() ? "none" : order.packages.front().number;
    if (name == "milestone") {
      const auto milestone = orders::milestone_of(order);
      return milestone ? std::string(model::name_of(*milestone)) : "none";
    }
    if (name == "shipped" || name == "delivered") {
      const auto sums = orders::sums_of(order);
      return std::to_string(name == "shipped" ? sums.shipped : sums.delivered);
    }
    return "something this runner does not know";
  }
  void remember() {
    const auto found = world_.look(model::order_key(id_of(line_->word(1))), [&](const auto& look) {
      remembered_[line_->word(1)] =
          orders::state_hash(static_cast<const orders::Order&>(*look.state));
    });
    if (!found) wrong(found.error().message);
  }

  simulation::Counts counts_;
  World world_;
  Line* line_ = nullptr;
  std::vector<std::string> faults_;
  std::map<std::string, std::string> sources_;
  std::map<std::string, model::Identity> ids_;
  std::map<std::string, Bytes> remembered_;
  ports::AggregateKey last_key_;
  std::optional<model::Event> last_event_;
  std::optional<core::Command> last_command_;
  std::optional<core::Answer> answer_;
};

}  // namespace

std::vector<std::string> run(const std::string& text) {
  Player player;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto parsed = parse(number, line);
    if (!parsed.words.empty()) player.play(parsed);
  }
  return player.faults();
}

}  // namespace cairn::scenarios

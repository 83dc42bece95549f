#include "app/meta.hpp"

#include <fmt/format.h>

#include "json/writer.hpp"
#include "modules/orders/render.hpp"

namespace cairn::app {
namespace {

using lifecycle::Label;

void label(json::Writer& w, std::string_view key, const Label& text) {
  w.key(key).begin_object().field("zh", text.zh).field("en", text.en).end_object();
}
void word(json::Writer& w, std::string_view code, const Label& text) {
  w.begin_object().field("code", code);
  label(w, "label", text);
  w.end_object();
}
void tone(json::Writer& w, std::string_view code, const Label& text, std::string_view tone_name,
          std::string_view lane = {}, const Label& description = {}) {
  w.begin_object().field("code", code);
  label(w, "label", text);
  if (!description.empty()) label(w, "description", description);
  w.field("tone", tone_name).text_if("lane", lane).end_object();
}

struct ToneRow {
  std::string_view zh, en, tone;
};
struct LaneRow {
  ToneRow word;
  std::string_view zh, en;  ///< what stands in it
};
/// By model::Lane.
constexpr std::array kLanes{
    LaneRow{{"正常", "Normal", "good"},
            "还在承诺时间内，或按约定暂停计时。",
            "Within the promised time, or paused by agreement."},
    LaneRow{
        {"预警", "At risk", "warn"},
        "可能赶不上承诺。依据计划和预计到达时间判断；没有这些时只看承诺时间，过了即为超时。",
        "Likely to miss its promise, as plans and estimates tell. Without them only the promised "
        "time counts, and an order goes from normal to overdue."},
    LaneRow{
        {"超时", "Overdue", "bad"}, "承诺时间已过，还没有完成。", "The promised time has passed."},
    LaneRow{{"待核实", "Unverified", "unknown"},
            "没有承诺时间，或太久没有消息，无法判断是否正常。",
            "Nothing was promised, or nothing was heard for too long: nobody can say whether it is "
            "well."}};
/// By model::Health.
constexpr std::array kHealth{
    ToneRow{"正常", "On time", "good"},          ToneRow{"有风险", "At risk", "warn"},
    ToneRow{"已超时", "Overdue", "bad"},         ToneRow{"无信号", "No signal", "unknown"},
    ToneRow{"无承诺", "No promise", "neutral"},  ToneRow{"已暂停", "Paused", "info"},
    ToneRow{"按时完成", "Done on time", "good"}, ToneRow{"超时完成", "Done late", "warn"}};
/// How the board is read from above: what is worst comes first.
constexpr std::array kLaneOrder{model::Lane::Overdue, model::Lane::AtRisk, model::Lane::Unverified,
                                model::Lane::Normal};

Label of(const ToneRow& row) { return {std::string(row.zh), std::string(row.en)}; }

void write_overview(json::Writer& w, const lifecycle::Definitions& d) {
  w.key("categories").begin_array();
  for (const auto& row : d.categories()) {
    w.begin_object().field("code", row.code);
    label(w, "label", row.label);
    label(w, "turn", row.turn);
    w.field("column", row.column).field("open", row.is_open);
    if (row.hidden_if_empty) w.field("hidden_if_empty", true);
    w.field("tone", row.tone).end_object();
  }
  w.end_array().key("lanes").begin_array();
  for (const auto lane : kLaneOrder) {
    const auto& row = kLanes[static_cast<std::size_t>(lane)];
    tone(w, name_of(lane), of(row.word), row.word.tone, {},
         {std::string(row.zh), std::string(row.en)});
  }
  w.end_array().key("health").begin_array();
  for (std::size_t i = 0; i < kHealth.size(); ++i) {
    const auto health = static_cast<model::Health>(i);
    tone(w, name_of(health), of(kHealth[i]), kHealth[i].tone, name_of(lane_of(health)));
  }
  w.end_array().key("badges").begin_array();
  for (const auto& row : d.badges()) tone(w, row.code, row.label, row.tone);
  w.end_array().key("holds").begin_array();
  for (const auto& row : d.holds()) {
    w.begin_object().field("code", row.code);
    label(w, "label", row.label);
    w.field("party", row.party).field("clock", name_of(row.clock));
    w.field("blocks", name_of(row.blocks)).end_object();
  }
  w.end_array().key("milestones").begin_array();
  for (const auto& row : d.milestones()) {
    w.begin_object().field("code", row.code);
    label(w, "label", row.label);
    label(w, "customer", row.customer);
    label(w, "sentence", row.sentence);
    w.end_object();
  }
  w.end_array().key("roles").begin_array();
  for (const auto& row : d.roles()) word(w, row.code, row.label);
  w.end_array();
}

void write_closed_lists(json::Writer& w) {
  w.key("conflicts").begin_array();
  for (const auto& row : model::conflict_table())
    word(w, name_of(row.code), {std::string(row.zh), std::string(row.en)});
  w.end_array().key("event_types").begin_array();
  for (const auto& row : model::event_type_table())
    word(w, row.name, {std::string(row.zh), std::string(row.en)});
  w.end_array().key("errors").begin_array();
  for (const auto& row : error_table()) {
    w.begin_object().field("code", row.name).field("status", row.http_status);
    w.field("retryable", row.is_retryable);
    label(w, "title", {std::string(row.title_zh), std::string(row.title_en)});
    w.end_object();
  }
  w.end_array();
}

void write_own_fields(json::Writer& w, const lifecycle::Command& command) {
  w.key("fields").begin_array();
  for (const auto& [name, type] : command.fields) {
    w.begin_object().field("name", name).field("type", type).field("required", false);
    w.end_object();
  }
  w.end_array();
}

/// Every command there is: general ones and those of lifecycles, each once.
void write_commands(json::Writer& w, const Definitions& definitions) {
  const auto& d = definitions.lifecycles;
  const orders::Context context{.definitions = &d};
  const orders::Viewer viewer{.context = &context, .word_of = words_of(definitions)};
  std::map<std::string, const lifecycle::Transition*, std::less<>> of_charts;
  for (const auto& chart : d.lifecycles())
    for (const auto& state : chart->states())
      for (const auto& transition : state.transitions())
        if (transition.kind == lifecycle::Kind::Command)
          of_charts.emplace(transition.on, &transition);
  const auto one = [&](std::string_view code, const Label& name, model::EventType emits,
                       const lifecycle::Command* definition) {
    w.begin_object().field("code", code);
    label(w, "label", name);
    if (definition && !definition->effect.empty()) label(w, "effect", definition->effect);
    w.field("event", model::row_of(emits).name);
    w.field("tone", definition ? definition->tone : "plain");
    if (definition && definition->is_bulk) w.field("bulk", true);
    if (definition) w.text_if("undo", definition->undo);
    if (definition && definition->has_own_fields)
      write_own_fields(w, *definition);
    else
      orders::write_fields(w, emits, {}, viewer);
    w.end_object();
  };
  w.key("commands").begin_array();
  for (const auto& [code, transition] : of_charts)
    one(code, transition->label, transition->emits, d.command(code));
  for (const auto& command : d.commands())
    if (command.emits && !of_charts.contains(command.code))
      one(command.code, command.label, *command.emits, &command);
  w.end_array();
}

std::string delay_text(const lifecycle::Delay& delay) {
  std::string out;
  if (delay.fixed) out = format_duration(*delay.fixed);
  if (delay.limit) out = std::string(lifecycle::name_of(*delay.limit));
  if (delay.until) return fmt::format("{}", lifecycle::row_of(*delay.until).name);
  return fmt::format("{} after {}", out, lifecycle::row_of(delay.since).name);
}

void write_transition(json::Writer& w, const lifecycle::Lifecycle& chart,
                      const lifecycle::State& state, const lifecycle::Transition& t) {
  constexpr std::array<std::string_view, 3> kKinds{"fact", "command", "automatic"};
  w.begin_object().field("from", state.code()).field("on", t.on);
  w.field("kind", kKinds[static_cast<std::size_t>(t.kind)]);
  label(w, "label", t.label);
  w.key("who").begin_array();
  for (const auto role : lifecycle::names_of(t.who)) w.value(role);
  w.end_array();
  if (!t.guard_text.empty())
    label(w, "guard", t.guard_text);
  else if (!t.guard.is_always_true())
    label(w, "guard", {t.guard.text(), t.guard.text()});
  if (t.after) w.field("after", delay_text(*t.after));
  w.key("to").begin_array();
  for (const auto target : t.target.states) w.value(chart.state(target).code());
  w.end_array();
  if (!t.then.empty()) {
    w.key("then").begin_array();
    for (const auto& effect : t.then) w.value(effect);
    w.end_array();
  }
  w.end_object();
}

void write_lifecycles(json::Writer& w, const lifecycle::Definitions& d) {
  w.key("lifecycles").begin_array();
  for (const auto& chart : d.lifecycles()) {
    w.begin_object().field("id", chart->name()).field("version", chart->version().substr(0, 12));
    label(w, "label", chart->label());
    w.field("subject",
            chart->subject() == lifecycle::Lifecycle::Subject::Order ? "order" : "after_sale");
    w.key("states").begin_array();
    for (std::size_t i = 0; i < chart->states().size(); ++i) {
      const auto& state = chart->states()[i];
      w.begin_object().field("code", state.code());
      label(w, "label", state.staff_label());
      label(w, "customer", state.customer_label());
      w.field("category", name_of(state.category())).field("final", state.is_final());
      if (i == chart->start()) w.field("start", true);
      w.end_object();
    }
    w.end_array().key("transitions").begin_array();
    for (const auto& state : chart->states())
      for (const auto& transition : state.transitions())
        write_transition(w, *chart, state, transition);
    w.end_array().end_object();
  }
  w.end_array();
}

void write_attribute_sets(json::Writer& w, const lifecycle::Definitions& definitions) {
  w.key("attribute_sets").begin_array();
  for (const auto& set : definitions.attributes().sets()) {
    w.begin_object().field("id", set.code);
    label(w, "label", set.label);
    w.key("levels").begin_array();
    for (const auto& level : set.levels) w.value(std::string_view(level));
    w.end_array().key("schema").raw(set.schema).end_object();
  }
  w.end_array();
}

}  // namespace

std::function<Label(std::string_view, std::string_view)> words_of(const Definitions& definitions) {
  return [&definitions](std::string_view vocabulary, std::string_view code) {
    return definitions.words.label(vocabulary, code);
  };
}

void append_definitions(std::string& out, const Definitions& definitions) {
  std::string object;
  json::Writer w(object);
  w.begin_object();
  write_overview(w, definitions.lifecycles);
  write_closed_lists(w);
  write_commands(w, definitions);
  write_lifecycles(w, definitions.lifecycles);
  write_attribute_sets(w, definitions.lifecycles);
  w.end_object();
  out.append(object, 1, object.size() - 2);
}

void append_words(std::string& out, const Definitions& definitions, const orders::Names& names) {
  json::Writer w(out);
  w.begin_object();
  for (const auto& [name, vocabulary] : definitions.words.all()) {
    if (name == "carrier") continue;
    w.key(name).begin_array();
    for (const auto& [code, text] : vocabulary) word(w, code, text);
    w.end_array();
  }
  for (const std::string_view group : {"cancel", "correction", "delay", "dismiss", "return"}) {
    w.key(fmt::format("{}_reason", group)).begin_array();
    for (const auto& reason : definitions.lifecycles.reasons())
      if (reason.group == group) word(w, reason.code, reason.label);
    w.end_array();
  }
  for (const std::string_view kind : {"shop", "warehouse", "supplier", "carrier"}) {
    std::map<std::string, Label, std::less<>> found;
    names.each_of(kind, [&](std::string_view code) {
      found.emplace(code, definitions.words.label(kind, code));
    });
    if (const auto known = definitions.words.all().find(kind);
        known != definitions.words.all().end())
      for (const auto& [code, text] : known->second) found.emplace(code, text);
    w.key(kind).begin_array();
    for (const auto& [code, text] : found) word(w, code, text);
    w.end_array();
  }
  w.key("source").begin_array();
  for (const auto& [id, source] : definitions.sources.all())
    word(w, id, {source.name_zh, source.name_en});
  w.end_array().end_object();
}

}  // namespace cairn::app

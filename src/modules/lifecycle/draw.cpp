#include "modules/lifecycle/draw.hpp"

#include <fmt/format.h>

#include <map>

#include "base/ranges.hpp"

namespace cairn::lifecycle {
namespace {

std::string_view text_of(const Label& label, Language language) {
  return language == Language::Chinese ? label.zh : label.en;
}

/// Mermaid ends a label at a line's end, a colon or a semicolon.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == ';' || c == '\n' || c == '"' || c == '#')
      out += ' ';
    else
      out += c;
  }
  return out;
}

std::string word_of(const Transition& t, Language language) {
  const auto label = escaped(text_of(t.label, language));
  switch (t.kind) {
    case Kind::Fact:
      return fmt::format("({})", label);
    case Kind::Auto:
      return fmt::format("⏳ {}", label);
    case Kind::Command:
      break;
  }
  return label;
}

}  // namespace

std::string draw_mermaid(const Lifecycle& lifecycle, Language language) {
  const auto states = lifecycle.states();
  std::string out = "stateDiagram-v2\n";
  const auto add = [&]<typename... T>(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out), format, std::forward<T>(values)...);
  };
  for (const auto& state : states)
    add("  state \"{}\" as {}\n", escaped(text_of(state.staff_label(), language)), state.code());
  add("  [*] --> {}\n", lifecycle.state(lifecycle.start()).code());
  for (const auto& row : lifecycle.start_rows())
    add("  [*] --> {} : {}\n", lifecycle.state(row.state).code(), escaped(row.condition.text()));
  for (std::size_t from = 0; from < states.size(); ++from) {
    const auto& state = states[from];
    std::map<StateId, std::vector<std::string>> arrows;
    for (const auto to : state.derives()) arrows[to];
    for (const auto& t : state.transitions())
      for (const auto to : t.target.states) {
        auto& words = arrows[to];
        auto word = word_of(t, language);
        if (!contains(words, word)) words.push_back(std::move(word));
      }
    for (const auto& [to, words] : arrows) {
      add("  {} --> {}", state.code(), states[to].code());
      for (std::size_t i = 0; i < words.size(); ++i)
        add("{}{}", i == 0 ? " : " : "<br/>", words[i]);
      out += '\n';
    }
    if (state.is_final()) add("  {} --> [*]\n", state.code());
  }
  std::map<model::Category, std::vector<std::string_view>> classes;
  for (const auto& state : states) classes[state.category()].push_back(state.code());
  static constexpr std::array<std::string_view, model::kCategoryCount> kFill{
      "#fff7e6", "#e6f4ff", "#f9f0ff", "#e6fffb", "#e6f4ff",
      "#f6ffed", "#fff1f0", "#fffbe6", "#d9f7be", "#f0f0f0"};
  for (const auto& [category, codes] : classes) {
    const auto name = model::name_of(category);
    add("  classDef {} fill:{}\n", name, kFill[static_cast<std::size_t>(category)]);
    for (const auto code : codes) add("  class {} {}\n", code, name);
  }
  return out;
}

}  // namespace cairn::lifecycle

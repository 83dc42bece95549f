#include "modules/lifecycle/reader.hpp"

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "base/text.hpp"

namespace cairn::lifecycle {
namespace {

std::string_view shown(const std::string& text) { return utf8_prefix(text, 64); }

}  // namespace

void Reader::fault(const Yaml& at, std::string_view code, std::string message) {
  faults_.push_back({file_, at.line, at.column, std::string(code), std::move(message)});
}

void Reader::unknown(const Yaml& at, std::string_view code, std::string_view what,
                     std::vector<std::string_view> known) {
  const auto near = nearest(at.text, known);
  std::string message = fmt::format("unknown {} \"{}\"", what, shown(at.text));
  if (near) {
    message += fmt::format("; did you mean \"{}\"?", *near);
  } else if (!known.empty() && known.size() <= 24) {
    message += "; known are";
    for (const auto name : known) message += fmt::format(" {}", name);
  }
  fault(at, code, std::move(message));
}

bool Reader::expect_open_map(const Yaml& node, std::string_view what) {
  if (!node.is_map()) {
    fault(node, "wrong_type", fmt::format("{} must be a map", what));
    return false;
  }
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    const auto& key = node.members[i].key;
    if (!key.is_scalar() || key.text.empty())
      fault(key, "wrong_type", fmt::format("a key of {} must be a word", what));
    for (std::size_t j = 0; j < i; ++j)
      if (node.members[j].key.text == key.text) {
        fault(key, "duplicate_key",
              fmt::format("\"{}\" stands twice in {}; first in line {}", shown(key.text), what,
                          node.members[j].key.line));
        break;
      }
  }
  return true;
}

bool Reader::expect_map(const Yaml& node, std::string_view what,
                        std::initializer_list<std::string_view> known) {
  if (!expect_open_map(node, what)) return false;
  for (const auto& [key, value] : node.members)
    if (!contains(known, std::string_view(key.text)))
      unknown(key, "unknown_key", fmt::format("key of {}", what), known);
  return true;
}

std::span<const Yaml> Reader::items(const Yaml* node, std::string_view what) {
  if (!node) return {};
  if (node->is_sequence()) return node->items;
  fault(*node, "wrong_type", fmt::format("{} must be a list", what));
  return {};
}

const Yaml* Reader::need(const Yaml& map, std::string_view key, std::string_view what) {
  const auto* found = map.find(key);
  if (!found) fault(map, "missing_key", fmt::format("{} needs \"{}\"", what, key));
  return found;
}

std::string Reader::text(const Yaml& node, std::string_view what) {
  if (node.is_scalar()) return node.text;
  fault(node, "wrong_type", fmt::format("{} must be a text", what));
  return {};
}

std::string Reader::text_of(const Yaml& map, std::string_view key) {
  const auto* node = map.find(key);
  return node ? text(*node, key) : std::string{};
}

std::string Reader::needed_text(const Yaml& map, std::string_view key, std::string_view what) {
  const auto* node = need(map, key, what);
  if (!node) return {};
  auto out = text(*node, key);
  if (out.empty() && node->is_scalar())
    fault(*node, "wrong_type", fmt::format("\"{}\" of {} must not be empty", key, what));
  return out;
}

std::vector<std::string> Reader::texts(const Yaml* node, std::string_view what) {
  std::vector<std::string> out;
  if (!node) return out;
  if (node->is_scalar()) {
    out.push_back(node->text);
    return out;
  }
  for (const auto& item : items(node, what)) out.push_back(text(item, what));
  return out;
}

bool Reader::flag(const Yaml& map, std::string_view key, bool otherwise) {
  const auto* node = map.find(key);
  if (!node) return otherwise;
  if (node->text == "true") return true;
  if (node->text == "false") return false;
  fault(*node, "wrong_type", fmt::format("\"{}\" is true or false", key));
  return otherwise;
}

int Reader::integer(const Yaml& map, std::string_view key, int otherwise) {
  const auto* node = map.find(key);
  if (!node) return otherwise;
  const auto& digits = node->text;
  if (digits.empty() || digits.size() > 6 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    fault(*node, "wrong_type", fmt::format("\"{}\" is a number", key));
    return otherwise;
  }
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

Label Reader::label(const Yaml& node, std::string_view what) {
  Label out;
  if (!expect_map(node, what, {"zh", "en"})) return out;
  out.zh = needed_text(node, "zh", what);
  out.en = needed_text(node, "en", what);
  return out;
}

Label Reader::label_of(const Yaml& map, std::string_view key, bool is_needed,
                       std::string_view what) {
  const auto* node = is_needed ? need(map, key, what) : map.find(key);
  return node ? label(*node, fmt::format("\"{}\" of {}", key, what)) : Label{};
}

std::optional<Duration> Reader::duration(const Yaml& node) {
  // Five digits a unit are more than two centuries of days, and cannot overflow.
  std::size_t run = 0, longest = 0;
  for (const char c : node.text)
    longest = std::max(longest, run = c >= '0' && c <= '9' ? run + 1 : 0);
  if (node.is_scalar() && longest <= 5 && node.text.size() <= 24)
    if (const auto parsed = parse_duration(node.text)) return *parsed;
  fault(node, "bad_duration",
        fmt::format("\"{}\" is not a duration; write it like 48h, 30m or 7d", shown(node.text)));
  return std::nullopt;
}

RoleSet Reader::roles(const Yaml* node) {
  RoleSet out = 0;
  if (!node) return out;
  const auto add = [&](const Yaml& word) {
    if (const auto role = named<model::Role>(word, "unknown_role", "role")) out |= bit(*role);
  };
  if (node->is_scalar())
    add(*node);
  else
    for (const auto& item : items(node, "roles")) add(item);
  return out;
}

Expression Reader::condition(const Yaml& node) {
  if (!node.is_scalar() || node.text.empty()) {
    fault(node, "bad_condition", "a condition is a text such as \"S >= T and T > 0\"");
    return {};
  }
  auto compiled = Expression::compile(node.text);
  if (compiled) return std::move(*compiled);
  const bool is_name = compiled.error().message.starts_with("unknown variable");
  fault(node, is_name ? "unknown_variable" : "bad_condition",
        fmt::format("in \"{}\", column {}: {}", shown(node.text), compiled.error().column,
                    compiled.error().message));
  return {};
}

std::optional<model::EventType> Reader::event_type(const Yaml& node) {
  const auto found = model::event_type_from(node.text);
  if (!found) {
    std::vector<std::string_view> names;
    for (const auto& row : model::event_type_table()) names.push_back(row.name);
    unknown(node, "unknown_event", "event type", std::move(names));
  }
  return found;
}

std::optional<Variable> Reader::variable(const Yaml& node, Unit unit) {
  const auto found = variable_from(node.text);
  if (found && row_of(*found).unit == unit) return found;
  std::vector<std::string_view> names;
  for (const auto& row : variable_table())
    if (row.unit == unit) names.push_back(row.name);
  unknown(node, "unknown_variable", unit == Unit::Time ? "time" : "variable of this kind",
          std::move(names));
  return std::nullopt;
}

}  // namespace cairn::lifecycle

#include "modules/integration/definition_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "base/number.hpp"
#include "base/text.hpp"

namespace cairn::integration {
namespace {

constexpr int kDepthMax = 16;
constexpr std::size_t kConstantBytesMax = 64 * 1024;

constexpr std::pair<std::string_view, As> kConversions[]{
    {"text", As::Text}, {"integer", As::Integer},     {"money", As::Money},
    {"time", As::Time}, {"end_of_day", As::EndOfDay}, {"json", As::Json}};

}  // namespace

DefinitionFile::DefinitionFile(std::string_view text, std::string_view name) : name_(name) {
  if (text.size() > kDefinitionBytesMax) {
    faults_.push_back({1, fmt::format("{} bytes; a definition has at most {}", text.size(),
                                      kDefinitionBytesMax)});
    return;
  }
  if (!is_utf8(text)) {
    faults_.push_back({1, "not UTF-8; save the file as UTF-8"});
    return;
  }
  try {
    root_ = YAML::Load(std::string(text));
  } catch (const YAML::Exception& e) {
    faults_.push_back({std::max(e.mark.line, 0) + 1, fmt::format("not YAML: {}", e.msg)});
    return;
  }
  if (!root_.IsMap()) faults_.push_back({1, "expected a map of members, got something else"});
}

void DefinitionFile::fault(const YAML::Node& at, std::string message) {
  const int line = at.IsDefined() ? at.Mark().line : 0;
  faults_.push_back({std::max(line, 0) + 1, std::move(message)});
}

Error DefinitionFile::error() const {
  auto sorted = faults_;
  std::sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.line, a.message) < std::tie(b.line, b.message);
  });
  std::string message;
  for (const auto& [line, text] : sorted)
    message += fmt::format("{}{}:{}: {}", message.empty() ? "" : "\n", name_, line, text);
  return Error{ErrorCode::Invalid, std::move(message), {}};
}

bool DefinitionFile::expect_map(const YAML::Node& node, std::string_view what,
                                const std::vector<std::string_view>& known) {
  if (!node.IsMap()) {
    fault(node, fmt::format("{}: expected a map with {}", what, fmt::join(known, ", ")));
    return false;
  }
  std::vector<std::string> seen;
  for (const auto& member : node) {
    const std::string key = member.first.IsScalar() ? member.first.Scalar() : std::string("?");
    if (contains(seen, key)) fault(member.first, fmt::format("{} given twice", key));
    seen.push_back(key);
    if (contains(known, key)) continue;
    const auto meant = nearest(key, known);
    fault(member.first, meant ? fmt::format("{}: unknown member \"{}\"; did you mean \"{}\"?", what,
                                            utf8_prefix(key, 64), *meant)
                              : fmt::format("{}: unknown member \"{}\"; known are: {}", what,
                                            utf8_prefix(key, 64), fmt::join(known, ", ")));
  }
  return true;
}

std::string DefinitionFile::text(const YAML::Node& map, const char* key) {
  const YAML::Node node = map[key];
  if (!node || node.IsNull()) return {};
  if (!node.IsScalar()) {
    fault(node, fmt::format("{}: expected a text", key));
    return {};
  }
  return node.Scalar();
}

std::string DefinitionFile::required_text(const YAML::Node& map, const char* key,
                                          std::string_view what) {
  std::string out = text(map, key);
  if (out.empty()) fault(map[key] ? map[key] : map, fmt::format("{}: {} is required", what, key));
  return out;
}

std::vector<std::string> DefinitionFile::texts(const YAML::Node& node, std::string_view what) {
  std::vector<std::string> out;
  if (!node) return out;
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence()) {
    fault(node, fmt::format("{}: expected a text or a list of texts", what));
    return out;
  }
  for (const auto& element : node) {
    if (element.IsScalar())
      out.push_back(element.Scalar());
    else
      fault(element, fmt::format("{}: expected a text", what));
  }
  return out;
}

bool DefinitionFile::flag(const YAML::Node& map, const char* key, bool otherwise) {
  const std::string told = text(map, key);
  if (told.empty()) return otherwise;
  if (told != "true" && told != "false")
    fault(map[key], fmt::format("{}: expected true or false", key));
  return told == "true";
}

std::int64_t DefinitionFile::integer(const YAML::Node& map, const char* key, std::int64_t least,
                                     std::int64_t most, std::int64_t otherwise) {
  const std::string told = text(map, key);
  if (told.empty()) return otherwise;
  const auto value = parse_number<std::int64_t>(told);
  if (!value || *value < least || *value > most) {
    fault(map[key], fmt::format("{}: expected an integer from {} to {}", key, least, most));
    return otherwise;
  }
  return *value;
}

std::optional<model::EventType> DefinitionFile::event_type(const YAML::Node& node) {
  const std::string name = node && node.IsScalar() ? node.Scalar() : std::string();
  if (const auto type = model::event_type_from(name)) return type;
  std::vector<std::string_view> names;
  for (const auto& row : model::event_type_table()) names.push_back(row.name);
  const auto meant = nearest(name, names);
  fault(node, fmt::format("\"{}\" is no event type{}", utf8_prefix(name, 64),
                          meant ? fmt::format("; did you mean \"{}\"?", *meant)
                                : std::string("; see GET /v1/meta for all")));
  return std::nullopt;
}

void DefinitionFile::each_member(
    const YAML::Node& map,
    const std::function<void(const std::string&, const YAML::Node&)>& visit) {
  std::vector<std::string> seen;
  for (const auto& member : map) {
    if (!member.first.IsScalar()) {
      fault(member.first, "expected a text as the name of a member");
      continue;
    }
    if (contains(seen, member.first.Scalar()))
      fault(member.first, fmt::format("{} given twice", member.first.Scalar()));
    seen.push_back(member.first.Scalar());
    visit(member.first.Scalar(), member.second);
  }
}

void DefinitionFile::append_json(const YAML::Node& node, std::string& out, int depth) {
  if (depth > kDepthMax || out.size() > kConstantBytesMax) {
    fault(node, "the constant is too deep or too large");
    return;
  }
  if (node.IsScalar()) {
    const auto& text = node.Scalar();
    const bool is_plain = node.Tag() != "!";
    if (is_plain && (text == "true" || text == "false" || parse_number<std::int64_t>(text)))
      out += text;
    else
      append_json_string(out, text);
  } else if (node.IsSequence() || node.IsMap()) {
    const bool is_map = node.IsMap();
    out += is_map ? '{' : '[';
    bool needs_comma = false;
    for (const auto& element : node) {
      if (needs_comma) out += ',';
      needs_comma = true;
      if (is_map) {
        append_json_string(out, element.first.IsScalar() ? element.first.Scalar() : "?");
        out += ':';
        append_json(element.second, out, depth + 1);
      } else {
        append_json(element, out, depth + 1);
      }
    }
    out += is_map ? '}' : ']';
  } else {
    out += "null";
  }
}

std::vector<Guard> DefinitionFile::guards(const YAML::Node& node) {
  std::vector<Guard> out;
  if (!node) return out;
  if (!node.IsSequence()) {
    fault(node, "when: expected a list of conditions, such as - {of: paid_at, is: present}");
    return out;
  }
  for (const auto& element : node) {
    if (!expect_map(element, "when", {"of", "is", "in", "not_in"})) continue;
    Guard guard;
    guard.path = required_text(element, "of", "when");
    const std::string is = text(element, "is");
    if (!is.empty() && is != "present" && is != "absent")
      fault(element["is"], "is: expected present or absent; use `in:` for values");
    if (is.empty() + !element["in"] + !element["not_in"] != 2)
      fault(element, "when: expected exactly one of is, in, not_in");
    if (is == "absent") guard.is = Guard::Is::Absent;
    if (element["in"]) guard.is = Guard::Is::In;
    if (element["not_in"]) guard.is = Guard::Is::NotIn;
    if (element["in"]) guard.values = texts(element["in"], "in");
    if (element["not_in"]) guard.values = texts(element["not_in"], "not_in");
    out.push_back(std::move(guard));
  }
  return out;
}

Shape DefinitionFile::taken(const YAML::Node& node) {
  Shape out;
  out.kind = Shape::Kind::Take;
  expect_map(node, "value", {"from", "as", "digits", "words", "otherwise", "when", "required"});
  out.path = required_text(node, "from", "value");
  if (node["words"]) {
    if (node["words"].IsMap())
      each_member(node["words"], [&](const std::string& word, const YAML::Node& to) {
        if (!to.IsScalar() && !to.IsNull()) fault(to, "words: expected a text");
        out.words[word] = to.IsScalar() ? to.Scalar() : std::string();
      });
    else
      fault(node["words"], "words: expected a map of word: what it becomes");
  }
  if (node["otherwise"]) out.otherwise = text(node, "otherwise");
  return out;
}

Shape DefinitionFile::shape(const YAML::Node& node, int depth) {
  Shape out;
  if (depth > kDepthMax) {
    fault(node, "nested too deeply");
    return out;
  }
  if (!node.IsMap()) {
    append_json(node, out.constant, 0);
    return out;
  }
  if (node["from"]) {
    out = taken(node);
  } else if (node["sum"]) {
    expect_map(node, "sum", {"sum", "of", "as", "digits", "when", "where", "required"});
    out.kind = Shape::Kind::Sum;
    out.columns = texts(node["sum"], "sum");
    out.path = required_text(node, "of", "sum");
    out.as = As::Money;
  } else if (node["list"] || node["fields"]) {
    expect_map(node, "fields", {"list", "fields", "when", "where", "required"});
    out.kind = node["list"] ? Shape::Kind::List : Shape::Kind::Object;
    out.path = text(node, "list");
    if (node["fields"] && node["fields"].IsMap())
      each_member(node["fields"], [&](const std::string& name, const YAML::Node& field) {
        out.fields.push_back({name, shape(field, depth + 1)});
      });
    else
      fault(node, "expected `fields:` with a map of members");
  } else if (node["value"]) {
    expect_map(node, "value", {"value", "when"});
    append_json(node["value"], out.constant, 0);
  } else {
    fault(node, "expected a constant, or a map with one of: from, sum, list, fields, value");
    return out;
  }
  const std::string as = text(node, "as");
  if (!as.empty()) {
    const auto known = std::ranges::find(kConversions, as, [](const auto& c) { return c.first; });
    if (known != std::end(kConversions))
      out.as = known->second;
    else
      fault(node["as"], "as: expected one of text, integer, money, time, end_of_day, json");
  }
  if (out.kind == Shape::Kind::Sum && out.as != As::Money && out.as != As::Integer)
    fault(node, "a sum is of money or integers");
  out.digits = static_cast<int>(integer(node, "digits", 0, 6, 2));
  out.when = guards(node["when"]);
  out.where = guards(node["where"]);
  out.is_required = flag(node, "required", false);
  return out;
}

Shape DefinitionFile::data_shape(const YAML::Node& node, model::EventType type) {
  Shape out;
  out.kind = Shape::Kind::Object;
  if (!node || node.IsNull()) return out;
  if (!node.IsMap()) {
    fault(node, "data: expected a map of fields");
    return out;
  }
  each_member(node, [&](const std::string& name, const YAML::Node& field) {
    out.fields.push_back({name, shape(field)});
    Shape one;
    one.kind = Shape::Kind::Object;
    one.fields.push_back(out.fields.back());
    if (const auto unknown = unknown_field(type, one))
      fault(field, fmt::format("data of {}: {}", model::row_of(type).name, *unknown));
  });
  return out;
}

}  // namespace cairn::integration

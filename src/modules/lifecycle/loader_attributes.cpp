#include "modules/lifecycle/loader_attributes.hpp"

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "base/text.hpp"

namespace cairn::lifecycle {
namespace {

constexpr std::string_view kLevels[]{"order", "line", "package", "step"};

/// Keywords of JSON Schema draft 7 that are checked. `pattern` is left out because no regular
/// expression engine at hand keeps to a time limit, `format` and `$ref` because they are not
/// checked, and a schema must not promise what nobody looks at.
constexpr std::string_view kKeywords[]{"type",
                                       "enum",
                                       "const",
                                       "title",
                                       "description",
                                       "default",
                                       "examples",
                                       "minimum",
                                       "maximum",
                                       "exclusiveMinimum",
                                       "exclusiveMaximum",
                                       "multipleOf",
                                       "minLength",
                                       "maxLength",
                                       "items",
                                       "minItems",
                                       "maxItems",
                                       "uniqueItems",
                                       "properties",
                                       "required",
                                       "additionalProperties",
                                       "minProperties",
                                       "maxProperties",
                                       "oneOf",
                                       "anyOf",
                                       "allOf",
                                       "not"};
constexpr std::string_view kForPeople[]{"x-label", "x-unit",  "x-options",
                                        "x-group", "x-order", "x-personal"};

bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const auto from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  if (at < text.size() && text[at] == '0' && text.size() > at + 1 && text[at + 1] != '.')
    return false;
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

const std::vector<std::string_view>& personal_words() {
  static const std::vector<std::string_view> kWords{"name", "phone", "address", "other"};
  return kWords;
}

void append_json(std::string& out, const Yaml& node) {
  switch (node.kind) {
    case Yaml::Kind::Null:
      out += "null";
      return;
    case Yaml::Kind::Scalar: {
      const auto& text = node.text;
      if (node.is_plain && (text == "true" || text == "false" || text == "null" || is_number(text)))
        out += text;
      else
        append_json_string(out, text);
      return;
    }
    case Yaml::Kind::Sequence: {
      out += '[';
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i != 0) out += ',';
        append_json(out, node.items[i]);
      }
      out += ']';
      return;
    }
    case Yaml::Kind::Map: {
      out += '{';
      for (std::size_t i = 0; i < node.members.size(); ++i) {
        if (i != 0) out += ',';
        append_json_string(out, node.members[i].key.text);
        out += ':';
        append_json(out, node.members[i].value);
      }
      out += '}';
      return;
    }
  }
}

/// A keyword by itself; a fault where it would not be checked.
bool is_checked(Reader& reader, const Yaml& key) {
  const std::string_view word = key.text;
  const bool is_for_people = word.starts_with("x-");
  if (is_for_people ? contains(kForPeople, word) : contains(kKeywords, word)) return true;
  if (is_for_people)
    reader.unknown(key, "unknown_keyword", "key for people",
                   {std::begin(kForPeople), std::end(kForPeople)});
  else
    reader.unknown(key, "unknown_keyword", "keyword that is checked",
                   {std::begin(kKeywords), std::end(kKeywords)});
  return false;
}

/// Words for the values of an enum: `x-options: {none: {zh: 不开票, en: No invoice}}`. Every value
/// has them or none has, so that a person never meets a bare code among words.
void check_options(Reader& reader, const Yaml& schema, const Yaml& key, const Yaml& options) {
  const auto* values = schema.find("enum");
  if (!values)
    return reader.fault(key, "no_enum", "\"x-options\" gives words to the values of an \"enum\"");
  if (!reader.expect_open_map(options, "x-options")) return;
  std::vector<std::string_view> known;
  for (const auto& value : reader.items(values, "enum")) {
    known.push_back(value.text);
    if (!options.find(value.text))
      reader.fault(value, "missing_label",
                   fmt::format("\"{}\" has no words in \"x-options\", other values have",
                               utf8_prefix(value.text, 64)));
  }
  for (const auto& [code, words] : options.members) {
    if (!contains(known, std::string_view(code.text)))
      reader.unknown(code, "unknown_value", "value of the enum", known);
    reader.label(words, fmt::format("\"{}\" of x-options", utf8_prefix(code.text, 64)));
  }
}

/// `x-personal: name`: sealed under the key of the order, shown masked as its kind is. Only texts,
/// and not of lines: those are told by the thousand with their orders, in the open.
void check_personal(Reader& reader, const Yaml& schema, const Yaml& key, const Yaml& kind,
                    bool is_of_lines) {
  if (!contains(personal_words(), std::string_view(kind.text)))
    reader.unknown(kind, "unknown_kind", "kind of personal text", personal_words());
  const auto* type = schema.find("type");
  if (!type || type->text != "string")
    reader.fault(key, "personal_attribute", "only a text (type: string) can be personal");
  if (is_of_lines)
    reader.fault(key, "personal_of_line",
                 "attributes of lines are not sealed: personal ones belong to order, package or "
                 "step");
}

/// The same of a whole schema and of those inside it. False when the library must not see it.
bool check_schema(Reader& reader, const Yaml& schema, bool is_of_lines) {
  if (!reader.expect_open_map(schema, "a schema")) return false;
  bool is_good = true;
  const auto check_inner = [&](const Yaml& inner) {
    is_good = check_schema(reader, inner, is_of_lines) && is_good;
  };
  for (const auto& [key, value] : schema.members) {
    const std::string_view word = key.text;
    if (!is_checked(reader, key)) {
      is_good = false;
    } else if (word == "x-options") {
      check_options(reader, schema, key, value);
    } else if (word == "x-personal") {
      check_personal(reader, schema, key, value, is_of_lines);
    } else if (word == "x-unit" && value.is_map()) {
      reader.label(value, "x-unit");
    } else if (word == "properties") {
      if (!reader.expect_open_map(value, word)) return false;
      for (const auto& [name, inner] : value.members) check_inner(inner);
    } else if (word == "not" || (word == "items" && value.is_map())) {
      check_inner(value);
    } else if (word == "oneOf" || word == "anyOf" || word == "allOf" || word == "items") {
      for (const auto& inner : reader.items(&value, word)) check_inner(inner);
    }
  }
  return is_good;
}

}  // namespace

void read_attribute_set(Reader& reader, const Yaml& root, AttributeSets& sets) {
  if (!reader.expect_map(root, "an attribute set", {"id", "title", "levels", "schema"})) return;
  AttributeSet out;
  out.code = reader.needed_text(root, "id", "an attribute set");
  out.label = reader.label_of(root, "title", true, "an attribute set");
  const auto* levels = reader.need(root, "levels", "an attribute set");
  for (const auto& level : reader.items(levels, "levels")) {
    if (!contains(kLevels, std::string_view(level.text)))
      reader.unknown(level, "unknown_level", "level", {std::begin(kLevels), std::end(kLevels)});
    out.levels.push_back(level.text);
  }
  for (const auto& other : sets.sets())
    if (other.code == out.code)
      reader.fault(root, "duplicate_key",
                   fmt::format("attribute set \"{}\" is defined twice", out.code));
  const auto* schema = reader.need(root, "schema", "an attribute set");
  if (!schema) return;
  if (!check_schema(reader, *schema, contains(out.levels, std::string("line")))) return;
  append_json(out.schema, *schema);
  if (auto wrong = sets.add(std::move(out)); !wrong.empty())
    reader.fault(*schema, "bad_schema", fmt::format("the schema cannot be used: {}", wrong));
}

}  // namespace cairn::lifecycle

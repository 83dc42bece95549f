#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/number.hpp"
#include "base/text.hpp"

/// api/openapi.yaml by itself: every operation shows an answer and its problems, and what it shows
/// is what it says.
namespace cairn::app {
namespace {

const YAML::Node& description() {
  static const auto kRoot = YAML::LoadFile(CAIRN_SOURCE_DIR "/api/openapi.yaml");
  return kRoot;
}

/// The node itself, or what its $ref names: "#/components/schemas/Order".
YAML::Node followed(YAML::Node node) {
  while (node.IsMap() && node["$ref"]) {
    const auto path = node["$ref"].as<std::string>();
    node.reset(description());
    for (const auto part : split(std::string_view(path).substr(2), '/')) {
      const YAML::Node next = node[std::string(part)];
      if (!next) ADD_FAILURE() << path << " leads nowhere";
      node.reset(next);
    }
  }
  return node;
}

std::string type_of(const YAML::Node& value) {
  if (value.IsMap()) return "object";
  if (value.IsSequence()) return "array";
  if (value.IsNull()) return "null";
  if (value.Tag() == "!") return "string";  // in quotation marks, or a block
  const auto text = value.Scalar();
  std::int64_t integer = 0;
  if (text == "true" || text == "false") return "boolean";
  if (read_number(text, integer)) return "integer";
  return "string";
}

std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// The keywords of JSON Schema that the description uses. Faults are "path: what is wrong".
class Checker {
 public:
  std::vector<std::string> faults;

  void check(const YAML::Node& value, const YAML::Node& schema_or_ref, const std::string& at) {
    const auto schema = followed(schema_or_ref);
    if (!schema.IsMap()) return;
    for (const auto& entry : schema)
      if (!is_known(entry.first.as<std::string>()))
        faults.push_back(at + ": this test knows no keyword " + entry.first.as<std::string>());
    check_choice(value, schema, at);
    check_type(value, schema, at);
    if (value.IsScalar()) check_scalar(value, schema, at);
    if (value.IsSequence()) check_array(value, schema, at);
    if (value.IsMap()) check_object(value, schema, at);
  }

 private:
  static bool is_known(const std::string& keyword) {
    static constexpr std::string_view kKnown[]{
        "type",   "description", "properties", "items",     "required", "maxLength",
        "format", "enum",        "default",    "minLength", "maxItems", "examples",
        "oneOf",  "minimum",     "pattern",    "minItems",  "const",    "additionalProperties",
        "title",  "maximum",     "example"};
    return std::ranges::find(kKnown, keyword) != std::end(kKnown) || keyword.starts_with("x-");
  }

  void check_choice(const YAML::Node& value, const YAML::Node& schema, const std::string& at) {
    if (schema["const"] && value.Scalar() != schema["const"].Scalar())
      faults.push_back(at + ": is not " + schema["const"].Scalar());
    if (schema["enum"] &&
        std::none_of(schema["enum"].begin(), schema["enum"].end(),
                     [&](const auto& one) { return one.Scalar() == value.Scalar(); }))
      faults.push_back(at + ": " + value.Scalar() + " is none of the values there are");
    if (!schema["oneOf"]) return;
    const auto fitting =
        std::count_if(schema["oneOf"].begin(), schema["oneOf"].end(), [&](const YAML::Node& one) {
          Checker inner;
          inner.check(value, one, at);
          return inner.faults.empty();
        });
    if (fitting != 1) faults.push_back(fmt::format("{}: fits {} of oneOf", at, fitting));
  }

  void check_type(const YAML::Node& value, const YAML::Node& schema, const std::string& at) {
    const auto type = schema["type"];
    if (!type) return;
    const auto is = type_of(value);
    const auto fits = [&](const std::string& wanted) {
      return is == wanted || (wanted == "number" && is == "integer");
    };
    const bool is_right = type.IsScalar()
                              ? fits(type.Scalar())
                              : std::any_of(type.begin(), type.end(),
                                            [&](const auto& one) { return fits(one.Scalar()); });
    if (!is_right) faults.push_back(at + ": is of type " + is);
  }

  void check_scalar(const YAML::Node& value, const YAML::Node& schema, const std::string& at) {
    const auto& text = value.Scalar();
    if (schema["pattern"] && !std::regex_search(text, std::regex(schema["pattern"].Scalar())))
      faults.push_back(at + ": does not match " + schema["pattern"].Scalar());
    if (schema["maxLength"] && letters(text) > schema["maxLength"].as<std::size_t>())
      faults.push_back(at + ": is too long");
    if (schema["minLength"] && letters(text) < schema["minLength"].as<std::size_t>())
      faults.push_back(at + ": is too short");
    std::int64_t number = 0;
    if (!read_number(text, number)) return;
    if (schema["minimum"] && number < schema["minimum"].as<std::int64_t>())
      faults.push_back(at + ": is too small");
    if (schema["maximum"] && number > schema["maximum"].as<std::int64_t>())
      faults.push_back(at + ": is too large");
  }

  void check_array(const YAML::Node& value, const YAML::Node& schema, const std::string& at) {
    if (schema["maxItems"] && value.size() > schema["maxItems"].as<std::size_t>())
      faults.push_back(at + ": has too many items");
    if (schema["minItems"] && value.size() < schema["minItems"].as<std::size_t>())
      faults.push_back(at + ": has too few items");
    if (!schema["items"]) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      check(value[i], schema["items"], fmt::format("{}/{}", at, i));
  }

  void check_object(const YAML::Node& value, const YAML::Node& schema, const std::string& at) {
    for (const auto& name : schema["required"])
      if (!value[name.Scalar()]) faults.push_back(at + ": " + name.Scalar() + " is missing");
    const auto properties = schema["properties"];
    const auto others = schema["additionalProperties"];
    for (const auto& member : value) {
      const auto name = member.first.Scalar();
      if (properties && properties[name])
        check(member.second, properties[name], at + "/" + name);
      else if (others && others.IsMap())
        check(member.second, others, at + "/" + name);
      else if ((others && others.Scalar() == "false") || (properties && !others))
        faults.push_back(at + "/" + name + ": is not described");
    }
  }
};

std::vector<YAML::Node> examples_of(const YAML::Node& media) {
  std::vector<YAML::Node> all;
  if (media["example"]) all.push_back(media["example"]);
  for (const auto& example : media["examples"]) all.push_back(followed(example.second)["value"]);
  return all;
}

/// Every example of a body; a body without any is a fault where `must_have`.
void check_body(const YAML::Node& body, const std::string& at, bool must_have) {
  for (const auto& media : body["content"]) {
    const auto name = at + " " + media.first.Scalar();
    const auto examples = examples_of(media.second);
    EXPECT_TRUE(!must_have || !examples.empty()) << name << " has no example";
    for (const auto& example : examples) {
      Checker checker;
      if (media.second["schema"]) checker.check(example, media.second["schema"], "");
      EXPECT_TRUE(checker.faults.empty())
          << name << "\n  " << fmt::format("{}", fmt::join(checker.faults, "\n  "));
    }
  }
}

template <typename Visit>
void each_operation(Visit&& visit) {
  for (const auto& path : description()["paths"])
    for (const auto& operation : path.second)
      if (operation.first.Scalar() != "parameters")
        visit(operation.first.Scalar() + " " + path.first.Scalar(), operation.second);
}

TEST(OpenApi, ShowsAnExampleOfEveryAnswerAndProblemThatFitsItsSchema) {
  std::size_t operations = 0;
  each_operation([&](const std::string& name, const YAML::Node& operation) {
    ++operations;
    bool has_problem = false;
    for (const auto& response : operation["responses"]) {
      const auto code = response.first.Scalar();
      const auto body = followed(response.second);
      check_body(body, name + " " + code, true);
      has_problem |= code == "default" && body["content"]["application/problem+json"];
    }
    EXPECT_TRUE(has_problem) << name << " does not show its problems";
  });
  EXPECT_GE(operations, 30u);
}

TEST(OpenApi, ShowsRequestsThatFitTheirSchema) {
  each_operation([](const std::string& name, const YAML::Node& operation) {
    if (operation["requestBody"]) check_body(followed(operation["requestBody"]), name, false);
  });
}

TEST(OpenApi, TheCheckerNoticesWhatDoesNotFit) {
  const auto schema = YAML::Load(
      "{type: object, required: [a, n], properties: {a: {type: string, maxLength: 2}, "
      "n: {type: integer, minimum: 1}, e: {enum: [x, y]}, l: {type: array, items: {type: "
      "boolean}}, "
      "p: {pattern: '^[a-z]$'}, s: {type: string}}}");
  const auto faults = [&](const char* text) {
    Checker checker;
    checker.check(YAML::Load(text), schema, "");
    return fmt::format("{}", fmt::join(checker.faults, "; "));
  };
  EXPECT_EQ(faults("{a: 你好, n: 1, e: x, l: [true], p: a, s: '7'}"), "");
  EXPECT_EQ(faults("{a: abc, n: 0}"), "/a: is too long; /n: is too small");
  EXPECT_EQ(faults("{a: a}"), ": n is missing");
  EXPECT_EQ(faults("{a: a, n: x1}"), "/n: is of type string");
  EXPECT_EQ(faults("{a: a, n: 1, e: z}"), "/e: z is none of the values there are");
  EXPECT_EQ(faults("{a: a, n: 1, l: [1]}"), "/l/0: is of type integer");
  EXPECT_EQ(faults("{a: a, n: 1, p: A}"), "/p: does not match ^[a-z]$");
  EXPECT_EQ(faults("{a: a, n: 1, s: 7}"), "/s: is of type integer");
  EXPECT_EQ(faults("{a: a, n: 1, z: 7}"), "/z: is not described");
  EXPECT_EQ(faults("[]"), ": is of type array");
}

}  // namespace
}  // namespace cairn::app

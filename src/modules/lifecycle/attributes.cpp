#include "modules/lifecycle/attributes.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/ranges.hpp"
#include "base/text.hpp"

namespace cairn::lifecycle {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// One attribute of one set, compiled.
struct Property {
  std::string name;
  std::vector<std::string> levels;
  std::unique_ptr<valijson::Schema> schema;
  std::optional<model::PersonalKind> personal;
};

std::optional<model::PersonalKind> personal_kind_of(const Json& part) {
  using enum model::PersonalKind;
  const auto found = part.find("x-personal");
  if (found == part.end() || !found->is_string()) return std::nullopt;
  const auto word = found->get<std::string>();
  return word == "name" ? Name : word == "phone" ? Phone : word == "address" ? Address : Other;
}

/// "/temperature/0" out of the library's ["<root>", "[temperature]", "[0]"].
std::string pointer_of(std::string_view name, const std::vector<std::string>& context) {
  std::string out = fmt::format("/{}", name);
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string_view step = context[i];
    if (step.starts_with('[') && step.ends_with(']')) step = step.substr(1, step.size() - 2);
    out += fmt::format("/{}", step);
  }
  return out;
}

/// The first thing wrong with a value; nothing when it fits.
std::optional<AttributeFault> fault_of(const Property& property, const Json& value) {
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  try {
    if (validator.validate(*property.schema, Adapter(value), &results)) return std::nullopt;
  } catch (const std::exception& e) {
    return AttributeFault{fmt::format("/{}", property.name),
                          fmt::format("cannot be checked: {}", e.what())};
  }
  valijson::ValidationResults::Error error;
  if (!results.popError(error))
    return AttributeFault{fmt::format("/{}", property.name), "not allowed"};
  return AttributeFault{pointer_of(property.name, error.context), error.description};
}

}  // namespace

struct AttributeSets::State {
  std::vector<AttributeSet> sets;
  std::vector<Property> properties;
};

AttributeSets::AttributeSets() : state_(std::make_unique<State>()) {}
AttributeSets::~AttributeSets() = default;
AttributeSets::AttributeSets(AttributeSets&&) noexcept = default;
AttributeSets& AttributeSets::operator=(AttributeSets&&) noexcept = default;

std::string AttributeSets::add(AttributeSet set) {
  const Json schema = Json::parse(set.schema, nullptr, false);
  if (schema.is_discarded() || !schema.is_object()) return "the schema is not an object";
  const auto found = schema.find("properties");
  if (found == schema.end() || !found->is_object()) return "the schema has no properties";
  std::vector<Property> compiled;
  for (const auto& [name, part] : found->items()) {
    Property property{name, set.levels, std::make_unique<valijson::Schema>(),
                      personal_kind_of(part)};
    try {
      valijson::SchemaParser(valijson::SchemaParser::kDraft7)
          .populateSchema(Adapter(part), *property.schema);
    } catch (const std::exception& e) {
      return fmt::format("\"{}\": {}", name, e.what());
    }
    compiled.push_back(std::move(property));
  }
  std::ranges::move(compiled, std::back_inserter(state_->properties));
  state_->sets.push_back(std::move(set));
  return {};
}

std::span<const AttributeSet> AttributeSets::sets() const { return state_->sets; }

std::optional<model::PersonalKind> AttributeSets::personal_kind(std::string_view level,
                                                                std::string_view name) const {
  for (const auto& property : state_->properties)
    if (property.personal && property.name == name && contains(property.levels, level))
      return property.personal;
  return std::nullopt;
}

bool AttributeSets::has_personal() const {
  return std::ranges::any_of(
      state_->properties, [](const Property& property) { return property.personal.has_value(); });
}

std::vector<AttributeFault> AttributeSets::check(std::string_view level,
                                                 std::string_view attributes) const {
  std::vector<AttributeFault> out;
  if (attributes.empty() || attributes == "{}") return out;
  if (level.empty()) level = "order";
  const Json values = Json::parse(attributes, nullptr, false);
  if (!values.is_object()) return {{"", "attributes are a JSON object"}};
  for (const auto& [name, value] : values.items()) {
    std::optional<AttributeFault> fault;
    bool is_known = false;
    std::vector<std::string_view> names;
    for (const auto& property : state_->properties) {
      if (!contains(property.levels, level)) continue;
      names.push_back(property.name);
      if (property.name != name) continue;
      // Where two sets have an attribute of this name, it fits when it fits one of them.
      const bool is_first = !std::exchange(is_known, true);
      auto wrong = value.is_null() ? std::nullopt : fault_of(property, value);
      if (!wrong || is_first) fault = std::move(wrong);
      if (!fault) break;
    }
    if (!is_known) {
      const auto near = nearest(name, names);
      fault = AttributeFault{fmt::format("/{}", name),
                             fmt::format("no attribute set has \"{}\" for a{} {}{}",
                                         utf8_prefix(name, 64), level == "order" ? "n" : "", level,
                                         near ? fmt::format("; did you mean \"{}\"?", *near) : "")};
    }
    if (fault) out.push_back(*std::move(fault));
  }
  return out;
}

}  // namespace cairn::lifecycle

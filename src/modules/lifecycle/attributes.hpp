#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/personal.hpp"
#include "modules/lifecycle/tables.hpp"

namespace cairn::lifecycle {

/// Attributes that some kind of goods or order has, laid over any order: a file in
/// definitions/attributes. `schema` is JSON Schema draft 7 with `x-` keys for people.
struct AttributeSet {
  std::string code;
  Label label;
  std::vector<std::string> levels;  ///< order, line, package, step
  std::string schema;               ///< JSON
};

/// An attribute that no set knows, or that its set does not allow.
struct AttributeFault {
  std::string pointer;  ///< into the attributes: "/hs_code"
  std::string message;
};

/// The sets in force. Immutable, any thread. A set is compiled when it is added; checking never
/// throws and takes time in proportion to schema and value, as patterns are not allowed.
class AttributeSets {
 public:
  AttributeSets();
  ~AttributeSets();
  AttributeSets(AttributeSets&&) noexcept;
  AttributeSets& operator=(AttributeSets&&) noexcept;

  /// Compiles the set. A message where the schema cannot be used.
  std::string add(AttributeSet set);
  std::span<const AttributeSet> sets() const;

  /// What is wrong with `attributes`, a JSON object or empty, at a level. `null` takes an attribute
  /// away and is never wrong of one that is known.
  std::vector<AttributeFault> check(std::string_view level, std::string_view attributes) const;
  /// What kind of personal text an attribute is; nothing where it is none.
  std::optional<model::PersonalKind> personal_kind(std::string_view level,
                                                   std::string_view name) const;
  bool has_personal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::lifecycle

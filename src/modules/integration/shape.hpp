#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event_types.hpp"
#include "modules/integration/zone.hpp"

/// How the data of one fact is made from something else: a row of a table with its child rows, or a
/// JSON document another system sent. Declared in a source's definition, checked when it is loaded.
namespace cairn::integration {

template <typename Range, typename Value>
bool contains(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

/// What a shape takes its values from.
class Scope {
 public:
  virtual ~Scope() = default;
  /// The value at a path as text; nothing where it is missing, empty or null.
  virtual std::optional<std::string> text(std::string_view path) const = 0;
  /// The value at a path as JSON; nothing where it is missing or null.
  virtual std::optional<std::string> json(std::string_view path) const = 0;
  using Visit = std::function<Result<void>(const Scope&)>;
  /// Calls `visit` for every element of a list until it fails.
  virtual Result<void> each(std::string_view list, const Visit& visit) const = 0;
};

/// A condition on one value.
struct Guard {
  enum class Is : std::uint8_t { Present, Absent, In, NotIn };
  std::string path;
  Is is = Is::Present;
  std::vector<std::string> values;
};
bool holds(const std::vector<Guard>& guards, const Scope& scope);

/// What a taken value becomes.
enum class As : std::uint8_t {
  Json,  ///< as it is: JSON from JSON, text from a table
  Text,  ///< ids are text even where numbers are sent
  Integer,
  Money,    ///< a decimal, "199.90" → 19990 with two digits; exactly, never through a double
  Time,     ///< a wall time or RFC 3339 → RFC 3339 in UTC
  EndOfDay  ///< the last microsecond of that day where it happens
};

struct ShapeMember;
struct Shape {
  enum class Kind : std::uint8_t { Constant, Take, Sum, List, Object };
  Kind kind = Kind::Constant;
  std::string constant;              ///< JSON
  std::string path;                  ///< Take: the value; Sum, List: the list
  std::vector<std::string> columns;  ///< Sum: added up over the list
  As as = As::Json;
  int digits = 2;                                         ///< of Money
  std::map<std::string, std::string, std::less<>> words;  ///< Take: what a word becomes
  std::optional<std::string> otherwise;                   ///< Take: what another word becomes
  std::vector<ShapeMember> fields;                        ///< Object, List
  std::vector<Guard> when;                                ///< else there is no value
  std::vector<Guard> where;  ///< List, Sum: elements for which these hold
  bool is_required = false;  ///< without a value the whole fact fails
};
struct ShapeMember {
  std::string name;
  Shape shape;
};

/// Appends the JSON a shape makes; false (and nothing appended) where its value is missing. Members
/// without a value are left out. Errors: Invalid, the pointer naming the field.
Result<bool> append_shaped(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                           std::string& out);

/// "12.5" with two digits → 1250. Errors: Invalid (not a decimal, more digits than the currency
/// has, out of range).
Result<std::int64_t> parse_money(std::string_view text, int digits);

/// "{order_id}/shipped/{seller_id}" with the values of `scope`.
std::string fill_text(std::string_view pattern, const Scope& scope);

/// The first member of `shape` that the payload of `type` has no field for, with what was meant.
std::optional<std::string> unknown_field(model::EventType type, const Shape& shape);

}  // namespace cairn::integration

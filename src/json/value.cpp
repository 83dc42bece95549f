#include "json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/text.hpp"

namespace cairn::json {

using simdjson::dom::element;
static_assert(sizeof(element) == 16 && std::is_trivially_copyable_v<element>);

struct Access {
  static element get(const Value& value) {
    element out;
    std::memcpy(static_cast<void*>(&out), value.element_, sizeof out);
    return out;
  }
  static Value wrap(element e) {
    Value out;
    std::memcpy(out.element_, static_cast<const void*>(&e), sizeof e);
    return out;
  }
};

Type Value::type() const {
  using simdjson::dom::element_type;
  switch (Access::get(*this).type()) {
    case element_type::ARRAY:
      return Type::Array;
    case element_type::OBJECT:
      return Type::Object;
    case element_type::INT64:
    case element_type::UINT64:
      return Type::Integer;
    case element_type::DOUBLE:
      return Type::Real;
    case element_type::STRING:
      return Type::String;
    case element_type::BOOL:
      return Type::Bool;
    default:
      return Type::Null;
  }
}

std::optional<bool> Value::as_bool() const {
  bool out;
  if (Access::get(*this).get_bool().get(out)) return std::nullopt;
  return out;
}

std::optional<std::int64_t> Value::as_integer() const {
  std::int64_t out;
  if (Access::get(*this).get_int64().get(out)) return std::nullopt;
  return out;
}

std::optional<double> Value::as_real() const {
  double out;
  if (Access::get(*this).get_double().get(out)) return std::nullopt;
  return out;
}

std::optional<std::string_view> Value::as_string() const {
  std::string_view out;
  if (Access::get(*this).get_string().get(out)) return std::nullopt;
  return out;
}

std::optional<std::string> Value::as_id() const {
  if (const auto text = as_string()) return std::string(*text);
  std::uint64_t wide;
  if (!Access::get(*this).get_uint64().get(wide)) return fmt::format_int(wide).str();
  if (const auto number = as_integer()) return fmt::format_int(*number).str();
  return std::nullopt;
}

std::optional<Value> Value::find(std::string_view key) const {
  element out;
  if (Access::get(*this).at_key(key).get(out)) return std::nullopt;
  return Access::wrap(out);
}

std::size_t Value::size() const {
  simdjson::dom::array array;
  simdjson::dom::object object;
  const element e = Access::get(*this);
  if (!e.get_array().get(array)) return array.size();
  if (!e.get_object().get(object)) return object.size();
  return 0;
}

void Value::each_member(void* context, MemberVisitor visit) const {
  simdjson::dom::object object;
  if (Access::get(*this).get_object().get(object)) return;
  for (const auto member : object)
    if (!visit(context, member.key, Access::wrap(member.value))) return;
}

void Value::each_element(void* context, ElementVisitor visit) const {
  simdjson::dom::array array;
  if (Access::get(*this).get_array().get(array)) return;
  for (const auto e : array)
    if (!visit(context, Access::wrap(e))) return;
}

void Value::append_to(std::string& out) const {
  switch (type()) {
    case Type::Null:
      out += "null";
      return;
    case Type::Bool:
      out += *as_bool() ? "true" : "false";
      return;
    case Type::Integer:
      out += *as_id();
      return;
    case Type::Real:
      fmt::format_to(std::back_inserter(out), "{}", *as_real());
      return;
    case Type::String:
      append_json_string(out, *as_string());
      return;
    case Type::Array: {
      char separator = '[';
      elements([&](Value value) {
        out += separator;
        separator = ',';
        value.append_to(out);
        return true;
      });
      if (separator == '[') out += '[';
      out += ']';
      return;
    }
    case Type::Object: {
      char separator = '{';
      members([&](std::string_view key, Value value) {
        out += separator;
        separator = ',';
        append_json_string(out, key);
        out += ':';
        value.append_to(out);
        return true;
      });
      if (separator == '{') out += '{';
      out += '}';
      return;
    }
  }
}

void Value::append_canonical(std::string& out) const {
  if (type() == Type::Array) {
    char separator = '[';
    elements([&](Value value) {
      out += separator;
      separator = ',';
      value.append_canonical(out);
      return true;
    });
    if (separator == '[') out += '[';
    out += ']';
    return;
  }
  if (type() != Type::Object) return append_to(out);
  std::vector<std::pair<std::string_view, Value>> sorted;
  members([&](std::string_view key, Value value) {
    sorted.emplace_back(key, value);
    return true;
  });
  std::ranges::sort(sorted, {}, [](const auto& member) { return member.first; });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i != 0) out += ',';
    append_json_string(out, sorted[i].first);
    out += ':';
    sorted[i].second.append_canonical(out);
  }
  out += '}';
}

struct Document::State {
  Limits limits;
  simdjson::dom::parser parser;
  std::vector<char> padded;
};

Document::Document(Limits limits) : state_(std::make_unique<State>()) { state_->limits = limits; }
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<Value> Document::parse(std::string_view text) {
  State& s = *state_;
  if (text.size() > s.limits.bytes_max)
    return fail(ErrorCode::TooLarge, fmt::format("{} bytes of JSON; at most {} are read",
                                                 text.size(), s.limits.bytes_max));
  const std::size_t wanted = text.size() + simdjson::SIMDJSON_PADDING;
  if (s.padded.size() < wanted) s.padded.resize(std::max(wanted, s.padded.size() * 2));
  if (!text.empty()) std::memcpy(s.padded.data(), text.data(), text.size());
  std::memset(s.padded.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
  if (s.parser.capacity() < text.size() || s.parser.max_depth() != s.limits.depth_max) {
    const std::size_t room = std::max<std::size_t>(text.size() * 2, 4096);
    if (const auto error = s.parser.allocate(room, s.limits.depth_max))
      return fail(ErrorCode::TooLarge, simdjson::error_message(error));
  }
  element root;
  const auto error = s.parser.parse(s.padded.data(), text.size(), false).get(root);
  if (error == simdjson::DEPTH_ERROR)
    return fail(ErrorCode::TooLarge,
                fmt::format("JSON is nested deeper than {} levels", s.limits.depth_max));
  if (error == simdjson::EMPTY) return fail(ErrorCode::Malformed, "expected JSON, got nothing");
  if (error == simdjson::NUMBER_ERROR)
    return fail(ErrorCode::Malformed,
                "JSON has a number that does not fit 64 bits; send long ids "
                "as text");
  if (error)
    return fail(ErrorCode::Malformed, fmt::format("not JSON: {}", simdjson::error_message(error)));
  return Access::wrap(root);
}

}  // namespace cairn::json

#include "modules/integration/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.hpp"
#include "base/text.hpp"

namespace cairn::integration {
namespace {

Result<void> append_time(std::string_view text, As as, const std::optional<Zone>& zone,
                         std::string& out) {
  Time time;
  if (as == As::EndOfDay && zone) {
    CAIRN_TRY(const auto wall, parse_wall_time(text));
    time = zone->end_of_day(wall.time);
  } else {
    CAIRN_TRY(const auto told, parse_told_time(text, zone));
    time = as == As::EndOfDay ? end_of(told.time, Precision::Day) : told.time;
  }
  out += '"';
  append_rfc3339(out, time);
  out += '"';
  return {};
}

Result<void> append_converted(const Shape& shape, std::string_view text,
                              const std::optional<Zone>& zone, std::string& out) {
  switch (shape.as) {
    case As::Json:
    case As::Text:
      append_json_string(out, text);
      return {};
    case As::Integer: {
      const auto clean = trim(text);
      const auto number = parse_number<std::int64_t>(clean);
      if (!number)
        return fail(ErrorCode::Invalid,
                    fmt::format("\"{}\" is not an integer", utf8_prefix(clean, 40)));
      fmt::format_to(std::back_inserter(out), "{}", *number);
      return {};
    }
    case As::Money: {
      CAIRN_TRY(const auto minor, parse_money(text, shape.digits));
      fmt::format_to(std::back_inserter(out), "{}", minor);
      return {};
    }
    case As::Time:
    case As::EndOfDay:
      return append_time(text, shape.as, zone, out);
  }
  return {};
}

Result<bool> append_taken(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                          std::string& out) {
  if (shape.as == As::Json && shape.words.empty() && !shape.otherwise) {
    const auto json = scope.json(shape.path);
    if (json) out += *json;
    return json.has_value();
  }
  auto text = scope.text(shape.path);
  if (text && (!shape.words.empty() || shape.otherwise)) {
    const auto known = shape.words.find(*text);
    if (known != shape.words.end())
      text = known->second;
    else if (shape.otherwise)
      text = *shape.otherwise;
    if (text->empty()) return false;
  }
  if (!text) return false;
  CAIRN_TRY_VOID(append_converted(shape, *text, zone, out));
  return true;
}

Result<bool> append_sum(const Shape& shape, const Scope& scope, std::string& out) {
  std::int64_t total = 0;
  bool is_any = false;
  CAIRN_TRY_VOID(scope.each(shape.path, [&](const Scope& row) -> Result<void> {
    if (!holds(shape.where, row)) return {};
    for (const auto& column : shape.columns) {
      const auto text = row.text(column);
      if (!text) continue;
      CAIRN_TRY(const auto minor, parse_money(*text, shape.as == As::Integer ? 0 : shape.digits));
      if (__builtin_add_overflow(total, minor, &total))
        return fail(ErrorCode::Invalid, fmt::format("the sum of {} is beyond 64 bits", column));
      is_any = true;
    }
    return {};
  }));
  if (is_any) fmt::format_to(std::back_inserter(out), "{}", total);
  return is_any;
}

Result<void> append_members(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                            std::string& out) {
  out += '{';
  bool needs_comma = false;
  for (const auto& [name, field] : shape.fields) {
    const std::size_t before = out.size();
    if (needs_comma) out += ',';
    append_json_string(out, name);
    out += ':';
    auto made = append_shaped(field, scope, zone, out);
    if (!made) {
      made.error().pointer = fmt::format("/{}{}", name, made.error().pointer);
      return std::unexpected(std::move(made).error());
    }
    if (*made)
      needs_comma = true;
    else
      out.resize(before);
  }
  out += '}';
  return {};
}

Result<bool> append_list(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                         std::string& out) {
  const std::size_t before = out.size();
  char separator = '[';
  std::size_t index = 0;
  CAIRN_TRY_VOID(scope.each(shape.path, [&](const Scope& row) -> Result<void> {
    const std::size_t at = index++;
    if (!holds(shape.where, row)) return {};
    out += separator;
    separator = ',';
    auto made = append_members(shape, row, zone, out);
    if (!made) made.error().pointer = fmt::format("/{}{}", at, made.error().pointer);
    return made;
  }));
  if (out.size() == before) return false;
  out += ']';
  return true;
}

Result<bool> append_value(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                          std::string& out) {
  switch (shape.kind) {
    case Shape::Kind::Constant:
      out += shape.constant;
      return true;
    case Shape::Kind::Take:
      return append_taken(shape, scope, zone, out);
    case Shape::Kind::Sum:
      return append_sum(shape, scope, out);
    case Shape::Kind::List:
      return append_list(shape, scope, zone, out);
    case Shape::Kind::Object: {
      const std::size_t before = out.size();
      CAIRN_TRY_VOID(append_members(shape, scope, zone, out));
      if (out.size() > before + 2) return true;
      out.resize(before);
      return false;
    }
  }
  return false;
}

}  // namespace

bool holds(const std::vector<Guard>& guards, const Scope& scope) {
  return std::ranges::all_of(guards, [&](const Guard& guard) {
    using enum Guard::Is;
    const bool is_of_values = guard.is == In || guard.is == NotIn;
    const auto text = is_of_values ? scope.text(guard.path) : scope.json(guard.path);
    switch (guard.is) {
      case Present:
        return text.has_value();
      case Absent:
        return !text.has_value();
      case In:
        return text && contains(guard.values, *text);
      case NotIn:
        return !text || !contains(guard.values, *text);
    }
    return false;
  });
}

Result<bool> append_shaped(const Shape& shape, const Scope& scope, const std::optional<Zone>& zone,
                           std::string& out) {
  if (!holds(shape.when, scope)) return false;
  auto made = append_value(shape, scope, zone, out);
  if (made && !*made && shape.is_required)
    return fail(ErrorCode::Invalid, fmt::format("{} is needed for this and was not told",
                                                shape.path.empty() ? "a value" : shape.path));
  return made;
}

Result<std::int64_t> parse_money(std::string_view text, int digits) {
  const std::string_view told = trim(text);
  std::string_view rest = told;
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::Invalid, fmt::format("\"{}\" is not an amount: {}; expected it like "
                                                "199.90",
                                                utf8_prefix(told, 40), why));
  };
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::int64_t value = 0;
  int fraction = -1;  // digits seen after the point; -1 before it
  bool is_any = false;
  for (const char c : rest) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return bad("only digits and one point are read");
    is_any = true;
    if (fraction >= digits) {
      if (c != '0') return bad(fmt::format("more than {} digits after the point", digits));
      continue;
    }
    if (fraction >= 0) ++fraction;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value))
      return bad("beyond 64 bits");
  }
  if (!is_any) return bad("no digits");
  for (int i = std::max(fraction, 0); i < digits; ++i)
    if (__builtin_mul_overflow(value, 10, &value)) return bad("beyond 64 bits");
  return is_negative ? -value : value;
}

std::string fill_text(std::string_view pattern, const Scope& scope) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t open = pattern.find('{', at);
    const std::size_t close = open == pattern.npos ? open : pattern.find('}', open);
    if (close == pattern.npos) {
      out += pattern.substr(at);
      break;
    }
    out += pattern.substr(at, open - at);
    out += scope.text(pattern.substr(open + 1, close - open - 1)).value_or("");
    at = close + 1;
  }
  return out;
}

}  // namespace cairn::integration

#include "json/writer.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"

namespace cairn::json {

Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  needs_comma_ = false;
  return *this;
}
Writer& Writer::end_object() {
  out_ += '}';
  needs_comma_ = true;
  return *this;
}
Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  needs_comma_ = false;
  return *this;
}
Writer& Writer::end_array() {
  out_ += ']';
  needs_comma_ = true;
  return *this;
}
Writer& Writer::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}
Writer& Writer::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}
Writer& Writer::value(std::int64_t number) {
  separate();
  const fmt::format_int text(number);
  out_.append(text.data(), text.size());
  return *this;
}
Writer& Writer::value(std::uint64_t number) {
  separate();
  const fmt::format_int text(number);
  out_.append(text.data(), text.size());
  return *this;
}
Writer& Writer::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  return *this;
}
Writer& Writer::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}
Writer& Writer::value(Time t) {
  if (t.is_none() || t == Time::never()) return null();
  separate();
  out_ += '"';
  append_rfc3339(out_, t);
  out_ += '"';
  return *this;
}
Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}
Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace cairn::json

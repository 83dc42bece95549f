#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cairn::json {

/// Appends JSON to a string; commas come by themselves. Unbalanced calls are a bug of the caller.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);

  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(std::int64_t number);
  Writer& value(std::uint64_t number);
  Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
  Writer& value(double number);
  Writer& value(bool flag);
  Writer& value(Time t);  ///< RFC 3339 in UTC; `null` for Time::none() and Time::never()
  Writer& null();
  /// Text that is JSON already.
  Writer& raw(std::string_view json);

  template <typename T>
  Writer& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  /// Leaves the field out where the text is empty.
  Writer& text_if(std::string_view name, std::string_view text) {
    if (!text.empty()) field(name, text);
    return *this;
  }
  Writer& time_if(std::string_view name, Time t) {
    if (!t.is_none() && t != Time::never()) field(name, t);
    return *this;
  }

  std::string& out() { return out_; }

 private:
  void separate() {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
  }
  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace cairn::json

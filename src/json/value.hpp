#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.hpp"

namespace cairn::json {

enum class Type : std::uint8_t { Null, Bool, Integer, Real, String, Array, Object };

/// A borrowed view of one value of a parsed Document; 16 bytes, valid as long as the document is.
class Value {
 public:
  Type type() const;
  bool is_null() const { return type() == Type::Null; }
  bool is_object() const { return type() == Type::Object; }
  bool is_array() const { return type() == Type::Array; }

  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_integer() const;
  std::optional<double> as_real() const;
  std::optional<std::string_view> as_string() const;
  /// The text of a string, or the digits of an integer: ids are text even where callers send
  /// numbers.
  std::optional<std::string> as_id() const;

  /// The member `key` of an object (the first one), or nothing.
  std::optional<Value> find(std::string_view key) const;
  std::size_t size() const;  ///< members or elements; 0 otherwise

  /// Calls `visit(std::string_view key, Value)` for every member in order until it returns false.
  template <typename Visit>
  void members(Visit&& visit) const {
    each_member(&visit, [](void* context, std::string_view key, Value value) {
      return (*static_cast<std::remove_reference_t<Visit>*>(context))(key, value);
    });
  }
  /// Calls `visit(Value)` for every element in order until it returns false.
  template <typename Visit>
  void elements(Visit&& visit) const {
    each_element(&visit, [](void* context, Value value) {
      return (*static_cast<std::remove_reference_t<Visit>*>(context))(value);
    });
  }

  /// Appends the value as minified JSON.
  void append_to(std::string& out) const;
  /// The same with the members of every object in order of key: one text per value.
  void append_canonical(std::string& out) const;

 private:
  friend class Document;
  using MemberVisitor = bool (*)(void*, std::string_view, Value);
  using ElementVisitor = bool (*)(void*, Value);
  void each_member(void* context, MemberVisitor visit) const;
  void each_element(void* context, ElementVisitor visit) const;
  friend struct Access;
  alignas(8) unsigned char element_[16] = {};
};

struct Limits {
  std::size_t bytes_max = 8 * 1024 * 1024;
  std::size_t depth_max = 32;
};

/// A parser with its memory; reuse one per thread. Parsing again invalidates earlier values.
class Document {
 public:
  explicit Document(Limits limits = {});
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  /// Errors: Malformed (with what was wrong), TooLarge (bytes or depth).
  Result<Value> parse(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::json

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/time.hpp"
#include "model/personal.hpp"
#include "model/vocabulary.hpp"

/// Every payload says its fields once, in a table: number on disk, name in JSON, member, and what
/// is special about it. Reading and writing JSON, the binary form, sealing of personal fields and
/// the digest of counted content all walk that table (model/codec.hpp).
namespace cairn::model {

enum class Field : std::uint8_t {
  Plain = 0,
  Required = 1,   ///< JSON must have it
  Uncounted = 2,  ///< free text and names: never part of what makes two tellings the same
  Seldom = 4,     ///< people seldom fill it in by hand: an id, or what a system would say
  Internal = 8,   ///< not for callers: Cairn fills it in from other fields
};
constexpr Field operator|(Field a, Field b) {
  return static_cast<Field>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr bool has(Field flags, Field flag) {
  return (static_cast<std::uint8_t>(flags) & static_cast<std::uint8_t>(flag)) != 0;
}

template <typename Owner, typename T>
struct FieldRow {
  std::uint16_t number;
  std::string_view name;
  T Owner::* member;
  Field flags;
};

template <typename Owner, typename T>
constexpr FieldRow<Owner, T> row(std::uint16_t number, std::string_view name, T Owner::* member,
                                 Field flags = Field::Plain) {
  return {number, name, member, flags};
}

/// JSON of any shape, kept as canonical minified text (dynamic attributes).
struct JsonText {
  std::string text;
  bool operator==(const JsonText&) const = default;
};

/// A moment somebody told, with how exactly.
struct Moment {
  Time time = Time::none();
  Precision precision = Precision::Microsecond;
  bool is_set() const { return !time.is_none(); }
  bool operator==(const Moment&) const = default;
};

template <typename T>
concept HasFields = requires { T::fields(); };

template <typename T>
struct IsPersonal : std::false_type {};
template <PersonalKind K>
struct IsPersonal<Personal<K>> : std::true_type {};

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... rows) { (visit(rows), ...); }, T::fields());
}

}  // namespace cairn::model

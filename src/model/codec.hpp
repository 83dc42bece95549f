#pragma once

#include <fmt/format.h>

#include <array>
#include <bitset>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "model/fields.hpp"

/// Everything that is derived from the field tables. Included by event.cpp and event_json.cpp only.
///
/// Binary form of a payload: for every field that differs from its default
///   varint  number << 1 | wire     wire 0: svarint · wire 1: varint length + bytes
/// Vectors repeat their field. Nested payloads are wire 1. Unknown numbers are skipped, so an older
/// build reads what a newer one wrote.
namespace cairn::model::codec {

inline constexpr std::size_t kTextBytesMax = 8 * 1024;
inline constexpr std::size_t kAttributesBytesMax = 256 * 1024;
inline constexpr std::size_t kElementsMax = 5'000;

// ---- binary -------------------------------------------------------------------------------------

template <HasFields T>
void encode(ByteWriter& out, const T& value);

inline void tag(ByteWriter& out, std::uint16_t number, unsigned wire) {
  out.varint(static_cast<std::uint64_t>(number) << 1 | wire);
}
inline void encode_integer(ByteWriter& out, std::uint16_t number, std::int64_t v) {
  tag(out, number, 0);
  out.svarint(v);
}
inline void encode_bytes(ByteWriter& out, std::uint16_t number, BytesView v) {
  tag(out, number, 1);
  out.bytes(v);
}

template <typename V>
void encode_one(ByteWriter& out, std::uint16_t number, const V& v) {
  if constexpr (std::is_same_v<V, std::string>) {
    encode_bytes(out, number, v);
  } else if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
    encode_integer(out, number, static_cast<std::int64_t>(v));
  } else if constexpr (std::is_same_v<V, JsonText>) {
    encode_bytes(out, number, v.text);
  } else if constexpr (IsPersonal<V>::value) {
    const auto size_of = [](BytesView bytes) { return varint_size(bytes.size()) + bytes.size(); };
    tag(out, number, 1);
    out.varint(size_of(v.sealed()) + size_of(v.tokens()));
    out.bytes(v.sealed());
    out.bytes(v.tokens());
  } else {
    Bytes nested;
    ByteWriter w(nested);
    if constexpr (std::is_same_v<V, Moment>) {
      w.svarint(v.time.us);
      w.u8(static_cast<std::uint8_t>(v.precision));
    } else {
      encode(w, v);
    }
    encode_bytes(out, number, nested);
  }
}

template <typename V>
bool is_default(const V& v) {
  if constexpr (std::is_same_v<V, JsonText>)
    return v.text.empty();
  else if constexpr (std::is_same_v<V, Moment>)
    return !v.is_set();
  else if constexpr (IsPersonal<V>::value || std::is_same_v<V, std::string>)
    return v.empty();
  else
    return v == V{};
}

template <HasFields T>
void encode(ByteWriter& out, const T& value) {
  static const T kDefault{};
  for_each_field<T>([&](const auto& row) {
    const auto& v = value.*row.member;
    using V = std::remove_cvref_t<decltype(v)>;
    if constexpr (IsVector<V>::value) {
      for (const auto& element : v) encode_one(out, row.number, element);
    } else if constexpr (requires { v.has_value(); }) {
      if (v) encode_one(out, row.number, *v);
    } else if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
      if (v != kDefault.*row.member) encode_one(out, row.number, v);
    } else {
      if (!is_default(v)) encode_one(out, row.number, v);
    }
  });
}

template <HasFields T>
bool decode(BytesView in, T& value);

template <typename V>
bool decode_one(V& v, bool is_bytes, std::int64_t number, BytesView bytes) {
  if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
    v = static_cast<V>(number);
    return !is_bytes;
  } else if constexpr (std::is_same_v<V, std::string>) {
    v = std::string(bytes);
  } else if constexpr (std::is_same_v<V, JsonText>) {
    v.text = std::string(bytes);
  } else if constexpr (std::is_same_v<V, Moment>) {
    ByteReader r(bytes);
    v.time.us = r.svarint();
    v.precision = static_cast<Precision>(r.u8());
    return is_bytes && !r.failed();
  } else if constexpr (IsPersonal<V>::value) {
    ByteReader r(bytes);
    const auto sealed = r.bytes();
    v = V::from_sealed(Bytes(sealed), Bytes(r.bytes()));
    return is_bytes && !r.failed();
  } else {
    return is_bytes && decode(bytes, v);
  }
  return is_bytes;
}

/// False when the bytes are damaged.
template <HasFields T>
bool decode(BytesView in, T& value) {
  ByteReader r(in);
  bool is_good = true;
  while (is_good && !r.at_end() && !r.failed()) {
    const std::uint64_t head = r.varint();
    const bool is_bytes = (head & 1) != 0;
    const std::int64_t number = is_bytes ? 0 : r.svarint();
    const BytesView bytes = is_bytes ? r.bytes() : BytesView{};
    for_each_field<T>([&](const auto& row) {
      if (row.number != head >> 1) return;
      auto& v = value.*row.member;
      using V = std::remove_cvref_t<decltype(v)>;
      if constexpr (IsVector<V>::value)
        is_good = decode_one(v.emplace_back(), is_bytes, number, bytes);
      else if constexpr (requires { v.has_value(); })
        is_good = decode_one(v.emplace(), is_bytes, number, bytes);
      else
        is_good = decode_one(v, is_bytes, number, bytes);
    });
  }
  return is_good && !r.failed();
}

// ---- counted content ----------------------------------------------------------------------------

/// Appends what makes two tellings the same: every field but uncounted ones.
template <HasFields T>
void append_counted(ByteWriter& out, const T& value) {
  static const T kDefault{};
  for_each_field<T>([&](const auto& row) {
    if (has(row.flags, Field::Uncounted)) return;
    const auto& v = value.*row.member;
    using V = std::remove_cvref_t<decltype(v)>;
    const auto put = [&](const auto& one) {
      using One = std::remove_cvref_t<decltype(one)>;
      if constexpr (HasFields<One>) {
        tag(out, row.number, 1);
        append_counted(out, one);
        out.u8(0);
      } else if constexpr (!IsPersonal<One>::value) {
        encode_one(out, row.number, one);
      }
    };
    if constexpr (IsVector<V>::value) {
      for (const auto& element : v) put(element);
    } else if constexpr (requires { v.has_value(); }) {
      if (v) put(*v);
    } else if constexpr (HasFields<V>) {
      put(v);
    } else if constexpr (!IsPersonal<V>::value) {
      if (!is_default(v)) put(v);
    }
  });
}

/// Appends what may be worded differently: the uncounted fields that are not personal.
template <HasFields T>
void append_uncounted(ByteWriter& out, const T& value) {
  for_each_field<T>([&](const auto& row) {
    const auto& v = value.*row.member;
    using V = std::remove_cvref_t<decltype(v)>;
    if constexpr (IsPersonal<V>::value) {
      return;
    } else if constexpr (HasFields<V>) {
      append_uncounted(out, v);
    } else if constexpr (IsVector<V>::value) {
      for (const auto& element : v)
        if constexpr (HasFields<std::remove_cvref_t<decltype(element)>>)
          append_uncounted(out, element);
    } else if constexpr (!requires { v.has_value(); }) {
      if (has(row.flags, Field::Uncounted) && !is_default(v)) encode_one(out, row.number, v);
    }
  });
}

// ---- personal fields ----------------------------------------------------------------------------

/// True where some field, however deep, is personal.
template <HasFields T>
consteval bool has_personal() {
  bool found = false;
  for_each_field<T>([&]<typename Row>(const Row&) {
    using V = std::remove_cvref_t<decltype(std::declval<T>().*std::declval<Row>().member)>;
    if constexpr (IsPersonal<V>::value)
      found = true;
    else if constexpr (HasFields<V>)
      found |= has_personal<V>();
    else if constexpr (IsVector<V>::value) {
      if constexpr (HasFields<typename V::value_type>)
        static_assert(!has_personal<typename V::value_type>(), "elements of a list are not sealed");
    }
  });
  return found;
}

/// Calls `visit(std::uint16_t path, Personal<K>&)` for every non-empty personal field. The path of
/// a nested field is parent × 64 + number.
template <HasFields T, typename Visit>
void each_personal(T& value, Visit&& visit, std::uint16_t parent = 0) {
  for_each_field<T>([&](const auto& row) {
    auto& v = value.*row.member;
    using V = std::remove_cvref_t<decltype(v)>;
    const auto path = static_cast<std::uint16_t>(parent * 64 + row.number);
    if constexpr (IsPersonal<V>::value) {
      if (!v.empty()) visit(path, v);
    } else if constexpr (HasFields<V>) {
      each_personal(v, visit, path);
    }
  });
}

/// The personal fields of `to` become those of `from`.
template <HasFields T>
void keep_personal(T& to, const T& from) {
  for_each_field<T>([&](const auto& row) {
    using V = std::remove_cvref_t<decltype(to.*row.member)>;
    if constexpr (IsPersonal<V>::value)
      to.*row.member = from.*row.member;
    else if constexpr (HasFields<V>)
      keep_personal(to.*row.member, from.*row.member);
  });
}

/// Calls `visit(std::string path)` for every personal field there is: "signer", "receiver/name".
template <HasFields T, typename Visit>
void each_personal_name(Visit&& visit, const std::string& parent = {}) {
  for_each_field<T>([&](const auto& row) {
    using V = std::remove_cvref_t<decltype(std::declval<T&>().*row.member)>;
    const auto path = parent + std::string(row.name);
    if constexpr (IsPersonal<V>::value)
      visit(path);
    else if constexpr (HasFields<V>)
      each_personal_name<V>(visit, path + "/");
  });
}

// ---- JSON ---------------------------------------------------------------------------------------

enum class Unknown : std::uint8_t { Refuse, Ignore };

template <HasFields T>
Result<void> read(json::Value in, T& value, Unknown unknown);

inline std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::Invalid, std::move(message));
}

template <typename V>
Result<void> read_one(json::Value in, V& v, Unknown unknown) {
  if constexpr (std::is_same_v<V, bool>) {
    const auto flag = in.as_bool();
    if (!flag) return invalid("expected true or false");
    v = *flag;
  } else if constexpr (std::is_enum_v<V>) {
    const auto text = in.as_string();
    const auto known = text ? from_name<V>(*text) : std::nullopt;
    if (!known)
      return invalid(fmt::format("expected one of: {}", fmt::join(Names<V>::all(), ", ")));
    v = *known;
  } else if constexpr (std::is_integral_v<V>) {
    const auto number = in.as_integer();
    if (!number)
      return invalid(
          "expected an integer (quantities in smallest units, money in "
          "minor units)");
    v = *number;
  } else if constexpr (std::is_same_v<V, std::string> || IsPersonal<V>::value) {
    auto text = in.as_id();
    if (!text) return invalid("expected a text");
    if (text->size() > kTextBytesMax)
      return fail(ErrorCode::TooLarge, fmt::format("longer than {} bytes", kTextBytesMax));
    if constexpr (IsPersonal<V>::value)
      v = V::from_plain(*std::move(text));
    else
      v = *std::move(text);
  } else if constexpr (std::is_same_v<V, JsonText>) {
    if (!in.is_object()) return invalid("expected an object of attributes");
    in.append_canonical(v.text);
    if (v.text.size() > kAttributesBytesMax)
      return fail(ErrorCode::TooLarge,
                  fmt::format("more than {} bytes of attributes", kAttributesBytesMax));
  } else if constexpr (std::is_same_v<V, Moment>) {
    const auto text = in.as_string();
    if (!text) return invalid("expected a time such as 2026-11-23T14:02:03+08:00, or a date");
    CAIRN_TRY(const auto parsed, parse_rfc3339(*text));
    v = {parsed.time, parsed.precision};
  } else {
    if (!in.is_object()) return invalid("expected an object");
    return read(in, v, unknown);
  }
  return {};
}

template <typename V>
Result<void> read_elements(json::Value in, std::vector<V>& v, Unknown unknown) {
  if (!in.is_array()) return invalid("expected an array");
  if (in.size() > kElementsMax)
    return fail(ErrorCode::TooLarge, fmt::format("more than {} elements", kElementsMax));
  Result<void> result;
  std::size_t index = 0;
  in.elements([&](json::Value element) {
    result = read_one(element, v.emplace_back(), unknown);
    if (!result) result.error().pointer = fmt::format("/{}{}", index, result.error().pointer);
    ++index;
    return result.has_value();
  });
  return result;
}

/// The place of every field of T in its table, found by name without looking at all of them.
template <HasFields T>
class FieldNames {
 public:
  static constexpr std::size_t kCount = std::tuple_size_v<decltype(T::fields())>;

  /// kCount where there is no such field.
  static constexpr std::size_t find(std::string_view name) {
    std::size_t at = kFirst[hash(name)];
    while (at != kCount && kNames[at] != name) at = kNext[at];
    return at;
  }

 private:
  static constexpr std::size_t kRoom = 64;
  static constexpr std::size_t hash(std::string_view name) {
    if (name.empty()) return 0;
    const auto letter = [](char c) { return static_cast<unsigned char>(c); };
    return (name.size() + letter(name.front()) * 7u + letter(name.back()) * 31u) % kRoom;
  }
  static constexpr auto kNames = std::apply(
      [](const auto&... rows) { return std::array<std::string_view, kCount>{rows.name...}; },
      T::fields());
  static constexpr auto kIsInternal = std::apply(
      [](const auto&... rows) {
        return std::array<bool, kCount>{has(rows.flags, Field::Internal)...};
      },
      T::fields());
  static constexpr auto kTables = [] {
    std::pair<std::array<std::size_t, kRoom>, std::array<std::size_t, kCount>> out;
    out.first.fill(kCount);
    for (std::size_t at = kCount; at-- > 0;) {
      if (kIsInternal[at]) continue;
      auto& first = out.first[hash(kNames[at])];
      out.second[at] = first;
      first = at;
    }
    return out;
  }();
  static constexpr auto kFirst = kTables.first;
  static constexpr auto kNext = kTables.second;
};

/// Reads one member into the field at place `At` of the table.
template <HasFields T, std::size_t At>
Result<void> read_field(json::Value member, T& value, Unknown unknown) {
  constexpr auto kRow = std::get<At>(T::fields());
  auto& v = value.*kRow.member;
  using V = std::remove_cvref_t<decltype(v)>;
  if constexpr (IsVector<V>::value)
    return read_elements(member, v, unknown);
  else if constexpr (requires { v.has_value(); })
    return read_one(member, v.emplace(), unknown);
  else
    return read_one(member, v, unknown);
}

template <HasFields T>
std::unexpected<Error> unknown_field(std::string_view key) {
  std::vector<std::string_view> names;
  for_each_field<T>([&](const auto& row) {
    if (!has(row.flags, Field::Internal)) names.push_back(row.name);
  });
  const auto meant = nearest(key, names);
  return meant ? invalid(fmt::format("unknown field; did you mean \"{}\"?", *meant))
               : invalid(fmt::format("unknown field; known are: {}", fmt::join(names, ", ")));
}

/// Reads the members of `in` into `value`; the error's pointer names the field.
template <HasFields T>
Result<void> read(json::Value in, T& value, Unknown unknown) {
  using Reader = Result<void> (*)(json::Value, T&, Unknown);
  static constexpr auto kReaders = []<std::size_t... At>(std::index_sequence<At...>) {
    return std::array<Reader, sizeof...(At)>{&read_field<T, At>...};
  }(std::make_index_sequence<FieldNames<T>::kCount>());
  Result<void> result;
  std::bitset<FieldNames<T>::kCount> seen;
  in.members([&](std::string_view key, json::Value member) {
    const auto at = FieldNames<T>::find(key);
    if (at == FieldNames<T>::kCount) {
      if (unknown == Unknown::Refuse) result = unknown_field<T>(key);
    } else if (seen[at]) {
      result = invalid("given twice");
    } else if (!member.is_null()) {
      seen[at] = true;
      result = kReaders[at](member, value, unknown);
    }
    if (!result)
      result.error().pointer = fmt::format("/{}{}", utf8_prefix(key, 64), result.error().pointer);
    return result.has_value();
  });
  if (!result) return result;
  std::size_t at = 0;
  for_each_field<T>([&](const auto& row) {
    if (result && has(row.flags, Field::Required) && !seen[at]) {
      result = invalid("is required");
      result.error().pointer = fmt::format("/{}", row.name);
    }
    ++at;
  });
  return result;
}

/// `show(std::uint16_t path, const Personal<K>&) -> std::optional<std::string>` says how a personal
/// field is shown; nothing leaves it out.
template <HasFields T, typename Show>
void write(json::Writer& out, const T& value, Show& show, std::uint16_t parent = 0) {
  static const T kDefault{};
  for_each_field<T>([&](const auto& row) {
    const auto& v = value.*row.member;
    using V = std::remove_cvref_t<decltype(v)>;
    const auto path = static_cast<std::uint16_t>(parent * 64 + row.number);
    const auto put = [&](const auto& one) {
      using One = std::remove_cvref_t<decltype(one)>;
      if constexpr (HasFields<One>) {
        out.begin_object();
        write(out, one, show, path);
        out.end_object();
      } else if constexpr (std::is_same_v<One, bool>) {
        out.value(one);
      } else if constexpr (std::is_enum_v<One>) {
        out.value(name_of(one));
      } else if constexpr (std::is_integral_v<One>) {
        out.value(static_cast<std::int64_t>(one));
      } else if constexpr (std::is_same_v<One, Moment>) {
        out.value(one.time);
      } else if constexpr (std::is_same_v<One, JsonText>) {
        out.raw(one.text);
      } else {
        out.value(one);
      }
    };
    if constexpr (IsPersonal<V>::value) {
      if (!v.empty())
        if (const auto text = show(path, v)) out.field(row.name, std::string_view(*text));
    } else if constexpr (IsVector<V>::value) {
      if (v.empty()) return;
      out.key(row.name).begin_array();
      for (const auto& element : v) put(element);
      out.end_array();
    } else if constexpr (requires { v.has_value(); }) {
      if (v) out.key(row.name), put(*v);
    } else if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
      if (v != kDefault.*row.member || has(row.flags, Field::Required)) out.key(row.name), put(v);
    } else {
      if (!is_default(v)) out.key(row.name), put(v);
    }
  });
}

}  // namespace cairn::model::codec

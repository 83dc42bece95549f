#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "modules/lifecycle/tables.hpp"

/// YAML as a plain tree that knows its lines. Private to this folder; only yaml_tree.cpp names the
/// library. Anchors and aliases are refused: a definition says everything where it stands, and a
/// small file cannot unfold into a large one.
namespace cairn::lifecycle {

struct YamlMember;

struct Yaml {
  enum class Kind : std::uint8_t { Null, Scalar, Sequence, Map } kind = Kind::Null;
  int line = 1, column = 1;
  bool is_plain = false;            ///< a scalar without quotes: may be a number or true
  std::string text;                 ///< of a scalar
  std::vector<Yaml> items;          ///< of a sequence
  std::vector<YamlMember> members;  ///< of a map, duplicates included

  bool is_map() const { return kind == Kind::Map; }
  bool is_scalar() const { return kind == Kind::Scalar; }
  bool is_sequence() const { return kind == Kind::Sequence; }
  /// The value of a key of a map, the first one; nothing when there is none.
  const Yaml* find(std::string_view key) const;
};

struct YamlMember {
  Yaml key, value;
};

inline const Yaml* Yaml::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key.text == key) return &member.value;
  return nullptr;
}

inline constexpr std::size_t kYamlDepthMax = 24;
inline constexpr std::size_t kYamlNodesMax = 100'000;

/// The one document of a file.
std::expected<Yaml, Fault> parse_yaml(std::string_view text, std::string_view file);

}  // namespace cairn::lifecycle

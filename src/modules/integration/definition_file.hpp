#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "modules/integration/shape.hpp"

/// Reading YAML definitions so that every fault is reported at once with its line. Private to the
/// module: the only header that names yaml-cpp.
namespace cairn::integration {

inline constexpr std::size_t kDefinitionBytesMax = 1024 * 1024;

class DefinitionFile {
 public:
  /// Parses the text; where it is not YAML the only fault says so.
  DefinitionFile(std::string_view text, std::string_view name);

  const YAML::Node& root() const { return root_; }
  void fault(const YAML::Node& at, std::string message);
  bool has_faults() const { return !faults_.empty(); }
  /// All faults, "olist.yaml:12: …" each on its line, in order of line.
  Error error() const;

  /// Reports members of a map that are not among `known`; and a node that is no map.
  bool expect_map(const YAML::Node& node, std::string_view what,
                  const std::vector<std::string_view>& known);
  /// The text of a member; empty where it is absent.
  std::string text(const YAML::Node& map, const char* key);
  std::string required_text(const YAML::Node& map, const char* key, std::string_view what);
  std::vector<std::string> texts(const YAML::Node& node, std::string_view what);
  bool flag(const YAML::Node& map, const char* key, bool otherwise);
  std::int64_t integer(const YAML::Node& map, const char* key, std::int64_t least,
                       std::int64_t most, std::int64_t otherwise);
  /// An event type by name, or a fault with the nearest one.
  std::optional<model::EventType> event_type(const YAML::Node& node);
  void each_member(const YAML::Node& map,
                   const std::function<void(const std::string&, const YAML::Node&)>& visit);

  Shape shape(const YAML::Node& node, int depth = 0);
  std::vector<Guard> guards(const YAML::Node& node);
  /// An Object shape for the data of `type`, its members checked against the type's fields.
  Shape data_shape(const YAML::Node& node, model::EventType type);

 private:
  void append_json(const YAML::Node& node, std::string& out, int depth);
  Shape taken(const YAML::Node& node);

  struct Fault {
    int line;
    std::string message;
  };
  std::string name_;
  YAML::Node root_;
  std::vector<Fault> faults_;
};

}  // namespace cairn::integration

#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modules/lifecycle/expression.hpp"
#include "modules/lifecycle/yaml_tree.hpp"

/// Takes typed values out of a YAML tree and notes everything that is wrong with its line, so that
/// all faults of a folder can be told at once. Private to this folder.
namespace cairn::lifecycle {

class Reader {
 public:
  Reader(std::string_view file, std::vector<Fault>& faults) : file_(file), faults_(faults) {}

  void fault(const Yaml& at, std::string_view code, std::string message);
  /// An unknown word with the nearest of those that are known.
  void unknown(const Yaml& at, std::string_view code, std::string_view what,
               std::vector<std::string_view> known);

  /// True for a map; its members are then checked against `known`, for doubles too.
  bool expect_map(const Yaml& node, std::string_view what,
                  std::initializer_list<std::string_view> known);
  /// The same for a map with keys of its own.
  bool expect_open_map(const Yaml& node, std::string_view what);
  /// The items of a sequence, or nothing with a fault.
  std::span<const Yaml> items(const Yaml* node, std::string_view what);

  const Yaml* need(const Yaml& map, std::string_view key, std::string_view what);
  std::string text(const Yaml& node, std::string_view what);
  std::string text_of(const Yaml& map, std::string_view key);
  std::string needed_text(const Yaml& map, std::string_view key, std::string_view what);
  /// A scalar or a sequence of scalars.
  std::vector<std::string> texts(const Yaml* node, std::string_view what);
  bool flag(const Yaml& map, std::string_view key, bool otherwise);
  int integer(const Yaml& map, std::string_view key, int otherwise);
  /// {zh: …, en: …}, both given.
  Label label(const Yaml& node, std::string_view what);
  Label label_of(const Yaml& map, std::string_view key, bool is_needed, std::string_view what);
  std::optional<Duration> duration(const Yaml& node);
  RoleSet roles(const Yaml* node);
  Expression condition(const Yaml& node);
  std::optional<model::EventType> event_type(const Yaml& node);
  std::optional<Variable> variable(const Yaml& node, Unit unit);

  /// One of the names of an enum of model/vocabulary.hpp.
  template <typename E>
  std::optional<E> named(const Yaml& node, std::string_view code, std::string_view what) {
    const auto found = model::from_name<E>(node.text);
    const auto all = model::Names<E>::all();
    if (!found) unknown(node, code, what, {all.begin(), all.end()});
    return found;
  }

 private:
  std::string file_;
  std::vector<Fault>& faults_;
};

}  // namespace cairn::lifecycle

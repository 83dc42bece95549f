#include "modules/lifecycle/yaml_tree.hpp"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include <sstream>

#include "base/text.hpp"

namespace cairn::lifecycle {
namespace {

/// Builds the tree from the parser's events. What must not be in a definition ends the parse with
/// the library's own exception, which parse_yaml turns into a fault.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(make(mark, anchor, Yaml::Kind::Null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YAML::ParserException(mark, "aliases are not allowed in definitions; write it out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = make(mark, anchor, Yaml::Kind::Scalar);
    if (!is_utf8(value)) throw YAML::ParserException(mark, "this text is not UTF-8");
    node.text = value;
    node.is_plain = tag == "?";
    put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, make(mark, anchor, Yaml::Kind::Sequence));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, make(mark, anchor, Yaml::Kind::Map));
  }
  void OnMapEnd() override { close(); }

  Yaml take() { return std::move(root_); }

 private:
  struct Level {
    Yaml node;
    bool has_key = false;
    Yaml key;
  };

  Yaml make(const YAML::Mark& mark, YAML::anchor_t anchor, Yaml::Kind kind) {
    if (anchor != YAML::NullAnchor)
      throw YAML::ParserException(mark, "anchors are not allowed in definitions; write it out");
    if (++count_ > kYamlNodesMax)
      throw YAML::ParserException(mark, fmt::format("more than {} values", kYamlNodesMax));
    Yaml node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void open(const YAML::Mark& mark, Yaml node) {
    if (levels_.size() >= kYamlDepthMax)
      throw YAML::ParserException(mark, fmt::format("nested deeper than {}", kYamlDepthMax));
    levels_.push_back({std::move(node), false, {}});
  }
  void close() {
    Yaml node = std::move(levels_.back().node);
    levels_.pop_back();
    put(std::move(node));
  }
  void put(Yaml node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& level = levels_.back();
    if (level.node.is_sequence()) {
      level.node.items.push_back(std::move(node));
    } else if (!level.has_key) {
      level.key = std::move(node);
      level.has_key = true;
    } else {
      level.node.members.push_back({std::move(level.key), std::move(node)});
      level.has_key = false;
    }
  }

  Yaml root_;
  std::vector<Level> levels_;
  std::size_t count_ = 0;
};

}  // namespace

std::expected<Yaml, Fault> parse_yaml(std::string_view text, std::string_view file) {
  const auto bad = [&](int line, int column, std::string message) {
    return std::unexpected(Fault{std::string(file), line, column, "malformed", std::move(message)});
  };
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder;
    parser.HandleNextDocument(builder);
    Yaml root = builder.take();
    TreeBuilder rest;
    if (parser.HandleNextDocument(rest))
      return bad(root.line, root.column, "a definition file holds one document");
    return root;
  } catch (const YAML::Exception& e) {
    return bad(e.mark.line + 1, e.mark.column + 1, e.msg);
  } catch (const std::exception& e) {
    return bad(1, 1, fmt::format("cannot be read as YAML: {}", e.what()));
  }
}

}  // namespace cairn::lifecycle

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "modules/lifecycle/variables.hpp"

namespace cairn::lifecycle {

/// A condition of a lifecycle file, such as
///     S >= T and T > 0 and not (blocking_hold or terms in (cod, credit))
/// compiled once. It is a value, immutable and shared freely between threads; evaluating only goes
/// forward through a program of at most kOpsMax steps, so it always ends.
///
///     condition := all {"or" all}          all   := one {"and" one}
///     one       := "not" one | "(" condition ")" | leaf
///     leaf      := flag | "true" | "false" | "known" "(" variable ")"
///                | sum ("==" | "!=" | "<" | "<=" | ">" | ">=") sum
///                | code "in" "(" word {"," word} ")"
///     sum       := term {("+" | "-") term} term  := variable | integer | duration such as 24h |
///     word
///
/// Units must agree: quantities with quantities, times with times (a time plus a span is a time).
/// Sums stop at the ends of the number range instead of wrapping round.
class Expression {
 public:
  static constexpr std::size_t kTextMax = 2000;
  static constexpr std::size_t kOpsMax = 256;
  static constexpr std::size_t kStackMax = 16;
  static constexpr int kDepthMax = 24;

  struct Fault {
    int column = 1;  ///< of the first character that is wrong, from 1
    std::string message;
  };
  /// A part that is true or false by itself.
  struct Leaf {
    std::string_view text;
    bool is_true = false;
  };

  /// Always true.
  Expression() = default;
  static std::expected<Expression, Fault> compile(std::string_view text);

  bool holds(const Variables& variables) const { return ops_.empty() || run(ops_, variables); }
  bool is_always_true() const { return ops_.empty(); }
  const std::string& text() const { return text_; }
  bool uses(Variable variable) const;

  /// Every leaf with its truth, in the order they are written.
  std::vector<Leaf> explain(const Variables& variables) const;
  /// Of a condition that does not hold, the parts to change: a leaf, or "not leaf".
  std::vector<std::string> why_not(const Variables& variables) const;

 private:
  friend class Compiler;
  enum class Code : std::uint8_t {
    PushConstant,
    PushVariable,
    Add,
    Subtract,
    Compare,
    True,
    False,
    Flag,
    CompareConstant,
    CompareVariable,
    Known,
    In,
    Not,
    JumpIfFalse,
    JumpIfTrue
  };
  enum class Relation : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };
  struct Op {
    Code code;
    Relation relation = Relation::Equal;
    Variable variable{}, other{};
    std::int64_t constant = 0;  ///< value, bit set of codes, or where a jump goes
  };
  struct Node {
    enum class Kind : std::uint8_t { Leaf, Not, And, Or } kind = Kind::Leaf;
    int left = -1, right = -1;
    std::uint32_t from = 0, until = 0;  ///< of a leaf: its text
    std::vector<Op> ops;                ///< of a leaf
  };

  static bool run(const std::vector<Op>& ops, const Variables& variables);
  static bool related(std::int64_t a, Relation relation, std::int64_t b);
  bool truth(int node, const Variables& variables) const;
  void blame(int node, bool wanted, const Variables& variables,
             std::vector<std::string>& out) const;
  std::string_view leaf_text(const Node& node) const;

  std::string text_;
  std::vector<Op> ops_;
  std::vector<Node> nodes_;
  int root_ = -1;
};

}  // namespace cairn::lifecycle

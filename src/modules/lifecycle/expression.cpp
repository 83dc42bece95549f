#include "modules/lifecycle/expression.hpp"

#include <array>

#include "base/check.hpp"
#include "base/text.hpp"

namespace cairn::lifecycle {
namespace {

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

std::int64_t subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

}  // namespace

bool Expression::related(std::int64_t a, Relation relation, std::int64_t b) {
  switch (relation) {
    case Relation::Equal:
      return a == b;
    case Relation::NotEqual:
      return a != b;
    case Relation::Less:
      return a < b;
    case Relation::LessEqual:
      return a <= b;
    case Relation::Greater:
      return a > b;
    case Relation::GreaterEqual:
      return a >= b;
  }
  return false;
}

bool Expression::run(const std::vector<Op>& ops, const Variables& variables) {
  std::array<std::int64_t, kStackMax> stack;
  std::size_t top = 0;
  for (std::size_t at = 0; at < ops.size(); ++at) {
    const Op& op = ops[at];
    switch (op.code) {
      case Code::PushConstant:
        stack[top++] = op.constant;
        break;
      case Code::PushVariable:
        stack[top++] = variables[op.variable];
        break;
      case Code::Add:
        --top;
        stack[top - 1] = add(stack[top - 1], stack[top]);
        break;
      case Code::Subtract:
        --top;
        stack[top - 1] = subtract(stack[top - 1], stack[top]);
        break;
      case Code::Compare:
        --top;
        stack[top - 1] = related(stack[top - 1], op.relation, stack[top]);
        break;
      case Code::True:
        stack[top++] = 1;
        break;
      case Code::False:
        stack[top++] = 0;
        break;
      case Code::Flag:
        stack[top++] = variables[op.variable] != 0;
        break;
      case Code::CompareConstant:
        stack[top++] = related(variables[op.variable], op.relation, op.constant);
        break;
      case Code::CompareVariable:
        stack[top++] = related(variables[op.variable], op.relation, variables[op.other]);
        break;
      case Code::Known:
        stack[top++] = variables[op.variable] != kUnset;
        break;
      case Code::In: {
        const auto value = static_cast<std::uint64_t>(variables[op.variable]);
        stack[top++] = value < 64 && (static_cast<std::uint64_t>(op.constant) >> value & 1) != 0;
        break;
      }
      case Code::Not:
        stack[top - 1] = stack[top - 1] == 0;
        break;
      case Code::JumpIfFalse:
        if (stack[top - 1] == 0)
          at = static_cast<std::size_t>(op.constant) - 1;
        else
          --top;
        break;
      case Code::JumpIfTrue:
        if (stack[top - 1] != 0)
          at = static_cast<std::size_t>(op.constant) - 1;
        else
          --top;
        break;
    }
  }
  return stack[0] != 0;
}

bool Expression::uses(Variable variable) const {
  for (const auto& node : nodes_)
    for (const auto& op : node.ops) {
      const bool reads = op.code != Code::PushConstant && op.code != Code::True &&
                         op.code != Code::False && op.code != Code::Add &&
                         op.code != Code::Subtract && op.code != Code::Compare;
      if (reads && op.variable == variable) return true;
      if (op.code == Code::CompareVariable && op.other == variable) return true;
    }
  return false;
}

std::string_view Expression::leaf_text(const Node& node) const {
  return trim(std::string_view(text_).substr(node.from, node.until - node.from));
}

bool Expression::truth(int index, const Variables& variables) const {
  const Node& node = nodes_[static_cast<std::size_t>(index)];
  switch (node.kind) {
    case Node::Kind::Leaf:
      return run(node.ops, variables);
    case Node::Kind::Not:
      return !truth(node.left, variables);
    case Node::Kind::And:
      return truth(node.left, variables) && truth(node.right, variables);
    case Node::Kind::Or:
      return truth(node.left, variables) || truth(node.right, variables);
  }
  return false;
}

std::vector<Expression::Leaf> Expression::explain(const Variables& variables) const {
  std::vector<Leaf> out;
  for (const auto& node : nodes_)
    if (node.kind == Node::Kind::Leaf) out.push_back({leaf_text(node), run(node.ops, variables)});
  return out;
}

void Expression::blame(int index, bool wanted, const Variables& variables,
                       std::vector<std::string>& out) const {
  const Node& node = nodes_[static_cast<std::size_t>(index)];
  if (truth(index, variables) == wanted) return;
  switch (node.kind) {
    case Node::Kind::Leaf:
      out.push_back((wanted ? "" : "not ") + std::string(leaf_text(node)));
      return;
    case Node::Kind::Not:
      blame(node.left, !wanted, variables, out);
      return;
    case Node::Kind::And:
    case Node::Kind::Or:
      blame(node.left, wanted, variables, out);
      blame(node.right, wanted, variables, out);
      return;
  }
}

std::vector<std::string> Expression::why_not(const Variables& variables) const {
  std::vector<std::string> out;
  if (root_ >= 0) blame(root_, true, variables, out);
  return out;
}

}  // namespace cairn::lifecycle

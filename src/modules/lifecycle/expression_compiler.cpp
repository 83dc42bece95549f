#include <fmt/format.h>

#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "base/ranges.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "modules/lifecycle/expression.hpp"

namespace cairn::lifecycle {

/// Recursive descent over the text; the first fault ends it. Depth, length and number of steps are
/// limited before anything grows.
class Compiler {
 public:
  using Fault = Expression::Fault;
  explicit Compiler(std::string_view text) : text_(text) { out_.text_ = text; }

  std::expected<Expression, Fault> compile() {
    if (text_.size() > Expression::kTextMax)
      return std::unexpected(Fault{1, fmt::format("a condition has at most {} characters, this one "
                                                  "{}; split the transition in two",
                                                  Expression::kTextMax, text_.size())});
    next();
    const int root = any(0);
    if (!fault_ && token_.kind != Token::Kind::End)
      complain(token_, fmt::format("expected \"and\", \"or\" or the end, got \"{}\"", token_.text));
    if (!fault_) emit(root);
    if (!fault_ && out_.ops_.size() > Expression::kOpsMax)
      complain(Token{}, fmt::format("a condition has at most {} steps", Expression::kOpsMax));
    if (fault_) return std::unexpected(std::move(*fault_));
    out_.root_ = root;
    return std::move(out_);
  }

 private:
  using Code = Expression::Code;
  using Relation = Expression::Relation;
  using Op = Expression::Op;
  using Node = Expression::Node;

  struct Token {
    enum class Kind { Word, Number, Sign, End } kind = Kind::End;
    std::string_view text;
    std::size_t at = 0;
  };
  /// A side of a comparison, and what it counts in.
  struct Sum {
    std::optional<Unit> unit;
    bool is_literal = false;
    std::vector<Op> ops;
  };

  void complain(const Token& at, std::string message) {
    if (!fault_) fault_ = Fault{static_cast<int>(at.at) + 1, std::move(message)};
  }

  void next() {
    end_of_last_ = token_.at + token_.text.size();
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    const std::size_t from = at_;
    const auto is_word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    };
    if (from == text_.size()) {
      token_ = {Token::Kind::End, {}, from};
      return;
    }
    auto kind = Token::Kind::Sign;
    if (is_word(text_[from])) {
      const bool is_number = std::isdigit(static_cast<unsigned char>(text_[from])) != 0;
      kind = is_number ? Token::Kind::Number : Token::Kind::Word;
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    } else {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '=' && std::string_view("=!<>").contains(text_[from]))
        ++at_;
    }
    token_ = {kind, text_.substr(from, at_ - from), from};
  }
  bool is(std::string_view text) const {
    return token_.text == text && token_.kind != Token::Kind::End;
  }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    next();
    return true;
  }
  void expect(std::string_view text) {
    if (!take(text)) complain(token_, fmt::format("expected \"{}\"", text));
  }

  int join(Node::Kind kind, int left, int right) {
    Node node;
    node.kind = kind;
    node.left = left;
    node.right = right;
    out_.nodes_.push_back(std::move(node));
    return static_cast<int>(out_.nodes_.size()) - 1;
  }

  int any(int depth) {
    int left = all(depth);
    while (!fault_ && take("or")) left = join(Node::Kind::Or, left, all(depth));
    return left;
  }
  int all(int depth) {
    int left = one(depth);
    while (!fault_ && take("and")) left = join(Node::Kind::And, left, one(depth));
    return left;
  }
  int one(int depth) {
    if (depth >= Expression::kDepthMax) {
      complain(token_, fmt::format("nested deeper than {}", Expression::kDepthMax));
      return 0;
    }
    if (fault_) return 0;
    if (take("not")) return join(Node::Kind::Not, one(depth + 1), -1);
    if (take("(")) {
      const int inner = any(depth + 1);
      expect(")");
      return inner;
    }
    return leaf();
  }

  int leaf() {
    Node node;
    node.from = static_cast<std::uint32_t>(token_.at);
    if (take("true")) {
      node.ops = {Op{Code::True}};
    } else if (take("false")) {
      node.ops = {Op{Code::False}};
    } else if (is("known")) {
      node.ops = known();
    } else {
      node.ops = comparison();
    }
    node.until = static_cast<std::uint32_t>(end_of_last_);
    out_.nodes_.push_back(std::move(node));
    return static_cast<int>(out_.nodes_.size()) - 1;
  }

  std::optional<Variable> variable(const Token& token) {
    if (const auto found = variable_from(token.text)) return found;
    std::vector<std::string_view> names;
    for (const auto& row : variable_table()) names.push_back(row.name);
    const auto near = nearest(token.text, names);
    complain(token, fmt::format("unknown variable \"{}\"{}", token.text.substr(0, 64),
                                near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
    return std::nullopt;
  }

  std::vector<Op> known() {
    next();
    expect("(");
    const Token name = token_;
    const auto which = variable(name);
    if (which && row_of(*which).unit != Unit::Time)
      complain(name,
               fmt::format("known() asks whether a time has come; \"{}\" is no time", name.text));
    next();
    expect(")");
    return {Op{.code = Code::Known, .variable = which.value_or(Variable{})}};
  }

  std::vector<Op> comparison() {
    const Token first = token_;
    Sum left = sum();
    if (fault_) return {};
    if (token_.kind == Token::Kind::Word && is("in")) return membership(first, left);
    const auto relation = relation_here();
    if (!relation) {
      if (left.unit == Unit::Flag && left.ops.size() == 1)
        return {Op{.code = Code::Flag, .variable = left.ops[0].variable}};
      complain(token_, fmt::format("\"{}\" is not true or false by itself; compare it, as in "
                                   "\"{} > 0\"",
                                   first.text, first.text));
      return {};
    }
    const Token sign = token_;
    next();
    Sum right = other_side(left);
    if (!fault_) check(sign, *relation, left, right);
    if (fault_) return {};
    return fuse(std::move(left.ops), *relation, std::move(right.ops));
  }

  std::optional<Relation> relation_here() const {
    static constexpr std::pair<std::string_view, Relation> kSigns[]{
        {"==", Relation::Equal},     {"!=", Relation::NotEqual}, {"<", Relation::Less},
        {"<=", Relation::LessEqual}, {">", Relation::Greater},   {">=", Relation::GreaterEqual}};
    for (const auto& [sign, relation] : kSigns)
      if (is(sign)) return relation;
    return std::nullopt;
  }

  std::vector<Op> membership(const Token& first, const Sum& left) {
    const auto words = left.unit ? words_of(*left.unit) : std::span<const std::string_view>{};
    if (words.empty() || left.ops.size() != 1) {
      complain(first,
               fmt::format("\"in\" needs a variable that holds a code, such as terms; \"{}\" "
                           "does not",
                           first.text));
      return {};
    }
    next();
    expect("(");
    std::uint64_t bits = 0;
    do {
      if (const auto code = code_of(token_, words)) bits |= std::uint64_t{1} << *code;
      if (!fault_) next();
    } while (!fault_ && take(","));
    if (!fault_) expect(")");
    return {Op{.code = Code::In,
               .variable = left.ops[0].variable,
               .constant = static_cast<std::int64_t>(bits)}};
  }

  std::optional<std::size_t> code_of(const Token& token, std::span<const std::string_view> words) {
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i] == token.text) return i;
    const auto near = nearest(token.text, {words.begin(), words.end()});
    complain(token, fmt::format("\"{}\" is no value of it{}", token.text.substr(0, 64),
                                near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
    return std::nullopt;
  }

  /// Beside a variable that holds a code stands one of its words.
  Sum other_side(const Sum& left) {
    const auto words = left.unit ? words_of(*left.unit) : std::span<const std::string_view>{};
    if (words.empty()) return sum();
    Sum out;
    out.unit = left.unit;
    if (const auto code = code_of(token_, words)) {
      out.ops = {Op{.code = Code::PushConstant, .constant = static_cast<std::int64_t>(*code)}};
      next();
    }
    return out;
  }

  void check(const Token& sign, Relation relation, const Sum& left, const Sum& right) {
    if (fault_) return;
    const auto bare = [](const Sum& side) { return side.is_literal && side.unit == Unit::Number; };
    const bool is_money =
        (left.unit == Unit::Money && bare(right)) || (right.unit == Unit::Money && bare(left));
    if (left.unit != right.unit && !is_money)
      return complain(sign, "the two sides count in different units and cannot be compared");
    if (left.unit == Unit::Flag || left.unit == Unit::Roles)
      return complain(sign, "a flag stands alone: write \"flag\" or \"not flag\"");
    const bool has_order = left.unit != Unit::Terms && left.unit != Unit::CaseType;
    if (!has_order && relation != Relation::Equal && relation != Relation::NotEqual)
      complain(sign, "these codes have no order; use == or !=");
  }

  Sum sum() {
    Sum total = term();
    while (!fault_ && (is("+") || is("-"))) {
      const Token sign = token_;
      const bool is_plus = is("+");
      next();
      const Sum more = term();
      if (fault_) break;
      const auto unit = combined(total, more, is_plus);
      if (!unit) {
        complain(sign, "these cannot be added or subtracted: they count in different units");
        break;
      }
      total.unit = unit;
      total.is_literal = total.is_literal && more.is_literal;
      total.ops.insert(total.ops.end(), more.ops.begin(), more.ops.end());
      total.ops.push_back(Op{is_plus ? Code::Add : Code::Subtract});
      if (total.ops.size() > Expression::kOpsMax) complain(sign, "too many terms");
    }
    return total;
  }

  static std::optional<Unit> combined(const Sum& a, const Sum& b, bool is_plus) {
    if (!a.unit || !b.unit) return std::nullopt;
    const auto is = [&](Unit x, Unit y) { return a.unit == x && b.unit == y; };
    if (is(Unit::Time, Unit::Span)) return Unit::Time;
    if (is_plus && is(Unit::Span, Unit::Time)) return Unit::Time;
    if (!is_plus && is(Unit::Time, Unit::Time)) return Unit::Span;
    for (const auto unit : {Unit::Number, Unit::Money, Unit::Span})
      if (is(unit, unit)) return unit;
    return std::nullopt;
  }

  Sum term() {
    const Token token = token_;
    Sum out;
    if (token.kind == Token::Kind::Number) {
      out = literal(token);
    } else if (token.kind == Token::Kind::Word) {
      static constexpr std::string_view kKeywords[]{"and", "or", "not", "in", "true", "false"};
      if (contains(kKeywords, token.text)) {
        complain(token, fmt::format("expected a condition, got \"{}\"", token.text));
      } else if (const auto which = variable_from(token.text)) {
        out.unit = row_of(*which).unit;
        out.ops = {Op{.code = Code::PushVariable, .variable = *which}};
      } else {
        variable(token);
      }
    } else if (token.kind == Token::Kind::End) {
      complain(token, "the condition ends too early");
    } else {
      complain(token, fmt::format("expected a condition, got \"{}\"", token.text));
    }
    next();
    return out;
  }

  Sum literal(const Token& token) {
    Sum out;
    out.is_literal = true;
    const auto digits = token.text.find_first_not_of("0123456789");
    if (digits == std::string_view::npos && token.text.size() <= 15) {
      std::int64_t n = 0;
      for (const char c : token.text) n = n * 10 + (c - '0');
      out.unit = Unit::Number;
      out.ops = {Op{.code = Code::PushConstant, .constant = n}};
      return out;
    }
    const auto span = token.text.size() <= 6 ? parse_duration(token.text)
                                             : Result<Duration>(fail(ErrorCode::Invalid, ""));
    if (!span) {
      complain(token, fmt::format("\"{}\" is neither a number (at most 15 digits) nor a duration "
                                  "such as 48h",
                                  token.text.substr(0, 64)));
      return out;
    }
    out.unit = Unit::Span;
    out.ops = {Op{.code = Code::PushConstant, .constant = span->us}};
    return out;
  }

  /// One step instead of three where both sides are simple.
  static std::vector<Op> fuse(std::vector<Op> left, Relation relation, std::vector<Op> right) {
    if (left.size() == 1 && right.size() == 1 && left[0].code == Code::PushVariable) {
      if (right[0].code == Code::PushConstant)
        return {Op{.code = Code::CompareConstant,
                   .relation = relation,
                   .variable = left[0].variable,
                   .constant = right[0].constant}};
      return {Op{.code = Code::CompareVariable,
                 .relation = relation,
                 .variable = left[0].variable,
                 .other = right[0].variable}};
    }
    left.insert(left.end(), right.begin(), right.end());
    left.push_back(Op{.code = Code::Compare, .relation = relation});
    return left;
  }

  void emit(int index) {
    const Node node = out_.nodes_[static_cast<std::size_t>(index)];
    auto& ops = out_.ops_;
    switch (node.kind) {
      case Node::Kind::Leaf:
        ops.insert(ops.end(), node.ops.begin(), node.ops.end());
        return;
      case Node::Kind::Not:
        emit(node.left);
        ops.push_back(Op{Code::Not});
        return;
      case Node::Kind::And:
      case Node::Kind::Or: {
        emit(node.left);
        const std::size_t jump = ops.size();
        ops.push_back(Op{node.kind == Node::Kind::And ? Code::JumpIfFalse : Code::JumpIfTrue});
        emit(node.right);
        ops[jump].constant = static_cast<std::int64_t>(ops.size());
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0, end_of_last_ = 0;
  Token token_;
  std::optional<Fault> fault_;
  Expression out_;
};

std::expected<Expression, Expression::Fault> Expression::compile(std::string_view text) {
  return Compiler(text).compile();
}

}  // namespace cairn::lifecycle

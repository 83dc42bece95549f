#include <gtest/gtest.h>

#include <algorithm>

#include "model/vocabulary.hpp"

#include "modules/lifecycle/expression.hpp"

namespace cairn::lifecycle {
namespace {

bool holds(std::string_view text, const Variables& variables) {
  const auto compiled = Expression::compile(text);
  EXPECT_TRUE(compiled) << text << ": " << (compiled ? "" : compiled.error().message);
  return compiled && compiled->holds(variables);
}

Variables some() {
  Variables v;
  v[Variable::Total] = 5;
  v[Variable::Shipped] = 3;
  v[Variable::Delivered] = 2;
  v[Variable::TotalAmount] = 1000;
  v[Variable::PaidAmount] = 400;
  v.set(Variable::HasLines, true);
  v[Variable::Terms] = static_cast<std::int64_t>(model::PaymentTerms::Cod);
  v[Variable::CaseType] = static_cast<std::int64_t>(model::CaseType::Exchange);
  v[Variable::Reached] = static_cast<std::int64_t>(model::Reached::Shipped);
  v.set(Variable::Now, Time{100} + hours(30));
  v.set(Variable::CancelledAt, Time{100});
  return v;
}

TEST(Expressions, EachOperator) {
  const auto v = some();
  const std::pair<std::string_view, bool> kRows[]{
      {"true", true},
      {"false", false},
      {"has_lines", true},
      {"cancelled", false},
      {"not cancelled", true},
      {"not not has_lines", true},
      {"T == 5", true},
      {"T != 5", false},
      {"S < T", true},
      {"T < S", false},
      {"S <= 3", true},
      {"S > 3", false},
      {"S >= 3", true},
      {"S + D == T", true},
      {"S + D - 1 >= T", false},
      {"5 <= T", true},
      {"2 + 3 == T", true},
      {"paid_amount < total_amount", true},
      {"total_amount - paid_amount == 600", true},
      {"terms == cod", true},
      {"terms != cod", false},
      {"terms in (cod, credit)", true},
      {"terms in (prepaid)", false},
      {"case_type == exchange", true},
      {"case_type in (refund_only, price_adjust)", false},
      {"reached >= shipped", true},
      {"reached >= delivered", false},
      {"known(cancelled_at)", true},
      {"known(paid_at)", false},
      {"now <= cancelled_at + 24h", false},
      {"now <= cancelled_at + 31h", true},
      {"now - cancelled_at > 29h", true},
      {"1h + cancelled_at < now", true},
      {"has_lines and S > 0", true},
      {"has_lines and S > 9", false},
      {"cancelled or S > 0", true},
      {"cancelled or S > 9", false},
      {"cancelled and S > 0 or has_lines", true},
      {"cancelled and (S > 0 or has_lines)", false},
      {"not (cancelled or S > 9)", true},
      {"not cancelled and not completed", true},
  };
  for (const auto& [text, expected] : kRows) EXPECT_EQ(holds(text, v), expected) << text;
  EXPECT_TRUE(Expression().holds(v));
  EXPECT_TRUE(Expression().is_always_true());
}

TEST(Expressions, AgreeWithTheirExplanation) {
  const auto compiled =
      Expression::compile("has_lines and (cancelled or S >= T) and not completed");
  ASSERT_TRUE(compiled);
  const auto leaves = compiled->explain(some());
  ASSERT_EQ(leaves.size(), 4u);
  EXPECT_EQ(leaves[0].text, "has_lines");
  EXPECT_TRUE(leaves[0].is_true);
  EXPECT_EQ(leaves[2].text, "S >= T");
  EXPECT_FALSE(leaves[2].is_true);
  EXPECT_EQ(compiled->why_not(some()), (std::vector<std::string>{"cancelled", "S >= T"}));
  const auto negated = Expression::compile("not has_lines");
  EXPECT_EQ(negated->why_not(some()), (std::vector<std::string>{"not has_lines"}));
  EXPECT_TRUE(compiled->uses(Variable::Shipped));
  EXPECT_TRUE(compiled->uses(Variable::Total));
  EXPECT_FALSE(compiled->uses(Variable::Back));
}

TEST(Expressions, FaultsSayWhereAndWhat) {
  struct Row {
    std::string_view text;
    int column;
    std::string_view says;
  };
  const Row kRows[]{
      {"", 1, "ends too early"},
      {"T >", 4, "ends too early"},
      {"T", 2, "compare it"},
      {"shiped", 1, "unknown variable \"shiped\""},
      {"all_shiped", 1, "did you mean \"all_shipped\"?"},
      {"T > has_lines", 3, "different units"},
      {"has_lines == has_lines", 11, "a flag stands alone"},
      {"T > paid_at", 3, "different units"},
      {"paid_at + paid_at > now", 9, "cannot be added"},
      {"T + paid_at > 1", 3, "cannot be added"},
      {"terms > cod", 7, "have no order"},
      {"terms == cash", 10, "is no value of it"},
      {"terms in (cdo)", 11, "did you mean \"cod\"?"},
      {"T in (cod)", 1, "needs a variable that holds a code"},
      {"known(T)", 7, "is no time"},
      {"known paid_at", 7, "expected \"(\""},
      {"(T > 0", 7, "expected \")\""},
      {"T > 0)", 6, "expected \"and\", \"or\" or the end"},
      {"T > 0 T", 7, "expected \"and\", \"or\" or the end"},
      {"and T > 0", 1, "expected a condition"},
      {"T > 12x4", 5, "neither a number"},
      {"T > 1234567890123456", 5, "neither a number"},
      {"T > $", 5, "expected a condition"},
  };
  for (const auto& row : kRows) {
    const auto compiled = Expression::compile(row.text);
    ASSERT_FALSE(compiled) << row.text;
    EXPECT_TRUE(compiled.error().message.contains(row.says))
        << row.text << ": " << compiled.error().message;
    EXPECT_EQ(compiled.error().column, row.column) << row.text << ": " << compiled.error().message;
  }
}

TEST(Expressions, LimitsHoldAtTheLimit) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "true" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(Expression::compile(nested(Expression::kDepthMax - 1)));
  const auto deep = Expression::compile(nested(Expression::kDepthMax));
  ASSERT_FALSE(deep);
  EXPECT_TRUE(deep.error().message.contains("nested deeper"));

  std::string text = "true";
  text.resize(Expression::kTextMax, ' ');
  EXPECT_TRUE(Expression::compile(text));
  EXPECT_FALSE(Expression::compile(text + " "));

  std::string many = "T > 0";
  for (std::size_t i = 0; i < Expression::kOpsMax; ++i) many += " or T>0";
  EXPECT_FALSE(Expression::compile(many));
}

TEST(Expressions, TheStackNeverOverflows) {
  // Right-nested conditions hold one value each, right-nested sums none: sums are flat.
  std::string sum = "T";
  for (int i = 0; i < 100; ++i) sum += "+T";
  EXPECT_TRUE(holds(sum + " == 505", some()));
  std::string nested;
  for (int i = 0; i < Expression::kDepthMax - 1; ++i) nested += "(cancelled or ";
  nested += "has_lines" + std::string(Expression::kDepthMax - 1, ')');
  EXPECT_TRUE(holds(nested, some()));
}

TEST(Expressions, SumsStopAtTheEndsOfTheRange) {
  Variables v;
  v[Variable::Total] = std::numeric_limits<std::int64_t>::max();
  v[Variable::Shipped] = 1;
  EXPECT_TRUE(holds("T + S == T", v));
  v[Variable::Total] = std::numeric_limits<std::int64_t>::min();
  EXPECT_TRUE(holds("T - S == T", v));
}

TEST(Expressions, EveryVariableCanBeNamed) {
  for (const auto& row : variable_table()) {
    EXPECT_EQ(variable_from(row.name), row.variable);
    EXPECT_FALSE(row.doc.empty());
    std::string text(row.name);
    if (row.unit == Unit::Number || row.unit == Unit::Money) text += " >= 0";
    if (row.unit == Unit::Time) text = "known(" + text + ")";
    if (row.unit == Unit::Span) text += " >= 1h";
    if (!words_of(row.unit).empty()) text += " == " + std::string(words_of(row.unit)[0]);
    if (row.unit == Unit::Roles) continue;
    EXPECT_TRUE(Expression::compile(text)) << text;
  }
}

}  // namespace
}  // namespace cairn::lifecycle

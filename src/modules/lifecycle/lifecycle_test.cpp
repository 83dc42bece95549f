#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "modules/lifecycle/draw.hpp"
#include "modules/lifecycle/loader.hpp"

namespace cairn::lifecycle {
namespace {

namespace fs = std::filesystem;

const fs::path kShipped = fs::path(CAIRN_SOURCE_DIR) / "definitions";

const Files& shipped() {
  static const Files kFiles = [] {
    auto files = read_files(kShipped);
    if (!files) ADD_FAILURE() << to_text(files.error());
    return std::move(*files);
  }();
  return kFiles;
}

/// A small lifecycle of orders that has no fault.
constexpr std::string_view kLoan = R"(id: loan
title: {zh: 借用, en: Loan}
initial: asked
preset: own_shop
states:
  asked:
    labels: {zh: 待批, en: Asked}
    category: unconfirmed
    on:
      lend_out:
        labels: {zh: 借出, en: Lend out}
        who: [warehouse]
        to: out
    after:
      forgotten:
        labels: {zh: 过期, en: Forgotten}
        delay: 7d
        since: placed_at
        to: ended
  out:
    labels: {zh: 借出中, en: Out}
    category: in_transit
    on:
      bring_back:
        labels: {zh: 归还, en: Bring back}
        who: [customer, warehouse]
        guard: {if: "T > 0 or not has_lines", zh: 有物, en: there is something}
        to: ended
  ended:
    labels: {zh: 结束, en: Ended}
    category: done
    type: final
)";

std::string changed(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  const auto at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) out.replace(at, from.size(), to);
  return out;
}

/// The line, from 1, in which `what` first stands.
int line_of(std::string_view text, std::string_view what) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string_view::npos) << what;
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

std::vector<Fault> faults_of(const std::string& loan) {
  auto files = shipped();
  files["lifecycles/loan.yaml"] = loan;
  auto loaded = load(files);
  return loaded ? std::vector<Fault>{} : loaded.error();
}

struct FaultRow {
  std::string_view code, from, to;
  std::string_view at;    ///< text whose first line the fault must name
  std::string_view says;  ///< part of the message
};

const FaultRow kFaults[]{
    {"unknown_target", "to: out", "to: outt", "to: outt", "did you mean \"out\"?"},
    {"unknown_target", "initial: asked", "initial: askd", "initial:", "did you mean \"asked\"?"},
    {"unreachable_state", "to: out", "to: ended", "  out:", "cannot be reached from \"asked\""},
    {"no_category", "    category: in_transit\n", "", "  out:", "needs a category"},
    {"unknown_category", "category: in_transit", "category: in_transitt", "category: in_transitt",
     "did you mean \"in_transit\"?"},
    {"no_way_out", "    type: final\n", "", "  ended:", "is not final and has no way out"},
    {"unknown_type", "type: final", "type: finall", "type: finall", "did you mean \"final\"?"},
    {"unknown_key", "    category: in_transit", "    categroy: in_transit", "categroy",
     "did you mean \"category\"?"},
    {"duplicate_key", "  ended:\n    labels: {zh: 结束, en: Ended}",
     "  ended:\n    labels: {zh: 结束, en: Ended}\n    labels: {zh: 结束, en: Ended}",
     "labels: {zh: 结束", "stands twice"},
    {"missing_key", "    labels: {zh: 借出中, en: Out}\n", "", "  out:", "needs \"labels\""},
    {"missing_key", "title: {zh: 借用, en: Loan}\n", "", "id: loan", "needs \"title\""},
    {"missing_key", "        who: [warehouse]\n", "", "lend_out", "needs who may use it"},
    {"missing_key", "        delay: 7d\n", "", "forgotten", "needs a delay"},
    {"missing_key", "        since: placed_at\n", "", "forgotten", "needs \"since\""},
    {"missing_key", "        labels: {zh: 借出, en: Lend out}\n", "", "lend_out", "needs labels"},
    {"bad_duration", "delay: 7d", "delay: a week", "delay:", "is not a duration"},
    {"unknown_limit", "delay: 7d", "delay: preset.payment_timout",
     "delay:", "did you mean \"payment_timeout\"?"},
    {"unknown_variable", "since: placed_at", "since: placd_at",
     "since:", "did you mean \"placed_at\"?"},
    {"unknown_variable", "T > 0 or not has_lines", "T > 0 or not has_linse", "has_linse",
     "did you mean \"has_lines\"?"},
    {"bad_condition", "T > 0 or not has_lines", "T > 0 or", "T > 0 or", "ends too early"},
    {"unknown_role", "who: [warehouse]", "who: [warehuose]", "who: [warehuose]",
     "did you mean \"warehouse\"?"},
    {"unknown_preset", "preset: own_shop", "preset: own_shopp", "preset:", "unknown preset"},
    {"unknown_effect", "        to: out\n", "        to: out\n        then: [reserve_stok]\n",
     "then:", "did you mean \"reserve_stock\"?"},
    {"unknown_event", "        to: out\n", "        to: out\n        emits: order_relesed\n",
     "emits:", "did you mean \"order_released\"?"},
    {"unknown_field", "        to: out\n",
     "        to: out\n        emits: package_shipped\n        needs: [nubmer]\n",
     "needs:", "did you mean \"number\"?"},
    {"unknown_area", "        to: out\n", "        to: out\n        area: dispach\n",
     "area:", "did you mean \"dispatch\"?"},
    {"unknown_subject", "initial: asked", "subject: odrer\ninitial: asked",
     "subject:", "did you mean \"order\"?"},
    {"no_headline", "to: out", "to: derive", "to: derive", "needs a headline table"},
    {"no_headline", "    category: in_transit", "    derives: [ended]\n    category: in_transit",
     "derives:", "needs a headline table"},
    {"uses_now", "        since: placed_at\n",
     "        since: placed_at\n        guard: {if: \"now > placed_at\", zh: 一, en: one}\n",
     "now > placed_at", "waits with \"delay\""},
    {"guarded_fact", "      bring_back:\n",
     "      package_delivered:\n        guard: has_lines\n        to: ended\n      bring_back:\n",
     "guard: has_lines", "a fact is never refused"},
    {"unchecked_guard",
     "        guard: {if: \"T > 0 or not has_lines\", zh: 有物, en: there is something}\n",
     "        guard: {zh: 有物, en: there is something}\n", "guard: {zh: 有物", "nothing checks"},
    {"stray_approval", "        delay: 7d\n", "        delay: 7d\n        with: supervisor\n",
     "with:", "asks nobody"},
    {"personal_approval", "        to: out\n",
     "        to: out\n        emits: address_changed\n        with: supervisor\n",
     "with:", "has personal fields"},
    {"wrong_type", "states:\n", "any: {on: x}\nstates:\n", "any:", "must be a list"},
};

TEST(Loader, WhatIsKeptIsReadAlthoughNewerRulesObject) {
  auto files = shipped();
  files["lifecycles/loan.yaml"] = changed(
      kLoan, "        guard: {if: \"T > 0 or not has_lines\", zh: 有物, en: there is something}\n",
      "        guard: {zh: 有物, en: there is something}\n");
  EXPECT_FALSE(load(files));
  const auto kept = load(files, As::Kept);
  EXPECT_TRUE(kept) << to_text(kept.error());
  files["lifecycles/loan.yaml"] = changed(kLoan, "initial: asked", "initial: nowhere");
  EXPECT_FALSE(load(files, As::Kept)) << "what cannot be understood";
}

TEST(Loader, EveryFaultIsFoundWithItsLine) {
  for (const auto& row : kFaults) {
    const auto text = changed(kLoan, row.from, row.to);
    const auto faults = faults_of(text);
    const auto found = std::ranges::find_if(faults, [&](const Fault& fault) {
      return fault.code == row.code && fault.message.contains(row.says);
    });
    ASSERT_NE(found, faults.end()) << row.code << " " << row.says << "\n" << to_text(faults);
    EXPECT_EQ(found->file, "lifecycles/loan.yaml");
    // A map that lacks something is named by its key's line or by its first member's.
    EXPECT_GE(found->line, line_of(text, row.at)) << row.code << "\n" << to_text(faults);
    EXPECT_LE(found->line, line_of(text, row.at) + 1) << row.code << "\n" << to_text(faults);
  }
}

TEST(Loader, WhatIsNeverChosenIsAmbiguous) {
  const auto text = changed(kLoan, "        to: out\n", R"(        to: out
      lend_again:
        - labels: {zh: 借出, en: Lend}
          who: [warehouse]
          to: out
        - labels: {zh: 借出, en: Lend}
          who: [warehouse, service]
          to: ended
)");
  const auto faults = faults_of(text);
  ASSERT_EQ(faults.size(), 1u) << to_text(faults);
  EXPECT_EQ(faults[0].code, "ambiguous");
  EXPECT_EQ(faults[0].line, line_of(text, "lend_again"));
}

TEST(Loader, ACircleOfAutomaticTransitionsIsRefused) {
  for (const auto* how : {"    always:\n      at_once:\n        labels: {zh: 一, en: One}\n",
                          "    after:\n      later:\n        labels: {zh: 一, en: One}\n"
                          "        delay: 1h\n        since: placed_at\n"}) {
    auto text = changed(kLoan, "    category: in_transit\n",
                        std::string("    category: in_transit\n") + how + "        to: asked\n");
    text = changed(text, "    after:\n      forgotten:\n",
                   std::string("    after:\n      round:\n        labels: {zh: 二, en: Two}\n"
                               "        delay: 1h\n        since: placed_at\n        to: out\n"
                               "      forgotten:\n"));
    const auto faults = faults_of(text);
    ASSERT_FALSE(faults.empty()) << how;
    EXPECT_EQ(faults[0].code, "automatic_cycle") << to_text(faults);
  }
}

TEST(Loader, TheSentenceForWhatIsNotKnownHasNoBlanks) {
  constexpr std::string_view kPlain = "  plain: {zh: 包裹正在运输途中。, en: On the way.}\n";
  auto files = shipped();
  const auto whole = files["milestones.yaml"];
  files["milestones.yaml"] = changed(whole, "en: On the way.}", "en: \"In {place}.\"}");
  const auto wrong = load(files);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error()[0].code, "blank_in_plain") << to_text(wrong.error());
  files["milestones.yaml"] = changed(whole, kPlain, "");
  const auto older = load(files);
  ASSERT_TRUE(older) << "a version that was kept before there were any: " << to_text(older.error());
  EXPECT_EQ(older->milestone(model::Milestone::InTransit).plain.en, "");
}

TEST(Loader, AllFaultsOfAllFilesAreToldAtOnce) {
  auto files = shipped();
  files["lifecycles/loan.yaml"] = changed(
      changed(kLoan, "category: in_transit", "category: transit"), "type: final", "type: last");
  files["holds.yaml"] = changed(files["holds.yaml"], "clock: stops", "clock: stop");
  files["presets/own_shop.yaml"] =
      changed(files["presets/own_shop.yaml"], "payment_timeout:", "paymnt_timeout:");
  const auto loaded = load(files);
  ASSERT_FALSE(loaded);
  std::vector<std::string> where;
  for (const auto& fault : loaded.error()) where.push_back(fault.file);
  for (const auto* file : {"holds.yaml", "lifecycles/loan.yaml", "presets/own_shop.yaml"})
    EXPECT_TRUE(std::ranges::find(where, file) != where.end()) << to_text(loaded.error());
  EXPECT_GE(std::ranges::count(where, "lifecycles/loan.yaml"), 2);
  EXPECT_TRUE(std::ranges::is_sorted(where)) << "in order of file and line";
}

TEST(Loader, WhatIsNoYamlIsNamed) {
  for (const auto* text : {"id: [", "a: &x 1\nb: *x\n", "id: loan\n---\nid: two\n", "- 1\n", ""}) {
    const auto faults = faults_of(text);
    ASSERT_FALSE(faults.empty()) << text;
    EXPECT_GE(faults[0].line, 0);
  }
}

TEST(Loader, LimitsHold) {
  std::string many = "id: loan\ntitle: {zh: 一, en: One}\ninitial: s0\nstates:\n";
  for (std::size_t i = 0; i <= kStatesMax; ++i)
    many +=
        "  s" + std::to_string(i) + ": {labels: {zh: 一, en: One}, category: done, type: final}\n";
  const auto faults = faults_of(many);
  ASSERT_FALSE(faults.empty());
  EXPECT_TRUE(faults[0].message.contains("1 to 64 states")) << to_text(faults);
}

TEST(Loader, AHeadlineEndsWithARowThatHoldsAlways) {
  auto files = shipped();
  auto& retail = files["lifecycles/retail.yaml"];
  retail = changed(retail, "  - {state: awaiting_payment}\n",
                   "  - {state: awaiting_payment, if: cancelled}\n");
  const auto loaded = load(files);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error()[0].code, "no_catch_all");
}

// ---- what is shipped ----------------------------------------------------------------------------

TEST(Shipped, LoadsWithoutAFault) {
  const auto loaded = load(kShipped);
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  ASSERT_NE(loaded->lifecycle("retail"), nullptr);
  ASSERT_NE(loaded->lifecycle("made_to_order"), nullptr);
  ASSERT_NE(loaded->lifecycle("after_sale"), nullptr);
  EXPECT_EQ(loaded->lifecycle("retail")->states().size(), 15u);
  EXPECT_EQ(loaded->lifecycle("made_to_order")->states().size(), 22u);
  EXPECT_EQ(loaded->lifecycle("after_sale")->states().size(), 13u);
  EXPECT_EQ(loaded->holds().size(), 18u);
  EXPECT_EQ(loaded->presets().size(), 10u);
  EXPECT_EQ(loaded->categories().size(), model::kCategoryCount);
  EXPECT_EQ(loaded->badges().size(), 15u);
  EXPECT_EQ(loaded->lifecycle("none"), nullptr);
}

TEST(Shipped, HashFollowsEveryFile) {
  auto files = shipped();
  const auto before = load(files);
  files["holds.yaml"] += "# a word\n";
  const auto after = load(files);
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->hash(), after->hash());
}

TEST(Shipped, CategoriesAndFinalStatesAreAsTheyShould) {
  const auto loaded = load(kShipped);
  ASSERT_TRUE(loaded);
  for (const auto& chart : loaded->lifecycles())
    for (const auto& state : chart->states()) {
      const bool is_over =
          state.category() == model::Category::Done || state.category() == model::Category::Closed;
      EXPECT_EQ(state.is_final(), is_over) << chart->name() << " " << state.code();
      EXPECT_FALSE(state.staff_label().empty());
      EXPECT_FALSE(state.customer_label().empty());
    }
}

TEST(Shipped, AFourthLifecycleIsAFileDroppedIntoTheFolder) {
  const auto folder =
      fs::temp_directory_path() /
      ("cairn-lifecycle-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
       "-" + std::to_string(reinterpret_cast<std::uintptr_t>(&kLoan)));
  fs::remove_all(folder);
  fs::copy(kShipped, folder, fs::copy_options::recursive);
  std::ofstream(folder / "lifecycles" / "loan.yaml") << kLoan;
  const auto loaded = load(folder);
  fs::remove_all(folder);
  ASSERT_TRUE(loaded) << to_text(loaded.error());
  const auto* loan = loaded->lifecycle("loan");
  ASSERT_NE(loan, nullptr);
  EXPECT_FALSE(loan->is_derived());
  EXPECT_EQ(loan->state(loan->start()).code(), "asked");

  Variables variables;
  Label why;
  EXPECT_EQ(
      loan->find(loan->start(), Kind::Command, "lend_out", model::Role::Customer, variables, &why),
      nullptr);
  EXPECT_TRUE(why.en.contains("warehouse")) << why.en;
  const auto* lend =
      loan->find(loan->start(), Kind::Command, "lend_out", model::Role::Warehouse, variables);
  ASSERT_NE(lend, nullptr);
  EXPECT_EQ(lend->emits, model::EventType::CustomHappened);
  variables.set(Variable::PlacedAt, Time{1000});
  const auto due = loan->next_due(loan->start(), variables, *loaded->preset("own_shop"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->at, Time{1000} + days(7));
}

TEST(Shipped, ALifecycleIsCheckedByItselfBeforeItIsDropped) {
  const auto loaded = load(kShipped);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(load_lifecycle(kLoan, "loan.yaml", *loaded));
  const auto bad = load_lifecycle(changed(kLoan, "to: out", "to: nowhere"), "loan.yaml", *loaded);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error()[0].code, "unknown_target");
  EXPECT_EQ(bad.error()[0].file, "loan.yaml");
}

TEST(Shipped, AreDrawn) {
  const auto loaded = load(kShipped);
  ASSERT_TRUE(loaded);
  for (const auto& chart : loaded->lifecycles())
    for (const auto language : {Language::Chinese, Language::English}) {
      const auto drawing = draw_mermaid(*chart, language);
      EXPECT_TRUE(drawing.starts_with("stateDiagram-v2\n"));
      EXPECT_TRUE(drawing.contains("[*] --> " + chart->state(chart->start()).code()));
      for (const auto& state : chart->states()) {
        EXPECT_TRUE(drawing.contains(" as " + state.code() + "\n"));
        if (state.is_final()) EXPECT_TRUE(drawing.contains(state.code() + " --> [*]\n"));
      }
      // One statement a line, a label has no sign that would end it.
      EXPECT_EQ(drawing.find(';'), std::string::npos);
    }
  EXPECT_TRUE(draw_mermaid(*loaded->lifecycle("retail"), Language::English)
                  .contains("preparing --> shipped : Ship"));
}

TEST(Delays, AreCountedFromWhatIsKnown) {
  Preset preset;
  preset.limits[static_cast<std::size_t>(Limit::CompleteDelivered)] = days(7);
  Delay delay;
  delay.limit = Limit::CompleteDelivered;
  delay.since = Variable::DeliveredAt;
  delay.until = Variable::ReceiptDueAt;
  delay.plus = Variable::ReceiptPaused;
  Variables variables;
  EXPECT_FALSE(delay.due(variables, preset)) << "not delivered yet";
  variables.set(Variable::DeliveredAt, Time{0});
  EXPECT_EQ(delay.due(variables, preset), Time{0} + days(7));
  variables[Variable::ReceiptPaused] = hours(5).us;
  EXPECT_EQ(delay.due(variables, preset), Time{0} + days(7) + hours(5));
  variables.set(Variable::ReceiptDueAt, Time{0} + days(9));
  EXPECT_EQ(delay.due(variables, preset), Time{0} + days(9) + hours(5)) << "a pause puts it off";
  delay.until.reset();
  delay.limit = Limit::PaymentTimeout;
  EXPECT_FALSE(delay.due(variables, preset)) << "the preset has no such limit";
  delay.limit.reset();
  delay.fixed = Duration{std::numeric_limits<std::int64_t>::max()};
  variables.set(Variable::DeliveredAt, Time{5});
  EXPECT_FALSE(delay.due(variables, preset)) << "beyond all time is never";
}

}  // namespace
}  // namespace cairn::lifecycle

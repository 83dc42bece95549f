#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/command.hpp"
#include "model/event.hpp"

namespace cairn::testing {

/// A source of numbers: RapidCheck, the simulator's seeded generator, or a fixed list.
using Below = std::function<std::uint64_t(std::uint64_t bound)>;

/// How wild a history is.
struct HistoryOptions {
  std::size_t facts_max = 24;
  bool with_corrections = true;
  bool with_undated = true;
  bool with_rival_corrections = false;  ///< several corrections of one event: arrival decides
  bool with_cases = true;
  bool with_precision = true;  ///< some times are told by minute, hour or day
  std::string source = "own";
};

/// The life of one order as its sources tell it: mostly plausible, sometimes not. The same numbers
/// give the same history. Events carry ids, times and payloads; `recorded` and `number` are left to
/// whoever plays them.
class HistoryGenerator {
 public:
  HistoryGenerator(Below below, HistoryOptions options);

  /// Facts (and corrections of facts) of one order, in the order in which they happened.
  std::vector<model::Event> facts();

  /// Any command with data that may or may not fit, of any role.
  core::Command command();

  /// When the earliest fact may have happened.
  static constexpr Time kStart{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

 private:
  struct Draft {
    std::string_view type;
    std::string data;
    std::string source;
  };
  Draft place();
  Draft money();
  Draft step();
  Draft package();
  Draft overlay();
  Draft after_sale();
  Draft other();
  Draft draw();
  model::Event event_of(const Draft& draft, Time at);
  model::Event correction_of(const model::Event& target, Time at);
  model::Event kernel_word_on(const model::Identity& target, Time at);
  model::Event copy_of(const model::Event& original);
  model::Event word_on(const std::vector<model::Event>& events, const model::Event& target,
                       Time at);

  std::uint64_t below(std::uint64_t bound) { return bound <= 1 ? 0 : below_(bound); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  template <typename Range>
  auto one_of(const Range& range) {
    return *(std::begin(range) + static_cast<std::ptrdiff_t>(below(std::size(range))));
  }

  Below below_;
  HistoryOptions options_;
  std::uint64_t serial_ = 0;
};

/// Plays facts as they may arrive: in any order, each one to three times.
std::vector<model::Event> as_told(const std::vector<model::Event>& facts, const Below& below);

}  // namespace cairn::testing

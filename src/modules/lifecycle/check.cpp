#include <fmt/format.h>

#include <algorithm>

#include "base/ranges.hpp"
#include "modules/lifecycle/loader_lifecycle.hpp"

namespace cairn::lifecycle {
namespace {

Yaml at_line(int line) {
  Yaml place;
  place.line = line;
  return place;
}

/// Whether `later` can be chosen although `earlier` of the same name comes first.
bool is_told_apart(const Transition& earlier, const Transition& later) {
  if (earlier.kind == Kind::Command && (earlier.who & later.who) == 0) return true;
  if (earlier.when.text() != later.when.text() && !earlier.when.is_always_true()) return true;
  if (earlier.kind == Kind::Fact) return false;
  if (earlier.with != 0 && earlier.with != later.with) return true;
  return !earlier.guard.is_always_true() && earlier.guard.text() != later.guard.text();
}

class GraphCheck {
 public:
  GraphCheck(const Lifecycle::Parts& parts, std::span<const Yaml> places, const Yaml& start_place,
             Reader& reader)
      : parts_(parts), places_(places), start_place_(start_place), reader_(reader) {
    for (const auto& state : parts.states) edges_.push_back(ways_out(state));
  }

  void run() {
    check_reachable();
    check_headline();
    for (std::size_t i = 0; i < parts_.states.size(); ++i) {
      check_way_out(i);
      check_doubles(parts_.states[i]);
    }
    check_cycles();
  }

 private:
  std::vector<StateId> ways_out(const State& state) const {
    std::vector<StateId> out(state.derives().begin(), state.derives().end());
    for (const auto& t : state.transitions()) {
      out.insert(out.end(), t.target.states.begin(), t.target.states.end());
      // Where nothing is said of what a derived move can come to, it can come to any row.
      if (t.target.way == Target::Way::Derive && t.target.states.empty())
        for (const auto& row : parts_.headline) out.push_back(row.state);
    }
    return out;
  }

  void check_reachable() {
    std::vector<bool> seen(parts_.states.size());
    std::vector<StateId> queue{parts_.start};
    for (const auto& row : parts_.starts) queue.push_back(row.state);
    while (!queue.empty()) {
      const auto id = queue.back();
      queue.pop_back();
      if (seen[id]) continue;
      seen[id] = true;
      queue.insert(queue.end(), edges_[id].begin(), edges_[id].end());
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (!seen[i])
        reader_.fault(places_[i], "unreachable_state",
                      fmt::format("state \"{}\" cannot be reached from \"{}\"",
                                  parts_.states[i].code(), parts_.states[parts_.start].code()));
  }

  void check_headline() {
    if (parts_.headline.empty()) return;
    for (std::size_t i = 0; i < parts_.states.size(); ++i)
      if (std::ranges::none_of(parts_.headline,
                               [&](const HeadlineRow& row) { return row.state == i; }))
        reader_.fault(
            places_[i], "no_headline_row",
            fmt::format("no row of the headline gives state \"{}\"", parts_.states[i].code()));
    if (parts_.headline.back().state != parts_.start)
      reader_.fault(start_place_, "wrong_start",
                    fmt::format("the last row of the headline must be the initial state \"{}\"",
                                parts_.states[parts_.start].code()));
  }

  void check_way_out(std::size_t index) {
    const auto& state = parts_.states[index];
    if (state.is_final()) return;
    const auto leaves = [&](StateId to) { return to != index; };
    if (std::ranges::none_of(edges_[index], leaves))
      reader_.fault(places_[index], "no_way_out",
                    fmt::format("state \"{}\" is not final and has no way out: give it a "
                                "transition or \"type: final\"",
                                state.code()));
  }

  void check_doubles(const State& state) {
    const auto all = state.transitions();
    for (std::size_t j = 1; j < all.size(); ++j)
      for (std::size_t i = 0; i < j; ++i) {
        if (all[i].kind != all[j].kind || all[i].on != all[j].on) continue;
        if (is_told_apart(all[i], all[j])) continue;
        reader_.fault(
            at_line(all[j].line), "ambiguous",
            fmt::format("\"{}\" of state \"{}\" is never chosen: the one in line {} comes "
                        "first; tell them apart by \"when\", \"guard\" or \"who\"",
                        all[j].on, state.code(), all[i].line));
        break;
      }
  }

  /// Automatic transitions must not lead round in a circle, timed ones neither: their times are
  /// counted from moments that have long passed the second time round.
  void check_cycles() {
    const auto count = parts_.states.size();
    for (std::size_t from = 0; from < count; ++from) {
      std::vector<bool> seen(count);
      std::vector<StateId> queue = immediate(from);
      while (!queue.empty()) {
        const auto id = queue.back();
        queue.pop_back();
        if (id == from) {
          reader_.fault(places_[from], "automatic_cycle",
                        fmt::format("automatic transitions lead from state \"{}\" "
                                    "back to itself",
                                    parts_.states[from].code()));
          break;
        }
        if (seen[id]) continue;
        seen[id] = true;
        const auto next = immediate(id);
        queue.insert(queue.end(), next.begin(), next.end());
      }
    }
  }

  std::vector<StateId> immediate(std::size_t from) const {
    std::vector<StateId> out;
    for (const auto& t : parts_.states[from].transitions()) {
      if (t.kind != Kind::Auto) continue;
      if (!t.after && t.target.way == Target::Way::Stay) out.push_back(static_cast<StateId>(from));
      out.insert(out.end(), t.target.states.begin(), t.target.states.end());
    }
    return out;
  }

  const Lifecycle::Parts& parts_;
  std::span<const Yaml> places_;
  const Yaml& start_place_;
  Reader& reader_;
  std::vector<std::vector<StateId>> edges_;
};

}  // namespace

void check_graph(const Lifecycle::Parts& parts, std::span<const Yaml> places,
                 const Yaml& start_place, Reader& reader) {
  GraphCheck(parts, places, start_place, reader).run();
}

}  // namespace cairn::lifecycle

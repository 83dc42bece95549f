#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/order_text.hpp"

/// What both texts of an order are made of. Private to order_text*.cpp.
namespace cairn::app::text_parts {

/// Reads members of JSON that may lack any of them.
std::string text_of(json::Value object, std::string_view name);
std::optional<Time> time_of(json::Value object, std::string_view name);
std::int64_t number_of(json::Value object, std::string_view name);

/// Words, times and colours in the language and zone asked for.
class Teller {
 public:
  explicit Teller(const TextOptions& options) : options_(options) {}

  const Style& style() const { return options_.style; }
  std::string_view say(std::string_view zh, std::string_view en) const {
    return options_.is_chinese ? zh : en;
  }
  /// The member `name`, a Label; the code itself where it has no words.
  std::string label(json::Value object, std::string_view name = "label") const;
  /// "2026-11-23", "周一", "10:02:03" or "10:02" where nothing finer was told.
  std::string day(Time t) const;
  std::string weekday(Time t) const;
  std::string clock(Time t, std::string_view precision) const;
  std::string day_and_clock(Time t) const;
  /// "+08:00"
  std::string offset(Time t) const;
  /// "¥" is left to people: "129.00 CNY".
  std::string money(std::int64_t minor, std::string_view currency) const;
  /// "1d 2h", "3h 5m", "40s"
  std::string span(Duration d) const;
  std::string health(std::string_view code) const;
  Ink ink_of_lane(std::string_view lane) const;
  /// What a StateRef's state is called.
  std::string state_word(json::Value state_ref) const;
  /// The state with its colour: `status` is a Status.
  std::string state(json::Value status) const;

 private:
  std::int64_t local_seconds(Time t) const;
  const TextOptions& options_;
};

/// The head both texts begin with.
std::string head(json::Value order, const Teller& tell);
/// Promised and planned against what happened, a row each; empty where nothing was promised.
std::string plan_table(json::Value order, const Teller& tell);

}  // namespace cairn::app::text_parts

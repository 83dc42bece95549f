#pragma once

#include <optional>
#include <string_view>

#include "app/demo_script.hpp"
#include "model/identity.hpp"

/// Who an order of the demo is: everything follows from its number, so that a restart finds the
/// same people, goods and plays behind the numbers that stand in the folder.
namespace cairn::app::demo {

/// Numbers of a day: those of the first start, everyday ones, and the rounds of stories.
inline constexpr std::uint32_t kBacklogLast = 999;
inline constexpr std::uint32_t kEverydayFirst = 1'001;
inline constexpr std::uint32_t kStoriesFirst = 900'000;
inline constexpr std::uint32_t kRoundNumbers = 100;

/// The number of an order, "SY-20261127-0001" without its shop.
struct Ticket {
  std::int64_t day = 0;  ///< since 1970, in the demo's zone
  std::uint32_t number = 0;
  friend auto operator<=>(const Ticket&, const Ticket&) = default;
};
/// The demo's days begin at midnight in China, which knows no summer time.
inline constexpr Duration kZone = hours(8);
std::int64_t day_of(Time t);
Time midnight_of(std::int64_t day);
std::optional<Ticket> parse_order_no(std::string_view order_no);

/// What a ticket plays.
struct Part {
  const Script* script = nullptr;
  std::size_t order = 0;         ///< of the script's orders
  std::uint32_t first = 0;       ///< number of the script's first order
  bool is_live = false;          ///< time passes faster than in life
  const Stock* stock = nullptr;  ///< of the backlog
};

class Cast {
 public:
  explicit Cast(const Book& book) : book_(book) {}

  std::optional<Part> part_of(const Ticket& ticket) const;
  const Shop& shop_of(const Ticket& ticket, const Part& part) const;
  std::string order_no(const Ticket& ticket) const;
  /// A number below `below` that depends on ticket and purpose alone.
  std::uint64_t draw(const Ticket& ticket, std::string_view purpose, std::uint64_t below) const;
  /// Who acts in a role; empty where the role has nobody.
  std::string actor(const Ticket& ticket, std::string_view role) const;

  /// When something of the script happens, counted from its beginning.
  Duration pace(const Ticket& ticket, const Part& part, Duration life) const;
  /// `order_placed` as its shop tells it. `begun`: when the script began.
  Result<std::string> placed(const Ticket& ticket, const Part& part, Time begun) const;
  /// The template with its holes filled. A hole nobody knows is a bug of the definitions: the error
  /// names it.
  Result<std::string> fill(const Template& data, const Ticket& ticket, const Part& part,
                           Time begun) const;
  /// The value of one name as JSON; nothing when nobody knows it. "b.id": of the script's order b.
  std::optional<std::string> value(std::string_view name, const Ticket& ticket, const Part& part,
                                   Time begun) const;
  model::OrderId order_id(const Ticket& ticket, const Part& part) const;
  /// Of the act with that index: the same however often it is played.
  model::Identity identity(const Ticket& ticket, std::string_view source, std::size_t act) const;

 private:
  struct Basket;
  Basket basket(const Ticket& ticket, const Part& part) const;
  std::string person(const Ticket& ticket) const;
  std::optional<std::string> amount(std::string_view name, const Ticket& ticket,
                                    const Part& part) const;
  std::optional<std::string> place(std::string_view name, const Ticket& ticket) const;

  const Book& book_;
};

}  // namespace cairn::app::demo

#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

/// What the demo plays: definitions/demo. Immutable after loading.
namespace cairn::app::demo {

/// JSON with holes: `$name` in the file became kHole name kHole.
inline constexpr char kHole = '\x01';
struct Template {
  std::string text;  ///< empty: no data
};

enum class Way : std::uint8_t {
  Tell,  ///< a fact
  Deed,  ///< a command where Cairn decides, else a fact of whoever does
  Ask,   ///< a command, wherever it is decided: elsewhere it becomes a request
};

/// One thing that happens in the life of an order.
struct Act {
  Duration at;            ///< of real life, since the script began
  Duration as_of{-1};     ///< of a fact told late: when it happened; negative: when it is told
  std::size_t order = 0;  ///< of the script's orders
  std::string by;         ///< shop, wms, erp, carrier; a role for deeds
  Way way = Way::Tell;
  std::string name;   ///< event type, or command
  std::string about;  ///< value that holds a waybill number; empty: the order itself
  Template data;
};

/// A play of one order, or of several that belong together.
struct Script {
  std::string id;
  std::vector<std::string> shops;  ///< empty: any with a share
  std::vector<std::string> orders{"a"};
  std::map<std::string, std::string> ends;  ///< order → state it comes to
  std::vector<std::string> conflicts;       ///< kinds it is meant to show
  std::int64_t copies = 1;                  ///< of a story, played at once
  std::int64_t weight = 0;                  ///< of an everyday life
  std::int64_t lines = 0;                   ///< of goods; 0: as it falls
  Duration promise{0};
  Template placed;  ///< laid over what every order says when it is placed
  std::vector<Act> acts;

  /// When the order comes into being.
  Duration placed_at(std::size_t order) const;
};

struct Goods {
  std::string sku, name;
  std::int64_t price = 0;
};
struct Shop {
  std::string code, name, prefix, source, lifecycle, preset, channel, warehouse, plant, currency;
  std::string terms, attributes;
  std::int64_t share = 0;
  std::vector<std::string> carriers;
  std::vector<Goods> goods;
};
struct Place {
  std::string name, region;
  std::int64_t latitude_e6 = 0, longitude_e6 = 0;
};
struct Rhythm {
  double floor_per_s = 0, peak_per_s = 0, peak_hour = 0, width_hours = 1;
};
/// So many orders of a life that the first start finds, placed that long ago.
struct Stock {
  const Script* script = nullptr;
  std::int64_t count = 0;
  Duration from, until;
};

struct Book {
  std::uint64_t seed = 0;
  Rhythm rhythm;
  std::size_t orders_max = 0, story_orders_max = 0;
  Duration story_round;
  std::vector<Shop> shops;
  std::vector<std::string> suppliers, family_names, given_names, streets;
  std::vector<Place> cities, hubs;
  std::map<std::string, std::vector<std::string>> staff;
  std::map<std::string, Script> lives;  ///< by name; weight 0: of the backlog only
  std::vector<Script> stories;
  std::vector<Stock> backlog;

  const Shop* shop(std::string_view code) const;
  /// Numbers the stories of one round take.
  std::size_t story_orders() const;
};

/// Reads the folder. Errors: Invalid with file, line and what is wrong; NotFound.
Result<Book> load_book(const std::string& folder);

}  // namespace cairn::app::demo

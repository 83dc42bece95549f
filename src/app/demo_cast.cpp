#include "app/demo_cast.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/number.hpp"
#include "base/text.hpp"
#include "crypto/hash.hpp"
#include "json/writer.hpp"
#include "model/event.hpp"

namespace cairn::app::demo {
namespace {

/// While the demo is watched, two days of life take eight minutes, and the first hours are
/// stretched so that every stage can be seen: wall = kWall · (life / kLife) ^ kPower.
constexpr Duration kLife = hours(48);
constexpr double kWall = 480e6;
constexpr double kPower = 0.4;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// A waybill number of a carrier: two letters of ours and twelve digits.
std::string waybill(std::string_view letters, std::uint64_t random) {
  return fmt::format("{}{:012}", letters, random % 1'000'000'000'000);
}

}  // namespace

std::int64_t day_of(Time t) {
  const auto local = (t + kZone).us;
  constexpr auto kDay = days(1).us;
  return local / kDay - (local % kDay < 0);
}
Time midnight_of(std::int64_t day) { return Time{day * days(1).us} - kZone; }

std::optional<Ticket> parse_order_no(std::string_view order_no) {
  const auto parts = split(order_no, '-');
  if (parts.size() != 3 || parts[1].size() != 8) return std::nullopt;
  std::int64_t year = 0;
  unsigned month = 0, day = 0;
  Ticket ticket;
  if (!read_number(parts[1].substr(0, 4), year) || !read_number(parts[1].substr(4, 2), month) ||
      !read_number(parts[1].substr(6, 2), day) || !read_number(parts[2], ticket.number))
    return std::nullopt;
  ticket.day = days_from_civil(year, month, day);
  return ticket;
}

std::uint64_t Cast::draw(const Ticket& ticket, std::string_view purpose,
                         std::uint64_t below) const {
  const auto digest =
      crypto::sha256(fmt::format("{}\n{}\n{}\n{}", book_.seed, ticket.day, ticket.number, purpose));
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | digest[static_cast<std::size_t>(i)];
  return below == 0 ? 0 : value % below;
}

std::optional<Part> Cast::part_of(const Ticket& ticket) const {
  if (ticket.number >= kStoriesFirst) {
    std::uint32_t at = (ticket.number - kStoriesFirst) % kRoundNumbers;
    const auto first = ticket.number - at;
    std::uint32_t begin = 0;
    for (const auto& story : book_.stories) {
      const auto size = static_cast<std::uint32_t>(story.orders.size());
      const auto all = size * static_cast<std::uint32_t>(story.copies);
      if (at < begin + all)
        return Part{&story, (at - begin) % size, first + at - (at - begin) % size, true, nullptr};
      begin += all;
    }
    return std::nullopt;
  }
  if (ticket.number >= kEverydayFirst) {
    std::int64_t sum = 0;
    for (const auto& [id, life] : book_.lives) sum += life.weight;
    auto left = static_cast<std::int64_t>(draw(ticket, "life", static_cast<std::uint64_t>(sum)));
    for (const auto& [id, life] : book_.lives)
      if ((left -= life.weight) < 0) return Part{&life, 0, ticket.number, true, nullptr};
    return std::nullopt;
  }
  std::uint32_t begin = 1;
  for (const auto& stock : book_.backlog) {
    const auto size = static_cast<std::uint32_t>(stock.script->orders.size());
    const auto all = size * static_cast<std::uint32_t>(stock.count);
    if (ticket.number >= begin && ticket.number < begin + all) {
      const auto at = (ticket.number - begin) % size;
      return Part{stock.script, at, ticket.number - at, false, &stock};
    }
    begin += all;
  }
  return std::nullopt;
}

/// The orders of one script are one shop's.
const Shop& Cast::shop_of(const Ticket& ticket, const Part& part) const {
  const Ticket first{ticket.day, part.first};
  std::vector<const Shop*> candidates;
  std::int64_t sum = 0;
  for (const auto& shop : book_.shops) {
    const auto& wanted = part.script->shops;
    if (wanted.empty() ? shop.share > 0 : std::ranges::find(wanted, shop.code) != wanted.end()) {
      candidates.push_back(&shop);
      sum += std::max<std::int64_t>(shop.share, 1);
    }
  }
  CAIRN_CHECK(!candidates.empty());
  auto left = static_cast<std::int64_t>(draw(first, "shop", static_cast<std::uint64_t>(sum)));
  for (const auto* shop : candidates)
    if ((left -= std::max<std::int64_t>(shop->share, 1)) < 0) return *shop;
  return *candidates.back();
}

std::string Cast::order_no(const Ticket& ticket) const {
  const auto part = part_of(ticket);
  CAIRN_CHECK(part.has_value());
  const auto date = civil_from_days(ticket.day);
  return fmt::format("{}-{:04}{:02}{:02}-{:04}", shop_of(ticket, *part).prefix, date.year,
                     date.month, date.day, ticket.number);
}

model::OrderId Cast::order_id(const Ticket& ticket, const Part& part) const {
  return model::order_id_of(shop_of(ticket, part).source, order_no(ticket));
}

model::Identity Cast::identity(const Ticket& ticket, std::string_view source,
                               std::size_t act) const {
  return model::identity_of(source, fmt::format("{}/{}", order_no(ticket), act));
}

std::string Cast::actor(const Ticket& ticket, std::string_view role) const {
  const auto found = book_.staff.find(std::string(role));
  if (found == book_.staff.end() || found->second.empty()) return {};
  return found->second[draw(ticket, role, found->second.size())];
}

Duration Cast::pace(const Ticket& ticket, const Part& part, Duration life) const {
  if (!part.is_live || life.us <= 0) return life;
  const double ratio = static_cast<double>(life.us) / static_cast<double>(kLife.us);
  // Orders of one script keep step with each other.
  const Ticket first{ticket.day, part.first};
  const double own = 0.85 + static_cast<double>(draw(first, "pace", 300)) / 1000.0;
  return {static_cast<std::int64_t>(kWall * std::pow(ratio, kPower) * own / 1000.0) * 1000};
}

// ---- what an order says
// --------------------------------------------------------------------------

struct Cast::Basket {
  struct Item {
    const Goods* goods;
    std::int64_t quantity;
  };
  std::vector<Item> items;
  std::int64_t total = 0, quantity = 0;
};

Cast::Basket Cast::basket(const Ticket& ticket, const Part& part) const {
  const auto& shop = shop_of(ticket, part);
  Basket out;
  const auto wanted = part.script->lines > 0
                          ? part.script->lines
                          : 1 + static_cast<std::int64_t>(draw(ticket, "lines", 5)) / 3;
  const auto start = draw(ticket, "goods", shop.goods.size());
  for (std::int64_t i = 0; i < wanted && i < static_cast<std::int64_t>(shop.goods.size()); ++i) {
    const auto& goods = shop.goods[(start + static_cast<std::uint64_t>(i)) % shop.goods.size()];
    const auto quantity =
        1 + static_cast<std::int64_t>(draw(ticket, fmt::format("quantity {}", i), 6)) / 4;
    out.items.push_back({&goods, quantity});
    out.total += goods.price * quantity;
    out.quantity += quantity;
  }
  return out;
}

/// Nobody's name, a number nobody has, a street that is not there.
std::string Cast::person(const Ticket& ticket) const {
  const auto pick = [&](const std::vector<std::string>& list, std::string_view purpose) {
    return list[draw(ticket, purpose, list.size())];
  };
  const auto& city = book_.cities[draw(ticket, "city", book_.cities.size())];
  const auto street = pick(book_.streets, "street");
  std::string out;
  json::Writer w(out);
  w.begin_object().field("id", fmt::format("C{:06}", draw(ticket, "buyer", 40'000)));
  w.field("name", pick(book_.family_names, "family") + pick(book_.given_names, "given"));
  w.field("phone", fmt::format("100{:08}", draw(ticket, "phone", 100'000'000)));
  w.field("address", fmt::format("{} {} 号", street, 1 + draw(ticket, "house", 199)));
  w.field("city", city.name).field("region", city.region).field("country", "CN").end_object();
  return out;
}

Result<std::string> Cast::placed(const Ticket& ticket, const Part& part, Time begun) const {
  const auto& shop = shop_of(ticket, part);
  const auto goods = basket(ticket, part);
  std::string out;
  json::Writer w(out);
  w.begin_object().field("order_no", order_no(ticket)).field("shop", shop.name);
  w.text_if("lifecycle", shop.lifecycle).text_if("preset", shop.preset);
  w.text_if("channel", shop.channel).text_if("warehouse", shop.warehouse);
  w.text_if("plant", shop.plant).text_if("terms", shop.terms);
  w.field("currency", shop.currency).field("total", goods.total);
  const auto who = person(ticket);
  w.key("buyer").raw(who).key("receiver").raw(who);
  w.key("lines").begin_array();
  std::int64_t number = 0;
  for (const auto& item : goods.items) {
    w.begin_object().field("id", std::to_string(++number)).field("sku", item.goods->sku);
    w.field("name", item.goods->name).field("quantity", item.quantity);
    w.field("warehouse", shop.warehouse).field("price", item.goods->price * item.quantity);
    w.end_object();
  }
  w.end_array();
  if (part.script->promise.us > 0)
    w.field("promised_delivery", begun + pace(ticket, part, part.script->promise));
  if (!shop.attributes.empty()) w.key("attributes").raw(shop.attributes);
  w.end_object();
  CAIRN_TRY(const auto more, fill(part.script->placed, ticket, part, begun));
  return more.empty() ? out : model::merge_json_objects(out, more);
}

std::optional<std::string> Cast::amount(std::string_view name, const Ticket& ticket,
                                        const Part& part) const {
  const auto goods = basket(ticket, part);
  const auto deposit = goods.total * 3 / 10;
  if (name == "total") return std::to_string(goods.total);
  if (name == "deposit") return std::to_string(deposit);
  if (name == "balance") return std::to_string(goods.total - deposit);
  if (name == "quantity") return std::to_string(goods.quantity);
  if (name == "first")
    return fmt::format(R"([{{"line":"1","quantity":{}}}])", goods.items.front().quantity);
  if (name != "rest" && name != "all") return std::nullopt;
  std::string rest;
  for (std::size_t i = name == "all" ? 0 : 1; i < goods.items.size(); ++i)
    rest += fmt::format(R"({}{{"line":"{}","quantity":{}}})", rest.empty() ? "" : ",", i + 1,
                        goods.items[i].quantity);
  return "[" + rest + "]";
}

std::optional<std::string> Cast::place(std::string_view name, const Ticket& ticket) const {
  const auto& city = book_.cities[draw(ticket, "city", book_.cities.size())];
  const auto& hub = book_.hubs[draw(ticket, "hub", book_.hubs.size())];
  if (name == "city") return quoted(city.name);
  if (name == "latitude") return std::to_string(city.latitude_e6);
  if (name == "longitude") return std::to_string(city.longitude_e6);
  if (name == "hub") return quoted(hub.name);
  if (name == "hub_latitude") return std::to_string(hub.latitude_e6);
  if (name == "hub_longitude") return std::to_string(hub.longitude_e6);
  if (name == "station") return quoted(city.name + "风铃驿站");
  return std::nullopt;
}

std::optional<std::string> Cast::value(std::string_view name, const Ticket& ticket,
                                       const Part& part, Time begun) const {
  if (name.starts_with('+')) {
    const auto after = parse_duration(name.substr(1));
    if (!after) return std::nullopt;
    return quoted(format_rfc3339(begun + pace(ticket, part, *after)));
  }
  if (const auto dot = name.find('.'); dot != std::string_view::npos) {
    const auto& orders = part.script->orders;
    const auto found = std::ranges::find(orders, name.substr(0, dot));
    if (found == orders.end()) return std::nullopt;
    Part other = part;
    other.order = static_cast<std::size_t>(found - orders.begin());
    const Ticket its{ticket.day, part.first + static_cast<std::uint32_t>(other.order)};
    return value(name.substr(dot + 1), its, other, begun);
  }
  if (auto known = amount(name, ticket, part)) return known;
  if (auto known = place(name, ticket)) return known;
  const auto& shop = shop_of(ticket, part);
  const auto numbered = [&](const char* letter) { return quoted(letter + order_no(ticket)); };
  const auto scanned = [&](const char* letters) {
    return quoted(waybill(letters, draw(ticket, name, 1'000'000'000'000)));
  };
  if (name == "id") return quoted(model::to_text(order_id(ticket, part)));
  if (name == "number") return scanned("YL");
  if (name == "number2") return scanned("YM");
  if (name == "return_number") return scanned("YR");
  if (name == "stray") return scanned("YX");
  if (name == "payment") return numbered("P1-");
  if (name == "payment2") return numbered("P2-");
  if (name == "refund") return numbered("R-");
  if (name == "case") return numbered("A-");
  if (name == "hold") return numbered("H-");
  if (name == "purchase") return numbered("PO-");
  if (name == "buyer" || name == "receiver") return person(ticket);
  if (name == "warehouse") return quoted(shop.warehouse);
  if (name == "currency") return quoted(shop.currency);
  if (name == "carrier") return quoted(shop.carriers[draw(ticket, name, shop.carriers.size())]);
  if (name == "method") return quoted(draw(ticket, name, 3) == 0 ? "card" : "wallet");
  if (name == "received_by") {
    constexpr std::string_view kBy[]{"self", "family_or_colleague", "concierge", "door", "self"};
    return quoted(kBy[draw(ticket, name, std::size(kBy))]);
  }
  if (name == "hash") return quoted(to_hex(crypto::view(crypto::sha256(order_no(ticket)))));
  if (name == "request") {  // of the script's last question to somebody else
    for (std::size_t i = part.script->acts.size(); i-- > 0;)
      if (const auto& act = part.script->acts[i]; act.way == Way::Ask && act.order == part.order)
        return quoted(to_hex(identity(ticket, "cairn", i).view()).substr(0, 16));
  }
  return std::nullopt;
}

Result<std::string> Cast::fill(const Template& data, const Ticket& ticket, const Part& part,
                               Time begun) const {
  std::string out;
  std::string_view rest = data.text;
  while (!rest.empty()) {
    const auto open = rest.find(kHole);
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open + 1);
    const auto close = rest.find(kHole);
    const auto name = rest.substr(0, close);
    const auto known = value(name, ticket, part, begun);
    if (!known)
      return fail(ErrorCode::Invalid, fmt::format("demo: \"${}\" in {} is no value of an order",
                                                  name, part.script->id));
    out += *known;
    rest.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace cairn::app::demo

#include "load_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/time.hpp"

namespace cairn::bench {
namespace {

constexpr std::array<std::string_view, 10> kTypes = {
    "order_placed",    "payment_received", "order_released",  "package_shipped",
    "package_scanned", "package_scanned",  "package_scanned", "package_scanned",
    "package_scanned", "package_delivered"};
constexpr std::array<std::string_view, 5> kMilestones = {"picked_up", "in_transit", "in_transit",
                                                         "at_destination", "out_for_delivery"};
constexpr std::array<std::string_view, 8> kPlaces = {"上海", "杭州", "南京", "武汉",
                                                     "广州", "成都", "西安", "沈阳"};

/// Well mixed and the same everywhere: what is repeated or late follows from the position alone.
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

}  // namespace

Feed::Feed(FeedOptions options) : options_(std::move(options)) {
  options_.stages = std::clamp(options_.stages, 1, 10);
  const std::int64_t orders_per_second = std::max<std::int64_t>(1, options_.rate / options_.stages);
  gap_ = std::max<std::int64_t>(
      1, orders_per_second * options_.life_ms / 1000 / std::max(1, options_.stages - 1));
}

std::string Feed::number_of(std::int64_t order) const {
  return fmt::format("{}-{:09}", options_.prefix, order);
}

/// Groups of `stages` positions: the group's own order begins, the one begun `gap_` groups before
/// has its second event, and so on. So every order is spread evenly over its life.
Feed::Place Feed::place_of(std::int64_t position) const {
  const auto stage = static_cast<int>(position % options_.stages);
  return {position / options_.stages - stage * gap_, stage};
}

bool Feed::is_real(Place place) const {
  return place.order >= 0 && (options_.orders_max == 0 || place.order < options_.orders_max);
}

bool Feed::is_late(std::int64_t position, Place place) const {
  return place.stage >= 4 && place.stage < 9 &&  // a scan, overtaken by the next two events
         mix(static_cast<std::uint64_t>(position) + 7) % 1000 <
             static_cast<std::uint64_t>(options_.late_percent) * 20;
}

bool Feed::append_next(std::string& out) {
  const auto dice = mix(static_cast<std::uint64_t>(sent_++) * 2 + 1);
  if (position_ > 0 && dice % 100 < static_cast<std::uint64_t>(options_.repeated_percent)) {
    const auto back = static_cast<std::int64_t>(dice / 100 % 5000);
    const std::int64_t position = std::max<std::int64_t>(0, position_ - 1 - back);
    const Place place = place_of(position);
    if (is_real(place) && !is_late(position, place)) {
      ++repeated_;
      append_event(out, position, place);
      return true;
    }
  }
  const std::int64_t delay = 2 * gap_ * options_.stages + 2;
  const std::int64_t end =
      options_.orders_max == 0
          ? 0
          : (options_.orders_max + (options_.stages - 1) * gap_) * options_.stages;
  for (;;) {
    if (!held_.empty() && (held_.front() + delay <= position_ || (end && position_ >= end))) {
      const std::int64_t position = held_.front();
      held_.pop_front();
      ++late_;
      append_event(out, position, place_of(position));
      return true;
    }
    if (end && position_ >= end) return false;
    const std::int64_t position = position_++;
    const Place place = place_of(position);
    if (!is_real(place)) continue;
    if (is_late(position, place)) {
      held_.push_back(position);
      continue;
    }
    append_event(out, position, place);
    return true;
  }
}

void Feed::append_event(std::string& out, std::int64_t position, Place place) const {
  const std::int64_t time_us =
      options_.begin_us + position * 1'000'000 / std::max<std::int64_t>(1, options_.rate);
  const auto stage = static_cast<std::size_t>(place.stage);
  fmt::format_to(std::back_inserter(out),
                 R"({{"specversion":"1.0","id":"{}-{:09}-{}","source":"{}","type":"{}",)"
                 R"("subject":"order:{}-{:09}","time":")",
                 options_.prefix, place.order, stage, options_.source, kTypes[stage],
                 options_.prefix, place.order);
  append_rfc3339(out, Time{time_us / 1000 * 1000});
  out += R"(","data":)";
  append_data(out, place, time_us);
  out += '}';
}

void Feed::append_data(std::string& out, Place place, std::int64_t time_us) const {
  const auto at = std::back_inserter(out);
  const std::int64_t price = 1000 + place.order * 37 % 90'000;
  if (place.stage == 0) {
    fmt::format_to(at,
                   R"({{"order_no":"{}-{:09}","shop":"bench","currency":"CNY","total":{},)"
                   R"("lines":[{{"id":"1","sku":"SKU-{:07}","quantity":1,"price":{}}}],)"
                   R"("promised_delivery":")",
                   options_.prefix, place.order, price, place.order * 7919 % 5'000'000, price);
    append_rfc3339(out, Time{time_us / 1'000'000 * 1'000'000} + days(3));
    out += R"("})";
    return;
  }
  if (place.stage == 1) {
    fmt::format_to(at,
                   R"({{"payment_id":"PAY-{}-{:09}","amount":{},"currency":"CNY",)"
                   R"("method":"alipay","in_full":true,"reason":"online payment at checkout"}})",
                   options_.prefix, place.order, price);
    return;
  }
  if (place.stage == 2) {
    out += R"({"reason":"","text":"released to the warehouse by the hourly wave, picking list of)"
           R"( the east hall, second floor, row 14"})";
    return;
  }
  const std::string_view place_name =
      kPlaces[mix(static_cast<std::uint64_t>(place.order * 16 + place.stage)) % kPlaces.size()];
  fmt::format_to(at, R"({{"package":"1","carrier":"zto","number":"ZT{}{:09}")", options_.prefix,
                 place.order);
  if (place.stage == 3) out += R"(,"parts":[{"line":"1","quantity":1}])";
  if (place.stage >= 4 && place.stage < 9)
    fmt::format_to(at, R"(,"milestone":"{}","raw_code":"SCAN-{:03}")",
                   kMilestones[static_cast<std::size_t>(place.stage - 4)], 100 + place.stage);
  if (place.stage == 9) out += R"(,"milestone":"delivered","received_by":"self")";
  fmt::format_to(at, R"(,"place":"{}市","text":"快件已到达【{}转运中心】"}})", place_name,
                 place_name);
}

}  // namespace cairn::bench

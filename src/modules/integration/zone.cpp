#include "modules/integration/zone.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <string>

#include "base/text.hpp"

namespace cairn::integration {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

/// True where the text ends in Z or ±hh:mm after a time of day.
bool has_offset(std::string_view text) {
  if (text.size() < 17) return false;
  if (text.back() == 'Z' || text.back() == 'z') return true;
  const char sign = text[text.size() - 6];
  return (sign == '+' || sign == '-') && text[text.size() - 3] == ':';
}

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
  Zone out;
  try {
    if (!name.empty()) out.zone_ = date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    out.zone_ = nullptr;
  }
  if (!out.zone_)
    return fail(ErrorCode::Invalid,
                fmt::format("\"{}\" is not a time zone of this system; use an IANA name such as "
                            "Asia/Shanghai (and install tzdata where /usr/share/zoneinfo is "
                            "missing)",
                            utf8_prefix(name, 64)));
  return out;
}

Time Zone::to_utc(Time local) const {
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  const std::int64_t seconds = floor_div(local.us, 1'000'000);
  const auto info = zone->get_info(date::local_seconds{std::chrono::seconds{seconds}});
  return {local.us - info.first.offset.count() * std::int64_t{1'000'000}};
}

Time Zone::to_local(Time utc) const {
  const auto* zone = static_cast<const date::time_zone*>(zone_);
  const auto info =
      zone->get_info(date::sys_seconds{std::chrono::seconds{floor_div(utc.us, 1'000'000)}});
  return {utc.us + info.offset.count() * std::int64_t{1'000'000}};
}

Time Zone::end_of_day(Time local) const {
  const std::int64_t next = (floor_div(local.us, kDayUs) + 1) * kDayUs;
  return to_utc({next}) - Duration{1};
}

Result<ParsedTime> parse_wall_time(std::string_view text) {
  text = trim(text);
  if (text.size() == 10) return parse_rfc3339(text);
  std::string whole(text.substr(0, 40));
  const bool is_minute = whole.size() == 16;
  whole += is_minute ? ":00Z" : "Z";
  auto parsed = parse_rfc3339(whole);
  if (!parsed)
    return fail(ErrorCode::Invalid, fmt::format("\"{}\" is not a local time; expected it like "
                                                "2018-01-31 17:05:00",
                                                utf8_prefix(text, 40)));
  if (is_minute) parsed->precision = Precision::Minute;
  return parsed;
}

Result<ToldTime> parse_told_time(std::string_view text, const std::optional<Zone>& zone) {
  text = trim(text);
  if (has_offset(text)) {
    CAIRN_TRY(const auto parsed, parse_rfc3339(text));
    return ToldTime{parsed.time, parsed.precision, false};
  }
  CAIRN_TRY(const auto wall, parse_wall_time(text));
  if (!zone)
    return fail(ErrorCode::Invalid,
                fmt::format("\"{}\" has no offset from UTC and the source has no time zone; write "
                            "it like 2026-11-23T14:02:03+08:00, or set `zone` in the source's "
                            "definition",
                            utf8_prefix(text, 40)));
  return ToldTime{zone->to_utc(wall.time), wall.precision, true};
}

}  // namespace cairn::integration

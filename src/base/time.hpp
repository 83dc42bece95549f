#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cairn {

/// A span of time in microseconds.
struct Duration {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.us + b.us}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.us - b.us}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.us * n}; }
};

constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }
constexpr Duration days(std::int64_t n) { return hours(n * 24); }

/// A moment: microseconds since 1970-01-01T00:00:00Z. Always an argument; nothing below `app`
/// and `adapters` reads a clock.
struct Time {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return {t.us + d.us}; }
  friend constexpr Time operator-(Time t, Duration d) { return {t.us - d.us}; }
  friend constexpr Duration operator-(Time a, Time b) { return {a.us - b.us}; }
  static constexpr Time never() { return {std::numeric_limits<std::int64_t>::max()}; }
  static constexpr Time none() { return {std::numeric_limits<std::int64_t>::min()}; }
  constexpr bool is_none() const { return us == none().us; }
};

/// How exactly a time was told. `end_of(t, precision)` is the last microsecond it may mean.
enum class Precision : std::uint8_t { Microsecond, Second, Minute, Hour, Day };
Time end_of(Time t, Precision precision);

/// RFC 3339 with offset, "2026-11-23T14:02:03.123456+08:00". A date alone is a Day, at UTC.
/// Errors: Invalid, with the text and an example.
struct ParsedTime {
  Time time;
  Precision precision = Precision::Microsecond;
  int offset_minutes = 0;
};
Result<ParsedTime> parse_rfc3339(std::string_view text);

/// Always UTC with `Z`; fraction only when it is not zero (3 or 6 digits).
std::string format_rfc3339(Time t);
void append_rfc3339(std::string& out, Time t);

/// "48h", "30m", "7d", "1d12h", "500ms". Errors: Invalid.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration d);

/// Proleptic Gregorian calendar (algorithms of Howard Hinnant's "chrono-compatible low-level date
/// algorithms").
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);
struct CivilDate {
  std::int64_t year;
  unsigned month, day;
};
CivilDate civil_from_days(std::int64_t days_since_epoch);

}  // namespace cairn

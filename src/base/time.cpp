#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace cairn {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

/// Reads exactly `count` digits; -1 when there are fewer.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Exactly `count` digits of a number that is not negative.
void put_digits(char* out, std::int64_t value, int count) {
  for (; count > 0; value /= 10) out[--count] = static_cast<char>('0' + value % 10);
}

unsigned days_in_month(int year, int month) {
  constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && is_leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

std::unexpected<Error> bad_time(std::string_view text) {
  return fail(ErrorCode::Invalid,
              fmt::format("\"{}\" is not an RFC 3339 time with an offset; write it like "
                          "2026-11-23T14:02:03+08:00",
                          text.substr(0, 64)));
}

}  // namespace

std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = floor_div(y, 400);
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

CivilDate civil_from_days(std::int64_t z) {
  z += 719468;
  const std::int64_t era = floor_div(z, 146097);
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2), month,
          doy - (153 * mp + 2) / 5 + 1};
}

Time end_of(Time t, Precision precision) {
  constexpr std::array<std::int64_t, 5> kUnit{1, 1'000'000, 60'000'000, 3'600'000'000, kDayUs};
  const auto unit = kUnit[static_cast<std::size_t>(precision)];
  return {t.us + unit - 1};
}

Result<ParsedTime> parse_rfc3339(std::string_view text) {
  ParsedTime out;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || text[4] != '-' || text[7] != '-' ||
      static_cast<unsigned>(day) > days_in_month(year, month))
    return bad_time(text);
  std::int64_t us =
      days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day)) * kDayUs;
  if (text.size() == 10) return ParsedTime{{us}, Precision::Day, 0};
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return bad_time(text);
  us += ((hour * 60 + minute) * 60 + std::min(second, 59)) * std::int64_t{1'000'000};
  std::size_t at = 19;
  out.precision = Precision::Second;
  if (at < text.size() && text[at] == '.') {
    std::int64_t scale = 100'000;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      us += (text[at] - '0') * scale;
    if (at == first) return bad_time(text);
    out.precision = Precision::Microsecond;
  }
  if (at >= text.size()) return bad_time(text);
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return bad_time(text);
  } else {
    const int oh = digits(text, at + 1, 2), om = digits(text, at + 4, 2);
    if ((text[at] != '+' && text[at] != '-') || oh < 0 || oh > 23 || om < 0 || om > 59 ||
        text[at + 3] != ':' || at + 6 != text.size())
      return bad_time(text);
    out.offset_minutes = (text[at] == '-' ? -1 : 1) * (oh * 60 + om);
    us -= out.offset_minutes * std::int64_t{60'000'000};
  }
  out.time = {us};
  return out;
}

void append_rfc3339(std::string& out, Time t) {
  const std::int64_t day = floor_div(t.us, kDayUs);
  std::int64_t rest = (t.us % kDayUs + kDayUs) % kDayUs;  // `day * kDayUs` may be out of range
  const auto [year, month, dom] = civil_from_days(day);
  const std::int64_t us = rest % 1'000'000;
  rest /= 1'000'000;
  if (year < 0 || year > 9'999) {
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, dom,
                   rest / 3600, rest / 60 % 60, rest % 60);
  } else {  // by hand: every answer has several times in it
    std::array<char, 19> text;
    put_digits(text.data(), year, 4);
    text[4] = text[7] = '-';
    put_digits(&text[5], month, 2);
    put_digits(&text[8], dom, 2);
    text[10] = 'T';
    put_digits(&text[11], rest / 3600, 2);
    text[13] = text[16] = ':';
    put_digits(&text[14], rest / 60 % 60, 2);
    put_digits(&text[17], rest % 60, 2);
    out.append(text.data(), text.size());
  }
  if (us != 0) {
    const bool is_fine = us % 1000 != 0;
    std::array<char, 6> text;
    put_digits(text.data(), is_fine ? us : us / 1000, is_fine ? 6 : 3);
    out += '.';
    out.append(text.data(), is_fine ? 6 : 3);
  }
  out += 'Z';
}

std::string format_rfc3339(Time t) {
  std::string out;
  append_rfc3339(out, t);
  return out;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::Invalid, fmt::format("\"{}\" is not a duration; write it like 48h, 30m, "
                                                "7d or 1d12h",
                                                text.substr(0, 64)));
  };
  std::int64_t total = 0;
  std::size_t at = 0;
  if (text.empty()) return bad();
  while (at < text.size()) {
    std::int64_t n = 0;
    const std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 9; ++at)
      n = n * 10 + (text[at] - '0');
    if (at == first || at == text.size()) return bad();
    if (text.substr(at, 2) == "ms") {
      total += milliseconds(n).us;
      at += 2;
      continue;
    }
    switch (text[at++]) {
      case 's':
        total += seconds(n).us;
        break;
      case 'm':
        total += minutes(n).us;
        break;
      case 'h':
        total += hours(n).us;
        break;
      case 'd':
        total += days(n).us;
        break;
      default:
        return bad();
    }
  }
  return Duration{total};
}

std::string format_duration(Duration d) {
  std::string out = d.us < 0 ? "-" : "";
  std::int64_t s = (d.us < 0 ? -d.us : d.us) / 1'000'000;
  const auto put = [&](std::int64_t unit, char name) {
    if (s >= unit) fmt::format_to(std::back_inserter(out), "{}{}", s / unit, name);
    s %= unit;
  };
  put(86400, 'd');
  put(3600, 'h');
  put(60, 'm');
  put(1, 's');
  if (out.empty() || out == "-") out += "0s";
  return out;
}

}  // namespace cairn

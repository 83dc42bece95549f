#include "app/order_text.hpp"

#include <time.h>

#include <algorithm>

#include <fmt/format.h>

#include "app/order_text_parts.hpp"
#include "base/text.hpp"

namespace cairn::app {
namespace text_parts {

std::string text_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return std::string(member ? member->as_string().value_or("") : "");
}

std::optional<Time> time_of(json::Value object, std::string_view name) {
  const auto text = text_of(object, name);
  if (text.empty()) return std::nullopt;
  const auto parsed = parse_rfc3339(text);
  if (!parsed) return std::nullopt;
  return parsed->time;
}

std::int64_t number_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return member ? member->as_integer().value_or(0) : 0;
}

std::string Teller::label(json::Value object, std::string_view name) const {
  const auto label = object.find(name);
  if (!label) return {};
  auto text = text_of(*label, options_.is_chinese ? "zh" : "en");
  return text.empty() ? text_of(*label, "en") : text;
}

std::int64_t Teller::local_seconds(Time t) const {
  const auto seconds_of = [](std::int64_t us) {
    return us >= 0 ? us / 1'000'000 : -((-us + 999'999) / 1'000'000);
  };
  return seconds_of(t.us) + (options_.offset_seconds ? options_.offset_seconds(t) : 0);
}

namespace {
constexpr std::int64_t kDay = 86'400;
std::int64_t day_number(std::int64_t seconds) {
  return seconds >= 0 ? seconds / kDay : -((-seconds + kDay - 1) / kDay);
}
}  // namespace

std::string Teller::day(Time t) const {
  const auto date = civil_from_days(day_number(local_seconds(t)));
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string Teller::weekday(Time t) const {
  constexpr std::string_view kChinese[]{"周四", "周五", "周六", "周日", "周一", "周二", "周三"};
  constexpr std::string_view kEnglish[]{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  const auto index = static_cast<std::size_t>((day_number(local_seconds(t)) % 7 + 7) % 7);
  return std::string(say(kChinese[index], kEnglish[index]));
}

std::string Teller::clock(Time t, std::string_view precision) const {
  const auto of_day = local_seconds(t) - day_number(local_seconds(t)) * kDay;
  const auto hour = of_day / 3600, minute = of_day / 60 % 60, second = of_day % 60;
  if (precision == "day") return "";
  if (precision == "hour") return fmt::format("{:02}h", hour);
  if (precision == "minute") return fmt::format("{:02}:{:02}", hour, minute);
  return fmt::format("{:02}:{:02}:{:02}", hour, minute, second);
}

std::string Teller::day_and_clock(Time t) const { return day(t) + " " + clock(t, "minute"); }

std::string Teller::offset(Time t) const {
  const int seconds = options_.offset_seconds ? options_.offset_seconds(t) : 0;
  const int minutes = std::abs(seconds) / 60;
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string Teller::money(std::int64_t minor, std::string_view currency) const {
  const bool is_whole = currency == "JPY" || currency == "KRW" || currency == "VND";
  const auto sign = minor < 0 ? "-" : "";
  const auto amount = static_cast<std::uint64_t>(std::abs(minor));
  const auto text =
      is_whole ? grouped(amount) : fmt::format("{}.{:02}", grouped(amount / 100), amount % 100);
  return fmt::format("{}{}{}{}", sign, text, currency.empty() ? "" : " ", currency);
}

std::string Teller::span(Duration d) const {
  const auto total = std::abs(d.us) / 1'000'000;
  const auto days_ = total / kDay, hours_ = total / 3600 % 24, minutes_ = total / 60 % 60;
  if (days_ > 0)
    return hours_ > 0 ? fmt::format("{}d {}h", days_, hours_) : fmt::format("{}d", days_);
  if (hours_ > 0)
    return minutes_ > 0 ? fmt::format("{}h {}m", hours_, minutes_) : fmt::format("{}h", hours_);
  return minutes_ > 0 ? fmt::format("{}m", minutes_) : fmt::format("{}s", total);
}

std::string Teller::health(std::string_view code) const {
  struct Row {
    std::string_view code, zh, en;
  };
  constexpr Row kRows[]{{"on_time", "正常", "on time"},
                        {"at_risk", "有风险", "at risk"},
                        {"overdue", "已超时", "overdue"},
                        {"no_signal", "无信号", "no signal"},
                        {"no_promise", "无承诺", "no promise"},
                        {"paused", "已暂停", "paused"},
                        {"done_on_time", "按时完成", "done on time"},
                        {"done_late", "超时完成", "done late"}};
  for (const auto& row : kRows)
    if (row.code == code) return std::string(say(row.zh, row.en));
  return std::string(code);
}

Ink Teller::ink_of_lane(std::string_view lane) const {
  return lane == "overdue"      ? Ink::Red
         : lane == "at_risk"    ? Ink::Yellow
         : lane == "unverified" ? Ink::Magenta
                                : Ink::Green;
}

std::string Teller::state_word(json::Value state_ref) const {
  if (auto word = label(state_ref); !word.empty()) return word;
  auto code = text_of(state_ref, "state");
  const auto known = options_.states.find(code);
  return known == options_.states.end() ? code : known->second;
}

std::string Teller::state(json::Value status) const {
  const auto health_code = text_of(status, "health");
  auto out = style().paint(Ink::Bold, label(status));
  if (!health_code.empty())
    out += " · " + style().paint(ink_of_lane(text_of(status, "lane")), health(health_code));
  return out;
}

std::string head(json::Value order, const Teller& tell) {
  const auto status = order.find("status").value_or(order);
  const auto number = text_of(status, "order_no");
  const auto id = text_of(order, "id");
  auto out =
      fmt::format("{} {}  {}\n", tell.say("订单", "Order"),
                  tell.style().paint(Ink::Bold, number.empty() ? id : number), tell.state(status));
  std::vector<std::string> facts;
  if (!number.empty()) facts.push_back(id);
  const auto add = [&](std::string_view zh, std::string_view en, const std::string& text) {
    if (!text.empty()) facts.push_back(fmt::format("{} {}", tell.say(zh, en), text));
  };
  if (const auto placed = time_of(order, "placed_at"))
    add("下单", "placed", tell.day_and_clock(*placed) + " " + tell.offset(*placed));
  add("来源", "from", text_of(order, "source"));
  add("店铺", "shop", text_of(order, "shop"));
  if (order.find("total"))
    add("金额", "total", tell.money(number_of(order, "total"), text_of(order, "currency")));
  if (order.find("forgotten"))
    facts.emplace_back(tell.say("个人信息已删除", "personal data forgotten"));
  return out + tell.style().paint(Ink::Dim, fmt::format("{}", fmt::join(facts, " · "))) + "\n";
}

namespace {

struct Planned {
  std::string what;
  std::optional<Time> planned, actual;
};

/// The last of what every outbound package says; nothing while one of them says nothing.
std::optional<Time> of_all_packages(json::Value order, std::string_view member) {
  std::optional<Time> latest;
  bool is_missing = false;
  if (const auto packages = order.find("packages"))
    packages->elements([&](json::Value package) {
      if (text_of(package, "direction") != "outbound") return true;
      const auto at = time_of(package, member);
      is_missing = is_missing || !at;
      if (at && (!latest || *at > *latest)) latest = at;
      return true;
    });
  return is_missing ? std::nullopt : latest;
}

std::vector<Planned> planned_of(json::Value order, const Teller& tell) {
  std::vector<Planned> rows;
  if (const auto promises = order.find("promises"))
    promises->elements([&](json::Value promise) {
      if (!promise.find("current") || !promise.find("current")->as_bool().value_or(false))
        return true;
      const auto of = text_of(promise, "of");
      const auto line = text_of(promise, "line");
      const bool is_delivery = of == "delivered";
      auto what = std::string(is_delivery          ? tell.say("承诺送达", "Promised delivery")
                              : of == "dispatched" ? tell.say("承诺发货", "Promised dispatch")
                                                   : std::string_view(of));
      if (!line.empty()) what += " " + line;
      rows.push_back({what, time_of(promise, "to"),
                      of_all_packages(order, is_delivery ? "delivered_at" : "shipped_at")});
      return true;
    });
  if (const auto steps = order.find("steps"))
    steps->elements([&](json::Value step) {
      auto what = tell.label(step);
      if (what.empty()) what = text_of(step, "id");
      rows.push_back({what, time_of(step, "planned_end"), time_of(step, "finished_at")});
      return true;
    });
  return rows;
}

std::string deviation(const Planned& row, const Teller& tell) {
  if (!row.planned || !row.actual) return {};
  const auto late = *row.actual - *row.planned;
  if (late.us > 0)
    return tell.style().paint(Ink::Red,
                              fmt::format("{} {}", tell.say("晚", "late by"), tell.span(late)));
  return tell.style().paint(Ink::Green,
                            fmt::format("{} {}", tell.say("提前", "early by"), tell.span(late)));
}

}  // namespace

std::string plan_table(json::Value order, const Teller& tell) {
  const auto rows = planned_of(order, tell);
  if (rows.empty()) return {};
  std::size_t width = display_width(tell.say("计划", "Plan"));
  for (const auto& row : rows)
    width = std::max(width, std::min<std::size_t>(40, display_width(row.what)));
  const auto when = [&](const std::optional<Time>& t) {
    return t ? tell.day_and_clock(*t) : std::string("—");
  };
  auto out =
      tell.style().paint(Ink::Bold, fmt::format("{}  {}  {}", pad(tell.say("计划", "Plan"), width),
                                                pad(tell.say("计划时间", "planned"), 16),
                                                tell.say("实际时间", "actual"))) +
      "\n";
  for (const auto& row : rows) {
    auto line = fmt::format("{}  {}  {}", pad(shorten(row.what, width), width),
                            pad(when(row.planned), 16), pad(when(row.actual), 16));
    const auto off = deviation(row, tell);
    out += off.empty() ? std::string(line.substr(0, line.find_last_not_of(' ') + 1))
                       : line + "  " + off;
    out += "\n";
  }
  return out;
}

}  // namespace text_parts

std::map<std::string, std::string, std::less<>> state_words(json::Value meta, bool is_chinese) {
  std::map<std::string, std::string, std::less<>> words;
  TextOptions options;
  options.is_chinese = is_chinese;
  const text_parts::Teller tell(options);
  if (const auto lifecycles = meta.find("lifecycles"))
    lifecycles->elements([&](json::Value lifecycle) {
      if (const auto states = lifecycle.find("states"))
        states->elements([&](json::Value state) {
          words.emplace(text_parts::text_of(state, "code"), tell.label(state));
          return true;
        });
      return true;
    });
  return words;
}

int local_offset_seconds(Time at) {
  const auto seconds = static_cast<time_t>(at.us / 1'000'000);
  tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return 0;
  return static_cast<int>(local.tm_gmtoff);
}

namespace {
using text_parts::head;
using text_parts::number_of;
using text_parts::plan_table;
using text_parts::Teller;
using text_parts::text_of;
using text_parts::time_of;

void append_lines(std::string& out, json::Value order, const Teller& tell) {
  const auto lines = order.find("lines");
  if (!lines || lines->size() == 0) return;
  out += "\n" + tell.style().paint(Ink::Bold, tell.say("明细", "Lines")) + "\n";
  lines->elements([&](json::Value line) {
    auto name = text_of(line, "name");
    if (name.empty()) name = text_of(line, "sku");
    out += fmt::format("  {}  {} × {}  {} {}  {} {}\n", pad(text_of(line, "id"), 6),
                       pad(shorten(name, 36), 36),
                       pad_left(grouped(static_cast<std::uint64_t>(
                                    std::max<std::int64_t>(0, number_of(line, "quantity")))),
                                4),
                       tell.say("已发", "shipped"), number_of(line, "shipped"),
                       tell.say("已签收", "delivered"), number_of(line, "delivered"));
    return true;
  });
}

void append_packages(std::string& out, json::Value order, const Teller& tell) {
  const auto packages = order.find("packages");
  if (!packages || packages->size() == 0) return;
  out += "\n" + tell.style().paint(Ink::Bold, tell.say("包裹", "Packages")) + "\n";
  packages->elements([&](json::Value package) {
    auto number = text_of(package, "number");
    if (number.empty()) number = text_of(package, "id");
    out += fmt::format("  {}  {}  {}", pad(shorten(text_of(package, "carrier"), 14), 14),
                       pad(shorten(number, 24), 24),
                       tell.style().paint(Ink::Cyan, tell.label(package)));
    if (const auto at = time_of(package, "delivered_at"))
      out += "  " + tell.day_and_clock(*at);
    else if (const auto shipped = time_of(package, "shipped_at"))
      out += fmt::format("  {} {}", tell.say("发出", "shipped"), tell.day_and_clock(*shipped));
    const auto place = text_of(package, "last_place");
    if (!place.empty()) out += "  " + place;
    out += "\n";
    return true;
  });
}

void append_holds_and_conflicts(std::string& out, json::Value order, const Teller& tell) {
  if (const auto holds = order.find("holds"))
    holds->elements([&](json::Value hold) {
      out += fmt::format("{} {}: {}\n", tell.style().paint(Ink::Yellow, "‖"),
                         tell.say("挂起", "on hold"), tell.label(hold));
      return true;
    });
  if (const auto conflicts = order.find("conflicts"))
    conflicts->elements([&](json::Value conflict) {
      if (conflict.find("settled")) return true;
      const auto detail = tell.label(conflict, "detail");
      out += fmt::format("{} {}: {}{}{}\n", tell.style().paint(Ink::Red, "▲"),
                         tell.say("数据矛盾", "conflict"), tell.label(conflict),
                         detail.empty() ? "" : " · ", detail);
      return true;
    });
}

void append_commands(std::string& out, json::Value order, const Teller& tell) {
  std::vector<std::string> names;
  if (const auto commands = order.find("commands"))
    commands->elements([&](json::Value command) {
      const auto allowed = command.find("allowed");
      if (!allowed || allowed->as_bool().value_or(true)) {
        auto name = text_of(command, "name");
        names.push_back(fmt::format("{} ({})", tell.label(command), name));
      }
      return true;
    });
  if (names.empty()) return;
  out += "\n" + tell.style().paint(Ink::Bold, tell.say("现在可做", "Possible now")) + "\n  ";
  std::size_t column = 2;
  for (const auto& name : names) {
    const auto width = display_width(name) + 2;
    if (column + width > tell.style().columns() && column > 2) {
      out += "\n  ";
      column = 2;
    }
    out += name + "  ";
    column += width;
  }
  while (out.ends_with(' ')) out.pop_back();
  out += "\n";
}

}  // namespace

std::string order_text(json::Value order, const TextOptions& options) {
  const Teller tell(options);
  auto out = head(order, tell);
  append_holds_and_conflicts(out, order, tell);
  append_lines(out, order, tell);
  append_packages(out, order, tell);
  if (const auto table = plan_table(order, tell); !table.empty()) out += "\n" + table;
  append_commands(out, order, tell);
  return out;
}

std::string change_text(json::Value change, const TextOptions& options) {
  const Teller tell(options);
  const auto at = time_of(change, "at");
  auto number = text_of(change, "order_no");
  if (number.empty()) number = text_of(change, "id");
  std::string from;
  if (const auto before = change.find("from")) from = tell.state_word(*before);
  const auto status = change.find("status");
  const auto to = change.find("to");
  auto out = fmt::format("{}  {}  ", at ? tell.clock(*at, "second") : std::string(8, ' '),
                         pad(shorten(number, 28), 28));
  const auto state = status ? tell.state(*status) : to ? tell.state_word(*to) : std::string();
  const auto now = status ? tell.label(*status) : to ? tell.state_word(*to) : std::string();
  if (!from.empty() && from != now) out += tell.style().paint(Ink::Dim, from) + " → ";
  out += state;
  if (const auto cause = change.find("cause")) {
    const auto label = tell.label(*cause);
    if (!label.empty()) out += "  " + tell.style().paint(Ink::Dim, label);
  }
  return out + "\n";
}

}  // namespace cairn::app

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "app/order_text_parts.hpp"
#include "base/text.hpp"

/// The timeline: a day at a time, columns aligned as a terminal counts them.
namespace cairn::app {
namespace {
using text_parts::head;
using text_parts::plan_table;
using text_parts::Teller;
using text_parts::text_of;
using text_parts::time_of;

struct Entry {
  std::string day, weekday, clock, icon, source, what, detail, to;
  std::vector<std::string> remarks;  ///< lines below: why it is struck, conflicts
  Ink ink = Ink::Plain;              ///< of the icon and the source
  bool is_struck = false;
};

struct Sign {
  std::string_view icon;
  Ink ink;
};

/// Who says it, at a glance. All signs are one column wide.
Sign sign_of(json::Value item) {
  const auto kind = text_of(item, "kind");
  const auto role = text_of(item, "role");
  if (kind == "timer") return {"◷", Ink::Dim};
  if (kind == "correction") return {"↶", Ink::Magenta};
  if (kind == "command") return {"✎", Ink::Yellow};
  if (role == "carrier" || !text_of(item, "package").empty()) return {"▶", Ink::Cyan};
  if (role == "supplier") return {"■", Ink::Blue};
  if (role == "warehouse") return {"▤", Ink::Blue};
  return {"◆", Ink::Green};
}

std::string source_of(json::Value item, const Teller& tell) {
  auto source = text_of(item, "source");
  const auto actor = text_of(item, "actor");
  if (text_of(item, "kind") == "timer") return std::string(tell.say("时钟", "clock"));
  if (source.empty() || source == "cairn") source = actor.empty() ? "cairn" : actor;
  return source;
}

std::string element_text(json::Value value) {
  if (const auto text = value.as_string()) return std::string(*text);
  if (const auto number = value.as_integer()) return std::to_string(*number);
  return {};
}

/// The few fields of a payload that people look for, in this order.
std::string detail_of(json::Value item, const Teller& tell) {
  const auto data = item.find("data");
  if (!data || !data->is_object()) return {};
  std::vector<std::string> parts;
  const auto currency = text_of(*data, "currency");
  for (const auto name : {"amount", "total"})
    if (const auto amount = data->find(name); amount && amount->as_integer())
      parts.push_back(tell.money(*amount->as_integer(), currency));
  for (const auto name : {"carrier", "number", "package", "milestone", "place", "step", "quantity",
                          "word", "reason", "command", "score", "text"}) {
    const auto member = data->find(name);
    if (!member) continue;
    auto text = element_text(*member);
    if (text.empty() || text == "0" ||
        (name == std::string_view("package") && !parts.empty() && text == text_of(*data, "number")))
      continue;
    parts.push_back(std::move(text));
  }
  if (const auto at = time_of(*data, "at")) parts.push_back("→ " + tell.day_and_clock(*at));
  return fmt::format("{}", fmt::join(parts, " "));
}

void add_struck(Entry& entry, json::Value item, const Teller& tell) {
  for (const auto name : {"retracted", "corrected"}) {
    const auto struck = item.find(name);
    if (!struck) continue;
    const bool is_retracted = name == std::string_view("retracted");
    entry.is_struck = true;
    auto why = std::string(is_retracted ? tell.say("已撤销", "taken back")
                                        : tell.say("已更正", "corrected"));
    if (const auto at = time_of(*struck, "at")) why += " " + tell.day_and_clock(*at);
    for (const auto member : {"reason", "text"})
      if (const auto text = text_of(*struck, member); !text.empty()) why += " · " + text;
    if (const auto actor = text_of(*struck, "actor"); !actor.empty()) why += " · " + actor;
    entry.remarks.push_back(tell.style().paint(Ink::Magenta, "↶ " + why));
  }
}

/// Conflicts of an order by id, as the order tells them.
std::string conflict_text(json::Value order, std::string_view id, const Teller& tell) {
  std::string out(id.substr(0, id.find(':')));
  if (const auto conflicts = order.find("conflicts"))
    conflicts->elements([&](json::Value conflict) {
      if (text_of(conflict, "id") != id) return true;
      out = tell.label(conflict);
      const auto detail = tell.label(conflict, "detail");
      if (!detail.empty()) out += " · " + detail;
      if (const auto settled = conflict.find("settled"))
        out +=
            fmt::format(" ({} {})", tell.say("已裁定", "settled:"), text_of(*settled, "verdict"));
      return false;
    });
  return out;
}

Entry entry_of(json::Value item, json::Value order, const Teller& tell) {
  Entry entry;
  const auto sign = sign_of(item);
  entry.icon = sign.icon;
  entry.ink = sign.ink;
  entry.source = source_of(item, tell);
  entry.what = tell.label(item);
  entry.detail = detail_of(item, tell);
  if (const auto at = time_of(item, "occurred")) {
    entry.day = tell.day(*at);
    entry.weekday = tell.weekday(*at);
    const auto no_date = item.find("no_date");
    entry.clock = no_date ? "" : tell.clock(*at, text_of(item, "precision"));
    if (no_date)
      entry.detail += std::string(entry.detail.empty() ? "" : " ") +
                      std::string(tell.say("（时间不详）", "(time not told)"));
  }
  if (const auto changes = item.find("changes"))
    if (const auto to = changes->find("to")) {
      const auto from = changes->find("from");
      const auto now = tell.state_word(*to);
      if (!from || tell.state_word(*from) != now) entry.to = now;
    }
  add_struck(entry, item, tell);
  if (item.find("rival")) {
    entry.is_struck = true;
    entry.remarks.push_back(tell.style().paint(
        Ink::Red, std::string(tell.say("▲ 同一标识、不同内容：保留但不采用",
                                       "▲ same id, other content: kept, not used"))));
  }
  if (const auto conflicts = item.find("conflicts"))
    conflicts->elements([&](json::Value id) {
      entry.remarks.push_back(tell.style().paint(
          Ink::Red, "▲ " + conflict_text(order, id.as_string().value_or(""), tell)));
      return true;
    });
  return entry;
}

void append_entry(std::string& out, const Entry& entry, std::size_t source_width,
                  const Teller& tell) {
  const auto& style = tell.style();
  constexpr std::size_t kClock = 8;
  const std::size_t before = 2 + kClock + 2 + 2 + source_width + 2;
  auto text = entry.what + (entry.detail.empty() ? "" : "  " + entry.detail);
  const auto to_width = entry.to.empty() ? 0 : display_width(entry.to) + 4;
  const auto room = style.columns() > before + to_width + 20 ? style.columns() - before - to_width
                                                             : std::size_t{60};
  text = shorten(text, room);
  std::string shown;
  if (entry.is_struck)
    shown = style.strike(text);
  else if (text.size() > entry.what.size() && text.starts_with(entry.what))
    shown = entry.what + style.paint(Ink::Dim, text.substr(entry.what.size()));
  else
    shown = text;
  out += fmt::format("  {}  {} {}  {}", style.paint(Ink::Dim, pad(entry.clock, kClock)),
                     style.paint(entry.ink, entry.icon),
                     style.paint(entry.ink, pad(shorten(entry.source, source_width), source_width)),
                     shown);
  if (!entry.to.empty()) out += "  → " + style.paint(Ink::Bold, entry.to);
  out += "\n";
  for (const auto& remark : entry.remarks) out += std::string(before, ' ') + remark + "\n";
}

}  // namespace

std::string timeline_text(json::Value order, json::Value page, const TextOptions& options) {
  const Teller tell(options);
  auto out = head(order, tell);
  std::vector<Entry> entries;
  if (const auto items = page.find("items"))
    items->elements([&](json::Value item) {
      entries.push_back(entry_of(item, order, tell));
      return true;
    });
  std::size_t source_width = 6;
  for (const auto& entry : entries)
    source_width = std::max(source_width, std::min<std::size_t>(18, display_width(entry.source)));
  std::string day;
  for (const auto& entry : entries) {
    if (entry.day != day) {
      day = entry.day;
      out += fmt::format("\n{} {}\n", tell.style().paint(Ink::Bold, day),
                         tell.style().paint(Ink::Dim, entry.weekday));
    }
    append_entry(out, entry, source_width, tell);
  }
  if (entries.empty()) out += std::string(tell.say("\n（还没有记录）\n", "\n(nothing yet)\n"));
  if (const auto table = plan_table(order, tell); !table.empty()) out += "\n" + table;
  out += "\n" +
         tell.style().paint(
             Ink::Dim,
             tell.say("◆ 数据源  ■ 供应商  ▤ 仓库  ▶ 物流  ✎ 操作  ↶ 更正  ◷ 到时  ▲ 矛盾",
                      "◆ source  ■ supplier  ▤ warehouse  ▶ carrier  ✎ command  ↶ correction  "
                      "◷ clock  ▲ conflict")) +
         "\n";
  return out;
}

}  // namespace cairn::app

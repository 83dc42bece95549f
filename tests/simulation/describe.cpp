#include "describe.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cairn::simulation {
namespace {

using Lines = std::map<std::string, std::string>;

std::string when(Time at) { return at.is_none() ? "-" : format_rfc3339(at); }

std::string parts_of(const std::vector<model::Part>& parts) {
  std::string out;
  for (const auto& part : parts) out += fmt::format(" {}x{}", part.line, part.quantity);
  return out;
}

void describe_packages(Lines& out, const orders::Order& order) {
  for (std::size_t i = 0; i < order.packages.size(); ++i) {
    const auto& p = order.packages[i];
    std::string text = fmt::format(
        "{} {}/{} unit {} parts{} {} shipped {} {} declared {} {} confirmed {} delivered {} {} "
        "back {} "
        "flags {} scan {} place {} dir {};",
        p.id, p.carrier, p.number, p.unit, parts_of(p.parts), model::name_of(p.milestone),
        p.is_shipped, when(p.shipped_at), p.is_declared, when(p.declared_at), p.is_confirmed,
        p.is_delivered, when(p.delivered_at), p.is_back, p.flags, when(p.last_scan), p.last_place,
        static_cast<int>(p.direction));
    for (const auto& m : p.milestones)
      text += fmt::format(" [{} {} {} {}]", model::name_of(m.milestone), when(m.at), m.place,
                          fmt::join(m.sources, "+"));
    out[fmt::format("package {}", i)] = text;
  }
}

void describe_lists(Lines& out, const orders::Order& order) {
  for (const auto& l : order.lines)
    out["line " + l.id] =
        fmt::format("{} cancelled {} shipped {} delivered {} back {} case {}", l.quantity,
                    l.cancelled, l.shipped, l.delivered, l.back, l.in_case);
  for (const auto& h : order.holds) out["hold " + h.id] = h.reason + " " + when(h.since);
  for (const auto& c : order.cases)
    out["case " + c.id] = fmt::format("{} state {} open {} {}", model::name_of(c.type), c.state,
                                      c.is_open, when(c.moved));
  for (const auto& p : order.payments)
    out["payment " + p.id] = fmt::format("{} {}", p.amount.value_or(-1), when(p.at));
  for (const auto& p : order.refunds)
    out["refund " + p.id] = fmt::format("{} {}", p.amount.value_or(-1), when(p.at));
  for (const auto& r : order.requests) out["request " + r.id] = r.command;
  for (const auto& c : order.conflicts)
    out[fmt::format("conflict {} {} {}", model::name_of(c.code), c.detail,
                    to_hex(c.event.view()).substr(0, 8))] = "there " + c.verdict;
  for (const auto& t : order.notes) out["note " + to_hex(t.event.view())] = when(t.at);
  for (const auto& t : order.relations) out["relation " + to_hex(t.event.view())] = when(t.at);
  for (const auto& t : order.attachments) out["attachment " + to_hex(t.event.view())] = when(t.at);
  for (const auto& s : order.steps)
    out[fmt::format("step {} {}", s.line, model::name_of(s.step))] = std::to_string(s.total);
  for (std::size_t i = 0; i < order.promises.size(); ++i)
    out[fmt::format("promise {}", i)] =
        fmt::format("{} {} made {}", order.promises[i].source, when(order.promises[i].at),
                    when(order.promises[i].made));
  for (const auto& s : order.plan)
    out["plan " + s.id] = fmt::format("{} {} {} {} {}", s.owner, when(s.started), when(s.finished),
                                      s.good, s.is_blocked);
  for (const auto& r : order.references) out["reference " + r.scheme + ":" + r.value] = "there";
  for (const auto& a : order.attributes) out["attribute " + a.level + a.element] = a.json;
}

Lines lines_of(const orders::Order& order) {
  Lines out;
  out["state"] = order.headline().code();
  out["flags"] = fmt::format("{:b}", order.flags);
  out["money"] =
      fmt::format("total {} deposit {} paid {} refunded {} full {}", order.total.value_or(-1),
                  order.deposit.value_or(-1), order.paid, order.refunded, order.is_paid_in_full);
  out["texts"] =
      fmt::format("{} {} {} {} {} {} {}", order.order_no, order.source, order.shop,
                  order.flag_colour, order.cancel_reason, order.buyer_id, order.status_word);
  for (std::size_t i = 0; i < order.times.size(); ++i)
    out[fmt::format("time {:02}", i)] = when(order.times[i]);
  out["tags"] = fmt::format("{}", fmt::join(order.tags, " "));
  out["suppliers"] = fmt::format("{}", fmt::join(order.suppliers, " "));
  describe_packages(out, order);
  describe_lists(out, order);
  return out;
}

}  // namespace

std::string difference(const orders::Order& one, const orders::Order& other) {
  const auto a = lines_of(one);
  const auto b = lines_of(other);
  std::string out;
  const auto text = [](const Lines& lines, const std::string& name) {
    const auto found = lines.find(name);
    return found == lines.end() ? std::string("nothing") : found->second;
  };
  for (const auto& [name, value] : a)
    if (text(b, name) != value)
      out += fmt::format("\n      {}: {} | {}", name, value, text(b, name));
  for (const auto& [name, value] : b)
    if (!a.contains(name)) out += fmt::format("\n      {}: nothing | {}", name, value);
  return out;
}

}  // namespace cairn::simulation

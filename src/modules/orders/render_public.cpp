#include "modules/orders/render_public.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/ranges.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Label;
using model::Milestone;

std::string pick(const Label& label, bool is_chinese) { return is_chinese ? label.zh : label.en; }

/// Who took the parcel, as a sentence names them.
std::string signer_of(const PackageState& package, const PublicWords& words) {
  if (package.received_by == model::ReceivedBy::Unknown) return {};
  return words.label("signer", name_of(package.received_by));
}

/// What is known of a package, by the blank it fills. Empty: not known.
std::vector<std::pair<std::string_view, std::string>> blanks_of(const PackageState& package,
                                                                Time now,
                                                                const PublicWords& words) {
  Time at = Time::none();
  for (const auto& milestone : package.milestones)
    if (milestone.milestone == package.milestone) at = milestone.at;
  const auto spoken = [&](Time time) { return time.is_none() ? std::string() : words.time(time); };
  const bool has_next = package.legs.size() > 1;
  const auto city = words.city(package.last_place);
  return {
      {"{carrier}", package.carrier.empty() ? "" : words.label("carrier", package.carrier)},
      {"{time}", spoken(at)},
      {"{place}", city},
      {"{city}", city},
      {"{pickup_place}", city},
      {"{eta}", spoken(package.estimated < now ? Time::none() : package.estimated)},
      {"{signer}", signer_of(package, words)},
      {"{carrier2}", has_next && !package.legs.back().carrier.empty()
                         ? words.label("carrier", package.legs.back().carrier)
                         : std::string()},
      {"{number2}", has_next ? package.legs.back().number : std::string()},
  };
}

/// The label customers see of a milestone told in `city`; one that names a city nobody told is
/// said as staff say it.
std::string label_of(const lifecycle::MilestoneRow& row, const std::string& city,
                     const PublicWords& words) {
  auto text = pick(row.customer, words.is_chinese);
  constexpr std::string_view kBlank = "{city}";
  const auto blank = text.find(kBlank);
  if (blank == text.npos) return text;
  if (city.empty()) return pick(row.label, words.is_chinese);
  return text.replace(blank, kBlank.size(), city);
}

/// The milestone's sentence with its blanks filled in; where something of it is not known the one
/// without blanks, or else its label.
std::string sentence_of(const lifecycle::MilestoneRow& row, const PackageState& package, Time now,
                        const PublicWords& words) {
  auto text = pick(row.sentence, words.is_chinese);
  if (!text.contains('{')) return text;
  auto plain = pick(row.plain, words.is_chinese);
  if (plain.empty()) plain = label_of(row, words.city(package.last_place), words);
  for (const auto& [blank, value] : blanks_of(package, now, words)) {
    const auto found = text.find(blank);
    if (found == std::string::npos) continue;
    if (value.empty()) return plain;
    text.replace(found, blank.size(), value);
  }
  return text.contains('{') ? plain : text;
}

std::string_view tone_of(model::Health health) {
  switch (model::lane_of(health)) {
    case model::Lane::Overdue:
      return "bad";
    case model::Lane::AtRisk:
      return "warn";
    case model::Lane::Unverified:
      return "unknown";
    default:
      return "good";
  }
}

/// What the package has been through, newest first, in words for customers. What was told to have
/// happened after the delivery is between staff and carrier, unless the parcel came back.
std::vector<PublicStep> steps_of(const PackageState& package, const Context& context,
                                 const PublicWords& words) {
  std::vector<PublicStep> out;
  bool is_after = package.is_delivered;
  for (auto at = package.milestones.rbegin(); at != package.milestones.rend(); ++at) {
    if (at->milestone == Milestone::Delivered) is_after = false;
    if (is_after && at->milestone != Milestone::Returning && at->milestone != Milestone::Returned)
      continue;
    auto city = words.city(at->place);
    auto text = label_of(context.definitions->milestone(at->milestone), city, words);
    out.push_back({std::move(text), std::move(city), at->has_date ? at->at : Time::none(), true});
  }
  return out;
}

/// Whether somebody may still expect the parcel at the door.
bool is_coming(const PackageState& package) {
  using enum Milestone;
  constexpr std::array kEnds{Returning, Returned, LostOrDestroyed, Cancelled, MonitoringEnded};
  return !package.is_delivered && !package.is_back && !contains(kEnds, package.milestone);
}

PublicPackage package_of(const PackageState& package, Time now, const Context& context,
                         const PublicWords& words) {
  const auto& row = context.definitions->milestone(package.milestone);
  PublicPackage out;
  out.carrier = package.carrier.empty() ? "" : words.label("carrier", package.carrier);
  out.number = package.number;
  out.label = label_of(row, words.city(package.last_place), words);
  out.sentence = sentence_of(row, package, now, words);
  const bool is_bad = package.has(model::PackageFlag::Exception) ||
                      package.has(model::PackageFlag::Lost) ||
                      package.milestone == Milestone::LostOrDestroyed;
  out.tone = is_bad ? "bad" : package.is_delivered ? "good" : "info";
  if (is_coming(package)) out.eta = package.estimated;
  out.is_eta_past = !out.eta.is_none() && out.eta < now;
  out.steps = steps_of(package, context, words);
  return out;
}

}  // namespace

PublicOrder public_order_of(const Order& order, Time now, const Context& context,
                            const PublicWords& words) {
  const bool zh = words.is_chinese;
  PublicOrder out;
  out.is_chinese = zh;
  out.title = fmt::format("{} {}", zh ? "订单" : "Order",
                          order.order_no.empty() ? model::to_text(order.id()) : order.order_no);
  out.shop = order.shop.empty() ? "" : words.label("shop", order.shop);
  out.label = pick(order.headline().customer_label(), zh);
  const auto health = health_of(order, now);
  out.tone = tone_of(health);
  const auto category = order.category();
  out.is_over = category == model::Category::Done || category == model::Category::Closed ||
                category == model::Category::Delivered;
  if (const auto* promise = promise_of(order, model::PromiseOf::Delivered); promise && !out.is_over)
    out.promised = promise->at;
  out.is_promise_past = !out.promised.is_none() && out.promised < now;

  const std::array<std::pair<Label, Time>, 4> way{
      std::pair{Label{"已下单", "Ordered"}, order.at(At::Placed)},
      std::pair{Label{"已付款", "Paid"}, order.at(At::Paid)},
      std::pair{Label{"已发货", "Shipped"}, order.at(At::FirstShipped)},
      std::pair{Label{"已签收", "Delivered"}, order.at(At::Delivered)}};
  const bool is_cancelled = order.is(Flag::Cancelled);
  for (const auto& [label, at] : way)
    if (!is_cancelled || !at.is_none())
      out.steps.push_back({pick(label, zh), "", at, !at.is_none()});
  if (is_cancelled) {
    out.steps.push_back({zh ? "已取消" : "Cancelled", "", order.at(At::Cancelled), true});
    out.tone = "neutral";
  }

  std::vector<const PackageState*> shown;
  for (const auto& package : order.packages)
    if (package.is_shipped || package.is_declared || package.has_milestone)
      shown.push_back(&package);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    out.packages.push_back(package_of(*shown[i], now, context, words));
    out.packages.back().title =
        fmt::format("{} {}/{}", zh ? "包裹" : "Parcel", i + 1, shown.size());
    out.verified = std::max(out.verified, shown[i]->last_scan);
  }
  out.sentence = !out.packages.empty() && !is_cancelled
                     ? out.packages.back().sentence
                     : pick(context.definitions->category(category).turn, zh);
  if (out.packages.empty() && !is_cancelled)
    out.sentence = zh ? "商家正在处理您的订单。" : "The seller is preparing your order.";
  if (is_cancelled) out.sentence = zh ? "该订单已取消。" : "This order was cancelled.";
  if (out.verified.is_none()) out.verified = order.last_key.occurred;
  return out;
}

}  // namespace cairn::orders

#include "modules/orders/render_public.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace cairn::orders {
namespace {

using lifecycle::Label;
using model::Milestone;

std::string pick(const Label& label, bool is_chinese) { return is_chinese ? label.zh : label.en; }

/// A place at city level: "南京市秦淮区…" → "南京市"; carriers write courts and people behind it.
std::string city_of(std::string_view place) {
  for (const std::string_view end : {"市", "州", "盟"})
    if (const auto at = place.find(end); at != std::string_view::npos && at <= 30)
      return std::string(place.substr(0, at + end.size()));
  const auto comma = place.find_first_of(",;(");
  return std::string(utf8_prefix(trim(place.substr(0, comma)), 40));
}

/// Who took the parcel, as a sentence names them.
std::string signer_of(const PackageState& package, const PublicWords& words) {
  if (package.received_by == model::ReceivedBy::Unknown) return {};
  return words.label("signer", name_of(package.received_by));
}

/// The milestone's sentence with its blanks filled in; nothing where one is not known.
std::string sentence_of(std::string text, const PackageState& package, const PublicWords& words) {
  Time at = Time::none();
  for (const auto& milestone : package.milestones)
    if (milestone.milestone == package.milestone) at = milestone.at;
  const std::pair<std::string_view, std::string> values[]{
      {"{carrier}", words.label("carrier", package.carrier)},
      {"{time}", at.is_none() ? std::string() : words.time(at)},
      {"{place}", city_of(package.last_place)},
      {"{city}", city_of(package.last_place)},
      {"{eta}", package.estimated.is_none() ? std::string() : words.time(package.estimated)},
      {"{signer}", signer_of(package, words)},
      {"{pickup_place}", city_of(package.last_place)},
  };
  for (const auto& [blank, value] : values) {
    const auto found = text.find(blank);
    if (found == std::string::npos) continue;
    if (value.empty()) return {};
    text.replace(found, blank.size(), value);
  }
  return text.find('{') == std::string::npos ? text : std::string();
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
    const auto& step = context.definitions->milestone(at->milestone);
    const auto place = city_of(at->place);
    std::string text = pick(step.customer, words.is_chinese);
    constexpr std::string_view kBlank = "{city}";
    const auto blank = text.find(kBlank);
    if (blank != text.npos && !place.empty()) text.replace(blank, kBlank.size(), place);
    if (text.empty() || text.find('{') != std::string::npos)
      text = pick(step.label, words.is_chinese);
    out.push_back({std::move(text), place, at->has_date ? at->at : Time::none(), true});
  }
  return out;
}

PublicPackage package_of(const PackageState& package, std::size_t index, std::size_t count,
                         const Context& context, const PublicWords& words) {
  const bool zh = words.is_chinese;
  const auto& row = context.definitions->milestone(package.milestone);
  PublicPackage out;
  out.title = fmt::format("{} {}/{}", zh ? "包裹" : "Parcel", index + 1, count);
  out.carrier = package.carrier.empty() ? "" : words.label("carrier", package.carrier);
  out.number = package.number;
  out.label = pick(row.customer, zh);
  if (out.label.find('{') != std::string::npos) out.label = sentence_of(out.label, package, words);
  if (out.label.empty()) out.label = pick(row.label, zh);
  out.sentence = sentence_of(pick(row.sentence, zh), package, words);
  if (out.sentence.empty()) out.sentence = pick(row.label, zh);
  const bool is_bad = package.has(model::PackageFlag::Exception) ||
                      package.has(model::PackageFlag::Lost) ||
                      package.milestone == Milestone::LostOrDestroyed;
  out.tone = is_bad ? "bad" : package.is_delivered ? "good" : "info";
  if (!package.is_delivered) out.eta = package.estimated;
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
    out.packages.push_back(package_of(*shown[i], i, shown.size(), context, words));
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

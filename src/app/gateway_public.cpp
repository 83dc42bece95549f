#include <fmt/format.h>

#include "app/gateway.hpp"
#include "app/page_template.hpp"
#include "app/static_files.hpp"
#include "base/text.hpp"
#include "crypto/hash.hpp"
#include "http/problem.hpp"
#include "modules/orders/render_public.hpp"

/// Tracking links: what a customer sees without an account.
namespace cairn::app {
namespace {

constexpr std::size_t kTokenMax = 64;

bool wants_chinese(const http::Request& request) {
  if (const auto lang = request.query("lang")) return *lang != "en";
  const auto accepted = request.header("accept-language");
  return accepted.empty() || accepted.find("zh") != std::string_view::npos;
}

/// "11月24日 14:02" or "24 Nov 14:02" on the clock of the installation's zone.
std::string spoken(Time at, const integration::Zone& zone, bool is_chinese) {
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto local = zone.to_local(at);
  const auto day_us = days(1).us;
  const auto day = local.us >= 0 ? local.us / day_us : (local.us - day_us + 1) / day_us;
  const auto minute = (local.us - day * day_us) / minutes(1).us;
  const auto date = civil_from_days(day);
  return is_chinese
             ? fmt::format("{}月{}日 {:02}:{:02}", date.month, date.day, minute / 60, minute % 60)
             : fmt::format("{} {} {:02}:{:02}", date.day, kMonths[date.month - 1], minute / 60,
                           minute % 60);
}

void write_steps(json::Writer& w, const std::vector<orders::PublicStep>& steps,
                 const orders::PublicWords& words) {
  w.key("steps").begin_array();
  for (const auto& step : steps) {
    w.begin_object().field("label", step.label).time_if("at", step.at);
    if (!step.at.is_none()) w.field("at_text", words.time(step.at));
    w.text_if("place", step.place).field("done", step.is_done).end_object();
  }
  w.end_array();
}

struct Spoken {
  std::string promise, unknown, verified;
};
Spoken spoken_of(const orders::PublicOrder& order, const orders::PublicWords& words) {
  const bool zh = order.is_chinese;
  Spoken out;
  if (!order.promised.is_none())
    out.promise = fmt::format(fmt::runtime(zh ? "预计 {} 前送达" : "Expected by {}"),
                              words.time(order.promised));
  else if (!order.is_over && order.tone != "neutral")
    out.unknown = zh ? "送达时间尚未确定，确定后会显示在这里。"
                     : "The delivery date is not known yet; it will appear here.";
  out.verified =
      fmt::format(fmt::runtime(zh ? "{} 最后更新" : "Last updated {}"), words.time(order.verified));
  return out;
}

std::string json_of(const orders::PublicOrder& order, const orders::PublicWords& words,
                    std::uint64_t version) {
  std::string out;
  json::Writer w(out);
  const auto said = spoken_of(order, words);
  w.begin_object().field("lang", order.is_chinese ? "zh" : "en").field("title", order.title);
  w.text_if("shop", order.shop).field("label", order.label).field("sentence", order.sentence);
  w.field("tone", order.tone).text_if("promise_text", said.promise);
  w.text_if("unknown_text", said.unknown);
  write_steps(w, order.steps, words);
  w.key("packages").begin_array();
  for (const auto& package : order.packages) {
    w.begin_object().field("title", package.title).text_if("carrier", package.carrier);
    w.text_if("number", package.number).field("label", package.label);
    w.field("sentence", package.sentence).field("tone", package.tone);
    if (!package.eta.is_none()) w.field("eta_text", words.time(package.eta));
    write_steps(w, package.steps, words);
    w.end_object();
  }
  w.end_array().time_if("verified_at", order.verified).field("verified_text", said.verified);
  w.field("version", version).end_object();
  return out;
}

TemplateValues step_values(const orders::PublicStep& step, const orders::PublicWords& words) {
  TemplateValues out;
  out.texts = {{"label", step.label},
               {"place", step.place},
               {"done", step.is_done ? "1" : ""},
               {"at", ""},
               {"at_text", ""}};
  if (!step.at.is_none()) {
    out.texts["at"] = format_rfc3339(step.at);
    out.texts["at_text"] = words.time(step.at);
  }
  return out;
}

TemplateValues page_values(const orders::PublicOrder& order, const orders::PublicWords& words) {
  const auto said = spoken_of(order, words);
  TemplateValues page;
  page.texts = {{"lang", order.is_chinese ? "zh" : "en"},
                {"title", order.title},
                {"shop", order.shop},
                {"label", order.label},
                {"sentence", order.sentence},
                {"tone", order.tone},
                {"promise_text", said.promise},
                {"unknown_text", said.unknown},
                {"verified_text", said.verified}};
  for (const auto& step : order.steps) page.lists["steps"].push_back(step_values(step, words));
  for (const auto& package : order.packages) {
    TemplateValues values;
    values.texts = {{"title", package.title},
                    {"carrier", package.carrier},
                    {"number", package.number},
                    {"label", package.label},
                    {"sentence", package.sentence},
                    {"tone", package.tone},
                    {"eta_text", package.eta.is_none() ? "" : words.time(package.eta)}};
    values.lists["steps"];
    for (const auto& step : package.steps)
      values.lists["steps"].push_back(step_values(step, words));
    page.lists["packages"].push_back(std::move(values));
  }
  return page;
}

void add_public_headers(http::Response& response) {
  add_page_headers(response);
  response.headers.emplace_back("X-Robots-Tag", "noindex, nofollow");
  response.headers.emplace_back("Cache-Control", "private, no-cache");
}

}  // namespace

/// Unknown, expired and revoked tokens all ask the reference's shard and are told the same.
void Gateway::ask_public(const http::Request& request, http::Responder responder,
                         PublicAnswer answer) {
  const std::string token(request.param("token"));
  const bool is_current =
      token.size() <= kTokenMax && PublicLinks::expires_at(token) > clock_.now();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  auto respond = std::make_shared<PublicAnswer>(std::move(answer));
  const auto key = model::reference_key(PublicLinks::reference_of(token));
  core::Question question{
      false, [this, shared, respond, is_current](Result<core::Seen> seen) {
        const auto* reference =
            seen ? static_cast<const orders::ReferenceState*>(seen->state) : nullptr;
        if (!reference || reference->claims.empty() || !is_current)
          return shared->send((*respond)(nullptr, 0));
        const auto id = model::parse_order_id(reference->claims.front().order);
        core::Question inner{
            false, [shared, respond](Result<core::Seen> found) {
              if (!found || !found->state) return shared->send((*respond)(nullptr, 0));
              shared->send(
                  (*respond)(static_cast<const orders::Order*>(found->state), found->version));
            }};
        if (auto submitted = installation_.cluster().submit(
                core::question(model::order_key(*id), std::move(inner)));
            !submitted)
          shared->send(http::problem(submitted.error(), http::RequestInfo{}));
      }};
  if (auto submitted = installation_.cluster().submit(core::question(key, std::move(question)));
      !submitted)
    shared->send(http::problem(submitted.error(), request.info()));
}

orders::PublicWords Gateway::public_words(bool is_chinese) const {
  orders::PublicWords words;
  words.is_chinese = is_chinese;
  words.label = [this, is_chinese](std::string_view vocabulary, std::string_view code) {
    const auto label = installation_.definitions().words.label(vocabulary, code);
    return is_chinese ? label.zh : label.en;
  };
  words.time = [this, is_chinese](Time at) { return spoken(at, options_.zone, is_chinese); };
  return words;
}

void Gateway::add_public_routes(http::Router& router) {
  using enum http::Method;
  router.add(
      Get, "/v1/public/{token}",
      [this](const http::Request& request, http::Responder responder) {
        const auto words = public_words(wants_chinese(request));
        const auto info = request.info();
        ask_public(
            request, std::move(responder),
            [this, words, info](const orders::Order* order, std::uint64_t version) {
              if (!order)
                return http::problem({ErrorCode::NotFound,
                                      "this link is not valid, or no longer; ask the shop "
                                      "for a new one",
                                      ""},
                                     info);
              auto response = http::Response::json(json_of(
                  orders::public_order_of(*order, clock_.now(), installation_.context(), words),
                  words, version));
              add_public_headers(response);
              return response;
            });
      },
      {.rate_class = "public"});
  router.add(Get, "/t/{token}",
             [this](const http::Request& request, http::Responder responder) {
               const auto words = public_words(wants_chinese(request));
               const std::string known(request.header("if-none-match"));
               ask_public(request, std::move(responder),
                          [this, words, known](const orders::Order* order, std::uint64_t) {
                            http::Response response;
                            response.content_type = "text/html; charset=utf-8";
                            add_public_headers(response);
                            if (!order) {
                              response.status = 404;
                              response.body = options_.page_not_found;
                              return response;
                            }
                            const auto view = orders::public_order_of(
                                *order, clock_.now(), installation_.context(), words);
                            response.body = fill_template(options_.page, page_values(view, words));
                            const auto etag = fmt::format(
                                "\"{}\"",
                                to_hex(crypto::view(crypto::sha256(response.body))).substr(0, 20));
                            response.headers.emplace_back("ETag", etag);
                            if (known == etag) {
                              response.status = 304;
                              response.body.clear();
                            }
                            return response;
                          });
             },
             {.rate_class = "public"});
}

}  // namespace cairn::app

#include <fmt/format.h>

#include <algorithm>

#include "app/gateway.hpp"
#include "app/page_template.hpp"
#include "app/static_files.hpp"
#include "base/number.hpp"
#include "base/text.hpp"
#include "crypto/hash.hpp"
#include "http/problem.hpp"
#include "modules/orders/render_public.hpp"

/// Tracking links: what a customer sees without an account.
namespace cairn::app {
namespace {

constexpr std::size_t kTokenMax = 64;

/// How much a reader who accepts `ranges` wants a language (RFC 9110, 12.5.4); 0: not at all.
double weight_of(std::string_view ranges, const std::string& language) {
  double weight = 0;
  for (const auto range : split(ranges, ',')) {
    const auto parts = split(range, ';');
    const auto tag = trim(parts[0]);
    if (tag != language && !tag.starts_with(language + "-")) continue;
    double q = 1;
    for (const auto part : parts)
      if (const auto parameter = trim(part); parameter.starts_with("q="))
        q = parse_number<double>(parameter.substr(2)).value_or(0);
    weight = std::max(weight, q);
  }
  return weight;
}

/// Chinese where nothing is asked for; of two wanted equally the one named first.
bool wants_chinese(const http::Request& request) {
  if (const auto lang = request.query("lang")) return *lang != "en";
  const auto ranges = to_lower_ascii(request.header("accept-language"));
  if (ranges.empty()) return true;
  const auto chinese = weight_of(ranges, "zh"), english = weight_of(ranges, "en");
  if (chinese != english) return chinese > english;
  return chinese > 0 && ranges.find("zh") < ranges.find("en");
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

/// A promise that was not kept is not announced again: that its time has passed is said, and that
/// no other is known unless a carrier still expects a parcel.
Spoken spoken_of(const orders::PublicOrder& order, const orders::PublicWords& words) {
  const bool zh = order.is_chinese;
  Spoken out;
  const auto by = order.promised.is_none() ? std::string() : words.time(order.promised);
  const bool is_expected = std::ranges::any_of(order.packages, [](const auto& package) {
    return !package.eta.is_none() && !package.is_eta_past;
  });
  if (by.empty()) {
    if (!order.is_over && order.tone != "neutral")
      out.unknown = zh ? "送达时间尚未确定，确定后会显示在这里。"
                       : "The delivery date is not known yet; it will appear here.";
  } else if (!order.is_promise_past) {
    out.promise = fmt::format(fmt::runtime(zh ? "预计 {} 前送达" : "Expected by {}"), by);
  } else {
    out.promise = fmt::format(
        fmt::runtime(zh ? "原定 {} 前送达，已超过这个时间" : "Was due by {}; that time has passed"),
        by);
    if (!is_expected)
      out.unknown = zh ? "新的送达时间尚未确定，确定后会显示在这里。"
                       : "No new delivery date is known yet; it will appear here.";
  }
  out.verified =
      fmt::format(fmt::runtime(zh ? "{} 最后更新" : "Last updated {}"), words.time(order.verified));
  return out;
}

/// When the carrier expects a parcel to arrive, or that it did not by then.
std::string eta_of(const orders::PublicPackage& package, const orders::PublicWords& words) {
  if (package.eta.is_none()) return {};
  const bool zh = words.is_chinese;
  const auto at = words.time(package.eta);
  if (package.is_eta_past)
    return fmt::format(fmt::runtime(zh ? "原预计 {} 送达，已超过这个时间"
                                       : "Was expected {}; that time has passed"),
                       at);
  return fmt::format(fmt::runtime(zh ? "预计 {} 送达" : "Expected {}"), at);
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
    w.text_if("eta_text", eta_of(package, words));
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
                    {"eta_text", eta_of(package, words)}};
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

/// Adds the version of what is shown; nothing is sent again to who has it.
void answer_unless_known(http::Response& response, std::string_view if_none_match) {
  const auto etag =
      fmt::format("\"{}\"", to_hex(crypto::view(crypto::sha256(response.body))).substr(0, 20));
  response.headers.emplace_back("ETag", etag);
  if (!http::is_same_version(if_none_match, etag)) return;
  response.status = 304;
  response.body.clear();
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
  words.city = [this, is_chinese](std::string_view place) {
    const auto label = installation_.definitions().cities.of(place);
    return is_chinese ? label.zh : label.en;
  };
  return words;
}

http::Handler Gateway::limited(For whom, http::Handler handler) {
  return [this, whom, handler = std::move(handler)](const http::Request& request,
                                                    http::Responder responder) {
    const auto wait = public_limit_.take(request.peer_ip(), clock_.now());
    if (wait.us == 0) return handler(request, std::move(responder));
    const auto wait_s = (wait.us + seconds(1).us - 1) / seconds(1).us;
    auto response = http::problem(
        {ErrorCode::Busy,
         fmt::format("more than {} requests a minute from one address; wait {} s and ask again",
                     options_.public_per_minute, wait_s),
         ""},
        request);
    if (whom == For::People) {
      response.content_type = "text/html; charset=utf-8";
      response.body = options_.page_busy;
    }
    add_public_headers(response);
    for (auto& [name, value] : response.headers)
      if (name == "Retry-After") value = std::to_string(wait_s);
    responder.send(std::move(response));
  };
}

void Gateway::add_public_routes(http::Router& router) {
  using enum http::Method;
  const auto get_data = [this](const http::Request& request, http::Responder responder) {
    const auto words = public_words(wants_chinese(request));
    const auto info = request.info();
    const std::string known(request.header("if-none-match"));
    ask_public(request, std::move(responder),
               [this, words, info, known](const orders::Order* order, std::uint64_t version) {
                 if (!order)
                   return http::problem({ErrorCode::NotFound,
                                         "this link is not valid, or no longer; ask the shop for "
                                         "a new one",
                                         ""},
                                        info);
                 const auto view =
                     orders::public_order_of(*order, clock_.now(), installation_.context(), words);
                 auto response = http::Response::json(json_of(view, words, version));
                 add_public_headers(response);
                 answer_unless_known(response, known);
                 return response;
               });
  };
  const auto get_page = [this](const http::Request& request, http::Responder responder) {
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
                 const auto view =
                     orders::public_order_of(*order, clock_.now(), installation_.context(), words);
                 response.body = fill_template(options_.page, page_values(view, words));
                 answer_unless_known(response, known);
                 return response;
               });
  };
  router.add(Get, "/v1/public/{token}", limited(For::Programs, get_data), {.rate_class = "public"});
  router.add(Get, "/t/{token}", limited(For::People, get_page), {.rate_class = "public"});
}

}  // namespace cairn::app

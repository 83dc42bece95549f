#include "http/router.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "http/problem.hpp"

namespace cairn::http {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return split(path, '/');
}

void add_method(std::string& allow, Method method) {
  const auto name = name_of(method);
  for (const auto known : split(allow, ','))
    if (trim(known) == name) return;
  if (!allow.empty()) allow += ", ";
  allow += name;
  if (method == Method::Get) allow += ", HEAD";
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

}  // namespace

void Router::add(Method method, std::string pattern, Handler handler, RouteOptions options) {
  auto route = std::make_unique<Route>();
  route->method = method;
  for (const auto segment : segments_of(pattern)) route->segments.emplace_back(segment);
  route->pattern = std::move(pattern);
  route->handler = std::move(handler);
  route->options = std::move(options);
  route->rate_class = class_of(route->options.rate_class);
  if (route->rate_class == 0 && route->options.rate_class != classes_[0]) {
    route->rate_class = static_cast<std::uint32_t>(classes_.size());
    classes_.push_back(route->options.rate_class);
  }
  routes_.push_back(std::move(route));
}

Router::Found Router::find(Request& request) const {
  Found found;
  const auto segments = segments_of(request.path);
  const Method method = request.method == Method::Head ? Method::Get : request.method;
  for (const auto& route : routes_) {
    if (route->segments.size() != segments.size()) continue;
    bool fits = true;
    for (std::size_t i = 0; fits && i < segments.size(); ++i)
      fits = is_parameter(route->segments[i]) ? !segments[i].empty()
                                              : route->segments[i] == segments[i];
    if (!fits) continue;
    if (route->method != method) {
      add_method(found.allow, route->method);
      continue;
    }
    request.params.clear();
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (!is_parameter(route->segments[i])) continue;
      const std::string_view name(route->segments[i]);
      auto value = percent_decode(segments[i], false);
      request.params.emplace_back(name.substr(1, name.size() - 2),
                                  value ? *std::move(value) : std::string(segments[i]));
    }
    found.route = route.get();
    return found;
  }
  return found;
}

std::uint32_t Router::class_of(std::string_view name) const {
  const auto at = std::ranges::find(classes_, name);
  return at == classes_.end() ? 0 : static_cast<std::uint32_t>(at - classes_.begin());
}

void Router::dispatch(const Found& found, Request& request, Responder responder) const {
  if (found.route) return found.route->handler(request, std::move(responder));
  if (!found.allow.empty()) {
    auto response = request.method == Method::Options
                        ? Response{204, "", "", {}}
                        : problem({ErrorCode::MethodNotAllowed,
                                   fmt::format("{} has no {}; it has {}", request.path,
                                               name_of(request.method), found.allow),
                                   ""},
                                  request);
    response.headers.emplace_back("Allow", found.allow);
    return responder.send(std::move(response));
  }
  if (fallback_ && request.method == Method::Get && !request.path.starts_with("/v1/"))
    return fallback_(request, std::move(responder));
  responder.send(
      problem({ErrorCode::NotFound, fmt::format("nothing is at {}", request.path), ""}, request));
}

std::vector<RouteInfo> Router::routes() const {
  std::vector<RouteInfo> out;
  for (const auto& route : routes_) out.push_back({route->method, route->pattern});
  return out;
}

}  // namespace cairn::http

#include "http/router.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "http/problem.hpp"

namespace cairn::http {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return split(path, '/');
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
      if (!found.allow.empty()) found.allow += ", ";
      found.allow += name_of(route->method);
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

void Router::dispatch(Request& request, Responder responder) const {
  const auto found = find(request);
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

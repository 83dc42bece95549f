#pragma once

#include <map>
#include <optional>

#include "http/message.hpp"

namespace cairn::http {

struct RouteOptions {
  std::string rate_class = "read";
  /// Of a body held in memory; without it, the edge's.
  std::optional<std::size_t> body_bytes_max = {};
  SinkFactory stream = {};  ///< for bodies of any length; the handler is not called then
};

struct RouteInfo {
  Method method;
  std::string pattern;
};

/// From method and path to a handler. Built at start, then read by any thread. Works on values: no
/// socket is needed to try a route.
class Router {
 public:
  struct Route {
    Method method;
    std::string pattern;
    std::vector<std::string> segments;  ///< "{id}" is a parameter
    Handler handler;
    RouteOptions options;
    std::uint32_t rate_class = 0;  ///< of `classes`
  };
  struct Found {
    const Route* route = nullptr;  ///< null: nothing fits
    std::string allow;             ///< methods the path has, where the method was the fault
  };

  void add(Method method, std::string pattern, Handler handler, RouteOptions options = {});
  /// For paths nothing else matches: the console.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }

  /// Fills `request.params`. HEAD finds GET.
  Found find(Request& request) const;
  /// Calls the handler, or answers 404 or 405.
  void dispatch(Request& request, Responder responder) const {
    dispatch(find(request), request, std::move(responder));
  }
  void dispatch(const Found& found, Request& request, Responder responder) const;
  /// Rate classes by index; the first is what no route has.
  const std::vector<std::string>& classes() const { return classes_; }
  std::uint32_t class_of(std::string_view name) const;
  std::vector<RouteInfo> routes() const;

 private:
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<std::string> classes_{"none"};
  Handler fallback_;
};

}  // namespace cairn::http

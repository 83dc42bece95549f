#include "http/connection.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/number.hpp"
#include "base/text.hpp"
#include "http/gzip.hpp"

namespace cairn::http {
namespace {

void write_identity(std::string& out, const Connection::Waiting& waiting) {
  if (!waiting.trace_parent.empty()) ((out += "traceparent: ") += waiting.trace_parent) += "\r\n";
  ((out += "Cairn-Request-Id: ") += waiting.request_id.empty() ? "-" : waiting.request_id);
}

}  // namespace

void compress(Response& response, const Connection::Waiting& waiting) {
  constexpr std::size_t kWorthIt = 1'024;
  const auto& type = response.content_type;
  const bool is_text = type.starts_with("application/json") ||
                       type.starts_with("application/problem+json") || type.starts_with("text/csv");
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(response.headers,
                               [&](const auto& each) { return each.first == name; });
  };
  if (!is_text || response.body.size() <= kWorthIt || has("Content-Encoding")) return;
  if (!has("Vary")) response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!waiting.takes_gzip) return;
  response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
  // The same content in other bytes: RFC 9110 §8.8.1 lets only a weak tag say so.
  for (auto& [name, value] : response.headers)
    if (name == "ETag" && value.starts_with('"')) value = "W/" + value;
}

void write_response(std::string& out, const Response& response, const Connection::Waiting& waiting,
                    std::string_view date, bool is_last) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_of(response.status));
  if (!response.content_type.empty())
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", response.content_type);
  bool has_cache_rule = false;
  for (const auto& [name, value] : response.headers) {
    has_cache_rule = has_cache_rule || name == "Cache-Control";
    fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
  }
  if (!has_cache_rule) out += "Cache-Control: no-cache\r\n";
  out += "X-Content-Type-Options: nosniff\r\n";
  write_identity(out, waiting);
  // RFC 9110 §8.6: none with 204, and with 304 it would speak of the body that is not sent.
  const bool has_body = response.status != 204 && response.status != 304;
  if (has_body)
    fmt::format_to(std::back_inserter(out), "\r\nContent-Length: {}", response.body.size());
  out += date;
  out += is_last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n";
  if (has_body && !waiting.is_head) out += response.body;
}

std::string live_head(const Connection::Waiting& waiting, std::string_view date) {
  std::string out =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Accel-Buffering: no\r\n";
  write_identity(out, waiting);
  out += date;
  out += "\r\nConnection: close\r\n\r\n";
  if (!waiting.is_head) out += "retry: 1000\n\n";
  return out;
}

bool is_listed(std::string_view address, const std::vector<std::string>& list) {
  in_addr ip{};
  const bool is_v4 = ::inet_pton(AF_INET, std::string(address).c_str(), &ip) == 1;
  for (const auto& entry : list) {
    if (entry == address) return true;
    const auto slash = entry.find('/');
    if (slash == std::string::npos || !is_v4) continue;
    in_addr net{};
    const auto told = parse_number<unsigned>(std::string_view(entry).substr(slash + 1));
    const unsigned bits = told.value_or(33);
    if (bits > 32 || ::inet_pton(AF_INET, entry.substr(0, slash).c_str(), &net) != 1) continue;
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    if ((ntohl(ip.s_addr) & mask) == (ntohl(net.s_addr) & mask)) return true;
  }
  return false;
}

std::string peer_of(std::string_view peer, const Request& request,
                    const std::vector<std::string>& trusted) {
  if (trusted.empty() || request.header("x-forwarded-for").empty() || !is_listed(peer, trusted))
    return std::string(peer);
  // A proxy may add a line of its own behind the client's: all of them are one list.
  std::vector<std::string_view> hops;
  for (std::size_t i = 0; i < request.header_count; ++i)
    if (is_same_ignoring_case(request.headers[i].name, "x-forwarded-for"))
      for (const auto hop : split(request.headers[i].value, ',')) hops.push_back(trim(hop));
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop)
    if (!is_listed(*hop, trusted)) return std::string(*hop);
  return std::string(peer);
}

std::string_view sane_request_id(const Request& request) {
  const auto given = request.header("x-request-id");
  const bool is_sane =
      !given.empty() && given.size() <= 64 && std::ranges::all_of(given, [](char c) {
        return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
               c == '_' || c == '.';
      });
  return is_sane ? given : std::string_view{};
}

std::string_view sane_trace_parent(const Request& request) {
  constexpr std::string_view kShape = "00-################################-################-##";
  const auto given = request.header("traceparent");
  const auto fits = [](char c, char shape) {
    return shape == '#' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == shape;
  };
  const bool is_sane =
      given.size() == kShape.size() && std::equal(given.begin(), given.end(), kShape.begin(), fits);
  return is_sane ? given : std::string_view{};
}

}  // namespace cairn::http

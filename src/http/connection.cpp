#include "http/connection.hpp"

#include <arpa/inet.h>

#include <charconv>

#include <fmt/format.h>

namespace cairn::http {

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
  if (!waiting.trace_parent.empty())
    fmt::format_to(std::back_inserter(out), "traceparent: {}\r\n", waiting.trace_parent);
  fmt::format_to(std::back_inserter(out), "Cairn-Request-Id: {}\r\nContent-Length: {}",
                 waiting.request_id.empty() ? "-" : waiting.request_id, response.body.size());
  out += date;
  out += is_last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n";
  if (!waiting.is_head) out += response.body;
}

bool is_listed(std::string_view address, const std::vector<std::string>& list) {
  in_addr ip{};
  const bool is_v4 = ::inet_pton(AF_INET, std::string(address).c_str(), &ip) == 1;
  for (const auto& entry : list) {
    if (entry == address) return true;
    const auto slash = entry.find('/');
    if (slash == std::string::npos || !is_v4) continue;
    in_addr net{};
    unsigned bits = 33;
    std::from_chars(entry.data() + slash + 1, entry.data() + entry.size(), bits);
    if (bits > 32 || ::inet_pton(AF_INET, entry.substr(0, slash).c_str(), &net) != 1) continue;
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    if ((ntohl(ip.s_addr) & mask) == (ntohl(net.s_addr) & mask)) return true;
  }
  return false;
}

}  // namespace cairn::http

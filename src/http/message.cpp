#include "http/message.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "http/live_hub.hpp"

namespace cairn::http {
namespace {

constexpr std::array<std::string_view, 8> kMethods{"GET",    "HEAD",  "POST",    "PUT",
                                                   "DELETE", "PATCH", "OPTIONS", "?"};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool is_same_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

bool is_same_version(std::string_view if_none_match, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    tag = trim(tag);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    return tag;
  };
  for (const auto tag : split(if_none_match, ','))
    if (trim(tag) == "*" || opaque(tag) == opaque(etag)) return true;
  return false;
}

std::string_view name_of(Method method) { return kMethods[static_cast<std::size_t>(method)]; }
Method method_from(std::string_view name) {
  for (std::size_t i = 0; i + 1 < kMethods.size(); ++i)
    if (kMethods[i] == name) return static_cast<Method>(i);
  return Method::Other;
}

std::vector<std::string> Limits::validate() const {
  std::vector<std::string> faults;
  if (headers_max > 64) faults.push_back("headers_max: at most 64");
  if (target_bytes_max > head_bytes_max)
    faults.push_back("target_bytes_max: not more than head_bytes_max");
  if (connections_max == 0 || pipelined_max == 0)
    faults.push_back("connections_max, pipelined_max: at least 1");
  return faults;
}

std::string_view Request::header(std::string_view name) const {
  for (std::size_t i = 0; i < header_count; ++i)
    if (is_same_ignoring_case(headers[i].name, name)) return headers[i].value;
  return {};
}

std::optional<std::string> Request::query(std::string_view name) const {
  std::optional<std::string> out;
  for (const auto part : split(query_text, '&')) {
    const auto equals = part.find('=');
    const auto key = percent_decode(part.substr(0, equals), true);
    if (!key || *key != name) continue;
    auto value = percent_decode(
        equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true);
    if (!value) continue;
    out = out ? *out + "," + *value : *value;
  }
  return out;
}

std::string_view Request::param(std::string_view name) const {
  for (const auto& [key, value] : params)
    if (key == name) return value;
  return {};
}

RequestInfo Request::info() const { return {id, header("accept-language").starts_with("zh")}; }

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(ErrorCode::Malformed, "a percent sign is not followed by two hex digits");
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  if (!is_utf8(out) || out.find('\0') != std::string::npos)
    return fail(ErrorCode::Malformed, "the text is not UTF-8");
  return out;
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

void Responder::go_live(LiveRequest live) {
  if (auto channel = std::exchange(channel_, nullptr)) channel->go_live(std::move(live));
}

}  // namespace cairn::http

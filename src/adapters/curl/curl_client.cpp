#include "adapters/curl/curl_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/check.hpp"
#include "base/text.hpp"

namespace cairn::curl {
namespace {

using ports::HttpRequest;
using ports::HttpResponse;

/// One exchange under way: what libcurl's callbacks need.
struct Exchange {
  CURL* handle;
  const HttpRequest& request;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::optional<Error> error;  ///< of a callback, which is why libcurl gave up
  bool is_ended = false;       ///< by `take_body`
  curl_off_t next_look_us = 0;

  bool is_streamed() const {
    return request.take_body && response.status >= 200 && response.status < 300;
  }
};

std::size_t take_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view line(data, size);
  exchange.header_bytes += size;
  if (exchange.header_bytes > exchange.request.header_bytes_max) {
    exchange.error = {ErrorCode::TooLarge, "the headers of the answer are too long", ""};
    return 0;
  }
  if (line.starts_with("HTTP/")) {  // also after "100 Continue"
    exchange.response.headers.clear();
    long status = 0;
    curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return size;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  exchange.response.headers.emplace_back(to_lower_ascii(trim(line.substr(0, colon))),
                                         std::string(trim(line.substr(colon + 1))));
  return size;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (exchange.is_streamed()) {
    if (exchange.request.take_body({data, size})) return size;
    exchange.is_ended = true;
    return CURL_WRITEFUNC_ERROR;
  }
  auto& body = exchange.response.body;
  if (body.size() + size > exchange.request.answer_bytes_max) {
    exchange.error = {
        ErrorCode::TooLarge,
        "the answer is longer than " + std::to_string(exchange.request.answer_bytes_max) + " bytes",
        ""};
    return CURL_WRITEFUNC_ERROR;
  }
  body.append(data, size);
  return size;
}

std::size_t give_body(char* into, std::size_t, std::size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  auto given = exchange.request.read_body(std::span(into, size));
  if (given) return *given;
  exchange.error = given.error();
  return CURL_READFUNC_ABORT;
}

int look(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (!exchange.is_streamed()) return 0;
  curl_off_t now = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_TOTAL_TIME_T, &now);
  if (now < exchange.next_look_us) return 0;
  exchange.next_look_us = now + 1'000'000;
  if (exchange.request.take_body({})) return 0;
  exchange.is_ended = true;
  return 1;
}

struct Headers {
  curl_slist* list = nullptr;
  ~Headers() { curl_slist_free_all(list); }
  Result<void> add(const std::string& line) {
    if (line.find_first_of("\r\n") != std::string::npos)
      return fail(ErrorCode::Invalid, "a header of a request has a line break");
    auto* longer = curl_slist_append(list, line.c_str());
    CAIRN_CHECK(longer != nullptr);
    list = longer;
    return {};
  }
};

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return ErrorCode::Unavailable;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::Timeout;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ErrorCode::Invalid;
    default:
      return ErrorCode::Io;
  }
}

long whole_seconds(Duration d) {
  return static_cast<long>(std::max<std::int64_t>(1, d.us / seconds(1).us));
}
long whole_milliseconds(Duration d) {
  return static_cast<long>(d.us == 0 ? 0 : std::max<std::int64_t>(1, d.us / 1'000));
}

}  // namespace

struct CurlClient::State {
  CURL* handle = nullptr;
  char message[CURL_ERROR_SIZE] = {};

  void set_limits(const HttpRequest& request) {
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     whole_milliseconds(request.connect_timeout));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, whole_milliseconds(request.timeout));
    if (request.idle_timeout.us == 0) return;
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, whole_seconds(request.idle_timeout));
  }

  void set_body(const HttpRequest& request, Exchange& exchange) {
    if (request.read_body) {
      curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
      curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    } else if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  void set_callbacks(Exchange& exchange) {
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, curl::take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
  }
};

CurlClient::CurlClient() : state_(std::make_unique<State>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_->handle = curl_easy_init();
  CAIRN_CHECK(state_->handle != nullptr);
}

CurlClient::~CurlClient() { curl_easy_cleanup(state_->handle); }

Result<HttpResponse> CurlClient::send(const HttpRequest& request) {
  Headers headers;
  for (const auto& [name, value] : request.headers)
    CAIRN_TRY_VOID(headers.add(name + (value.empty() ? ";" : ": " + value)));
  // libcurl would wait a second for a "100 Continue" that many servers never send.
  CAIRN_TRY_VOID(headers.add("Expect:"));
  Exchange exchange{state_->handle, request, {}};
  auto* handle = state_->handle;
  curl_easy_reset(handle);  // keeps the connections
  state_->message[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, state_->message);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  state_->set_limits(request);
  state_->set_body(request, exchange);
  state_->set_callbacks(exchange);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.list);
  const auto code = curl_easy_perform(handle);
  if (exchange.error) return std::unexpected(*exchange.error);
  if (code == CURLE_OK || exchange.is_ended) return std::move(exchange.response);
  const std::string_view why =
      state_->message[0] != '\0' ? state_->message : curl_easy_strerror(code);
  return fail(code_of(code), request.url + ": " + std::string(why));
}

}  // namespace cairn::curl

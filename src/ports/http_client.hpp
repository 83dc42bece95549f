#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace cairn::ports {

/// One request to another system. A value; bodies that do not fit into memory are streamed.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http or https, nothing else
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// Instead of `body`, for one of any length: fills the buffer, 0 at the end. Called on the thread
  /// that sends; an error ends the request with that error.
  std::function<Result<std::size_t>(std::span<char>)> read_body;
  /// Where given, gets the body of a 2xx answer as it comes, and `HttpResponse::body` stays empty.
  /// False ends the request, which then succeeded. Called with an empty chunk about once a second
  /// while nothing comes, so that a caller can stop waiting.
  std::function<bool(std::string_view)> take_body;

  Duration connect_timeout = seconds(5);
  Duration timeout = seconds(30);      ///< of the whole exchange; zero: none
  Duration idle_timeout = seconds(0);  ///< without a byte either way, to the second; zero: none
  std::size_t answer_bytes_max = 64 * 1024 * 1024;  ///< of a body kept in memory
  std::size_t header_bytes_max = 64 * 1024;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;

  /// Empty where there is none of that name (lower case).
  std::string_view header(std::string_view name) const {
    for (const auto& [known, value] : headers)
      if (known == name) return value;
    return {};
  }
};

/// Requests to other systems. Redirects are not followed: whoever sends decides about each address.
///
/// One owner, one request at a time; connections are kept for the next one. When the world fails:
/// Unavailable (nobody answers at that address), Timeout, TooLarge (the answer), Invalid (the
/// address), Io. After Timeout or Io it is not known whether the other side acted: repeat with an
/// idempotency key. An answer of any status is no error.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

}  // namespace cairn::ports

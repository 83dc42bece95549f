#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace cairn::http {

enum class Method : std::uint8_t { Get, Head, Post, Put, Delete, Patch, Options, Other };
std::string_view name_of(Method method);
Method method_from(std::string_view name);

struct Header {
  std::string_view name, value;
};

/// Everything a head may be, and no more. All named; `validate` says what does not fit together.
struct Limits {
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t headers_max = 64;
  std::size_t target_bytes_max = 12 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;  ///< of a body held in memory
  std::size_t connections_max = 20'000;
  std::size_t pipelined_max = 64;                   ///< requests of one connection not yet answered
  std::size_t unsent_bytes_max = 16 * 1024 * 1024;  ///< of several answers nobody reads
  std::uint32_t idle_seconds_max = 75;              ///< between requests
  std::uint32_t head_seconds_max = 15;              ///< from its first byte to its last
  std::uint32_t body_seconds_max = 60;              ///< without a byte
  std::vector<std::string> validate() const;
};

/// What outlives a request: enough to word an answer to it later, on another thread.
struct RequestInfo {
  std::string request_id;
  bool prefers_chinese = false;
};

/// A parsed head with its body. Views point into the connection's buffer: valid during the
/// handler's call only.
class Request {
 public:
  Method method = Method::Get;
  std::string_view target;  ///< as sent
  std::string_view path;    ///< without the query, percent-encoded
  std::string_view query_text;
  std::array<Header, 64> headers;
  std::size_t header_count = 0;
  std::string_view body_view;
  std::string peer, id, trace_parent;
  std::vector<std::pair<std::string_view, std::string>> params;
  bool is_http10 = false;

  std::string_view body() const { return body_view; }
  /// The first header of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
  template <typename Visit>
  void each_header(Visit&& visit) const {
    for (std::size_t i = 0; i < header_count; ++i) visit(headers[i].name, headers[i].value);
  }
  /// A query parameter, decoded; several of one name are joined by commas.
  std::optional<std::string> query(std::string_view name) const;
  /// A part of the path, decoded.
  std::string_view param(std::string_view name) const;
  const std::string& peer_ip() const { return peer; }
  const std::string& request_id() const { return id; }
  RequestInfo info() const;
};

bool is_same_ignoring_case(std::string_view a, std::string_view b);

/// True when an If-None-Match names this version; weak and strong tags alike (RFC 9110 §13.1.2).
bool is_same_version(std::string_view if_none_match, std::string_view etag);

/// "%E4%BD%A0" and "+" (in queries) to text. Errors: Malformed.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);

struct Response {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  static Response json(std::string body, int status = 200) {
    return {status, "application/json", std::move(body), {}};
  }
  static Response text(std::string body, std::string content_type = "text/plain; charset=utf-8") {
    return {200, std::move(content_type), std::move(body), {}};
  }
};
std::string_view reason_of(int status);

/// What a live stream needs when a connection is given to the hub (live_hub.hpp).
struct LiveRequest;

/// Answers one request, once, from any thread. Destroyed without an answer, it answers 500.
class Responder {
 public:
  class Channel {
   public:
    virtual ~Channel() = default;
    virtual void send(Response response) = 0;
    virtual void go_live(LiveRequest live) = 0;
  };
  Responder() = default;
  explicit Responder(std::unique_ptr<Channel> channel) : channel_(std::move(channel)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&&) noexcept = default;
  ~Responder() {
    if (channel_) send({500, "application/problem+json", R"({"type":"/problems/internal"})", {}});
  }
  void send(Response response) {
    if (auto channel = std::exchange(channel_, nullptr)) channel->send(std::move(response));
  }
  /// Hands the connection to the live hub.
  void go_live(LiveRequest live);

 private:
  std::unique_ptr<Channel> channel_;
};

using Handler = std::function<void(const Request&, Responder)>;

/// A body taken as it comes, of any length. Called on the edge's thread.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// False: enough for now; the connection is not read until `resume` is called.
  virtual bool take(std::string_view chunk) = 0;
  virtual void end(Responder responder) = 0;
  /// The connection broke: what was taken stays taken.
  virtual void broken() = 0;
};
/// `resume` may be called from any thread, also after the connection is gone.
using SinkFactory =
    std::function<Result<std::unique_ptr<BodySink>>(const Request&, std::function<void()> resume)>;

}  // namespace cairn::http

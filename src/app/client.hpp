#pragma once

#include <memory>
#include <string>

#include "app/command_line.hpp"
#include "ports/http_client.hpp"

namespace cairn::app {

/// A running server as the command line speaks to it. One thread.
class Client {
 public:
  /// The server of --server or CAIRN_SERVER, else the one on this machine; the key of --key or
  /// CAIRN_KEY, else that of the file `api.key` in the data folder, else none.
  explicit Client(const Common& common);
  Client(const Common& common, std::unique_ptr<ports::HttpClient> http);

  const std::string& server() const { return server_; }
  /// `path` begins with "/"; a request like any other, with the key. Errors: those of
  /// ports::HttpClient, with what to do where nobody answers.
  Result<ports::HttpResponse> send(const std::string& method, const std::string& path,
                                   ports::HttpRequest request = {});
  /// The body of a 2xx answer; anything else is the error its problem tells.
  Result<std::string> get(const std::string& path);
  Result<std::string> post(const std::string& path, std::string body,
                           std::string_view content_type = "application/json");

  /// The Cairn id of what a person typed: an id, an order number, or a number of another system.
  /// Errors: NotFound; Invalid with the candidates when several orders have it.
  Result<std::string> find_order(const std::string& typed);

 private:
  std::unique_ptr<ports::HttpClient> http_;
  std::string server_, key_;
};

/// What a problem+json answer says.
Error error_of(const ports::HttpResponse& response);
/// Percent-encoded for a path or a query.
std::string url_encoded(std::string_view text);

}  // namespace cairn::app

#pragma once

#include <memory>

#include "ports/http_client.hpp"

namespace cairn::curl {

/// ports::HttpClient by libcurl's easy interface: one handle, its connections kept. One thread at a
/// time; make one per thread.
class CurlClient final : public ports::HttpClient {
 public:
  CurlClient();
  ~CurlClient() override;
  Result<ports::HttpResponse> send(const ports::HttpRequest& request) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::curl

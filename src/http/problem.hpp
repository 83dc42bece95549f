#pragma once

#include <functional>

#include "http/message.hpp"
#include "json/writer.hpp"

namespace cairn::http {

/// An error as RFC 9457 problem+json, by the table of base/error.hpp. `more` adds members.
Response problem(const Error& error, const RequestInfo& info,
                 const std::function<void(json::Writer&)>& more = {});
Response problem(const Error& error, const Request& request);

}  // namespace cairn::http

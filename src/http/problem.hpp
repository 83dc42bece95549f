#pragma once

#include <functional>

#include "http/message.hpp"
#include "json/writer.hpp"

namespace cairn::http {

/// An error as RFC 9457 problem+json, by the table of base/error.hpp. `more` adds members.
Response problem(const Error& error, const RequestInfo& info,
                 const std::function<void(json::Writer&)>& more = {});
Response problem(const Error& error, const Request& request);
/// The same with another status than the code's own: what the edge says about requests themselves.
Response problem_as(int status, const Error& error, const RequestInfo& info);

}  // namespace cairn::http

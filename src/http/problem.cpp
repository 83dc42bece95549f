#include "http/problem.hpp"

namespace cairn::http {

namespace {

/// The sentence names the field, for those who read nothing else.
std::string sentence_of(const Error& error) {
  if (error.pointer.empty()) return error.message;
  return error.pointer.substr(1) + ": " + error.message;
}

Response make(int status, const Error& error, const RequestInfo& info,
              const std::function<void(json::Writer&)>& more) {
  const auto& row = error_row(error.code);
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  json::Writer w(response.body);
  w.begin_object().field("type", "/problems/" + std::string(row.name)).field("code", row.name);
  w.field("title", info.prefers_chinese ? row.title_zh : row.title_en);
  w.field("title_zh", row.title_zh).field("status", status);
  const auto detail = sentence_of(error);
  w.text_if("detail", detail).text_if("pointer", error.pointer);
  if (!error.pointer.empty())
    w.key("errors")
        .begin_array()
        .begin_object()
        .field("detail", error.message)
        .field("pointer", "#" + error.pointer)
        .end_object()
        .end_array();
  w.field("request", info.request_id).field("retryable", row.is_retryable);
  if (more) more(w);
  w.end_object();
  if (row.is_retryable) response.headers.emplace_back("Retry-After", "1");
  if (error.code == ErrorCode::Unauthorized)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"cairn\"");
  return response;
}

}  // namespace

Response problem(const Error& error, const RequestInfo& info,
                 const std::function<void(json::Writer&)>& more) {
  return make(error_row(error.code).http_status, error, info, more);
}

Response problem_as(int status, const Error& error, const RequestInfo& info) {
  return make(status, error, info, {});
}

Response problem(const Error& error, const Request& request) {
  return problem(error, request.info());
}

}  // namespace cairn::http

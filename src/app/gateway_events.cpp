#include <atomic>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "app/import.hpp"
#include "http/problem.hpp"
#include "modules/integration/ndjson.hpp"

/// POST /v1/events: facts by the one, the hundred and the million.
namespace cairn::app {
namespace {

integration::Sender sender_of(const Principal& principal, const http::Request& request) {
  integration::Sender sender;
  sender.bound_source = request.query("source").value_or("");
  sender.default_source = principal.source == "cairn" ? "generic" : principal.source;
  sender.actor = principal.name == "local" ? "" : principal.name;
  sender.ip = principal.ip;
  sender.request = principal.request;
  return sender;
}

/// The answer to one event by itself.
http::Response one_answer(const ImportCounts& counts, const std::vector<LineFault>& faults,
                          const http::RequestInfo& info, std::string position,
                          const std::string& import) {
  if (counts.rejected > 0 && counts.read == 1 && !faults.empty())
    return http::problem(faults.front().error, info);
  http::Response response;
  response.content_type = "application/json";
  write_import_answer(response.body, import, "finished", counts, faults, position);
  response.headers.emplace_back("Cairn-Position", std::move(position));
  return response;
}

}  // namespace

void Gateway::post_events(const Principal& principal, const http::Request& request,
                          http::Responder responder) {
  const auto sender = sender_of(principal, request);
  const auto content_type = request.header("content-type");
  const bool has_headers = !request.header("ce-id").empty() || !request.header("ce-type").empty();
  const auto form = integration::event_form(content_type, has_headers);
  if (!form) return responder.send(http::problem(form.error(), request));
  auto import = std::make_shared<Import>(installation_, "");
  // One parser a thread: its memory is used again.
  thread_local integration::EventReader* reader = nullptr;
  thread_local const Gateway* reader_of = nullptr;
  if (reader_of != this) {
    delete reader;
    reader = new integration::EventReader(installation_.definitions().sources);
    reader_of = this;
  }
  using enum integration::EventForm;
  Result<void> whole;
  switch (*form) {
    case Structured:
      import->take(1, reader->read_structured(request.body(), sender));
      break;
    case Binary: {
      std::vector<integration::Header> headers;
      request.each_header(
          [&](std::string_view name, std::string_view value) { headers.push_back({name, value}); });
      import->take(1, reader->read_binary(headers, request.body(), sender));
      break;
    }
    case Batch:
      whole = reader->read_batch(request.body(), sender,
                                 [&](std::size_t index, Result<integration::Facts> facts) {
                                   import->take(index + 1, std::move(facts));
                                   return true;
                                 });
      break;
    case Lines: {
      integration::LineSplitter lines;
      const auto visit = [&](std::uint64_t number, Result<std::string_view> line) {
        if (line)
          import->take(number, reader->read_line(*line, sender));
        else
          import->take(number, std::unexpected(line.error()));
        return true;
      };
      lines.push(request.body(), visit);
      lines.finish(visit);
      break;
    }
  }
  const auto info = request.info();
  if (!whole) {
    import->finish([](const Import&) {});
    return responder.send(http::problem(whole.error(), info));
  }
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  import->finish([shared, info](const Import& done) {
    shared->send(one_answer(done.counts(), done.faults(), info, done.position(), done.id()));
  });
}

}  // namespace cairn::app

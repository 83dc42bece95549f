#include <atomic>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "app/import.hpp"
#include "http/problem.hpp"
#include "modules/integration/ndjson.hpp"

/// POST /v1/events: facts by the one, the hundred and the million.
namespace cairn::app {
namespace {

/// Beyond this many without an answer a body is not read on.
constexpr std::size_t kInFlightMax = 8'192;
constexpr std::chrono::milliseconds kRetry{20};

integration::Sender sender_of(const Principal& principal, const http::Request& request) {
  integration::Sender sender;
  sender.bound_source = request.query("source").value_or("");
  sender.default_source = principal.source == "cairn" ? "generic" : principal.source;
  sender.actor = principal.name == "local" ? "" : principal.name;
  sender.ip = principal.ip;
  sender.request = principal.request;
  return sender;
}

/// The answer to one event by itself is its problem, when it has one.
http::Response answer_of(const Import& import, const http::RequestInfo& info, bool is_one) {
  const auto counts = import.counts();
  const auto faults = import.faults();
  if (is_one && counts.rejected > 0 && !faults.empty())
    return http::problem(faults.front().error, info);
  http::Response response;
  response.content_type = "application/json";
  auto position = import.position();
  write_import_answer(response.body, import.id(), "finished", counts, faults, position);
  response.headers.emplace_back("Cairn-Position", std::move(position));
  return response;
}

/// One parser a thread: its memory is used again.
integration::EventReader& reader_for(const integration::Sources& sources,
                                     const integration::IntakeLimits& limits) {
  thread_local std::unique_ptr<integration::EventReader> reader;
  thread_local const integration::Sources* made_for = nullptr;
  thread_local integration::IntakeLimits made_with;
  if (made_for != &sources || made_with != limits) {
    reader = std::make_unique<integration::EventReader>(sources, limits);
    made_for = &sources;
    made_with = limits;
  }
  return *reader;
}

/// Facts of requests that came to this thread in one round of its loop: handed over at its end, so
/// that a shard is woken once and finds all of them.
std::vector<core::Input>& together() {
  thread_local std::vector<core::Input> inputs;
  return inputs;
}

/// A body that is one event, or one batch: held until it is whole.
class WholeBody final : public http::BodySink {
 public:
  WholeBody(Installation& installation, const integration::IntakeLimits& limits,
            integration::EventForm form, integration::Sender sender, const http::Request& request,
            std::vector<core::Input>* together)
      : installation_(installation),
        limits_(limits),
        form_(form),
        sender_(std::move(sender)),
        info_(request.info()),
        together_(together) {
    if (form != integration::EventForm::Binary) return;
    request.each_header([&](std::string_view name, std::string_view value) {
      headers_.emplace_back(std::string(name), std::string(value));
    });
  }

  bool take(std::string_view chunk) override {
    if (body_.size() + chunk.size() > limits_.batch_bytes_max)
      is_too_large_ = true;
    else
      body_ += chunk;
    return true;
  }

  void end(http::Responder responder) override {
    if (is_too_large_)
      return responder.send(http::problem(
          {ErrorCode::TooLarge,
           fmt::format("the body is longer than {} bytes; send application/x-ndjson for more",
                       limits_.batch_bytes_max),
           ""},
          info_));
    auto import = std::make_shared<Import>(installation_, "");
    auto& reader = reader_for(installation_.definitions().sources, limits_);
    using enum integration::EventForm;
    if (form_ == Batch) {
      const auto whole = reader.read_batch(
          body_, sender_, [&](std::size_t index, Result<integration::Facts> facts) {
            import->take(index + 1, std::move(facts));
            return true;
          });
      if (!whole) {
        import->finish([](const Import&) {});
        return responder.send(http::problem(whole.error(), info_));
      }
    } else if (form_ == Structured) {
      import->take(1, reader.read_structured(body_, sender_));
    } else {
      std::vector<integration::Header> headers;
      for (const auto& [name, value] : headers_) headers.push_back({name, value});
      import->take(1, reader.read_binary(headers, body_, sender_));
    }
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    import->finish([shared, info = info_, is_one = form_ != Batch](
                       const Import& done) { shared->send(answer_of(done, info, is_one)); },
                   together_);
  }
  void broken() override {}

 private:
  Installation& installation_;
  const integration::IntakeLimits& limits_;
  const integration::EventForm form_;
  const integration::Sender sender_;
  const http::RequestInfo info_;
  std::vector<core::Input>* const together_;  ///< null: handed over at once
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string body_;
  bool is_too_large_ = false;
};

/// Lines without end: taken as they come, as fast as the shards answer.
class Lines final : public http::BodySink {
 public:
  Lines(Installation& installation, const integration::IntakeLimits& limits, ImportReports& reports,
        Workers& timers, ports::Clock& clock, integration::Sender sender, http::RequestInfo info,
        std::function<void()> resume)
      : installation_(installation),
        limits_(limits),
        reports_(reports),
        timers_(timers),
        clock_(clock),
        sender_(std::move(sender)),
        info_(std::move(info)),
        resume_(std::move(resume)),
        import_(std::make_shared<Import>(installation, reports.new_id(), &reports)) {
    reports_.began(import_->id(), clock.now());
  }

  bool take(std::string_view chunk) override {
    lines_.push(chunk, [&](std::uint64_t number, Result<std::string_view> line) {
      take_line(number, std::move(line));
      return true;
    });
    if (!import_->retry()) {
      if (timers_.run_after(kRetry, resume_)) return false;
    } else if (import_->in_flight() > kInFlightMax) {
      import_->when_below(kInFlightMax / 2, resume_);
      return false;
    }
    return true;
  }

  void end(http::Responder responder) override {
    lines_.finish([&](std::uint64_t number, Result<std::string_view> line) {
      take_line(number, std::move(line));
      return true;
    });
    finish("finished", std::make_shared<http::Responder>(std::move(responder)));
  }
  void broken() override { finish("broken", nullptr); }

 private:
  void take_line(std::uint64_t number, Result<std::string_view> line) {
    if (!line) return import_->take(number, std::unexpected(line.error()));
    auto& reader = reader_for(installation_.definitions().sources, limits_);
    import_->take(number, reader.read_line(*line, sender_));
  }

  /// What found no room is tried for five seconds more, then refused as busy.
  void finish(std::string state, std::shared_ptr<http::Responder> responder, int tries = 250) {
    if (!import_->retry() && tries > 0) {
      auto again = [held = import_, state, responder, tries, reports = &reports_, timers = &timers_,
                    clock = &clock_, info = info_]() mutable {
        finish_import(std::move(held), std::move(state), std::move(responder), tries - 1, reports,
                      timers, clock, std::move(info));
      };
      if (timers_.run_after(kRetry, std::move(again))) return;
    }
    finish_import(import_, std::move(state), std::move(responder), 0, &reports_, &timers_, &clock_,
                  info_);
  }

  static void finish_import(std::shared_ptr<Import> import, std::string state,
                            std::shared_ptr<http::Responder> responder, int tries,
                            ImportReports* reports, Workers* timers, ports::Clock* clock,
                            http::RequestInfo info) {
    if (tries > 0 && !import->retry()) {
      auto again = [=]() mutable {
        finish_import(std::move(import), std::move(state), std::move(responder), tries - 1, reports,
                      timers, clock, std::move(info));
      };
      if (timers->run_after(kRetry, std::move(again))) return;
    }
    import->finish([state, responder, reports, clock, info](const Import& done) {
      reports->ended(done.id(), state, done.counts(), clock->now());
      if (responder) responder->send(answer_of(done, info, false));
    });
  }

  Installation& installation_;
  const integration::IntakeLimits& limits_;
  ImportReports& reports_;
  Workers& timers_;
  ports::Clock& clock_;
  const integration::Sender sender_;
  const http::RequestInfo info_;
  const std::function<void()> resume_;
  integration::LineSplitter lines_;
  std::shared_ptr<Import> import_;
};

}  // namespace

std::function<void()> Gateway::by_rounds() {
  has_rounds_ = true;
  return [this] { Import::give_together(installation_.cluster(), together()); };
}

void Gateway::add_event_routes(http::Router& router) {
  using enum http::Method;
  http::RouteOptions options{.rate_class = "events"};
  options.stream = [this](const http::Request& request,
                          std::function<void()> resume) -> Result<std::unique_ptr<http::BodySink>> {
    CAIRN_TRY(const auto principal, principal_of(request));
    const bool has_headers = !request.header("ce-id").empty() || !request.header("ce-type").empty();
    CAIRN_TRY(const auto form,
              integration::event_form(request.header("content-type"), has_headers));
    auto sender = sender_of(principal, request);
    if (form == integration::EventForm::Lines)
      return std::make_unique<Lines>(installation_, options_.intake, reports_, workers_, clock_,
                                     std::move(sender), request.info(), std::move(resume));
    return std::make_unique<WholeBody>(installation_, options_.intake, form, std::move(sender),
                                       request, has_rounds_ ? &together() : nullptr);
  };
  router.add(Post, "/v1/events",
             guarded([](const Principal&, const http::Request& request, http::Responder responder) {
               responder.send(http::problem(
                   {ErrorCode::Invalid, "the body is empty; send one event, a batch, or lines", ""},
                   request));
             }),
             std::move(options));
  router.add(Get, "/v1/imports/{id}",
             guarded([this](const Principal&, const http::Request& request,
                            http::Responder responder) { get_import(request, responder); }),
             {.rate_class = "read"});
}

void Gateway::get_import(const http::Request& request, http::Responder& responder) {
  std::optional<LineOutcome> only;
  if (const auto text = request.query("outcome")) {
    for (int i = 0; i < 4; ++i)
      if (name_of(static_cast<LineOutcome>(i)) == *text) only = static_cast<LineOutcome>(i);
    if (!only)
      return responder.send(http::problem(
          {ErrorCode::Invalid, "expected accepted, duplicate, waiting or rejected", "/outcome"},
          request));
  }
  const auto limit = limit_of(request, 1'000, 10'000);
  if (!limit) return responder.send(http::problem(limit.error(), request));
  const std::string id(request.param("id"));
  const auto page = reports_.read(id, only, request.query("cursor").value_or(""), *limit);
  if (!page) return responder.send(http::problem(page.error(), request));
  http::Response response;
  response.content_type = "application/json";
  json::Writer w(response.body);
  w.begin_object().field("import", id).field("state", page->state);
  w.field("read", page->counts.read).field("accepted", page->counts.accepted);
  w.field("duplicates", page->counts.duplicates).field("waiting", page->counts.waiting);
  w.field("rejected", page->counts.rejected).field("started_at", page->started);
  w.time_if("ended_at", page->ended).key("items").begin_array();
  for (const auto& item : page->items) write_line_result(w, item);
  w.end_array().text_if("next_cursor", page->next_cursor).end_object();
  responder.send(std::move(response));
}

}  // namespace cairn::app

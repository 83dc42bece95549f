#include <algorithm>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "app/meta.hpp"
#include "crypto/hash.hpp"
#include "http/metrics.hpp"

/// What Cairn says of itself: definitions and figures.
namespace cairn::app {

void Gateway::get_meta(const Principal& principal, const http::Request& request,
                       http::Responder responder) {
  const auto& definitions = installation_.definitions();
  std::call_once(meta_once_, [&] {
    append_definitions(meta_, definitions);
    meta_ = "," + meta_ + "}";
    meta_gzip_ = http::GzipTail(meta_);
  });
  std::string words;
  append_words(words, definitions, installation_.rows().names());
  std::string viewer_text;
  json::Writer v(viewer_text);
  v.begin_object().field("actor", principal.name).field("role", name_of(principal.role));
  v.end_object();
  http::Response response;
  response.content_type = "application/json";
  const auto etag = fmt::format(
      "\"{}\"", to_hex(crypto::view(crypto::sha256(meta_ + words + viewer_text + options_.version)))
                    .substr(0, 20));
  response.headers.emplace_back("ETag", etag);
  if (http::is_same_version(request.header("if-none-match"), etag)) {
    response.status = 304;
    response.content_type.clear();
    return responder.send(std::move(response));
  }
  json::Writer w(response.body);
  w.begin_object().key("server").begin_object().field("version", options_.version);
  w.field("now", clock_.now()).field("mode", options_.keyless ? "local" : "keys");
  w.field("demo", options_.is_demo).end_object();
  w.key("viewer").raw(viewer_text).key("words").raw(words).end_object();
  response.body.pop_back();
  // By far the most of it never changes while the server runs: that is compressed once.
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (http::accepts_gzip(request.header("accept-encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = meta_gzip_.behind(response.body);
  } else {
    response.body += meta_;
  }
  responder.send(std::move(response));
}

namespace {

struct Figure {
  http::MetricInfo info;
  std::uint64_t (*value)(const core::Cluster::Totals&);
};
using Totals = core::Cluster::Totals;
using enum http::MetricType;
/// The figures of the role `orders`.
constexpr Figure kFigures[]{
    {{"cairn_orders_accepted_total", "Events and commands that became records"},
     [](const Totals& t) { return t.counts.accepted; }},
    {{"cairn_orders_duplicates_total", "Inputs that were known already"},
     [](const Totals& t) { return t.counts.duplicates; }},
    {{"cairn_orders_rivals_total", "Inputs with a known identity and other content"},
     [](const Totals& t) { return t.counts.rivals; }},
    {{"cairn_orders_refused_total", "Commands that were refused"},
     [](const Totals& t) { return t.counts.refused; }},
    {{"cairn_orders_changes_total", "Changes that could be seen"},
     [](const Totals& t) { return t.counts.changes; }},
    {{"cairn_orders_fired_total", "Changes because a time came"},
     [](const Totals& t) { return t.counts.fired; }},
    {{"cairn_orders_letters_out_total", "Letters sent to other aggregates"},
     [](const Totals& t) { return t.counts.letters_out; }},
    {{"cairn_orders_letters_in_total", "Letters taken"},
     [](const Totals& t) { return t.counts.letters_in; }},
    {{"cairn_orders_refolds_total", "Folds from the beginning because of a late event"},
     [](const Totals& t) { return t.counts.refolds; }},
    {{"cairn_orders_loads_total", "Aggregates fetched from their piles"},
     [](const Totals& t) { return t.counts.loads; }},
    {{"cairn_orders_evictions_total", "Aggregates let go from memory"},
     [](const Totals& t) { return t.counts.evictions; }},
    {{"cairn_orders_batches_total", "Batches run"},
     [](const Totals& t) { return t.counts.batches; }},
    {{"cairn_orders_failed_batches_total", "Batches the log did not take"},
     [](const Totals& t) { return t.counts.failed_batches; }},
    {{"cairn_orders_aggregates", "Orders and references known", Gauge},
     [](const Totals& t) { return t.aggregates; }},
    {{"cairn_orders_hot", "Folded aggregates in memory", Gauge},
     [](const Totals& t) { return t.hot; }},
    {{"cairn_orders_packed", "Of these packed, until somebody asks for them", Gauge},
     [](const Totals& t) { return t.packed; }},
    {{"cairn_orders_waiting", "Inputs in mailboxes", Gauge},
     [](const Totals& t) { return t.waiting; }},
    {{"cairn_orders_unflushed_bytes", "Durable in the log, not yet in the piles", Gauge},
     [](const Totals& t) { return t.unflushed_bytes; }},
    {{"cairn_orders_records", "Records durable in the log since the beginning", Gauge},
     [](const Totals& t) { return t.records; }},
    {{"cairn_orders_piled", "Records up to which the piles hold everything", Gauge},
     [](const Totals& t) { return t.piled; }},
    {{"cairn_orders_log_bytes", "Bytes of log held on disk", Gauge},
     [](const Totals& t) { return t.log_bytes; }},
    {{"cairn_orders_disk_full", "1 while the disk takes nothing", Gauge},
     [](const Totals& t) { return std::uint64_t{t.is_full}; }},
};

}  // namespace

void Gateway::get_metrics(http::Responder responder) {
  http::Response response;
  response.content_type = http::MetricsWriter::kContentType;
  http::MetricsWriter out(response.body);
  const auto totals = installation_.cluster().totals();
  for (const auto& figure : kFigures) out.add(figure.info, figure.value(totals));
  out.add({"cairn_orders_requests_silent_total", "Requests that ended by their master's silence"},
          live_.silences());
  const auto jump = options_.clock_watch ? options_.clock_watch->jump() : std::nullopt;
  const auto ahead = jump.value_or(Duration{0}).us / 1'000'000;
  out.add({"cairn_clock_jump_ahead_seconds",
           "The machine's clock is ahead of Cairn's time, which does not follow yet", Gauge},
          static_cast<std::uint64_t>(std::max<std::int64_t>(ahead, 0)));
  out.add({"cairn_clock_jump_behind_seconds",
           "The machine's clock is behind Cairn's time, which does not follow yet", Gauge},
          static_cast<std::uint64_t>(std::max<std::int64_t>(-ahead, 0)));
  if (options_.metrics) options_.metrics->write(out, options_.hub);
  responder.send(std::move(response));
}

}  // namespace cairn::app

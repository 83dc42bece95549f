#include "app/service.hpp"

#include <fmt/format.h>

#include "adapters/sqlite/kv.hpp"
#include "adapters/system/machine.hpp"
#include "app/definition_store.hpp"
#include "http/mailbox.hpp"

namespace cairn::app {
namespace {

constexpr std::chrono::seconds kClockLooks{10};

}  // namespace

Result<std::unique_ptr<Service>> Service::open(const Settings& settings,
                                               std::span<const ConsoleFile> console,
                                               system::SystemClock::Source time) {
  if (const auto faults = settings.validate(); !faults.empty())
    return fail(ErrorCode::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
  auto service = std::unique_ptr<Service>(new Service(settings, console, std::move(time)));
  CAIRN_TRY_VOID(service->open_stores());
  CAIRN_TRY_VOID(service->wire());
  return service;
}

Result<void> Service::open_stores() {
  CAIRN_TRY(const auto definitions_folder, find_folder("definitions", settings_.definitions));
  CAIRN_TRY(auto definitions,
            load_definitions(definitions_folder, settings_.demo ? With::Demo : With::Nothing));
  CAIRN_TRY(folder_, DataFolder::open(settings_));
  CAIRN_TRY(auto stores, folder_->open_stores());
  CAIRN_TRY(tables_, sqlite::KeyValueStore::open(folder_->path("tables.db")));
  CAIRN_TRY(const auto newest, newest_recorded(stores));
  clock_ = std::make_unique<system::SystemClock>(newest, time_);
  clock_watch_ = std::make_unique<ClockWatch>(*clock_);
  CAIRN_TRY_VOID(adopt(*definitions, folder_->storage(), settings_.data, Adopt::Activate,
                       std::max(clock_->now(), newest + Duration{1}), settings_.move_orders));
  hub_ = std::make_unique<http::LiveHub>(settings_.live);
  live_ = std::make_unique<Live>(*clock_);
  core::ClusterOptions options;
  options.shards = folder_->manifest().shards;
  options.mailbox_max = settings_.mailbox_max;
  options.hot_max = settings_.hot_orders_max;
  options.trouble = [this](std::string_view what, const Error& error) {
    trouble_.tell(fmt::format("storage_{}", what),
                  error.message + "; nothing acknowledged is lost, it is tried again",
                  clock_->now());
  };
  options.shard_begins = [] { system::set_urgency(system::Urgency::Steady); };
  options.background_begins = [] { system::set_urgency(system::Urgency::Background); };
  options.between_blocks = [](bool is_urgent) {
    system::give_way(is_urgent ? system::Share::Most : system::Share::Seventh);
  };
  installation_ = std::make_unique<Installation>(std::move(definitions), std::move(stores), options,
                                                 live_.get());
  live_->attach(*installation_, hub_.get());
  if (settings_.demo) {
    CAIRN_TRY(demo_, Demo::open(*installation_, definitions_folder + "/demo"));
  }
  return installation_->load(clock_->now());
}

Result<Gateway::Options> Service::gateway_options() const {
  Gateway::Options options;
  options.keyless = settings_.keyless;
  options.is_demo = settings_.demo;
  options.is_tls = !settings_.tls_certificate.empty();
  options.api_key_hash = folder_->manifest().api_key_hash;
  options.version = CAIRN_VERSION;
  CAIRN_TRY(options.zone, integration::Zone::find(settings_.zone));
  options.intake = settings_.intake;
  options.clock_watch = clock_watch_.get();
  options.metrics = metrics_;
  options.hub = hub_.get();
  options.page = std::string(files_->text("/public_page/page.html"));
  options.page_not_found = std::string(files_->text("/public_page/not_found.html"));
  options.page_busy = std::string(files_->text("/public_page/busy.html"));
  options.public_per_minute = settings_.public_per_minute;
  options.folder = folder_.get();
  options.tables = tables_.get();
  return options;
}

Result<void> Service::wire() {
  // A list of a million orders takes tens of milliseconds, which events in flight must not feel.
  constexpr std::size_t kReaders = 2, kReadersWaitingMax = 256;
  workers_ = std::make_unique<Workers>(kReaders, kReadersWaitingMax,
                                       [] { system::set_urgency(system::Urgency::Background); });
  writer_ = std::make_unique<Workers>(1, 100'000);
  reports_ = std::make_unique<ImportReports>(*tables_, *writer_);
  files_ = std::make_unique<StaticFiles>(console_);
  if (!settings_.web.empty()) {
    CAIRN_TRY(*files_, StaticFiles::read(settings_.web));
  }
  auto& keys = *installation_->stores().keys;
  CAIRN_TRY(auto attachments,
            Attachments::open(folder_->storage(), folder_->path("attachments"), keys));
  attachments_ = std::make_unique<Attachments>(std::move(attachments));
  CAIRN_TRY(auto links, PublicLinks::open_with(keys));
  CAIRN_TRY(auto options, gateway_options());
  gateway_ = std::make_unique<Gateway>(std::move(options), *installation_, *clock_, *live_,
                                       *workers_, *reports_, links, *attachments_);
  gateway_->add_routes(router_);
  router_.set_fallback([this](const http::Request& request, http::Responder responder) {
    responder.send(files_->answer(request));
  });
  http::ServerOptions server;
  server.bind = settings_.bind;
  server.port = settings_.port;
  server.threads = settings_.edge_threads;
  server.trusted_proxies = settings_.trusted_proxies;
  server.limits = settings_.http;
  server.metrics = metrics_;
  if (!settings_.tls_certificate.empty()) {
    CAIRN_TRY(server.tls, http::TlsContext::load(settings_.tls_certificate, settings_.tls_key));
  }
  server.fast_path = [this](std::string_view path, std::string_view authorization,
                            std::string& body) {
    return gateway_->answer_fast(path, authorization, body);
  };
  server.loop_begins = [] { system::set_urgency(system::Urgency::Prompt); };
  server.round_end = gateway_->by_rounds();
  installation_->cluster().after_rounds([] { http::Mailbox::send_gathered(); });
  server_ = std::make_unique<http::Server>(std::move(server), router_, hub_.get());
  hub_->set_positions(
      {[this] { return live_->given(); },
       [](std::span<const std::uint64_t> numbers) { return format_position(numbers); }});
  hub_->set_clock([this] { return clock_->now(); });
  return {};
}

Service::~Service() { stop(); }

void Service::watch_clock() {
  clock_watch_->look();
  workers_->run_after(kClockLooks, [this] { watch_clock(); });
}

Result<void> Service::start(Edge edge) {
  watch_clock();
  live_->start_at_durable();
  hub_->start();
  installation_->cluster().start(*clock_);
  is_running_ = true;
  if (edge == Edge::Closed) return {};
  if (demo_) demo_->start(*clock_);
  return server_->start();
}

void Service::stop() {
  if (!is_running_) return;
  is_running_ = false;
  server_->stop();
  if (demo_) demo_->stop();
  workers_->stop();
  writer_->stop();
  hub_->stop();
  installation_->cluster().stop();
}

std::uint64_t Service::orders() const { return installation_->rows().size(); }

}  // namespace cairn::app

#pragma once

#include <memory>
#include <string>

#include "adapters/system/system_clock.hpp"
#include "app/clock_watch.hpp"
#include "app/demo.hpp"
#include "app/gateway.hpp"
#include "app/installation.hpp"
#include "app/live.hpp"
#include "app/operator_log.hpp"
#include "app/settings.hpp"
#include "app/static_files.hpp"
#include "app/workers.hpp"
#include "http/server.hpp"
#include "ports/key_values.hpp"

namespace cairn::app {

/// Whether a process with the role `gateway` or one without.
enum class Edge : std::uint8_t { Open, Closed };

/// Everything `cairn serve` runs, wired. Members stand in order of dependency; `stop` reads the
/// list backwards. Owned by `main` and by tests; one thread calls its methods.
class Service {
 public:
  /// Opens the data folder and brings the shards to where it is. `console` is what the program has
  /// inside; a folder named in the settings is served instead. `time` is replaced in tests only.
  /// Errors: Invalid (settings, definitions), NotFound (that folder), Busy (another process has the
  /// data), Damaged, Io.
  static Result<std::unique_ptr<Service>> open(
      const Settings& settings, std::span<const ConsoleFile> console = {},
      system::SystemClock::Source time = system::SystemClock::read_machine);
  ~Service();

  /// Begins to answer. Errors: Io (the port is taken).
  Result<void> start(Edge edge = Edge::Open);
  /// Stops accepting, answers what is under way, writes the piles.
  void stop();

  std::uint16_t port() const { return server_->port(); }
  const Settings& settings() const { return settings_; }
  const std::string& new_api_key() const { return folder_->new_api_key(); }
  std::uint64_t orders() const;
  bool has_console() const { return files_->has_console(); }
  Installation& installation() { return *installation_; }
  ports::Clock& clock() { return *clock_; }
  ClockWatch& clock_watch() { return *clock_watch_; }
  const http::Router& router() const { return router_; }

 private:
  Service(Settings settings, std::span<const ConsoleFile> console, system::SystemClock::Source time)
      : settings_(std::move(settings)), console_(console), time_(std::move(time)) {}
  Result<void> open_stores();
  Result<void> wire();
  Result<Gateway::Options> gateway_options() const;
  void watch_clock();

  Settings settings_;
  std::span<const ConsoleFile> console_;
  std::unique_ptr<DataFolder> folder_;
  system::SystemClock::Source time_;
  std::unique_ptr<system::SystemClock> clock_;
  std::unique_ptr<ClockWatch> clock_watch_;
  TroubleLog trouble_;
  std::unique_ptr<ports::KeyValues> tables_;
  std::shared_ptr<http::Metrics> metrics_ = std::make_shared<http::Metrics>();
  std::unique_ptr<http::LiveHub> hub_;
  std::unique_ptr<Live> live_;
  std::unique_ptr<Installation> installation_;
  std::unique_ptr<Demo> demo_;  ///< where it is played
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<Workers> writer_;  ///< one thread: what is written later stands
  std::unique_ptr<ImportReports> reports_;
  std::unique_ptr<StaticFiles> files_;
  std::unique_ptr<Attachments> attachments_;
  std::unique_ptr<Gateway> gateway_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  bool is_running_ = false;
};

}  // namespace cairn::app

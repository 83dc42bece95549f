#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/live_hub.hpp"
#include "http/message.hpp"
#include "modules/integration/cloud_events.hpp"

namespace cairn::app {

/// Everything that can be configured, with what a laptop needs as default. Read from a YAML file
/// (`--config`) and overridden by options of the command line.
struct Settings {
  std::string data = "./data";
  std::string definitions;  ///< folder; found beside the program or in the checkout where empty
  std::string web;          ///< folder with a built console instead of the one inside
  std::string bind = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned edge_threads = 1;  ///< loops of the edge
  std::uint32_t shards = 4;   ///< fixed when the data folder is made
  std::string api_key;        ///< made at the first start where empty
  bool keyless = false;       ///< local only: no key is asked, everybody is administrator
  bool demo = false;
  std::string zone = "Asia/Shanghai";  ///< whose clock public pages show
  std::string tls_certificate, tls_key;
  std::vector<std::string> trusted_proxies;
  /// How often one address may ask for what tracking links show; 0: as often as it likes. Many
  /// customers share one address behind their provider, and an open page asks six times a minute.
  std::uint32_t public_per_minute = 600;
  std::size_t hot_orders_max = 2'000'000;
  std::size_t mailbox_max = 16'384;
  std::uint64_t segment_bytes = 64ull << 20;
  bool audit_files = true;
  http::Limits http;  ///< of requests and connections
  http::LiveOptions live;
  integration::IntakeLimits intake;
  /// The operator's word after "the log of shard … is damaged": "shard:record", the first record
  /// that is given up. Means nothing to a log that is whole.
  std::vector<std::string> accept_loss;

  /// Versions of the definitions, or "all", whose orders go over to those in force at this start.
  std::vector<std::string> move_orders;

  /// Of this shard, from `accept_loss`.
  std::optional<std::uint64_t> accepted_loss(std::uint32_t shard) const;
  /// Every problem at once, a line each. Empty: fine.
  std::vector<std::string> validate() const;
  /// Errors: Invalid, with the line and the nearest known key.
  static Result<Settings> load(const std::string& path, Settings base);
  /// YAML, each line with its unit, its bounds and what it is for; secrets are shown as ***.
  std::string print() const;
  /// Every setting by name with its value as text, secrets as ***.
  void each(const std::function<void(std::string_view, const std::string&)>& visit) const;
};

/// The folder `name` ("definitions") beside the program, above it, or in the checkout
/// it was built from. Errors: NotFound with the places looked at.
Result<std::string> find_folder(const std::string& name, const std::string& configured);

}  // namespace cairn::app

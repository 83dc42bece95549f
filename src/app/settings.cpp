#include "app/settings.hpp"

#include <filesystem>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/number.hpp"
#include "base/text.hpp"

namespace cairn::app {
namespace {

/// One row per setting: how it is read from YAML and shown, and what a person should know of it.
struct Row {
  std::function<void(Settings&, const YAML::Node&)> read;
  std::function<std::string(const Settings&)> show;
  std::string about;
  /// What is wrong with its value by itself; empty: nothing.
  std::function<std::string(const Settings&)> fault = [](const Settings&) { return ""; };
};

/// What a number may be, both ends included.
struct Bounds {
  std::uint64_t least, most;
  std::string_view unit;  ///< empty: it counts what its name says
};

template <typename T>
Row plain(T Settings::* member, std::string about) {
  return {[member](Settings& s, const YAML::Node& node) { s.*member = node.as<T>(); },
          [member](const Settings& s) { return fmt::format("{}", s.*member); }, std::move(about)};
}

Row list(std::vector<std::string> Settings::* member, std::string about) {
  return {[member](Settings& s, const YAML::Node& node) {
            s.*member = node.as<std::vector<std::string>>();
          },
          [member](const Settings& s) { return fmt::format("[{}]", fmt::join(s.*member, ", ")); },
          std::move(about)};
}

/// `get` gives the number itself, of any part of the settings.
template <typename Get>
Row number(Get get, Bounds bounds, std::string_view about) {
  using T = std::remove_cvref_t<decltype(get(std::declval<Settings&>()))>;
  const auto range = fmt::format("{} to {}{}{}", bounds.least, bounds.most,
                                 bounds.unit.empty() ? "" : " ", bounds.unit);
  return {[get](Settings& s, const YAML::Node& node) { get(s) = node.as<T>(); },
          [get](const Settings& s) { return fmt::format("{}", get(s)); },
          fmt::format("{}; {}", about, range),
          [get, bounds, range](const Settings& s) {
            const std::uint64_t is = get(s);
            if (is >= bounds.least && is <= bounds.most) return std::string();
            return fmt::format("{} is out of bounds; give {}", is, range);
          }};
}

struct Loss {
  std::uint32_t shard = 0;
  std::uint64_t record = 0;
};

/// "0:157".
std::optional<Loss> parse_loss(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2) return std::nullopt;
  Loss loss;
  if (!read_number(parts[0], loss.shard) || !read_number(parts[1], loss.record) || loss.record == 0)
    return std::nullopt;
  return loss;
}

using Rows = std::map<std::string, Row>;

Rows installation_rows() {
  return {
      {"data", plain(&Settings::data, "folder of the installation")},
      {"definitions", plain(&Settings::definitions, "folder; empty: beside the program")},
      {"web", plain(&Settings::web, "folder of a console instead of the one inside")},
      {"bind", plain(&Settings::bind, "address to listen on")},
      {"port", plain(&Settings::port, "port to listen on; 0 for any that is free")},
      {"edge_threads", number([](auto& s) -> auto& { return s.edge_threads; }, {1, 64, ""},
                              "threads that speak with clients")},
      {"shards", number([](auto& s) -> auto& { return s.shards; }, {1, 64, ""},
                        "fixed when the data folder is made")},
      {"keyless", plain(&Settings::keyless, "no key is asked; on this machine only")},
      {"demo", plain(&Settings::demo, "plays a demo in a folder of its own")},
      {"zone", plain(&Settings::zone, "whose clock public pages show")},
      {"tls_certificate", plain(&Settings::tls_certificate, "PEM file; with tls_key")},
      {"tls_key", plain(&Settings::tls_key, "PEM file; with tls_certificate")},
      {"hot_orders_max", plain(&Settings::hot_orders_max, "orders kept folded in memory")},
      {"mailbox_max", plain(&Settings::mailbox_max, "inputs that wait for a shard")},
      {"segment_bytes", number([](auto& s) -> auto& { return s.segment_bytes; },
                               {1u << 20, 1ull << 32, "bytes"}, "of a file of the log")},
      {"audit_files", plain(&Settings::audit_files, "old segments go to signed audit files")},
      {"api_key",
       {[](Settings& s, const YAML::Node& node) { s.api_key = node.as<std::string>(); },
        [](const Settings& s) { return std::string(s.api_key.empty() ? "" : "\"***\""); },
        "at least 16 characters; empty: made at the first start"}},
      {"trusted_proxies", list(&Settings::trusted_proxies, "whose X-Forwarded-For counts")},
      {"accept_loss", list(&Settings::accept_loss, "shard:record, from a damaged log's error")},
      {"move_orders", list(&Settings::move_orders, "definitions whose orders follow the new ones")},
  };
}

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * 1024;

/// What anybody may ask of the edge, and no more.
Rows limit_rows() {
  return {
      {"head_bytes_max", number([](auto& s) -> auto& { return s.http.head_bytes_max; },
                                {kKiB, kMiB, "bytes"}, "of a request's line and headers")},
      {"headers_max", number([](auto& s) -> auto& { return s.http.headers_max; }, {8, 64, ""},
                             "headers of a request")},
      {"target_bytes_max", number([](auto& s) -> auto& { return s.http.target_bytes_max; },
                                  {256, kMiB, "bytes"}, "of a request's path and query")},
      {"body_bytes_max",
       number([](auto& s) -> auto& { return s.http.body_bytes_max; }, {kKiB, 8 * kMiB, "bytes"},
              "of a body; events and attachments have their own")},
      {"connections_max", number([](auto& s) -> auto& { return s.http.connections_max; },
                                 {1, 1'000'000, ""}, "open at a time")},
      {"pipelined_max", number([](auto& s) -> auto& { return s.http.pipelined_max; },
                               {1, 1'000, ""}, "requests of a connection not yet answered")},
      {"unsent_bytes_max",
       number([](auto& s) -> auto& { return s.http.unsent_bytes_max; },
              {kKiB, 1'024 * kMiB, "bytes"}, "of several answers nobody reads")},
      {"idle_seconds_max", number([](auto& s) -> auto& { return s.http.idle_seconds_max; },
                                  {1, 86'400, "seconds"}, "between two requests")},
      {"head_seconds_max", number([](auto& s) -> auto& { return s.http.head_seconds_max; },
                                  {1, 3'600, "seconds"}, "from a head's first byte to its last")},
      {"body_seconds_max", number([](auto& s) -> auto& { return s.http.body_seconds_max; },
                                  {1, 3'600, "seconds"}, "of a body without a byte")},
      {"event_bytes_max", number([](auto& s) -> auto& { return s.intake.event_bytes_max; },
                                 {kKiB, 64 * kKiB, "bytes"}, "of one event")},
      {"batch_events_max", number([](auto& s) -> auto& { return s.intake.batch_events_max; },
                                  {1, 100'000, ""}, "events of a batch; lines have no limit")},
      {"batch_bytes_max", number([](auto& s) -> auto& { return s.intake.batch_bytes_max; },
                                 {kKiB, 64 * kMiB, "bytes"}, "of a batch's body")},
      {"json_depth_max", number([](auto& s) -> auto& { return s.intake.json_depth_max; },
                                {8, 32, "levels"}, "how deep JSON may be nested")},
      {"public_per_minute",
       number([](auto& s) -> auto& { return s.public_per_minute; }, {0, 1'000'000, ""},
              "requests of one address for tracking links; 0: no limit")},
      {"live_subscribers_max", number([](auto& s) -> auto& { return s.live.subscribers_max; },
                                      {1, 1'000'000, ""}, "live streams at a time")},
      {"live_unsent_bytes_max",
       number([](auto& s) -> auto& { return s.live.unsent_bytes_max; },
              {4 * kKiB, 64 * kMiB, "bytes"}, "a slower reader of a live stream is dropped")},
      {"live_heartbeat_seconds", number([](auto& s) -> auto& { return s.live.heartbeat_seconds; },
                                        {1, 3'600, "seconds"}, "between heartbeats of a stream")},
  };
}

const Rows& rows() {
  static const Rows kRows = [] {
    auto all = installation_rows();
    all.merge(limit_rows());
    return all;
  }();
  return kRows;
}

}  // namespace

std::vector<std::string> Settings::validate() const {
  std::vector<std::string> faults;
  if (data.empty()) faults.push_back("data: must name a folder");
  for (const auto& [name, row] : rows())
    if (const auto fault = row.fault(*this); !fault.empty())
      faults.push_back(fmt::format("{}: {}", name, fault));
  for (auto& fault : http.validate()) faults.push_back(std::move(fault));
  if (keyless && bind != "127.0.0.1" && bind != "::1" && bind != "localhost")
    faults.push_back(
        "keyless: only with bind 127.0.0.1; give an api_key to be reached from outside");
  if (tls_certificate.empty() != tls_key.empty())
    faults.push_back("tls_certificate, tls_key: give both or none");
  if (!api_key.empty() && api_key.size() < 16)
    faults.push_back("api_key: at least 16 characters; leave it out to have one made");
  for (const auto& loss : accept_loss)
    if (!parse_loss(loss))
      faults.push_back(fmt::format(
          "accept_loss: \"{}\": expected shard:record, as the error about the log says it", loss));
  return faults;
}

std::optional<std::uint64_t> Settings::accepted_loss(std::uint32_t shard) const {
  for (const auto& text : accept_loss)
    if (const auto loss = parse_loss(text); loss && loss->shard == shard) return loss->record;
  return std::nullopt;
}

Result<Settings> Settings::load(const std::string& path, Settings settings) {
  try {
    const auto root = YAML::LoadFile(path);
    if (root.IsNull()) return settings;
    if (!root.IsMap()) return fail(ErrorCode::Invalid, path + ": expected `name: value` lines");
    std::vector<std::string_view> names;
    for (const auto& [name, row] : rows()) names.push_back(name);
    for (const auto& entry : root) {
      const auto name = entry.first.as<std::string>();
      const auto line = entry.first.Mark().line + 1;
      const auto found = rows().find(name);
      if (found == rows().end()) {
        const auto meant = nearest(name, names);
        return fail(ErrorCode::Invalid,
                    fmt::format("{}:{}: unknown setting \"{}\"{}", path, line, name,
                                meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
      }
      try {
        found->second.read(settings, entry.second);
      } catch (const YAML::Exception&) {
        return fail(ErrorCode::Invalid,
                    fmt::format("{}:{}: {} has a value of the wrong kind", path, line, name));
      }
    }
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid, fmt::format("{}: {}", path, e.what()));
  }
  return settings;
}

void Settings::each(const std::function<void(std::string_view, const std::string&)>& visit) const {
  for (const auto& [name, row] : rows()) {
    auto value = row.show(*this);
    if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
    visit(name, value);
  }
}

std::string Settings::print() const {
  std::string out;
  for (const auto& [name, row] : rows()) {
    const auto value = row.show(*this);
    out += fmt::format("{}: {}  # {}\n", name, value.empty() ? "\"\"" : value, row.about);
  }
  return out;
}

Result<std::string> find_folder(const std::string& name, const std::string& configured) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!configured.empty()) {
    if (fs::is_directory(configured, ignored)) return configured;
    return fail(ErrorCode::NotFound, fmt::format("no folder {}", configured));
  }
  std::vector<fs::path> places;
  const auto program = fs::read_symlink("/proc/self/exe", ignored);
  for (auto at = program.parent_path(); !at.empty(); at = at.parent_path()) {
    places.push_back(at / name);
    places.push_back(at / "share/cairn" / name);
    if (at == at.root_path()) break;
  }
  places.push_back(fs::current_path(ignored) / name);
  for (const auto& place : places)
    if (fs::is_directory(place, ignored)) return place.string();
  return fail(ErrorCode::NotFound,
              fmt::format("no folder \"{}\" beside the program or above it; name it with --{}",
                          name, name.substr(0, name.find('/'))));
}

}  // namespace cairn::app

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

/// One row per setting: how it is read from YAML and shown.
struct Row {
  std::function<void(Settings&, const YAML::Node&)> read;
  std::function<std::string(const Settings&)> show;
};

template <typename T>
Row plain(T Settings::* member) {
  return {[member](Settings& s, const YAML::Node& node) { s.*member = node.as<T>(); },
          [member](const Settings& s) { return fmt::format("{}", s.*member); }};
}

Row list(std::vector<std::string> Settings::* member) {
  return {[member](Settings& s, const YAML::Node& node) {
            s.*member = node.as<std::vector<std::string>>();
          },
          [member](const Settings& s) { return fmt::format("[{}]", fmt::join(s.*member, ", ")); }};
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

const std::map<std::string, Row>& rows() {
  static const std::map<std::string, Row> kRows{
      {"data", plain(&Settings::data)},
      {"definitions", plain(&Settings::definitions)},
      {"web", plain(&Settings::web)},
      {"bind", plain(&Settings::bind)},
      {"port", plain(&Settings::port)},
      {"edge_threads", plain(&Settings::edge_threads)},
      {"shards", plain(&Settings::shards)},
      {"keyless", plain(&Settings::keyless)},
      {"demo", plain(&Settings::demo)},
      {"zone", plain(&Settings::zone)},
      {"tls_certificate", plain(&Settings::tls_certificate)},
      {"tls_key", plain(&Settings::tls_key)},
      {"hot_orders_max", plain(&Settings::hot_orders_max)},
      {"mailbox_max", plain(&Settings::mailbox_max)},
      {"segment_bytes", plain(&Settings::segment_bytes)},
      {"audit_files", plain(&Settings::audit_files)},
      {"api_key",
       {[](Settings& s, const YAML::Node& node) { s.api_key = node.as<std::string>(); },
        [](const Settings& s) { return std::string(s.api_key.empty() ? "" : "\"***\""); }}},
      {"trusted_proxies", list(&Settings::trusted_proxies)},
      {"accept_loss", list(&Settings::accept_loss)},
      {"move_orders", list(&Settings::move_orders)},
  };
  return kRows;
}

}  // namespace

std::vector<std::string> Settings::validate() const {
  std::vector<std::string> faults;
  if (data.empty()) faults.push_back("data: must name a folder");
  if (shards < 1 || shards > 64) faults.push_back("shards: expected 1 to 64");
  if (edge_threads < 1 || edge_threads > 64) faults.push_back("edge_threads: expected 1 to 64");
  if (keyless && bind != "127.0.0.1" && bind != "::1" && bind != "localhost")
    faults.push_back(
        "keyless: only with bind 127.0.0.1; give an api_key to be reached from outside");
  if (tls_certificate.empty() != tls_key.empty())
    faults.push_back("tls_certificate, tls_key: give both or none");
  if (segment_bytes < 1u << 20) faults.push_back("segment_bytes: at least 1048576");
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
    out += fmt::format("{}: {}\n", name, value.empty() ? "\"\"" : value);
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

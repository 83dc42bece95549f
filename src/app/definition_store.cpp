#include "app/definition_store.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "crypto/hash.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "modules/lifecycle/loader.hpp"
#include "ports/storage.hpp"

namespace cairn::app {
namespace {

using orders::Versions;

constexpr std::size_t kHistoryBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kChartsMax = 256;  ///< their number is a byte in rows and records
constexpr std::size_t kDigits = 32;
constexpr std::size_t kDigitsMin = 8;  ///< of a version that somebody names

std::string folder_of(const std::string& data) { return data + "/definitions"; }
std::string history_path(const std::string& data) { return folder_of(data) + "/history.json"; }

std::string version_of(const lifecycle::Definitions& definitions, const orders::Masters& masters) {
  const auto all = Bytes(definitions.hash()) + masters.to_text();
  return to_hex(crypto::view(crypto::sha256(all))).substr(0, kDigits);
}

Result<void> write_history(ports::Storage& storage, const std::string& data,
                           const DefinitionHistory& history) {
  std::string text;
  json::Writer w(text);
  w.begin_object().field("format", 1).key("versions").begin_array();
  for (const auto& entry : history.entries) {
    w.begin_object().field("version", entry.version).field("from", entry.from);
    w.text_if("follows", entry.follows).end_object();
  }
  w.end_array().key("lifecycles").begin_array();
  for (const auto& chart : history.charts)
    w.begin_object().field("name", chart.name).field("version", chart.version).end_object();
  w.end_array().end_object();
  text += '\n';
  return ports::replace_file(storage, history_path(data), text);
}

/// Its files, in a folder that has its name once all are there.
Result<void> keep(ports::Storage& storage, const std::string& data, const std::string& version,
                  const Definitions& definitions) {
  const auto target = folder_of(data) + "/" + version;
  CAIRN_TRY(const bool exists, storage.exists(target));
  if (exists) return {};
  const auto fresh = target + ".new";
  for (const auto* inner : {"lifecycles", "presets", "attributes"})
    CAIRN_TRY_VOID(storage.make_folder(fresh + "/" + inner));
  for (const auto& [name, text] : definitions.files)
    CAIRN_TRY_VOID(ports::write_file(storage, fresh + "/" + name, text));
  CAIRN_TRY_VOID(ports::write_file(storage, fresh + "/masters", definitions.masters.to_text()));
  return storage.rename(fresh, target);
}

struct Kept {
  lifecycle::Definitions definitions;
  orders::Masters masters;
};

/// Errors: Invalid, where this program does not understand it or it was written to.
Result<Kept> read_version(const std::string& data, const std::string& version) {
  const auto path = folder_of(data) + "/" + version;
  auto loaded = lifecycle::load(std::filesystem::path(path), lifecycle::As::Kept);
  if (!loaded) return fail(ErrorCode::Invalid, lifecycle::to_text(loaded.error()));
  CAIRN_TRY(const auto text, integration::read_text_file(path + "/masters", kHistoryBytesMax));
  CAIRN_TRY(auto masters, orders::Masters::from_text(text));
  if (version_of(*loaded, masters) != version)
    return fail(ErrorCode::Invalid, path + " is not as it was when it was activated");
  return Kept{*std::move(loaded), std::move(masters)};
}

Error unreadable(const std::string& data, const std::string& version, const Error& error) {
  return {ErrorCode::Invalid,
          fmt::format("orders stay with the definitions {0}/{1}, which cannot be read; put them "
                      "back from a backup, or start once with --move-orders {2} and they follow "
                      "those in force now:\n{3}",
                      folder_of(data), version, version.substr(0, kDigitsMin), error.message),
          ""};
}

/// Lifecycles that have no number yet get the next ones.
Result<void> number(DefinitionHistory& history, const lifecycle::Definitions& definitions) {
  for (const auto& lifecycle : definitions.lifecycles()) {
    Versions::Chart chart{lifecycle->name(), lifecycle->version()};
    if (!contains(history.charts, chart)) history.charts.push_back(std::move(chart));
  }
  if (history.charts.size() <= kChartsMax) return {};
  return fail(ErrorCode::Invalid,
              fmt::format("{} versions of lifecycles were activated in this data folder, at most "
                          "{} can be; go back to earlier ones, or begin a folder with an export",
                          history.charts.size(), kChartsMax));
}

Result<void> move_orders(DefinitionHistory& history, const std::string& in_force,
                         const std::vector<std::string>& moved) {
  for (const auto& named : moved) {
    bool is_known = named == "all";
    for (auto& entry : history.entries) {
      const bool is_meant =
          named == "all" || (named.size() >= kDigitsMin && entry.version.starts_with(named));
      is_known = is_known || is_meant;
      if (is_meant && entry.version != in_force) entry.follows = in_force;
    }
    if (!is_known)
      return fail(ErrorCode::NotFound,
                  fmt::format("move_orders: no definitions {}; cairn lifecycle history lists them, "
                              "and at least {} digits must be given",
                              named, kDigitsMin));
  }
  return {};
}

/// The version that the orders of an entry are folded under: they may have been moved more than
/// once, always to one that was activated later.
std::string home_of(std::span<const DefinitionHistory::Entry> entries, std::size_t at) {
  for (std::size_t later = entries.size() - 1; later > at && !entries[at].follows.empty();) {
    if (entries[later].version == entries[at].follows)
      at = std::exchange(later, entries.size() - 1);
    else
      --later;
  }
  return entries[at].version;
}

Result<std::vector<Versions::Activation>> activations_of(const DefinitionHistory& history,
                                                         const std::string& data,
                                                         const std::string& in_force,
                                                         const orders::Masters& today) {
  std::vector<Versions::Activation> out;
  std::map<std::string, Versions::Activation> read;
  for (std::size_t i = 0; i < history.entries.size(); ++i) {
    auto& activation = out.emplace_back();
    activation.from = history.entries[i].from;
    const auto home = home_of(history.entries, i);
    if (home == in_force) continue;
    auto& kept = read[home];
    if (!kept.definitions) {
      auto found = read_version(data, home);
      if (!found) return std::unexpected(unreadable(data, home, found.error()));
      kept.definitions =
          std::make_shared<const lifecycle::Definitions>(std::move(found->definitions));
      found->masters.ask_as(today);
      kept.masters = std::make_shared<const orders::Masters>(std::move(found->masters));
    }
    activation.definitions = kept.definitions;
    activation.masters = kept.masters;
  }
  return out;
}

std::string text_of(json::Value value, std::string_view key) {
  const auto member = value.find(key);
  return std::string(member ? member->as_string().value_or("") : "");
}

}  // namespace

Result<DefinitionHistory> read_definition_history(ports::Storage& storage,
                                                  const std::string& data) {
  DefinitionHistory history;
  const auto path = history_path(data);
  CAIRN_TRY(const bool exists, storage.exists(path));
  if (!exists) return history;
  CAIRN_TRY(const auto text, integration::read_text_file(path, kHistoryBytesMax));
  json::Document document({.bytes_max = kHistoryBytesMax});
  const auto damaged = fail(ErrorCode::Damaged, path + " cannot be read; restore it from a backup");
  const auto root = document.parse(text);
  const auto format = root ? root->find("format") : std::nullopt;
  if (!format || format->as_integer() != 1) return damaged;
  bool is_whole = true;
  if (const auto versions = root->find("versions"))
    versions->elements([&](json::Value value) {
      const auto from = parse_rfc3339(text_of(value, "from"));
      is_whole = from.has_value() && !text_of(value, "version").empty();
      if (is_whole)
        history.entries.push_back(
            {text_of(value, "version"), from->time, text_of(value, "follows")});
      return is_whole;
    });
  if (const auto charts = root->find("lifecycles"))
    charts->elements([&](json::Value value) {
      history.charts.push_back({text_of(value, "name"), text_of(value, "version")});
      return true;
    });
  if (!is_whole || history.entries.empty()) return damaged;
  return history;
}

Result<void> adopt(Definitions& definitions, ports::Storage& storage, const std::string& data,
                   Adopt how, Time now, const std::vector<std::string>& moved) {
  CAIRN_TRY(auto history, read_definition_history(storage, data));
  const auto before = history.charts.size();
  auto in_force = version_of(definitions.lifecycles, definitions.masters);
  const bool is_new = history.entries.empty() || history.entries.back().version != in_force;
  bool must_write = !moved.empty();
  if (is_new && how == Adopt::Activate) {
    CAIRN_TRY_VOID(keep(storage, data, in_force, definitions));
    history.entries.push_back({in_force, now, ""});
    must_write = true;
  } else if (is_new && !history.entries.empty()) {
    in_force = history.entries.back().version;
    auto kept = read_version(data, in_force);
    if (!kept) return std::unexpected(unreadable(data, in_force, kept.error()));
    definitions.lifecycles = std::move(kept->definitions);
    kept->masters.ask_as(definitions.masters);
    definitions.masters = std::move(kept->masters);
  } else if (is_new) {
    return {};  // a folder of before there were versions, which is only looked at
  }
  CAIRN_TRY_VOID(number(history, definitions.lifecycles));
  CAIRN_TRY_VOID(move_orders(history, in_force, moved));
  CAIRN_TRY(auto activations, activations_of(history, data, in_force, definitions.masters));
  if (must_write || history.charts.size() != before)
    CAIRN_TRY_VOID(write_history(storage, data, history));
  definitions.versions = std::make_unique<const Versions>(
      definitions.lifecycles, std::move(activations), std::move(history.charts));
  return {};
}

}  // namespace cairn::app

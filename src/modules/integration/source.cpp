#include "modules/integration/source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "modules/integration/definition_file.hpp"

namespace cairn::integration {
namespace {

constexpr auto kAreas = std::to_array<AreaRow>({
    {"payment", "source"},
    {"cancel", "source"},
    {"amend", "source"},
    {"refund", "source"},
    {"completion", "source"},
    {"after_sale", "source"},
    {"release", "cairn"},
    {"pick", "warehouse"},
    {"pack", "warehouse"},
    {"dispatch", "warehouse"},
    {"scans", "carrier"},
    {"production", "cairn"},
    {"notes", "cairn"},
    {"tags", "cairn"},
    {"holds", "cairn"},
    {"cases", "cairn"},
    {"promises", "cairn"},
    {"compensation", "cairn"},
});

constexpr auto kIdentityNames =
    std::to_array<std::string_view>({"type", "subject", "time", "second", "code", "place", "number",
                                     "package", "line", "payment", "case", "word", "ordinal"});

/// A source id stands in identities, URLs and file names.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

void read_names(DefinitionFile& file, SourceDefinition& out) {
  const auto& root = file.root();
  out.id = file.required_text(root, "id", "source");
  if (!out.id.empty() && !is_id(out.id))
    file.fault(root["id"], "id: expected at most 64 of a-z, 0-9, _, - and .");
  if (root["name"] && file.expect_map(root["name"], "name", {"zh", "en"})) {
    out.name_zh = file.required_text(root["name"], "zh", "name");
    out.name_en = file.required_text(root["name"], "en", "name");
  } else {
    file.fault(root, "name: {zh: …, en: …} is required");
  }
  out.trust = static_cast<std::uint8_t>(file.integer(root, "trust", 0, 255, 50));
  if (const std::string role = file.text(root, "role"); !role.empty()) {
    const auto known = model::from_name<model::Role>(role);
    if (known)
      out.role = *known;
    else
      file.fault(root["role"], fmt::format("role: expected one of {}",
                                           fmt::join(model::Names<model::Role>::all(), ", ")));
  }
  out.order_namespace = file.text(root, "namespace");
  if (out.order_namespace.empty()) out.order_namespace = out.id;
  if (!is_id(out.order_namespace) && root["namespace"])
    file.fault(root["namespace"], "namespace: expected at most 64 of a-z, 0-9, _, - and .");
  out.lifecycle = file.text(root, "lifecycle");
}

void read_times(DefinitionFile& file, SourceDefinition& out) {
  const auto& root = file.root();
  out.zone_name = file.text(root, "zone");
  if (!out.zone_name.empty()) {
    auto zone = Zone::find(out.zone_name);
    if (zone)
      out.zone = *zone;
    else
      file.fault(root["zone"], zone.error().message);
  }
  if (const std::string from = file.text(root, "acts_from"); !from.empty()) {
    const auto told = parse_told_time(from, out.zone);
    if (told)
      out.acts_from = told->time;
    else
      file.fault(root["acts_from"], told.error().message);
  }
}

void read_masters(DefinitionFile& file, SourceDefinition& out) {
  for (const auto& row : kAreas) out.masters.emplace(row.area, row.master);
  const YAML::Node node = file.root()["masters"];
  std::vector<std::string_view> known{"all"};
  for (const auto& row : kAreas) known.push_back(row.area);
  if (node && file.expect_map(node, "masters", known)) {
    if (const std::string all = file.text(node, "all"); !all.empty())
      for (auto& [area, master] : out.masters) master = all;
    for (auto& [area, master] : out.masters)
      if (auto told = file.text(node, area.c_str()); !told.empty()) {
        if (!is_id(told)) file.fault(node[area], fmt::format("{}: not a system's id", area));
        master = std::move(told);
      }
  }
  for (auto& [area, master] : out.masters)
    if (master == "source") master = out.id;
}

/// Between a minute and thirty days: shorter is no time to answer, longer is no waiting.
void read_patience(DefinitionFile& file, SourceDefinition& out) {
  const YAML::Node node = file.root()["patience"];
  std::vector<std::string_view> known{"all"};
  for (const auto& row : kAreas) known.push_back(row.area);
  if (!node || !file.expect_map(node, "patience", known)) return;
  file.each_member(node, [&](const std::string& area, const YAML::Node& told) {
    const auto span = parse_duration(told.IsScalar() ? told.Scalar() : "");
    if (!span || *span < minutes(1) || *span > days(30))
      return file.fault(
          told, fmt::format("patience: {}: expected a time from 1m to 30d, such as 4h", area));
    if (area != "all") {
      out.patience[area] = *span;
      return;
    }
    for (const auto& row : kAreas) out.patience.try_emplace(std::string(row.area), *span);
  });
}

std::vector<IdentityField> read_identity_fields(DefinitionFile& file, const YAML::Node& node) {
  std::vector<IdentityField> out;
  for (const auto& name : file.texts(node, "identity")) {
    const auto known = std::ranges::find(kIdentityNames, name);
    if (known == kIdentityNames.end())
      file.fault(node, fmt::format("identity: \"{}\" is none of {}", utf8_prefix(name, 64),
                                   fmt::join(kIdentityNames, ", ")));
    else
      out.push_back(static_cast<IdentityField>(known - kIdentityNames.begin()));
  }
  if (out.empty()) file.fault(node, "identity: expected a list of fields");
  return out;
}

void read_identity(DefinitionFile& file, SourceDefinition& out) {
  using enum IdentityField;
  out.has_stable_ids = file.flag(file.root(), "stable_ids", true);
  out.identity = {Type, Subject, Time, Code, Place};
  const YAML::Node node = file.root()["identity"];
  if (!node) return;
  if (!node.IsMap()) return file.fault(node, "identity: expected a map of event type: fields");
  file.each_member(node, [&](const std::string& name, const YAML::Node& fields) {
    if (name == "default") {
      out.identity = read_identity_fields(file, fields);
    } else if (const auto type = model::event_type_from(name)) {
      out.identity_by_type[*type] = read_identity_fields(file, fields);
    } else {
      file.fault(fields, fmt::format("identity: \"{}\" is no event type", utf8_prefix(name, 64)));
    }
  });
}

FactShape read_fact(DefinitionFile& file, const YAML::Node& node) {
  FactShape out;
  if (!file.expect_map(node, "fact", {"type", "data", "when"})) return out;
  if (!node["type"]) {
    file.fault(node, "fact: type is required");
    return out;
  }
  if (const auto type = file.event_type(node["type"])) {
    out.type = *type;
    out.data = file.data_shape(node["data"], *type);
  }
  out.when = file.guards(node["when"]);
  return out;
}

void read_status(DefinitionFile& file, SourceDefinition& out, const std::string& word,
                 const YAML::Node& node) {
  if (!file.expect_map(node, "status", {"zh", "en", "reached", "hold", "facts"})) return;
  StatusMeaning& meaning = out.statuses[word];
  meaning.zh = file.text(node, "zh");
  meaning.en = file.text(node, "en");
  meaning.hold = file.text(node, "hold");
  if (const auto name = file.text(node, "reached"); !name.empty()) {
    const auto known = model::from_name<model::Reached>(name);
    if (known)
      meaning.reached = *known;
    else
      file.fault(node["reached"],
                 fmt::format("reached: expected one of {}",
                             fmt::join(model::Names<model::Reached>::all(), ", ")));
  }
  if (!node["facts"]) return;
  if (!node["facts"].IsSequence()) return file.fault(node["facts"], "facts: expected a list");
  for (const auto& fact : node["facts"]) meaning.facts.push_back(read_fact(file, fact));
}

void read_meanings(DefinitionFile& file, SourceDefinition& out) {
  const auto& root = file.root();
  const auto each = [&](const char* key, auto&& visit) {
    if (!root[key]) return;
    if (root[key].IsMap())
      file.each_member(root[key], visit);
    else
      file.fault(root[key], fmt::format("{}: expected a map of word: meaning", key));
  };
  each("types", [&](const std::string& name, const YAML::Node& node) {
    out.types[name] = read_fact(file, node);
  });
  each("statuses", [&](const std::string& word, const YAML::Node& node) {
    read_status(file, out, word, node);
  });
}

}  // namespace

std::span<const AreaRow> area_table() { return kAreas; }

std::string_view SourceDefinition::master_of(std::string_view area) const {
  const auto found = masters.find(area);
  return found == masters.end() ? std::string_view("cairn") : std::string_view(found->second);
}

std::optional<Duration> SourceDefinition::patience_of(std::string_view area) const {
  const auto found = patience.find(area);
  return found == patience.end() ? std::nullopt : std::optional(found->second);
}

Result<SourceDefinition> parse_source(std::string_view yaml, std::string_view file_name) {
  SourceDefinition out;
  try {
    DefinitionFile file(yaml, file_name);
    if (!file.has_faults()) {
      file.expect_map(
          file.root(), "source",
          {"id", "name", "trust", "role", "zone", "acts_from", "namespace", "lifecycle", "masters",
           "patience", "stable_ids", "identity", "cloud_events", "types", "statuses", "import"});
      read_names(file, out);
      read_times(file, out);
      read_masters(file, out);
      read_patience(file, out);
      read_identity(file, out);
      read_meanings(file, out);
      out.event_sources = file.texts(file.root()["cloud_events"], "cloud_events");
    }
    if (file.has_faults()) return std::unexpected(file.error());
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid,
                fmt::format("{}:{}: {}", file_name, std::max(e.mark.line, 0) + 1, e.msg));
  }
  return out;
}

}  // namespace cairn::integration

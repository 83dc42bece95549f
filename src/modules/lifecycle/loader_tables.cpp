#include "modules/lifecycle/loader_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/bytes.hpp"
#include "base/ranges.hpp"
#include "crypto/hash.hpp"
#include "modules/lifecycle/loader_attributes.hpp"

namespace cairn::lifecycle {
namespace {

using Parts = Definitions::Parts;
constexpr std::string_view kTones[]{"info", "good", "warn", "bad", "neutral"};
constexpr std::string_view kEvidence[]{"own", "verified", "practice"};
constexpr std::string_view kMasters[]{"source", "warehouse", "cairn"};
constexpr std::string_view kCommandTones[]{"primary", "plain", "danger"};

std::string tone_of(Reader& reader, const Yaml& map, std::span<const std::string_view> known,
                    std::string_view otherwise) {
  const auto* node = map.find("tone");
  if (!node) return std::string(otherwise);
  if (!contains(known, std::string_view(node->text)))
    reader.unknown(*node, "unknown_tone", "tone", {known.begin(), known.end()});
  return node->text;
}

template <typename Enum>
Enum word_of(Reader& reader, const Yaml& map, std::string_view key, std::string_view what,
             std::size_t count, Enum otherwise) {
  const auto* node = reader.need(map, key, what);
  if (!node) return otherwise;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back(name_of(static_cast<Enum>(i)));
    if (names.back() == node->text) return static_cast<Enum>(i);
  }
  reader.unknown(*node, fmt::format("unknown_{}", key), key, std::move(names));
  return otherwise;
}

/// Calls `read` for each member of a file that is a map from code to row.
void each_row(Reader& reader, const Yaml& root, std::string_view what,
              const std::function<void(const Yaml& key, const Yaml& row)>& read) {
  if (!reader.expect_open_map(root, what)) return;
  std::vector<std::string_view> seen;
  for (const auto& [key, row] : root.members) {
    if (contains(seen, std::string_view(key.text))) continue;
    seen.push_back(key.text);
    read(key, row);
  }
}

/// Rows of an enum, each of its values once; `rows` ends up indexed by it.
template <typename E, typename Row>
void each_named(Reader& reader, const Yaml& root, std::string_view what, std::vector<Row>& rows,
                E Row::* member, const std::function<void(Row&, const Yaml&)>& read) {
  const auto all = model::Names<E>::all();
  rows.resize(all.size());
  std::vector<bool> is_given(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    rows[i].*member = static_cast<E>(i);
    rows[i].code = all[i];
  }
  each_row(reader, root, what, [&](const Yaml& key, const Yaml& row) {
    const auto value = reader.named<E>(key, fmt::format("unknown_{}", what), what);
    if (!value) return;
    is_given[static_cast<std::size_t>(*value)] = true;
    read(rows[static_cast<std::size_t>(*value)], row);
  });
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!is_given[i])
      reader.fault(root, "missing_key", fmt::format("the {} \"{}\" is missing", what, all[i]));
}

void read_categories(Reader& reader, const Yaml& root, Parts& parts) {
  each_named<model::Category, CategoryRow>(
      reader, root, "category", parts.categories, &CategoryRow::category,
      [&](CategoryRow& out, const Yaml& row) {
        if (!reader.expect_map(
                row, "a category",
                {"labels", "owner", "turn", "column", "open", "hidden_if_empty", "tone"}))
          return;
        out.label = reader.label_of(row, "labels", true, "a category");
        out.owner = reader.needed_text(row, "owner", "a category");
        if (!out.owner.empty() && out.owner != "nobody" && out.owner != "hold_party" &&
            !model::from_name<model::Role>(out.owner))
          reader.fault(row, "unknown_role",
                       fmt::format("owner: \"{}\" is no role; roles.yaml lists them, and there are "
                                   "nobody and hold_party",
                                   out.owner));
        out.turn = reader.label_of(row, "turn", true, "a category");
        out.column = reader.integer(row, "column", 0);
        out.is_open = reader.flag(row, "open", true);
        out.hidden_if_empty = reader.flag(row, "hidden_if_empty", false);
        out.tone = tone_of(reader, row, kTones, "neutral");
      });
}

void read_roles(Reader& reader, const Yaml& root, Parts& parts) {
  each_named<model::Role, RoleRow>(reader, root, "role", parts.roles, &RoleRow::role,
                                   [&](RoleRow& out, const Yaml& row) {
                                     if (!reader.expect_map(row, "a role", {"labels", "scope"}))
                                       return;
                                     out.label = reader.label_of(row, "labels", true, "a role");
                                     out.scope = reader.needed_text(row, "scope", "a role");
                                   });
}

void read_milestones(Reader& reader, const Yaml& root, Parts& parts) {
  each_named<model::Milestone, MilestoneRow>(
      reader, root, "milestone", parts.milestones, &MilestoneRow::milestone,
      [&](MilestoneRow& out, const Yaml& row) {
        if (!reader.expect_map(row, "a milestone", {"labels", "customer", "sentence", "plain"}))
          return;
        out.label = reader.label_of(row, "labels", true, "a milestone");
        out.customer = reader.label_of(row, "customer", true, "a milestone");
        out.sentence = reader.label_of(row, "sentence", true, "a milestone");
        // Versions of definitions that were kept before there was one go without.
        out.plain = reader.label_of(row, "plain", false, "a milestone");
        if (out.plain.zh.contains('{') || out.plain.en.contains('{'))
          reader.fault(row, "blank_in_plain",
                       "plain: is said when blanks are not known; write it without any {");
      });
}

void read_holds(Reader& reader, const Yaml& root, Parts& parts) {
  each_row(reader, root, "holds", [&](const Yaml& key, const Yaml& row) {
    if (!reader.expect_map(
            row, "a hold",
            {"labels", "party", "clock", "blocks", "sets_headline", "released_by", "case_after"}))
      return;
    Hold out;
    out.code = key.text;
    out.label = reader.label_of(row, "labels", true, "a hold");
    out.party = reader.needed_text(row, "party", "a hold");
    out.clock = word_of(reader, row, "clock", "a hold", 4, Clock::Runs);
    out.blocks = word_of(reader, row, "blocks", "a hold", 6, Blocks::All);
    out.is_blocking =
        out.blocks == Blocks::All || out.blocks == Blocks::Lines || out.blocks == Blocks::Steps;
    out.sets_headline = reader.flag(row, "sets_headline", out.is_blocking);
    out.released_by = reader.roles(reader.need(row, "released_by", "a hold"));
    if (const auto* after = row.find("case_after")) out.case_after = reader.duration(*after);
    parts.holds.push_back(std::move(out));
  });
}

void read_badges(Reader& reader, const Yaml& root, Parts& parts) {
  each_row(reader, root, "badges", [&](const Yaml& key, const Yaml& row) {
    if (!reader.expect_map(row, "a badge", {"labels", "tone"})) return;
    parts.badges.push_back({key.text, reader.label_of(row, "labels", true, "a badge"),
                            tone_of(reader, row, kTones, "neutral")});
  });
}

void read_effects(Reader& reader, const Yaml& root, Parts& parts) {
  each_row(reader, root, "effects", [&](const Yaml& key, const Yaml& row) {
    parts.effects.push_back({key.text, reader.label(row, "an effect")});
  });
}

void read_reasons(Reader& reader, const Yaml& root, Parts& parts) {
  each_row(reader, root, "reasons", [&](const Yaml& group, const Yaml& rows) {
    const auto read = [&](const Yaml& codes, const std::string& party) {
      each_row(reader, codes, "reasons", [&](const Yaml& code, const Yaml& row) {
        parts.reasons.push_back({group.text, code.text, reader.label(row, "a reason"), party});
      });
    };
    if (group.text != "delay") return read(rows, "");
    // Delays are party × cause: the code names both.
    each_row(reader, rows, "reasons of delay",
             [&](const Yaml& party, const Yaml& codes) { read(codes, party.text); });
  });
}

void read_command(Reader& reader, const Yaml& key, const Yaml& row, Parts& parts) {
  if (!reader.expect_map(row, "a command",
                         {"labels", "effect", "emits", "area", "tone", "bulk", "undo", "general",
                          "who", "fields"}))
    return;
  Command out;
  out.code = key.text;
  out.label = reader.label_of(row, "labels", true, "a command");
  out.effect = reader.label_of(row, "effect", true, "a command");
  if (const auto* emits = row.find("emits")) out.emits = reader.event_type(*emits);
  if (row.find("area"))
    out.area = word_of(reader, row, "area", "a command", kAreaCount, Area::None);
  out.tone = tone_of(reader, row, kCommandTones, "plain");
  out.is_bulk = reader.flag(row, "bulk", false);
  out.undo = reader.text_of(row, "undo");
  if (const auto* fields = row.find("fields")) {
    out.has_own_fields = true;
    each_row(reader, *fields, "fields", [&](const Yaml& name, const Yaml& type) {
      out.fields.emplace_back(name.text, type.text);
    });
  }
  if (const auto* general = row.find("general")) {
    out.is_general = general->text == "open" || general->text == "all";
    out.is_open_only = general->text == "open";
    out.is_of_request = general->text == "request";
    if (!out.is_general && !out.is_of_request)
      reader.unknown(*general, "unknown_word", "place of a general command",
                     {"open", "all", "request"});
    // Whoever must approve a request may say so: the transition that was asked for names them.
    if (out.is_general) out.who = reader.roles(reader.need(row, "who", "a general command"));
    if (!out.emits)
      reader.fault(row, "missing_key", "a general command needs \"emits\": the event it becomes");
  }
  parts.commands.push_back(std::move(out));
}

void read_commands(Reader& reader, const Yaml& root, Parts& parts) {
  if (!reader.expect_map(root, "commands", {"commands", "anywhere"})) return;
  if (const auto* rows = reader.need(root, "commands", "the file of commands"))
    each_row(reader, *rows, "commands",
             [&](const Yaml& key, const Yaml& row) { read_command(reader, key, row, parts); });
  for (const auto& item : reader.items(root.find("anywhere"), "anywhere"))
    if (const auto type = reader.event_type(item)) parts.anywhere.push_back(*type);
  for (const auto& command : parts.commands)
    if (!command.undo.empty() && std::ranges::none_of(parts.commands, [&](const Command& other) {
          return other.code == command.undo;
        }))
      reader.fault(root, "unknown_command",
                   fmt::format("command \"{}\" is undone by \"{}\", which is not known",
                               command.code, command.undo));
}

void read_masters(Reader& reader, const Yaml& root, Parts& parts) {
  each_row(reader, root, "masters", [&](const Yaml& key, const Yaml& row) {
    const auto area = area_from(key.text);
    if (!area || *area == Area::None)
      return reader.unknown(key, "unknown_area", "area",
                            {"payment", "cancel", "amend", "refund", "completion", "dispatch"});
    if (!contains(kMasters, std::string_view(row.text)))
      return reader.unknown(row, "unknown_word", "master", {"source", "warehouse", "cairn"});
    parts.masters[*area] = row.text;
  });
}

void read_preset(Reader& reader, const Yaml& root, std::string_view text, Parts& parts) {
  if (!reader.expect_map(root, "a preset",
                         {"id", "title", "checked", "evidence", "limits", "slow_methods",
                          "working_days", "deposit_refundable", "note"}))
    return;
  Preset out;
  out.code = reader.needed_text(root, "id", "a preset");
  out.label = reader.label_of(root, "title", true, "a preset");
  out.checked = reader.needed_text(root, "checked", "a preset");
  out.evidence = reader.needed_text(root, "evidence", "a preset");
  if (const auto* node = root.find("evidence");
      node && !contains(kEvidence, std::string_view(node->text)))
    reader.unknown(*node, "unknown_word", "evidence", {"own", "verified", "practice"});
  out.slow_methods = reader.texts(root.find("slow_methods"), "slow_methods");
  out.dispatch_in_working_days = reader.flag(root, "working_days", false);
  out.is_deposit_refundable = reader.flag(root, "deposit_refundable", false);
  out.note = reader.label_of(root, "note", false, "a preset");
  out.version = to_hex(crypto::view(crypto::sha256(text)));
  if (const auto* limits = reader.need(root, "limits", "a preset"))
    each_row(reader, *limits, "limits", [&](const Yaml& key, const Yaml& value) {
      const auto limit = limit_from(key.text);
      if (!limit) {
        std::vector<std::string_view> names;
        for (const auto& row : limit_table()) names.push_back(row.name);
        return reader.unknown(key, "unknown_limit", "time limit", std::move(names));
      }
      // "source": it watches this itself; "none": there is no such limit.
      if (value.text == "source" || value.text == "none") return;
      out.limits[static_cast<std::size_t>(*limit)] = reader.duration(value);
    });
  for (const auto& other : parts.presets)
    if (other.code == out.code)
      reader.fault(root, "duplicate_key", fmt::format("preset \"{}\" is defined twice", out.code));
  parts.presets.push_back(std::move(out));
}

struct Table {
  std::string_view file;
  void (*read)(Reader&, const Yaml&, Parts&);
};
constexpr std::array<Table, 9> kTables{{{"categories.yaml", read_categories},
                                        {"roles.yaml", read_roles},
                                        {"holds.yaml", read_holds},
                                        {"milestones.yaml", read_milestones},
                                        {"badges.yaml", read_badges},
                                        {"effects.yaml", read_effects},
                                        {"reasons.yaml", read_reasons},
                                        {"commands.yaml", read_commands},
                                        {"masters.yaml", read_masters}}};

}  // namespace

std::span<const std::string_view> table_files() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kTables.size()> out;
    for (std::size_t i = 0; i < kTables.size(); ++i) out[i] = kTables[i].file;
    return out;
  }();
  return kNames;
}

void read_tables(const Files& files, Parts& parts, std::vector<Fault>& faults) {
  const auto with_tree = [&](const std::string& file, const std::string& text, const auto& read) {
    Reader reader(file, faults);
    const auto root = parse_yaml(text, file);
    if (root)
      read(reader, *root);
    else
      faults.push_back(root.error());
  };
  for (const auto& table : kTables) {
    const auto found = files.find(std::string(table.file));
    if (found == files.end()) {
      faults.push_back({std::string(table.file), 1, 1, "missing_file", "this file is missing"});
      continue;
    }
    with_tree(found->first, found->second,
              [&](Reader& reader, const Yaml& root) { table.read(reader, root, parts); });
  }
  for (const auto& [file, text] : files)
    if (file.starts_with("presets/"))
      with_tree(file, text,
                [&](Reader& reader, const Yaml& root) { read_preset(reader, root, text, parts); });
  for (const auto& [file, text] : files)
    if (file.starts_with("attributes/"))
      with_tree(file, text, [&](Reader& reader, const Yaml& root) {
        read_attribute_set(reader, root, parts.attributes);
      });
}

}  // namespace cairn::lifecycle

#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapters/system/posix_storage.hpp"
#include "app/command_line.hpp"
#include "app/definition_store.hpp"
#include "app/offline.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"
#include "modules/lifecycle/draw.hpp"
#include "modules/lifecycle/loader.hpp"

/// `cairn lifecycle check|draw`: lifecycles and everything else that is declared.
namespace cairn::app {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;
constexpr std::size_t kVersionDigits = 12;  ///< shown of a version

std::vector<std::string> names_of(const lifecycle::Definitions& definitions) {
  std::vector<std::string> names;
  for (const auto& lifecycle : definitions.lifecycles()) names.push_back(lifecycle->name());
  return names;
}

/// One file by itself, beside the definitions it would be dropped into.
Result<void> check_file(Common& common, const std::string& path) {
  CAIRN_TRY(const auto folder, find_folder("definitions", common.settings.definitions));
  CAIRN_TRY(const auto definitions, load_definitions(folder));
  CAIRN_TRY(const auto text, integration::read_text_file(path, kFileBytesMax));
  const auto loaded = lifecycle::load_lifecycle(text, path, definitions->lifecycles);
  if (!loaded) return fail(ErrorCode::Invalid, lifecycle::to_text(loaded.error()));
  if (common.is_json)
    fmt::print("{{\"ok\":true,\"lifecycles\":[\"{}\"]}}\n", (*loaded)->name());
  else
    fmt::print("✓ {}: {} {}\n", (*loaded)->name(), (*loaded)->states().size(),
               common.say("个状态", "states"));
  return {};
}

Result<void> check(Common& common, const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return check_file(common, path);
  CAIRN_TRY(const auto folder,
            find_folder("definitions", path.empty() ? common.settings.definitions : path));
  CAIRN_TRY(const auto definitions, load_definitions(folder));
  const auto& d = definitions->lifecycles;
  std::string out;
  json::Writer w(out);
  w.begin_object().field("ok", true).field("folder", folder).key("lifecycles").begin_array();
  for (const auto& name : names_of(d)) w.value(std::string_view(name));
  w.end_array().field("sources", std::uint64_t{definitions->sources.all().size()}).end_object();
  if (common.is_json) {
    fmt::print("{}\n", out);
    return {};
  }
  fmt::print("✓ {}\n", folder);
  for (const auto& each : d.lifecycles()) {
    const auto& lifecycle = *each;
    std::size_t transitions = 0;
    for (const auto& state : lifecycle.states()) transitions += state.transitions().size();
    fmt::print("  {}  {}  {} {}, {} {}\n", pad(lifecycle.name(), 16),
               pad(std::string(common.say(lifecycle.label().zh, lifecycle.label().en)), 18),
               pad_left(std::to_string(lifecycle.states().size()), 3),
               common.say("个状态", "states"), pad_left(std::to_string(transitions), 4),
               common.say("条转移", "transitions"));
  }
  fmt::print("  {} {}\n", definitions->sources.all().size(), common.say("个数据源", "sources"));
  return {};
}

Result<void> draw(Common& common, const std::string& name) {
  CAIRN_TRY(const auto folder, find_folder("definitions", common.settings.definitions));
  CAIRN_TRY(const auto definitions, load_definitions(folder));
  const auto* lifecycle = definitions->lifecycles.lifecycle(name);
  if (lifecycle == nullptr)
    return fail(ErrorCode::NotFound,
                fmt::format("no lifecycle \"{}\"; there are {}", name,
                            fmt::join(names_of(definitions->lifecycles), ", ")));
  const auto text =
      lifecycle::draw_mermaid(*lifecycle, common.is_chinese() ? lifecycle::Language::Chinese
                                                              : lifecycle::Language::English);
  if (!common.is_json) {
    fmt::print("{}", text);
    return {};
  }
  std::string out;
  json::Writer w(out);
  w.begin_object().field("name", name).field("mermaid", text).end_object();
  fmt::print("{}\n", out);
  return {};
}

/// What was activated in a data folder, oldest first. A server may be running on it.
Result<void> history(Common& common) {
  const auto& data = common.settings.data;
  if (!is_data_folder(data))
    return fail(ErrorCode::NotFound,
                fmt::format("no data of Cairn in {}; name its folder with --data", data));
  system::PosixStorage storage;
  CAIRN_TRY(const auto known, read_definition_history(storage, data));
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& entry : known.entries) {
    w.begin_object().field("version", entry.version).field("from", entry.from);
    w.text_if("follows", entry.follows).end_object();
  }
  w.end_array();
  if (common.is_json) {
    fmt::print("{}\n", out);
    return {};
  }
  if (known.entries.empty())
    fmt::print("{}\n", common.say("还没有启用过定义", "none activated yet"));
  for (const auto& entry : known.entries) {
    const auto moved = entry.follows.empty()
                           ? std::string()
                           : fmt::format("  {} {}", common.say("其订单改用", "its orders follow"),
                                         entry.follows.substr(0, kVersionDigits));
    fmt::print("{}  {}{}\n", entry.version.substr(0, kVersionDigits), format_rfc3339(entry.from),
               moved);
  }
  return {};
}

void add(CLI::App& parent, Common& common, const char* name, const char* about, const char* what,
         Result<void> (*run)(Common&, const std::string&)) {
  auto* command = parent.add_subcommand(name, about);
  auto given = std::make_shared<std::string>();
  auto* option = command->add_option(run == check ? "folder" : "name", *given, what);
  if (run == draw) option->required();
  command->add_option("--definitions", common.given.definitions,
                      "Folder of definitions / 定义目录");
  add_json_option(*command, common);
  command->callback([&common, given, command, run] {
    read_settings(common, *command);
    if (auto done = run(common, *given); !done) complain(common, done.error());
  });
}

}  // namespace

void add_lifecycle(CLI::App& app, Common& common) {
  auto* lifecycle = app.add_subcommand("lifecycle", "Check, draw and trace lifecycles / 状态流程");
  lifecycle->require_subcommand(1);
  add(*lifecycle, common, "check", "Every fault of every file at once / 检查定义",
      "Folder of definitions, or one lifecycle file / 定义目录或单个文件", check);
  add(*lifecycle, common, "draw", "As a Mermaid diagram / 输出 Mermaid 图",
      "Name of a lifecycle / 流程名", draw);
  auto* versions = lifecycle->add_subcommand(
      "history", "What was activated in a data folder, and when / 启用过的定义版本");
  versions->add_option("--data", common.given.data, "Data folder / 数据目录 [./data]");
  add_json_option(*versions, common);
  versions->callback([&common, versions] {
    read_settings(common, *versions);
    if (auto done = history(common); !done) complain(common, done.error());
  });
}

}  // namespace cairn::app

#include "app/command_line.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace cairn::app {

bool Common::is_chinese() const {
  if (!language.empty()) return language == "zh";
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); value && *value)
      return std::strncmp(value, "zh", 2) == 0;
  return false;
}

void complain(Common& common, const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "cairn: {}{}{}\n", error.message, error.pointer.empty() ? "" : " at ",
             error.pointer);
  common.exit_code = 1;
}

void add_folder_options(CLI::App& command, Common& common) {
  command.add_option("--config", common.config,
                     "YAML file of settings; see cairn config / 配置文件");
  command.add_option("--data", common.given.data, "Folder of the installation / 数据目录 [./data]");
  command.add_option("--definitions", common.given.definitions, "Folder of definitions / 定义目录");
}

void add_server_options(CLI::App& command, Common& common) {
  command
      .add_option("--server", common.server,
                  "Address of a running server / 服务地址 [http://127.0.0.1:8080]")
      ->envname("CAIRN_SERVER");
  command
      .add_option(
          "--key", common.key,
          "API key; else the file api.key of the data folder / 密钥，默认读数据目录的 api.key")
      ->envname("CAIRN_KEY");
  if (command.get_option_no_throw("--data") == nullptr)
    command.add_option("--data", common.given.data,
                       "Where api.key is looked for / api.key 所在的数据目录 [./data]");
}

void add_json_option(CLI::App& command, Common& common) {
  command.add_flag("--json", common.is_json, "Print JSON / 输出 JSON");
}

void read_settings(Common& common, const CLI::App& command) {
  if (!common.config.empty()) {
    auto loaded = Settings::load(common.config, common.settings);
    if (!loaded) throw CLI::ValidationError(loaded.error().message);
    common.settings = *std::move(loaded);
  }
  const auto over = [&](const char* name, auto Settings::* member) {
    const auto* option = command.get_option_no_throw(name);
    if (option != nullptr && option->count() > 0) common.settings.*member = common.given.*member;
  };
  over("--data", &Settings::data);
  over("--port", &Settings::port);
  over("--bind", &Settings::bind);
  over("--shards", &Settings::shards);
  over("--definitions", &Settings::definitions);
  over("--web", &Settings::web);
  over("--api-key", &Settings::api_key);
  over("--accept-loss", &Settings::accept_loss);
  over("--move-orders", &Settings::move_orders);
  over("--keyless", &Settings::keyless);
  over("--demo", &Settings::demo);
  over("--edge-threads", &Settings::edge_threads);
  over("--hot-orders-max", &Settings::hot_orders_max);
}

}  // namespace cairn::app

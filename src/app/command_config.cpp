#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "json/writer.hpp"

/// `cairn config check|print`: what `cairn serve` would run with.
namespace cairn::app {
namespace {

void check(Common& common) {
  const auto faults = common.settings.validate();
  if (common.is_json) {
    std::string out;
    json::Writer w(out);
    w.begin_object().field("ok", faults.empty()).key("faults").begin_array();
    for (const auto& fault : faults) w.value(fault);
    w.end_array().end_object();
    fmt::print("{}\n", out);
  } else {
    for (const auto& fault : faults) fmt::print("✗ {}\n", fault);
    if (faults.empty())
      fmt::print("✓ {}\n", common.say("配置没有问题", "the settings are in order"));
  }
  if (!faults.empty()) common.exit_code = 1;
}

void print(Common& common) {
  if (!common.is_json) {
    fmt::print("{}", common.settings.print());
    return;
  }
  std::string out;
  json::Writer w(out);
  w.begin_object();
  common.settings.each([&](std::string_view name, const std::string& value) {
    w.field(name, std::string_view(value));
  });
  w.end_object();
  fmt::print("{}\n", out);
}

void add(CLI::App& parent, Common& common, const char* name, const char* about,
         void (*run)(Common&)) {
  auto* command = parent.add_subcommand(name, about);
  command->add_option("file", common.config, "YAML file of settings / 配置文件");
  command->add_option("--config", common.config, "The same / 同上");
  add_json_option(*command, common);
  command->callback([&common, command, run] {
    read_settings(common, *command);
    run(common);
  });
}

}  // namespace

void add_config(CLI::App& app, Common& common) {
  auto* config = app.add_subcommand("config", "Check or print settings / 检查或打印配置");
  config->require_subcommand(1);
  add(*config, common, "check", "Every fault at once / 检查", check);
  add(*config, common, "print", "All settings with defaults, secrets hidden / 打印全部设置", print);
}

}  // namespace cairn::app

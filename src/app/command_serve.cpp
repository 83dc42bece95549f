#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/demo.hpp"
#include "app/service.hpp"

/// `cairn serve`: every role in one process.
namespace cairn::app {
namespace {

/// Waits for Ctrl-C or the service manager's word; a second one ends the process at once.
void wait_for_signal(const sigset_t& signals) {
  int got = 0;
  sigwait(&signals, &got);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void greet(const Common& common, Service& service) {
  const auto& settings = service.settings();
  fmt::print("cairn: {} http://{}:{}/  {} {}  {} {}\n", common.say("已启动", "serving"),
             settings.bind, service.port(), common.say("数据", "data"), settings.data,
             service.orders(), common.say("个订单", "orders"));
  if (!service.new_api_key().empty() && !settings.keyless)
    fmt::print("cairn: {} {}\n",
               common.say("首次启动生成的密钥（只显示一次）：", "API key, shown this once:"),
               service.new_api_key());
  if (settings.keyless)
    fmt::print("cairn: {}\n", common.say("本机模式：不需要密钥，只接受本机访问",
                                         "local-only mode: no key is asked, only this machine"));
  std::fflush(stdout);
}

void serve(Common& common) {
  // Blocked before any thread begins, so that only this one gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // The demo's orders never mix with those of a company.
  if (common.settings.demo) common.settings.data = demo_folder(common.settings.data);
  auto service = Service::open(common.settings);
  if (!service) return complain(common, service.error());
  if (auto started = (*service)->start(); !started) return complain(common, started.error());
  greet(common, **service);
  wait_for_signal(signals);
  fmt::print("cairn: {}\n", common.say("正在停止 …", "stopping …"));
  std::fflush(stdout);
  (*service)->stop();
}

/// Options of the command line win over the file, which wins over defaults.
void read_settings(Common& common, const Settings& given, CLI::App& command) {
  if (!common.config.empty()) {
    auto loaded = Settings::load(common.config, common.settings);
    if (!loaded) throw CLI::ValidationError(loaded.error().message);
    common.settings = *std::move(loaded);
  }
  const auto over = [&](const char* option, auto Settings::* member) {
    if (command.count(option) > 0) common.settings.*member = given.*member;
  };
  over("--data", &Settings::data);
  over("--port", &Settings::port);
  over("--bind", &Settings::bind);
  over("--shards", &Settings::shards);
  over("--definitions", &Settings::definitions);
  over("--web", &Settings::web);
  over("--api-key", &Settings::api_key);
  over("--keyless", &Settings::keyless);
  over("--demo", &Settings::demo);
  over("--edge-threads", &Settings::edge_threads);
  over("--hot-orders-max", &Settings::hot_orders_max);
}

}  // namespace

void add_serve(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("serve", "Run Cairn / 启动服务");
  auto given = std::make_shared<Settings>();
  command->add_option("--config", common.config, "YAML file of settings; see cairn config");
  command->add_option("--data", given->data, "Folder of the installation [./data]");
  command->add_option("--port", given->port, "Port, 0 for any [8080]");
  command->add_option("--bind", given->bind, "Address to listen on [127.0.0.1]");
  command->add_option("--shards", given->shards, "Shards, fixed when the folder is made [4]");
  command->add_option("--definitions", given->definitions, "Folder of definitions");
  command->add_option("--web", given->web, "Folder of the built console");
  command->add_option("--api-key", given->api_key, "The bootstrap key, at least 16 characters");
  command->add_option("--edge-threads", given->edge_threads, "Threads of the edge [1]");
  command->add_option("--hot-orders-max", given->hot_orders_max, "Orders kept folded in memory");
  command->add_flag("--keyless", given->keyless, "Ask for no key; on this machine only");
  command->add_flag("--demo,!--no-demo", given->demo,
                    "Play a demo, in a folder of its own beside the data");
  command->callback([command, given, &common] {
    read_settings(common, *given, *command);
    serve(common);
  });
}

}  // namespace cairn::app

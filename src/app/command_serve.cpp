#include <csignal>
#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/console_files.hpp"
#include "app/demo.hpp"
#include "app/roles.hpp"
#include "app/service.hpp"
#include "base/ranges.hpp"

/// `cairn serve`: every role in one process.
namespace cairn::app {
namespace {

/// Waits for Ctrl-C or the service manager's word; a second one ends the process at once. Until
/// then SIGUSR1 is the operator's word that the machine's clock, which jumped, is right.
void wait_for_signal(const sigset_t& signals, ClockWatch& clock) {
  int got = 0;
  while (sigwait(&signals, &got) == 0 && got == SIGUSR1) clock.follow();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void greet(const Common& common, Service& service, Edge edge) {
  const auto& settings = service.settings();
  if (edge == Edge::Closed) {
    fmt::print("cairn: {}  {} {}\n",
               common.say("已启动，不接受请求", "running, taking no requests"),
               common.say("数据", "data"), settings.data);
    std::fflush(stdout);
    return;
  }
  fmt::print("cairn: {} http://{}:{}/  {} {}  {} {}\n", common.say("已启动", "serving"),
             settings.bind, service.port(), common.say("数据", "data"), settings.data,
             service.orders(), common.say("个订单", "orders"));
  if (!service.has_console())
    fmt::print("cairn: {}\n",
               common.say("此程序未包含控制台，仅提供接口；./dev build 会一并构建",
                          "built without its console, only the API is served; ./dev build builds "
                          "both"));
  if (!service.new_api_key().empty() && !settings.keyless)
    fmt::print("cairn: {} {}\n",
               common.say("首次启动生成的密钥（也存于数据目录的 api.key）：",
                          "API key, made just now and kept as api.key in the data folder:"),
               service.new_api_key());
  if (settings.keyless)
    fmt::print("cairn: {}\n", common.say("本机模式：不需要密钥，只接受本机访问",
                                         "local-only mode: no key is asked, only this machine"));
  std::fflush(stdout);
}

}  // namespace

void run_server(Common& common, Edge edge) {
  // Blocked before any thread begins, so that only this one gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  auto service = Service::open(common.settings, console_files());
  if (!service) return complain(common, service.error());
  if (auto started = (*service)->start(edge); !started) return complain(common, started.error());
  greet(common, **service, edge);
  wait_for_signal(signals, (*service)->clock_watch());
  fmt::print("cairn: {}\n", common.say("正在停止 …", "stopping …"));
  std::fflush(stdout);
  (*service)->stop();
}

void add_serve(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("serve", "Run Cairn / 启动服务");
  auto roles = std::make_shared<std::vector<std::string>>();
  auto& given = common.given;
  add_folder_options(*command, common);
  command->add_option("--port", given.port, "Port, 0 for any / 端口 [8080]");
  command->add_option("--bind", given.bind, "Address to listen on / 监听地址 [127.0.0.1]");
  command->add_option("--role", *roles, "Roles to run, see cairn role / 运行的角色 [all]")
      ->delimiter(',');
  command->add_option("--shards", given.shards,
                      "Shards, fixed when the folder is made / 分片数，建目录时固定 [4]");
  command->add_option("--web", given.web,
                      "Folder of a built console, instead of the one inside the program / "
                      "控制台目录，代替程序内置的控制台");
  command->add_option("--api-key", given.api_key,
                      "The bootstrap key, at least 16 characters; else one is made and kept in the "
                      "data folder as api.key / 初始密钥，不给则自动生成并存为 api.key");
  command->add_option("--edge-threads", given.edge_threads, "Threads of the edge / 接入线程 [1]");
  command->add_option("--hot-orders-max", given.hot_orders_max,
                      "Orders kept folded in memory / 内存中的订单数");
  command
      ->add_option("--accept-loss", given.accept_loss,
                   "Give up the records of a damaged log from this one on, as the error names it / "
                   "放弃损坏日志中此记录及之后的内容")
      ->type_name("SHARD:RECORD");
  command
      ->add_option("--move-orders", given.move_orders,
                   "Orders of these earlier definitions, or of all, follow those in force from "
                   "now on; see cairn lifecycle history / 旧定义下的订单改用现行定义")
      ->type_name("VERSION|all");
  command->add_flag("--keyless", given.keyless,
                    "Ask for no key; on this machine only / 不需要密钥，仅限本机");
  command->add_flag("--demo,!--no-demo", given.demo,
                    "Play a demo, in a folder of its own beside the data / 演示");
  command->callback([command, roles, &common] {
    read_settings(common, *command);
    const auto order = start_order(*roles);
    if (!order) return complain(common, order.error());
    // The demo's orders never mix with those of a company.
    if (common.settings.demo) common.settings.data = demo_folder(common.settings.data);
    run_server(common, contains(*order, "gateway") ? Edge::Open : Edge::Closed);
  });
}

}  // namespace cairn::app

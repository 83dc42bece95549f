#include <cstdio>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"

namespace cairn::app {

namespace {

/// Every command, in the order of the help.
constexpr void (*kCommands[])(CLI::App&, Common&){
    add_serve,     add_order,   add_tail,   add_import,  add_export,
    add_verify,    add_rebuild, add_backup, add_restore, add_forget,
    add_lifecycle, add_config,  add_role,   add_demo,    add_bench,
};

int run(int argc, char** argv) {
  Common common;
  CLI::App app{"Cairn: one live truth per order / 订单进度跟踪"};
  app.name("cairn");
  app.require_subcommand(1);
  app.set_version_flag("--version", "cairn " CAIRN_VERSION);
  app.failure_message(CLI::FailureMessage::help);
  app.add_option("--lang", common.language,
                 "zh or en; default: as the environment says / 语言，默认随环境")
      ->check(CLI::IsMember({"zh", "en"}));
  app.fallthrough();
  for (const auto add : kCommands) add(app, common);
  CLI11_PARSE(app, argc, argv);
  return common.exit_code;
}

}  // namespace
}  // namespace cairn::app

int main(int argc, char** argv) {
  try {
    return cairn::app::run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "cairn: {}\n", e.what());
    return 2;
  }
}

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"

namespace cairn::app {

bool Common::is_chinese() const {
  if (!language.empty()) return language == "zh";
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); value && *value)
      return std::strncmp(value, "zh", 2) == 0;
  return false;
}

void complain(Common& common, const Error& error) {
  fmt::print(stderr, "cairn: {}{}{}\n", error.message, error.pointer.empty() ? "" : " at ",
             error.pointer);
  common.exit_code = 1;
}

namespace {

/// Every command, in the order of the help.
constexpr void (*kCommands[])(CLI::App&, Common&){
    add_serve,
};

int run(int argc, char** argv) {
  Common common;
  CLI::App app{"Cairn: one live truth per order / 订单进度跟踪"};
  app.name("cairn");
  app.require_subcommand(1);
  app.set_version_flag("--version", "cairn " CAIRN_VERSION);
  app.failure_message(CLI::FailureMessage::help);
  app.add_option("--lang", common.language, "zh or en; default: as the environment says")
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

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/roles.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"

/// `cairn role`: the table of roles.
namespace cairn::app {
namespace {

std::string to_json() {
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& role : role_table()) {
    w.begin_object().field("name", role.name).field("zh", role.zh).field("en", role.en);
    w.field("runs", role.runs).key("needs").begin_array();
    for (const auto need : role.needs) w.value(need);
    w.end_array().end_object();
  }
  w.end_array();
  return out;
}

}  // namespace

void add_role(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("role", "The roles a process can run / 角色表");
  add_json_option(*command, common);
  command->footer("cairn serve --role gateway,orders runs those; without --role all of them.");
  command->callback([&common] {
    if (common.is_json) {
      fmt::print("{}\n", to_json());
      return;
    }
    const auto style = Style::of_stdout();
    fmt::print("{}\n",
               style.paint(Ink::Bold, fmt::format("{}{}{}", pad(common.say("角色", "role"), 10),
                                                  pad(common.say("需要", "needs"), 10),
                                                  common.say("负责", "owns"))));
    for (const auto& role : role_table()) {
      fmt::print("{}{}{}\n", pad(role.name, 10),
                 pad(fmt::format("{}", fmt::join(role.needs, ", ")), 10),
                 common.say(role.zh, role.en));
      fmt::print("{}{}\n", pad("", 20), style.paint(Ink::Dim, role.runs));
    }
  });
}

}  // namespace cairn::app

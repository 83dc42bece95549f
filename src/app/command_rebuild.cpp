#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/offline.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"

/// `cairn rebuild`: throws the views away and makes them from piles and log. Piles are not touched.
namespace cairn::app {
namespace {

Result<std::uint64_t> run(Common& common) {
  CAIRN_TRY(auto offline, Offline::open(common.settings));
  Progress bar(std::string(common.say("重建视图", "rebuilding")),
               common.is_json ? Progress::Show::Never : Progress::Show::IfTerminal);
  auto& stores = offline->installation().stores();
  const auto steps = stores.piles.size() + 2;
  for (std::size_t i = 0; i < stores.piles.size(); ++i) {
    bar.at(i, steps, common.say("清除旧视图", "throwing the old views away"));
    CAIRN_TRY_VOID(stores.piles[i]->drop_rows());
  }
  bar.at(steps - 2, steps, common.say("折叠全部订单", "folding every order"));
  CAIRN_TRY_VOID(offline->load());
  bar.at(steps - 1, steps, common.say("写入", "writing"));
  CAIRN_TRY_VOID(offline->flush());
  return offline->installation().rows().size();
}

}  // namespace

void add_rebuild(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "rebuild", "Make the views again from piles and log / 由数据堆和日志重建视图");
  add_folder_options(*command, common);
  add_json_option(*command, common);
  command->footer("Piles and log are only read. No server may run on the folder.");
  command->callback([&common, command] {
    read_settings(common, *command);
    const auto rows = run(common);
    if (!rows) return complain(common, rows.error());
    if (common.is_json)
      fmt::print("{{\"orders\":{}}}\n", *rows);
    else
      fmt::print("cairn: {} {}\n", grouped(*rows),
                 common.say("个订单的视图已重建", "orders are in the views again"));
  });
}

}  // namespace cairn::app

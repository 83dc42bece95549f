#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/terminal.hpp"
#include "app/verify.hpp"
#include "json/writer.hpp"

/// `cairn verify`: is what lies in a data folder, or a backup, whole and true?
namespace cairn::app {
namespace {

std::string to_json(const Verification& found) {
  std::string out;
  json::Writer w(out);
  w.begin_object().field("ok", found.fault_count == 0).field("shards", found.shards);
  w.field("orders", found.orders).field("references", found.references);
  w.field("records", found.records).field("events", found.events).field("changes", found.changes);
  w.field("log_records", found.log_records).field("audit_chains", found.audit_files);
  w.field("rows", found.rows).field("forgotten", found.forgotten);
  w.field("fault_count", found.fault_count).key("faults").begin_array();
  for (const auto& text : found.faults) w.value(text);
  w.end_array().end_object();
  return out;
}

void print_text(const Common& common, const Verification& found) {
  const auto style = Style::of_stdout();
  const auto row = [&](std::string_view zh, std::string_view en, std::uint64_t count) {
    fmt::print("  {}  {}\n", pad(common.say(zh, en), 44), pad_left(grouped(count), 13));
  };
  row("分片", "shards", found.shards);
  row("订单", "orders", found.orders);
  row("单号", "references", found.references);
  row("记录", "records", found.records);
  row("事件，全部重新折叠", "events, all folded again", found.events);
  row("变化，与折叠结果一致", "changes shown", found.changes);
  row("日志中的记录，链完整", "records in the log, chained", found.log_records);
  row("审计文件链", "chains of audit files", found.audit_files);
  row("视图行，与折叠结果一致", "rows of views compared", found.rows);
  row("已删除个人信息的订单", "orders forgotten", found.forgotten);
  for (const auto& text : found.faults) fmt::print("{} {}\n", style.paint(Ink::Red, "✗"), text);
  if (found.fault_count > found.faults.size())
    fmt::print("  … {}\n", grouped(found.fault_count - found.faults.size()));
  if (found.fault_count == 0)
    fmt::print(
        "{} {}\n", style.paint(Ink::Green, "✓"),
        common.say("链、数据堆、视图、哈希全部一致", "chains, piles, views and hashes agree"));
  else
    fmt::print("{} {}\n", grouped(found.fault_count), common.say("处问题", "faults"));
}

Result<Verification> run(Common& common) {
  CAIRN_TRY(auto offline, Offline::open(common.settings));
  Progress bar(std::string(common.say("核对", "verifying")),
               common.is_json ? Progress::Show::Never : Progress::Show::IfTerminal);
  return verify(*offline, [&](std::uint64_t done, std::uint64_t total) { bar.at(done, total); });
}

}  // namespace

void add_verify(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "verify", "Check chains, piles, views and hashes of a data folder / 核对数据");
  add_folder_options(*command, common);
  add_json_option(*command, common);
  command->footer(
      "Exit code 0: all agrees; 4: faults were found; 1: it could not be checked.\n"
      "No server may run on the folder; a backup can be verified with --data <backup>.");
  command->callback([&common, command] {
    read_settings(common, *command);
    const auto found = run(common);
    if (!found) return complain(common, found.error());
    if (common.is_json)
      fmt::print("{}\n", to_json(*found));
    else
      print_text(common, *found);
    if (found->fault_count > 0) common.exit_code = 4;
  });
}

}  // namespace cairn::app

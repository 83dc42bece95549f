#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/backup.hpp"
#include "app/client.hpp"
#include "app/offline.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"

/// `cairn backup`: one moment of a data folder, of a stopped one or through its running server.
namespace cairn::app {
namespace {

Progress bar_of(const Common& common, std::string_view zh, std::string_view en) {
  return Progress(std::string(common.say(zh, en)),
                  common.is_json ? Progress::Show::Never : Progress::Show::IfTerminal);
}

/// What is printed: the answer of the server, or its like.
Result<std::string> run(Common& common, const std::string& to) {
  const auto target = std::filesystem::absolute(to).string();
  if (!common.server.empty()) {
    Client client(common);
    std::string body;
    json::Writer w(body);
    w.begin_object().field("folder", target).end_object();
    ports::HttpRequest request{.body = std::move(body), .timeout = seconds(0)};
    request.headers.emplace_back("Content-Type", "application/json");
    CAIRN_TRY(const auto answer, client.send("POST", "/v1/admin/backup", std::move(request)));
    if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
    return answer.body;
  }
  CAIRN_TRY(auto offline, Offline::open(common.settings));
  std::vector<std::uint64_t> numbers;
  for (const auto& log : offline->installation().stores().logs) numbers.push_back(log->durable());
  auto bar = bar_of(common, "备份", "backing up");
  CAIRN_TRY(const auto made, back_up({offline->folder(), offline->installation().stores(),
                                      offline->tables(), numbers, offline->clock().now()},
                                     target, [&](auto done, auto total) { bar.at(done, total); }));
  std::string out;
  json::Writer w(out);
  w.begin_object().field("folder", target).field("made_at", made.made);
  w.field("bytes", made.bytes).end_object();
  return out;
}

}  // namespace

void add_backup(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("backup", "Copy the data as of one moment / 备份（同一时刻）");
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, "A folder that is not there yet / 目标文件夹")->required();
  add_folder_options(*command, common);
  add_server_options(*command, common);
  add_json_option(*command, common);
  command->footer(
      "With --server a running server makes it, on its own machine; without, no server may run.\n"
      "A backup holds the wrapped keys of orders and the master key: keep it as safe as the data.\n"
      "带 --server 时由运行中的服务备份；备份含密钥，请妥善保管。");
  command->callback([&common, folder, command] {
    read_settings(common, *command);
    const auto made = run(common, *folder);
    if (!made) return complain(common, made.error());
    if (common.is_json)
      fmt::print("{}\n", *made);
    else
      fmt::print("cairn: {} {}\n", common.say("备份已写入", "backed up into"), *folder);
  });
}

void add_restore(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("restore", "Make a data folder of a backup / 从备份恢复");
  auto from = std::make_shared<std::string>();
  command->add_option("backup", *from, "Folder of the backup / 备份文件夹")->required();
  add_folder_options(*command, common);
  add_json_option(*command, common);
  command->footer("--data must name a folder that is not there yet, or is empty.");
  command->callback([&common, from, command] {
    read_settings(common, *command);
    auto bar = bar_of(common, "恢复", "restoring");
    const auto made =
        restore(*from, common.settings.data, [&](auto done, auto total) { bar.at(done, total); });
    bar.clear();
    if (!made) return complain(common, made.error());
    if (common.is_json) {
      std::string out;
      json::Writer w(out);
      w.begin_object().field("data", common.settings.data).field("made_at", made->made);
      w.field("bytes", made->bytes).end_object();
      fmt::print("{}\n", out);
      return;
    }
    fmt::print("cairn: {} {} {} {}\n", common.settings.data,
               common.say("已恢复到", "is as it was at"), format_rfc3339(made->made),
               common.say("；API 密钥仍是备份时的那个", "; the API key is the one of that time"));
  });
}

}  // namespace cairn::app

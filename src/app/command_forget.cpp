#include <semaphore>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/client.hpp"
#include "app/forget.hpp"
#include "app/offline.hpp"
#include "json/writer.hpp"

/// `cairn forget`: destroys the key of an order's personal data.
namespace cairn::app {
namespace {

Result<std::string> by_server(Common& common, const std::string& typed) {
  Client client(common);
  CAIRN_TRY(const auto id, client.find_order(typed));
  std::string body;
  json::Writer w(body);
  w.begin_object().field("order", id).end_object();
  return client.post("/v1/admin/forget", std::move(body));
}

Result<model::OrderId> find_offline(Offline& offline, const std::string& typed) {
  const auto wanted = model::normalise_reference("order", typed);
  std::vector<model::OrderId> found;
  const auto id = model::parse_order_id(typed);
  offline.installation().rows().each([&](const orders::Row& row) {
    if ((id && row.id == *id) || model::normalise_reference("order", row.order_no()) == wanted)
      found.push_back(row.id);
  });
  if (found.size() == 1) return found[0];
  if (found.empty())
    return fail(ErrorCode::NotFound, fmt::format("no order with the number or id {}", typed));
  std::vector<std::string> ids;
  for (const auto& each : found) ids.push_back(model::to_text(each));
  return fail(ErrorCode::Invalid, fmt::format("several orders have the number {}: {}; name one by "
                                              "its id",
                                              typed, fmt::join(ids, ", ")));
}

Result<std::string> by_folder(Common& common, const std::string& typed) {
  CAIRN_TRY(auto offline, Offline::open(common.settings));
  CAIRN_TRY_VOID(offline->load());
  CAIRN_TRY(const auto id, find_offline(*offline, typed));
  offline->start();
  std::binary_semaphore done(0);
  Result<Forgotten> outcome;
  const model::Origin by{"cairn", 200, model::Role::Admin, "command line", "", "", ""};
  CAIRN_TRY(auto attachments,
            Attachments::open(offline->folder().storage(), offline->folder().path("attachments"),
                              *offline->installation().stores().keys));
  forget(offline->installation(), attachments, id, by, offline->clock().now(),
         [&](Result<Forgotten> forgotten) {
           outcome = std::move(forgotten);
           done.release();
         });
  done.acquire();
  offline->stop();
  if (!outcome) return std::unexpected(outcome.error());
  std::string out;
  json::Writer w(out);
  w.begin_object().field("order", model::to_text(id));
  w.field("keys_destroyed", std::uint64_t{outcome->keys});
  w.field("files_removed", std::uint64_t{outcome->files}).end_object();
  return out;
}

}  // namespace

void add_forget(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "forget", "Destroy the personal data of an order for good / 永久删除订单的个人信息");
  auto order = std::make_shared<std::string>();
  auto is_sure = std::make_shared<bool>(false);
  command->add_option("order", *order, "Order number or id / 订单号或 id")->required();
  command->add_flag("--yes", *is_sure, "It cannot be undone, and is meant / 确认，无法撤销")
      ->required();
  add_folder_options(*command, common);
  add_server_options(*command, common);
  add_json_option(*command, common);
  command->footer(
      "Chains, state hashes and figures stay valid. Keys in backups made before are not reached:\n"
      "let those expire. With --server through a running server on this machine, else on a folder\n"
      "without one. 更早的备份中仍有密钥，请让其过期。");
  command->callback([&common, order, is_sure, command] {
    read_settings(common, *command);
    const auto done = common.server.empty() ? by_folder(common, *order) : by_server(common, *order);
    if (!done) return complain(common, done.error());
    if (common.is_json)
      fmt::print("{}\n", *done);
    else
      fmt::print("cairn: {} {}\n", *order,
                 common.say("的个人信息已永久删除", "is forgotten: its personal data is gone"));
  });
}

}  // namespace cairn::app

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/client.hpp"
#include "app/order_text.hpp"

/// `cairn order show|timeline`: one order of a running server.
namespace cairn::app {
namespace {

struct Asked {
  std::string number, at, known_at;
};

/// With what the server calls its states; without their names it goes as well.
TextOptions options_of(const Common& common, Client& client) {
  TextOptions options{Style::of_stdout(), common.is_chinese(), local_offset_seconds, {}};
  const auto text = client.get("/v1/meta");
  json::Document document;
  if (!text) return options;
  if (const auto meta = document.parse(*text))
    options.states = state_words(*meta, options.is_chinese);
  return options;
}

std::string query_of(const Asked& asked) {
  std::string query;
  if (!asked.at.empty()) query += "?at=" + url_encoded(asked.at);
  if (!asked.known_at.empty())
    query += (query.empty() ? "?known_at=" : "&known_at=") + url_encoded(asked.known_at);
  return query;
}

Result<void> show(Common& common, const Asked& asked) {
  Client client(common);
  CAIRN_TRY(const auto id, client.find_order(asked.number));
  CAIRN_TRY(const auto text, client.get("/v1/orders/" + id + query_of(asked)));
  if (common.is_json) {
    fmt::print("{}\n", text);
    return {};
  }
  json::Document document;
  CAIRN_TRY(const auto order, document.parse(text));
  fmt::print("{}", order_text(order, options_of(common, client)));
  return {};
}

/// All pages of it, as one.
Result<std::string> whole_timeline(Client& client, const std::string& id) {
  std::string items, cursor;
  for (;;) {
    CAIRN_TRY(const auto text, client.get(fmt::format("/v1/orders/{}/timeline?limit=1000{}{}", id,
                                                      cursor.empty() ? "" : "&cursor=", cursor)));
    json::Document document;
    CAIRN_TRY(const auto page, document.parse(text));
    if (const auto list = page.find("items"))
      list->elements([&](json::Value item) {
        if (!items.empty()) items += ',';
        item.append_canonical(items);
        return true;
      });
    const auto next = page.find("next_cursor");
    cursor = next ? std::string(next->as_string().value_or("")) : "";
    if (!cursor.empty()) continue;
    const auto version = page.find("version");
    return fmt::format(R"({{"items":[{}],"version":{}}})", items,
                       version ? version->as_integer().value_or(0) : 0);
  }
}

Result<void> timeline(Common& common, const Asked& asked) {
  Client client(common);
  CAIRN_TRY(const auto id, client.find_order(asked.number));
  CAIRN_TRY(const auto page_text, whole_timeline(client, id));
  if (common.is_json) {
    fmt::print("{}\n", page_text);
    return {};
  }
  CAIRN_TRY(const auto order_json, client.get("/v1/orders/" + id));
  json::Document order_document, page_document;
  CAIRN_TRY(const auto order, order_document.parse(order_json));
  CAIRN_TRY(const auto page, page_document.parse(page_text));
  fmt::print("{}", timeline_text(order, page, options_of(common, client)));
  return {};
}

void add(CLI::App& parent, Common& common, const std::shared_ptr<Asked>& asked, const char* name,
         const char* about, Result<void> (*run)(Common&, const Asked&)) {
  auto* command = parent.add_subcommand(name, about);
  command
      ->add_option("order", asked->number,
                   "Order number, Cairn id, or a number of another system / 订单号或 id")
      ->required();
  if (run == show) {
    command->add_option("--at", asked->at, "As it was at this time (RFC 3339) / 当时的状态");
    command->add_option("--known-at", asked->known_at,
                        "… by what was known at this time / 按当时已知的信息");
  }
  add_server_options(*command, common);
  add_json_option(*command, common);
  command->callback([&common, asked, command, run] {
    read_settings(common, *command);
    if (auto done = run(common, *asked); !done) complain(common, done.error());
  });
}

}  // namespace

void add_order(CLI::App& app, Common& common) {
  auto* order = app.add_subcommand("order", "Look at one order / 查看一个订单");
  order->require_subcommand(1);
  auto asked = std::make_shared<Asked>();
  add(*order, common, asked, "show", "State, lines, packages, promises / 订单概况", show);
  add(*order, common, asked, "timeline", "Everything that happened, by day / 时间线", timeline);
}

}  // namespace cairn::app

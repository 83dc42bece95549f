#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <semaphore>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/import.hpp"
#include "app/offline.hpp"
#include "app/records.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"
#include "modules/orders/fold.hpp"
#include "ports/storage.hpp"

/// `cairn bench`: what this machine makes of the kernel, in a few seconds. The measured table with
/// its loads and references is ./dev bench.
namespace cairn::app {
namespace {

struct Measured {
  std::uint64_t orders = 0, facts = 0;
  double accept_seconds = 0, fold_seconds = 0, plain_seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

/// Four facts of an order, as lines of NDJSON.
std::string lines_of(std::uint64_t order) {
  const auto package = fmt::format(R"("package":"1","number":"B{}","carrier":"bench")", order);
  const std::pair<std::string_view, std::string> facts[]{
      {"order_placed",
       R"("lines":[{"id":"1","sku":"BENCH","quantity":2}],"total":12900,"currency":"CNY")"},
      {"payment_received", R"("in_full":true,"amount":12900)"},
      {"package_shipped", package},
      {"package_delivered", package}};
  std::string out;
  int day = 0;
  for (const auto& [type, data] : facts) {
    ++day;
    out += fmt::format(R"({{"type":"{0}","order":"B{1}","id":"B{1}/{2}",)"
                       R"("occurred":"2026-01-0{2}T08:00:00Z","data":{{{3}}}}})"
                       "\n",
                       type, order, day, data);
  }
  return out;
}

Result<double> accept(Offline& offline, const std::vector<std::string>& lines) {
  integration::EventReader reader(offline.installation().definitions().sources);
  integration::Sender sender;
  sender.default_source = "generic";
  auto import = std::make_shared<Import>(offline.installation(), "");
  const auto from = std::chrono::steady_clock::now();
  std::uint64_t number = 0;
  std::binary_semaphore never(0);
  for (const auto& line : lines) {
    import->take(++number, reader.read_line(line, sender));
    while (import->in_flight() > 8'192 || (import->has_held() && !import->retry()))
      (void)never.try_acquire_for(std::chrono::microseconds(200));
  }
  while (!import->retry()) (void)never.try_acquire_for(std::chrono::microseconds(200));
  std::binary_semaphore done(0);
  import->finish([&](const Import&) { done.release(); });
  done.acquire();
  const auto took = seconds_since(from);
  if (import->counts().rejected == 0) return took;
  return std::unexpected(import->faults().front().error);
}

/// The full fold of every order from its stored records, as a start or a rebuild does it.
Result<double> fold(Offline& offline) {
  auto& stores = offline.installation().stores();
  const auto& context = offline.installation().context();
  const auto now = offline.clock().now();
  double took = 0;
  for (std::size_t i = 0; i < stores.logs.size(); ++i)
    CAIRN_TRY_VOID(each_aggregate(
        *stores.logs[i], *stores.piles[i], [&](const StoredAggregate& stored) -> Result<void> {
          if (stored.key.kind != model::kOrderKind) return {};
          const auto from = std::chrono::steady_clock::now();
          CAIRN_TRY(const auto events, core::events_of(stored.records, stored.key));
          orders::Order order;
          order.key = stored.key;
          orders::fold_all(order, events, now, context);
          took += seconds_since(from);
          return {};
        }));
  return took;
}

/// The reference of the same minute: the same bytes appended to a file and synced, 256 lines a
/// time.
Result<double> append_plainly(DataFolder& folder, const std::vector<std::string>& lines) {
  CAIRN_TRY(const auto file,
            folder.storage().open(folder.path("plain"), ports::Storage::Mode::CreateNew));
  const auto from = std::chrono::steady_clock::now();
  std::uint64_t at = 0;
  std::string group;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    group += lines[i];
    if ((i + 1) % 256 != 0 && i + 1 != lines.size()) continue;
    CAIRN_TRY_VOID(file->write_at(at, group));
    CAIRN_TRY_VOID(file->sync());
    at += group.size();
    group.clear();
  }
  return seconds_since(from);
}

Result<Measured> measure(Common& common, std::uint64_t orders, const std::string& data) {
  auto settings = common.settings;
  settings.data = data;
  CAIRN_TRY(auto offline, Offline::open(settings, Offline::If::ExistsOrMake));
  CAIRN_TRY_VOID(offline->load());
  Measured out;
  out.orders = orders;
  std::vector<std::string> lines;
  for (std::uint64_t i = 0; i < orders; ++i) {
    const auto text = lines_of(i);
    for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
      end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
    }
  }
  out.facts = lines.size();
  offline->start();
  CAIRN_TRY(out.accept_seconds, accept(*offline, lines));
  offline->stop();
  CAIRN_TRY(out.fold_seconds, fold(*offline));
  CAIRN_TRY(out.plain_seconds, append_plainly(offline->folder(), lines));
  return out;
}

void print(const Common& common, const Measured& m) {
  const double facts = static_cast<double>(m.facts), orders = static_cast<double>(m.orders);
  if (common.is_json) {
    std::string out;
    json::Writer w(out);
    w.begin_object().field("orders", m.orders).field("facts", m.facts);
    w.field("facts_per_second", facts / m.accept_seconds);
    w.field("plain_append_per_second", facts / m.plain_seconds);
    w.field("fold_microseconds_per_order", m.fold_seconds * 1e6 / orders).end_object();
    fmt::print("{}\n", out);
    return;
  }
  fmt::print("{}  {} {}, {} {}\n", common.say("内核", "kernel"), grouped(m.orders),
             common.say("个订单", "orders"), grouped(m.facts), common.say("条事实", "facts"));
  fmt::print("  {}  {:>10.0f} /s\n",
             pad(common.say("解析、折叠、落盘的事实", "facts parsed, folded and durable"), 44),
             facts / m.accept_seconds);
  fmt::print("  {}  {:>10.0f} /s  ×{:.2f}\n",
             pad(common.say("参照：同样的字节直接追加并同步",
                            "reference: the same bytes, appended plainly"),
                 44),
             facts / m.plain_seconds, m.accept_seconds / m.plain_seconds);
  fmt::print("  {}  {:>10.1f} µs\n",
             pad(common.say("完整折叠一个订单", "full fold of an order"), 44),
             m.fold_seconds * 1e6 / orders);
  fmt::print("{}\n", common.say("完整的基准测试（含参照与机器信息）：./dev bench",
                                "the whole table, with loads and references: ./dev bench"));
}

}  // namespace

void add_bench(CLI::App& app, Common& common) {
  auto* command =
      app.add_subcommand("bench", "A short benchmark of the kernel here / 本机内核简测");
  auto orders = std::make_shared<std::uint64_t>(5'000);
  command->add_option("--orders", *orders, "Orders of four facts each / 订单数 [5000]")
      ->check(CLI::Range(1, 10'000'000));
  command->add_option("--definitions", common.given.definitions,
                      "Folder of definitions / 定义目录");
  add_json_option(*command, common);
  command->footer("Works in a temporary folder below TMPDIR, which is removed afterwards.");
  command->callback([&common, orders, command] {
    read_settings(common, *command);
    auto folder = (std::filesystem::temp_directory_path() / "cairn-bench-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr)
      return complain(common, {ErrorCode::Io, folder + ": " + std::strerror(errno), ""});
    const auto measured = measure(common, *orders, folder);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    if (!measured) return complain(common, measured.error());
    print(common, *measured);
  });
}

}  // namespace cairn::app

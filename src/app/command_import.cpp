#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "adapters/system/system_clock.hpp"
#include "app/import_run.hpp"
#include "app/terminal.hpp"
#include "base/text.hpp"

/// `cairn import`: a folder of files into a data folder or a running server.
namespace cairn::app {
namespace {

struct Asked {
  std::string source, folder, at, cut;
};

Result<Time> moment_of(const std::string& text, std::string_view option) {
  auto parsed = parse_rfc3339(text);
  if (!parsed) {
    parsed.error().message = fmt::format("{}: {}", option, parsed.error().message);
    return std::unexpected(parsed.error());
  }
  return parsed->time;
}

Result<orders::ToldReporter::Options> report_options(const Asked& asked) {
  orders::ToldReporter::Options options{system::SystemClock().now(), std::nullopt};
  if (!asked.at.empty()) {
    CAIRN_TRY(options.at, moment_of(asked.at, "--at"));
  }
  if (!asked.cut.empty()) {
    CAIRN_TRY(const auto cut, moment_of(asked.cut, "--cut"));
    options.cut = cut;
  }
  return options;
}

Result<ImportOutcome> run(Common& common, const Asked& asked) {
  CAIRN_TRY(const auto source, read_import_source(asked.source, common.settings.definitions));
  Progress bar(std::string(common.say("导入", "importing")),
               common.is_json ? Progress::Show::Never : Progress::Show::IfTerminal);
  ImportOptions options;
  options.folder = asked.folder;
  CAIRN_TRY(options.report, report_options(asked));
  options.progress = [&](const integration::ImportCounts& counts) {
    bar.at(counts.bytes_read, counts.bytes_total,
           fmt::format("{} {}", grouped(counts.orders), common.say("个订单", "orders")));
  };
  if (!common.server.empty()) {
    Client client(common);
    CAIRN_TRY(const auto folder, find_folder("definitions", common.settings.definitions));
    CAIRN_TRY(const auto definitions, load_definitions(folder));
    const auto context = definitions->context();
    return import_by_http(client, source, context, options);
  }
  CAIRN_TRY(auto offline, Offline::open(common.settings, Offline::If::ExistsOrMake));
  CAIRN_TRY_VOID(offline->load());
  offline->start();
  auto outcome = import_locally(*offline, source, options);
  bar.at(1, 1, common.say("写入数据堆 …", "writing the piles …"));
  offline->stop();
  return outcome;
}

// ---- JSON ---------------------------------------------------------------------------------------

void write_counts(json::Writer& w, std::string_view name,
                  const std::map<std::string, std::uint64_t>& counts) {
  w.key(name).begin_object();
  for (const auto& [key, count] : counts) w.field(key, count);
  w.end_object();
}

std::map<std::string, std::uint64_t> facts_by_name(const ImportOutcome& outcome) {
  std::map<std::string, std::uint64_t> facts;
  for (const auto& [type, count] : outcome.told.facts)
    facts[std::string(model::row_of(type).name)] = count;
  return facts;
}

std::string to_json(const ImportOutcome& outcome) {
  std::string out;
  json::Writer w(out);
  w.begin_object().text_if("import", outcome.import).field("orders", outcome.told.orders);
  write_counts(w, "facts", facts_by_name(outcome));
  w.field("read", outcome.counts.read).field("accepted", outcome.counts.accepted);
  w.field("duplicates", outcome.counts.duplicates).field("waiting", outcome.counts.waiting);
  w.field("rejected", outcome.counts.rejected);
  w.field("rows_unread", outcome.told.rows_unread).field("facts_unread", outcome.told.facts_unread);
  write_counts(w, "rows_without_order", outcome.told.rows_without_order);
  write_counts(w, "orders_without_row", outcome.told.orders_without_row);
  w.key("problems").begin_array();
  for (const auto& problem : outcome.problems)
    w.begin_object()
        .field("file", problem.file)
        .field("line", problem.line)
        .field("message", problem.message)
        .end_object();
  w.end_array().key("rejected_lines").begin_array();
  for (const auto& line : outcome.rejected) write_line_result(w, line);
  for (const auto& line : outcome.rejected_by_server) w.value(line);
  w.end_array();
  const auto& report = outcome.report;
  w.key("report").begin_object().field("orders", report.orders);
  w.field("follows_from_dates", report.from_dates);
  w.field("follows_from_snapshot", report.from_snapshot).field("neither", report.neither);
  write_counts(w, "from_dates", report.from_dates_by_headline);
  write_counts(w, "from_snapshot", report.from_snapshot_by_headline);
  write_counts(w, "headlines", report.headlines);
  w.key("by_word").begin_object();
  for (const auto& [word, headlines] : report.by_word) write_counts(w, word, headlines);
  w.end_object();
  write_counts(w, "findings", report.findings);
  write_counts(w, "conflicts", report.conflicts);
  w.end_object().text_if("position", outcome.position).end_object();
  return out;
}

// ---- text ---------------------------------------------------------------------------------------

class Printer {
 public:
  explicit Printer(const Common& common) : common_(common), style_(Style::of_stdout()) {}

  void title(std::string_view zh, std::string_view en) const {
    fmt::print("\n{}\n", style_.paint(Ink::Bold, common_.say(zh, en)));
  }
  void row(std::string_view name, std::uint64_t count, std::string_view note = {}) const {
    fmt::print("  {}  {}{}{}\n", pad(name, 46), pad_left(grouped(count), 11),
               note.empty() ? "" : "  ", style_.paint(Ink::Dim, note));
  }
  void rows(const std::map<std::string, std::uint64_t>& counts) const {
    for (const auto& [name, count] : counts)
      if (count > 0) row(name, count);
  }
  const Style& style() const { return style_; }

 private:
  const Common& common_;
  Style style_;
};

std::string joined(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts)
    parts.push_back(fmt::format("{} {}", grouped(count), name));
  return fmt::format("{}", fmt::join(parts, ", "));
}

void print_report(const Common& common, const Printer& print, const ImportOutcome& outcome) {
  const auto& report = outcome.report;
  if (report.from_dates + report.from_snapshot + report.neither > 0) {
    print.title("来源状态从何而来", "Where the source's status follows from");
    print.row(common.say("由带日期的事实推出", "from the dated facts alone"), report.from_dates,
              joined(report.from_dates_by_headline));
    print.row(common.say("只由状态快照得出", "only from the status snapshot"), report.from_snapshot,
              joined(report.from_snapshot_by_headline));
    print.row(common.say("两者都不能", "from neither"), report.neither);
  }
  print.title("矛盾与缺口", "Contradictions and gaps");
  for (const auto& [table, count] : outcome.told.orders_without_row)
    print.row(fmt::format("{} {}", common.say("没有行的订单：", "orders without a row of"), table),
              count);
  print.rows(report.findings);
  if (!report.conflicts.empty()) {
    print.title("订单中标出的矛盾", "Conflicts marked on orders");
    print.rows(report.conflicts);
  }
}

void print_text(const Common& common, const ImportOutcome& outcome) {
  constexpr std::size_t kShown = 20;
  const Printer print(common);
  print.title("文件所说", "What the files tell");
  print.row(common.say("订单", "orders"), outcome.told.orders);
  print.rows(facts_by_name(outcome));
  if (outcome.told.rows_unread + outcome.told.facts_unread > 0) {
    print.row(common.say("读不了的行", "rows that cannot be read"), outcome.told.rows_unread);
    print.row(common.say("读不了的事实", "facts that cannot be read"), outcome.told.facts_unread);
  }
  print.title("写入结果", "What became of them");
  print.row(common.say("已接收", "accepted"), outcome.counts.accepted);
  print.row(common.say("重复", "duplicates"), outcome.counts.duplicates);
  print.row(common.say("等待匹配", "waiting"), outcome.counts.waiting);
  print.row(common.say("被拒绝", "rejected"), outcome.counts.rejected);
  for (std::size_t i = 0; i < std::min(kShown, outcome.rejected.size()); ++i)
    fmt::print("    {} {} {}\n", outcome.rejected[i].line, outcome.rejected[i].error.message,
               outcome.rejected[i].error.pointer);
  for (std::size_t i = 0; i < std::min(kShown, outcome.rejected_by_server.size()); ++i)
    fmt::print("    {}\n", outcome.rejected_by_server[i]);
  if (!outcome.problems.empty()) print.title("文件中的问题", "Problems of the files");
  for (std::size_t i = 0; i < std::min(kShown, outcome.problems.size()); ++i) {
    const auto& problem = outcome.problems[i];
    fmt::print("  {}:{}: {}\n", problem.file, problem.line, problem.message);
  }
  if (outcome.problems.size() > kShown)
    fmt::print("  … {} {}\n", outcome.problems.size() - kShown,
               common.say("条未列出，用 --json 查看", "more; --json shows them"));
  print_report(common, print, outcome);
}

}  // namespace

void add_import(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "import", "Bring a folder of CSV files in, by a declared mapping / 按映射导入文件夹");
  auto asked = std::make_shared<Asked>();
  command
      ->add_option("--source", asked->source,
                   "Definition of the source: a file, or its id / 数据源定义文件或编号")
      ->required();
  command->add_option("folder", asked->folder, "Folder with the files, gzip accepted / 文件夹")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--at", asked->at, "The report sees orders as of this time [now] / 报告时点");
  command->add_option("--cut", asked->cut,
                      "Also report what was unknown or overdue then / 同时报告该时点未知或超时的");
  add_folder_options(*command, common);
  add_server_options(*command, common);
  add_json_option(*command, common);
  command->footer(
      "Without --server the files go into the data folder, on which no server may run.\n"
      "Importing again writes nothing: what was accepted is a duplicate then.\n"
      "不带 --server 时直接写入数据目录（此时不能有服务在运行）；重复导入不会写入任何内容。");
  command->callback([&common, asked, command] {
    read_settings(common, *command);
    const auto outcome = run(common, *asked);
    if (!outcome) return complain(common, outcome.error());
    if (common.is_json)
      fmt::print("{}\n", to_json(*outcome));
    else
      print_text(common, *outcome);
    if (outcome->counts.rejected > 0 || outcome->told.rows_unread + outcome->told.facts_unread > 0)
      common.exit_code = 3;
  });
}

}  // namespace cairn::app

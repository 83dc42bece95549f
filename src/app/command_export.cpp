#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/command_line.hpp"
#include "app/csv_out.hpp"
#include "app/offline.hpp"
#include "app/records.hpp"
#include "app/terminal.hpp"
#include "modules/integration/cloud_events.hpp"

/// `cairn export events|orders|audit`: out of a data folder, or a backup, in formats others read.
namespace cairn::app {
namespace {

struct Asked {
  std::string out;
  bool has_personal = false;
};

/// Where an export goes: a file, or standard output.
class Sink {
 public:
  static Result<Sink> open(const std::string& path) {
    if (path.empty()) return Sink(stdout);
    auto* file = std::fopen(path.c_str(), "wxb");
    if (file == nullptr)
      return fail(ErrorCode::Io, fmt::format("{}: {}; a file that is there is not overwritten",
                                             path, std::strerror(errno)));
    return Sink(file);
  }
  Sink(Sink&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  ~Sink() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  }

  Result<void> write(std::string& text) {
    const bool is_done = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
    text.clear();
    if (is_done) return {};
    return fail(ErrorCode::Io,
                fmt::format("the export cannot be written: {}", std::strerror(errno)));
  }
  Result<void> close() {
    const bool is_done = std::fflush(file_) == 0;
    if (is_done) return {};
    return fail(ErrorCode::Io,
                fmt::format("the export cannot be written: {}", std::strerror(errno)));
  }

 private:
  explicit Sink(std::FILE* file) : file_(file) {}
  std::FILE* file_;
};

/// Calls `visit` for every order of every shard.
Result<void> each_order(Common& common, Offline& offline,
                        const std::function<Result<void>(const StoredAggregate&)>& visit) {
  Progress bar(std::string(common.say("导出", "exporting")), Progress::Show::IfTerminal);
  auto& stores = offline.installation().stores();
  std::uint64_t done = 0;
  for (std::size_t i = 0; i < stores.logs.size(); ++i)
    CAIRN_TRY_VOID(each_aggregate(*stores.logs[i], *stores.piles[i],
                                  [&](const StoredAggregate& stored) -> Result<void> {
                                    if (stored.key.kind != model::kOrderKind) return {};
                                    bar.at(++done, 0, common.say("个订单", "orders"));
                                    return visit(stored);
                                  }));
  return {};
}

/// Facts and accepted commands, each as a CloudEvent. Its id is the identity Cairn knows it by.
Result<void> export_events(Common& common, const Asked& asked, Offline& offline, Sink& sink) {
  const auto& sealer = offline.installation().sealer();
  std::string out;
  return each_order(common, offline, [&](const StoredAggregate& stored) -> Result<void> {
    CAIRN_TRY(auto events, core::events_of(stored.records, stored.key));
    for (auto& event : events) {
      const auto id = to_hex(event.id.view());
      if (asked.has_personal) sealer.open(event);
      model::Told told{std::move(event), model::order_of(stored.key), std::nullopt};
      integration::append_cloud_event(out, told, id);
      out += '\n';
    }
    return sink.write(out);
  });
}

Result<void> export_orders(Common& common, const Asked&, Offline& offline, Sink& sink) {
  CAIRN_TRY_VOID(offline.load());
  const auto now = offline.clock().now();
  const auto& context = offline.installation().context();
  const auto& names = offline.installation().rows().names();
  const auto when = [](Time t) {
    return t.is_none() || t == Time::never() ? std::string() : format_rfc3339(t);
  };
  std::string out(kCsvMark);
  append_csv_row(out, {"id", "order_no", "state", "state_label", "category", "milestone", "health",
                       "placed_at", "promised_at", "delivered_at", "changed_at", "shop",
                       "warehouse", "source", "total", "currency", "lines", "packages", "version"});
  offline.installation().rows().each([&](const orders::Row& row) {
    const auto& state = context.lifecycle_at(row.lifecycle).state(row.state);
    const auto& label = state.staff_label();
    const std::string_view milestone =
        row.milestone == 0xff ? "" : name_of(static_cast<model::Milestone>(row.milestone));
    const auto total = row.total == orders::kUnset ? std::string() : std::to_string(row.total);
    append_csv_row(out, {model::to_text(row.id), std::string(row.order_no()), state.code(),
                         common.say(label.zh, label.en), name_of(row.category), milestone,
                         name_of(row.health(now)), when(row.placed), when(row.promised),
                         when(row.delivered), when(row.changed), names.text(row.shop),
                         names.text(row.warehouse), names.text(row.source), total,
                         names.text(row.currency), std::to_string(row.line_count),
                         std::to_string(row.package_count), std::to_string(row.version)});
  });
  return sink.write(out);
}

struct AuditCells {
  std::string recorded, actor, role, ip, source, request, what, outcome, reason, number;
};

std::optional<AuditCells> audit_of(const ports::AggregateKey& key,
                                   const core::StoredRecord& record) {
  AuditCells cells;
  cells.recorded = format_rfc3339(record.recorded);
  cells.number = std::to_string(record.number);
  const auto fill = [&](const model::Origin& origin) {
    cells.actor = origin.actor;
    cells.role = name_of(origin.role);
    cells.ip = origin.ip;
    cells.source = origin.source;
    cells.request = origin.request;
  };
  if (record.type == ports::RecordType::Refusal) {
    const auto refusal = core::decode_refusal(record.body);
    if (!refusal) return std::nullopt;
    fill(refusal->origin);
    cells.what = refusal->command;
    cells.outcome = "refused";
    cells.reason = refusal->error.message;
    return cells;
  }
  const bool is_wording = record.type == ports::RecordType::Wording;
  if (record.type != ports::RecordType::Event && !is_wording) return std::nullopt;
  const auto event =
      model::decode_event({record.type, key, record.number, record.recorded, record.body});
  if (!event) return std::nullopt;
  fill(event->origin);
  cells.what = model::row_of(event->type).name;
  cells.outcome = is_wording ? "duplicate" : "accepted";
  return cells;
}

Result<void> export_audit(Common& common, const Asked&, Offline& offline, Sink& sink) {
  std::string out(kCsvMark);
  append_csv_row(out, {"recorded", "order", "actor", "role", "ip", "source", "request", "what",
                       "outcome", "reason", "number"});
  CAIRN_TRY_VOID(each_order(common, offline, [&](const StoredAggregate& stored) -> Result<void> {
    const auto order = model::to_text(model::order_of(stored.key));
    for (const auto& record : stored.records)
      if (const auto row = audit_of(stored.key, record))
        append_csv_row(out, {row->recorded, order, row->actor, row->role, row->ip, row->source,
                             row->request, row->what, row->outcome, row->reason, row->number});
    return sink.write(out);
  }));
  return sink.write(out);
}

using Exporting = Result<void> (*)(Common&, const Asked&, Offline&, Sink&);

Result<void> run(Common& common, const Asked& asked, Exporting exporting) {
  CAIRN_TRY(auto offline, Offline::open(common.settings));
  CAIRN_TRY(auto sink, Sink::open(asked.out));
  CAIRN_TRY_VOID(exporting(common, asked, *offline, sink));
  return sink.close();
}

void add(CLI::App& parent, Common& common, const char* name, const char* about,
         Exporting exporting) {
  auto* command = parent.add_subcommand(name, about);
  auto asked = std::make_shared<Asked>();
  command->add_option("--out", asked->out, "A file that is not there yet [standard output] / 文件");
  if (exporting == export_events)
    command->add_flag("--with-personal", asked->has_personal,
                      "Names, phones and addresses in plain text; else *** / 含个人信息明文");
  add_folder_options(*command, common);
  command->callback([&common, asked, command, exporting] {
    read_settings(common, *command);
    if (auto done = run(common, *asked, exporting); !done) complain(common, done.error());
  });
}

}  // namespace

void add_export(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "export", "Events as CloudEvents, orders or audit as CSV / 导出事件、订单或审计");
  command->require_subcommand(1);
  command->footer("From a data folder without a server, or from a backup with --data <backup>.");
  add(*command, common, "events", "All orders' events, a CloudEvent a line / 全部事件 (NDJSON)",
      export_events);
  add(*command, common, "orders", "A row an order, CSV with BOM / 订单 (CSV)", export_orders);
  add(*command, common, "audit", "Who did what when, CSV with BOM / 审计 (CSV)", export_audit);
}

}  // namespace cairn::app

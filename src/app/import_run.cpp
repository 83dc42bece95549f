#include "app/import_run.hpp"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <semaphore>

#include <fmt/format.h>

#include "app/import.hpp"

namespace cairn::app {
namespace {

constexpr std::size_t kDefinitionBytesMax = 1024 * 1024;
/// Beyond this many without an answer nothing more is read.
constexpr std::size_t kInFlightMax = 16'384;

/// The files of a folder as facts, each order looked at for the report on its way.
class Reading {
 public:
  Reading(integration::Importer importer, const orders::Context& context,
          const ImportSource& source, const ImportOptions& options)
      : importer_(std::move(importer)),
        reporter_(context, report_of(source, options)),
        options_(options) {}

  /// The facts of the next order; false when there are no more.
  Result<bool> next() {
    CAIRN_TRY(const bool is_any, importer_.next(facts_, &ids_));
    if (!is_any) return false;
    std::vector<model::Event> events;
    for (const auto& told : facts_) events.push_back(told.event);
    if (!facts_.empty()) reporter_.add(facts_[0].address(), events);
    if (options_.progress) options_.progress(importer_.counts());
    return true;
  }
  std::vector<model::Told>& facts() { return facts_; }
  const std::vector<std::string>& ids() const { return ids_; }

  void tell(ImportOutcome& outcome) const {
    outcome.told = importer_.counts();
    outcome.problems = importer_.problems();
    outcome.report = reporter_.report();
  }

 private:
  /// Clocks that are set back show an hour twice: it is there again an hour before or after.
  static orders::ToldReporter::Options report_of(const ImportSource& source,
                                                 const ImportOptions& options) {
    auto report = options.report;
    if (const auto zone = source.definition.zone)
      report.is_repeated = [zone = *zone](Time at) {
        const auto shown = zone.to_local(at);
        return zone.to_local(at + hours(1)) == shown || zone.to_local(at - hours(1)) == shown;
      };
    return report;
  }

  integration::Importer importer_;
  orders::ToldReporter reporter_;
  const ImportOptions& options_;
  std::vector<model::Told> facts_;
  std::vector<std::string> ids_;
};

/// Waits until no more than `below` are in flight.
void wait_below(Import& import, std::size_t below) {
  std::binary_semaphore reached(0);
  import.when_below(below, [&] { reached.release(); });
  reached.acquire();
}

/// Gives what found no room again as room comes: as replies arrive, or the drains catch up.
void give_all(Import& import) {
  std::binary_semaphore never(0);
  while (!import.retry()) {
    if (import.in_flight() > kInFlightMax / 4)
      wait_below(import, import.in_flight() / 2);
    else
      (void)never.try_acquire_for(std::chrono::milliseconds(5));
  }
}

std::uint64_t number_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return member ? static_cast<std::uint64_t>(member->as_integer().value_or(0)) : 0;
}

std::string text_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  return std::string(member ? member->as_string().value_or("") : "");
}

Result<void> read_answer(const std::string& body, ImportOutcome& outcome) {
  json::Document document;
  CAIRN_TRY(const auto answer, document.parse(body));
  outcome.import = text_of(answer, "import");
  outcome.position = text_of(answer, "position");
  outcome.counts = {number_of(answer, "read"), number_of(answer, "accepted"),
                    number_of(answer, "duplicates"), number_of(answer, "waiting"),
                    number_of(answer, "rejected")};
  if (const auto lines = answer.find("rejected_lines"))
    lines->elements([&](json::Value line) {
      outcome.rejected_by_server.push_back(fmt::format(
          "{}: {} {}", number_of(line, "line"), text_of(line, "detail"), text_of(line, "pointer")));
      return true;
    });
  return {};
}

}  // namespace

Result<ImportSource> read_import_source(const std::string& named, const std::string& definitions) {
  auto path = std::filesystem::path(named);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) && path.extension() != ".yaml") {
    CAIRN_TRY(const auto folder, find_folder("definitions", definitions));
    path = std::filesystem::path(folder) / "sources" / (named + ".yaml");
  }
  CAIRN_TRY(const auto text, integration::read_text_file(path, kDefinitionBytesMax));
  CAIRN_TRY(auto definition, integration::parse_source(text, path.string()));
  CAIRN_TRY(auto mapping, integration::parse_mapping(text, path.string()));
  return ImportSource{std::move(definition), std::move(mapping)};
}

Result<ImportOutcome> import_locally(Offline& into, const ImportSource& source,
                                     const ImportOptions& options) {
  auto& installation = into.installation();
  if (installation.definitions().sources.find(source.definition.id) == nullptr)
    return fail(ErrorCode::Invalid,
                fmt::format("the source {} is not among the definitions, which say who decides "
                            "about its orders; put its file into the folder sources of them",
                            source.definition.id));
  CAIRN_TRY(auto importer,
            integration::Importer::open(options.folder, source.mapping, source.definition));
  Reading reading(std::move(importer), installation.context(), source, options);
  auto import = std::make_shared<Import>(installation, "");
  std::uint64_t line = 0;
  Result<bool> more = true;
  for (;;) {
    more = reading.next();
    if (!more || !*more) break;
    for (auto& told : reading.facts()) {
      integration::Facts one;
      one.all.push_back(std::move(told));
      import->take(++line, std::move(one));
    }
    if (import->in_flight() <= kInFlightMax) continue;
    give_all(*import);
    wait_below(*import, kInFlightMax / 2);
  }
  give_all(*import);
  std::binary_semaphore done(0);
  import->finish([&](const Import&) { done.release(); });
  done.acquire();
  if (!more) return std::unexpected(more.error());
  ImportOutcome outcome;
  reading.tell(outcome);
  outcome.counts = import->counts();
  outcome.rejected = import->faults();
  outcome.position = import->position();
  return outcome;
}

Result<ImportOutcome> import_by_http(Client& client, const ImportSource& source,
                                     const orders::Context& context, const ImportOptions& options) {
  CAIRN_TRY(auto importer,
            integration::Importer::open(options.folder, source.mapping, source.definition));
  Reading reading(std::move(importer), context, source, options);
  std::string lines;
  std::size_t sent = 0;
  ports::HttpRequest request;
  request.timeout = seconds(0);
  request.idle_timeout = seconds(300);
  request.headers.emplace_back("Content-Type", "application/x-ndjson");
  request.read_body = [&](std::span<char> into) -> Result<std::size_t> {
    while (sent == lines.size()) {
      lines.clear();
      sent = 0;
      CAIRN_TRY(const bool is_any, reading.next());
      if (!is_any) return 0;
      for (std::size_t i = 0; i < reading.facts().size(); ++i) {
        integration::append_cloud_event(lines, reading.facts()[i], reading.ids()[i]);
        lines += '\n';
      }
    }
    const auto size = std::min(into.size(), lines.size() - sent);
    std::memcpy(into.data(), lines.data() + sent, size);
    sent += size;
    return size;
  };
  CAIRN_TRY(const auto answer, client.send("POST", "/v1/events", std::move(request)));
  if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
  ImportOutcome outcome;
  CAIRN_TRY_VOID(read_answer(answer.body, outcome));
  reading.tell(outcome);
  return outcome;
}

}  // namespace cairn::app

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/client.hpp"
#include "app/import_reports.hpp"
#include "app/offline.hpp"
#include "modules/integration/importer.hpp"
#include "modules/orders/told_report.hpp"

namespace cairn::app {

/// A folder of files with the definition that says what they mean.
struct ImportSource {
  integration::SourceDefinition definition;
  integration::ImportMapping mapping;
};
/// `named` is a definition file, or the id of one among the definitions. Errors: NotFound, Invalid.
Result<ImportSource> read_import_source(const std::string& named, const std::string& definitions);

/// What became of a folder.
struct ImportOutcome {
  integration::ImportCounts told;                    ///< what its files say
  std::vector<integration::ImportProblem> problems;  ///< of its files, the first thousand
  ImportCounts counts;                               ///< what the server or the store said
  std::vector<LineResult> rejected;                  ///< the first thousand
  std::vector<std::string> rejected_by_server;       ///< the same over HTTP, as it put it
  std::string import, position;
  orders::ToldReport report;
};

struct ImportOptions {
  std::string folder;
  orders::ToldReporter::Options report;
  std::function<void(const integration::ImportCounts&)> progress;  ///< after every order
};

/// Into a data folder that is open and started.
Result<ImportOutcome> import_locally(Offline& into, const ImportSource& source,
                                     const ImportOptions& options);
/// Into a running server, as one NDJSON body of any length. `context` is for the report.
Result<ImportOutcome> import_by_http(Client& client, const ImportSource& source,
                                     const orders::Context& context, const ImportOptions& options);

}  // namespace cairn::app

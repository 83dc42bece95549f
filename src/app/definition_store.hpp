#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/installation.hpp"

namespace cairn::app {

/// Every version of the definitions that an installation ever worked with, in its data folder
/// (docs/adr/0006):
///
///   definitions/<version>/…         the files of a version and `masters`, written once
///   definitions/history.json        what was activated when, and the numbers of lifecycles
///
/// A version is named by 32 hex digits of the hash of all it says.
struct DefinitionHistory {
  struct Entry {
    std::string version;
    Time from;
    std::string follows;  ///< its orders were moved to this version; empty: they stay
  };
  std::vector<Entry> entries;                   ///< by time
  std::vector<orders::Versions::Chart> charts;  ///< by number
};

/// Empty where nothing was activated yet. `folder`: that of the data. Errors: Damaged, Io.
Result<DefinitionHistory> read_definition_history(ports::Storage& storage,
                                                  const std::string& folder);

/// What to do with definitions that are not the newest of the history.
enum class Adopt : std::uint8_t {
  Activate,  ///< they are in force from now on: kept, and noted
  Follow,    ///< nothing: the newest of the history takes their place
};

/// Gives `definitions` the versions of the installation. `now` is later than any record.
/// `moved`: versions, by the first digits of their names or "all", whose orders go over to what is
/// in force. Errors: Invalid (a version that cannot be read, with the remedy), NotFound, Damaged,
/// Io.
Result<void> adopt(Definitions& definitions, ports::Storage& storage, const std::string& folder,
                   Adopt how, Time now, const std::vector<std::string>& moved);

}  // namespace cairn::app

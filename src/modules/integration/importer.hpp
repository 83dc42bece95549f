#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/told.hpp"
#include "modules/integration/mapping.hpp"
#include "modules/integration/source.hpp"

namespace cairn::integration {

struct ImportProblem {
  std::string file;
  std::uint64_t line = 0;
  std::string message;
};

struct ImportCounts {
  std::uint64_t bytes_read = 0, bytes_total = 0;  ///< of the base file as it lies there
  std::uint64_t orders = 0;
  std::map<model::EventType, std::uint64_t> facts;
  std::uint64_t rows_unread = 0;                            ///< with a fault in the row itself
  std::uint64_t facts_unread = 0;                           ///< the row could be read, the fact not
  std::map<std::string, std::uint64_t> rows_without_order;  ///< by child table
  std::map<std::string, std::uint64_t> orders_without_row;  ///< by child table
  std::uint64_t all_facts() const;
};

/// Reads a folder of CSV files as a stream of facts, order by order. Reads the same files into the
/// same facts with the same identities every time. Child tables are kept in memory, sorted by key;
/// the base table is streamed. Owned by one thread. A row or fact that cannot be read is reported
/// and passed over; a file that cannot be read ends the import.
class Importer {
 public:
  /// Opens every file, loads the child tables and checks that every column the mapping names is
  /// there. Errors: NotFound, Io, Damaged, Invalid (all missing columns at once), TooLarge.
  static Result<Importer> open(const std::filesystem::path& folder, ImportMapping mapping,
                               SourceDefinition source);
  ~Importer();
  Importer(Importer&&) noexcept;
  Importer& operator=(Importer&&) noexcept;

  /// The facts of the next order, replacing what `facts` held; false when there are no more. `ids`,
  /// where given, gets the source's own id of each. Errors: Io, Damaged.
  Result<bool> next(std::vector<model::Told>& facts, std::vector<std::string>* ids = nullptr);

  const ImportCounts& counts() const;
  /// The first 1,000; `counts()` has how many there are.
  const std::vector<ImportProblem>& problems() const;
  static constexpr std::size_t kProblemsMax = 1'000;

 private:
  struct State;
  explicit Importer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::integration

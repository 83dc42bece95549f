#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modules/integration/csv.hpp"
#include "modules/integration/shape.hpp"

/// The `import:` section of a source's definition: which files of a folder belong together and
/// which facts their columns are. Nothing about a particular source stands in code.
namespace cairn::integration {

/// One file. The base table has a row per order; rows of the others are found by a column.
struct TableRole {
  std::string name;                ///< what paths call it: "items" in "items.price"
  std::vector<std::string> files;  ///< the first that exists is taken, also with .gz behind it
  std::string key;                 ///< column of this table …
  std::string joined_to;           ///< … that equals this column of the base table
  bool is_optional = false;
  char separator = ',';
  Encoding encoding = Encoding::Auto;
};

/// When a fact happened.
struct Occurrence {
  std::string column;                   ///< its time; a fact whose column is empty did not happen
  std::vector<std::string> not_before;  ///< instead: no time; it stands after the latest of these
};

/// One kind of fact made from an order's rows.
struct MappedFact {
  model::EventType type = model::EventType::OrderPlaced;
  std::string id;  ///< "{order_id}/shipped/{seller_id}": with the source the identity
  Occurrence occurred;
  Shape precision;  ///< a constant or taken word: microsecond, second, minute, hour, day
  std::vector<Guard> when;
  std::string each;                ///< a fact for every row of this table …
  std::string group_by;            ///< … or for every value of this column of it
  bool once_without_rows = false;  ///< one fact all the same where the table has no row
  Shape data;
};

struct ImportMapping {
  std::string base;  ///< role of the base table
  std::vector<TableRole> tables;
  std::string order_no;  ///< "{order_id}"
  Shape precision;       ///< of facts that say none
  std::vector<MappedFact> facts;
};

/// Reads the `import` section of a definition. Errors: NotFound where there is none; Invalid with
/// every fault on a line of its own.
Result<ImportMapping> parse_mapping(std::string_view yaml, std::string_view file_name);

/// Every path a mapping takes values from, for checking them against the columns there are.
std::vector<std::string> paths_of(const MappedFact& fact);

}  // namespace cairn::integration

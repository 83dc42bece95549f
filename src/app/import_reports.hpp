#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "json/writer.hpp"
#include "model/identity.hpp"
#include "ports/key_values.hpp"

namespace cairn::app {

class Workers;

struct ImportCounts {
  std::uint64_t read = 0, accepted = 0, duplicates = 0, waiting = 0, rejected = 0;
};

enum class LineOutcome : std::uint8_t { Accepted, Duplicate, Waiting, Rejected };
std::string_view name_of(LineOutcome outcome);

/// What became of one line, or of one element of a batch.
struct LineResult {
  std::uint64_t line = 0;
  LineOutcome outcome = LineOutcome::Accepted;
  model::Identity event;                ///< zero where the line could not be read
  std::optional<model::OrderId> order;  ///< where it named one
  bool is_unmapped = false;
  Error error;  ///< of a rejected one
};
void write_line_result(json::Writer& out, const LineResult& result);

/// Reports of imports, kept in small tables: a header each and pages of results. Written in the
/// background, in order; any thread. The oldest are dropped when there are more than `kKept`.
class ImportReports {
 public:
  static constexpr std::size_t kKept = 500;
  static constexpr std::size_t kPageLines = 10'000;

  /// `writer` has one thread, so that what is written later stands.
  ImportReports(ports::KeyValues& tables, Workers& writer) : tables_(tables), writer_(writer) {}

  std::string new_id();
  void began(const std::string& id, Time at);
  void add(const std::string& id, std::vector<LineResult> results);
  void ended(const std::string& id, std::string_view state, const ImportCounts& counts, Time at);

  struct Page {
    std::string state;
    ImportCounts counts;
    Time started = Time::none(), ended = Time::none();
    std::vector<LineResult> items;
    std::string next_cursor;
  };
  /// `cursor` is that of the page before, or empty. Errors: NotFound, Invalid (the cursor), Io.
  Result<Page> read(const std::string& id, std::optional<LineOutcome> only,
                    const std::string& cursor, std::size_t limit);

 private:
  struct Header {
    std::string state;
    ImportCounts counts;
    Time started = Time::none(), ended = Time::none();
  };
  void write(std::string key, Bytes value);
  void drop_old();
  static Bytes encode(const Header& header);
  static Header decode_header(BytesView bytes);

  ports::KeyValues& tables_;
  Workers& writer_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> pages_;  ///< written so far, of imports under way
  std::map<std::string, Time> started_;
};

}  // namespace cairn::app

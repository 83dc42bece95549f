#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/segments/segment_format.hpp"
#include "ports/storage.hpp"

namespace cairn::segments {

/// One file of a log while it is open. What of it may be read (`last`, `end`, `index`) is guarded
/// by the log's mutex; a reader takes a copy of these and shares the file.
struct Segment {
  /// Every so many bytes the index notes where a batch begins, so that a follower of the log does
  /// not read a segment from its start.
  static constexpr std::uint64_t index_step_bytes = 16 * 1024;
  struct Mark {
    std::uint64_t number;
    std::uint64_t offset;
  };

  SegmentHeader header;
  std::string path;
  std::unique_ptr<ports::File> file;
  std::uint64_t size = 0;        ///< of the file
  std::uint64_t written_to = 0;  ///< room before this has been written once; the appender's
  std::uint64_t last = 0;        ///< last durable number; `header.first - 1` while it has none
  std::uint64_t end = segment_header_bytes;  ///< where the next batch goes
  std::vector<Mark> index;

  bool is_empty() const { return last < header.first; }
  void note(std::uint64_t first, std::uint64_t offset) {
    if (index.empty() || offset - index.back().offset >= index_step_bytes)
      index.push_back({first, offset});
  }
  /// Where to begin reading to find record `number`.
  std::uint64_t offset_of(std::uint64_t number) const;
};

/// "<folder>/<generation, 16 hex digits>.segment" and ".spare" for one that waits to be used again.
enum class FileKind { Segment, Spare };
std::string file_path(const std::string& folder, std::uint64_t generation, FileKind kind);
struct FileName {
  std::uint64_t generation;
  FileKind kind;
};
std::optional<FileName> parse_file_name(std::string_view name);

}  // namespace cairn::segments

#include "adapters/segments/log_copy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/segments/batch_stream.hpp"
#include "adapters/segments/segment.hpp"

namespace cairn::segments {
namespace {

constexpr std::size_t kBlock = 1024 * 1024;

class Copying {
 public:
  Copying(ports::Storage& storage, const LogCopy& copy) : storage_(storage), copy_(copy) {}

  Result<void> run() {
    CAIRN_TRY_VOID(storage_.make_folder(copy_.to));
    CAIRN_TRY_VOID(open_segments());
    std::uint64_t reached = 0;
    bool has_any = false;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      auto& segment = found_[i];
      if (segment.header.first > copy_.through) break;
      const auto next = i + 1 < found_.size() ? found_[i + 1].header.first - 1 : copy_.through;
      CAIRN_TRY_VOID(measure(segment, std::min(next, copy_.through)));
      const bool is_needed = segment.last >= segment.header.first;
      if (!is_needed) continue;
      if (has_any && segment.header.first != reached + 1) return missing(reached);
      if (!has_any && segment.header.first > copy_.not_needed + 1) return missing(copy_.not_needed);
      CAIRN_TRY_VOID(write(segment));
      reached = segment.last;
      has_any = true;
    }
    if (has_any && reached == copy_.through) return {};
    // Everything has been dropped: the segment that goes on there bears number and chain.
    if (copy_.through == 0 && !has_any) return {};
    for (auto& segment : found_)
      if (!has_any && segment.header.first == copy_.through + 1) return write(segment);
    return missing(has_any ? reached : copy_.not_needed);
  }

 private:
  struct Found {
    SegmentHeader header;
    std::string name;
    std::unique_ptr<ports::File> file;
    std::uint64_t last = 0;
    std::uint64_t end = segment_header_bytes;
  };

  std::unexpected<Error> missing(std::uint64_t after) const {
    return fail(ErrorCode::Damaged, fmt::format("{}: records after {} up to {} are not to be found",
                                                copy_.from, after, copy_.through));
  }

  Result<void> open_segments() {
    CAIRN_TRY(const auto names, storage_.list(copy_.from));
    for (const auto& name : names) {
      const auto parsed = parse_file_name(name);
      if (!parsed || parsed->kind != FileKind::Segment) continue;
      auto file = storage_.open(copy_.from + "/" + name, ports::Storage::Mode::Existing);
      if (!file) continue;  // dropped meanwhile; if it was needed, the count says so
      const auto head = (*file)->read_at(0, segment_header_bytes);
      if (!head) return std::unexpected(head.error());
      const auto header = decode_segment_header(*head);
      if (!header || header->generation != parsed->generation || header->shard != copy_.shard)
        continue;
      found_.push_back({*header, name, *std::move(file), header->first - 1});
    }
    std::ranges::sort(found_, {}, [](const Found& found) { return found.header.generation; });
    return {};
  }

  /// Finds where the last batch up to `limit` ends.
  Result<void> measure(Found& segment, std::uint64_t limit) {
    CAIRN_TRY(const auto size, segment.file->size());
    BatchStream stream(*segment.file, segment.header, segment_header_bytes, size);
    while (segment.last < limit) {
      CAIRN_TRY(const auto batch, stream.next());
      if (!batch || batch->header.first != segment.last + 1 || batch->header.last() > limit) break;
      segment.last = batch->header.last();
      segment.end = batch->offset + batch->whole.size();
    }
    return {};
  }

  Result<void> write(const Found& segment) {
    CAIRN_TRY(const auto into,
              storage_.open(copy_.to + "/" + segment.name, ports::Storage::Mode::CreateNew));
    for (std::uint64_t at = 0; at < segment.end; at += kBlock) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, segment.end - at));
      CAIRN_TRY(const auto bytes, read_exactly(*segment.file, at, size));
      CAIRN_TRY_VOID(into->write_at(at, bytes));
    }
    return into->sync();
  }

  ports::Storage& storage_;
  const LogCopy& copy_;
  std::vector<Found> found_;
};

}  // namespace

Result<void> copy_log(ports::Storage& storage, const LogCopy& copy) {
  return Copying(storage, copy).run();
}

}  // namespace cairn::segments

#include "adapters/segments/segment_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "adapters/segments/batch_stream.hpp"
#include "base/check.hpp"

namespace cairn::segments {

SegmentLog::SegmentLog(ports::Storage& storage, Options options)
    : storage_(storage), options_(std::move(options)) {
  CAIRN_CHECK(options_.audit_folder.empty() || options_.sign);
  CAIRN_CHECK(options_.segment_bytes >= 1024);
}

Result<std::unique_ptr<SegmentLog>> SegmentLog::open(ports::Storage& storage, Options options) {
  CAIRN_TRY_VOID(storage.make_folder(options.folder));
  if (!options.audit_folder.empty()) CAIRN_TRY_VOID(storage.make_folder(options.audit_folder));
  CAIRN_TRY(auto found, recover(storage, {options.folder, options.shard, options.not_before,
                                          options.accept_loss_from}));
  std::unique_ptr<SegmentLog> log(new SegmentLog(storage, std::move(options)));
  CAIRN_TRY_VOID(log->start(std::move(found)));
  return log;
}

Result<void> SegmentLog::start(Recovered found) {
  has_cut_ = found.has_cut;
  generation_max_ = found.generation_max;
  chain_ = found.chain;
  durable_ = found.durable;
  segments_ = std::move(found.segments);
  for (const auto& path : found.set_aside) CAIRN_TRY_VOID(storage_.rename(path, path + ".lost"));
  if (segments_.empty() || found.needs_segment) {
    CAIRN_TRY_VOID(begin_segment());
  } else {
    active_ = segments_.back();
    active_->written_to = active_->end;
    CAIRN_TRY_VOID(make_durable(*active_, found.last_batch_offset));
  }
  return tidy(found);
}

// The newest batch may have been read from a page cache that never reached the disk, and after a
// failed fdatasync of the process before this one a mere fdatasync would not write it. Written
// again, it is as durable as what was acknowledged. Header and first batch were one write.
Result<void> SegmentLog::make_durable(Segment& segment, std::uint64_t last_batch_offset) {
  const std::uint64_t from = last_batch_offset > segment_header_bytes ? last_batch_offset : 0;
  CAIRN_TRY(const Bytes bytes, read_exactly(*segment.file, from, segment.end - from));
  CAIRN_TRY_VOID(segment.file->write_at(from, bytes));
  return segment.file->sync();
}

// Only now, when the newest segment is durable: what it replaces must not go before it.
Result<void> SegmentLog::tidy(const Recovered& found) {
  const auto keep_or_remove = [&](const std::string& path, bool is_spare) -> Result<void> {
    std::uint64_t size = 0;
    {
      CAIRN_TRY(const auto file, storage_.open(path, ports::Storage::Mode::Existing));
      CAIRN_TRY(size, file->size());
    }
    if (size != options_.segment_bytes || spares_.size() >= options_.spares_max)
      return storage_.remove(path);
    std::string spare = path;
    if (!is_spare) {
      const auto name = parse_file_name(std::string_view(path).substr(options_.folder.size() + 1));
      CAIRN_CHECK(name);
      spare = file_path(options_.folder, name->generation, FileKind::Spare);
      CAIRN_TRY_VOID(storage_.rename(path, spare));
    }
    spares_.push_back(std::move(spare));
    return {};
  };
  for (const auto& path : found.spares) CAIRN_TRY_VOID(keep_or_remove(path, true));
  for (const auto& path : found.useless) CAIRN_TRY_VOID(keep_or_remove(path, false));
  return {};
}

std::uint64_t SegmentLog::next_generation() {
  const std::uint64_t counter = (generation_max_ >> 32) + 1;
  Bytes seed(crypto::view(chain_));
  ByteWriter out(seed);
  out.u32(options_.salt);
  out.u64(counter);
  std::uint32_t salt = 0;
  std::memcpy(&salt, crypto::sha256(seed).data(), sizeof salt);
  generation_max_ = counter << 32 | salt;
  return generation_max_;
}

Result<void> SegmentLog::make_file(Segment& segment) {
  std::string spare;
  if (segment.size == options_.segment_bytes) {
    const std::scoped_lock lock(mutex_);
    if (!spares_.empty()) {
      spare = std::move(spares_.back());
      spares_.pop_back();
    }
  }
  if (!spare.empty()) {
    CAIRN_TRY_VOID(storage_.rename(spare, segment.path));
    CAIRN_TRY(segment.file, storage_.open(segment.path, ports::Storage::Mode::Existing));
    segment.written_to = segment.size;
    return {};
  }
  CAIRN_TRY(segment.file, storage_.open(segment.path, ports::Storage::Mode::CreateNew));
  auto allocated = segment.file->allocate(segment.size);
  // If the file stays nevertheless, the next open finds it useless.
  if (!allocated) (void)storage_.remove(segment.path);
  return allocated;
}

/// A segment behind the last durable record, with room reserved and nothing written.
Result<std::shared_ptr<Segment>> SegmentLog::make_segment(std::uint64_t bytes_min) {
  auto segment = std::make_shared<Segment>();
  segment->header = {options_.shard, next_generation(), durable() + 1, chain_};
  segment->path = file_path(options_.folder, segment->header.generation, FileKind::Segment);
  segment->size = std::max(options_.segment_bytes, bytes_min);
  segment->last = durable();
  CAIRN_TRY_VOID(make_file(*segment));
  return segment;
}

/// Begins a segment by writing its header alone: from then on nothing behind `durable()` in older
/// segments counts.
Result<void> SegmentLog::begin_segment() {
  CAIRN_TRY(auto segment, make_segment(0));
  Bytes header(segment_header_bytes, '\0');
  encode(segment->header, header.data());
  auto written = segment->file->write_at(0, header);
  if (written) written = segment->file->sync();
  if (!written) {
    abandoned_.push_back(segment->path);
    return written;
  }
  const std::scoped_lock lock(mutex_);
  if (!segments_.empty() && segments_.back()->is_empty()) {
    abandoned_.push_back(segments_.back()->path);
    segments_.pop_back();
  }
  active_ = segment;
  segments_.push_back(std::move(segment));
  return {};
}

std::unexpected<Error> SegmentLog::refuse(ErrorCode code, std::string_view why) {
  refusing_ = code;
  return fail(code,
              fmt::format("the log of shard {} takes no records after {} until it is reopened: "
                          "{}",
                          options_.shard, durable(), why));
}

Result<std::uint64_t> SegmentLog::append(std::span<const ports::Record> batch, Time recorded) {
  CAIRN_CHECK(!batch.empty());
  if (refusing_) return refuse(*refusing_, "an earlier append failed");
  const std::size_t size = encoded_size(batch);
  if (size > options_.batch_bytes_max)
    return fail(ErrorCode::TooLarge,
                fmt::format("a batch of {} records has {} bytes, the log of shard {} takes {}",
                            batch.size(), size, options_.shard, options_.batch_bytes_max));

  auto segment = active_;
  const bool is_new = segment->end + size > segment->size;
  if (is_new) {
    auto made = make_segment(segment_header_bytes + size);
    if (!made) return refuse(made.error().code, made.error().message);
    segment = std::move(*made);
  }
  const std::size_t lead = is_new ? segment_header_bytes : 0;
  if (buffer_.size() < lead + size) buffer_.resize(lead + size);
  if (is_new) encode(segment->header, buffer_.data());
  const std::uint64_t first = durable() + 1;
  const Digest chain =
      encode_batch(segment->header, first, batch, recorded, chain_, size, buffer_.data() + lead);

  const std::uint64_t offset = is_new ? 0 : segment->end;
  auto written = segment->file->write_at(offset, BytesView(buffer_).substr(0, lead + size));
  if (written) written = write_zeros_ahead(*segment, offset + lead + size);
  if (written) written = segment->file->sync();
  if (!written) {
    if (is_new) abandoned_.push_back(segment->path);
    return refuse(ErrorCode::Unknown,
                  fmt::format("it is not known whether records {} to {} are durable: {}", first,
                              first + batch.size() - 1, written.error().message));
  }
  publish(std::move(segment), first + batch.size() - 1, offset + lead + size, offset + lead, chain);
  return first;
}

Result<void> SegmentLog::write_zeros_ahead(Segment& segment, std::uint64_t from) {
  if (from <= segment.written_to) return {};
  const auto size = std::min(segment.size - from, options_.zeros_ahead_bytes);
  segment.written_to = from + size;
  if (size == 0) return {};
  if (zeros_.size() < size) zeros_.resize(size, '\0');
  return segment.file->write_at(from, BytesView(zeros_).substr(0, size));
}

void SegmentLog::publish(std::shared_ptr<Segment> segment, std::uint64_t last, std::uint64_t end,
                         std::uint64_t batch_offset, const Digest& chain) {
  const std::scoped_lock lock(mutex_);
  segment->note(durable() + 1, batch_offset);
  segment->last = last;
  segment->end = end;
  chain_ = chain;
  if (segment != active_) {
    active_ = segment;
    segments_.push_back(std::move(segment));
  }
  durable_.store(last, std::memory_order_release);
}

Result<void> SegmentLog::reopen() {
  if (!refusing_) return {};
  CAIRN_TRY_VOID(remove_abandoned());
  CAIRN_TRY_VOID(begin_segment());
  CAIRN_TRY_VOID(remove_abandoned());
  refusing_.reset();
  return {};
}

/// Nothing that counts lies in these. They must be gone before the log goes on: one that outlived
/// the segments around it would look like a gap.
Result<void> SegmentLog::remove_abandoned() {
  for (; !abandoned_.empty(); abandoned_.pop_back()) {
    const std::string& path = abandoned_.back();
    if (auto removed = storage_.remove(path); !removed) {
      CAIRN_TRY(const bool is_there, storage_.exists(path));
      if (is_there) return removed;
    }
  }
  return {};
}

std::uint64_t SegmentLog::first() const {
  const std::scoped_lock lock(mutex_);
  return segments_.front()->header.first;
}

Bytes SegmentLog::chain_head() const {
  const std::scoped_lock lock(mutex_);
  return Bytes(crypto::view(chain_));
}

ExportedHead SegmentLog::head() const {
  const std::scoped_lock lock(mutex_);
  return {durable(), chain_};
}

ExportedHead SegmentLog::audit_head() const {
  const std::scoped_lock lock(mutex_);
  const SegmentHeader& oldest = segments_.front()->header;
  return {oldest.first - 1, oldest.chain_before};
}

std::uint64_t SegmentLog::size_bytes() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t total = spares_.size() * options_.segment_bytes;
  for (const auto& segment : segments_) total += segment->size;
  return total;
}

Result<void> SegmentLog::read(std::uint64_t from, const ports::RecordVisitor& visit) {
  struct Part {
    std::shared_ptr<Segment> segment;
    std::uint64_t offset;
    std::uint64_t end;
  };
  from = std::max<std::uint64_t>(from, 1);
  std::vector<Part> parts;
  {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t held_from = segments_.front()->header.first;
    if (from < held_from)
      return fail(
          ErrorCode::Gone,
          fmt::format("record {} of shard {} was released from the log, which begins at {}: "
                      "read it from the piles",
                      from, options_.shard, held_from));
    for (const auto& segment : segments_)
      if (!segment->is_empty() && segment->last >= from)
        parts.push_back({segment, segment->offset_of(from), segment->end});
  }
  for (const auto& part : parts) {
    BatchStream stream(*part.segment->file, part.segment->header, part.offset, part.end);
    while (stream.offset() < part.end) {
      CAIRN_TRY(const auto batch, stream.next());
      if (!batch)
        return fail(ErrorCode::Damaged,
                    fmt::format("the log of shard {} is spoilt in {} at byte {}: restore the shard "
                                "from a backup",
                                options_.shard, part.segment->path, stream.offset()));
      if (batch->header.last() < from) continue;
      CAIRN_TRY_VOID(visit_records(batch->header, batch->whole, from, visit));
    }
  }
  return {};
}

Result<void> SegmentLog::release(std::uint64_t through) {
  {
    const std::scoped_lock lock(mutex_);
    released_ = std::max(released_, std::min(through, durable()));
  }
  if (options_.is_recycled_elsewhere) return {};
  for (;;) {
    CAIRN_TRY(const bool is_done, recycle_one([](std::size_t) {}));
    if (!is_done) return {};
  }
}

Result<bool> SegmentLog::recycle_one(const Between& between) {
  std::shared_ptr<Segment> oldest;
  Digest chain{};
  {
    const std::scoped_lock lock(mutex_);
    if (is_recycling_) return false;
    if (!leaving_) {
      if (segments_.size() < 2 || segments_.front()->last > released_) return false;
      oldest = segments_.front();
      chain = segments_[1]->header.chain_before;
    }
    is_recycling_ = true;
  }
  Result<void> done;
  if (oldest) done = archive(*oldest, chain, between);
  bool is_read = false;
  if (done) {
    const std::scoped_lock lock(mutex_);
    if (oldest) {
      segments_.erase(segments_.begin());
      leaving_ = std::move(oldest);
    }
    is_read = leaving_.use_count() > 1;
  }
  if (done) done = drop(*leaving_, is_read);
  const std::scoped_lock lock(mutex_);
  is_recycling_ = false;
  if (!done) return std::unexpected(std::move(done).error());
  leaving_.reset();
  return true;
}

/// Segments behind the oldest that may go as well.
std::size_t SegmentLog::waiting() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  while (count + 2 < segments_.size() && segments_[count + 1]->last <= released_) ++count;
  return count;
}

Result<void> SegmentLog::archive(const Segment& segment, const Digest& chain,
                                 const Between& between) {
  if (options_.audit_folder.empty() || segment.is_empty()) return {};
  return write_audit_file(storage_,
                          audit_path(options_.audit_folder, options_.shard, segment.header.first),
                          {segment.header, *segment.file, segment.end, segment.last, chain,
                           [&] { between(waiting()); }},
                          options_.sign);
}

/// A file some reader still has open is removed and not used again: the reader goes on undisturbed.
Result<void> SegmentLog::drop(const Segment& segment, bool is_read) {
  bool is_kept = !is_read && segment.size == options_.segment_bytes;
  if (is_kept) {
    const std::scoped_lock lock(mutex_);
    is_kept = spares_.size() < options_.spares_max;
  }
  const std::string spare = file_path(options_.folder, segment.header.generation, FileKind::Spare);
  auto done = is_kept ? storage_.rename(segment.path, spare) : storage_.remove(segment.path);
  if (!done) {
    // It may have happened nevertheless, and its folder could not be synced.
    CAIRN_TRY(const bool is_there, storage_.exists(segment.path));
    if (is_there) return done;
    return {};
  }
  if (is_kept) {
    const std::scoped_lock lock(mutex_);
    spares_.push_back(spare);
  }
  return {};
}

}  // namespace cairn::segments

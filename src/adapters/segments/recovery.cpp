#include "adapters/segments/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "adapters/segments/batch_stream.hpp"

namespace cairn::segments {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

class Recovery {
 public:
  Recovery(ports::Storage& storage, const RecoveryInput& input)
      : storage_(storage), input_(input) {}

  Result<Recovered> run() {
    out_.chain = chain_start(input_.shard);
    CAIRN_TRY_VOID(list_files());
    std::sort(begun_.begin(), begun_.end(), [](const auto& a, const auto& b) {
      return a->header.generation < b->header.generation;
    });
    for (std::size_t i = 0; i < begun_.size() && !damage_; ++i) {
      const bool is_newest = i + 1 == begun_.size();
      CAIRN_TRY_VOID(walk(begun_[i], is_newest ? no_limit : begun_[i + 1]->header.first - 1));
      if (damage_) taken_ = i + (begun_[i]->is_empty() ? 0 : 1);
    }
    if (!damage_ && !headless_.empty())
      damage_ =
          fmt::format("{} holds batches of this log, but its header is damaged", headless_.front());
    if (!damage_ && input_.not_before > out_.durable)
      damage_ = fmt::format(
          "the log ends at record {}, but piles or views already hold what stood in it up to {}",
          out_.durable, input_.not_before);
    if (damage_) CAIRN_TRY_VOID(settle_damage());
    return std::move(out_);
  }

 private:
  Result<void> list_files() {
    CAIRN_TRY(const auto names, storage_.list(input_.folder));
    for (const auto& name : names) {
      const auto parsed = parse_file_name(name);
      if (!parsed) continue;
      out_.generation_max = std::max(out_.generation_max, parsed->generation);
      const std::string path = file_path(input_.folder, parsed->generation, parsed->kind);
      if (parsed->kind == FileKind::Spare)
        out_.spares.push_back(path);
      else
        CAIRN_TRY_VOID(look_at(path, parsed->generation));
    }
    return {};
  }

  Result<void> look_at(const std::string& path, std::uint64_t generation) {
    auto segment = std::make_shared<Segment>();
    segment->path = path;
    CAIRN_TRY(segment->file, storage_.open(path, ports::Storage::Mode::Existing));
    CAIRN_TRY(segment->size, segment->file->size());
    const auto head_bytes = std::min<std::uint64_t>(segment->size, segment_header_bytes);
    CAIRN_TRY(const Bytes head, read_exactly(*segment->file, 0, head_bytes));
    const auto header = decode_segment_header(head);
    if (header && header->generation == generation) {
      if (header->shard != input_.shard)
        return fail(ErrorCode::Damaged,
                    fmt::format("{} belongs to shard {}, not to shard {}: put it back into its own "
                                "folder",
                                path, header->shard, input_.shard));
      segment->header = *header;
      segment->last = header->first - 1;
      begun_.push_back(std::move(segment));
      return {};
    }
    // Header and first batch begin in one sector, so a segment that was never begun has no batch.
    CAIRN_TRY(const auto batch,
              find_batch(*segment->file, input_.shard, generation, 0, segment->size));
    (batch ? headless_ : out_.useless).push_back(path);
    return {};
  }

  /// Reads the batches of one segment up to record `limit`: what lies beyond was written, but never
  /// acknowledged, before the next segment was begun in its stead.
  Result<void> walk(const std::shared_ptr<Segment>& segment, std::uint64_t limit) {
    const SegmentHeader& header = segment->header;
    if (std::exchange(is_first_, false)) {  // what came before has been released
      out_.chain = header.chain_before;
      out_.durable = header.first - 1;
    }
    if (header.first != out_.durable + 1 || header.chain_before != out_.chain) {
      damage_ = fmt::format("{} begins with record {} and does not continue record {}",
                            segment->path, header.first, out_.durable);
      return {};
    }
    BatchStream stream(*segment->file, header, segment_header_bytes, segment->size);
    out_.last_batch_offset = 0;
    while (out_.durable < limit) {
      CAIRN_TRY(const auto batch, stream.next());
      if (!batch || batch->header.first != out_.durable + 1 || batch->header.last() > limit) break;
      if (chain_of(batch->whole, out_.chain) != batch->header.chain) {
        damage_ = fmt::format(
            "in {} the batch at byte {} does not continue the chain: it was "
            "changed on purpose",
            segment->path, batch->offset);
        break;
      }
      out_.durable = batch->header.last();
      out_.chain = batch->header.chain;
      out_.last_batch_offset = batch->offset;
      segment->last = out_.durable;
      segment->end = batch->offset + batch->whole.size();
      segment->note(batch->header.first, batch->offset);
    }
    if (!segment->is_empty() || limit == no_limit)
      out_.segments.push_back(segment);
    else
      out_.useless.push_back(segment->path);
    if (damage_) return {};
    if (limit != no_limit && out_.durable != limit)
      damage_ =
          fmt::format("{} is spoilt at byte {}, although the log goes on to record {} at least",
                      segment->path, segment->end, limit);
    if (limit == no_limit) return judge_end(*segment);
    return {};
  }

  /// Is what lies behind the last batch the batch a power failure left unfinished, or damage?
  Result<void> judge_end(const Segment& segment) {
    CAIRN_TRY(const auto later, find_batch(*segment.file, input_.shard, segment.header.generation,
                                           segment.end, segment.size));
    if (later) {
      damage_ = fmt::format("{} is spoilt at byte {}, and a good batch follows at byte {}",
                            segment.path, segment.end, *later);
      return {};
    }
    const auto room = std::min<std::uint64_t>(segment.size - std::min(segment.size, segment.end),
                                              batch_header_bytes);
    CAIRN_TRY(const Bytes tail, read_exactly(*segment.file, segment.end, room));
    out_.has_cut = decode_batch_header(tail, input_.shard, segment.header.generation).has_value();
    return {};
  }

  Result<void> settle_damage() {
    const std::uint64_t lost = out_.durable + 1;
    if (input_.accepted_loss != lost)
      return fail(ErrorCode::Damaged,
                  fmt::format("the log of shard {} is damaged: {}. Records up to {} are good. "
                              "Restore the shard from a backup; or, to give up the records from {} "
                              "on, start once with --accept-loss {}:{}",
                              input_.shard, *damage_, out_.durable, lost, input_.shard, lost));
    for (std::size_t i = taken_; i < begun_.size(); ++i)
      if (std::find(out_.segments.begin(), out_.segments.end(), begun_[i]) == out_.segments.end())
        out_.set_aside.push_back(begun_[i]->path);
    std::erase_if(out_.useless, [&](const std::string& path) {
      return std::find(out_.set_aside.begin(), out_.set_aside.end(), path) != out_.set_aside.end();
    });
    out_.set_aside.insert(out_.set_aside.end(), headless_.begin(), headless_.end());
    // Numbers the piles have seen are never given again: then the log begins anew behind them.
    if (input_.not_before > out_.durable) {
      for (const auto& segment : out_.segments) out_.set_aside.push_back(segment->path);
      out_.segments.clear();
      out_.durable = input_.not_before;
    }
    out_.needs_segment = true;
    return {};
  }

  ports::Storage& storage_;
  const RecoveryInput& input_;
  Recovered out_;
  std::vector<std::shared_ptr<Segment>> begun_;
  std::vector<std::string> headless_;
  std::optional<std::string> damage_;
  std::size_t taken_ = std::numeric_limits<std::size_t>::max();
  bool is_first_ = true;
};

}  // namespace

Result<Recovered> recover(ports::Storage& storage, const RecoveryInput& input) {
  return Recovery(storage, input).run();
}

}  // namespace cairn::segments

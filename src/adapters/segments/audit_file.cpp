#include "adapters/segments/audit_file.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "adapters/segments/batch_stream.hpp"

namespace cairn::segments {
namespace {

constexpr std::uint32_t skippable_magic = 0x184D2A5A;
constexpr BytesView audit_magic = "CAIRNAUD";
constexpr std::uint32_t audit_version = 1;
constexpr std::size_t signed_bytes = 136;
constexpr std::size_t frame_extra_bytes = 12;  ///< both magic words before, one length behind
constexpr std::size_t signature_bytes_max = 1024;
constexpr std::size_t block_bytes = 64 * 1024;
constexpr int compression_level = 3;

std::unexpected<Error> damaged(const std::string& path, std::string_view why) {
  return fail(ErrorCode::Damaged, fmt::format("the audit file {} {}", path, why));
}

struct Trailer {
  AuditHead head;
  std::uint64_t raw_bytes = 0;
  Digest frame_digest{};
  Bytes covered;
  Bytes signature;
  std::uint64_t frame_bytes = 0;  ///< of the zstd frame before it
};

Digest take_digest(ByteReader& in) {
  Digest digest{};
  const BytesView bytes = in.take(digest.size());
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

Bytes encode_trailer(const AuditHead& head, std::uint64_t raw_bytes, const Digest& frame_digest,
                     const Sign& sign) {
  Bytes covered;
  ByteWriter body(covered);
  body.raw(audit_magic.data(), audit_magic.size());
  body.u32(audit_version);
  body.u32(head.shard);
  body.u64(head.first);
  body.u64(head.last);
  body.raw(head.chain_before.data(), head.chain_before.size());
  body.raw(head.chain.data(), head.chain.size());
  body.u64(raw_bytes);
  body.raw(frame_digest.data(), frame_digest.size());
  const Bytes signature = sign(covered);
  const auto length = static_cast<std::uint32_t>(covered.size() + signature.size() + 4);
  Bytes frame;
  ByteWriter out(frame);
  out.u32(skippable_magic);
  out.u32(length);
  out.raw(covered.data(), covered.size());
  out.raw(signature.data(), signature.size());
  out.u32(length + 8);
  return frame;
}

Result<Trailer> read_trailer(ports::File& file, const std::string& path) {
  CAIRN_TRY(const std::uint64_t size, file.size());
  if (size < signed_bytes + frame_extra_bytes) return damaged(path, "is cut short");
  CAIRN_TRY(const Bytes tail, read_exactly(file, size - 4, 4));
  const std::uint32_t length = ByteReader(tail).u32();
  if (length < signed_bytes + frame_extra_bytes || length > size ||
      length > signed_bytes + frame_extra_bytes + signature_bytes_max)
    return damaged(path, "does not end with a signed head");
  CAIRN_TRY(const Bytes frame, read_exactly(file, size - length, length));
  ByteReader in(frame);
  if (in.u32() != skippable_magic || in.u32() != length - 8)
    return damaged(path, "does not end with a signed head");
  Trailer trailer;
  trailer.frame_bytes = size - length;
  trailer.covered = frame.substr(8, signed_bytes);
  trailer.signature = frame.substr(8 + signed_bytes, length - signed_bytes - frame_extra_bytes);
  if (in.take(audit_magic.size()) != audit_magic || in.u32() != audit_version)
    return damaged(path, "is not of version 1");
  trailer.head.shard = in.u32();
  trailer.head.first = in.u64();
  trailer.head.last = in.u64();
  trailer.head.chain_before = take_digest(in);
  trailer.head.chain = take_digest(in);
  trailer.raw_bytes = in.u64();
  trailer.frame_digest = take_digest(in);
  return trailer;
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Compresses pieces into a file and hashes what it writes there.
class Compressor {
 public:
  Compressor(ports::File& file, std::string path)
      : file_(file),
        path_(std::move(path)),
        context_(ZSTD_createCCtx()),
        out_(ZSTD_CStreamOutSize(), '\0') {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, compression_level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  Result<void> add(BytesView piece, bool is_last) {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const std::size_t left =
          ZSTD_compressStream2(context_.get(), &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left))
        return fail(ErrorCode::Io, fmt::format("cannot compress the audit file {}: {}", path_,
                                               ZSTD_getErrorName(left)));
      const BytesView made(out_.data(), out.pos);
      hash_.update(made);
      if (!made.empty()) CAIRN_TRY_VOID(file_.write_at(written_, made));
      written_ += made.size();
      if (is_last ? left == 0 : in.pos == in.size) return {};
    }
  }
  std::uint64_t written() const { return written_; }
  Digest digest() { return hash_.finish(); }

 private:
  ports::File& file_;
  std::string path_;
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> context_;
  Bytes out_;
  crypto::Sha256 hash_;
  std::uint64_t written_ = 0;
};

/// Takes the bytes of a segment in pieces of any size and checks and visits its batches.
class BatchChecker {
 public:
  BatchChecker(const std::string& path, const AuditHead& head, const ports::RecordVisitor& visit,
               const BatchEndVisitor& at_batch)
      : path_(path), head_(head), visit_(visit), at_batch_(at_batch) {}

  Result<void> add(BytesView piece) {
    held_.append(piece);
    std::size_t at = 0;
    if (!segment_) {
      if (held_.size() < segment_header_bytes) return {};
      segment_ = decode_segment_header(held_);
      if (!segment_ || segment_->shard != head_.shard || segment_->first != head_.first ||
          segment_->chain_before != head_.chain_before)
        return damaged(path_, "does not begin as its signed head says");
      next_ = head_.first;
      chain_ = head_.chain_before;
      at = segment_header_bytes;
    }
    while (held_.size() - at >= batch_header_bytes) {
      const BytesView rest = BytesView(held_).substr(at);
      const auto header = decode_batch_header(rest, segment_->shard, segment_->generation);
      if (!header) return bad_batch();
      if (rest.size() < header->whole_bytes()) break;
      const BytesView whole = rest.substr(0, header->whole_bytes());
      if (!is_intact(*header, whole) || header->first != next_ ||
          chain_of(whole, chain_) != header->chain)
        return bad_batch();
      CAIRN_TRY_VOID(visit_records(*header, whole, header->first, visit_));
      next_ = header->last() + 1;
      chain_ = header->chain;
      if (at_batch_) at_batch_(header->last(), chain_);
      at += whole.size();
    }
    held_.erase(0, at);
    return {};
  }

  Result<void> finish() const {
    if (!segment_ || !held_.empty() || next_ != head_.last + 1 || chain_ != head_.chain)
      return damaged(
          path_, fmt::format("ends before record {}, the last one of its signed head", head_.last));
    return {};
  }

 private:
  std::unexpected<Error> bad_batch() const {
    return damaged(path_, fmt::format("does not hold record {} as it was written", next_));
  }
  const std::string& path_;
  const AuditHead& head_;
  const ports::RecordVisitor& visit_;
  const BatchEndVisitor& at_batch_;
  Bytes held_;
  std::optional<SegmentHeader> segment_;
  std::uint64_t next_ = 0;
  Digest chain_{};
};

/// Calls `take` with the file's first `size` bytes, a block at a time.
template <typename Take>
Result<void> for_blocks(ports::File& file, std::uint64_t size, Take take) {
  for (std::uint64_t at = 0; at < size;) {
    const auto count = std::min<std::uint64_t>(size - at, block_bytes);
    CAIRN_TRY(const Bytes block, read_exactly(file, at, count));
    at += count;
    CAIRN_TRY_VOID(take(BytesView(block), at == size));
  }
  return {};
}

Result<void> decompress(ports::File& file, const Trailer& trailer, const std::string& path,
                        BatchChecker& checker) {
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  Bytes out(ZSTD_DStreamOutSize(), '\0');
  std::uint64_t raw = 0;
  std::size_t left = 1;
  CAIRN_TRY_VOID(for_blocks(file, trailer.frame_bytes, [&](BytesView block, bool) -> Result<void> {
    ZSTD_inBuffer in{block.data(), block.size(), 0};
    bool is_full = true;
    while (in.pos < in.size || is_full) {
      ZSTD_outBuffer piece{out.data(), out.size(), 0};
      left = ZSTD_decompressStream(context.get(), &piece, &in);
      if (ZSTD_isError(left)) return damaged(path, "cannot be decompressed");
      raw += piece.pos;
      if (raw > trailer.raw_bytes) return damaged(path, "is longer than its signed head says");
      CAIRN_TRY_VOID(checker.add({out.data(), piece.pos}));
      is_full = piece.pos == piece.size;
      if (left == 0 && in.pos == in.size) break;
    }
    return {};
  }));
  if (left != 0 || raw != trailer.raw_bytes) return damaged(path, "is cut short");
  return checker.finish();
}

}  // namespace

ExportedHead beginning(std::uint32_t shard) { return {0, chain_start(shard)}; }

std::string audit_path(const std::string& folder, std::uint32_t shard, std::uint64_t first) {
  return fmt::format("{}/{}-{:020}.zst", folder, shard, first);
}

Result<void> write_audit_file(ports::Storage& storage, const std::string& path,
                              const AuditSource& source, const Sign& sign) {
  const std::string unfinished = path + ".unfinished";
  CAIRN_TRY(const auto file, storage.open(unfinished, ports::Storage::Mode::OpenOrCreate));
  CAIRN_TRY_VOID(file->truncate(0));
  Compressor compressor(*file, path);
  CAIRN_TRY_VOID(for_blocks(source.file, source.end, [&](BytesView block, bool is_last) {
    source.pause();
    return compressor.add(block, is_last);
  }));
  const AuditHead head{source.header.shard, source.header.first, source.last,
                       source.header.chain_before, source.chain};
  const Bytes trailer = encode_trailer(head, source.end, compressor.digest(), sign);
  CAIRN_TRY_VOID(file->write_at(compressor.written(), trailer));
  CAIRN_TRY_VOID(file->sync());
  return storage.rename(unfinished, path);
}

Result<AuditHead> read_audit_file(ports::Storage& storage, const std::string& path,
                                  const Sign& sign, const ports::RecordVisitor& visit,
                                  const BatchEndVisitor& at_batch) {
  CAIRN_TRY(const auto file, storage.open(path, ports::Storage::Mode::Existing));
  CAIRN_TRY(const Trailer trailer, read_trailer(*file, path));
  if (!crypto::equal_in_constant_time(sign(trailer.covered), trailer.signature))
    return damaged(path, "bears a signature that is not this installation's");
  crypto::Sha256 hash;
  CAIRN_TRY_VOID(for_blocks(*file, trailer.frame_bytes, [&](BytesView block, bool) -> Result<void> {
    hash.update(block);
    return {};
  }));
  if (hash.finish() != trailer.frame_digest)
    return damaged(path, "was changed after it was signed");
  BatchChecker checker(path, trailer.head, visit, at_batch);
  CAIRN_TRY_VOID(decompress(*file, trailer, path, checker));
  return trailer.head;
}

Result<AuditHead> verify_audit(ports::Storage& storage, const std::string& folder,
                               std::uint32_t shard, const AuditRange& range, const Sign& sign,
                               const ports::RecordVisitor& visit) {
  CAIRN_TRY(const auto names, storage.list(folder));
  const std::string prefix = fmt::format("{}-", shard);
  ExportedHead at = range.from;
  AuditHead all{shard, range.from.number + 1, range.from.number, range.from.chain, {}};
  bool has_file = false;
  bool is_head_met = false;
  const auto at_batch = [&](std::uint64_t last, const Digest& chain) {
    if (last == range.through.number && chain == range.through.chain) is_head_met = true;
  };
  for (const auto& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(".zst")) continue;
    const std::string path = folder + "/" + name;
    CAIRN_TRY(const AuditHead head, read_audit_file(storage, path, sign, visit, at_batch));
    if (head.shard != shard || path != audit_path(folder, shard, head.first))
      return damaged(
          path, fmt::format("holds record {} of shard {}: it was renamed", head.first, head.shard));
    if (head.first != at.number + 1 || head.chain_before != at.chain)
      return damaged(
          path, fmt::format("does not continue record {}: a file is missing before it", at.number));
    at = {head.last, head.chain};
    has_file = true;
  }
  if (!has_file)
    return fail(ErrorCode::NotFound,
                fmt::format("shard {} has no audit file in {}", shard, folder));
  if (!is_head_met)
    return fail(
        ErrorCode::Damaged,
        fmt::format("the audit files of shard {} in {} (records {} to {}) do not lead to the "
                    "exported head of record {}: a file is missing, or they were rewritten",
                    shard, folder, all.first, at.number, range.through.number));
  all.last = at.number;
  all.chain = at.chain;
  return all;
}

}  // namespace cairn::segments

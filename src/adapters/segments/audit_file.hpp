#pragma once

#include <functional>
#include <string>

#include "adapters/segments/segment_format.hpp"
#include "ports/storage.hpp"

/// Audit files, version 1: `<folder>/<shard>-<first number, 20 digits>.zst`, one per dropped
/// segment. Golden file: tests/conformance/golden/audit_v1.zst. All integers are little-endian.
///
///   a zstd frame: segment header (see segment_format.hpp) and the batches, byte for byte
///   a zstd skippable frame, so that `zstd -d` gives the batches:
///     at  size  field
///      0     4  0x184D2A5A
///      4     4  length of what follows
///      8     8  magic "CAIRNAUD"
///     16     4  version, 1
///     20     4  shard
///     24     8  first number
///     32     8  last number
///     40    32  chain value before the first batch
///     72    32  chain value of the last batch: the head
///    104     8  bytes of header and batches before compression
///    112    32  SHA-256 of the zstd frame
///    144     …  signature of bytes 8–143
///   end-4     4  length of the whole skippable frame
namespace cairn::segments {

/// Signs bytes with a key the log does not know (HMAC-SHA256 in production). Must give the same
/// answer for the same bytes: verifying is signing again.
using Sign = std::function<Bytes(BytesView)>;

struct AuditHead {
  std::uint32_t shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Digest chain_before{};
  Digest chain{};
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// A head somebody has written down elsewhere: the chain value at the end of a batch.
struct ExportedHead {
  std::uint64_t number = 0;
  Digest chain{};
};

/// The head of a log before its first record.
ExportedHead beginning(std::uint32_t shard);

std::string audit_path(const std::string& folder, std::uint32_t shard, std::uint64_t first);

/// Writes the batches of a segment's file up to the byte `end` as an audit file; durable on return,
/// and there whole or not at all. `last` and `chain` are those of the last batch. Errors: DiskFull,
/// Io.
struct AuditSource {
  SegmentHeader header;
  ports::File& file;
  std::uint64_t end = 0;
  std::uint64_t last = 0;
  Digest chain{};
  std::function<void()> pause = [] {};  ///< called between blocks
};
Result<void> write_audit_file(ports::Storage& storage, const std::string& path,
                              const AuditSource& source, const Sign& sign);

/// Reads one audit file, and checks signature, checksums and chain before and while it visits the
/// records. `at_batch`, if given, is told every batch's last number and chain value.
/// Errors: Damaged, whatever the visitor returned, Io.
using BatchEndVisitor = std::function<void(std::uint64_t last, const Digest& chain)>;
Result<AuditHead> read_audit_file(ports::Storage& storage, const std::string& path,
                                  const Sign& sign, const ports::RecordVisitor& visit,
                                  const BatchEndVisitor& at_batch = {});

/// Reads all audit files of a shard in order. The oldest must continue `from`, each must continue
/// the one before it, and the chain must bear the value of `through` at its number. `from` is the
/// beginning of the log, or the head written down when older files were removed on purpose.
/// Returns the head of all. Errors: as above; NotFound when the shard has no audit file.
struct AuditRange {
  ExportedHead from;
  ExportedHead through;
};
Result<AuditHead> verify_audit(ports::Storage& storage, const std::string& folder,
                               std::uint32_t shard, const AuditRange& range, const Sign& sign,
                               const ports::RecordVisitor& visit);

}  // namespace cairn::segments

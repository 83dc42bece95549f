#include "adapters/memory/memory_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "crypto/hash.hpp"

namespace cairn::memory {

MemoryLog::MemoryLog(std::size_t batches_per_segment) : batches_per_segment_(batches_per_segment) {}

Result<std::uint64_t> MemoryLog::append(std::span<const ports::Record> batch, Time recorded) {
  CAIRN_CHECK(!batch.empty());
  const std::scoped_lock lock(mutex_);
  if (!refusing_) refusing_ = std::exchange(next_failure_, std::nullopt);
  if (refusing_)
    return cairn::fail(
        *refusing_,
        fmt::format("the log in memory refuses records after {} as it was told to; reopen it",
                    last()));
  const std::uint64_t number = last() + 1;
  crypto::Sha256 hash;
  hash.update(chain_);
  Bytes head;
  ByteWriter out(head);
  out.u64(number);
  out.i64(recorded.us);
  for (const auto& record : batch) {
    out.u8(static_cast<std::uint8_t>(record.type));
    out.u8(record.aggregate.kind);
    out.bytes(record.aggregate.id.view());
    out.bytes(record.body);
    const std::uint64_t segment =
        batches_per_segment_ == 0 ? last() + 1 : appends_ / batches_per_segment_;
    records_.push_back({record.type, record.aggregate, recorded, Bytes(record.body), segment});
    bytes_ += record.body.size();
  }
  hash.update(head);
  chain_ = Bytes(crypto::view(hash.finish()));
  ++appends_;
  return number;
}

std::uint64_t MemoryLog::durable() const {
  const std::scoped_lock lock(mutex_);
  return last();
}

std::uint64_t MemoryLog::first() const {
  const std::scoped_lock lock(mutex_);
  return first_;
}

Result<void> MemoryLog::read(std::uint64_t from, const ports::RecordVisitor& visit) {
  std::uint64_t number = std::max<std::uint64_t>(from, 1);
  const std::uint64_t through = durable();
  for (; number <= through; ++number) {
    ports::Record record;
    Bytes body;
    {
      const std::scoped_lock lock(mutex_);
      if (number < first_)
        return cairn::fail(
            ErrorCode::Gone,
            fmt::format("record {} was released; the log begins at {}", number, first_));
      const auto& stored = records_[number - first_];
      body = stored.body;
      record = {stored.type, stored.aggregate, number, stored.recorded, {}};
    }
    record.body = body;
    CAIRN_TRY_VOID(visit(record));
  }
  if (number < first())
    return cairn::fail(ErrorCode::Gone, fmt::format("record {} was released", number));
  return {};
}

// Like a log of segments it keeps the newest segment, so that the numbers go on.
Result<void> MemoryLog::release(std::uint64_t through) {
  const std::scoped_lock lock(mutex_);
  while (!records_.empty() && first_ <= through) {
    const std::uint64_t segment = records_.front().segment;
    const auto end = std::find_if(records_.begin(), records_.end(),
                                  [&](const Stored& stored) { return stored.segment != segment; });
    const auto count = static_cast<std::uint64_t>(end - records_.begin());
    if (end == records_.end() || first_ + count - 1 > through) break;
    for (auto it = records_.begin(); it != end; ++it) bytes_ -= it->body.size();
    records_.erase(records_.begin(), end);
    first_ += count;
  }
  return {};
}

Result<void> MemoryLog::reopen() {
  const std::scoped_lock lock(mutex_);
  refusing_.reset();
  return {};
}

Bytes MemoryLog::chain_head() const {
  const std::scoped_lock lock(mutex_);
  return chain_;
}

std::uint64_t MemoryLog::size_bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

void MemoryLog::fail_next(ErrorCode code) {
  const std::scoped_lock lock(mutex_);
  next_failure_ = code;
}

std::uint64_t MemoryLog::appends() const {
  const std::scoped_lock lock(mutex_);
  return appends_;
}

}  // namespace cairn::memory

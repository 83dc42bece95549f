#include "adapters/sqlite/memory_piles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"

namespace cairn::sqlite {
namespace {
constexpr std::size_t kChunkMax = 64 * 1024;
}

Result<void> MemoryPiles::check(std::span<const ports::PileAddition> additions) const {
  for (const auto& addition : additions) {
    CAIRN_CHECK(addition.serial != 0);
    const auto found = state_.piles.find(addition.serial);
    if (found != state_.piles.end() && found->second.key != addition.key)
      return fail(ErrorCode::Internal,
                  fmt::format("memory: serial {} belongs to another aggregate than {}:{}",
                              addition.serial, addition.key.kind, to_hex(addition.key.id.view())));
  }
  return {};
}

Result<void> MemoryPiles::write(std::span<const ports::PileAddition> additions,
                                std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  CAIRN_CHECK(position >= state_.position);
  if (failures_ > 0) {
    --failures_;
    return fail(failure_, "memory: this write was told to fail");
  }
  CAIRN_TRY_VOID(check(additions));
  for (const auto& addition : additions) {
    auto& pile = state_.piles[addition.serial];
    pile.key = addition.key;
    pile.last_number = std::max(pile.last_number, addition.last_number);
    for (BytesView rest = addition.records; !rest.empty();) {
      const BytesView chunk = rest.substr(0, kChunkMax);
      pile.chunks.push_back({Bytes(chunk), crc32c(chunk)});
      rest.remove_prefix(chunk.size());
    }
    if (!addition.row.empty()) pile.row = addition.row;
  }
  state_.position = position;
  return {};
}

std::uint64_t MemoryPiles::position() const {
  const std::lock_guard lock(mutex_);
  return state_.position;
}

Result<Bytes> MemoryPiles::read(ports::Serial serial) {
  const std::lock_guard lock(mutex_);
  Bytes out;
  const auto found = state_.piles.find(serial);
  if (found == state_.piles.end()) return out;
  for (const auto& chunk : found->second.chunks) {
    if (crc32c(chunk.bytes) != chunk.crc)
      return fail(ErrorCode::Damaged,
                  fmt::format("memory: a chunk of aggregate {} is damaged", serial));
    out += chunk.bytes;
  }
  return out;
}

Result<void> MemoryPiles::scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) {
  // A visitor may read or write: it sees the state as it was when the scan began.
  State state;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
  }
  for (const auto& [serial, pile] : state.piles)
    CAIRN_TRY_VOID(visit({serial, pile.key, pile.last_number, pile.row}));
  return {};
}

Result<void> MemoryPiles::drop_rows() {
  const std::lock_guard lock(mutex_);
  for (auto& [serial, pile] : state_.piles) pile.row.clear();
  return {};
}

Result<std::vector<std::string>> MemoryPiles::verify() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> faults;
  for (const auto& [serial, pile] : state_.piles)
    for (const auto& chunk : pile.chunks)
      if (crc32c(chunk.bytes) != chunk.crc)
        faults.push_back(fmt::format("a chunk of aggregate {} is damaged", serial));
  return faults;
}

Result<void> MemoryPiles::backup_to(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!backups_.emplace(path, state_).second)
    return fail(ErrorCode::Invalid, fmt::format("memory: {} exists already", path));
  return {};
}

std::unique_ptr<MemoryPiles> MemoryPiles::clone() const {
  auto out = std::make_unique<MemoryPiles>();
  const std::lock_guard lock(mutex_);
  out->state_ = state_;
  out->backups_ = backups_;
  return out;
}

std::unique_ptr<MemoryPiles> MemoryPiles::backup(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = backups_.find(path);
  if (found == backups_.end()) return nullptr;
  auto out = std::make_unique<MemoryPiles>();
  out->state_ = found->second;
  return out;
}

void MemoryPiles::fail_next_write(ErrorCode code, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  failure_ = code;
  failures_ = count;
}

void MemoryPiles::damage(ports::Serial serial) {
  const std::lock_guard lock(mutex_);
  auto& chunk = state_.piles.at(serial).chunks.back();
  chunk.bytes[0] = static_cast<char>(chunk.bytes[0] ^ 1);
}

}  // namespace cairn::sqlite

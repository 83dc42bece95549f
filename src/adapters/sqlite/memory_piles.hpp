#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ports/piles.hpp"

namespace cairn::sqlite {

/// Piles in memory that behave like SqlitePiles, for tests and the simulator. Any thread.
///
/// A crash is `clone()`: what was committed, in a new object, while the old one is thrown away.
/// Fails only as told by `fail_next_write` and `damage`.
class MemoryPiles final : public ports::Piles {
 public:
  MemoryPiles() = default;

  Result<void> write(std::span<const ports::PileAddition> additions,
                     std::uint64_t position) override;
  std::uint64_t position() const override;
  Result<Bytes> read(ports::Serial serial) override;
  Result<void> scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) override;
  Result<void> drop_rows() override;
  Result<std::vector<std::string>> verify() override;
  /// Keeps a copy under the name `path`; see `backup`.
  Result<void> backup_to(const std::string& path) override;

  /// The committed state.
  std::unique_ptr<MemoryPiles> clone() const;
  /// A copy made by `backup_to`; null when there is none of that name.
  std::unique_ptr<MemoryPiles> backup(const std::string& path) const;

  /// The next `count` writes fail with `code` and change nothing.
  void fail_next_write(ErrorCode code, std::uint64_t count = 1);
  /// Flips a bit of the newest chunk of `serial`, behind its checksum's back.
  void damage(ports::Serial serial);

 private:
  struct Chunk {
    Bytes bytes;
    std::uint32_t crc = 0;
  };
  struct Pile {
    ports::AggregateKey key;
    std::uint64_t last_number = 0;
    std::vector<Chunk> chunks;
    Bytes row;
  };
  struct State {
    std::map<ports::Serial, Pile> piles;
    std::uint64_t position = 0;
  };
  Result<void> check(std::span<const ports::PileAddition> additions) const;

  mutable std::mutex mutex_;
  State state_;
  std::map<std::string, State> backups_;
  std::uint64_t failures_ = 0;
  ErrorCode failure_ = ErrorCode::Io;
};

}  // namespace cairn::sqlite

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "ports/storage.hpp"

namespace cairn::memory {

enum class Operation : std::uint8_t {
  Open,
  Read,
  Write,
  Sync,
  Size,
  Allocate,
  Truncate,
  List,
  Exists,
  MakeFolder,
  Rename,
  Remove,
};
constexpr std::size_t operation_count = 12;
std::string_view name_of(Operation operation);

enum class Fault : std::uint8_t {
  Eio,     ///< Io; of a write any part may be there, of a sync see LosesWrites
  Enospc,  ///< DiskFull, nothing done
  Short,   ///< half the bytes are written or read; a write then fails with Io
};

/// Any storage, failing as told. For tests and the simulator; any thread.
///
/// Operations are counted per kind from 1, and over all kinds. A planned fault strikes the n-th
/// operation of its kind (and, with `times`, those after it). `cut_power_at` fails the n-th
/// operation of all, which may have been done or not, and everything after it: call
/// `MemoryStorage::crash` then, and `restore_power`.
class FaultyStorage final : public ports::Storage {
 public:
  explicit FaultyStorage(ports::Storage& inner, std::uint64_t seed = 1);

  void fail(Operation kind, std::uint64_t nth, Fault fault, std::uint64_t times = 1);
  /// Forgets the planned faults; counters go on.
  void heal();
  void cut_power_at(std::uint64_t nth);
  bool is_power_cut() const;
  void restore_power();

  std::uint64_t count(Operation kind) const;
  std::uint64_t count_all() const;
  /// How many planned faults have struck.
  std::uint64_t struck() const;

  Result<std::unique_ptr<ports::File>> open(const std::string& path, Mode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;

  struct Verdict;
  struct State;

 private:
  ports::Storage& inner_;
  std::shared_ptr<State> state_;
};

}  // namespace cairn::memory

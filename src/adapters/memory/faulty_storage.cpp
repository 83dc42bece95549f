#include "adapters/memory/faulty_storage.hpp"

#include <fmt/format.h>

#include "adapters/memory/memory_storage.hpp"

namespace cairn::memory {

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, operation_count> names = {
      "open",     "read", "write",  "sync",        "size",   "allocate",
      "truncate", "list", "exists", "make folder", "rename", "remove"};
  return names[static_cast<std::size_t>(operation)];
}

/// What is to happen to one operation: it goes on, or fails after having been done in part.
struct FaultyStorage::Verdict {
  bool goes_on = true;
  bool is_done = false;   ///< although it fails
  bool is_short = false;  ///< half of it is
  Fault fault = Fault::Eio;
  std::uint64_t random = 0;
};

struct FaultyStorage::State {
  struct Plan {
    Operation kind;
    std::uint64_t from;
    std::uint64_t times;
    Fault fault;
  };
  mutable std::mutex mutex;
  std::mt19937_64 random;
  std::array<std::uint64_t, operation_count> counts{};
  std::uint64_t all = 0;
  std::uint64_t cut_at = UINT64_MAX;
  bool is_cut = false;
  std::uint64_t struck = 0;
  std::vector<Plan> plans;

  Verdict judge(Operation kind) {
    const std::scoped_lock lock(mutex);
    const std::uint64_t nth = ++counts[static_cast<std::size_t>(kind)];
    ++all;
    if (is_cut) return {.goes_on = false};
    if (all >= cut_at) {
      is_cut = true;
      const auto chance = random();
      return {.goes_on = false,
              .is_done = chance % 2 == 0,
              .is_short = chance % 4 == 1,
              .random = random()};
    }
    for (const auto& plan : plans) {
      if (plan.kind != kind || nth < plan.from || nth - plan.from >= plan.times) continue;
      ++struck;
      return {.goes_on = false,
              .is_done = plan.fault == Fault::Eio && random() % 2 == 0,
              .is_short = plan.fault == Fault::Short,
              .fault = plan.fault,
              .random = random()};
    }
    return {};
  }
};

namespace {

using Verdict = FaultyStorage::Verdict;

std::unexpected<Error> error_of(const Verdict& verdict, Operation kind, const std::string& path) {
  const bool is_full = verdict.fault == Fault::Enospc;
  return fail(is_full ? ErrorCode::DiskFull : ErrorCode::Io,
              fmt::format("cannot {} {}: {}", name_of(kind), path,
                          is_full ? "No space left on device" : "Input/output error"));
}

/// Runs `call` as the verdict says: `call` may have happened although its caller is told it failed.
template <typename Call>
auto carry_out(const Verdict& verdict, Operation kind, const std::string& path, Call call)
    -> decltype(call()) {
  if (verdict.goes_on) return call();
  if (verdict.is_done) (void)call();
  return error_of(verdict, kind, path);
}

class FaultyFile final : public ports::File {
 public:
  FaultyFile(std::unique_ptr<ports::File> inner, std::shared_ptr<FaultyStorage::State> state,
             std::string path)
      : inner_(std::move(inner)), state_(std::move(state)), path_(std::move(path)) {}

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    const auto verdict = state_->judge(Operation::Read);
    if (verdict.is_short) return inner_->read_at(offset, size / 2);
    return carry_out(verdict, Operation::Read, path_,
                     [&] { return inner_->read_at(offset, size); });
  }

  Result<void> write_at(std::uint64_t offset, BytesView bytes) override {
    const auto verdict = state_->judge(Operation::Write);
    if (verdict.is_short) (void)inner_->write_at(offset, bytes.substr(0, bytes.size() / 2));
    return carry_out(verdict, Operation::Write, path_,
                     [&] { return inner_->write_at(offset, bytes); });
  }

  Result<void> sync() override {
    const auto verdict = state_->judge(Operation::Sync);
    if (!verdict.goes_on)
      if (auto* const file = dynamic_cast<LosesWrites*>(inner_.get()))
        file->fail_sync(verdict.random);
    return carry_out(verdict, Operation::Sync, path_, [&] { return inner_->sync(); });
  }

  Result<std::uint64_t> size() override {
    return carry_out(state_->judge(Operation::Size), Operation::Size, path_,
                     [&] { return inner_->size(); });
  }
  Result<void> allocate(std::uint64_t size) override {
    return carry_out(state_->judge(Operation::Allocate), Operation::Allocate, path_,
                     [&] { return inner_->allocate(size); });
  }
  Result<void> truncate(std::uint64_t size) override {
    return carry_out(state_->judge(Operation::Truncate), Operation::Truncate, path_,
                     [&] { return inner_->truncate(size); });
  }

 private:
  std::unique_ptr<ports::File> inner_;
  std::shared_ptr<FaultyStorage::State> state_;
  std::string path_;
};

}  // namespace

FaultyStorage::FaultyStorage(ports::Storage& inner, std::uint64_t seed)
    : inner_(inner), state_(std::make_shared<State>()) {
  state_->random.seed(seed);
}

void FaultyStorage::fail(Operation kind, std::uint64_t nth, Fault fault, std::uint64_t times) {
  const std::scoped_lock lock(state_->mutex);
  state_->plans.push_back({kind, nth, times, fault});
}
void FaultyStorage::heal() {
  const std::scoped_lock lock(state_->mutex);
  state_->plans.clear();
}
void FaultyStorage::cut_power_at(std::uint64_t nth) {
  const std::scoped_lock lock(state_->mutex);
  state_->cut_at = nth;
}
bool FaultyStorage::is_power_cut() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->is_cut;
}
void FaultyStorage::restore_power() {
  const std::scoped_lock lock(state_->mutex);
  state_->is_cut = false;
  state_->cut_at = UINT64_MAX;
}
std::uint64_t FaultyStorage::count(Operation kind) const {
  const std::scoped_lock lock(state_->mutex);
  return state_->counts[static_cast<std::size_t>(kind)];
}
std::uint64_t FaultyStorage::count_all() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->all;
}
std::uint64_t FaultyStorage::struck() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->struck;
}

Result<std::unique_ptr<ports::File>> FaultyStorage::open(const std::string& path, Mode mode) {
  auto opened = carry_out(state_->judge(Operation::Open), Operation::Open, path,
                          [&] { return inner_.open(path, mode); });
  if (!opened) return opened;
  return std::make_unique<FaultyFile>(std::move(*opened), state_, path);
}
Result<std::vector<std::string>> FaultyStorage::list(const std::string& folder) {
  return carry_out(state_->judge(Operation::List), Operation::List, folder,
                   [&] { return inner_.list(folder); });
}
Result<bool> FaultyStorage::exists(const std::string& path) {
  return carry_out(state_->judge(Operation::Exists), Operation::Exists, path,
                   [&] { return inner_.exists(path); });
}
Result<void> FaultyStorage::make_folder(const std::string& path) {
  return carry_out(state_->judge(Operation::MakeFolder), Operation::MakeFolder, path,
                   [&] { return inner_.make_folder(path); });
}
Result<void> FaultyStorage::rename(const std::string& from, const std::string& to) {
  return carry_out(state_->judge(Operation::Rename), Operation::Rename, from,
                   [&] { return inner_.rename(from, to); });
}
Result<void> FaultyStorage::remove(const std::string& path) {
  return carry_out(state_->judge(Operation::Remove), Operation::Remove, path,
                   [&] { return inner_.remove(path); });
}

}  // namespace cairn::memory

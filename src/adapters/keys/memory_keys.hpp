#pragma once

#include <cstdint>
#include <mutex>
#include <set>

#include "ports/keys.hpp"

namespace cairn::keys {

/// Keys made of a seed, for tests and the simulator: the same run gives the same bytes. Any thread.
/// They survive a crash as long as the object is kept, since a slot given is durable by contract.
class MemoryKeys final : public ports::Keys {
 public:
  explicit MemoryKeys(std::uint64_t seed = 1) : seed_(seed) {}

  Result<ports::KeySlot> take() override;
  Result<ports::KeyBytes> get(ports::KeySlot slot) override;
  Result<void> destroy(ports::KeySlot slot) override;
  Result<ports::KeyBytes> installation_key(std::string_view purpose) override;

  /// The next `count` calls of `take` or `destroy` fail with `code`.
  void fail_next(ErrorCode code, std::uint64_t count = 1);

 private:
  ports::KeyBytes derive(std::string_view what) const;
  Result<void> pass_fault();
  Result<void> check_given(ports::KeySlot slot) const;

  std::uint64_t seed_;
  std::mutex mutex_;
  ports::KeySlot given_ = 0;
  std::set<ports::KeySlot> destroyed_;
  std::uint64_t failures_ = 0;
  ErrorCode failure_ = ErrorCode::Io;
};

}  // namespace cairn::keys

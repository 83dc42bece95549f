#include "adapters/keys/memory_keys.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"

namespace cairn::keys {

ports::KeyBytes MemoryKeys::derive(std::string_view what) const {
  return crypto::sha256(fmt::format("{}:{}", seed_, what));
}

Result<void> MemoryKeys::pass_fault() {
  if (failures_ == 0) return {};
  --failures_;
  return fail(failure_, "memory: the key store was told to fail");
}

Result<void> MemoryKeys::check_given(ports::KeySlot slot) const {
  if (slot == 0 || slot > given_)
    return fail(ErrorCode::NotFound, fmt::format("memory: slot {} was never given", slot));
  return {};
}

Result<ports::KeySlot> MemoryKeys::take() {
  const std::lock_guard lock(mutex_);
  CAIRN_TRY_VOID(pass_fault());
  return ++given_;
}

Result<ports::KeyBytes> MemoryKeys::get(ports::KeySlot slot) {
  const std::lock_guard lock(mutex_);
  CAIRN_TRY_VOID(check_given(slot));
  if (destroyed_.contains(slot))
    return fail(ErrorCode::Gone, fmt::format("the key in slot {} was destroyed", slot));
  return derive(fmt::format("slot:{}", slot));
}

Result<void> MemoryKeys::destroy(ports::KeySlot slot) {
  const std::lock_guard lock(mutex_);
  CAIRN_TRY_VOID(check_given(slot));
  CAIRN_TRY_VOID(pass_fault());
  destroyed_.insert(slot);
  return {};
}

Result<ports::KeyBytes> MemoryKeys::installation_key(std::string_view purpose) {
  return derive(fmt::format("purpose:{}", purpose));
}

void MemoryKeys::fail_next(ErrorCode code, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  failure_ = code;
  failures_ = count;
}

}  // namespace cairn::keys

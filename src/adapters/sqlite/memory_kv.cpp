#include "adapters/sqlite/memory_kv.hpp"

#include <utility>
#include <vector>

namespace cairn::sqlite {

Result<void> MemoryKeyValues::write(std::span<const ports::KeyValueChange> changes) {
  for (const auto& change : changes) CAIRN_TRY_VOID(ports::check_key(change.key));
  const std::lock_guard lock(mutex_);
  if (failures_ > 0) {
    --failures_;
    return fail(failure_, "memory: this write was told to fail");
  }
  for (const auto& [key, value] : changes) {
    if (value)
      values_.insert_or_assign(key, *value);
    else
      values_.erase(key);
  }
  return {};
}

Result<std::optional<Bytes>> MemoryKeyValues::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

Result<void> MemoryKeyValues::scan(std::string_view prefix, std::string_view after,
                                   const Visitor& visit) {
  // A visitor may call back: it sees the state as it was when the scan began.
  std::vector<std::pair<std::string, Bytes>> seen;
  {
    const std::lock_guard lock(mutex_);
    const bool is_after = after >= prefix && !after.empty();
    auto at = is_after ? values_.upper_bound(after) : values_.lower_bound(prefix);
    for (; at != values_.end() && at->first.starts_with(prefix); ++at) seen.push_back(*at);
  }
  for (const auto& [key, value] : seen) {
    CAIRN_TRY(const bool is_more, visit(key, value));
    if (!is_more) return {};
  }
  return {};
}

Result<void> MemoryKeyValues::backup_to(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (!backups_.emplace(path, values_).second)
    return fail(ErrorCode::Invalid, "memory: " + path + " exists already");
  return {};
}

void MemoryKeyValues::fail_next_write(ErrorCode code, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  failure_ = code;
  failures_ = count;
}

}  // namespace cairn::sqlite

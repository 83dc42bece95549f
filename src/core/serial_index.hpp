#pragma once

#include <cstdint>
#include <vector>

namespace cairn::core {

/// Open-addressing table from a hash to a dense serial: four bytes an entry. The caller compares
/// the key itself (`is_it(serial)`), so keys are stored once, where the rows are. Serial 0 is
/// "none".
class SerialIndex {
 public:
  template <typename IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const {
    if (table_.empty()) return 0;
    for (std::size_t i = mix(hash) & mask_;; i = (i + 1) & mask_) {
      if (table_[i] == 0) return 0;
      if (table_[i] != kErased && is_it(table_[i])) return table_[i];
    }
  }

  /// `hash_of(serial)` is needed when the table grows.
  template <typename HashOf>
  void insert(std::uint64_t hash, std::uint32_t serial, HashOf&& hash_of) {
    if ((used_ + 1) * 10 >= table_.size() * 7) grow(hash_of);
    place(hash, serial);
    ++used_;
  }

  void erase(std::uint64_t hash, std::uint32_t serial) {
    for (std::size_t i = mix(hash) & mask_; table_[i] != 0; i = (i + 1) & mask_)
      if (table_[i] == serial) {
        table_[i] = kErased;
        return;
      }
  }

  void clear() {
    table_.clear();
    used_ = 0;
    mask_ = 0;
  }

 private:
  static constexpr std::uint32_t kErased = 0xffffffff;
  static std::uint64_t mix(std::uint64_t h) { return (h ^ (h >> 29)) * 0x9e3779b97f4a7c15ull >> 7; }
  void place(std::uint64_t hash, std::uint32_t serial) {
    std::size_t i = mix(hash) & mask_;
    while (table_[i] != 0) i = (i + 1) & mask_;
    table_[i] = serial;
  }
  template <typename HashOf>
  void grow(HashOf&& hash_of) {
    auto old = std::move(table_);
    table_.assign(old.empty() ? 1024 : old.size() * 2, 0);
    mask_ = table_.size() - 1;
    used_ = 0;
    for (const auto serial : old)
      if (serial != 0 && serial != kErased) {
        place(hash_of(serial), serial);
        ++used_;
      }
  }

  std::vector<std::uint32_t> table_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace cairn::core

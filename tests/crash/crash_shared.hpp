#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace cairn::crash {

inline constexpr std::size_t kFactsMax = 1 << 20;
inline constexpr std::uint32_t kOrders = 24;

/// What parent and child both see: a file mapped into both outlives a kill.
struct Shared {
  std::atomic<std::uint32_t> starting, flushing, switching, recycling, loading;
  std::atomic<std::uint64_t> next;          ///< facts below have been sent at least once
  std::atomic<std::uint64_t> acknowledged;  ///< how many
  std::atomic<std::uint64_t> lost, doubled, checked;
  std::array<std::atomic<std::uint8_t>, kFactsMax> is_acknowledged;
};

inline Shared* map_shared(int file) {
  void* at = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return at == MAP_FAILED ? nullptr : static_cast<Shared*>(at);
}

/// Counts how many are inside, for as long as it lives.
class Inside {
 public:
  explicit Inside(std::atomic<std::uint32_t>& count) : count_(count) { ++count_; }
  ~Inside() { --count_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  std::atomic<std::uint32_t>& count_;
};

}  // namespace cairn::crash

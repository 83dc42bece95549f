#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/check.hpp"

namespace cairn {

/// A sequence that grows at its end and whose elements keep their address, in blocks of many: what
/// is read from end to end, or by number, a million elements long. std::deque has blocks of 512
/// bytes, three rows of an order.
template <typename T>
class Blocks {
 public:
  T& operator[](std::size_t at) { return blocks_[at / kPerBlock][at % kPerBlock]; }
  const T& operator[](std::size_t at) const { return blocks_[at / kPerBlock][at % kPerBlock]; }
  T& back() { return (*this)[size_ - 1]; }
  std::size_t size() const { return size_; }

  T& emplace_back() {
    if (size_ == blocks_.size() * kPerBlock) blocks_.push_back(std::make_unique<T[]>(kPerBlock));
    return (*this)[size_++];
  }
  /// Takes its last element back to what a new one is.
  void pop_back() {
    CAIRN_CHECK(size_ > 0);
    back() = T{};
    --size_;
  }
  void clear() {
    blocks_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t kPerBlock = 1'024;
  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace cairn

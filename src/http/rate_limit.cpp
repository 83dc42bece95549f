#include "http/rate_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace cairn::http {

RateLimit::RateLimit(std::uint32_t per_minute, std::uint64_t seed) : seed_(seed) {
  if (per_minute == 0) return;
  interval_ = Duration{minutes(1).us / per_minute};
  capacity_ = minutes(1);
  full_at_us_ = std::make_unique<std::atomic<std::int64_t>[]>(kRows);
}

std::size_t RateLimit::row_of(std::string_view address) const {
  in6_addr long_form{};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), &long_form) == 1 &&
      !IN6_IS_ADDR_V4MAPPED(&long_form))
    address = {reinterpret_cast<const char*>(long_form.s6_addr), 8};
  // splitmix64 over the bytes, begun at the seed.
  std::uint64_t hash = seed_;
  for (const char c : address) {
    hash = (hash ^ static_cast<unsigned char>(c)) + 0x9e37'79b9'7f4a'7c15;
    hash = (hash ^ (hash >> 30)) * 0xbf58'476d'1ce4'e5b9;
    hash = (hash ^ (hash >> 27)) * 0x94d0'49bb'1331'11eb;
    hash ^= hash >> 31;
  }
  return hash % kRows;
}

Duration RateLimit::take(std::string_view address, Time now) {
  if (!full_at_us_) return {0};
  auto& full_at = full_at_us_[row_of(address)];
  auto before = full_at.load(std::memory_order_relaxed);
  for (;;) {
    const auto after = std::max(before, now.us) + interval_.us;
    if (const auto over = after - now.us - capacity_.us; over > 0) return {over};
    if (full_at.compare_exchange_weak(before, after, std::memory_order_relaxed)) return {0};
  }
}

}  // namespace cairn::http

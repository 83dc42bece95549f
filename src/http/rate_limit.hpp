#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "base/time.hpp"

namespace cairn::http {

/// How often one address may ask: a bucket of `per_minute` requests for each, refilled evenly over
/// a minute. Owned by whoever answers, asked on any thread. An address is a row of a table of fixed
/// length that only the installation can predict, so memory does not grow with the number of those
/// who ask; two addresses on one row share its bucket.
class RateLimit {
 public:
  static constexpr std::size_t kRows = 1u << 16;

  /// `per_minute` 0: no limit. `seed` must not be known outside.
  RateLimit(std::uint32_t per_minute, std::uint64_t seed);

  /// Takes one request of `address` from its bucket. Duration{0}: it may be answered; else how long
  /// it must wait, and nothing was taken. Of IPv6 the first 64 bits are an address: one customer of
  /// a provider has all the rest.
  Duration take(std::string_view address, Time now);

 private:
  std::size_t row_of(std::string_view address) const;

  Duration interval_{0};  ///< between two requests of who asks evenly
  Duration capacity_{0};
  std::uint64_t seed_;
  /// When each bucket is full again, in µs: one number is the whole bucket (GCRA).
  std::unique_ptr<std::atomic<std::int64_t>[]> full_at_us_;
};

}  // namespace cairn::http

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include <fmt/format.h>

#include "http/rate_limit.hpp"

namespace cairn::http {
namespace {

constexpr Time kNow{1'767'225'600'000'000};

std::size_t taken_at_once(RateLimit& limit, std::string_view address, Time now) {
  std::size_t count = 0;
  while (limit.take(address, now).us == 0) ++count;
  return count;
}

TEST(RateLimit, LetsABucketPassAndRefillsItEvenly) {
  RateLimit limit(60, 7);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow), 60u);
  EXPECT_EQ(limit.take("192.0.2.1", kNow), seconds(1)) << "says when";
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow + seconds(1)), 1u);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow + seconds(11)), 10u);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow + hours(5)), 60u) << "never more than full";
}

TEST(RateLimit, CountsEachAddressForItself) {
  RateLimit limit(10, 7);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow), 10u);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.2", kNow), 10u);
  EXPECT_EQ(taken_at_once(limit, "2001:db8:1:2::1", kNow), 10u);
  EXPECT_EQ(taken_at_once(limit, "2001:db8:1:2:ffff::9", kNow), 0u) << "the same network";
  EXPECT_EQ(taken_at_once(limit, "2001:db8:1:3::1", kNow), 10u);
  EXPECT_EQ(taken_at_once(limit, "not an address", kNow), 10u);
}

TEST(RateLimit, ForgetsNobodyHoweverManyAsk) {
  RateLimit limit(10, 7);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow), 10u);
  for (int i = 0; i < 300'000; ++i)
    limit.take(fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255), kNow);
  EXPECT_EQ(taken_at_once(limit, "192.0.2.1", kNow), 0u);
}

TEST(RateLimit, IsOffAtZero) {
  RateLimit limit(0, 7);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(limit.take("192.0.2.1", kNow).us, 0);
}

TEST(RateLimit, HoldsWithManyThreads) {
  RateLimit limit(1'000, 7);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) taken += limit.take("192.0.2.1", kNow).us == 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, 1'000);
}

}  // namespace
}  // namespace cairn::http

#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ports/log.hpp"

namespace cairn::log_tests {

/// A record as it was asked for, owning its bytes.
struct Written {
  ports::RecordType type = ports::RecordType::Event;
  ports::AggregateKey aggregate;
  Bytes body;
  Time recorded;
};

inline Written make_record(std::mt19937_64& random, std::uint64_t number, std::size_t body_max) {
  Written record;
  record.type = static_cast<ports::RecordType>(1 + random() % 7);
  record.aggregate.kind = static_cast<std::uint8_t>(random());
  for (auto& byte : record.aggregate.id.data) byte = static_cast<std::uint8_t>(random());
  record.body.resize(random() % (body_max + 1));
  for (auto& byte : record.body) byte = static_cast<char>(random());
  // Every record differs from every other, so that a doubled one is seen.
  record.body += std::to_string(number);
  return record;
}

inline std::vector<ports::Record> as_records(const std::vector<Written>& batch) {
  std::vector<ports::Record> out;
  for (const auto& record : batch)
    out.push_back({record.type, record.aggregate, 0, Time{}, record.body});
  return out;
}

inline bool is_same(const ports::Record& read, const Written& written) {
  return read.type == written.type && read.aggregate == written.aggregate &&
         read.body == written.body && read.recorded == written.recorded;
}

/// What a log must hold: everything that was acknowledged, and perhaps the one batch whose outcome
/// is not known, whole.
class Expected {
 public:
  explicit Expected(std::uint64_t seed) : random(seed) {}

  /// Appends a random batch. True when it was acknowledged.
  Result<std::uint64_t> append(ports::Log& log, std::size_t count_max, std::size_t body_max) {
    std::vector<Written> batch;
    const std::size_t count = 1 + random() % count_max;
    const Time recorded{static_cast<std::int64_t>(1'000'000 + random() % 1'000'000)};
    for (std::size_t i = 0; i < count; ++i) {
      batch.push_back(make_record(random, acknowledged.size() + i + 1, body_max));
      batch.back().recorded = recorded;
    }
    auto first = log.append(as_records(batch), recorded);
    if (first) {
      EXPECT_EQ(*first, acknowledged.size() + 1);
      EXPECT_EQ(log.durable(), acknowledged.size() + batch.size());
      acknowledged.insert(acknowledged.end(), batch.begin(), batch.end());
    } else if (first.error().code == ErrorCode::Unknown) {
      unknown = std::move(batch);
    }
    return first;
  }

  /// Settles the unknown batch by what the log holds, and compares every record.
  testing::AssertionResult holds(ports::Log& log) {
    const std::uint64_t durable = log.durable();
    if (durable != acknowledged.size()) {
      if (!unknown || durable != acknowledged.size() + unknown->size())
        return testing::AssertionFailure()
               << "durable is " << durable << ", acknowledged were " << acknowledged.size();
      acknowledged.insert(acknowledged.end(), unknown->begin(), unknown->end());
    }
    unknown.reset();
    if (log.first() > durable + 1 || log.first() > released + 1)
      return testing::AssertionFailure()
             << "begins at " << log.first() << ", released were " << released;
    std::uint64_t next = log.first();
    std::optional<std::uint64_t> wrong;
    const auto read = log.read(next, [&](const ports::Record& record) -> Result<void> {
      if (record.number != next || record.number > acknowledged.size() ||
          !is_same(record, acknowledged[record.number - 1]))
        wrong = wrong.value_or(next);
      ++next;
      return {};
    });
    if (!read) return testing::AssertionFailure() << read.error().message;
    if (wrong) return testing::AssertionFailure() << "record " << *wrong << " is wrong";
    if (next != durable + 1)
      return testing::AssertionFailure() << "read ended before " << next << " of " << durable;
    return testing::AssertionSuccess();
  }

  Result<void> release(ports::Log& log) {
    released = std::max(released, random() % (acknowledged.size() + 1));
    return log.release(released);
  }

  std::mt19937_64 random;
  std::vector<Written> acknowledged;
  std::optional<std::vector<Written>> unknown;
  std::uint64_t released = 0;
};

}  // namespace cairn::log_tests

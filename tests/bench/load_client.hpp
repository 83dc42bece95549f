#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::bench {

using Clock = std::chrono::steady_clock;

/// Counts of durations in nanoseconds, exact to one part in 64.
class Histogram {
 public:
  void add(std::int64_t ns);
  std::int64_t count() const { return count_; }
  double mean_us() const { return count_ == 0 ? 0 : sum_ns_ / static_cast<double>(count_) / 1000; }
  double max_us() const { return static_cast<double>(max_ns_) / 1000; }
  /// The least value that `share` (0 to 1) of all do not exceed.
  double quantile_us(double share) const;

 private:
  static constexpr unsigned kSubBits = 6;
  static std::size_t slot_of(std::uint64_t ns);
  static std::uint64_t top_of(std::size_t slot);
  std::array<std::int64_t, 64 << kSubBits> counts_{};
  std::int64_t count_ = 0, max_ns_ = 0;
  double sum_ns_ = 0;
};

/// What one kind of request asks of the client.
struct StreamOptions {
  std::string name;
  int connections = 64;
  double rate = 0;  ///< requests a second, sent whether or not answers come; 0: as answers come
  /// Appends a whole HTTP request; false when there are no more.
  std::function<bool(std::string&)> request;
  /// Called with the body of each 2xx answer, in the whole run.
  std::function<void(std::string_view)> answer;
};

struct StreamResult {
  std::int64_t answered = 0;      ///< 2xx inside the measured time
  std::int64_t answered_all = 0;  ///< 2xx in the whole run, warm-up included
  std::map<int, std::int64_t> other_status;
  std::int64_t broken = 0;      ///< connections that ended before the answer
  std::int64_t unanswered = 0;  ///< due inside the measured time, still open at the end
  double seconds = 0;           ///< measured time
  Histogram latency;
  std::string first_bad;  ///< the first answer that was not 2xx
};

/// Sends HTTP/1.1 over kept-alive connections from one thread. With a rate, a request has a time at
/// which it is due, and its latency counts from then, also while it waits for a free connection:
/// a server that stalls cannot hide what it delayed.
class Client {
 public:
  Client(std::string host, int port);
  ~Client();
  void add(StreamOptions options);
  /// Runs all streams side by side; a stream without a rate may end by itself, and when all have
  /// ended the run has. Throws std::runtime_error where the server cannot be reached.
  std::vector<StreamResult> run(double warm_up_seconds, double seconds);

 private:
  struct Stream;
  struct Connection;
  void connect(Connection& connection);
  void send_next(Connection& connection);
  void flush(Connection& connection);
  void read(Connection& connection);
  bool take_answer(Connection& connection);
  void fail(Connection& connection);
  void finish(Connection& connection, int status, std::string_view body);
  void offer(Stream& stream, Clock::time_point now);

  std::string host_;
  int port_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Connection>> connections_;
  Clock::time_point measured_from_{}, measured_until_{};
};

}  // namespace cairn::bench

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "http/tls.hpp"

namespace cairn::http {

/// A change, rendered once for all: a whole server-sent event with id, ready to send.
struct LiveChange {
  std::uint64_t subject = 0;  ///< hash of the order it is about
  std::uint32_t shard = 0;
  std::uint64_t number = 0;  ///< of its record: what a position counts
  std::shared_ptr<const std::string> bytes;
  std::shared_ptr<const void> about;  ///< what filters look at; theirs to know
};

/// Decides whether a subscriber wants a change. Called on the hub's thread.
using LiveFilter = std::function<bool(const LiveChange&)>;

/// What becomes of a connection that wants to listen.
struct LiveRequest {
  std::uint64_t subject = 0;  ///< of one order only; 0: all that `filter` wants
  LiveFilter filter = {};     ///< empty: everything
  /// Events missed before the subscription began; sets `seen` to what they cover. Called on the
  /// hub's thread before any later change is delivered, so that nothing falls between.
  std::function<std::string(std::vector<std::uint64_t>& seen)> catch_up = {};
  std::vector<std::uint64_t> seen = {};  ///< by shard: changes up to here are not sent
  std::string head = {};                 ///< of the HTTP answer, empty: the hub's own
};

struct LiveOptions {
  std::size_t unsent_bytes_max = 256 * 1024;  ///< of one reader, beyond which it is dropped
  std::uint32_t heartbeat_seconds = 15;
  std::size_t subscribers_max = 100'000;
};

/// Holds the connections of all live streams: about a hundred bytes each beside the kernel's, one
/// thread for all. `publish` may be called from any thread and never waits for a reader: a slow one
/// is told why and dropped, and resumes where it was.
class LiveHub {
 public:
  explicit LiveHub(LiveOptions options = {});
  ~LiveHub();

  void start();
  void stop();
  /// Takes over a connected, non-blocking socket, with its TLS session where it has one.
  void adopt(int fd, LiveRequest request, std::unique_ptr<TlsSession> tls = nullptr);
  void publish(std::vector<LiveChange> changes);
  /// Said with every heartbeat and as the first event; called on the hub's thread. It may not name
  /// a change whose `publish` has not returned: a reader that comes back with it would miss that
  /// one.
  void set_position(std::function<std::string()> position) { position_ = std::move(position); }
  /// What time heartbeats say it is; without it, the wall clock. Called on the hub's thread.
  void set_clock(std::function<Time()> clock) { clock_ = std::move(clock); }

  /// With those that were adopted and are not begun yet. Whoever leaves changes unpublished while
  /// this is 0 must have advanced what `catch_up` covers before it looks here.
  std::size_t subscribers() const { return subscribers_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Subscriber;
  void run();
  void wake();
  struct Arrival {
    int fd;
    LiveRequest request;
    std::unique_ptr<TlsSession> tls;
  };
  void on_event(Subscriber& subscriber, std::uint32_t what);
  void exchange();
  void begin(Arrival arrival, std::string_view position);
  void deliver(const LiveChange& change);
  void send(Subscriber& subscriber, std::string_view bytes);
  void drop(Subscriber& subscriber);
  void close(Subscriber& subscriber);
  void bury();
  bool is_beat_due(std::uint64_t now_ms) const { return now_ms - last_beat_ms_ >= 100; }
  void beat(std::uint64_t now_ms, std::string_view position);
  void receive(Subscriber& subscriber);
  void flush_output(Subscriber& subscriber);
  void watch(Subscriber& subscriber);

  LiveOptions options_;
  std::function<std::string()> position_;
  std::function<Time()> clock_;
  int epoll_ = -1, wake_ = -1;
  std::thread thread_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::size_t> subscribers_{0};
  std::atomic<std::uint64_t> delivered_{0}, dropped_{0};

  std::mutex mutex_;
  std::vector<Arrival> arriving_;
  std::vector<LiveChange> published_;

  // The hub's thread only.
  std::vector<std::unique_ptr<Subscriber>> by_fd_;
  std::unordered_multimap<std::uint64_t, int> by_subject_;
  std::vector<int> of_many_;
  std::vector<int> closed_;  ///< of this round; their numbers are free at its end
  std::size_t held_ = 0;     ///< begun and not closed
  std::size_t beat_at_ = 0;
  std::uint64_t last_beat_ms_ = 0;
};

}  // namespace cairn::http

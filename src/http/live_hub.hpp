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

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/tls.hpp"

namespace cairn::http {

/// A change, rendered once for all: a server-sent event, whole but for its id.
struct LiveChange {
  std::uint64_t subject = 0;  ///< hash of the order it is about
  std::uint32_t shard = 0;
  std::uint64_t number = 0;  ///< of its record: what a position counts
  std::shared_ptr<const std::string> bytes;
  std::shared_ptr<const void> about;  ///< what filters look at; theirs to know
};

/// Decides whether a subscriber wants a change. Called on the hub's thread.
using LiveFilter = std::function<bool(const LiveChange&)>;

/// What a reader missed before it came.
struct LiveMissed {
  std::string events = {};
  std::vector<std::uint64_t> seen = {};  ///< by shard: they reach to here, later ones are to come
};
/// Called once, from any thread, also when the reader or the hub is gone by then. An error ends the
/// stream with the reason `unavailable`: the reader comes back as after any other end.
using LiveReply = std::function<void(Result<LiveMissed>)>;

/// What becomes of a connection that wants to listen.
struct LiveRequest {
  std::uint64_t subject = 0;  ///< of one order only; 0: all that `filter` wants
  LiveFilter filter = {};     ///< empty: everything
  /// Asks what was missed. Called on the hub's thread when the reader is known there: changes
  /// published from then on are kept for it until the answer comes, so that nothing falls between.
  std::function<void(LiveReply)> catch_up = {};
  std::string head = {};  ///< of the HTTP answer, empty: the hub's own
};

/// How far a stream has come, by shard. Both are called on the hub's thread.
struct LivePositions {
  /// What was published so far, by shard. It may not name a change whose `publish` has not
  /// returned: a reader that comes back with it would miss that one.
  std::function<std::vector<std::uint64_t>()> published = {};
  std::function<std::string(std::span<const std::uint64_t>)> format = {};
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
  /// The changes of one shard in order of their numbers.
  void publish(std::vector<LiveChange> changes);
  /// With these every event and heartbeat has an id that says how far its reader has come: exactly,
  /// so that whoever resumes with it hears nothing twice. Without, heartbeats have none.
  void set_positions(LivePositions positions) { positions_ = std::move(positions); }
  /// What time heartbeats say it is; without it, the wall clock. Called on the hub's thread.
  void set_clock(std::function<Time()> clock) { clock_ = std::move(clock); }

  /// With those that were adopted and are not begun yet. Whoever leaves changes unpublished while
  /// this is 0 must have written them where `catch_up` looks before it looks here.
  std::size_t subscribers() const { return subscribers_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Numbers = std::vector<std::uint64_t>;  ///< by shard
  struct Subscriber;
  struct Inbox;
  void run();
  struct Arrival {
    int fd;
    LiveRequest request;
    std::unique_ptr<TlsSession> tls;
  };
  struct CaughtUp {
    int fd;
    std::uint64_t ticket;  ///< of the reader: its number may be another's by now
    Result<LiveMissed> missed;
  };
  void on_event(Subscriber& subscriber, std::uint32_t what);
  void exchange();
  void begin(Arrival arrival);
  void catch_up(CaughtUp answer);
  void deliver(const LiveChange& change);
  void give(Subscriber& subscriber, const LiveChange& change);
  static bool has_seen(const Subscriber& reader, const LiveChange& change);
  static void reach(Numbers& numbers, const Numbers& others);
  bool is_reached(const Numbers& numbers) const;  ///< by what was told
  std::string id_line(Numbers told, const Numbers* seen) const;
  void send(Subscriber& subscriber, std::string_view bytes);
  void drop(Subscriber& subscriber);
  void end(Subscriber& reader, std::string_view head, std::string_view reason);
  void close(Subscriber& subscriber);
  void bury();
  bool is_beat_due(std::uint64_t now_ms) const { return now_ms - last_beat_ms_ >= 100; }
  void beat(std::uint64_t now_ms);
  void receive(Subscriber& subscriber);
  void flush_output(Subscriber& subscriber);
  void watch(Subscriber& subscriber);

  LiveOptions options_;
  LivePositions positions_;
  std::function<Time()> clock_;
  int epoll_ = -1;
  std::thread thread_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::size_t> subscribers_{0};
  std::atomic<std::uint64_t> delivered_{0}, dropped_{0};

  const std::shared_ptr<Inbox> inbox_;  ///< outlives the hub where an answer comes late

  // The hub's thread only.
  std::vector<std::unique_ptr<Subscriber>> by_fd_;
  std::unordered_multimap<std::uint64_t, int> by_subject_;
  std::vector<int> of_many_;
  std::vector<int> closed_;  ///< of this round; their numbers are free at its end
  std::size_t held_ = 0;     ///< begun and not closed
  std::uint64_t tickets_ = 0;
  Numbers told_;         ///< what everybody was told who has no `seen` beyond it
  std::string telling_;  ///< the event that is being delivered, with its id
  std::size_t beat_at_ = 0;
  std::uint64_t last_beat_ms_ = 0;
};

}  // namespace cairn::http

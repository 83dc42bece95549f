#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/live_hub.hpp"
#include "http/message.hpp"

namespace cairn::http {

/// An answer on its way from another thread to a connection of a loop.
struct Completion {
  enum class Kind : std::uint8_t { Answer, GoLive, Resume };
  Kind kind = Kind::Answer;
  int fd = -1;
  std::uint64_t generation = 0;  ///< of the connection: its number may be another's by now
  std::uint64_t sequence = 0;    ///< of the request on it
  Response response = {};
  std::unique_ptr<LiveRequest> live = {};
};

/// Where answers for a loop arrive, from any thread. It outlives the loop when one comes late: a
/// shard may answer what was asked before the server stopped. What comes then is dropped.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  /// For a thread that answers many requests in one go: from the first call on, its answers are
  /// kept, and each further call sends them, one wake-up a loop. A loop woken by the first of them
  /// would take the core from the thread that has the others.
  static void send_gathered();

  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  int fd() const { return wake_; }  ///< readable when something is there
  void put(Completion completion);
  void wake();

  // The loop's thread only.
  void open();  ///< what this thread puts needs no waking
  std::vector<Completion> take();
  void drain_wake();
  void close();

 private:
  struct Gathered;
  void put_all(std::vector<Completion>& completions);

  const int wake_;
  std::mutex mutex_;
  std::thread::id owner_;
  bool is_closed_ = false;
  std::vector<Completion> completions_;
};

}  // namespace cairn::http

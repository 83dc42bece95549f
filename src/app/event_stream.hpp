#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cairn::app {

/// One event of a server-sent stream.
struct StreamEvent {
  std::string type = "message", id, data;
};

/// Cuts the bytes of a stream of server-sent events (WHATWG HTML, "Interpreting an event stream")
/// into events. One thread. An event longer than the limit is dropped whole.
class EventStream {
 public:
  explicit EventStream(std::size_t event_bytes_max = 1024 * 1024) : bytes_max_(event_bytes_max) {}

  /// False when `visit` stopped; the rest of the chunk is kept.
  bool push(std::string_view chunk, const std::function<bool(const StreamEvent&)>& visit);
  /// Of the newest event that had one: what `Last-Event-ID` says when the stream is opened again.
  const std::string& last_id() const { return last_id_; }
  /// A connection is new: what was half read is forgotten, `last_id` stays.
  void begin_again();

 private:
  void take_line(std::string_view line);
  std::size_t bytes_max_;
  std::string held_, last_id_;
  StreamEvent event_;
  bool has_data_ = false, is_too_long_ = false, is_after_cr_ = false;
};

}  // namespace cairn::app

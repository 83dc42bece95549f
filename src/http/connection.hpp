#pragma once

#include <deque>

#include "http/live_hub.hpp"
#include "http/parser.hpp"
#include "http/tls.hpp"

namespace cairn::http {

/// One client's connection; its loop's thread only.
struct Connection {
  /// An answer that is owed, in the order of the requests.
  struct Waiting {
    bool is_ready = false;
    bool is_head = false;  ///< the answer to HEAD has no body
    bool takes_gzip = false;
    std::uint32_t rate_class = 0;
    std::uint64_t since_ns = 0;  ///< when its last byte was there
    std::string bytes, request_id, trace_parent;
    std::unique_ptr<LiveRequest> live;  ///< the answer is to go to the hub
  };

  int fd = -1;
  std::uint64_t generation = 0;
  std::uint32_t watched = 1;  ///< EPOLLIN
  std::uint32_t last_active = 0, head_since = 0;
  bool is_last = false;    ///< close after what is owed
  bool is_ending = false;  ///< nothing more is read
  bool is_paused = false;
  bool in_body = false;
  bool owes_continue = false;  ///< 100 Continue, once all earlier answers are sent
  bool is_lingering = false;   ///< all was said; what still comes is thrown away, see `finish`
  std::uint32_t linger_until = 0;
  std::size_t discarded = 0;
  std::string peer;
  std::unique_ptr<TlsSession> tls;  ///< null: plain

  std::string in, out;
  std::size_t in_at = 0, out_at = 0;
  std::size_t largest_out = 0;  ///< the largest answer in `out`
  std::deque<Waiting> waiting;
  std::uint64_t first_sequence = 1;  ///< of waiting.front()

  Framing framing;
  ChunkedDecoder chunks;
  std::uint64_t body_left = 0;
  std::size_t body_max = 0;
  std::string head, body;  ///< of a request whose body is not whole
  std::unique_ptr<BodySink> sink;
  std::uint64_t sink_sequence = 0;

  std::string_view unread() const { return std::string_view(in).substr(in_at); }
  bool is_all_sent() const { return out_at == out.size(); }
  void compact() {
    if (in_at == in.size()) {
      in.clear();
      if (in.capacity() > 64 * 1024) in.shrink_to_fit();
    } else if (in_at > 64 * 1024) {
      in.erase(0, in_at);
    } else {
      return;
    }
    in_at = 0;
  }
  std::uint64_t begin_answer(bool is_head) {
    waiting.emplace_back().is_head = is_head;
    return first_sequence + waiting.size() - 1;
  }
  Waiting* find(std::uint64_t sequence) {
    if (sequence < first_sequence || sequence - first_sequence >= waiting.size()) return nullptr;
    return &waiting[sequence - first_sequence];
  }
  void begin_body(std::string_view head_bytes, std::size_t most) {
    head = head_bytes;
    body.clear();
    body_max = most;
    body_left = framing.length;
    chunks = {};
    in_body = true;
  }
};

/// Compresses the body where that is worth it and the client can read it.
void compress(Response& response, const Connection::Waiting& waiting);

/// The whole answer as bytes. `date` is a ready header line.
void write_response(std::string& out, const Response& response, const Connection::Waiting& waiting,
                    std::string_view date, bool is_last);

/// The head of a live stream's answer.
std::string live_head(const Connection::Waiting& waiting, std::string_view date);

/// True when `address` is in the list: exact, or IPv4 "a.b.c.d/n".
bool is_listed(std::string_view address, const std::vector<std::string>& list);

/// The client's own address. X-Forwarded-For counts from `trusted` proxies only, from its end: what
/// stands left of the nearest hop that is none of ours anybody may have written.
std::string peer_of(std::string_view peer, const Request& request,
                    const std::vector<std::string>& trusted);

/// The client's X-Request-Id where it is fit to be logged; else empty.
std::string_view sane_request_id(const Request& request);
/// The client's traceparent (W3C Trace Context, version 00); empty where it is none.
std::string_view sane_trace_parent(const Request& request);

}  // namespace cairn::http

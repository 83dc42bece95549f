#pragma once

#include "http/message.hpp"

namespace cairn::http {

/// How the body of a request is delimited.
struct Framing {
  bool is_chunked = false;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Reads a head (RFC 9112) that is complete in `bytes`, up to and with the empty line. Strict where
/// leniency lets requests be smuggled: bare LF, folded lines, blanks before the colon, both or
/// repeated framing headers are refused. Errors: Malformed, TooLarge.
Result<Framing> parse_head(std::string_view bytes, const Limits& limits, Request& out);

/// Decodes a chunked body piece by piece.
class ChunkedDecoder {
 public:
  /// Takes what it can of `in` (removing it) and appends data to `out`. Errors: Malformed.
  Result<void> push(std::string_view& in, std::string& out);
  bool is_done() const { return state_ == State::Done; }

 private:
  enum class State : std::uint8_t { Size, Data, DataEnd, Trailer, Done };
  State state_ = State::Size;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string line_;
};

}  // namespace cairn::http

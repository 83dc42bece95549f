#include "http/parser.hpp"

#include <algorithm>

#include "base/number.hpp"
#include "base/text.hpp"

namespace cairn::http {
namespace {

/// RFC 9110 §5.6.3: blanks and tabs only. A bare CR or LF at the end of a value is to be seen.
std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::unexpected<Error> malformed(const char* what) { return fail(ErrorCode::Malformed, what); }

/// RFC 9110 §5.6.2: characters of a token.
constexpr auto kTokenChars = [] {
  std::array<bool, 256> is{};
  for (int c = '0'; c <= '9'; ++c) is[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) is[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) is[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) is[static_cast<unsigned char>(c)] = true;
  return is;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return kTokenChars[static_cast<unsigned char>(c)];
  });
}

bool is_named(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i)
    if ((name[i] | 0x20) != lower[i]) return false;
  return true;
}

Result<void> parse_request_line(std::string_view line, const Limits& limits, Request& out) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed("not a request line");
  const auto method = line.substr(0, first);
  if (!is_token(method)) return malformed("the method is not a token");
  out.method = method_from(method);
  out.target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  out.is_http10 = version == "HTTP/1.0";
  if (version != "HTTP/1.1" && !out.is_http10) return malformed("expected HTTP/1.1");
  if (out.target.size() > limits.target_bytes_max)
    return fail(ErrorCode::TooLarge, "the request target is too long");
  if (out.target.empty() || (out.target[0] != '/' && out.target != "*"))
    return malformed("the request target must begin with /");
  for (const char c : out.target)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return malformed("blank in the target");
  const auto question = out.target.find('?');
  out.path = out.target.substr(0, question);
  out.query_text =
      question == std::string_view::npos ? std::string_view{} : out.target.substr(question + 1);
  return {};
}

}  // namespace

Result<Framing> parse_head(std::string_view bytes, const Limits& limits, Request& out) {
  auto end = bytes.find("\r\n");
  if (end == std::string_view::npos) return malformed("no end of line");
  CAIRN_TRY_VOID(parse_request_line(bytes.substr(0, end), limits, out));
  bytes.remove_prefix(end + 2);
  Framing framing;
  framing.keep_alive = !out.is_http10;
  out.header_count = 0;
  bool has_length = false, has_host = false;
  while (!bytes.starts_with("\r\n")) {
    end = bytes.find("\r\n");
    if (end == std::string_view::npos) return malformed("no end of line");
    const auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    if (line[0] == ' ' || line[0] == '\t') return malformed("folded header lines are refused");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return malformed("a header line is not `name: value`");
    const auto name = line.substr(0, colon);
    const auto value = without_blanks(line.substr(colon + 1));
    for (const char c : value)
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
        return malformed("a control character in a header");
    if (out.header_count >= std::min<std::size_t>(limits.headers_max, out.headers.size()))
      return fail(ErrorCode::TooLarge, "too many headers");
    out.headers[out.header_count++] = {name, value};
    if (is_named(name, "content-length")) {
      if (has_length) return malformed("Content-Length twice");
      has_length = true;
      if (!read_number(value, framing.length)) return malformed("Content-Length is not a number");
    } else if (is_named(name, "transfer-encoding")) {
      if (framing.is_chunked || !is_named(value, "chunked"))
        return malformed("Transfer-Encoding: only `chunked`, once");
      framing.is_chunked = true;
    } else if (is_named(name, "connection")) {
      if (contains_ignoring_case(value, "close")) framing.keep_alive = false;
      if (out.is_http10 && contains_ignoring_case(value, "keep-alive")) framing.keep_alive = true;
    } else if (is_named(name, "expect")) {
      framing.expects_continue = !out.is_http10 && contains_ignoring_case(value, "100-continue");
    } else if (is_named(name, "host")) {
      if (has_host) return malformed("Host twice");
      has_host = true;
    }
  }
  if (framing.is_chunked && (has_length || out.is_http10))
    return malformed("Content-Length beside Transfer-Encoding");
  if (!has_host && !out.is_http10) return malformed("no Host header");
  return framing;
}

Result<void> ChunkedDecoder::push(std::string_view& in, std::string& out) {
  constexpr std::size_t kLineMax = 1'024, kTrailerMax = 8'192;
  constexpr std::uint64_t kChunkMax = 1ull << 40;
  const auto take_line = [&]() -> Result<bool> {
    const auto end = in.find('\n');
    line_.append(in.substr(0, end == std::string_view::npos ? in.size() : end + 1));
    in.remove_prefix(end == std::string_view::npos ? in.size() : end + 1);
    if (line_.size() > kLineMax) return malformed("a chunk's head is too long");
    if (!line_.ends_with('\n')) return false;
    if (!line_.ends_with("\r\n")) return malformed("a bare line feed in a chunked body");
    line_.resize(line_.size() - 2);
    return true;
  };
  while (!in.empty() && state_ != State::Done) {
    if (state_ == State::Data) {
      const auto size = std::min<std::uint64_t>(left_, in.size());
      out.append(in.substr(0, size));
      in.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) state_ = State::DataEnd;
      continue;
    }
    CAIRN_TRY(const bool is_whole, take_line());
    if (!is_whole) return {};
    const std::string line = std::exchange(line_, {});
    if (state_ == State::DataEnd) {
      if (!line.empty()) return malformed("a chunk is longer than it says");
      state_ = State::Size;
    } else if (state_ == State::Trailer) {
      trailer_bytes_ += line.size() + 2;
      if (trailer_bytes_ > kTrailerMax) return malformed("the trailer is too long");
      if (line.empty()) state_ = State::Done;
    } else {
      const auto size = std::string_view(line).substr(0, line.find(';'));
      const auto told = parse_hex_number<std::uint64_t>(size);
      if (!told || *told > kChunkMax) return malformed("a chunk's size is not a number");
      left_ = *told;
      state_ = left_ == 0 ? State::Trailer : State::Data;
    }
  }
  return {};
}

}  // namespace cairn::http

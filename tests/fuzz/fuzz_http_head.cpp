// Any bytes as the head of a request and as a chunked body: what is taken is what RFC 9112 says,
// and it is the same wherever it is cut.
#include <cstdint>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "http/connection.hpp"

namespace cairn::fuzz {
namespace {

bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// What was understood, written as plainly as can be.
std::string plain(const http::Request& request, const std::string& method) {
  std::string out = method + " " + std::string(request.target) +
                    (request.is_http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  request.each_header([&](std::string_view name, std::string_view value) {
    ((((out += name) += ": ") += value) += "\r\n");
  });
  return out + "\r\n";
}

void check_head(std::string_view bytes) {
  http::Limits limits;
  limits.headers_max = 8;
  limits.target_bytes_max = 64;
  http::Request request;
  const auto framing = http::parse_head(bytes, limits, request);
  if (!framing) {
    CAIRN_CHECK(framing.error().code == ErrorCode::Malformed ||
                framing.error().code == ErrorCode::TooLarge);
    return;
  }
  CAIRN_CHECK(request.header_count <= 8 && request.target.size() <= 64);
  CAIRN_CHECK(!framing->is_chunked || framing->length == 0);
  CAIRN_CHECK(is_within(request.target, bytes));
  bool has_length = false;
  request.each_header([&](std::string_view name, std::string_view value) {
    CAIRN_CHECK(is_within(name, bytes) && is_within(value, bytes) && !name.empty());
    CAIRN_CHECK(name.find_first_of(" \t:\r\n") == std::string_view::npos);
    CAIRN_CHECK(value.find_first_of("\r\n") == std::string_view::npos);
    CAIRN_CHECK(value.find('\0') == std::string_view::npos);
    if (!http::is_same_ignoring_case(name, "content-length")) return;
    CAIRN_CHECK(!has_length && !framing->is_chunked);
    has_length = true;
  });
  CAIRN_CHECK(has_length || framing->length == 0);
  const auto again = plain(request, std::string(bytes.substr(0, bytes.find(' '))));
  http::Request second;
  const auto same = http::parse_head(again, limits, second);
  CAIRN_CHECK(same && same->is_chunked == framing->is_chunked && same->length == framing->length);
  CAIRN_CHECK(same->keep_alive == framing->keep_alive && second.path == request.path);
  CAIRN_CHECK(second.header_count == request.header_count);
  (void)request.query("a");
  (void)http::sane_request_id(request);
  (void)http::peer_of("10.0.0.1", request, {"10.0.0.0/8"});
}

struct Decoded {
  std::string body;
  std::size_t left = 0;
  bool is_done = false, is_good = true;
};

Decoded decode(std::string_view bytes, std::size_t piece_size) {
  http::ChunkedDecoder decoder;
  Decoded out;
  while (!bytes.empty() && !decoder.is_done() && out.is_good) {
    auto piece = bytes.substr(0, piece_size);
    const auto size = piece.size();
    out.is_good = decoder.push(piece, out.body).has_value();
    bytes.remove_prefix(size - piece.size());
    CAIRN_CHECK(!out.is_good || decoder.is_done() || piece.empty());
  }
  out.left = bytes.size();
  out.is_done = decoder.is_done();
  return out;
}

void check_chunks(std::string_view bytes) {
  const auto whole = decode(bytes, bytes.size() + 1);
  CAIRN_CHECK(whole.body.size() <= bytes.size());
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{17}}) {
    const auto cut = decode(bytes, size);
    CAIRN_CHECK(cut.is_good == whole.is_good && cut.is_done == whole.is_done);
    if (whole.is_good) CAIRN_CHECK(cut.body == whole.body && cut.left == whole.left);
  }
}

}  // namespace

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      "POST /v1/orders?a=%41+b&a=2 HTTP/1.1\r\nHost: t\r\nContent-Length: 12\r\n"
      "X-Forwarded-For: 1.2.3.4, 10.0.0.2\r\nX-Request-Id: a-1\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
      "4\r\nWiki\r\n6;name=\"value\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nDigest: "
      "x\r\n\r\n",
      "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::check_head(text);
  fuzz::check_chunks(text);
  if (const auto decoded = http::percent_decode(text, true)) {
    CAIRN_CHECK(decoded->size() <= text.size());
    CAIRN_CHECK(decoded->find('\0') == std::string::npos);
  }
  return 0;
}

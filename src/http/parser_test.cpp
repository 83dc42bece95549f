#include "http/parser.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

using namespace std::string_view_literals;

/// `text` with "\n" for every end of line, so that a test reads like a request.
std::string lines(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

ErrorCode fault_of(std::string_view head, const Limits& limits = {}) {
  Request request;
  const auto framing = parse_head(head, limits, request);
  EXPECT_FALSE(framing.has_value()) << head;
  return framing ? ErrorCode::Internal : framing.error().code;
}

TEST(ParseHead, ReadsLineAndHeaders) {
  const auto head = lines(
      "POST /v1/orders/a%20b?x=1&y=%E4%BD%A0 HTTP/1.1\nHost: example\nContent-Length: 12\n"
      "X-Empty:\nx-Spaced: \t two words \t \nExpect: 100-Continue\n\n");
  Request request;
  const auto framing = parse_head(head, {}, request);
  ASSERT_TRUE(framing.has_value());
  EXPECT_EQ(request.method, Method::Post);
  EXPECT_EQ(request.path, "/v1/orders/a%20b");
  EXPECT_EQ(request.query("x"), "1");
  EXPECT_EQ(request.query("y"), "你");
  EXPECT_EQ(request.query("z"), std::nullopt);
  EXPECT_EQ(request.header("x-SPACED"), "two words");
  EXPECT_EQ(request.header("x-empty"), "");
  EXPECT_EQ(request.header_count, 5u);
  EXPECT_EQ(framing->length, 12u);
  EXPECT_TRUE(framing->keep_alive);
  EXPECT_TRUE(framing->expects_continue);
  EXPECT_FALSE(framing->is_chunked);
}

TEST(ParseHead, KnowsWhenTheConnectionEnds) {
  const auto keep_alive = [](std::string_view text) {
    const auto head = lines(text);
    Request request;
    return parse_head(head, {}, request).value().keep_alive;
  };
  EXPECT_TRUE(keep_alive("GET / HTTP/1.1\nHost: t\n\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.1\nHost: t\nConnection: Close\n\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.0\n\n"));
  EXPECT_TRUE(keep_alive("GET / HTTP/1.0\nConnection: keep-alive\n\n"));
}

TEST(ParseHead, RefusesWhatOtherParsersReadDifferently) {
  const std::string_view cases[]{
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5, 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: +5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0x5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length:\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 18446744073709551616\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: \x0b"
      "chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
      "chunked\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding : chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\r\n\tContent-Length: 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\nContent-Length: 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\n\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\r\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX: a\rb\r\n\r\n",
      "POST / HTTP/1.1\nHost: t\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\n: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nX(: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n",
      "POST / HTTP/1.1\r\nX: no host\r\n\r\n",
      "POST / HTTP/1.2\r\nHost: t\r\n\r\n",
      "POST / HTTP/2.0\r\nHost: t\r\n\r\n",
      "POST / http/1.1\r\nHost: t\r\n\r\n",
      "POST  / HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST / a HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST /\tHTTP/1.1\r\nHost: t\r\n\r\n",
      "POST\t/ HTTP/1.1\r\nHost: t\r\n\r\n",
      "POST /\x7f HTTP/1.1\r\nHost: t\r\n\r\n",
      "P@ST / HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET http://t/ HTTP/1.1\r\nHost: t\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: t\r\n",
      "GET",
      "",
  };
  for (const auto head : cases) EXPECT_EQ(fault_of(head), ErrorCode::Malformed) << head;
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"sv), ErrorCode::Malformed);
}

TEST(ParseHead, HoldsItsLimits) {
  Limits limits;
  limits.headers_max = 3;
  limits.target_bytes_max = 10;
  const auto with_headers = [](int count) {
    std::string head = "GET / HTTP/1.1\r\nHost: t\r\n";
    for (int i = 1; i < count; ++i) head += "X: y\r\n";
    return head + "\r\n";
  };
  Request request;
  EXPECT_TRUE(parse_head(with_headers(3), limits, request));
  EXPECT_EQ(request.header_count, 3u);
  EXPECT_EQ(fault_of(with_headers(4), limits), ErrorCode::TooLarge);
  limits.headers_max = 1'000;  // more than there is room for
  EXPECT_TRUE(parse_head(with_headers(64), limits, request));
  EXPECT_EQ(fault_of(with_headers(65), limits), ErrorCode::TooLarge);

  const auto with_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: t\r\n\r\n";
  };
  EXPECT_TRUE(parse_head(with_target(10), limits, request));
  EXPECT_EQ(fault_of(with_target(11), limits), ErrorCode::TooLarge);
}

TEST(Limits, SayWhatDoesNotFitTogether) {
  EXPECT_TRUE(Limits{}.validate().empty());
  Limits limits;
  limits.headers_max = 65;
  limits.target_bytes_max = limits.head_bytes_max + 1;
  limits.connections_max = 0;
  EXPECT_EQ(limits.validate().size(), 3u);
}

struct Decoded {
  std::string body, rest;
  bool is_done = false, is_malformed = false;
};

/// Cut into pieces of `size` bytes.
Decoded decode(std::string_view text, std::size_t size) {
  ChunkedDecoder decoder;
  Decoded out;
  while (!text.empty() && !decoder.is_done()) {
    auto piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    if (!decoder.push(piece, out.body)) {
      out.is_malformed = true;
      return out;
    }
    out.rest = piece;
  }
  out.rest += text;
  out.is_done = decoder.is_done();
  return out;
}

TEST(Chunked, IsTheSameWhereverItIsCut) {
  const std::string text =
      "4\r\nWiki\r\n6;name=\"value\"\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nDigest: x\r\n\r\n"
      "GET /next";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const auto decoded = decode(text, size);
    EXPECT_TRUE(decoded.is_done) << size;
    EXPECT_EQ(decoded.body, "Wikipedia in \r\n\r\nchunks.") << size;
    EXPECT_EQ(decoded.rest, "GET /next") << size;
  }
}

TEST(Chunked, RefusesWhatOtherParsersReadDifferently) {
  const std::string_view cases[]{
      "4\nWiki\r\n0\r\n\r\n",     "4\r\nWiki\n0\r\n\r\n",   "4\r\nWikix\r\n0\r\n\r\n",
      "0x4\r\nWiki\r\n0\r\n\r\n", "+4\r\nWiki\r\n0\r\n",    "-4\r\nWiki\r\n0\r\n",
      " 4\r\nWiki\r\n0\r\n",      "4 \r\nWiki\r\n0\r\n",    "\r\nWiki\r\n0\r\n",
      "g\r\nWiki\r\n0\r\n",       ";a\r\nWiki\r\n0\r\n",    "fffffffffffffffff\r\nWiki",
      "20000000000\r\nWiki",      "0\r\nX: y\nZ: z\r\n\r\n"};
  for (const auto text : cases)
    for (const std::size_t size : {std::size_t{1}, text.size()})
      EXPECT_TRUE(decode(text, size).is_malformed) << text << " by " << size;
}

TEST(Chunked, HasLimitsOnWhatIsNoData) {
  EXPECT_FALSE(decode("1;" + std::string(1'000, 'x') + "\r\na\r\n0\r\n\r\n", 7).is_malformed);
  EXPECT_TRUE(decode("1;" + std::string(1'100, 'x') + "\r\na\r\n0\r\n\r\n", 7).is_malformed);
  EXPECT_TRUE(decode("1;" + std::string(5'000, 'x'), 5'002).is_malformed);
  std::string trailers;
  while (trailers.size() < 8'100) trailers += "X: some trailer\r\n";
  EXPECT_TRUE(decode("0\r\n" + trailers + "\r\n", 100).is_done);
  EXPECT_TRUE(decode("0\r\n" + trailers + trailers + "\r\n", 100).is_malformed);
}

TEST(PercentDecode, GivesTextOrRefuses) {
  EXPECT_EQ(percent_decode("a%2Fb+c%e4%BD%a0", false), "a/b+c你");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("%41", false), "A");
  for (const auto bad : {"%", "%4", "a%4", "%zz", "%4g", "%00", "%ff", "%c0%80", "\xff"})
    EXPECT_EQ(percent_decode(bad, false).error().code, ErrorCode::Malformed) << bad;
}

TEST(Query, JoinsNamesGivenTwice) {
  Request request;
  request.query_text = "a=1&b&a=2&%61=3&bad=%zz&=x";
  EXPECT_EQ(request.query("a"), "1,2,3");
  EXPECT_EQ(request.query("b"), "");
  EXPECT_EQ(request.query("bad"), std::nullopt);
}

}  // namespace
}  // namespace cairn::http

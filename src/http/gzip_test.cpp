#include "http/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "http/test_edge.hpp"

namespace cairn::http {
namespace {

/// What a client makes of it; empty and a failure where it is not one whole gzip member.
std::string inflated(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);  // checks sum and length
  EXPECT_EQ(stream.avail_in, 0u);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

TEST(Gzip, IsTakenWhereTheClientSaysSo) {
  for (const auto* yes : {"gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "*", "x-gzip"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const auto* no : {"", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzipped"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(Gzip, GivesTheTextBack) {
  const std::string text(300'000, 'x');
  EXPECT_EQ(inflated(gzip(text)), text);
  EXPECT_LT(gzip(text).size(), 3'000u);
}

TEST(Gzip, PutsAReadyTailBehindAnyHead) {
  std::string tail;
  for (int i = 0; i < 20'000; ++i) tail += std::to_string(i * 7919 % 1'000);
  const GzipTail ready(tail);
  for (const auto& head : {std::string(), std::string("{\"now\":1}"), tail})
    EXPECT_EQ(inflated(ready.behind(head)), head + tail);
}

TEST(Gzip, IsWhatLongAnswersAreSentAs) {
  TestEdge edge;
  const std::string text = "{\"text\":\"" + std::string(5'000, 'y') + "\"}";
  edge.router.add(Method::Get, "/long", [&](const Request&, Responder responder) {
    auto response = Response::json(text);
    response.headers.emplace_back("ETag", "\"v7\"");
    responder.send(std::move(response));
  });
  edge.router.add(Method::Get, "/short", [](const Request&, Responder responder) {
    responder.send(Response::json("{}"));
  });
  edge.start();
  auto client = edge.client();
  const auto ask = [&](const char* path, const char* accept) {
    client.send(
        fmt::format("GET {} HTTP/1.1\r\nHost: t\r\nAccept-Encoding: {}\r\n\r\n", path, accept));
    return client.read_answer();
  };
  const auto packed = ask("/long", "gzip, br");
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_EQ(packed.header("vary"), "Accept-Encoding");
  EXPECT_EQ(packed.header("etag"), "W/\"v7\"");
  EXPECT_LT(packed.body.size(), 500u);
  EXPECT_EQ(inflated(packed.body), text);
  const auto plain = ask("/long", "identity");
  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("etag"), "\"v7\"");
  EXPECT_EQ(plain.body, text);
  EXPECT_EQ(ask("/short", "gzip").body, "{}");
}

}  // namespace
}  // namespace cairn::http

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace cairn {
namespace {

TEST(Time, KeepsOffsetAndPrecision) {
  const auto t = parse_rfc3339("2026-11-23T14:02:03.5+08:00");
  ASSERT_TRUE(t);
  EXPECT_EQ(format_rfc3339(t->time), "2026-11-23T06:02:03.500Z");
  EXPECT_EQ(t->offset_minutes, 480);
  EXPECT_EQ(parse_rfc3339("2018-05-01")->precision, Precision::Day);
  EXPECT_EQ(format_rfc3339(Time{-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(Time, RefusesWhatIsNotATime) {
  for (auto text : {"", "2026-13-01", "2026-02-30", "2026-11-23T14:02:03", "2026-11-23T24:00:00Z",
                    "2026-11-23T14:02:03.Z", "2026-11-23T14:02:03+8:00", "yesterday"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Time, ReadsDurations) {
  EXPECT_EQ(parse_duration("1d12h")->us, hours(36).us);
  EXPECT_EQ(format_duration(hours(36)), "1d12h");
  for (auto text : {"", "h", "12", "3wd", "-5m"}) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Bytes, RoundTripAndFailAtTheEnd) {
  Bytes out;
  ByteWriter w(out);
  w.varint(300);
  w.svarint(-5);
  w.bytes("订单");
  ByteReader r(out);
  EXPECT_EQ(r.varint(), 300u);
  EXPECT_EQ(r.svarint(), -5);
  EXPECT_EQ(r.bytes(), "订单");
  EXPECT_TRUE(r.at_end());
  r.u32();
  EXPECT_TRUE(r.failed());
}

TEST(Bytes, KnownVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // RFC 3720 B.4
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");   // RFC 4648 §10
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(*from_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(*from_hex(to_hex("\x00\xff")), std::string("\x00\xff"));
}

TEST(Text, Utf8AndWidth) {
  EXPECT_TRUE(is_utf8("山野户外🏔"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
  EXPECT_EQ(display_width("订单A"), 5u);
  EXPECT_EQ(utf8_prefix("订单", 4), "订");
  EXPECT_EQ(to_half_width("ＡＢ１２３　号"), "AB123 号");
  std::string out;
  append_json_string(out, "a\"\n\x01\xff订");
  EXPECT_EQ(out, "\"a\\\"\\n\\u0001\xef\xbf\xbd订\"");
  EXPECT_EQ(nearest("lifecylce", {"lifecycle", "line"}), "lifecycle");
}

}  // namespace
}  // namespace cairn

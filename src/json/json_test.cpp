#include <gtest/gtest.h>

#include "json/value.hpp"
#include "json/writer.hpp"

namespace cairn::json {
namespace {

TEST(Json, ReadsAndWritesTheSame) {
  Document document;
  const std::string text = R"({"a":[1,-2,"订"],"b":{"z":true,"y":null},"id":12345678901234567890})";
  const auto value = document.parse(text);
  ASSERT_TRUE(value) << value.error().message;
  std::string out;
  value->append_to(out);
  EXPECT_EQ(out, text);
  out.clear();
  value->append_canonical(out);
  EXPECT_EQ(out, R"({"a":[1,-2,"订"],"b":{"y":null,"z":true},"id":12345678901234567890})");
  EXPECT_EQ(value->find("id")->as_id(), "12345678901234567890");
}

TEST(Json, RefusesWhatItCannotHold) {
  Document document({.bytes_max = 64, .depth_max = 4});
  EXPECT_EQ(document.parse("").error().code, ErrorCode::Malformed);
  EXPECT_EQ(document.parse("{\"a\":}").error().code, ErrorCode::Malformed);
  EXPECT_EQ(document.parse("[[[[[[]]]]]]").error().code, ErrorCode::TooLarge);
  EXPECT_EQ(document.parse(std::string(65, ' ')).error().code, ErrorCode::TooLarge);
  EXPECT_TRUE(document.parse("[[1]]"));
}

TEST(Json, WriterSetsCommas) {
  std::string out;
  Writer w(out);
  w.begin_object().field("a", 1).key("b").begin_array().value("x").value(true).null().end_array();
  w.field("t", Time{0}).field("n", Time::never()).end_object();
  EXPECT_EQ(out, R"({"a":1,"b":["x",true,null],"t":"1970-01-01T00:00:00Z","n":null})");
}

}  // namespace
}  // namespace cairn::json

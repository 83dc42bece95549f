#include "modules/integration/csv.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace cairn::integration {
namespace {

/// Rows as "line:field|field", problems as "line!code".
std::vector<std::string> rows_of(std::string_view text, CsvOptions options = {}) {
  MemoryInput input(text);
  CsvReader reader(input, options);
  const auto header = reader.read_header();
  if (!header) return {std::string(error_row(header.error().code).name)};
  std::vector<std::string> out;
  CsvRow row;
  while (*reader.next(row))
    out.push_back(row.problem ? fmt::format("{}!{}", row.line, error_row(row.problem->code).name)
                              : fmt::format("{}:{}", row.line, fmt::join(row.fields, "|")));
  return out;
}
using Rows = std::vector<std::string>;

TEST(Csv, ReadsWhatRfc4180Allows) {
  EXPECT_EQ(rows_of("a,b\r\n1,2\r\n\"x,\"\"y\"\"\",\"line\nbreak\"\r\n\n,\n3,4"),
            (Rows{"2:1|2", "3:x,\"y\"|line\nbreak", "6:|", "7:3|4"}));
  EXPECT_EQ(rows_of("\xef\xbb\xbf\"a\",b\n1,2\n"), Rows{"2:1|2"});
  EXPECT_EQ(rows_of("a,b\n5\" pipe,\"\"\n"), Rows{"2:5\" pipe|"});
  EXPECT_EQ(rows_of("订单号\n6923456789012345678\n"), Rows{"2:6923456789012345678"});
  CsvOptions tabs;
  tabs.separator = '\t';
  EXPECT_EQ(rows_of("a\tb\n1\t2,3\n", tabs), Rows{"2:1|2,3"});
}

TEST(Csv, ReportsARowAndGoesOn) {
  EXPECT_EQ(rows_of("a,b\n1\n1,2,3\n4,5\n"), (Rows{"2!malformed", "3!malformed", "4:4|5"}));
  EXPECT_EQ(rows_of("a,b\n\"x\"y,2\n4,5\n"), (Rows{"2!malformed", "3:4|5"}));
  EXPECT_EQ(rows_of("a,b\n\xff,2\n4,5\n"), (Rows{"2!malformed", "3:4|5"}));
  EXPECT_EQ(rows_of("a,b\n1,\"never closed\n4,5\n"), Rows{"2!malformed"});
  CsvOptions small;
  small.row_bytes_max = 32;
  EXPECT_EQ(rows_of("a,b\n" + std::string(100, 'x') + ",1\n4,5\n", small),
            (Rows{"2!too-large", "3:4|5"}));
  EXPECT_EQ(rows_of("a,b\n1,\"" + std::string(40, 'x') + "\n4,5\n", small),
            (Rows{"2!too-large", "3:4|5"}));
  small.columns_max = 2;
  EXPECT_EQ(rows_of("a,b\n1,2,3,4\n5,6\n", small), (Rows{"2!too-large", "3:5|6"}));
}

TEST(Csv, AHeaderMustTellColumnsApart) {
  EXPECT_EQ(rows_of(""), Rows{"malformed"});
  EXPECT_EQ(rows_of("\n\n"), Rows{"malformed"});
  EXPECT_EQ(rows_of("a, a\n"), Rows{"malformed"});
  EXPECT_EQ(rows_of("\"a\n"), Rows{"malformed"});
}

TEST(Csv, ReadsGb18030) {
  // "订单,城市" / "A1,南京𠮷" in GB18030 (the last character has four bytes).
  const std::string text =
      "\xb6\xa9\xb5\xa5,\xb3\xc7\xca\xd0\nA1,\xc4\xcf\xbe\xa9\x95\x34\xb2\x35\n";
  MemoryInput probe(text);
  ASSERT_EQ(*detect_encoding(probe), Encoding::Gb18030);
  CsvOptions options;
  options.encoding = Encoding::Gb18030;
  EXPECT_EQ(rows_of(text, options), Rows{"2:A1|南京\U00020bb7"});
  EXPECT_EQ(rows_of("a\n\xff\xff\n", options), Rows{"2!malformed"});
}

TEST(Encoding, IsDecidedWholeAndAcrossBlocks) {
  for (std::size_t pad = 65'530; pad < 65'542; ++pad) {
    const std::string text = std::string(pad, 'a') + "订单𠮷" + std::string(70'000, 'b');
    MemoryInput input(text);
    EXPECT_EQ(*detect_encoding(input), Encoding::Utf8) << pad;
    const std::string other = std::string(pad, 'a') + "\xb6\xa9" + std::string(70'000, 'b');
    MemoryInput wrong(other);
    EXPECT_EQ(*detect_encoding(wrong), Encoding::Gb18030) << pad;
  }
  MemoryInput wide(std::string_view("\xff\xfe\x61\x00", 4));
  EXPECT_EQ(detect_encoding(wide).error().code, ErrorCode::UnsupportedMedia);
  MemoryInput nothing("");
  EXPECT_EQ(*detect_encoding(nothing), Encoding::Utf8);
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("cairn-csv-{}", ::testing::UnitTest::GetInstance()->random_seed() +
                                              reinterpret_cast<std::uintptr_t>(this));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string packed(std::string text) {
    std::string out(compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }
  static Result<std::string> all_of(const std::filesystem::path& path) {
    CAIRN_TRY(const auto input, FileInput::open(path));
    std::string out, block(1000, '\0');
    for (;;) {
      CAIRN_TRY(const std::size_t size, input->read(block));
      if (size == 0) break;
      out.append(block, 0, size);
    }
    EXPECT_EQ(input->bytes_read(), input->bytes_total());
    return out;
  }
  std::filesystem::path folder_;
};

TEST_F(Files, GzipIsUnpackedWhateverTheNameSays) {
  const std::string text = std::string(300'000, 'x') + "end";
  EXPECT_EQ(*all_of(write("a.csv", text)), text);
  EXPECT_EQ(*all_of(write("b.csv", packed(text))), text);
  EXPECT_EQ(*all_of(write("c.csv.gz", packed("one\n") + packed(text))), "one\n" + text);
  EXPECT_EQ(*all_of(write("d.csv", "")), "");
}

TEST_F(Files, ABrokenArchiveIsNotAShortFile) {
  const std::string whole = packed(std::string(100'000, 'x') + "abc");
  for (const std::size_t cut : {whole.size() - 1, whole.size() / 2, std::size_t{3}}) {
    const auto text = all_of(write("cut.gz", whole.substr(0, cut)));
    ASSERT_FALSE(text) << cut;
    EXPECT_EQ(text.error().code, ErrorCode::Damaged);
  }
  std::string flipped = whole;
  flipped[flipped.size() - 6] ^= 1;
  EXPECT_EQ(all_of(write("flip.gz", flipped)).error().code, ErrorCode::Damaged);
  EXPECT_EQ(FileInput::open(folder_ / "absent").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace cairn::integration

// Any bytes as a CSV file: reading ends, and what a well-formed writer wrote comes back.
#include <cstdint>

#include "base/check.hpp"
#include "fuzz_seeds.hpp"
#include "modules/integration/csv.hpp"

namespace cairn::fuzz {
namespace {

struct File {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  bool is_whole = true;
};

File read(std::string_view text, integration::Encoding encoding) {
  integration::MemoryInput input(text);
  integration::CsvOptions options;
  options.encoding = encoding;
  options.row_bytes_max = 4096;
  integration::CsvReader reader(input, options);
  File out;
  auto header = reader.read_header();
  if (!header) return File{.is_whole = false};
  out.header = *std::move(header);
  integration::CsvRow row;
  std::uint64_t line = 0;
  while (true) {
    const auto is_any = reader.next(row);
    CAIRN_CHECK(is_any.has_value());
    if (!*is_any) break;
    CAIRN_CHECK(row.line > line);
    line = row.line;
    if (row.problem)
      out.is_whole = false;
    else
      CAIRN_CHECK(row.fields.size() == out.header.size());
    out.rows.push_back(row.fields);
  }
  return out;
}

std::string quoted(const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (!out.empty()) out += ',';
    out += '"';
    for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  return out + "\r\n";
}

}  // namespace

std::span<const std::string_view> seeds() {
  static constexpr std::string_view kSeeds[]{
      "\xef\xbb\xbforder_id,city\r\n1,\"São Paulo\"\r\n2,\"a \"\"b\"\"\nc\"\n3,x\n",
      "a,b,c\n1,2\n1,2,3,4\n\n\"unclosed,1,2\n", "\xb6\xa9\xb5\xa5,x\n\xc4\xcf\xbe\xa9,2\n"};
  return kSeeds;
}

}  // namespace cairn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::read(text, integration::Encoding::Gb18030);
  const auto file = fuzz::read(text, integration::Encoding::Utf8);
  if (!file.is_whole || file.header.empty()) return 0;
  std::string again = fuzz::quoted(file.header);
  for (const auto& row : file.rows) again += fuzz::quoted(row);
  const auto back = fuzz::read(again, integration::Encoding::Utf8);
  // Rows with nothing in them are skipped, also a row of one empty field written with its quotes.
  if (back.is_whole && back.rows.size() == file.rows.size()) CAIRN_CHECK(back.rows == file.rows);
  return 0;
}

#include "modules/integration/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cairn::integration {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

void note(CsvRow& row, ErrorCode code, std::string message) {
  if (!row.problem) row.problem = Error{code, std::move(message), {}};
}

}  // namespace

CsvReader::CsvReader(ByteInput& input, CsvOptions options)
    : input_(input), options_(options), block_(kBlock, '\0') {}

Result<int> CsvReader::take() {
  if (at_ == size_) {
    if (is_at_end_) return -1;
    CAIRN_TRY(size_, input_.read(block_));
    at_ = 0;
    if (size_ == 0) {
      is_at_end_ = true;
      return -1;
    }
  }
  return static_cast<unsigned char>(block_[at_++]);
}

void CsvReader::end_field(CsvRow& row) {
  if (row.fields.size() < options_.columns_max)
    row.fields.push_back(field_);
  else
    note(row, ErrorCode::TooLarge, fmt::format("more than {} columns", options_.columns_max));
  field_.clear();
}

Result<void> CsvReader::skip_line() {
  for (;;) {
    CAIRN_TRY(const int byte, take());
    if (byte == -1) return {};
    if (byte != '\n') continue;
    ++line_;
    return {};
  }
}

Result<void> CsvReader::read_row(CsvRow& row) {
  row.fields.clear();
  row.problem.reset();
  row.line = line_;
  field_.clear();
  row_bytes_ = 0;
  auto state = State::FieldStart;
  for (;;) {
    CAIRN_TRY(const int byte, take());
    if (byte == -1) {
      if (state == State::Quoted)
        note(row, ErrorCode::Malformed,
             fmt::format("a quote opened in line {} never closes", row.line));
      if (row_bytes_ > 0) end_field(row);
      return {};
    }
    const char c = static_cast<char>(byte);
    if (++row_bytes_ > options_.row_bytes_max) {
      note(row, ErrorCode::TooLarge,
           fmt::format("a row longer than {} bytes; is a quote missing?", options_.row_bytes_max));
      if (c != '\n') return skip_line();
      ++line_;
      return {};
    }
    if (c == '\n') ++line_;
    if (state == State::Quoted) {
      if (c == '"')
        state = State::AfterQuote;
      else
        field_ += c;
    } else if (c == options_.separator) {
      end_field(row);
      state = State::FieldStart;
    } else if (c == '\n') {
      if (field_.ends_with('\r') && state != State::AfterQuote) field_.pop_back();
      end_field(row);
      return {};
    } else if (state == State::AfterQuote) {
      if (c == '"') {
        field_ += c;
        state = State::Quoted;
      } else if (c != '\r') {
        note(row, ErrorCode::Malformed, "something follows a closing quote");
      }
    } else if (c == '"' && state == State::FieldStart) {
      state = State::Quoted;
    } else {
      field_ += c;
      state = State::Plain;
    }
  }
}

void CsvReader::decode(CsvRow& row) const {
  for (auto& field : row.fields) {
    if (options_.encoding == Encoding::Gb18030) {
      auto text = utf8_from_gb18030(field);
      if (text) {
        field = *std::move(text);
        continue;
      }
      note(row, ErrorCode::Malformed, text.error().message);
    } else if (!is_utf8(field)) {
      note(row, ErrorCode::Malformed,
           "not UTF-8; where the file is GB18030, say `encoding: "
           "gb18030` in its mapping");
    }
  }
}

Result<std::vector<std::string>> CsvReader::read_header() {
  // A byte order mark may stand before an opening quote, so it goes before anything is parsed.
  CAIRN_TRY(const int first, take());
  if (first != -1) --at_;
  if (std::string_view(block_).substr(at_, std::min<std::size_t>(size_ - at_, 3)) == "\xef\xbb\xbf")
    at_ += 3;
  CsvRow row;
  CAIRN_TRY(const bool is_any, next(row));
  if (!is_any)
    return fail(ErrorCode::Malformed, "the file is empty; expected a row of names first");
  if (row.problem) return std::unexpected(*row.problem);
  for (auto& name : row.fields) name = std::string(trim(name));
  for (std::size_t i = 0; i < row.fields.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (row.fields[i] == row.fields[j])
        return fail(ErrorCode::Malformed,
                    fmt::format("two columns are called \"{}\"", utf8_prefix(row.fields[i], 64)));
  columns_ = row.fields.size();
  return row.fields;
}

Result<bool> CsvReader::next(CsvRow& row) {
  for (;;) {
    CAIRN_TRY_VOID(read_row(row));
    if (row.fields.empty() && !row.problem) return false;
    if (row.fields.size() == 1 && row.fields[0].empty() && !row.problem) continue;
    break;
  }
  decode(row);
  if (columns_ != 0 && row.fields.size() != columns_)
    note(row, ErrorCode::Malformed,
         fmt::format("{} fields; expected {} as in the first row", row.fields.size(), columns_));
  return true;
}

}  // namespace cairn::integration

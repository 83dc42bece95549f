#include "app/import_reports.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "adapters/system/machine.hpp"
#include "app/workers.hpp"
#include "base/number.hpp"

namespace cairn::app {
namespace {

constexpr std::string_view kTable = "import/";
constexpr std::string_view kPages = "import-page/";
constexpr std::uint8_t kVersion = 1;

/// A page, version 1: u8 version, then per result: varint line · u8 outcome and flags · 16 identity
/// · 10 order id where it has one · of a rejected one u8 code · bytes message · bytes pointer.
Bytes encode_page(const std::vector<LineResult>& results) {
  Bytes out;
  ByteWriter w(out);
  w.u8(kVersion);
  for (const auto& r : results) {
    w.varint(r.line);
    w.u8(static_cast<std::uint8_t>(static_cast<unsigned>(r.outcome) | (r.order ? 16u : 0u) |
                                   (r.is_unmapped ? 32u : 0u)));
    w.raw(r.event.data.data(), r.event.size());
    if (r.order) w.raw(r.order->data.data(), r.order->size());
    if (r.outcome != LineOutcome::Rejected) continue;
    w.u8(static_cast<std::uint8_t>(r.error.code));
    w.bytes(r.error.message);
    w.bytes(r.error.pointer);
  }
  return out;
}

Result<std::vector<LineResult>> decode_page(BytesView bytes) {
  std::vector<LineResult> out;
  ByteReader r(bytes);
  if (r.u8() != kVersion)
    return fail(ErrorCode::Damaged, "a page of an import report is of another version");
  while (!r.at_end() && !r.failed()) {
    auto& result = out.emplace_back();
    result.line = r.varint();
    const auto bits = r.u8();
    result.outcome = static_cast<LineOutcome>(bits & 15);
    result.is_unmapped = bits & 32;
    result.event = model::Identity::from(r.take(16));
    if (bits & 16) result.order = model::OrderId::from(r.take(10));
    if (result.outcome != LineOutcome::Rejected) continue;
    result.error.code = static_cast<ErrorCode>(r.u8());
    result.error.message = r.bytes();
    result.error.pointer = r.bytes();
  }
  if (r.failed()) return fail(ErrorCode::Damaged, "a page of an import report cannot be read");
  return out;
}

std::string page_key(const std::string& id, std::uint64_t page) {
  return fmt::format("{}{}/{:010}", kPages, id, page);
}

}  // namespace

std::string_view name_of(LineOutcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames{"accepted", "duplicate", "waiting",
                                                          "rejected"};
  return kNames[static_cast<std::size_t>(outcome) % kNames.size()];
}

void write_line_result(json::Writer& w, const LineResult& result) {
  w.begin_object().field("line", result.line).field("outcome", name_of(result.outcome));
  if (!result.event.is_zero()) w.field("event", to_hex(result.event.view()));
  if (result.order) w.field("order", model::to_text(*result.order));
  if (result.is_unmapped) w.field("unmapped", true);
  if (result.outcome == LineOutcome::Rejected) {
    w.field("code", error_row(result.error.code).name).field("detail", result.error.message);
    w.text_if("pointer", result.error.pointer);
  }
  w.end_object();
}

std::string ImportReports::new_id() {
  const auto random = system::random_bytes(10);
  return "imp-" + (random ? to_hex(*random) : std::string("00000000000000000000"));
}

Bytes ImportReports::encode(const Header& header) {
  Bytes out;
  ByteWriter w(out);
  w.u8(kVersion);
  w.bytes(header.state);
  for (const auto count : {header.counts.read, header.counts.accepted, header.counts.duplicates,
                           header.counts.waiting, header.counts.rejected})
    w.varint(count);
  w.i64(header.started.us);
  w.i64(header.ended.us);
  return out;
}

ImportReports::Header ImportReports::decode_header(BytesView bytes) {
  Header header;
  ByteReader r(bytes);
  r.u8();
  header.state = r.bytes();
  for (auto* count : {&header.counts.read, &header.counts.accepted, &header.counts.duplicates,
                      &header.counts.waiting, &header.counts.rejected})
    *count = r.varint();
  header.started.us = r.i64();
  header.ended.us = r.i64();
  return header;
}

void ImportReports::began(const std::string& id, Time at) {
  {
    std::lock_guard lock(mutex_);
    pages_[id] = 0;
    started_[id] = at;
  }
  Header header;
  header.state = "running";
  header.started = at;
  write(std::string(kTable) + id, encode(header));
  (void)writer_.run([this] { drop_old(); });
}

void ImportReports::add(const std::string& id, std::vector<LineResult> results) {
  std::uint64_t page = 0;
  {
    std::lock_guard lock(mutex_);
    page = pages_[id]++;
  }
  write(page_key(id, page), encode_page(results));
}

void ImportReports::ended(const std::string& id, std::string_view state, const ImportCounts& counts,
                          Time at) {
  Header header{std::string(state), counts, Time::none(), at};
  {
    std::lock_guard lock(mutex_);
    pages_.erase(id);
    if (const auto found = started_.find(id); found != started_.end()) {
      header.started = found->second;
      started_.erase(found);
    }
  }
  write(std::string(kTable) + id, encode(header));
}

/// A report that cannot be written is missing; what was imported stands all the same.
void ImportReports::write(std::string key, Bytes value) {
  (void)writer_.run([this, key = std::move(key), value = std::move(value)]() mutable {
    (void)tables_.put(std::move(key), std::move(value));
  });
}

void ImportReports::drop_old() {
  std::vector<std::pair<Time, std::string>> all;
  (void)tables_.scan(kTable, "", [&](std::string_view key, BytesView value) -> Result<bool> {
    all.emplace_back(decode_header(value).started, std::string(key.substr(kTable.size())));
    return true;
  });
  if (all.size() <= kKept) return;
  std::ranges::sort(all);
  all.resize(all.size() - kKept);
  for (const auto& [started, id] : all) {
    std::vector<ports::KeyValueChange> changes{{std::string(kTable) + id, std::nullopt}};
    (void)tables_.scan(fmt::format("{}{}/", kPages, id), "",
                       [&](std::string_view key, BytesView) -> Result<bool> {
                         changes.push_back({std::string(key), std::nullopt});
                         return true;
                       });
    (void)tables_.write(changes);
  }
}

/// The cursor is "<page>.<entry of the page>".
Result<ImportReports::Page> ImportReports::read(const std::string& id,
                                                std::optional<LineOutcome> only,
                                                const std::string& cursor, std::size_t limit) {
  CAIRN_TRY(const auto bytes, tables_.get(std::string(kTable) + id));
  if (!bytes)
    return fail(ErrorCode::NotFound,
                fmt::format("no report of an import {}; the newest {} are kept", id, kKept));
  const auto header = decode_header(*bytes);
  Page page{header.state, header.counts, header.started, header.ended, {}, {}};
  std::uint64_t number = 0, skip = 0;
  if (!cursor.empty()) {
    const auto dot = cursor.find('.');
    const std::string_view text = cursor;
    if (dot == std::string::npos || !read_number(text.substr(0, dot), number) ||
        !read_number(text.substr(dot + 1), skip))
      return fail(ErrorCode::Invalid, "not a cursor of this list", "/cursor");
  }
  for (;; ++number, skip = 0) {
    CAIRN_TRY(const auto stored, tables_.get(page_key(id, number)));
    if (!stored) return page;
    CAIRN_TRY(const auto results, decode_page(*stored));
    for (std::size_t i = skip; i < results.size(); ++i) {
      if (only && results[i].outcome != *only) continue;
      if (page.items.size() == limit) {
        page.next_cursor = fmt::format("{}.{}", number, i);
        return page;
      }
      page.items.push_back(results[i]);
    }
  }
}

}  // namespace cairn::app

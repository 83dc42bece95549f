#include "modules/integration/ndjson.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::integration {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";
// A byte order mark and the CR of the line's end do not count.
constexpr std::size_t kSlack = 4;

}  // namespace

bool LineSplitter::give(std::string_view line, const Visit& visit) {
  ++number_;
  if (std::exchange(is_dropping_, false)) return true;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (number_ == 1 && line.starts_with(kMark)) line.remove_prefix(kMark.size());
  // Also where there are only blanks: of a line that comes in parts the rest is not known yet.
  if (line.size() > bytes_max_)
    return visit(number_, fail(ErrorCode::TooLarge,
                               fmt::format("line {} is longer than {} bytes; split the event, or "
                                           "send attachments by themselves",
                                           number_, bytes_max_)));
  if (line.find_first_not_of(" \t") == line.npos) return true;
  return visit(number_, line);
}

bool LineSplitter::push(std::string_view chunk, const Visit& visit) {
  while (!chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end);
    if (end != chunk.npos && held_.empty()) {
      if (!give(part, visit)) return false;
    } else {
      if (!is_dropping_) {
        // One byte more than may be is enough to know that the line is too long.
        const std::size_t room = bytes_max_ + kSlack + 1 - held_.size();
        held_ += part.substr(0, std::min(part.size(), room));
      }
      if (end != chunk.npos) {
        const bool goes_on = give(held_, visit);
        held_.clear();
        if (!goes_on) return false;
      } else if (!is_dropping_ && held_.size() > bytes_max_ + kSlack) {
        const bool goes_on = give(held_, visit);
        held_.clear();
        --number_;  // counted when its end comes
        is_dropping_ = true;
        if (!goes_on) return false;
      }
    }
    if (end == chunk.npos) break;
    chunk.remove_prefix(end + 1);
  }
  return true;
}

bool LineSplitter::finish(const Visit& visit) {
  if (held_.empty() && !is_dropping_) return true;
  const bool goes_on = give(held_, visit);
  held_.clear();
  return goes_on;
}

}  // namespace cairn::integration

#include "app/event_stream.hpp"

#include <utility>

namespace cairn::app {

void EventStream::begin_again() {
  held_.clear();
  event_ = {};
  has_data_ = is_too_long_ = is_after_cr_ = false;
}

void EventStream::take_line(std::string_view line) {
  if (line.starts_with(':')) return;
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_.type = value;
  if (name == "id" && value.find('\0') == std::string_view::npos) last_id_ = value;
  if (name != "data") return;
  if (event_.data.size() + value.size() > bytes_max_) {
    is_too_long_ = true;
    return;
  }
  if (has_data_) event_.data += '\n';
  event_.data += value;
  has_data_ = true;
}

bool EventStream::push(std::string_view chunk,
                       const std::function<bool(const StreamEvent&)>& visit) {
  for (const char c : chunk) {
    const bool is_second_of_two = std::exchange(is_after_cr_, c == '\r') && c == '\n';
    if (is_second_of_two) continue;
    if (c != '\n' && c != '\r') {
      if (held_.size() > bytes_max_)
        is_too_long_ = true;
      else
        held_ += c;
      continue;
    }
    if (!held_.empty()) {
      take_line(held_);
      held_.clear();
      continue;
    }
    const bool is_given = has_data_ && !is_too_long_;
    auto event = std::exchange(event_, {});
    has_data_ = is_too_long_ = false;
    event.id = last_id_;
    if (is_given && !visit(event)) return false;
  }
  return true;
}

}  // namespace cairn::app

#include "app/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/text.hpp"

namespace cairn::app {
namespace {

std::size_t columns_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}

bool is_capable(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

constexpr std::string_view kCodes[]{"", "1", "2", "31", "32", "33", "34", "35", "36"};

}  // namespace

Style Style::of_stdout() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool is_wanted = no_colour == nullptr || *no_colour == '\0';
  return Style(is_wanted && is_capable(STDOUT_FILENO), columns_of(STDOUT_FILENO));
}

std::string Style::paint(Ink ink, std::string_view text) const {
  if (!has_colours_ || ink == Ink::Plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(ink)], text);
}

std::string Style::strike(std::string_view text) const {
  if (text.empty()) return {};
  return has_colours_ ? fmt::format("\x1b[9;2m{}\x1b[0m", text) : fmt::format("~~{}~~", text);
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string out(text);
  const auto width = display_width(text);
  if (width < columns) out.append(columns - width, ' ');
  return out;
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const auto width = display_width(text);
  return std::string(width < columns ? columns - width : 0, ' ') + std::string(text);
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t next = 1; next <= text.size(); ++next) {
    const bool is_inside = next < text.size() && (static_cast<unsigned char>(text[next]) >> 6) == 2;
    if (is_inside) continue;
    if (display_width(text.substr(0, next)) + 1 > columns) break;
    end = next;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

Progress::Progress(std::string label, Show show)
    : label_(std::move(label)),
      is_shown_(show == Show::IfTerminal && is_capable(STDERR_FILENO)),
      columns_(columns_of(STDERR_FILENO)) {}

void Progress::at(std::uint64_t done, std::uint64_t total, std::string_view detail) {
  if (!is_shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  std::string line = label_ + " ";
  if (total > 0) {
    constexpr std::size_t kWidth = 24;
    const auto share = std::min<std::uint64_t>(done, total);
    const auto full = static_cast<std::size_t>(share * kWidth / total);
    for (std::size_t i = 0; i < kWidth; ++i) line += i < full ? "█" : "░";
    line += fmt::format(" {:3}% ", share * 100 / total);
  } else {
    line += grouped(done) + " ";
  }
  line += detail;
  fmt::print(stderr, "\r\x1b[K{}", shorten(line, columns_ - 1));
  std::fflush(stderr);
  has_drawn_ = true;
}

void Progress::clear() {
  if (!has_drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  has_drawn_ = false;
}

}  // namespace cairn::app

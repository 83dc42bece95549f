#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// What commands print for people: colours and progress on a terminal, plain text elsewhere.
namespace cairn::app {

enum class Ink : std::uint8_t { Plain, Bold, Dim, Red, Green, Yellow, Blue, Magenta, Cyan };

/// How text may be dressed. A value; `plain()` for files, pipes and tests.
class Style {
 public:
  /// Colours where standard output is a terminal that can, and NO_COLOR is not set.
  static Style of_stdout();
  static Style plain() { return Style(false, 100); }
  Style(bool has_colours, std::size_t columns) : has_colours_(has_colours), columns_(columns) {}

  bool has_colours() const { return has_colours_; }
  std::size_t columns() const { return columns_; }
  std::string paint(Ink ink, std::string_view text) const;
  /// Struck through; where there are no colours between tildes, as in Markdown.
  std::string strike(std::string_view text) const;

 private:
  bool has_colours_;
  std::size_t columns_;
};

/// Text filled up with blanks to `columns` as a terminal counts them; longer text stays.
std::string pad(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);
/// At most `columns` wide, with "…" at the end where something was cut; never cuts a character.
std::string shorten(std::string_view text, std::size_t columns);
/// "1,234,567"
std::string grouped(std::uint64_t number);

/// A bar on standard error while something long goes on; nothing where that is no terminal. Used by
/// one thread.
class Progress {
 public:
  enum class Show : std::uint8_t { IfTerminal, Never };
  Progress(std::string label, Show show);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `total` 0: not known. Draws at most ten times a second.
  void at(std::uint64_t done, std::uint64_t total, std::string_view detail = {});
  void clear();

 private:
  std::string label_;
  bool is_shown_;
  bool has_drawn_ = false;
  std::size_t columns_ = 80;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace cairn::app

#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>

#include "app/console_files.hpp"
#include "http/message.hpp"

namespace cairn::app {

/// The built console, from the program itself or from a folder: in memory with its compressed
/// forms, answered with ETags and a strict Content-Security-Policy. A path without a file that
/// looks like a screen of the console gets its page; without a console, a page that says so. Any
/// thread.
class StaticFiles {
 public:
  /// `embedded` must outlive this.
  explicit StaticFiles(std::span<const ConsoleFile> embedded);
  /// For development: what lies in `folder` now. Errors: NotFound (no index.html in it).
  static Result<StaticFiles> read(const std::string& folder);

  http::Response answer(const http::Request& request) const;
  bool has_console() const { return files_.contains("/index.html"); }
  /// The bytes of a file, for templates; empty when there is none.
  std::string_view text(std::string_view path) const;

 private:
  struct File {
    ConsoleFile content;
    std::string_view media_type;
    bool is_hashed = false;  ///< its name changes with its bytes: kept by browsers for a year
  };
  StaticFiles() = default;
  void add(const ConsoleFile& content);
  const File* find(std::string_view path) const;
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  std::map<std::string_view, File> files_;
  std::deque<std::string> kept_;  ///< what was read from a folder
};

/// Whether a client that sent this Accept-Encoding takes `coding`.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

/// The headers that go with every page.
void add_page_headers(http::Response& response);

}  // namespace cairn::app

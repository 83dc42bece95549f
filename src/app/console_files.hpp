#pragma once

#include <span>
#include <string_view>

namespace cairn::app {

/// A file of the console that lies in the program itself.
struct ConsoleFile {
  std::string_view name;  ///< "/assets/index-1a2b.js"
  std::string_view etag;
  std::string_view bytes, gzip, brotli;  ///< compressed forms are empty where there are none
};

/// What the build found in web/dist and web/public_page (cmake/embed_console.py), by name. Without
/// "/index.html" the console was not built.
std::span<const ConsoleFile> console_files();

}  // namespace cairn::app

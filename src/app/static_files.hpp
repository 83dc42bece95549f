#pragma once

#include <map>
#include <memory>
#include <string>

#include "http/message.hpp"

namespace cairn::app {

/// The built console: read into memory once, with its compressed forms, answered with ETags and a
/// strict Content-Security-Policy. A path without a file that looks like a screen of the console
/// gets its page. Any thread.
class StaticFiles {
 public:
  explicit StaticFiles(const std::string& folder);
  http::Response answer(const http::Request& request) const;
  /// The bytes of a file, for templates; empty when there is none.
  std::string text(std::string_view path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? std::string() : found->second.bytes;
  }

 private:
  struct File {
    std::string bytes, gzip, media_type, etag;
    bool is_hashed = false;  ///< its name changes with its bytes: kept by browsers for a year
  };
  std::map<std::string, File, std::less<>> files_;
};

/// The headers that go with every page.
void add_page_headers(http::Response& response);

}  // namespace cairn::app

#include "app/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "crypto/hash.hpp"
#include "http/problem.hpp"

namespace cairn::app {
namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::string_view media_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[]{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
  };
  for (const auto& [ending, type] : kTypes)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

}  // namespace

void add_page_headers(http::Response& response) {
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
      "data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
      "frame-ancestors 'none'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
}

StaticFiles::StaticFiles(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    const auto name = "/" + fs::relative(entry.path(), folder, ignored).generic_string();
    if (name.ends_with(".map") || name.ends_with(".gz")) continue;
    File file;
    file.bytes = read_all(entry.path());
    if (fs::exists(entry.path().string() + ".gz", ignored))
      file.gzip = read_all(entry.path().string() + ".gz");
    file.media_type = media_type_of(name);
    file.etag = "\"" + to_hex(crypto::view(crypto::sha256(file.bytes))).substr(0, 20) + "\"";
    file.is_hashed = name.starts_with("/assets/") && name.find('-') != std::string::npos;
    files_.emplace(name, std::move(file));
  }
}

http::Response StaticFiles::answer(const http::Request& request) const {
  auto found = files_.find(request.path == "/" ? "/index.html" : request.path);
  const auto last = request.path.substr(request.path.rfind('/') + 1);
  const bool is_screen = last.find('.') == std::string_view::npos &&
                         !request.path.starts_with("/v1/") && !request.path.starts_with("/t/");
  if (request.path.starts_with("/public_page/")) found = files_.end();  // templates
  if (found == files_.end() && is_screen) found = files_.find("/index.html");
  if (found == files_.end())
    return http::problem({ErrorCode::NotFound, "nothing is here", ""}, request);
  const File& file = found->second;
  http::Response response;
  response.content_type = file.media_type;
  response.headers.emplace_back("ETag", file.etag);
  response.headers.emplace_back(
      "Cache-Control", file.is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  add_page_headers(response);
  if (request.header("if-none-match") == file.etag) {
    response.status = 304;
    return response;
  }
  if (!file.gzip.empty() &&
      request.header("accept-encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.headers.emplace_back("Vary", "Accept-Encoding");
    response.body = file.gzip;
  } else {
    response.body = file.bytes;
  }
  return response;
}

}  // namespace cairn::app

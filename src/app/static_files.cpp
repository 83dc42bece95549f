#include "app/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

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

bool is_screen(std::string_view path) {
  const auto last = path.substr(path.rfind('/') + 1);
  return last.find('.') == std::string_view::npos && !path.starts_with("/v1/") &&
         !path.starts_with("/t/");
}

/// Instead of a screen, in a program that was built where no Node could be had.
constexpr std::string_view kNoConsole = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Cairn</title>
<link rel="stylesheet" href="/assets/track.css">
<main><header class="head neutral"><h1>Cairn</h1>
<p class="sentence">This program was built without its console. <code>./dev build</code> builds
both and says what is missing. The API is at <a href="/v1/meta">/v1</a>.</p>
<p class="sentence" lang="zh">此程序未包含控制台：<code>./dev build</code> 会一并构建并说明缺少什么。
接口在 <a href="/v1/meta">/v1</a>。</p></header></main>
)";

http::Response no_console() {
  auto response = http::Response::text(std::string(kNoConsole), "text/html; charset=utf-8");
  response.status = 503;
  add_page_headers(response);
  return response;
}

/// The smallest form this client takes.
void put_body(http::Response& response, const ConsoleFile& file, std::string_view accepted) {
  if (!file.gzip.empty() || !file.brotli.empty())
    response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!file.brotli.empty() && accepts_coding(accepted, "br")) {
    response.headers.emplace_back("Content-Encoding", "br");
    response.body = file.brotli;
  } else if (!file.gzip.empty() && accepts_coding(accepted, "gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.bytes;
  }
}

}  // namespace

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
  for (const auto offer : split(accept_encoding, ',')) {
    const auto parts = split(offer, ';');
    if (!http::is_same_ignoring_case(trim(parts.front()), coding)) continue;
    for (std::size_t i = 1; i < parts.size(); ++i)
      if (const auto weight = trim(parts[i]); weight.starts_with("q=0"))
        return weight.find_first_not_of("0.", 2) != std::string_view::npos;
    return true;
  }
  return false;
}

void add_page_headers(http::Response& response) {
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' "
      "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
}

StaticFiles::StaticFiles(std::span<const ConsoleFile> embedded) {
  for (const auto& file : embedded) add(file);
}

Result<StaticFiles> StaticFiles::read(const std::string& folder) {
  StaticFiles out;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    auto name = "/" + fs::relative(entry.path(), folder, ignored).generic_string();
    if (name.ends_with(".map") || name.ends_with(".gz") || name.ends_with(".br")) continue;
    const auto path = entry.path().string();
    auto bytes = read_all(path);
    auto etag = fmt::format("\"{}\"", to_hex(crypto::view(crypto::sha256(bytes))).substr(0, 20));
    out.add({out.keep(std::move(name)), out.keep(std::move(etag)), out.keep(std::move(bytes)),
             out.keep(read_all(path + ".gz")), out.keep(read_all(path + ".br"))});
  }
  if (!out.has_console())
    return fail(ErrorCode::NotFound,
                fmt::format("no index.html in {}; name the folder of a built console with --web, "
                            "or leave it out for the one inside the program",
                            folder));
  return out;
}

void StaticFiles::add(const ConsoleFile& content) {
  const bool is_hashed =
      content.name.starts_with("/assets/") && content.name.find('-') != std::string_view::npos;
  files_.insert_or_assign(content.name, File{content, media_type_of(content.name), is_hashed});
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

std::string_view StaticFiles::text(std::string_view path) const {
  const auto* file = find(path);
  return file ? file->content.bytes : std::string_view();
}

http::Response StaticFiles::answer(const http::Request& request) const {
  const auto* file = find(request.path == "/" ? "/index.html" : request.path);
  if (request.path.starts_with("/public_page/")) file = nullptr;  // templates
  if (!file && is_screen(request.path)) {
    if (!has_console()) return no_console();
    file = find("/index.html");
  }
  if (!file) return http::problem({ErrorCode::NotFound, "nothing is here", ""}, request);
  http::Response response;
  response.content_type = file->media_type;
  response.headers.emplace_back("ETag", file->content.etag);
  response.headers.emplace_back(
      "Cache-Control", file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  add_page_headers(response);
  if (request.header("if-none-match") == file->content.etag) {
    response.status = 304;
    return response;
  }
  put_body(response, file->content, request.header("accept-encoding"));
  return response;
}

}  // namespace cairn::app

#include "app/static_files.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace cairn::app {
namespace {

constexpr ConsoleFile kConsole[]{
    {"/assets/board-1a.js", "\"e1\"", "plain", "gzipped", "brotlied"},
    {"/assets/track.css", "\"e2\"", "style", "", ""},
    {"/index.html", "\"e3\"", "<html>", "", ""},
    {"/public_page/page.html", "\"e4\"", "{{label}}", "", ""},
};

http::Request asking(std::string_view path, std::initializer_list<http::Header> headers = {}) {
  http::Request request;
  request.path = path;
  for (const auto& header : headers) request.headers[request.header_count++] = header;
  return request;
}

std::string header_of(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

TEST(StaticFiles, AClientGetsTheSmallestFormItTakes) {
  const StaticFiles files{kConsole};
  const auto form = [&](std::string_view accepted) {
    const auto answer =
        files.answer(asking("/assets/board-1a.js", {{"Accept-Encoding", accepted}}));
    EXPECT_EQ(answer.content_type, "text/javascript; charset=utf-8");
    EXPECT_EQ(header_of(answer, "Vary"), "Accept-Encoding");
    return std::pair(answer.body, header_of(answer, "Content-Encoding"));
  };
  using Form = std::pair<std::string, std::string>;
  EXPECT_EQ(form("gzip, deflate, br, zstd"), Form("brotlied", "br"));
  EXPECT_EQ(form("gzip"), Form("gzipped", "gzip"));
  EXPECT_EQ(form("GZIP;q=0.5, br;q=0"), Form("gzipped", "gzip"));
  EXPECT_EQ(form("gzip;q=0, brotli"), Form("plain", ""));
  EXPECT_EQ(form(""), Form("plain", ""));
}

TEST(StaticFiles, WhatIsKnownIsNotSentAgain) {
  const StaticFiles files{kConsole};
  const auto answer = files.answer(asking("/assets/track.css", {{"If-None-Match", "\"e2\""}}));
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(header_of(answer, "Cache-Control"), "no-cache");
  EXPECT_EQ(files.answer(asking("/assets/track.css", {{"If-None-Match", "\"e1\""}})).body, "style");
  EXPECT_EQ(header_of(files.answer(asking("/assets/board-1a.js")), "Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST(StaticFiles, AScreenIsThePageAndNothingElseIs) {
  const StaticFiles files{kConsole};
  for (const auto* path : {"/", "/orders", "/orders/abc", "/quarantine"})
    EXPECT_EQ(files.answer(asking(path)).body, "<html>") << path;
  for (const auto* path : {"/assets/gone.js", "/t/abc", "/public_page/page.html", "/../x.html"})
    EXPECT_EQ(files.answer(asking(path)).status, 404) << path;
}

TEST(StaticFiles, NoPageMayRunWhatIsNotOurs) {
  const auto policy =
      header_of(StaticFiles{kConsole}.answer(asking("/")), "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST(StaticFiles, AProgramWithoutAConsoleSaysSo) {
  const StaticFiles files{std::span(kConsole).subspan(1, 1)};
  EXPECT_FALSE(files.has_console());
  const auto answer = files.answer(asking("/orders"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("./dev build"), std::string::npos);
  EXPECT_EQ(files.answer(asking("/assets/track.css")).body, "style");
}

TEST(StaticFiles, AFolderIsServedInstead) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "cairn_console_folder";
  fs::remove_all(folder);
  const auto write = [&](const char* name, const char* text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  };
  const auto refused = StaticFiles::read(folder.string());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::NotFound);
  write("index.html", "<html>");
  write("assets/a-1.js", "plain");
  write("assets/a-1.js.br", "brotlied");
  write("assets/a-1.js.map", "map");
  const auto files = StaticFiles::read(folder.string());
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->answer(asking("/assets/a-1.js", {{"Accept-Encoding", "br"}})).body, "brotlied");
  EXPECT_EQ(files->answer(asking("/assets/a-1.js.map")).status, 404);
  const auto etag = header_of(files->answer(asking("/")), "ETag");
  EXPECT_EQ(files->answer(asking("/", {{"If-None-Match", etag}})).status, 304);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace cairn::app

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "app/demo_cast.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "program.hpp"

namespace cairn::e2e {
namespace {

std::string placed(const std::string& number) {
  return fmt::format(
      R"({{"type":"order_placed","order":"{0}","id":"{0}/placed","occurred":"2026-01-05T08:00:00Z",)"
      R"("data":{{"total":12900,"currency":"CNY","lines":[{{"id":"1","sku":"CUP","name":"杯子",)"
      R"("quantity":2}}],"receiver":{{"name":"欧阳问雪","phone":"13812345678"}}}}}})"
      "\n",
      number);
}
std::string paid(const std::string& number) {
  return fmt::format(
      R"({{"type":"payment_received","order":"{0}","id":"{0}/paid",)"
      R"("occurred":"2026-01-05T09:00:00Z","data":{{"in_full":true,"amount":12900}}}})"
      "\n",
      number);
}

TEST(Cli, ServeKeepsItsKeyForTheCommandLineOfThisMachine) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  Server server(data);
  struct stat status{};
  ASSERT_EQ(::stat((data + "/api.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto sent = send(server, data, placed("C-1") + paid("C-1"));
  ASSERT_NE(sent.find("\"accepted\":2"), std::string::npos) << sent;

  const auto shown = run({"order", "show", "C-1", "--server", server.url(), "--data", data});
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_NE(shown.out.find("Order C-1"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("129.00 CNY"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find('\x1b'), std::string::npos) << "colours in a pipe";

  const auto chinese =
      run({"order", "show", "C-1", "--server", server.url(), "--data", data, "--lang", "zh"});
  EXPECT_NE(chinese.out.find("订单 C-1"), std::string::npos) << chinese.out;

  const auto without =
      run({"order", "show", "C-1", "--server", server.url(), "--data", folder.path("nowhere")});
  EXPECT_EQ(without.code, 1);
  EXPECT_NE(without.error.find("API key"), std::string::npos) << without.error;

  const auto unknown = run({"order", "show", "C-2", "--server", server.url(), "--data", data});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.error.find("C-2"), std::string::npos) << unknown.error;
  EXPECT_EQ(server.end(), 0);
}

TEST(Cli, AKeyOfTheOperatorIsNotWrittenDown) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  EXPECT_EQ(Server(data).end(), 0);
  ASSERT_TRUE(std::filesystem::exists(data + "/api.key"));
  EXPECT_EQ(Server(data, {"--api-key", "a-key-somebody-chose"}).end(), 0);
  EXPECT_FALSE(std::filesystem::exists(data + "/api.key"));
}

TEST(Cli, TimelineShowsWhatHappenedByDay) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  Server server(data);
  send(server, data, placed("T-1") + paid("T-1"));
  const auto shown = run({"order", "timeline", "T-1", "--server", server.url(), "--data", data});
  EXPECT_EQ(shown.code, 0) << shown.error;
  EXPECT_NE(shown.out.find("2026-01-05 Mon"), std::string::npos) << shown.out;
  EXPECT_LT(shown.out.find("08:00:00"), shown.out.find("09:00:00")) << shown.out;
  const auto raw =
      run({"order", "timeline", "T-1", "--server", server.url(), "--data", data, "--json"});
  json::Document document;
  const auto page = document.parse(raw.out);
  ASSERT_TRUE(page) << raw.out;
  EXPECT_EQ(page->find("items")->size(), 2u);
}

TEST(Cli, TailGoesOnAcrossARestartOfTheServer) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  int port = 0;
  std::unique_ptr<Running> tail;
  {
    Server server(data);
    port = server.port();
    send(server, data, placed("L-1") + placed("L-2"));
    tail = std::make_unique<Running>(
        std::vector<std::string>{"tail", "--json", "--count", "3", "--after", "0-0.1-0.2-0.3-0",
                                 "--server", server.url(), "--data", data});
    std::string seen = tail->line() + tail->line();
    EXPECT_NE(seen.find("\"L-1\""), std::string::npos) << seen;
    EXPECT_NE(seen.find("\"L-2\""), std::string::npos) << seen;
    EXPECT_EQ(server.end(), 0);
  }
  Server again(data, {}, port);
  send(again, data, placed("L-3"));
  const auto third = tail->line();
  EXPECT_NE(third.find("\"L-3\""), std::string::npos) << third;
  EXPECT_EQ(tail->wait(), 0);
}

TEST(Cli, TailOfAWrongFilterOrKeyEndsWithTheReason) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  Server server(data);
  const auto wrong = run({"tail", "--server", server.url(), "--key", "not-the-key"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.error.find("API key"), std::string::npos) << wrong.error;
  const auto nobody = run({"tail", "X-1", "--server", server.url(), "--data", data});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_NE(nobody.error.find("X-1"), std::string::npos) << nobody.error;
}

TEST(Cli, EveryCommandHelpsInBothLanguages) {
  for (const auto* name :
       {"serve", "order", "tail", "import", "export", "verify", "rebuild", "backup", "restore",
        "forget", "lifecycle", "config", "role", "demo", "bench"}) {
    const auto help = run({name, "--help"});
    EXPECT_EQ(help.code, 0) << name;
    EXPECT_NE(help.out.find(" / "), std::string::npos) << name << "\n" << help.out;
    EXPECT_TRUE(help.error.empty()) << help.error;
  }
  const auto none = run({});
  EXPECT_NE(none.code, 0);
  EXPECT_NE((none.out + none.error).find("serve"), std::string::npos);
}

TEST(Cli, LifecyclesAreCheckedAndDrawn) {
  const auto whole = run({"lifecycle", "check"});
  EXPECT_EQ(whole.code, 0) << whole.error;
  EXPECT_NE(whole.out.find("retail"), std::string::npos) << whole.out;
  const auto drawn = run({"lifecycle", "draw", "retail", "--lang", "zh"});
  EXPECT_EQ(drawn.code, 0) << drawn.error;
  EXPECT_NE(drawn.out.find("stateDiagram-v2"), std::string::npos) << drawn.out;
  EXPECT_NE(drawn.out.find("待支付"), std::string::npos) << drawn.out;
  const auto unknown = run({"lifecycle", "draw", "nothing"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.error.find("retail"), std::string::npos) << unknown.error;

  TemporaryFolder folder;
  std::ofstream(folder.path("bad.yaml")) << "lifecycle: bad\nstates:\n  a: {category: nowhere}\n";
  const auto bad = run({"lifecycle", "check", folder.path("bad.yaml")});
  EXPECT_EQ(bad.code, 1);
  EXPECT_NE(bad.error.find("bad.yaml"), std::string::npos) << bad.error;
}

TEST(Cli, SettingsAreCheckedAndPrintedWithoutSecrets) {
  TemporaryFolder folder;
  std::ofstream(folder.path("good.yaml")) << "port: 9000\napi_key: sixteen-characters-or-more\n";
  const auto printed = run({"config", "print", folder.path("good.yaml")});
  EXPECT_EQ(printed.code, 0) << printed.error;
  EXPECT_NE(printed.out.find("port: 9000"), std::string::npos) << printed.out;
  EXPECT_NE(printed.out.find("idle_seconds_max: 75  # between two requests; 1 to 86400 seconds"),
            std::string::npos)
      << printed.out;
  EXPECT_EQ(printed.out.find("sixteen"), std::string::npos) << printed.out;
  std::ofstream(folder.path("bad.yaml")) << "shards: 0\nedge_threads: 0\njson_depth_max: 99\n";
  const auto faults = run({"config", "check", folder.path("bad.yaml")});
  EXPECT_EQ(faults.code, 1);
  EXPECT_NE(faults.out.find("shards"), std::string::npos) << faults.out;
  EXPECT_NE(faults.out.find("edge_threads"), std::string::npos) << faults.out;
  EXPECT_NE(faults.out.find("json_depth_max: 99 is out of bounds; give 8 to 32 levels"),
            std::string::npos)
      << faults.out;
  std::ofstream(folder.path("typo.yaml")) << "prot: 9000\n";
  const auto typo = run({"config", "check", folder.path("typo.yaml")});
  EXPECT_NE(typo.code, 0);
  EXPECT_NE((typo.out + typo.error).find("did you mean \"port\""), std::string::npos) << typo.error;
}

std::set<std::string> order_numbers(const std::string& data) {
  const auto all =
      run({"export", "orders", "--data", data, "--definitions", data + "/../definitions"});
  EXPECT_EQ(all.code, 0) << all.error;
  std::set<std::string> numbers;
  for (const auto line : split(all.out, '\n'))
    for (const auto cell : split(line, ','))
      if (app::demo::parse_order_no(cell)) numbers.emplace(cell);
  return numbers;
}

/// Definitions of a company that knows the demo's sources.
void copy_definitions(const std::string& to) {
  namespace fs = std::filesystem;
  fs::copy(CAIRN_SOURCE_DIR "/definitions", to, fs::copy_options::recursive);
  for (const auto& file : fs::directory_iterator(to + "/demo/sources"))
    fs::copy(file, to + "/sources/");
}

TEST(Cli, TheDemoIsServedFromAFolderOfItsOwn) {
  TemporaryFolder folder;
  copy_definitions(folder.path("definitions"));
  Running demo({"demo", "--folder", folder.path("cast"), "--port", "0"});
  const auto greeting = demo.line();
  const auto url = greeting.find("http://127.0.0.1:");
  ASSERT_NE(url, std::string::npos) << greeting;
  const auto address = greeting.substr(url, greeting.find('/', url + 7) - url);
  // What was there before it began is told at once: a row of the two hundredth order is awaited.
  const auto began = std::chrono::steady_clock::now();
  const auto is_told = [&] {
    const auto page = fetch(address + "/v1/orders?limit=200&closed=true", folder.path("cast"));
    return page.find("\"next_cursor\":\"") != std::string::npos;
  };
  while (!is_told() && std::chrono::steady_clock::now() - began < std::chrono::minutes(1)) continue;
  EXPECT_EQ(demo.end(), 0);
  EXPECT_GE(order_numbers(folder.path("cast")).size(), 100u);
}

TEST(Cli, TheDemoIsToldToAServerThatKnowsItsSources) {
  TemporaryFolder folder;
  const auto definitions = folder.path("definitions"), data = folder.path("data");
  copy_definitions(definitions);
  {
    Server server(data, {"--definitions", definitions});
    const std::vector<std::string> play{"demo", "--server", server.url(),        "--data",
                                        data,   "--folder", folder.path("cast"), "--seconds",
                                        "3",    "--json"};
    for (int time = 0; time < 2; ++time) {
      const auto played = run(play);
      EXPECT_EQ(played.code, 0) << played.error;
      EXPECT_NE(played.out.find("\"refused\":0"), std::string::npos) << played.out;
    }
    const auto stranger = run({"demo", "--server", server.url(), "--key", "not-the-key", "--folder",
                               folder.path("other"), "--seconds", "3"});
    EXPECT_EQ(stranger.code, 1);
    EXPECT_NE(stranger.error.find("API key"), std::string::npos) << stranger.error;
    EXPECT_EQ(server.end(), 0);
  }
  const auto told = order_numbers(data);
  EXPECT_GE(told.size(), 100u);
  EXPECT_EQ(told, order_numbers(folder.path("cast")));
}

TEST(Cli, TheDemoSaysWhatAServerLacksThatDoesNotKnowItsSources) {
  TemporaryFolder folder;
  Server server(folder.path("data"));
  const auto played = run({"demo", "--server", server.url(), "--data", folder.path("data"),
                           "--folder", folder.path("cast"), "--seconds", "3"});
  EXPECT_EQ(played.code, 1);
  EXPECT_NE(played.error.find("definitions/demo/sources"), std::string::npos) << played.error;
}

TEST(Cli, ServeTakesTheOperatorsWordOnTheClockAndGoesOn) {
  TemporaryFolder folder;
  const auto data = folder.path("data");
  Server server(data);
  server.signal(SIGUSR1);
  const auto sent = send(server, data, placed("C-1"));
  EXPECT_NE(sent.find("\"accepted\":1"), std::string::npos) << sent;
  EXPECT_EQ(server.end(), 0);
}

TEST(Cli, RolesAreListedAndRefusedByName) {
  const auto table = run({"role", "--json"});
  EXPECT_EQ(table.code, 0);
  json::Document document;
  const auto roles = document.parse(table.out);
  ASSERT_TRUE(roles) << table.out;
  EXPECT_GE(roles->size(), 2u);
  TemporaryFolder folder;
  const auto wrong = run({"serve", "--role", "gatway", "--data", folder.path("data")});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.error.find("did you mean \"gateway\""), std::string::npos) << wrong.error;
}

TEST(Cli, BenchMeasuresAndLeavesNothing) {
  const auto bench = run({"bench", "--orders", "50", "--json"});
  EXPECT_EQ(bench.code, 0) << bench.error;
  json::Document document;
  const auto measured = document.parse(bench.out);
  ASSERT_TRUE(measured) << bench.out;
  EXPECT_EQ(measured->find("facts")->as_integer(), 200);
}

}  // namespace
}  // namespace cairn::e2e

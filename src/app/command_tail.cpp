#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/client.hpp"
#include "app/event_stream.hpp"
#include "app/order_text.hpp"
#include "app/position.hpp"

/// `cairn tail`: the live stream of a running server, resumed where it broke.
namespace cairn::app {
namespace {

struct Asked {
  std::string order, categories, lanes, shop, after;
  std::uint64_t count = 0;
  bool is_once = false;
};

volatile std::sig_atomic_t g_is_stopped = 0;
void stop(int) { g_is_stopped = 1; }

Result<std::string> path_of(Client& client, const Asked& asked) {
  if (!asked.order.empty()) {
    CAIRN_TRY(const auto id, client.find_order(asked.order));
    return "/v1/orders/" + id + "/live";
  }
  std::string path = "/v1/live";
  char separator = '?';
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    path += fmt::format("{}{}={}", std::exchange(separator, '&'), name, url_encoded(value));
  };
  add("category", asked.categories);
  add("lane", asked.lanes);
  add("shop", asked.shop);
  return path;
}

/// One connection after the other until enough was seen or somebody stops it.
class Tail {
 public:
  Tail(Common& common, const Asked& asked)
      : common_(common),
        asked_(asked),
        client_(common),
        options_{Style::of_stdout(), common.is_chinese(), local_offset_seconds, {}} {}

  Result<void> run() {
    CAIRN_TRY(const auto path, path_of(client_, asked_));
    CAIRN_TRY(const auto meta_text, client_.get("/v1/meta"));
    json::Document document;
    CAIRN_TRY(const auto meta, document.parse(meta_text));
    options_.states = state_words(meta, options_.is_chinese);
    for (int failures = 0; !is_done();) {
      const auto shown_before = shown_;
      auto ended = listen(path);
      if (is_done()) break;
      if (!ended && !is_worth_repeating(ended.error())) return ended;
      if (asked_.is_once) return ended;
      failures = shown_ > shown_before ? 0 : failures + 1;
      if (!ended && failures == 1)
        fmt::print(stderr, "cairn: {}; {}\n", ended.error().message,
                   common_.say("正在重连 …", "connecting again …"));
      pause(failures);
    }
    return {};
  }

 private:
  bool is_done() const {
    return g_is_stopped != 0 || (asked_.count != 0 && shown_ >= asked_.count);
  }

  /// What another try can mend; a wrong key or a wrong filter it cannot.
  static bool is_worth_repeating(const Error& error) {
    using enum ErrorCode;
    return error.code == Unavailable || error.code == Timeout || error.code == Io ||
           error_row(error.code).is_retryable;
  }

  void pause(int failures) const {
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(std::min(10'000, 250 << std::min(failures, 6)));
    while (g_is_stopped == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  Result<void> listen(const std::string& path) {
    stream_.begin_again();
    ports::HttpRequest request;
    request.timeout = seconds(0);
    request.idle_timeout = seconds(60);  // heartbeats come every fifteen
    request.headers.emplace_back("Accept", "text/event-stream");
    const auto seen = position_.empty() ? asked_.after : format_position(position_);
    if (!seen.empty()) request.headers.emplace_back("Last-Event-ID", seen);
    request.take_body = [&](std::string_view chunk) {
      return stream_.push(chunk, [&](const StreamEvent& event) { return take(event); }) &&
             !is_done();
    };
    CAIRN_TRY(const auto answer, client_.send("GET", path, std::move(request)));
    if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
    return {};
  }

  bool take(const StreamEvent& event) {
    // The id of a change counts its own shard only; what was seen of the others stands beside it.
    if (const auto at = parse_position(event.id))
      for (const auto& [shard, number] : *at) position_[shard] = std::max(position_[shard], number);
    if (event.type == "change") {
      show(event);
      ++shown_;
    } else if (event.type == "reset") {
      fmt::print(
          stderr, "cairn: {}\n",
          common_.say("错过的变化太多，从现在继续", "too much was missed; going on from now"));
    }
    return !is_done();
  }

  void show(const StreamEvent& event) {
    if (common_.is_json) {
      fmt::print("{}\n", event.data);
    } else {
      json::Document document;
      if (const auto change = document.parse(event.data))
        fmt::print("{}", change_text(*change, options_));
    }
    std::fflush(stdout);
  }

  Common& common_;
  const Asked& asked_;
  Client client_;
  TextOptions options_;
  EventStream stream_;
  Position position_;
  std::uint64_t shown_ = 0;
};

}  // namespace

void add_tail(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand("tail", "Follow changes as they happen / 实时跟踪变化");
  auto asked = std::make_shared<Asked>();
  command->add_option("order", asked->order, "Of this order only / 只看一个订单");
  command->add_option("--category", asked->categories, "Categories, comma separated / 阶段");
  command->add_option("--lane", asked->lanes,
                      "Lanes: normal, at_risk, overdue, unverified / 时效泳道");
  command->add_option("--shop", asked->shop, "Of this shop only / 店铺");
  command->add_option("--after", asked->after,
                      "Begin after this position, such as 0-17.1-4 / 从此位置之后开始");
  command->add_option("--count", asked->count, "End after so many changes / 收到若干条后结束");
  command->add_flag("--once", asked->is_once, "End when the connection ends / 断开后不重连");
  add_server_options(*command, common);
  add_json_option(*command, common);
  command->callback([&common, asked, command] {
    read_settings(common, *command);
    std::signal(SIGINT, stop);
    std::signal(SIGTERM, stop);
    if (auto done = Tail(common, *asked).run(); !done) complain(common, done.error());
  });
}

}  // namespace cairn::app

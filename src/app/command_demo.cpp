#include <csignal>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/client.hpp"
#include "app/command_line.hpp"
#include "app/demo.hpp"
#include "app/offline.hpp"
#include "app/service.hpp"
#include "app/terminal.hpp"
#include "json/writer.hpp"

/// `cairn demo`: the lively demo of the cast, served here or told to a running server.
namespace cairn::app {
namespace {

constexpr timespec kTick{.tv_sec = 0, .tv_nsec = 100'000'000};

/// What the other server made of the deeds. One thread.
class Stage {
 public:
  explicit Stage(const Common& common) : client_(common) {}

  /// True: told. A server that is not there is tried again; one that does not know the key or the
  /// cast never will, and ends the demo.
  bool tell(std::span<const Demo::Deed> deeds) {
    for (; done_ < deeds.size(); ++done_)
      if (const auto& deed = deeds[done_]; deed.line.empty()) {
        if (!flush() || !command(deed)) return false;
      } else {
        lines_ += deed.line + '\n';
      }
    if (!flush()) return false;
    done_ = 0;
    return true;
  }

  const std::string& server() const { return client_.server(); }
  const std::optional<Error>& fatal() const { return fatal_; }
  /// Why deeds wait; empty: they do not.
  const std::string& waits_because() const { return waits_because_; }
  std::uint64_t facts() const { return facts_; }
  std::uint64_t commands() const { return commands_; }
  std::uint64_t refused() const { return refused_; }

 private:
  bool flush() {
    if (lines_.empty()) return true;
    ports::HttpRequest request{.body = lines_, .timeout = seconds(60)};
    request.headers.emplace_back("Content-Type", "application/x-ndjson");
    const auto answer = client_.send("POST", "/v1/events", std::move(request));
    if (!is_told(answer)) return false;
    if (answer->status / 100 != 2) return give_up(error_of(*answer));
    json::Document document;
    const auto counts = document.parse(answer->body);
    const auto count = [&](std::string_view name) -> std::uint64_t {
      const auto found = counts ? counts->find(name) : std::nullopt;
      return found ? static_cast<std::uint64_t>(found->as_integer().value_or(0)) : 0;
    };
    const auto rejected = count("rejected");
    if (facts_ == 0 && rejected > 0 && rejected == count("read"))
      return give_up({ErrorCode::Invalid,
                      "the server takes nothing of the demo; it must know the demo's sources: copy "
                      "definitions/demo/sources/*.yaml to its definitions/sources and start it "
                      "again",
                      ""});
    facts_ += count("read");
    refused_ += rejected;
    lines_.clear();
    return true;
  }

  bool command(const Demo::Deed& deed) {
    ports::HttpRequest request{.body = deed.data, .timeout = seconds(60)};
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Idempotency-Key", deed.key);
    const auto path =
        fmt::format("/v1/orders/{}/commands/{}", model::to_text(deed.order), deed.command);
    const auto answer = client_.send("POST", path, std::move(request));
    if (!is_told(answer)) return false;
    ++commands_;
    if (answer->status / 100 != 2) ++refused_;
    return true;
  }

  bool is_told(const Result<ports::HttpResponse>& answer) {
    waits_because_.clear();
    if (!answer) {
      waits_because_ = answer.error().message;
      return false;
    }
    if (answer->status == 401 || answer->status == 403) return give_up(error_of(*answer));
    if (answer->status == 429 || answer->status >= 500) waits_because_ = error_of(*answer).message;
    return waits_because_.empty();
  }
  bool give_up(Error error) {
    fatal_ = std::move(error);
    return false;
  }

  Client client_;
  std::string lines_;
  std::size_t done_ = 0;  ///< of the deeds that are being told
  std::optional<Error> fatal_;
  std::string waits_because_;
  std::uint64_t facts_ = 0, commands_ = 0, refused_ = 0;
};

void print(const Common& common, const Stage& stage) {
  if (common.is_json) {
    std::string out;
    json::Writer w(out);
    w.begin_object().field("server", stage.server()).field("facts", stage.facts());
    w.field("commands", stage.commands()).field("refused", stage.refused()).end_object();
    fmt::print("{}\n", out);
    return;
  }
  fmt::print("cairn: {} {}  {} {}  {} {}\n", common.say("已告知事实", "facts told"),
             grouped(stage.facts()), common.say("命令", "commands"), grouped(stage.commands()),
             common.say("被拒", "refused"), grouped(stage.refused()));
}

/// Until a signal comes, or for the time given. The cast's own folder says what was told already.
Result<void> play(Common& common, Stage& stage, std::uint32_t seconds_max) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  CAIRN_TRY(auto offline, Offline::open(common.settings, Offline::If::ExistsOrMake));
  CAIRN_TRY_VOID(offline->load());
  CAIRN_TRY(const auto folder, find_folder("definitions", common.settings.definitions));
  CAIRN_TRY(auto demo, Demo::open(offline->installation(), folder + "/demo",
                                  [&](auto deeds) { return stage.tell(deeds); }));
  offline->start();
  if (!common.is_json)
    fmt::print("cairn: {} {}; {}\n", common.say("演示播放到", "the demo plays into"),
               stage.server(), common.say("Ctrl-C 停止", "Ctrl-C stops it"));
  std::fflush(stdout);
  const auto until = offline->clock().now() + seconds(seconds_max);
  std::string said;
  do {
    const auto now = offline->clock().now();
    if (seconds_max > 0 && now >= until) break;
    demo->step(now);
    if (stage.fatal()) return std::unexpected(*stage.fatal());
    if (stage.waits_because() != said) {
      said = stage.waits_because();
      if (!said.empty()) fmt::print(stderr, "cairn: {}\n", said);
    }
  } while (sigtimedwait(&signals, nullptr, &kTick) < 0);
  offline->stop();
  return {};
}

void play_into_server(Common& common, Stage& stage, std::uint32_t seconds_max) {
  const auto played = play(common, stage, seconds_max);
  if (!played) return complain(common, played.error());
  print(common, stage);
}

}  // namespace

void add_demo(CLI::App& app, Common& common) {
  auto* command = app.add_subcommand(
      "demo", "Play fictional shops and their orders, live / 演示：虚构店铺的实时订单");
  auto folder = std::make_shared<std::string>("./demo-data");
  auto seconds_max = std::make_shared<std::uint32_t>(0);
  auto& given = common.given;
  add_server_options(*command, common);
  command->get_option("--data")->description(
      "Folder whose api.key opens the server / 目标服务的数据目录（读取 api.key）[./data]");
  command->add_option("--folder", *folder,
                      "Where the demo keeps its own orders / 演示自己的数据目录 [./demo-data]");
  command->add_option("--config", common.config, "YAML file of settings / 配置文件");
  command->add_option("--definitions", given.definitions, "Folder of definitions / 定义目录");
  command->add_option("--port", given.port, "Port without --server, 0 for any / 端口 [8080]");
  command->add_option("--bind", given.bind, "Address without --server / 监听地址 [127.0.0.1]");
  command->add_flag("--keyless", given.keyless, "Ask for no key, without --server / 不需要密钥");
  command->add_option("--seconds", *seconds_max,
                      "With --server: stop after so many; 0: at Ctrl-C / 播放秒数 [0]");
  add_json_option(*command, common);
  command->footer(
      "Without --server the demo is served here, from its own folder: open the address it prints.\n"
      "With --server it is told to that server as facts and commands, and goes on where its own\n"
      "folder stands. That server must know the sources of definitions/demo/sources.\n"
      "不带 --server 时在本机启动并播放；带 --server 时把事实与命令发给该服务，\n"
      "该服务须加载 definitions/demo/sources 中的来源。");
  command->callback([&common, folder, seconds_max, command] {
    read_settings(common, *command);
    Stage stage(common);
    common.settings.demo = true;
    common.settings.data = *folder;
    if (common.server.empty())
      run_server(common, Edge::Open);
    else
      play_into_server(common, stage, *seconds_max);
  });
}

}  // namespace cairn::app

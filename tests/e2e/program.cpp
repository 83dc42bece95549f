#include "program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "adapters/curl/curl_client.hpp"

extern char** environ;

namespace cairn::e2e {
namespace {

/// The environment without what would change what the program says or asks.
std::vector<std::string> environment() {
  std::vector<std::string> out{"LC_ALL=C.UTF-8", "LANG=C.UTF-8", "TZ=UTC"};
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const bool is_ours = entry.starts_with("LC_") || entry.starts_with("LANG") ||
                         entry.starts_with("TZ=") || entry.starts_with("CAIRN_");
    if (!is_ours) out.emplace_back(entry);
  }
  return out;
}

pid_t start(const std::vector<std::string>& arguments, int out, int error) {
  std::vector<std::string> words{CAIRN_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto variables = environment();
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (error >= 0) posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
  pid_t pid = -1;
  EXPECT_EQ(::posix_spawn(&pid, CAIRN_PROGRAM, &actions, nullptr, argv.data(), envp.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int code_of(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string all_of(int fd) {
  std::string text;
  char block[8192];
  for (ssize_t size; (size = ::read(fd, block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(size));
  ::close(fd);
  return text;
}

}  // namespace

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "cairn-e2e-XXXXXX").string()) {
  EXPECT_NE(::mkdtemp(path_.data()), nullptr);
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string TemporaryFolder::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + "/" + name;
}

Ended run(const std::vector<std::string>& arguments) {
  int out[2], error[2];
  EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(error, O_CLOEXEC), 0);
  const auto pid = start(arguments, out[1], error[1]);
  ::close(out[1]);
  ::close(error[1]);
  Ended ended;
  std::thread reader([&] { ended.error = all_of(error[0]); });
  ended.out = all_of(out[0]);
  reader.join();
  ended.code = code_of(pid);
  return ended;
}

Running::Running(const std::vector<std::string>& arguments) {
  int out[2];
  EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
  pid_ = start(arguments, out[1], -1);
  ::close(out[1]);
  out_ = out[0];
}

std::string Running::line() {
  for (;;) {
    if (const auto end = held_.find('\n'); end != std::string::npos) {
      auto line = held_.substr(0, end);
      held_.erase(0, end + 1);
      return line;
    }
    char block[4096];
    const auto size = ::read(out_, block, sizeof block);
    if (size <= 0) return {};
    held_.append(block, static_cast<std::size_t>(size));
  }
}

void Running::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

int Running::end() {
  signal(SIGTERM);
  return wait();
}

int Running::wait() {
  if (pid_ <= 0) return -1;
  const int code = code_of(std::exchange(pid_, -1));
  ::close(out_);
  return code;
}

namespace {
std::vector<std::string> serve_arguments(const std::string& data,
                                         const std::vector<std::string>& more, int port) {
  std::vector<std::string> arguments{"serve", "--data", data, "--port", std::to_string(port)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}
}  // namespace

Server::Server(const std::string& data, const std::vector<std::string>& more, int port)
    : running_(serve_arguments(data, more, port)) {
  const auto line = running_.line();
  const auto at = line.find("http://");
  EXPECT_NE(at, std::string::npos) << line;
  if (at == std::string::npos) return;
  url_ = line.substr(at, line.find('/', at + 7) - at);
  port_ = std::stoi(url_.substr(url_.rfind(':') + 1));
}

namespace {
std::string bearer(const std::string& data) {
  auto key = content_of(data + "/api.key");
  while (!key.empty() && key.back() == '\n') key.pop_back();
  return "Bearer " + key;
}
}  // namespace

std::string fetch(const std::string& url, const std::string& data) {
  curl::CurlClient client;
  const auto answer =
      client.send({.method = "GET", .url = url, .headers = {{"Authorization", bearer(data)}}});
  return answer ? answer->body : answer.error().message;
}

std::string send(const Server& server, const std::string& data, std::string lines) {
  curl::CurlClient client;
  ports::HttpRequest request{
      .method = "POST", .url = server.url() + "/v1/events", .body = std::move(lines)};
  request.headers = {{"Content-Type", "application/x-ndjson"}, {"Authorization", bearer(data)}};
  const auto answer = client.send(request);
  if (!answer) return answer.error().message;
  return answer->body;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

}  // namespace cairn::e2e

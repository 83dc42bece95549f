#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

/// Runs the built program, for tests.
namespace cairn::e2e {

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path(const std::string& name = "") const;

 private:
  std::string path_;
};

struct Ended {
  int code = -1;  ///< exit code; 128 + signal where one ended it
  std::string out, error;
};
/// Runs `cairn <arguments>` to its end.
Ended run(const std::vector<std::string>& arguments);

/// `cairn <arguments>` while it runs; ended with SIGTERM by its owner.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments);
  ~Running() { end(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  /// The next line of its standard output; empty when there will be none.
  std::string line();
  void signal(int number);
  /// Sends SIGTERM, waits, and gives the exit code.
  int end();
  /// Waits for it to end by itself.
  int wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string held_;
};

/// `cairn serve` on a free port with an own folder.
class Server {
 public:
  explicit Server(const std::string& data, const std::vector<std::string>& more = {}, int port = 0);
  const std::string& url() const { return url_; }
  int port() const { return port_; }
  void signal(int number) { running_.signal(number); }
  int end() { return running_.end(); }

 private:
  Running running_;
  std::string url_;
  int port_ = 0;
};

/// What `url` answers to the key of the data folder.
std::string fetch(const std::string& url, const std::string& data);

/// Sends lines of NDJSON with the key of the data folder; gives the answer.
std::string send(const Server& server, const std::string& data, std::string lines);

/// The file's bytes.
std::string content_of(const std::filesystem::path& path);

}  // namespace cairn::e2e

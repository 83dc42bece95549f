#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/text.hpp"
#include "http/message.hpp"

namespace cairn::http {

struct Answer {
  int status = 0;
  std::string head, body;
  std::string header(std::string_view name) const {
    for (auto line : split(head, '\n')) {
      line = trim(line);
      const auto colon = line.find(':');
      if (colon != std::string_view::npos && is_same_ignoring_case(line.substr(0, colon), name))
        return std::string(trim(line.substr(colon + 1)));
    }
    return "";
  }
};

/// A blocking client over a socket it owns. A read that hears nothing for long ends like one that
/// met the end, so that a test fails rather than hangs.
class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CAIRN_CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    guard();
  }
  struct Adopt {
    int fd;
  };
  explicit TestClient(Adopt adopt) : fd_(adopt.fd) { guard(); }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }
  /// False when the other side is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Up to and with `mark`; what there was, at the end of the stream.
  std::string read_until(std::string_view mark) {
    for (;;) {
      if (const auto at = unread_.find(mark); at != std::string::npos) return cut(at + mark.size());
      if (!fill()) return cut(unread_.size());
    }
  }
  std::string read_bytes(std::size_t size) {
    while (unread_.size() < size && fill()) continue;
    return cut(std::min(size, unread_.size()));
  }
  std::string read_all() {
    while (fill()) continue;
    return cut(unread_.size());
  }
  bool is_at_end() { return unread_.empty() && !fill(); }
  Answer read_answer(bool is_head = false) {
    Answer answer;
    answer.head = read_until("\r\n\r\n");
    if (answer.head.size() > 12) answer.status = std::atoi(answer.head.c_str() + 9);
    if (const auto size = answer.header("content-length"); !size.empty() && !is_head)
      answer.body = read_bytes(static_cast<std::size_t>(std::atoi(size.c_str())));
    return answer;
  }
  Answer get(std::string_view target, std::string_view more_headers = "") {
    send(fmt::format("GET {} HTTP/1.1\r\nHost: t\r\n{}\r\n", target, more_headers));
    return read_answer();
  }
  /// The next server-sent event, without its empty line; heartbeats are passed over.
  std::string read_event() {
    for (;;) {
      auto event = read_until("\n\n");
      if (!event.starts_with("event: heartbeat") && !event.starts_with("retry:")) return event;
    }
  }

 private:
  void guard() const {
    const timeval most{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  }
  bool fill() {
    char bytes[16 * 1024];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  std::string cut(std::size_t size) {
    std::string out = unread_.substr(0, size);
    unread_.erase(0, size);
    return out;
  }

  int fd_ = -1;
  std::string unread_;
};

/// Hands values from one thread to another. What does not come ends the test.
template <typename T>
class Handed {
 public:
  void put(T value) {
    {
      std::lock_guard lock(mutex_);
      values_.push_back(std::move(value));
    }
    is_there_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    CAIRN_CHECK(
        is_there_.wait_for(lock, std::chrono::minutes(1), [&] { return !values_.empty(); }));
    T out = std::move(values_.front());
    values_.pop_front();
    return out;
  }
  bool is_empty() {
    std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_there_;
  std::deque<T> values_;
};

}  // namespace cairn::http

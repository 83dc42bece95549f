#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cairn::http {

/// TLS over one connected, non-blocking socket, which it does not own. One thread at a time: the
/// edge's loop, then the hub's, to which it goes with the socket.
class TlsSession {
 public:
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// As recv(2) and send(2): bytes moved, 0 for the end, or -1 with errno, EAGAIN where the socket
  /// has to be waited for. Bytes a `send` has refused must come first in the next one.
  ssize_t receive(char* into, std::size_t size);
  ssize_t send(std::string_view bytes);
  /// The last `receive` waits for room to send: handshakes do.
  bool wants_to_send() const { return wants_to_send_; }
  bool is_established() const;
  /// Says that nothing more will be sent.
  void say_end();

 private:
  friend class TlsContext;
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);
  ssize_t outcome(int result);

  std::unique_ptr<State> state_;
  bool wants_to_send_ = false;
  bool is_broken_ = false;
};

/// A certificate and its key: TLS 1.2 or newer, HTTP/1.1 by ALPN. Any thread.
class TlsContext {
 public:
  /// PEM files: the certificate with the chain below it, and its key. Errors: Invalid, which names
  /// the file.
  static Result<std::shared_ptr<TlsContext>> load(const std::string& certificate_file,
                                                  const std::string& key_file);
  ~TlsContext();
  /// For a socket that was accepted; null when there is no memory for it.
  std::unique_ptr<TlsSession> accept(int fd) const;

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a connection reads from and writes to; without a session the socket itself.
ssize_t receive_from(int fd, TlsSession* tls, char* into, std::size_t size);
ssize_t send_to(int fd, TlsSession* tls, std::string_view bytes);

}  // namespace cairn::http

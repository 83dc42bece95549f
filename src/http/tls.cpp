#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace cairn::http {
namespace {

// OpenSSL's own socket BIO writes with write(2), whose SIGPIPE would end the process when a client
// goes away. So the edge brings its own.

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  const auto sent = ::send(fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  const auto got = ::recv(fd, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "edge socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

/// The edge speaks HTTP/1.1 only: who offers other protocols alone is told so in the handshake.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kOurs, sizeof kOurs - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::string last_error() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

}  // namespace

struct TlsSession::State {
  SSL* ssl = nullptr;
  ~State() { SSL_free(ssl); }
};

struct TlsContext::State {
  SSL_CTX* context = nullptr;
  ~State() { SSL_CTX_free(context); }
};

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::~TlsSession() = default;

ssize_t TlsSession::outcome(int result) {
  const int why = SSL_get_error(state_->ssl, result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    wants_to_send_ = why == SSL_ERROR_WANT_WRITE;
    errno = EAGAIN;
    return -1;
  }
  if (why == SSL_ERROR_ZERO_RETURN) return 0;
  // What failed once may not be used again, not even to say that it ends.
  is_broken_ = true;
  ERR_clear_error();
  errno = ECONNRESET;
  return -1;
}

ssize_t TlsSession::receive(char* into, std::size_t size) {
  wants_to_send_ = false;
  if (is_broken_) return errno = ECONNRESET, -1;
  ERR_clear_error();
  const int got =
      SSL_read(state_->ssl, into, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
  return got > 0 ? got : outcome(got);
}

ssize_t TlsSession::send(std::string_view bytes) {
  if (is_broken_) return errno = ECONNRESET, -1;
  ERR_clear_error();
  std::size_t done = 0;
  // A call takes a record of 16 KiB at most.
  while (done < bytes.size()) {
    const auto left = std::min<std::size_t>(bytes.size() - done, INT_MAX);
    const int sent = SSL_write(state_->ssl, bytes.data() + done, static_cast<int>(left));
    if (sent <= 0) {
      const bool was_waiting = std::exchange(wants_to_send_, false);
      const auto result = outcome(sent);
      wants_to_send_ = was_waiting;
      return done > 0 && errno == EAGAIN ? static_cast<ssize_t>(done) : result;
    }
    done += static_cast<std::size_t>(sent);
  }
  return static_cast<ssize_t>(done);
}

bool TlsSession::is_established() const { return SSL_is_init_finished(state_->ssl) == 1; }

void TlsSession::say_end() {
  if (is_broken_ || !is_established()) return;
  ERR_clear_error();
  if (SSL_shutdown(state_->ssl) < 0) ERR_clear_error();
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& certificate_file,
                                                     const std::string& key_file) {
  auto state = std::make_unique<State>();
  state->context = SSL_CTX_new(TLS_server_method());
  SSL_CTX* const context = state->context;
  if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
    return fail(ErrorCode::Internal, fmt::format("OpenSSL cannot start: {}", last_error()));
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
    return fail(ErrorCode::Invalid,
                fmt::format("tls_certificate: \"{}\" cannot be read as a PEM certificate ({})",
                            certificate_file, last_error()));
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(ErrorCode::Invalid,
                fmt::format("tls_key: \"{}\" cannot be read as the certificate's PEM key ({})",
                            key_file, last_error()));
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // What was not sent is offered again from wherever it lies then; idle sessions hold no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::unique_ptr<TlsSession> TlsContext::accept(int fd) const {
  auto state = std::make_unique<TlsSession::State>();
  state->ssl = SSL_new(state_->context);
  BIO* const bio = BIO_new(socket_method());
  if (!state->ssl || !bio) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(state->ssl, bio, bio);
  SSL_set_accept_state(state->ssl);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(state)));
}

ssize_t receive_from(int fd, TlsSession* tls, char* into, std::size_t size) {
  return tls ? tls->receive(into, size) : ::recv(fd, into, size, MSG_DONTWAIT);
}

ssize_t send_to(int fd, TlsSession* tls, std::string_view bytes) {
  return tls ? tls->send(bytes)
             : ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace cairn::http

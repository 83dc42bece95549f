#include "http/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>

#include "http/test_edge.hpp"

namespace cairn::http {
namespace {

/// A certificate this test made and signed itself.
class OwnCertificate {
 public:
  OwnCertificate() {
    auto pattern = (std::filesystem::temp_directory_path() / "cairn-tls-XXXXXX").string();
    CAIRN_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
    X509_set_pubkey(certificate, key);
    auto* const name = X509_get_subject_name(certificate);
    const auto* const host = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    CAIRN_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
    std::FILE* file = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~OwnCertificate() { std::filesystem::remove_all(folder_); }
  std::string certificate_file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }
  std::filesystem::path folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// A blocking TLS client.
class TlsClient {
 public:
  struct Wishes {
    int newest = TLS1_3_VERSION, oldest = TLS1_VERSION;
    std::string alpn = {};
    int receive_buffer = 0;
  };
  explicit TlsClient(std::uint16_t port) : TlsClient(port, Wishes{}) {}
  TlsClient(std::uint16_t port, const Wishes& wishes) : socket_(port, wishes.receive_buffer) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context_, 0);  // so that it may offer what the edge refuses
    SSL_CTX_set_min_proto_version(context_, wishes.oldest);
    SSL_CTX_set_max_proto_version(context_, wishes.newest);
    ssl_ = SSL_new(context_);
    if (!wishes.alpn.empty())
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(wishes.alpn.data()),
                          static_cast<unsigned>(wishes.alpn.size()));
    SSL_set_fd(ssl_, socket_.fd());
    is_connected_ = SSL_connect(ssl_) == 1;
    ERR_clear_error();
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool is_connected() const { return is_connected_; }
  std::string version() const { return SSL_get_version(ssl_); }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  bool send(std::string_view bytes) {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  /// Up to and with `mark`, or what there was at the end.
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
  /// The server has said that it ends, rather than broken off.
  bool is_ended() {
    return unread_.empty() && !fill() && (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  bool fill() {
    char bytes[16 * 1024];
    const int got = SSL_read(ssl_, bytes, sizeof bytes);
    if (got <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  std::string cut(std::size_t size) {
    std::string out = unread_.substr(0, size);
    unread_.erase(0, size);
    return out;
  }

  TestClient socket_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool is_connected_ = false;
  std::string unread_;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    ::signal(SIGPIPE, SIG_IGN);  // of this client; the edge brings none about
    edge_.options.tls =
        TlsContext::load(certificate_.certificate_file(), certificate_.key_file()).value();
    edge_.router.add(Method::Get, "/live",
                     [](const Request&, Responder responder) { responder.go_live({}); });
  }
  ~TlsTest() override { edge_.stop(); }

  OwnCertificate certificate_;
  TestEdge edge_;
};

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";

TEST_F(TlsTest, AnswersAsWithout) {
  edge_.start();
  TlsClient client(edge_.port());
  ASSERT_TRUE(client.is_connected());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(kHello));
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(client.read_bytes(5), "hello");
  }
  client.send("GET /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
  EXPECT_TRUE(client.is_ended());
}

TEST_F(TlsTest, CarriesBodiesBothWays) {
  edge_.start();
  TlsClient client(edge_.port(), {.receive_buffer = 4'096});
  std::string body;
  for (int i = 0; body.size() < 1'900'000; ++i) body += fmt::format("{} ", i);
  const auto head =
      fmt::format("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", body.size());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send(head + body));
    client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_bytes(body.size()), body);
  }
  // Refused: the answer comes while the client still sends.
  client.send("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 99\r\n\r\n" + body);
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(TlsTest, SpeaksNothingOld) {
  edge_.start();
  EXPECT_FALSE(TlsClient(edge_.port(), {.newest = TLS1_1_VERSION}).is_connected());
  EXPECT_EQ(TlsClient(edge_.port(), {.newest = TLS1_2_VERSION}).version(), "TLSv1.2");
  EXPECT_EQ(TlsClient(edge_.port()).version(), "TLSv1.3");
}

TEST_F(TlsTest, NamesItsProtocol) {
  edge_.start();
  const std::string h2("\x02h2", 3), both("\x02h2\x08http/1.1", 12);
  EXPECT_EQ(TlsClient(edge_.port(), {.alpn = both}).alpn(), "http/1.1");
  EXPECT_FALSE(TlsClient(edge_.port(), {.alpn = h2}).is_connected());
  EXPECT_EQ(TlsClient(edge_.port()).alpn(), "");
}

TEST_F(TlsTest, ClosesOnWhatIsNoTls) {
  edge_.start();
  auto plain = edge_.client();
  plain.send(kHello);
  EXPECT_EQ(plain.read_all().find("HTTP/1.1"), std::string::npos);
  TlsClient client(edge_.port());
  EXPECT_TRUE(client.send(kHello));
}

TEST_F(TlsTest, EndsAHandshakeThatDoesNotCome) {
  edge_.options.limits.head_seconds_max = 0;
  edge_.start();
  auto silent = edge_.client();
  EXPECT_TRUE(silent.is_at_end());
}

TEST_F(TlsTest, GivesLiveStreamsToTheHub) {
  edge_.start();
  TlsClient client(edge_.port());
  client.send("GET /live HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_TRUE(client.read_until("retry: 1000\n\n").starts_with("HTTP/1.1 200 OK"));
  client.read_until("\n\n");
  std::string all;
  std::vector<LiveChange> changes;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    auto text = std::make_shared<std::string>(fmt::format("event: change\nid: {}\n\n", i));
    all += *text;
    changes.push_back({1, 0, i, std::move(text), nullptr});
  }
  edge_.hub.publish(changes);
  EXPECT_EQ(client.read_bytes(all.size()), all);
  edge_.hub.stop();
  EXPECT_EQ(client.read_until("\n\n"), "event: closing\ndata: {\"reason\":\"restarted\"}\n\n");
  EXPECT_TRUE(client.is_ended());
}

TEST_F(TlsTest, TellsASlowReaderWhyItIsDropped) {
  edge_.start();
  TlsClient client(edge_.port(), {.receive_buffer = 4'096});
  client.send("GET /live HTTP/1.1\r\nHost: t\r\n\r\n");
  client.read_until("\n\nevent: heartbeat");
  client.read_until("\n\n");
  const std::string filler(1'000, 'f');
  const auto event_of = [&](std::uint64_t i) {
    return fmt::format("event: change\nid: {}\ndata: {}\n\n", i, filler);
  };
  std::uint64_t number = 0;
  while (edge_.hub.dropped() == 0) {
    ++number;
    edge_.hub.publish({{1, 0, number, std::make_shared<std::string>(event_of(number)), nullptr}});
  }
  std::uint64_t got = 0;
  std::string event = client.read_until("\n\n");
  for (; event == event_of(got + 1); event = client.read_until("\n\n")) ++got;
  EXPECT_EQ(event, "event: closing\ndata: {\"reason\":\"too_slow\"}\n\n");
  EXPECT_GT(got, 0u);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(TlsTest, OutlivesClientsThatBreakOff) {
  edge_.start();
  std::vector<Responder> owed;
  for (int i = 0; i < 20; ++i) {
    TlsClient client(edge_.port());
    client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
    owed.push_back(edge_.held.take());
  }
  for (auto& responder : owed) responder.send(Response::text(std::string(100'000, 'x')));
  TlsClient client(edge_.port());
  client.send(kHello);
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(TlsContext, NamesTheFileThatIsWrong) {
  const OwnCertificate one, other;
  const auto missing = TlsContext::load("/nowhere/certificate.pem", one.key_file());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::Invalid);
  EXPECT_NE(missing.error().message.find("tls_certificate: \"/nowhere/certificate.pem\""),
            std::string::npos);
  const auto mismatch = TlsContext::load(one.certificate_file(), other.key_file());
  ASSERT_FALSE(mismatch.has_value());
  EXPECT_NE(mismatch.error().message.find("tls_key: \"" + other.key_file()), std::string::npos)
      << mismatch.error().message;
  const auto nonsense = one.folder() / "nonsense.pem";
  std::ofstream(nonsense) << "nonsense";
  EXPECT_FALSE(TlsContext::load(nonsense, one.key_file()).has_value());
  EXPECT_FALSE(TlsContext::load(one.certificate_file(), nonsense).has_value());
  EXPECT_TRUE(TlsContext::load(one.certificate_file(), one.key_file()).has_value());
}

}  // namespace
}  // namespace cairn::http

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "crypto/hash.hpp"
#include "crypto/sealed.hpp"

namespace cairn::crypto {
namespace {

Bytes bytes_of(std::string_view hex) { return from_hex(hex).value(); }
std::string hex_of(const Digest& digest) { return to_hex(view(digest)); }

template <typename Array>
Array array_of(std::string_view hex) {
  const Bytes bytes = bytes_of(hex);
  Array out{};
  EXPECT_EQ(bytes.size(), out.size());
  std::copy_n(bytes.begin(), out.size(), out.begin());
  return out;
}

TEST(Sha256, ExamplesOfFips180) {
  EXPECT_EQ(hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, PiecesGiveWhatTheWholeGives) {
  const Bytes text(1'000, 'a');
  Sha256 hash;
  for (std::size_t at = 0; at < text.size(); at += 77) hash.update(BytesView(text).substr(at, 77));
  EXPECT_EQ(hash.finish(), sha256(text));
  hash.update("abc");
  EXPECT_EQ(hash.finish(), sha256("abc")) << "ready for the next message";
}

struct HmacCase {
  Bytes key, data;
  std::string_view mac;
};

TEST(Hmac, VectorsOfRfc4231) {
  const HmacCase cases[] = {
      {Bytes(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {Bytes(20, '\xaa'), Bytes(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {bytes_of("0102030405060708090a0b0c0d0e0f10111213141516171819"), Bytes(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {Bytes(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {Bytes(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const auto& c : cases) EXPECT_EQ(hex_of(hmac_sha256(c.key, c.data)), c.mac);
}

TEST(Hmac, OneKeyServesManyMessages) {
  HmacSha256 hmac("Jefe");
  hmac.update("what do ya want ");
  hmac.update("for nothing?");
  const Digest first = hmac.finish();
  hmac.update("other");
  EXPECT_EQ(hmac.finish(), hmac_sha256("Jefe", "other"));
  EXPECT_EQ(first, hmac_sha256("Jefe", "what do ya want for nothing?"));
}

TEST(Hkdf, VectorsOfRfc5869) {
  EXPECT_EQ(to_hex(hkdf_sha256(Bytes(22, '\x0b'), bytes_of("000102030405060708090a0b0c"),
                               bytes_of("f0f1f2f3f4f5f6f7f8f9"), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  Bytes key, salt, info;
  for (int i = 0; i < 80; ++i) {
    key.push_back(static_cast<char>(i));
    salt.push_back(static_cast<char>(0x60 + i));
    info.push_back(static_cast<char>(0xb0 + i));
  }
  EXPECT_EQ(to_hex(hkdf_sha256(key, salt, info, 82)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
            "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
            "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(to_hex(hkdf_sha256(Bytes(22, '\x0b'), "", "", 42)),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

struct GcmCase {
  std::string_view key, nonce, plain, associated, sealed;
};

/// Test cases 13 to 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega).
constexpr GcmCase kGcm[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(Aead, VectorsOfTheGcmPaper) {
  for (const auto& c : kGcm) {
    const auto key = array_of<Key>(c.key);
    const auto nonce = array_of<Nonce>(c.nonce);
    const Bytes associated = bytes_of(c.associated);
    EXPECT_EQ(to_hex(aead_seal(key, nonce, associated, bytes_of(c.plain))), c.sealed);
    const auto back = aead_open(key, nonce, associated, bytes_of(c.sealed));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_hex(*back), c.plain);
  }
}

TEST(Sealed, GivesBackTheTextAndRepeatsItself) {
  Key key{};
  key[3] = 7;
  for (const std::size_t size : {0u, 1u, 11u, 64u, 100'000u}) {
    const Bytes plain(size, 'x');
    const Bytes sealed = seal(key, 12, "order-1", plain);
    EXPECT_EQ(sealed.size(), size + kSealedOverhead);
    EXPECT_EQ(sealed, seal(key, 12, "order-1", plain));
    EXPECT_EQ(open(key, 12, "order-1", sealed).value(), plain);
  }
}

TEST(Sealed, FormatOfVersionOneIsKept) {
  Key key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  const Bytes sealed = seal(key, 0x0102, "order", "张三");
  EXPECT_EQ(to_hex(sealed),
            "0128edd2e43eafee79587434768738e8adbcb9d825a956c4bfb232858ca1b8c4926734");
  EXPECT_EQ(open(key, 0x0102, "order", sealed).value(), "张三");
}

TEST(Sealed, AnyOtherByteFieldPlaceOrKeyDoesNotOpen) {
  Key key{};
  const Bytes sealed = seal(key, 1, "order-1", "13812345678");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    Bytes damaged = sealed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto opened = open(key, 1, "order-1", damaged);
    ASSERT_FALSE(opened) << "byte " << at;
    EXPECT_EQ(opened.error().code, ErrorCode::Damaged);
    EXPECT_FALSE(open(key, 1, "order-1", sealed.substr(0, at))) << "cut at " << at;
  }
  EXPECT_FALSE(open(key, 2, "order-1", sealed));
  EXPECT_FALSE(open(key, 1, "order-2", sealed));
  key[31] = 1;
  EXPECT_FALSE(open(key, 1, "order-1", sealed));
}

TEST(Sealed, ANonceIsOfOneFieldAndOnePlace) {
  const Key key{};
  std::set<Bytes> nonces;
  for (std::uint16_t field = 0; field < 4; ++field)
    for (const BytesView associated : {"", "a", "b"})
      for (const BytesView plain : {"", "a", "b"})
        nonces.insert(seal(key, field, associated, plain).substr(1, 12));
  EXPECT_EQ(nonces.size(), 36u);
}

TEST(Sealed, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::array<int, 4> good{};
  for (std::size_t t = 0; t < good.size(); ++t)
    threads.emplace_back([t, &good] {
      Key key{};
      key[0] = static_cast<std::uint8_t>(t);
      for (int i = 0; i < 500; ++i) {
        const Bytes plain = std::to_string(i);
        good[t] += open(key, 1, "a", seal(key, 1, "a", plain)).value() == plain;
      }
    });
  for (auto& thread : threads) thread.join();
  for (const int count : good) EXPECT_EQ(count, 500);
}

TEST(Random, IsNotTheSameTwice) {
  Key a{}, b{};
  random_bytes(a);
  random_bytes(b);
  EXPECT_NE(a, b);
  EXPECT_FALSE(equal_in_constant_time(view(a), view(b)));
  EXPECT_TRUE(equal_in_constant_time(view(a), view(a)));
  EXPECT_FALSE(equal_in_constant_time(view(a), view(a).substr(1)));
  EXPECT_TRUE(equal_in_constant_time("", ""));
}

TEST(Speed, Printed) {
  const auto report = [](const char* what, auto&& once) {
    constexpr int kTimes = 50'000;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) once();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    std::printf("%-28s %6.0f ns\n", what, took.count() / kTimes);
  };
  Key key{};
  Bytes text(256, 'x');
  std::size_t sum = 0;
  report("sha256, 256 bytes", [&] { text[0] = static_cast<char>(sha256(text)[0]); });
  report("hmac_sha256, 32 bytes", [&] { key[0] = hmac_sha256(view(key), "0123456789abcdef")[0]; });
  report("seal, 16 bytes", [&] { sum += seal(key, 1, "12345678", "0123456789abcdef").size(); });
  report("seal, 256 bytes", [&] { sum += seal(key, 1, "12345678", text).size(); });
  const Bytes sealed = seal(key, 1, "12345678", text);
  report("open, 256 bytes", [&] { sum += open(key, 1, "12345678", sealed)->size(); });
  EXPECT_EQ(sum, 50'000u * (16 + 256 + 256 + 2 * kSealedOverhead));
}

}  // namespace
}  // namespace cairn::crypto

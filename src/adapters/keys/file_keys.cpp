/// The key store, version 1. All integers little-endian.
///
/// Two copies of the header, at 0 and at 512; the valid one with the higher sequence counts, and a
/// new one is written over the other, so that one is whole whenever the power fails.
///   at  size  field
///    0     8  magic "CAIRNKEY"
///    8     4  version, 1
///   12     4  slots per block, 4096
///   16     8  sequence
///   24     4  next: the first slot that a start may give
///   28     4  made: the last slot made
///   32    16  fingerprint of the master key: HKDF-SHA256(master, "fingerprint")
///   48     4  CRC-32C of bytes 0–47
///
/// Slots of 64 bytes from 4096 on, slot n (from 1) at 4096 + (n − 1) · 64:
///    0     1  form: 1 a key, 0 destroyed (then all 64 bytes are zero)
///    1     3  zero
///    4    12  nonce, random
///   16    48  AES-256-GCM of the key and the tag, under HKDF-SHA256(master, "wrapping"), with
///             "cairn.key" and the slot (u32) as associated data
#include "adapters/keys/file_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "base/check.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"

namespace cairn::keys {
namespace {

using ports::KeyBytes;
using ports::KeySlot;

constexpr BytesView kMagic = "CAIRNKEY";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kBlock = 4'096;
constexpr std::size_t kHeaderSize = 52;
constexpr std::uint64_t kHeaderAt[2] = {0, 512};
constexpr std::uint64_t kSlotsAt = 4'096;
constexpr std::size_t kSlotSize = 64;
constexpr std::size_t kNonceSize = 12;
constexpr std::uint8_t kKeyForm = 1;

struct Header {
  std::uint64_t sequence = 0;
  KeySlot next = 1;
  KeySlot made = 0;
  Bytes fingerprint;
};

BytesView view(const KeyBytes& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

std::uint64_t place_of(KeySlot slot) { return kSlotsAt + (slot - 1ull) * kSlotSize; }

KeyBytes derive(const KeyBytes& master, std::string_view purpose) {
  const Bytes bytes = crypto::hkdf_sha256(view(master), "cairn", purpose, 32);
  KeyBytes out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Bytes encode(const Header& header) {
  Bytes out;
  ByteWriter w(out);
  w.raw(kMagic.data(), kMagic.size());
  w.u32(kVersion);
  w.u32(kBlock);
  w.u64(header.sequence);
  w.u32(header.next);
  w.u32(header.made);
  w.raw(header.fingerprint.data(), header.fingerprint.size());
  w.u32(crc32c(out));
  return out;
}

std::optional<Header> decode(BytesView bytes) {
  if (bytes.size() < kHeaderSize) return std::nullopt;
  bytes = bytes.substr(0, kHeaderSize);
  ByteReader r(bytes);
  const BytesView magic = r.take(kMagic.size());
  const auto version = r.u32();
  const auto block = r.u32();
  Header header;
  header.sequence = r.u64();
  header.next = r.u32();
  header.made = r.u32();
  header.fingerprint = r.take(16);
  const bool is_good = magic == kMagic && version == kVersion && block == kBlock &&
                       r.u32() == crc32c(bytes.substr(0, kHeaderSize - 4)) && !r.failed();
  return is_good ? std::optional(header) : std::nullopt;
}

Bytes associated(KeySlot slot) {
  Bytes out = "cairn.key";
  ByteWriter(out).u32(slot);
  return out;
}

Result<void> create(ports::Storage& storage, const std::string& path, BytesView fingerprint) {
  Bytes page(kSlotsAt, '\0');
  const Bytes header = encode({1, 1, 0, Bytes(fingerprint)});
  std::copy(header.begin(), header.end(), page.begin());
  return ports::replace_file(storage, path, page);
}

}  // namespace

FileKeys::FileKeys(std::unique_ptr<ports::File> file, std::string path, const KeyBytes& master,
                   FileKeysOptions options)
    : file_(std::move(file)),
      path_(std::move(path)),
      master_(master),
      wrapping_(derive(master, "wrapping")),
      cache_(std::max<std::size_t>(1, options.cached_max)) {}

FileKeys::~FileKeys() {
  // Ends in order: the slots that were made and not given serve the next start. Should this fail,
  // they are passed over.
  if (file_ != nullptr) (void)write_header(next_, made_);
  for (auto& ready : ready_) crypto::wipe(ready.key.data(), ready.key.size());
  for (auto& cached : cache_) crypto::wipe(cached.key.data(), cached.key.size());
  crypto::wipe(master_.data(), master_.size());
  crypto::wipe(wrapping_.data(), wrapping_.size());
}

Result<std::unique_ptr<FileKeys>> FileKeys::open(ports::Storage& storage, const std::string& path,
                                                 const KeyBytes& master, FileKeysOptions options) {
  const Bytes fingerprint = crypto::hkdf_sha256(view(master), "cairn", "fingerprint", 16);
  CAIRN_TRY(const bool is_there, storage.exists(path));
  if (!is_there) {
    if (!options.may_create)
      return fail(ErrorCode::NotFound,
                  fmt::format("{}: the key store is not there, though orders are that need it; put "
                              "it back from its backup",
                              path));
    CAIRN_TRY_VOID(create(storage, path, fingerprint));
  }
  CAIRN_TRY(auto file, storage.open(path, ports::Storage::Mode::Existing));
  // The destructor writes the header only through a file: it is handed over once it was read.
  auto keys = std::unique_ptr<FileKeys>(new FileKeys(nullptr, path, master, options));
  keys->fingerprint_ = fingerprint;
  keys->file_ = std::move(file);
  if (auto read = keys->read_header(); !read) {
    keys->file_.reset();
    return std::unexpected(read.error());
  }
  return keys;
}

Result<void> FileKeys::read_header() {
  std::optional<Header> header;
  for (const auto at : kHeaderAt) {
    CAIRN_TRY(const Bytes bytes, file_->read_at(at, kHeaderSize));
    const auto copy = decode(bytes);
    if (copy && (!header || copy->sequence > header->sequence)) header = copy;
  }
  if (!header || header->next == 0 || header->next - 1 > header->made)
    return fail(ErrorCode::Damaged,
                fmt::format("{}: neither copy of the key store's header is whole; restore the file "
                            "from its backup",
                            path_));
  if (!crypto::equal_in_constant_time(header->fingerprint, fingerprint_))
    return fail(ErrorCode::Invalid,
                fmt::format("{}: was made with another master key; put back the master key with "
                            "fingerprint {} (the one given has {})",
                            path_, to_hex(header->fingerprint), to_hex(fingerprint_)));
  sequence_ = header->sequence;
  made_ = header->made;
  CAIRN_TRY_VOID(load_ready(header->next));
  if (header->next <= made_) CAIRN_TRY_VOID(write_header(made_ + 1, made_));
  next_ = header->next;
  return {};
}

Result<void> FileKeys::load_ready(KeySlot next) {
  const std::size_t size = (made_ + 1ull - next) * kSlotSize;
  if (size == 0) return {};
  CAIRN_TRY(const Bytes stored, file_->read_at(place_of(next), size));
  if (stored.size() != size)
    return fail(ErrorCode::Damaged,
                fmt::format("{}: ends before slot {}, which its header says was made; restore the "
                            "file from its backup",
                            path_, made_));
  for (KeySlot slot = next; slot <= made_; ++slot) {
    const std::size_t at = (slot - next) * kSlotSize;
    CAIRN_TRY(const auto key, unwrap(slot, BytesView(stored).substr(at, kSlotSize)));
    ready_.push_back({slot, key});
  }
  return {};
}

Result<void> FileKeys::write_header(KeySlot next, KeySlot made) {
  const std::uint64_t sequence = sequence_ + 1;
  CAIRN_TRY_VOID(
      file_->write_at(kHeaderAt[(sequence + 1) % 2], encode({sequence, next, made, fingerprint_})));
  CAIRN_TRY_VOID(file_->sync());
  // Only now: after a failure the same copy is written again, never the last good one.
  sequence_ = sequence;
  return {};
}

// ---- making and giving --------------------------------------------------------------------------

Result<std::vector<FileKeys::Ready>> FileKeys::make_block() {
  const std::lock_guard lock(file_mutex_);
  if (made_ > std::numeric_limits<KeySlot>::max() - kBlock)
    return fail(ErrorCode::TooLarge,
                fmt::format("{}: all {} slots for keys are used", path_, made_));
  std::vector<Ready> block(kBlock);
  std::vector<std::uint8_t> nonces(kBlock * kNonceSize);
  crypto::random_bytes(nonces);
  Bytes stored;
  stored.reserve(kBlock * kSlotSize);
  for (std::uint32_t i = 0; i < kBlock; ++i) {
    block[i].slot = made_ + 1 + i;
    crypto::random_bytes(block[i].key);
    const BytesView nonce(reinterpret_cast<const char*>(&nonces[i * kNonceSize]), kNonceSize);
    stored += wrap(block[i].slot, block[i].key, nonce);
  }
  const KeySlot made = made_ + kBlock;
  CAIRN_TRY_VOID(file_->allocate(place_of(made) + kSlotSize));
  CAIRN_TRY_VOID(file_->write_at(place_of(made_ + 1), stored));
  CAIRN_TRY_VOID(file_->sync());
  CAIRN_TRY_VOID(write_header(made + 1, made));
  made_ = made;
  return block;
}

Result<void> FileKeys::refill(std::unique_lock<std::mutex>& lock) {
  is_making_ = true;
  lock.unlock();
  auto block = make_block();
  lock.lock();
  is_making_ = false;
  if (block) ready_.insert(ready_.end(), block->begin(), block->end());
  made_more_.notify_all();
  if (!block) return std::unexpected(std::move(block).error());
  for (auto& ready : *block) crypto::wipe(ready.key.data(), ready.key.size());
  return {};
}

bool FileKeys::wants_top_up() const {
  const std::lock_guard lock(ready_mutex_);
  return ready_.size() < kBlock / 2;
}

Result<void> FileKeys::top_up() {
  std::unique_lock lock(ready_mutex_);
  if (is_making_ || ready_.size() >= kBlock / 2) return {};
  return refill(lock);
}

Result<KeySlot> FileKeys::take() {
  Ready given;
  {
    std::unique_lock lock(ready_mutex_);
    while (ready_.empty()) {
      if (is_making_)
        made_more_.wait(lock);
      else
        CAIRN_TRY_VOID(refill(lock));
    }
    given = ready_.front();
    crypto::wipe(&ready_.front().key, sizeof(KeyBytes));
    ready_.pop_front();
    next_.store(given.slot + 1, std::memory_order_release);
  }
  {
    const std::lock_guard lock(cache_mutex_);
    remember(given.slot, given.key);
  }
  return given.slot;
}

// ---- reading and destroying ---------------------------------------------------------------------

Bytes FileKeys::wrap(KeySlot slot, const KeyBytes& key, BytesView nonce) const {
  crypto::Nonce number;
  std::copy(nonce.begin(), nonce.end(), number.begin());
  Bytes out;
  out.reserve(kSlotSize);
  out.push_back(static_cast<char>(kKeyForm));
  out.append(3, '\0');
  out.append(nonce);
  out += crypto::aead_seal(wrapping_, number, associated(slot), view(key));
  CAIRN_CHECK(out.size() == kSlotSize);
  return out;
}

Result<KeyBytes> FileKeys::unwrap(KeySlot slot, BytesView stored) const {
  if (stored.find_first_not_of('\0') == BytesView::npos && stored.size() == kSlotSize)
    return fail(ErrorCode::Gone, fmt::format("the key in slot {} was destroyed", slot));
  Result<Bytes> opened = fail(ErrorCode::Damaged, "form");
  if (stored.size() == kSlotSize && static_cast<std::uint8_t>(stored[0]) == kKeyForm) {
    crypto::Nonce nonce;
    std::copy_n(stored.begin() + 4, nonce.size(), nonce.begin());
    opened = crypto::aead_open(wrapping_, nonce, associated(slot), stored.substr(4 + nonce.size()));
  }
  if (!opened)
    return fail(
        ErrorCode::Damaged,
        fmt::format("{}: slot {} is damaged; restore the file from its backup", path_, slot));
  KeyBytes key;
  std::copy(opened->begin(), opened->end(), key.begin());
  crypto::wipe(opened->data(), opened->size());
  return key;
}

Result<void> FileKeys::check_given(KeySlot slot) const {
  if (slot == 0 || slot >= next_.load(std::memory_order_acquire))
    return fail(ErrorCode::NotFound, fmt::format("{}: slot {} was never given", path_, slot));
  return {};
}

void FileKeys::remember(KeySlot slot, const KeyBytes& key) {
  cache_[slot % cache_.size()] = {slot, key};
}

Result<KeyBytes> FileKeys::read_key(KeySlot slot) {
  CAIRN_TRY(const Bytes stored, file_->read_at(place_of(slot), kSlotSize));
  auto key = unwrap(slot, stored);
  if (key || key.error().code != ErrorCode::Damaged) return key;
  // Perhaps it was being overwritten while it was read: look again when no one writes.
  const std::lock_guard lock(file_mutex_);
  CAIRN_TRY(const Bytes again, file_->read_at(place_of(slot), kSlotSize));
  return unwrap(slot, again);
}

Result<KeyBytes> FileKeys::get(KeySlot slot) {
  CAIRN_TRY_VOID(check_given(slot));
  std::uint64_t destroyed_before = 0;
  {
    const std::lock_guard lock(cache_mutex_);
    const auto& cached = cache_[slot % cache_.size()];
    if (cached.slot == slot) return cached.key;
    destroyed_before = destroyed_;
  }
  auto key = read_key(slot);
  if (key) {
    const std::lock_guard lock(cache_mutex_);
    if (destroyed_ == destroyed_before) remember(slot, *key);
  }
  return key;
}

Result<void> FileKeys::destroy(KeySlot slot) {
  CAIRN_TRY_VOID(check_given(slot));
  {
    const std::lock_guard lock(file_mutex_);
    CAIRN_TRY_VOID(file_->write_at(place_of(slot), Bytes(kSlotSize, '\0')));
    CAIRN_TRY_VOID(file_->sync());
  }
  const std::lock_guard lock(cache_mutex_);
  ++destroyed_;
  auto& cached = cache_[slot % cache_.size()];
  if (cached.slot == slot) {
    crypto::wipe(&cached.key, sizeof(KeyBytes));
    cached.slot = 0;
  }
  return {};
}

Result<KeyBytes> FileKeys::installation_key(std::string_view purpose) {
  return derive(master_, fmt::format("purpose:{}", purpose));
}

}  // namespace cairn::keys

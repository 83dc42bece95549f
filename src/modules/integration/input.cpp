#include "modules/integration/input.hpp"

#include <fmt/format.h>
#include <iconv.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.hpp"

namespace cairn::integration {
namespace {

constexpr std::size_t kBlock = 64 * 1024;
constexpr std::size_t kDetectBytesMax = 16 * 1024 * 1024;

}  // namespace

Result<std::size_t> MemoryInput::read(std::span<char> into) {
  const std::size_t size = std::min(into.size(), text_.size());
  std::memcpy(into.data(), text_.data(), size);
  text_.remove_prefix(size);
  return size;
}

struct FileInput::State {
  std::string name;
  std::FILE* file = nullptr;
  std::uint64_t total = 0, taken = 0;
  std::array<char, kBlock> packed;
  std::size_t packed_at = 0, packed_size = 0;
  bool is_gzip = false, is_at_end = false, in_member = false;
  z_stream stream{};

  ~State() {
    if (is_gzip) inflateEnd(&stream);
    if (file) std::fclose(file);
  }

  Result<void> fill() {
    packed_at = 0;
    packed_size = std::fread(packed.data(), 1, packed.size(), file);
    taken += packed_size;
    if (packed_size == 0 && std::ferror(file))
      return fail(ErrorCode::Io, fmt::format("{} cannot be read: {}", name, std::strerror(errno)));
    is_at_end = packed_size == 0;
    return {};
  }

  std::unexpected<Error> damaged(std::string_view why) const {
    return fail(ErrorCode::Damaged,
                fmt::format("{} is no whole gzip file ({}); fetch it again", name, why));
  }
};

FileInput::FileInput(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileInput::~FileInput() = default;

Result<std::unique_ptr<FileInput>> FileInput::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.name = path.filename().string();
  std::error_code error;
  s.total = std::filesystem::file_size(path, error);
  if (!error) s.file = std::fopen(path.c_str(), "rb");
  if (!s.file)
    return fail(ErrorCode::NotFound,
                fmt::format("{} cannot be opened: {}", path.string(),
                            error ? error.message() : std::string(std::strerror(errno))));
  CAIRN_TRY_VOID(s.fill());
  if (s.packed_size >= 2 && s.packed[0] == '\x1f' && s.packed[1] == '\x8b') {
    if (inflateInit2(&s.stream, 15 + 16) != Z_OK)
      return fail(ErrorCode::Io, "no memory to unpack a gzip file");
    s.is_gzip = s.in_member = true;
  }
  return std::unique_ptr<FileInput>(new FileInput(std::move(state)));
}

Result<std::size_t> FileInput::read(std::span<char> into) {
  State& s = *state_;
  if (into.empty()) return std::size_t{0};
  if (!s.is_gzip) {
    if (s.packed_at == s.packed_size && !s.is_at_end) CAIRN_TRY_VOID(s.fill());
    const std::size_t size = std::min(into.size(), s.packed_size - s.packed_at);
    std::memcpy(into.data(), s.packed.data() + s.packed_at, size);
    s.packed_at += size;
    return size;
  }
  s.stream.next_out = reinterpret_cast<Bytef*>(into.data());
  s.stream.avail_out = static_cast<uInt>(std::min(into.size(), kBlock));
  const std::size_t room = s.stream.avail_out;
  while (s.stream.avail_out == room) {
    if (s.packed_at == s.packed_size && !s.is_at_end) CAIRN_TRY_VOID(s.fill());
    if (s.is_at_end) {
      if (s.in_member) return s.damaged("it ends early");
      return std::size_t{0};
    }
    if (!s.in_member) {  // several gzip members one after the other are one file
      inflateReset(&s.stream);
      s.in_member = true;
    }
    s.stream.next_in = reinterpret_cast<Bytef*>(s.packed.data() + s.packed_at);
    s.stream.avail_in = static_cast<uInt>(s.packed_size - s.packed_at);
    const int outcome = inflate(&s.stream, Z_NO_FLUSH);
    s.packed_at = s.packed_size - s.stream.avail_in;
    if (outcome == Z_STREAM_END)
      s.in_member = false;
    else if (outcome != Z_OK && outcome != Z_BUF_ERROR)
      return s.damaged(s.stream.msg ? s.stream.msg : "its check sum is wrong");
  }
  return room - s.stream.avail_out;
}

std::uint64_t FileInput::bytes_read() const {
  return state_->taken - (state_->packed_size - state_->packed_at);
}
std::uint64_t FileInput::bytes_total() const { return state_->total; }

Result<Encoding> detect_encoding(ByteInput& input) {
  std::string block(kBlock, '\0');
  std::string held;
  bool is_first = true;
  for (std::size_t seen = 0; seen < kDetectBytesMax;) {
    CAIRN_TRY(const std::size_t size, input.read(block));
    if (size == 0) return is_utf8(held) ? Encoding::Utf8 : Encoding::Gb18030;
    seen += size;
    held.append(block, 0, size);
    if (std::exchange(is_first, false) &&
        (held.starts_with("\xff\xfe") || held.starts_with("\xfe\xff")))
      return fail(ErrorCode::UnsupportedMedia, "UTF-16 is not read; save the file as UTF-8");
    // The last character may go on in the next block.
    std::size_t whole = held.size();
    while (whole > 0 && held.size() - whole < 3 &&
           (static_cast<unsigned char>(held[whole - 1]) & 0xc0) == 0x80)
      --whole;
    if (whole > 0 && static_cast<unsigned char>(held[whole - 1]) >= 0xc0) --whole;
    if (!is_utf8(std::string_view(held).substr(0, whole))) {
      // A character of four bytes ends exactly here, or it is no UTF-8.
      if (!is_utf8(held)) return Encoding::Gb18030;
      whole = held.size();
    }
    held.erase(0, whole);
  }
  return Encoding::Utf8;
}

Result<std::string> utf8_from_gb18030(std::string_view text) {
  struct Converter {
    iconv_t handle = iconv_open("UTF-8", "GB18030");
    ~Converter() {
      if (handle != reinterpret_cast<iconv_t>(-1)) iconv_close(handle);
    }
  };
  thread_local Converter converter;
  if (converter.handle == reinterpret_cast<iconv_t>(-1))
    return fail(ErrorCode::Unavailable,
                "this system's iconv knows no GB18030; save the file as "
                "UTF-8");
  iconv(converter.handle, nullptr, nullptr, nullptr, nullptr);
  std::string out(text.size() * 2 + 8, '\0');
  char* in = const_cast<char*>(text.data());
  std::size_t in_left = text.size();
  char* to = out.data();
  std::size_t room = out.size();
  if (iconv(converter.handle, &in, &in_left, &to, &room) == static_cast<std::size_t>(-1))
    return fail(ErrorCode::Malformed,
                fmt::format("neither UTF-8 nor GB18030, at byte {}", text.size() - in_left));
  out.resize(out.size() - room);
  return out;
}

}  // namespace cairn::integration

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace cairn::integration {

/// Bytes from somewhere, in order. One owner, one thread.
class ByteInput {
 public:
  virtual ~ByteInput() = default;
  /// Fills as much as it can; 0 at the end. Errors: Io, Damaged (a broken archive).
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

class MemoryInput final : public ByteInput {
 public:
  explicit MemoryInput(std::string_view text) : text_(text) {}
  Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string_view text_;
};

/// A file, unpacked on the way where it is gzip (by its first bytes, not by its name).
class FileInput final : public ByteInput {
 public:
  /// Errors: NotFound, Io.
  static Result<std::unique_ptr<FileInput>> open(const std::filesystem::path& path);
  ~FileInput() override;
  Result<std::size_t> read(std::span<char> into) override;
  std::uint64_t bytes_read() const;  ///< of the file as it lies there
  std::uint64_t bytes_total() const;

 private:
  struct State;
  explicit FileInput(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

enum class Encoding : std::uint8_t { Auto, Utf8, Gb18030 };

/// What the first 16 MiB of `input` are: UTF-8 where they are well-formed, else GB18030 (which
/// holds GBK and GB2312). Errors: those of the input; UnsupportedMedia for UTF-16.
Result<Encoding> detect_encoding(ByteInput& input);
/// GB18030 as UTF-8. Errors: Malformed.
Result<std::string> utf8_from_gb18030(std::string_view text);

}  // namespace cairn::integration

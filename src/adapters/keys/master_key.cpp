#include "adapters/keys/master_key.hpp"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"

namespace cairn::keys {
namespace {

constexpr std::string_view kPrefix = "cairn-master-key-1:";

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int error = errno;
  const auto code = error == ENOENT                      ? ErrorCode::NotFound
                    : error == ENOSPC || error == EDQUOT ? ErrorCode::DiskFull
                                                         : ErrorCode::Io;
  return fail(code,
              fmt::format("{}: cannot {} the master key: {}", path, what, std::strerror(error)));
}

/// Writes a new key beside `path` and links it there, so that a file of that name is always whole
/// and one that another process made meanwhile is kept.
Result<void> create(const std::string& path) {
  ports::KeyBytes key;
  crypto::random_bytes(key);
  Bytes line(kPrefix);
  line += to_base64url({reinterpret_cast<const char*>(key.data()), key.size()});
  line += '\n';
  crypto::wipe(key.data(), key.size());

  const std::string fresh = fmt::format("{}.{}.new", path, ::getpid());
  ::unlink(fresh.c_str());
  bool is_written = false;
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return failed("create", path);
    is_written = ::write(file.get(), line.data(), line.size()) == std::ssize(line) &&
                 ::fsync(file.get()) == 0;
  }
  crypto::wipe(line.data(), line.size());
  const bool is_linked =
      is_written && (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(fresh.c_str());
  errno = error;
  if (!is_linked) return failed("write", path);

  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return failed("sync the folder of", path);
  return {};
}

}  // namespace

Result<ports::KeyBytes> load_master_key(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failed("open", path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed("look at", path);
  if ((status.st_mode & S_IRWXO) != 0)
    return fail(ErrorCode::Invalid,
                fmt::format("{}: every user of this machine may use the master key (mode {:04o}); "
                            "run chmod 600 on it",
                            path, status.st_mode & 07777));
  Bytes text(256, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return failed("read", path);
  text.resize(static_cast<std::size_t>(size));
  const std::string_view line = trim(text);
  auto bytes = line.starts_with(kPrefix) ? from_base64url(line.substr(kPrefix.size()))
                                         : fail(ErrorCode::Invalid, "prefix");
  ports::KeyBytes key;
  const bool is_key = bytes && bytes->size() == key.size();
  if (is_key) {
    std::copy(bytes->begin(), bytes->end(), key.begin());
    crypto::wipe(bytes->data(), bytes->size());
  }
  crypto::wipe(text.data(), text.size());
  if (!is_key)
    return fail(ErrorCode::Invalid,
                fmt::format("{}: is not a master key; expected one line \"{}\" and 43 characters "
                            "of base64url; put the right file back from where it is kept apart",
                            path, kPrefix));
  return key;
}

Result<ports::KeyBytes> load_or_create_master_key(const std::string& path) {
  auto key = load_master_key(path);
  if (key || key.error().code != ErrorCode::NotFound) return key;
  CAIRN_TRY_VOID(create(path));
  return load_master_key(path);
}

}  // namespace cairn::keys

#include "adapters/system/posix_storage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace cairn::system {
namespace {

std::unexpected<Error> os_error(std::string_view what, const std::string& path, int number) {
  const bool is_full = number == ENOSPC || number == EDQUOT;
  const ErrorCode code = is_full              ? ErrorCode::DiskFull
                         : (number == ENOENT) ? ErrorCode::NotFound
                                              : ErrorCode::Io;
  return fail(code,
              fmt::format("cannot {} {}: {}{}", what, path, std::generic_category().message(number),
                          is_full ? "; make room on this disk" : ""));
}

/// A descriptor that is closed with its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

template <typename Call>
auto retry_interrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

std::string parent_of(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  if (end == std::string::npos) return "/";
  const auto slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  const auto last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

/// A name in a folder survives a power failure only once the folder itself was synced.
Result<void> sync_folder(const std::string& folder) {
  const Descriptor fd(retry_interrupted(
      [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.is_open()) return os_error("open folder", folder, errno);
  if (retry_interrupted([&] { return ::fsync(fd.get()); }) != 0)
    return os_error("sync folder", folder, errno);
  return {};
}

class PosixFile final : public ports::File {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    Bytes out(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const auto got = retry_interrupted([&] {
        return ::pread(fd_.get(), out.data() + done, size - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return os_error("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    out.resize(done);
    return out;
  }

  Result<void> write_at(std::uint64_t offset, BytesView bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto put = retry_interrupted([&] {
        return ::pwrite(fd_.get(), bytes.data() + done, bytes.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (put < 0) return os_error("write", path_, errno);
      if (put == 0) return os_error("write", path_, ENOSPC);
      done += static_cast<std::size_t>(put);
    }
    return {};
  }

  // Not retried, not even for EINTR: after a failed fdatasync the kernel may have marked the pages
  // clean, and a second call would succeed without having written them.
  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return os_error("sync", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return os_error("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> allocate(std::uint64_t size) override {
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
    if (error != 0) return os_error(fmt::format("reserve {} bytes for", size), path_, error);
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    if (retry_interrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) != 0)
      return os_error("truncate", path_, errno);
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<ports::File>> PosixStorage::open(const std::string& path, Mode mode) {
  const auto try_open = [&](int flags) {
    return retry_interrupted(
        [&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0640); });
  };
  bool is_new = false;
  int fd = -1;
  if (mode != Mode::CreateNew) fd = try_open(0);
  if (mode == Mode::CreateNew || (mode == Mode::OpenOrCreate && fd < 0 && errno == ENOENT)) {
    fd = try_open(O_CREAT | O_EXCL);
    is_new = fd >= 0;
    // Somebody else may have made it in between.
    if (fd < 0 && errno == EEXIST && mode == Mode::OpenOrCreate) fd = try_open(0);
  }
  if (fd < 0) return os_error(mode == Mode::CreateNew ? "create" : "open", path, errno);
  auto file = std::make_unique<PosixFile>(Descriptor(fd), path);
  if (is_new) CAIRN_TRY_VOID(sync_folder(parent_of(path)));
  return file;
}

Result<std::vector<std::string>> PosixStorage::list(const std::string& folder) {
  DIR* const handle = ::opendir(folder.c_str());
  if (handle == nullptr) return os_error("list folder", folder, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(handle)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(handle);
  if (error != 0) return os_error("list folder", folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixStorage::exists(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return os_error("look at", path, errno);
}

Result<void> PosixStorage::make_folder(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return os_error("make folder", path, ENOTDIR);
  }
  const std::string parent = parent_of(path);
  if (parent != path) CAIRN_TRY_VOID(make_folder(parent));
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST)
    return os_error("make folder", path, errno);
  return sync_folder(parent);
}

Result<void> PosixStorage::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return os_error(fmt::format("rename to {} the file", to), from, errno);
  const std::string source = parent_of(from);
  const std::string target = parent_of(to);
  CAIRN_TRY_VOID(sync_folder(target));
  if (source != target) CAIRN_TRY_VOID(sync_folder(source));
  return {};
}

Result<void> PosixStorage::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return os_error("remove", path, errno);
  return sync_folder(parent_of(path));
}

}  // namespace cairn::system

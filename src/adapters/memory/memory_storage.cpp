#include "adapters/memory/memory_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace cairn::memory {

namespace {

constexpr std::size_t sector_bytes = 512;

/// One change of a file that has not been synced: bytes at an offset, or a new size.
struct Change {
  std::uint64_t offset = 0;
  Bytes bytes;
  bool is_resize = false;
};

void put_into(Bytes& content, const Change& change) {
  if (change.is_resize) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + change.bytes.size())
    content.resize(change.offset + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(),
            content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

/// A disk writes sectors: a write of many bytes is cut where sectors of the file begin.
std::vector<Change> in_sectors(const std::vector<Change>& changes) {
  std::vector<Change> out;
  for (const auto& change : changes) {
    if (change.is_resize) {
      out.push_back(change);
      continue;
    }
    for (std::size_t done = 0; done < change.bytes.size();) {
      const std::uint64_t offset = change.offset + done;
      const std::size_t size =
          std::min<std::size_t>(sector_bytes - offset % sector_bytes, change.bytes.size() - done);
      out.push_back({offset, change.bytes.substr(done, size), false});
      done += size;
    }
  }
  return out;
}

}  // namespace

struct MemoryStorage::Node {
  Bytes seen;     ///< by the page cache
  Bytes durable;  ///< on the platter
  std::vector<Change> pending;

  void settle(std::mt19937_64& random) {
    const auto mode = random() % 4;
    if (mode == 1)
      for (const auto& change : pending) put_into(durable, change);
    if (mode >= 2) {
      auto sectors = in_sectors(pending);
      if (mode == 3) std::shuffle(sectors.begin(), sectors.end(), random);
      const auto kept_of_8 = random() % 8;
      for (const auto& sector : sectors)
        if (random() % 8 <= kept_of_8) put_into(durable, sector);
    }
    pending.clear();
  }
};

struct MemoryStorage::Disk {
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<Node>> files;
  std::set<std::string> folders;
  std::uint64_t capacity = UINT64_MAX;
  std::uint64_t boots = 0;  ///< handles of an earlier one are dead

  std::uint64_t used() const {
    std::uint64_t total = 0;
    for (const auto& [path, node] : files) total += node->seen.size();
    return total;
  }
  bool has_room(const Node& node, std::uint64_t size) const {
    return size <= node.seen.size() || capacity == UINT64_MAX ||
           used() + (size - node.seen.size()) <= capacity;
  }
};

namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string_view what, const std::string& path,
                              std::string_view why) {
  return fail(code, fmt::format("cannot {} {}: {}", what, path, why));
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class MemoryFile final : public ports::File, public LosesWrites {
 public:
  MemoryFile(std::shared_ptr<MemoryStorage::Disk> disk, std::shared_ptr<MemoryStorage::Node> node,
             std::string path)
      : disk_(std::move(disk)), node_(std::move(node)), path_(std::move(path)) {
    boot_ = disk_->boots;
  }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("read");
    if (offset >= node_->seen.size()) return Bytes{};
    return node_->seen.substr(offset, size);
  }

  Result<void> write_at(std::uint64_t offset, BytesView bytes) override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("write");
    if (!disk_->has_room(*node_, offset + bytes.size()))
      return refuse(ErrorCode::DiskFull, "write", path_, "No space left on device");
    change({offset, Bytes(bytes), false});
    return {};
  }

  Result<void> sync() override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("sync");
    for (const auto& pending : node_->pending) put_into(node_->durable, pending);
    node_->pending.clear();
    return {};
  }

  Result<std::uint64_t> size() override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("stat");
    return node_->seen.size();
  }

  Result<void> allocate(std::uint64_t size) override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("reserve");
    if (size <= node_->seen.size()) return {};
    if (!disk_->has_room(*node_, size))
      return refuse(ErrorCode::DiskFull, fmt::format("reserve {} bytes for", size), path_,
                    "No space left on device");
    change({size, {}, true});
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return dead("truncate");
    change({size, {}, true});
    return {};
  }

  void fail_sync(std::uint64_t seed) override {
    const std::scoped_lock lock(disk_->mutex);
    if (is_dead()) return;
    std::mt19937_64 random(seed);
    node_->settle(random);
  }

 private:
  bool is_dead() const { return boot_ != disk_->boots; }
  std::unexpected<Error> dead(std::string_view what) const {
    return refuse(ErrorCode::Io, what, path_, "the power failed since it was opened");
  }
  void change(Change made) {
    put_into(node_->seen, made);
    node_->pending.push_back(std::move(made));
  }

  std::shared_ptr<MemoryStorage::Disk> disk_;
  std::shared_ptr<MemoryStorage::Node> node_;
  std::string path_;
  std::uint64_t boot_;
};

}  // namespace

MemoryStorage::MemoryStorage() : disk_(std::make_shared<Disk>()) { disk_->folders = {".", "/"}; }
MemoryStorage::~MemoryStorage() = default;

Result<std::unique_ptr<ports::File>> MemoryStorage::open(const std::string& path, Mode mode) {
  const std::scoped_lock lock(disk_->mutex);
  auto found = disk_->files.find(path);
  if (found != disk_->files.end() && mode == Mode::CreateNew)
    return refuse(ErrorCode::Io, "create", path, "File exists");
  if (found == disk_->files.end()) {
    if (mode == Mode::Existing || !disk_->folders.contains(parent_of(path)))
      return refuse(ErrorCode::NotFound, "open", path, "No such file or directory");
    found = disk_->files.emplace(path, std::make_shared<Node>()).first;
  }
  return std::make_unique<MemoryFile>(disk_, found->second, path);
}

Result<std::vector<std::string>> MemoryStorage::list(const std::string& folder) {
  const std::scoped_lock lock(disk_->mutex);
  if (!disk_->folders.contains(folder))
    return refuse(ErrorCode::NotFound, "list folder", folder, "No such file or directory");
  std::vector<std::string> names;
  const auto take = [&](const std::string& path) {
    if (path != folder && parent_of(path) == folder)
      names.push_back(path.substr(path.rfind('/') + 1));
  };
  for (const auto& [path, node] : disk_->files) take(path);
  for (const auto& path : disk_->folders) take(path);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> MemoryStorage::exists(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->files.contains(path) || disk_->folders.contains(path);
}

Result<void> MemoryStorage::make_folder(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  if (disk_->files.contains(path))
    return refuse(ErrorCode::Io, "make folder", path, "Not a directory");
  for (std::string folder = path; disk_->folders.insert(folder).second;) folder = parent_of(folder);
  return {};
}

Result<void> MemoryStorage::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(disk_->mutex);
  const auto found = disk_->files.find(from);
  if (found == disk_->files.end() || !disk_->folders.contains(parent_of(to)))
    return refuse(ErrorCode::NotFound, fmt::format("rename to {} the file", to), from,
                  "No such file or directory");
  auto node = found->second;
  disk_->files.erase(found);
  disk_->files[to] = std::move(node);
  return {};
}

Result<void> MemoryStorage::remove(const std::string& path) {
  const std::scoped_lock lock(disk_->mutex);
  if (disk_->files.erase(path) == 0)
    return refuse(ErrorCode::NotFound, "remove", path, "No such file or directory");
  return {};
}

void MemoryStorage::crash(std::uint64_t seed) {
  const std::scoped_lock lock(disk_->mutex);
  std::mt19937_64 random(seed);
  for (auto& [path, node] : disk_->files) {
    node->settle(random);
    node->seen = node->durable;
  }
  ++disk_->boots;
}

void MemoryStorage::set_capacity(std::uint64_t bytes) {
  const std::scoped_lock lock(disk_->mutex);
  disk_->capacity = bytes;
}

std::uint64_t MemoryStorage::used() const {
  const std::scoped_lock lock(disk_->mutex);
  return disk_->used();
}

Result<Bytes> MemoryStorage::peek(const std::string& path) const {
  const std::scoped_lock lock(disk_->mutex);
  const auto found = disk_->files.find(path);
  if (found == disk_->files.end())
    return refuse(ErrorCode::NotFound, "look into", path, "No such file or directory");
  return found->second->seen;
}

Result<void> MemoryStorage::poke(const std::string& path, Bytes content) {
  const std::scoped_lock lock(disk_->mutex);
  const auto found = disk_->files.find(path);
  if (found == disk_->files.end())
    return refuse(ErrorCode::NotFound, "change", path, "No such file or directory");
  found->second->seen = content;
  found->second->durable = std::move(content);
  found->second->pending.clear();
  return {};
}

}  // namespace cairn::memory

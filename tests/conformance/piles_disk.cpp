#include "piles_disk.hpp"

#include <sqlite3.h>

#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <utility>
#include <vector>

namespace cairn::piles_tests::disk {
namespace {

struct Write {
  std::uint64_t offset;
  std::string bytes;
  bool is_truncation = false;  ///< to `offset`
};

struct Content {
  std::string durable;
  std::vector<Write> pending;
};

struct State {
  std::mt19937_64 random;
  std::map<std::string, Content> files;
  Fault fault = Fault::None;
  std::uint64_t countdown = 0;
  bool has_struck = false;
  bool is_cut = false;
};

State state;
sqlite3_vfs* inner = nullptr;

void apply(std::string& content, const Write& write) {
  if (write.is_truncation) {
    content.resize(write.offset);
    return;
  }
  if (content.size() < write.offset + write.bytes.size())
    content.resize(write.offset + write.bytes.size());
  std::memcpy(content.data() + write.offset, write.bytes.data(), write.bytes.size());
}

/// Of what was not synced, each sector is there or not.
void apply_some(Content& file) {
  for (const auto& write : file.pending) {
    if (write.is_truncation) {
      if (state.random() % 2 == 0) apply(file.durable, write);
      continue;
    }
    for (std::size_t at = 0; at < write.bytes.size(); at += 512)
      if (state.random() % 2 == 0)
        apply(file.durable, {write.offset + at, write.bytes.substr(at, 512)});
  }
  file.pending.clear();
}

bool can_meet(Fault fault, bool is_sync) {
  if (fault == Fault::PowerCut) return true;
  return (fault == Fault::SyncError) == is_sync;
}

/// The fault that this operation meets.
Fault next_fault(bool is_sync) {
  if (state.is_cut) return Fault::PowerCut;
  if (state.fault == Fault::None) return Fault::None;
  if (state.countdown > 1) --state.countdown;
  if (state.countdown > 1 || !can_meet(state.fault, is_sync)) return Fault::None;
  state.has_struck = true;
  state.is_cut = state.fault == Fault::PowerCut;
  return std::exchange(state.fault, Fault::None);
}

// ---- files --------------------------------------------------------------------------------------

struct ShimFile {
  sqlite3_file base;
  sqlite3_file* real;
  Content* content;  ///< null: a temporary file
};

ShimFile* shim(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return shim(file)->real; }

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const Fault fault = next_fault(false);
  if (fault == Fault::PowerCut) return SQLITE_IOERR_WRITE;
  const int done = fault == Fault::None ? size : size / 2;
  const int code = real(file)->pMethods->xWrite(real(file), data, done, offset);
  if (code != SQLITE_OK) return code;
  if (shim(file)->content != nullptr)
    shim(file)->content->pending.push_back(
        {static_cast<std::uint64_t>(offset),
         std::string(static_cast<const char*>(data), static_cast<std::size_t>(done))});
  if (fault == Fault::Full) return SQLITE_FULL;
  return fault == Fault::None ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (state.is_cut) return SQLITE_IOERR_TRUNCATE;
  if (shim(file)->content != nullptr)
    shim(file)->content->pending.push_back({static_cast<std::uint64_t>(size), {}, true});
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync(sqlite3_file* file, int) {
  const Fault fault = next_fault(true);
  if (fault == Fault::PowerCut) return SQLITE_IOERR_FSYNC;
  Content* const content = shim(file)->content;
  if (content == nullptr) return SQLITE_OK;
  if (fault != Fault::None) {
    apply_some(*content);
    return SQLITE_IOERR_FSYNC;
  }
  for (const auto& write : std::exchange(content->pending, {})) apply(content->durable, write);
  return SQLITE_OK;
}

int close(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  sqlite3_free(real(file));
  return code;
}

template <auto Method, typename... Arguments>
int pass(sqlite3_file* file, Arguments... arguments) {
  return (real(file)->pMethods->*Method)(real(file), arguments...);
}
void barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }

using M = sqlite3_io_methods;
const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = pass<&M::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = pass<&M::xFileSize, sqlite3_int64*>,
    .xLock = pass<&M::xLock, int>,
    .xUnlock = pass<&M::xUnlock, int>,
    .xCheckReservedLock = pass<&M::xCheckReservedLock, int*>,
    .xFileControl = pass<&M::xFileControl, int, void*>,
    .xSectorSize = pass<&M::xSectorSize>,
    .xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>,
    .xShmMap = pass<&M::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&M::xShmLock, int, int, int>,
    .xShmBarrier = barrier,
    .xShmUnmap = pass<&M::xShmUnmap, int>,
};

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto* const opened = shim(file);
  opened->base.pMethods = nullptr;
  if (state.is_cut) return SQLITE_CANTOPEN;
  opened->real = static_cast<sqlite3_file*>(sqlite3_malloc(inner->szOsFile));
  std::memset(opened->real, 0, static_cast<std::size_t>(inner->szOsFile));
  const int code = inner->xOpen(inner, name, opened->real, flags, out_flags);
  if (code != SQLITE_OK) {
    sqlite3_free(opened->real);
    return code;
  }
  opened->content = nullptr;
  if (name != nullptr) {
    const auto [at, is_new] = state.files.try_emplace(name);
    if (is_new) at->second.durable = content_of(name);
    opened->content = &at->second;
  }
  opened->base.pMethods = &methods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  if (state.is_cut) return SQLITE_IOERR_DELETE;
  state.files.erase(name);
  return inner->xDelete(inner, name, sync_folder);
}

sqlite3_vfs vfs;

}  // namespace

void install(std::uint64_t seed) {
  state = {};
  state.random.seed(seed);
  if (inner == nullptr) inner = sqlite3_vfs_find(nullptr);
  vfs = *inner;
  vfs.szOsFile = sizeof(ShimFile);
  vfs.zName = "cairn-failing-disk";
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  sqlite3_vfs_register(&vfs, 1);
}

void uninstall() { sqlite3_vfs_unregister(&vfs); }

void plan(Fault fault, std::uint64_t nth) {
  state.fault = fault;
  state.countdown = nth;
  state.has_struck = false;
}

bool has_struck() { return state.has_struck; }

void crash() {
  for (auto& [name, file] : state.files) {
    apply_some(file);
    std::ofstream(name, std::ios::binary | std::ios::trunc) << file.durable;
    if (name.ends_with("-wal")) std::remove((name.substr(0, name.size() - 3) + "shm").c_str());
  }
  state.files.clear();
  state.fault = Fault::None;
  state.is_cut = false;
}

}  // namespace cairn::piles_tests::disk

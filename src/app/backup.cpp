#include "app/backup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "adapters/segments/log_copy.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"

/// A backup is a data folder and beside the data `backup.json`, written last: a folder without it
/// is a backup that was broken off.
namespace cairn::app {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kMark = "backup.json";
constexpr std::size_t kMarkBytesMax = 64 * 1024;

Error io(const fs::path& path, const std::error_code& error) {
  const bool is_full = error == std::errc::no_space_on_device;
  return {is_full ? ErrorCode::DiskFull : ErrorCode::Io,
          fmt::format("{}: {}", path.string(), error.message()), ""};
}

Result<void> need_free(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return {};
  return fail(ErrorCode::Invalid,
              fmt::format("{} is in use; give a folder that is not there yet", folder.string()));
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return std::unexpected(io(folder, error));
  return {};
}

Result<void> sync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_done = fd >= 0 && ::fsync(fd) == 0;
  const std::error_code error(errno, std::generic_category());
  if (fd >= 0) ::close(fd);
  if (!is_done) return std::unexpected(io(path, error));
  return {};
}

Result<void> copy_one(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return std::unexpected(io(to, error));
  return sync_path(to);
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::error_code error;
  std::uint64_t bytes = 0;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (at->is_regular_file(error)) bytes += at->file_size(error);
  return bytes;
}

/// Tells how far a copy has come. What is copied may be less than what lies there: the end is told
/// as the whole.
class Meter {
 public:
  Meter(const CopyProgress& progress, const fs::path& from)
      : progress_(progress), total_(progress ? bytes_in(from) : 0) {}
  void add(const fs::path& copied) {
    if (!progress_) return;
    std::error_code error;
    done_ += fs::is_directory(copied, error) ? bytes_in(copied) : fs::file_size(copied, error);
    progress_(std::min(done_, total_), total_);
  }
  void end() {
    if (progress_) progress_(total_, total_);
  }

 private:
  const CopyProgress& progress_;
  std::uint64_t total_, done_ = 0;
};

/// Everything below `from` whose name at the top `is_wanted`.
template <typename IsWanted>
Result<void> copy_tree(const fs::path& from, const fs::path& to, Meter& meter,
                       IsWanted&& is_wanted) {
  std::error_code error;
  fs::recursive_directory_iterator at(from, error), end;
  if (error) return std::unexpected(io(from, error));
  while (at != end) {
    const auto relative = fs::relative(at->path(), from, error);
    const bool is_folder = at->is_directory(error);
    if (!is_wanted(*relative.begin())) {
      if (is_folder) at.disable_recursion_pending();
    } else if (is_folder) {
      CAIRN_TRY_VOID(make_folder(to / relative));
    } else if (at->is_regular_file(error)) {
      CAIRN_TRY_VOID(copy_one(at->path(), to / relative));
      meter.add(to / relative);
    }
    at.increment(error);
    if (error) return std::unexpected(io(from, error));
  }
  return {};
}

/// fsync of every folder, so that the names in them last.
Result<void> sync_folders(const fs::path& folder) {
  std::error_code error;
  CAIRN_TRY_VOID(sync_path(folder));
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (at->is_directory(error)) CAIRN_TRY_VOID(sync_path(at->path()));
  return {};
}

Result<void> write_mark(ports::Storage& storage, const fs::path& folder, const Backup& backup) {
  std::string text;
  json::Writer w(text);
  w.begin_object().field("version", 1).field("made_at", backup.made).key("numbers").begin_array();
  for (const auto number : backup.numbers) w.value(number);
  w.end_array().end_object();
  text += '\n';
  return ports::replace_file(storage, (folder / kMark).string(), text);
}

Result<Backup> read_mark(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    return fail(ErrorCode::NotFound, fmt::format("no folder {}", folder.string()));
  CAIRN_TRY(const auto text, integration::read_text_file(folder / kMark, kMarkBytesMax));
  json::Document document;
  CAIRN_TRY(const auto mark, document.parse(text));
  const auto version = mark.find("version");
  const auto made = mark.find("made_at");
  const auto numbers = mark.find("numbers");
  const auto at = made ? parse_rfc3339(made->as_string().value_or("")) : Result<ParsedTime>{};
  if (!version || version->as_integer() != 1 || !numbers || !at)
    return fail(ErrorCode::Invalid,
                fmt::format("{}: not a backup of this version of Cairn", folder.string()));
  Backup backup{at->time, {}, 0};
  numbers->elements([&](json::Value number) {
    backup.numbers.push_back(static_cast<std::uint64_t>(number.as_integer().value_or(0)));
    return true;
  });
  return backup;
}

}  // namespace

Result<Backup> back_up(const BackupSource& source, const std::string& to,
                       const CopyProgress& progress) {
  const fs::path target(to);
  CAIRN_TRY_VOID(need_free(target));
  CAIRN_TRY_VOID(make_folder(target));
  auto& storage = source.folder.storage();
  Meter meter(progress, source.folder.path(""));
  for (std::uint32_t i = 0; i < source.stores.piles.size(); ++i) {
    const auto shard = fmt::format("shard-{:02}", i);
    CAIRN_TRY_VOID(make_folder(target / shard));
    auto& piles = *source.stores.piles[i];
    CAIRN_TRY_VOID(piles.backup_to((target / shard / "piles.db").string()));
    CAIRN_TRY_VOID(segments::copy_log(
        storage, {source.folder.path(shard + "/log"), (target / shard / "log").string(), i,
                  piles.position(), source.numbers[i]}));
    meter.add(target / shard);
  }
  CAIRN_TRY_VOID(source.tables.backup_to((target / "tables.db").string()));
  // Everything else is written once, or only grows; the keys come with it, after the records that
  // name them.
  CAIRN_TRY_VOID(copy_tree(source.folder.path(""), target, meter, [](const fs::path& name) {
    const auto text = name.string();
    return text != "lock" && text != "api.key" && text != kMark && !text.starts_with("tables.db") &&
           !text.starts_with("shard-") && !text.ends_with(".new");
  }));
  Backup backup{source.now, source.numbers, bytes_in(target)};
  CAIRN_TRY_VOID(sync_folders(target));
  CAIRN_TRY_VOID(write_mark(storage, target, backup));
  meter.end();
  return backup;
}

Result<Backup> restore(const std::string& from, const std::string& to,
                       const CopyProgress& progress) {
  auto backup = read_mark(from);
  if (!backup && backup.error().code == ErrorCode::NotFound)
    return fail(ErrorCode::Invalid,
                fmt::format("{} is no whole backup: it has no {}", from, kMark));
  if (!backup) return backup;
  CAIRN_TRY_VOID(need_free(to));
  CAIRN_TRY_VOID(make_folder(to));
  Meter meter(progress, from);
  CAIRN_TRY_VOID(copy_tree(from, to, meter, [](const fs::path& name) { return name != kMark; }));
  CAIRN_TRY_VOID(sync_folders(to));
  backup->bytes = bytes_in(to);
  meter.end();
  return backup;
}

}  // namespace cairn::app

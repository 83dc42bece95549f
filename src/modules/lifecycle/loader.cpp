#include "modules/lifecycle/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/bytes.hpp"
#include "base/ranges.hpp"
#include "crypto/hash.hpp"
#include "modules/lifecycle/loader_lifecycle.hpp"
#include "modules/lifecycle/loader_tables.hpp"

namespace cairn::lifecycle {
namespace {

namespace fs = std::filesystem;

/// Codes of faults in what is understood all the same.
constexpr std::string_view kOnlyOfNew[]{"unchecked_guard"};

void read_file(const fs::path& path, std::string name, Files& files, std::vector<Fault>& faults) {
  const auto complain = [&](std::string message) {
    faults.push_back({name, 1, 1, "unreadable", std::move(message)});
  };
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return complain(fmt::format("cannot be read: {}", error.message()));
  if (size > kFileBytesMax)
    return complain(fmt::format("is {} bytes, at most {} are read", size, kFileBytesMax));
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return complain("cannot be read");
  files.emplace(std::move(name), std::move(text).str());
}

void read_folder(const fs::path& folder, std::string_view name, Files& files,
                 std::vector<Fault>& faults) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator at(folder / name, error), end; !error && at != end;
       at.increment(error))
    if (at->path().extension() == ".yaml") paths.push_back(at->path());
  if (error)
    faults.push_back({std::string(name), 1, 1, "unreadable",
                      fmt::format("the folder cannot be read: {}", error.message())});
  if (paths.size() > kFilesMax) {
    faults.push_back({std::string(name), 1, 1, "too_many",
                      fmt::format("{} files, at most {} are read", paths.size(), kFilesMax)});
    return;
  }
  for (const auto& path : paths)
    read_file(path, fmt::format("{}/{}", name, path.filename().string()), files, faults);
}

/// Length-prefixed, so that no two folders have the same text.
Bytes hash_of(const Files& files) {
  crypto::Sha256 hash;
  for (const auto& [name, text] : files)
    for (const auto& part : {name, text}) {
      hash.update(fmt::format("{}:", part.size()));
      hash.update(part);
    }
  return Bytes(crypto::view(hash.finish()));
}

std::string file_of(const Lifecycle& chart, const Files& files) {
  for (const auto& [file, text] : files)
    if (to_hex(crypto::view(crypto::sha256(text))) == chart.version()) return file;
  return chart.name();
}

/// Steps of cases that orders name must be steps of some after-sale lifecycle.
void check_case_steps(const Definitions::Parts& parts, const Files& files,
                      std::vector<Fault>& faults) {
  std::vector<std::string_view> steps;
  for (const auto& chart : parts.lifecycles)
    if (chart->subject() == Lifecycle::Subject::AfterSale)
      for (const auto& state : chart->states())
        for (const auto& t : state.transitions()) steps.push_back(t.on);
  for (const auto& chart : parts.lifecycles)
    for (const auto& state : chart->states())
      for (const auto& t : state.transitions())
        if (!t.case_step.empty() && !contains(steps, std::string_view(t.case_step)))
          faults.push_back({file_of(*chart, files), t.line, 1, "unknown_step",
                            fmt::format("no after-sale lifecycle has a step \"{}\"", t.case_step)});
}

}  // namespace

std::expected<Files, std::vector<Fault>> read_files(const fs::path& folder) {
  Files files;
  std::vector<Fault> faults;
  for (const auto name : table_files()) {
    std::error_code error;
    if (fs::exists(folder / name, error))
      read_file(folder / name, std::string(name), files, faults);
  }
  read_folder(folder, "lifecycles", files, faults);
  read_folder(folder, "presets", files, faults);
  std::error_code error;
  if (fs::exists(folder / "attributes", error)) read_folder(folder, "attributes", files, faults);
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return files;
}

std::expected<Definitions, std::vector<Fault>> load(const Files& files, As what) {
  Definitions::Parts parts;
  std::vector<Fault> faults;
  read_tables(files, parts, faults);
  const Surroundings around{parts.commands, parts.effects, parts.presets};
  for (const auto& [file, text] : files) {
    if (!file.starts_with("lifecycles/")) continue;
    auto chart = build_lifecycle(text, file, around, faults);
    if (!chart) continue;
    if (std::ranges::any_of(parts.lifecycles,
                            [&](const auto& other) { return other->name() == chart->name(); }))
      faults.push_back({file, 1, 1, "duplicate_key",
                        fmt::format("lifecycle \"{}\" is defined twice", chart->name())});
    parts.lifecycles.push_back(std::move(chart));
  }
  if (what == As::Kept)
    std::erase_if(faults, [](const Fault& fault) { return contains(kOnlyOfNew, fault.code); });
  if (faults.empty()) check_case_steps(parts, files, faults);
  if (!faults.empty()) {
    std::ranges::sort(faults, [](const Fault& a, const Fault& b) {
      return std::tie(a.file, a.line, a.column, a.message) <
             std::tie(b.file, b.line, b.column, b.message);
    });
    return std::unexpected(std::move(faults));
  }
  parts.hash = hash_of(files);
  return Definitions(std::move(parts));
}

std::expected<Definitions, std::vector<Fault>> load(const fs::path& folder, As what) {
  auto files = read_files(folder);
  if (!files) return std::unexpected(std::move(files).error());
  return load(*files, what);
}

std::expected<std::unique_ptr<const Lifecycle>, std::vector<Fault>> load_lifecycle(
    std::string_view text, std::string_view file, const Definitions& others) {
  std::vector<Fault> faults;
  const Surroundings around{others.commands(), others.effects(), others.presets()};
  auto chart = build_lifecycle(text, file, around, faults);
  if (!chart) return std::unexpected(std::move(faults));
  return chart;
}

}  // namespace cairn::lifecycle

#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <string>

#include "modules/lifecycle/lifecycle.hpp"

namespace cairn::lifecycle {

/// Files of one folder of definitions, by path relative to it ("lifecycles/retail.yaml").
using Files = std::map<std::string, std::string>;

inline constexpr std::size_t kFileBytesMax = 1024 * 1024;
inline constexpr std::size_t kFilesMax = 256;

/// Reads the folder's *.yaml and those of its folders `lifecycles`, `presets` and
/// `attributes`. A file that
/// cannot be read is a fault.
std::expected<Files, std::vector<Fault>> read_files(const std::filesystem::path& folder);

/// Orders stay with definitions of years ago: what a later program has learnt to object to, though
/// it understands it, is no fault of theirs.
enum class As : std::uint8_t { New, Kept };

/// Everything from files already read. Every fault of every file is reported at once.
std::expected<Definitions, std::vector<Fault>> load(const Files& files, As what = As::New);

/// The folder, read and loaded.
std::expected<Definitions, std::vector<Fault>> load(const std::filesystem::path& folder,
                                                    As what = As::New);

/// One lifecycle by itself, for checking and drawing before it is dropped into the folder.
/// `others`: the definitions it will stand beside (holds, commands, effects, presets).
std::expected<std::unique_ptr<const Lifecycle>, std::vector<Fault>> load_lifecycle(
    std::string_view text, std::string_view file, const Definitions& others);

}  // namespace cairn::lifecycle

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/text.hpp"
#include "modules/integration/source.hpp"

namespace cairn::integration {

Result<void> Sources::add(SourceDefinition source) {
  const std::string id = source.id;
  if (by_id_.contains(id))
    return fail(ErrorCode::Invalid, fmt::format("source {} is defined twice", id));
  for (const auto& told : source.event_sources)
    if (const auto taken = by_event_source_.find(told); taken != by_event_source_.end())
      return fail(ErrorCode::Invalid, fmt::format("sources {} and {} both claim the CloudEvents "
                                                  "source \"{}\"",
                                                  id, taken->second, told));
  for (const auto& told : source.event_sources) by_event_source_.emplace(told, id);
  by_id_.emplace(id, std::move(source));
  return {};
}

const SourceDefinition* Sources::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

Result<const SourceDefinition*> Sources::resolve(std::string_view told) const {
  if (const auto* found = find(told)) return found;
  if (const auto alias = by_event_source_.find(told); alias != by_event_source_.end())
    return find(alias->second);
  std::vector<std::string_view> names;
  for (const auto& [id, source] : by_id_) names.push_back(id);
  for (const auto& [uri, id] : by_event_source_) names.push_back(uri);
  const auto meant = nearest(told, names);
  return fail(ErrorCode::Invalid,
              fmt::format("source \"{}\" is not known{}; define it in definitions/sources",
                          utf8_prefix(told, 64),
                          meant ? fmt::format("; did you mean \"{}\"?", *meant) : std::string()),
              "/source");
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t bytes_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(ErrorCode::NotFound, fmt::format("{} cannot be opened; is the path right, and may "
                                                 "this user read it?",
                                                 path.string()));
  std::string text;
  char block[16 * 1024];
  while (in.read(block, sizeof block), in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > bytes_max)
      return fail(ErrorCode::TooLarge,
                  fmt::format("{} is larger than {} bytes", path.string(), bytes_max));
  }
  if (in.bad()) return fail(ErrorCode::Io, fmt::format("{} cannot be read", path.string()));
  return text;
}

Result<Sources> Sources::load(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error))
    if (it->path().extension() == ".yaml") files.push_back(it->path());
  if (error)
    return fail(ErrorCode::Io, fmt::format("the folder {} of source definitions cannot be read: {}",
                                           folder.string(), error.message()));
  std::ranges::sort(files);
  Sources out;
  std::string faults;
  for (const auto& path : files) {
    const auto note = [&](const Error& e) { faults += (faults.empty() ? "" : "\n") + e.message; };
    const auto text = read_text_file(path, 1024 * 1024);
    if (!text) {
      note(text.error());
      continue;
    }
    auto source = parse_source(*text, path.filename().string());
    if (!source)
      note(source.error());
    else if (const auto added = out.add(*std::move(source)); !added)
      note(added.error());
  }
  if (!faults.empty()) return fail(ErrorCode::Invalid, std::move(faults));
  return out;
}

}  // namespace cairn::integration

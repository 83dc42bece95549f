#include "app/words.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace cairn::app {

Result<Words> Words::load(const std::string& path) {
  Words words;
  try {
    const auto root = YAML::LoadFile(path);
    for (const auto& vocabulary : root) {
      auto& into = words.all_[vocabulary.first.as<std::string>()];
      for (const auto& word : vocabulary.second) {
        const auto code = word.first.as<std::string>();
        if (!word.second["zh"] || !word.second["en"])
          return fail(ErrorCode::Invalid, fmt::format("{}:{}: {} needs both zh and en", path,
                                                      word.first.Mark().line + 1, code));
        into[code] = {word.second["zh"].as<std::string>(), word.second["en"].as<std::string>()};
      }
    }
  } catch (const YAML::BadFile&) {
    return fail(ErrorCode::NotFound, fmt::format("no file {}", path));
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid, fmt::format("{}: {}", path, e.what()));
  }
  return words;
}

lifecycle::Label Words::label(std::string_view vocabulary, std::string_view code) const {
  if (const auto found = all_.find(vocabulary); found != all_.end())
    if (const auto word = found->second.find(code); word != found->second.end())
      return word->second;
  return {std::string(code), std::string(code)};
}

}  // namespace cairn::app

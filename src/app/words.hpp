#pragma once

#include <map>
#include <string>

#include "modules/lifecycle/tables.hpp"

namespace cairn::app {

/// What people call the codes of every vocabulary: definitions/words.yaml, vocabulary → code →
/// label. Immutable after loading, any thread.
class Words {
 public:
  using Vocabulary = std::map<std::string, lifecycle::Label, std::less<>>;
  /// Errors: NotFound, Invalid with file and line.
  static Result<Words> load(const std::string& path);

  const std::map<std::string, Vocabulary, std::less<>>& all() const { return all_; }
  /// The code itself where nobody has a word for it.
  lifecycle::Label label(std::string_view vocabulary, std::string_view code) const;

 private:
  std::map<std::string, Vocabulary, std::less<>> all_;
};

}  // namespace cairn::app

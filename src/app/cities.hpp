#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "modules/lifecycle/tables.hpp"

namespace cairn::app {

/// The places a tracking page may name: definitions/cities.yaml. Carriers write courts, couriers
/// and their numbers into the place of a scan, so a place is looked for in the list and the list's
/// own words are shown; what is not in it is not shown. Immutable after loading, any thread.
class Cities {
 public:
  /// Errors: NotFound, Invalid with file and line.
  static Result<Cities> load(const std::string& path);

  /// The city that `place` names; both words empty where it names none that is known.
  lifecycle::Label of(std::string_view place) const;

 private:
  using Names = std::map<std::string, lifecycle::Label, std::less<>>;
  enum class Also : std::uint8_t { Nothing, WithoutSuffix };

  Result<void> add(std::string chinese, std::string english, Also also);
  /// "…南京市秦淮区": the first that stands anywhere in the text, with its suffix.
  const lifecycle::Label* named_in_full(std::string_view place) const;
  /// "南京转运中心": the one the text begins with, where no street or district is called after it.
  const lifecycle::Label* named_first(std::string_view place) const;
  /// "Nanjing Hub": the same in English.
  const lifecycle::Label* named_in_english(std::string_view place) const;

  std::vector<std::string> provinces_;
  Names in_full_, first_;
  Names english_;  ///< by the name in small letters
};

}  // namespace cairn::app

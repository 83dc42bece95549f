#include "app/cities.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace cairn::app {
namespace {

using lifecycle::Label;

constexpr std::size_t kPlaceBytesMax = 300;  ///< a city stands at the beginning of a place
constexpr std::string_view kSuffixes[]{"市", "州", "盟", "地区"};
/// What stands before the first word: 【南京转运中心】.
constexpr std::string_view kOpenings[]{"【", "[", "(", "（", "「", "·", "-", "，", ",", "中国"};
/// After the name of a city these make it the name of something else: 南京路, 朝阳区, 吉林省.
constexpr std::string_view kOtherwise[]{"省",   "区", "县", "镇", "乡", "村", "路",   "街",
                                        "大道", "巷", "东", "西", "南", "北", "中路", "自治"};
/// After the name of a city these say that the place is the carrier's: "Nanjing Sorting Centre".
constexpr std::string_view kFacilities[]{
    "hub",     "sort",     "distribution", "center",  "centre",   "depot", "gateway",
    "airport", "facility", "city",         "station", "terminal", "port",  "warehouse"};

template <typename Range>
bool begins_with_one(std::string_view text, const Range& starts) {
  return std::ranges::any_of(starts, [&](std::string_view s) { return text.starts_with(s); });
}

template <typename Range>
std::string_view without_start(std::string_view text, const Range& starts) {
  for (const std::string_view start : starts)
    if (text.starts_with(start)) return text.substr(start.size());
  return text;
}

std::string_view first_words(std::string_view place) {
  for (auto before = place.size() + 1; place.size() < before;) {
    before = place.size();
    place = trim(without_start(place, kOpenings));
  }
  return place;
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The longest name `text` begins with.
const std::pair<const std::string, Label>* longest(
    const std::map<std::string, Label, std::less<>>& names, std::string_view text) {
  // Names that begin `text` stand before it in order, the longest last.
  for (auto at = names.upper_bound(text); at != names.begin();) {
    --at;
    if (text.starts_with(at->first)) return &*at;
    if (at->first.substr(0, 1) < text.substr(0, 1)) return nullptr;
  }
  return nullptr;
}

}  // namespace

Result<Cities> Cities::load(const std::string& path) {
  Cities cities;
  try {
    const auto root = YAML::LoadFile(path);
    for (const auto& province : root["provinces"])
      cities.provinces_.push_back(province.as<std::string>());
    std::ranges::sort(cities.provinces_, std::ranges::greater{}, &std::string::size);
    for (const auto& [section, also] :
         {std::pair{"cities", Also::WithoutSuffix}, std::pair{"county_cities", Also::Nothing},
          std::pair{"abroad", Also::WithoutSuffix}})
      for (const auto& row : root[section])
        if (auto added =
                cities.add(row.first.as<std::string>(), row.second.as<std::string>(), also);
            !added)
          return fail(added.error().code, fmt::format("{}:{}: {}", path, row.first.Mark().line + 1,
                                                      added.error().message));
  } catch (const YAML::BadFile&) {
    return fail(ErrorCode::NotFound, fmt::format("no file {}", path));
  } catch (const YAML::Exception& e) {
    return fail(ErrorCode::Invalid, fmt::format("{}: {}", path, e.what()));
  }
  return cities;
}

Result<void> Cities::add(std::string chinese, std::string english, Also also) {
  if (chinese.empty() || english.empty() || has_digit(chinese) || has_digit(english))
    return fail(ErrorCode::Invalid,
                fmt::format("\"{}: {}\": a city is a name in Chinese and one in English, both "
                            "without digits",
                            chinese, english));
  const Label label{chinese, english};
  // Two cities of one name: which is meant is not known, so its English stands in both languages.
  const auto [known, is_new] = english_.emplace(to_lower_ascii(english), label);
  if (!is_new) known->second.zh = known->second.en;
  std::string_view stem = chinese;
  for (const auto suffix : kSuffixes)
    if (chinese.ends_with(suffix)) stem.remove_suffix(suffix.size());
  const bool has_suffix = stem.size() < chinese.size();
  if (also == Also::WithoutSuffix) first_.emplace(stem, label);
  if (has_suffix) in_full_.emplace(std::move(chinese), label);
  return {};
}

Label Cities::of(std::string_view place) const {
  const auto text = to_half_width(utf8_prefix(place, kPlaceBytesMax));
  if (const auto* found = named_in_full(text)) return *found;
  const auto words = first_words(text);
  // 吉林 is a province and a city in it: what stands behind it decides.
  const auto behind = first_words(without_start(words, provinces_));
  for (const auto start : {behind, words})
    if (const auto* found = named_first(start)) return *found;
  if (const auto* found = named_in_english(words)) return *found;
  return {};
}

const Label* Cities::named_in_full(std::string_view place) const {
  for (std::size_t at = 0; at < place.size(); ++at) {
    const auto* found = longest(in_full_, place.substr(at));
    // 东方市场 is a market, not the city 东方市.
    if (found && !place.substr(at + found->first.size()).starts_with("场")) return &found->second;
  }
  return nullptr;
}

const Label* Cities::named_first(std::string_view place) const {
  const auto* found = longest(first_, place);
  if (!found || begins_with_one(place.substr(found->first.size()), kOtherwise)) return nullptr;
  return &found->second;
}

const Label* Cities::named_in_english(std::string_view place) const {
  const auto lower = to_lower_ascii(place);
  const auto* found = longest(english_, lower);
  if (!found) return nullptr;
  const auto rest = std::string_view(lower).substr(found->first.size());
  if (rest.empty() || std::string_view(",;(/|").contains(rest[0])) return &found->second;
  return rest[0] == ' ' && begins_with_one(trim(rest), kFacilities) ? &found->second : nullptr;
}

}  // namespace cairn::app

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::app {

/// What a template is filled with: a text, or things to repeat. Sections of a text or flag appear
/// when it is not empty.
struct TemplateValues {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<TemplateValues>, std::less<>> lists;
};

/// A page with {{name}} and {{#name}} … {{/name}}, the part of Mustache that needs no logic; every
/// value is escaped for HTML. Names are looked up outwards.
std::string fill_template(std::string_view page, const TemplateValues& values);

}  // namespace cairn::app

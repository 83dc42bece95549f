#include "app/page_template.hpp"

namespace cairn::app {
namespace {

using Scope = std::vector<const TemplateValues*>;

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

std::string_view text_of(const Scope& scope, std::string_view name) {
  for (auto at = scope.rbegin(); at != scope.rend(); ++at)
    if (const auto found = (*at)->texts.find(name); found != (*at)->texts.end())
      return found->second;
  return {};
}

void fill(std::string& out, std::string_view page, Scope& scope) {
  while (!page.empty()) {
    const auto open = page.find("{{");
    out += page.substr(0, open);
    if (open == std::string_view::npos) return;
    const auto close = page.find("}}", open);
    if (close == std::string_view::npos) return;
    const auto tag = page.substr(open + 2, close - open - 2);
    page.remove_prefix(close + 2);
    if (!tag.starts_with('#')) {
      append_escaped(out, text_of(scope, tag));
      continue;
    }
    const auto name = tag.substr(1);
    const std::string end = "{{/" + std::string(name) + "}}";
    const auto until = page.find(end);
    const auto inner = page.substr(0, until);
    page.remove_prefix(until == std::string_view::npos ? page.size() : until + end.size());
    if (const auto found = scope.back()->lists.find(name); found != scope.back()->lists.end()) {
      for (const auto& item : found->second) {
        scope.push_back(&item);
        fill(out, inner, scope);
        scope.pop_back();
      }
    } else if (!text_of(scope, name).empty()) {
      fill(out, inner, scope);
    }
  }
}

}  // namespace

std::string fill_template(std::string_view page, const TemplateValues& values) {
  std::string out;
  out.reserve(page.size() * 2);
  Scope scope{&values};
  fill(out, page, scope);
  return out;
}

}  // namespace cairn::app

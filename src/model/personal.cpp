#include "model/personal.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

namespace cairn::model {
namespace {

std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : to_half_width(text))
    if (c >= '0' && c <= '9') out += c;
  return out;
}

std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : to_lower_ascii(to_half_width(text)))
    if (c != ' ' && c != '\t') out += c;
  return out;
}

/// The first `count` characters, whatever their length in bytes.
std::string_view characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && count-- == 0) break;
  return text.substr(0, at);
}

}  // namespace

template <PersonalKind K>
const std::string& Personal<K>::reveal() const {
  CAIRN_CHECK(!is_sealed_);
  return text_;
}
template <PersonalKind K>
BytesView Personal<K>::sealed() const {
  CAIRN_CHECK(is_sealed_ || text_.empty());
  return text_;
}
template class Personal<PersonalKind::Name>;
template class Personal<PersonalKind::Phone>;
template class Personal<PersonalKind::Address>;
template class Personal<PersonalKind::Other>;

std::vector<std::string> search_terms(PersonalKind kind, std::string_view text) {
  if (kind == PersonalKind::Name) {
    auto name = squeezed(text);
    if (name.empty()) return {};
    return {"name:" + std::move(name)};
  }
  if (kind == PersonalKind::Phone) {
    const auto digits = digits_of(text);
    // A country code is often left out: the last eleven digits name a phone well enough.
    if (digits.size() < 4) return {};
    return {"phone:" + digits.substr(digits.size() - std::min<std::size_t>(11, digits.size())),
            "tail:" + digits.substr(digits.size() - 4)};
  }
  return {};
}

std::string masked(PersonalKind kind, std::string_view text) {
  if (text.empty()) return {};
  if (kind == PersonalKind::Phone) {
    auto digits = digits_of(text);
    if (digits.size() < 8) return "****";
    digits = digits.substr(digits.size() - std::min<std::size_t>(11, digits.size()));
    return digits.substr(0, 3) + "****" + digits.substr(digits.size() - 4);
  }
  const std::size_t shown = kind == PersonalKind::Name ? 1 : kind == PersonalKind::Address ? 6 : 0;
  return std::string(characters(text, shown)) + (kind == PersonalKind::Name ? "*" : "***");
}

}  // namespace cairn::model

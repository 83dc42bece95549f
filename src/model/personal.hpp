#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace cairn::model {

/// Kinds of personal text: what is hashed for search and how it is masked.
enum class PersonalKind : std::uint8_t { Name, Phone, Address, Other };

/// A personal text. It is either *plain* (between the edge and the shard, or after opening it for
/// somebody who may see it) or *sealed* (AES-256-GCM under the order's key, as it lies in log,
/// piles and backups). It has no way into a stream, a format string, a log line or a problem
/// answer: there is no operator<<, no formatter, no conversion; `reveal()` is the one way out and
/// easy to search for.
template <PersonalKind K>
class Personal {
 public:
  static constexpr PersonalKind kKind = K;
  Personal() = default;
  static Personal from_plain(std::string text) {
    Personal out;
    out.text_ = std::move(text);
    out.is_sealed_ = false;
    return out;
  }
  static Personal from_sealed(Bytes sealed, Bytes tokens) {
    Personal out;
    out.text_ = std::move(sealed);
    out.tokens_ = std::move(tokens);
    out.is_sealed_ = true;
    return out;
  }
  bool empty() const { return text_.empty(); }
  bool is_sealed() const { return is_sealed_; }
  /// The plain text. A bug to call on a sealed one.
  const std::string& reveal() const;
  BytesView sealed() const;
  /// Keyed search hashes, eight bytes each (model/personal.cpp lists what is hashed per kind).
  BytesView tokens() const { return tokens_; }
  bool operator==(const Personal&) const = default;

 private:
  std::string text_;
  Bytes tokens_;
  bool is_sealed_ = false;
};

using PersonalName = Personal<PersonalKind::Name>;
using PersonalPhone = Personal<PersonalKind::Phone>;
using PersonalAddress = Personal<PersonalKind::Address>;
using PersonalText = Personal<PersonalKind::Other>;

/// What a search for `text` would look for: the whole, and for phones also the last four digits.
std::vector<std::string> search_terms(PersonalKind kind, std::string_view text);
/// 张*, 138****5678, 上海市浦东新区***.
std::string masked(PersonalKind kind, std::string_view text);

}  // namespace cairn::model

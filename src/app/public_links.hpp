#pragma once

#include <optional>
#include <string>

#include "model/identity.hpp"
#include "ports/keys.hpp"

namespace cairn::app {

/// Tokens of tracking links: 128 bits that nobody can guess and the hour they end, as 27 letters of
/// base64url. Cairn keeps their hash only, as a reference of the order (scheme "link"), so taking
/// the reference away revokes the link. The same command with the same key makes the same token.
class PublicLinks {
 public:
  static constexpr std::string_view kScheme = "link";

  /// Errors: those of the key store.
  static Result<PublicLinks> open_with(ports::Keys& keys);

  struct Link {
    std::string token;
    Time expires;
  };
  Link make(const model::OrderId& order, const model::Identity& command, Time expires) const;

  /// The reference a token stands for.
  static model::Reference reference_of(std::string_view token);
  /// When it ends; Time::none() where it is not a token at all.
  static Time expires_at(std::string_view token);

 private:
  explicit PublicLinks(ports::KeyBytes key) : key_(key) {}
  ports::KeyBytes key_;
};

}  // namespace cairn::app

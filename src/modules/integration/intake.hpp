#pragma once

#include <forward_list>

#include "json/value.hpp"
#include "modules/integration/cloud_events.hpp"

/// The half of reading an event that does not care in which form it was sent. Private.
namespace cairn::integration {

/// The attributes of an event, however they were written; views into the body, or into `kept`.
struct Attributes {
  std::string_view id, source, type;
  std::optional<std::string_view> subject, time, not_before, precision, ordinal;
  std::optional<std::string_view> order;      ///< short form: "cairn:<id>" or a number
  std::optional<model::Reference> reference;  ///< short form, not yet normalised
  bool is_zone_inferred = false;
  bool is_short = false;
  std::optional<json::Value> data;
  std::string_view raw;
  std::forward_list<std::string> kept;  ///< texts that are not in the body as they are meant

  std::string_view keep(std::string text) { return kept.emplace_front(std::move(text)); }
  /// What a member is called in the form the sender used.
  std::string_view time_pointer() const { return is_short ? "/occurred" : "/time"; }
  std::string_view not_before_pointer() const { return is_short ? "/not_before" : "/notbefore"; }
};

Result<Facts> facts_of(const Attributes& attributes, const Sources& sources, const Sender& sender);

/// The elements of a JSON array as text, each as it was sent. Errors: Malformed, TooLarge.
Result<std::vector<std::string_view>> split_array(std::string_view json, std::size_t elements_max);

/// One pass of percent-decoding, after quotes are taken off (CloudEvents HTTP binding 3.1.3.2).
/// Errors: Malformed where the result is not UTF-8.
Result<std::string> decode_header(std::string_view value);

}  // namespace cairn::integration

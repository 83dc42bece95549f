#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "model/told.hpp"
#include "modules/integration/source.hpp"

/// CloudEvents 1.0 and the short form of one line, into what the shards take.
///
/// Attributes: `id`, `source`, `type`, `specversion` are required; `subject` says who it is about
/// (subject.hpp; where absent, the order number or the package number of the data); `time` is
/// when it happened. `type` is an event type of Cairn, also as "cairn.<type>", or a word of the
/// source's `types`. Extensions read: `notbefore` (a fact without a time stands after this moment),
/// `precision` (microsecond, second, minute, hour, day), `zoneinferred` (the offset is a guess),
/// `ordinal` (place in a full list). Others are ignored; `null` is absent.
///
/// The short form of a line: {"type", "order" | "reference" | "subject", "occurred", "data", "id",
/// "source", "not_before", "precision"}.
namespace cairn::integration {

struct Header {
  std::string_view name, value;
};

/// Who is sending, as the edge knows it.
struct Sender {
  std::string bound_source;    ///< of the credential or query: wins over what events say
  std::string default_source;  ///< of short lines that name none
  std::string actor, ip, request;
};

/// What one sent event comes to: itself first, then what its status word means (defaults §18).
struct Facts {
  std::vector<model::Told> all;
  bool is_unmapped = false;  ///< kept as it was sent: a status word without a meaning
};

struct IntakeLimits {
  std::size_t event_bytes_max = 64 * 1024;
  std::size_t batch_events_max = 10'000;
  std::size_t batch_bytes_max = 8 * 1024 * 1024;  ///< of a body that is held until it is whole
  std::size_t json_depth_max = 32;
  friend bool operator==(const IntakeLimits&, const IntakeLimits&) = default;
};

/// The form of a body by its Content-Type. Errors: UnsupportedMedia.
enum class EventForm : std::uint8_t { Structured, Batch, Lines, Binary };
Result<EventForm> event_form(std::string_view content_type, bool has_ce_headers);

/// Reads events. Keeps a JSON parser: one per connection or thread, not shared. `sources` must
/// outlive it. Reads no clock: what has no time gets EventFlag::NoDate.
///
/// Errors of all: Malformed (not JSON), Invalid (the pointer names the attribute, "/data/…" a field
/// of the data), TooLarge. A well-formed fact with an unknown status word is no error.
class EventReader {
 public:
  explicit EventReader(const Sources& sources, IntakeLimits limits = {});

  Result<Facts> read_structured(std::string_view json, const Sender& sender);
  /// One line of NDJSON: a structured CloudEvent, or the short form.
  Result<Facts> read_line(std::string_view line, const Sender& sender);
  /// `headers` are those of the request in any case; only ce-… and Content-Type are looked at.
  Result<Facts> read_binary(std::span<const Header> headers, std::string_view body,
                            const Sender& sender);
  /// Calls `visit` for every element in order until it returns false. Errors: Malformed where the
  /// body is not an array, TooLarge where it has more elements than allowed; elements before the
  /// fault have been visited then.
  using Visit = std::function<bool(std::size_t index, Result<Facts>)>;
  Result<void> read_batch(std::string_view json, const Sender& sender, const Visit& visit);

 private:
  const Sources& sources_;
  IntakeLimits limits_;
  json::Document document_, nested_;
};

/// The event as a CloudEvent that, read again, gives the same event: for exports and tests. `id` is
/// the source's own id of it. Personal fields are written plain: the caller decides who may see it.
void append_cloud_event(std::string& out, const model::Told& told, std::string_view id);

}  // namespace cairn::integration

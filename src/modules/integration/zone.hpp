#pragma once

#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace cairn::integration {

/// A named time zone of the system's zoneinfo; 8 bytes, valid for the life of the process.
class Zone {
 public:
  /// Errors: Invalid where the system knows no zone of that IANA name.
  static Result<Zone> find(std::string_view name);

  /// The moment at which clocks there showed `local` (a wall time written as though it were UTC).
  /// An hour that occurs twice is its first pass; one that was skipped counts from the offset
  /// before the gap. Both are the same on every machine, so a file read twice gives equal events.
  Time to_utc(Time local) const;
  /// What clocks there show at `utc`, as a wall time written as though it were UTC.
  Time to_local(Time utc) const;
  /// The last microsecond of the local day that begins or runs at `local`.
  Time end_of_day(Time local) const;

 private:
  const void* zone_ = nullptr;
};

struct ToldTime {
  Time time = Time::none();
  Precision precision = Precision::Microsecond;
  bool is_inferred = false;  ///< no offset was told; the zone's was taken
};

/// RFC 3339 with offset; without one (also "2018-01-31 17:05:00", "2018-01-31 17:05" and
/// "2018-01-31") in `zone`. Errors: Invalid, also where neither says the offset.
Result<ToldTime> parse_told_time(std::string_view text, const std::optional<Zone>& zone);
/// Reads a wall time without offset as though it were UTC.
Result<ParsedTime> parse_wall_time(std::string_view text);

}  // namespace cairn::integration

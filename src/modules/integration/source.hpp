#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/identity.hpp"
#include "model/vocabulary.hpp"
#include "modules/integration/shape.hpp"

namespace cairn::integration {

/// Who decides about an area of an order (DESIGN §2). The areas and who is master of them where a
/// definition says nothing.
struct AreaRow {
  std::string_view area;
  std::string_view master;  ///< "source", "cairn" or the id of another system
};
std::span<const AreaRow> area_table();

/// One fact made from a status word or a type of another system.
struct FactShape {
  model::EventType type = model::EventType::StatusReported;
  Shape data;
  std::vector<Guard> when;
};

/// What a source's status word means: facts, never a headline (defaults §18).
struct StatusMeaning {
  std::string zh, en;
  model::Reached reached = model::Reached::None;
  std::string hold;
  std::vector<FactShape> facts;
};

/// What an event is known by where the source's own ids are not stable.
enum class IdentityField : std::uint8_t {
  Type,
  Subject,
  Time,
  Second,
  Code,
  Place,
  Number,
  Package,
  Line,
  Payment,
  Case,
  Word,
  Ordinal
};

/// A connected system: definitions/sources/<id>.yaml. A value; loaded at start, never changed.
struct SourceDefinition {
  std::string id, name_zh, name_en;
  std::uint8_t trust = 50;
  model::Role role = model::Role::Source;
  std::string zone_name;  ///< IANA; empty: times without offset are refused
  std::optional<Zone> zone;
  Time acts_from = Time::never();  ///< absent: it is history, nobody is asked about its orders
  std::string order_namespace;     ///< what its order numbers are unique in; its id where absent
  std::string lifecycle;           ///< of orders that name none
  std::map<std::string, std::string, std::less<>> masters;  ///< area → system id, all areas
  /// Area → how long its master may be silent when asked; an area not named waits as long as Cairn
  /// does by itself.
  std::map<std::string, Duration, std::less<>> patience;
  bool has_stable_ids = true;
  std::vector<IdentityField> identity;  ///< of every type not named below
  std::map<model::EventType, std::vector<IdentityField>> identity_by_type;
  std::vector<std::string> event_sources;  ///< values of the CloudEvents attribute `source`
  std::map<std::string, FactShape, std::less<>> types;  ///< its event types → ours
  std::map<std::string, StatusMeaning, std::less<>> statuses;

  /// The id of its order with that number.
  model::OrderId order_id(std::string_view number) const {
    return model::order_id_of(order_namespace, number);
  }
  /// Master of an area: a system id, "cairn" for Cairn.
  std::string_view master_of(std::string_view area) const;
  std::optional<Duration> patience_of(std::string_view area) const;
};

/// Reads a definition. Errors: Invalid, every fault on a line of its own, "<file>:<line>: what".
Result<SourceDefinition> parse_source(std::string_view yaml, std::string_view file_name);

/// The sources an installation knows. Written at start, then read by any thread.
class Sources {
 public:
  /// Errors: Invalid where the id or a value of `cloud_events.sources` is taken already.
  Result<void> add(SourceDefinition source);
  /// By id; nullptr where there is none.
  const SourceDefinition* find(std::string_view id) const;
  /// By id or by a value of the CloudEvents attribute `source`. Errors: Invalid with the nearest.
  Result<const SourceDefinition*> resolve(std::string_view told) const;
  const std::map<std::string, SourceDefinition, std::less<>>& all() const { return by_id_; }

  /// Every *.yaml of a folder, in order of name. Errors: Io, Invalid with the faults of all files.
  static Result<Sources> load(const std::filesystem::path& folder);

 private:
  std::map<std::string, SourceDefinition, std::less<>> by_id_;
  std::map<std::string, std::string, std::less<>> by_event_source_;
};

/// The text of a file of at most `bytes_max`. Errors: NotFound, Io, TooLarge.
Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace cairn::integration

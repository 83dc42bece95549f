#pragma once

#include <compare>
#include <functional>
#include <set>
#include <string>

#include "json/value.hpp"
#include "json/writer.hpp"
#include "model/event_types.hpp"
#include "model/identity.hpp"
#include "ports/keys.hpp"
#include "ports/record.hpp"

namespace cairn::model {

/// Who said it, through what, from where.
struct Origin {
  std::string source;  ///< id of the connected system ("olist", "console", "cairn")
  std::uint8_t trust = 50;
  Role role = Role::Source;
  std::string actor;  ///< user or key; empty where it is the source itself
  std::string ip;
  std::string request;  ///< request id of the edge
  std::string subject;  ///< the reference it named, "scheme/issuer:value", where it named one
};

/// Bits of Event::flags; on disk.
enum class EventFlag : std::uint8_t {
  Command = 1,        ///< an accepted command, at the shard's time
  NoDate = 2,         ///< told without a time: stands after what it was told with
  Rival = 4,          ///< same identity as an earlier one, other content: kept, not folded
  UnknownFields = 8,  ///< the raw form says more than Cairn understood
  ZoneInferred = 16,  ///< the time had no offset; the source's zone was taken
  Copied = 32,        ///< moved here from another order: `copy_of` names the event it is
};

/// Place in the canonical order (DESIGN §2): never by arrival.
struct EventKey {
  Time occurred = Time::none();
  std::uint8_t rank = 0;
  std::uint8_t trust = 0;
  Identity id;
  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

/// One input of the fold. Body of an Event record, version 1:
///   u8 version · varint type · 16 identity · i64 occurred µs · u8 precision · u8 flags · u8 trust
///   u8 role · u32 digest of counted content · varint key slot · bytes source · bytes actor
///   bytes ip · bytes request id · bytes subject · bytes payload (model/codec.hpp) · bytes raw
///   (sealed) · with the flag Copied: 16 identity of the event it is a copy of
/// `recorded` and `number` are the record's.
struct Event {
  EventType type = EventType::OrderPlaced;
  Identity id;
  Time occurred = Time::none();
  Precision precision = Precision::Microsecond;
  std::uint8_t flags = 0;
  std::uint32_t digest = 0;
  Time recorded = Time::none();
  std::uint64_t number = 0;
  ports::KeySlot key_slot = 0;
  Origin origin;
  Payload payload;
  Bytes raw;  ///< as it was sent: plain until sealed
  Identity copy_of;

  bool is(EventFlag flag) const { return (flags & static_cast<std::uint8_t>(flag)) != 0; }
  void set(EventFlag flag) { flags |= static_cast<std::uint8_t>(flag); }
  EventKey key() const;
  /// The moments this event may have happened at: [occurred, latest()].
  Time latest() const { return end_of(occurred, precision); }

  template <typename T>
  const T& as() const {
    return std::get<T>(payload);
  }
};

Bytes encode(const Event& event);
/// Errors: Damaged.
Result<Event> decode_event(const ports::Record& record);

/// Digest of type and counted content, four bytes of SHA-256; `occurred` counts, personal data not.
std::uint32_t counted_digest(const Event& event);

/// CRC-32C of the content that is neither counted nor personal: tells one wording from another.
std::uint32_t wording_digest(const Event& event);

/// The members of `change` laid over those of `base`; both JSON objects or empty. `null` removes.
std::string merge_json_objects(std::string_view base, std::string_view change);

/// What sealing needs: gives the sealed bytes of a text, and its search tokens.
struct Sealing {
  std::function<Bytes(std::uint16_t field, BytesView plain)> seal;
  std::function<Bytes(PersonalKind kind, std::string_view plain)> tokens;
};
/// True when the event has anything that must be sealed before it is written.
bool needs_sealing(const Event& event);
void seal(Event& event, const Sealing& sealing);
/// Opens personal fields and raw in place; what `open` cannot open stays sealed.
using Opening = std::function<Result<Bytes>(std::uint16_t field, BytesView sealed)>;
void open(Event& event, const Opening& open);
/// Personal fields of `to` become those of `from`, where both are of one shape; else empty.
void keep_personal(Payload& to, const Payload& from);
/// What personal fields are called in the JSON of payloads, of one type or of any: "signer",
/// "receiver/name".
const std::set<std::string>& personal_names(EventType type);
const std::set<std::string>& personal_names();
inline constexpr std::uint16_t kRawField = 0xffff;

/// All search tokens of the event, eight bytes each.
Bytes tokens_of(const Event& event);

/// How personal fields appear in JSON.
enum class Show : std::uint8_t { Hidden, Masked, Plain, Digest };

// ---- JSON (event_json.cpp) ----------------------------------------------------------------------

enum class Reading : std::uint8_t { Command, Fact };  ///< commands refuse unknown fields
/// Reads `data` into the payload of `type`. Errors: Invalid/TooLarge with the field's pointer.
Result<Payload> read_payload(EventType type, json::Value data, Reading reading);
/// Same, in place; `into` is of `type` and half filled where it fails.
Result<void> read_payload(EventType type, json::Value data, Reading reading, Payload& into);
/// Same, from text.
Result<Payload> read_payload(EventType type, std::string_view data, Reading reading);
/// A field of a payload as forms need it. `type` is one of api/openapi.yaml's Field types.
struct FieldInfo {
  std::string_view name, type;
  bool is_required = false;
  bool is_seldom = false;                     ///< a form shows it when asked to
  std::span<const std::string_view> options;  ///< of an enum
  std::string_view vocabulary;                ///< … and what it is called in definitions/words.yaml
};
void each_field(EventType type, const std::function<void(const FieldInfo&)>& visit);
/// True where what such an event carries has personal fields.
bool has_personal_fields(EventType type);

/// The payload as a JSON object.
void write_payload(json::Writer& out, const Payload& payload, Show show);
/// The whole event as a JSON object for timelines and audit.
void write_event(json::Writer& out, const Event& event, Show show);

}  // namespace cairn::model

#include "modules/integration/intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "modules/integration/json_scope.hpp"
#include "modules/integration/subject.hpp"

namespace cairn::integration {
namespace {

using model::EventFlag;
using model::EventType;

std::unexpected<Error> invalid(std::string_view pointer, std::string message) {
  return fail(ErrorCode::Invalid, std::move(message), std::string(pointer));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

/// Records of what Cairn itself did; no source can tell them.
bool is_own(EventType type) {
  using enum EventType;
  constexpr EventType kOwn[]{RequestOpened,      RequestApproved, PersonalRevealed,
                             PersonalForgotten,  ConflictSettled, ReferenceClaimed,
                             ReferenceUnclaimed, EventDismissed};
  return contains(kOwn, type);
}

struct Typed {
  EventType type;
  const FactShape* shape = nullptr;  ///< how the source's own data becomes ours
};

Result<Typed> type_of(std::string_view told, const SourceDefinition& source) {
  if (told.empty()) return invalid("/type", "type is required: the event type, see GET /v1/meta");
  if (const auto own = source.types.find(told); own != source.types.end())
    return Typed{own->second.type, &own->second};
  std::string_view name = told;
  if (name.starts_with("cairn.")) name.remove_prefix(6);
  const auto type = model::event_type_from(name);
  if (!type) {
    std::vector<std::string_view> names;
    for (const auto& row : model::event_type_table()) names.push_back(row.name);
    for (const auto& [word, shape] : source.types) names.push_back(word);
    const auto meant = nearest(name, names);
    return invalid(
        "/type", fmt::format("\"{}\" is no event type{}; a status word of source {} is told as "
                             "status_reported",
                             utf8_prefix(told, 64),
                             meant ? fmt::format("; did you mean \"{}\"?", *meant) : std::string(),
                             source.id));
  }
  if (is_own(*type))
    return invalid("/type", fmt::format("{} is written by Cairn itself and cannot be told", name));
  return Typed{*type};
}

Result<void> put_time(const Attributes& a, const SourceDefinition& source, model::Event& event) {
  const auto& told = a.time;
  if (told) {
    auto time = parse_told_time(*told, source.zone);
    if (!time) return invalid(a.time_pointer(), std::move(time).error().message);
    event.occurred = time->time;
    event.precision = time->precision;
    if (time->is_inferred || a.is_zone_inferred) event.set(EventFlag::ZoneInferred);
  } else {
    event.set(EventFlag::NoDate);
    if (a.not_before) {
      auto time = parse_told_time(*a.not_before, source.zone);
      if (!time) return invalid(a.not_before_pointer(), std::move(time).error().message);
      event.occurred = time->time;
    }
  }
  if (!a.precision) return {};
  constexpr std::string_view kNames[]{"microsecond", "second", "minute", "hour", "day"};
  const auto known = std::ranges::find(kNames, *a.precision);
  if (known == std::end(kNames))
    return invalid("/precision", "precision: expected microsecond, second, minute, hour or day");
  event.precision = static_cast<Precision>(known - kNames);
  return {};
}

/// Who it is about, where the sender does not say so: the data's own number.
Result<Address> implied_address(const model::Payload& payload, const SourceDefinition& source) {
  if (const auto* placed = std::get_if<model::OrderPlaced>(&payload))
    if (!trim(placed->order_no).empty()) return address_of_number(trim(placed->order_no), source);
  if (const auto* package = std::get_if<model::PackageReport>(&payload))
    if (!package->number.empty())
      return address_of_reference("tracking", package->carrier, package->number);
  return invalid("/subject",
                 "subject is required: who it is about, as order:<number>, cairn:<order "
                 "id> or a reference such as tracking/zto:73100000000001");
}

Result<Address> address_of(const Attributes& a, const model::Payload& payload,
                           const SourceDefinition& source) {
  if (a.order) {
    if (a.order->starts_with("cairn:")) return parse_subject(*a.order, source);
    const auto number = trim(*a.order);
    if (number.empty() || number.size() > kAttributeBytesMax || has_control(number))
      return invalid("/order", "order: expected an order number of 1 to 300 bytes, or cairn:<id>");
    return address_of_number(number, source);
  }
  if (a.reference)
    return address_of_reference(a.reference->scheme, a.reference->issuer, a.reference->value);
  if (a.subject) return parse_subject(*a.subject, source);
  return implied_address(payload, source);
}

/// Fills in what the address says and the data does not, and the other way round.
void complete(Address& address, model::Payload& payload, const SourceDefinition& source) {
  if (auto* placed = std::get_if<model::OrderPlaced>(&payload)) {
    if (placed->order_no.empty()) placed->order_no = address.order_no;
    if (placed->lifecycle.empty()) placed->lifecycle = source.lifecycle;
  }
  auto* package = std::get_if<model::PackageReport>(&payload);
  if (package && address.reference && address.reference->scheme == "tracking") {
    if (address.reference->issuer.empty()) address.reference->issuer = package->carrier;
    if (package->carrier.empty()) package->carrier = address.reference->issuer;
    if (package->number.empty()) package->number = address.reference->value;
  }
}

std::string subject_text(const Address& address) {
  if (address.order) return model::to_text(*address.order);
  return fmt::format("{}/{}:{}", address.reference->scheme, address.reference->issuer,
                     address.reference->value);
}

#define CAIRN_MEMBER(name)                                              \
  std::visit(                                                           \
      [](const auto& p) -> std::string {                                \
        if constexpr (requires { std::string(p.name); }) return p.name; \
        return {};                                                      \
      },                                                                \
      event.payload)

std::string code_of(const model::Event& event) {
  const auto* package = std::get_if<model::PackageReport>(&event.payload);
  if (!package) return {};
  if (!package->raw_code.empty() || !package->milestone) return package->raw_code;
  return std::string(model::name_of(*package->milestone));
}

/// One counted field of an event, for identities of sources whose ids are not stable.
std::string identity_part(IdentityField field, const Attributes& a, const model::Event& event,
                          const Address& address) {
  switch (field) {
    case IdentityField::Type:
      return std::string(model::row_of(event.type).name);
    case IdentityField::Subject:
      return subject_text(address);
    case IdentityField::Time:
      return event.is(EventFlag::NoDate) ? "-" : format_rfc3339(event.occurred);
    case IdentityField::Second:
      return event.is(EventFlag::NoDate)
                 ? "-"
                 : format_rfc3339(Time{event.occurred.us -
                                       (event.occurred.us % 1'000'000 + 1'000'000) % 1'000'000});
    case IdentityField::Code:
      return code_of(event);
    case IdentityField::Place:
      return CAIRN_MEMBER(place);
    case IdentityField::Number:
      return CAIRN_MEMBER(number);
    case IdentityField::Package:
      return CAIRN_MEMBER(package);
    case IdentityField::Line:
      return CAIRN_MEMBER(line);
    case IdentityField::Payment:
      return CAIRN_MEMBER(payment_id);
    case IdentityField::Case:
      return CAIRN_MEMBER(case_id);
    case IdentityField::Word:
      return CAIRN_MEMBER(word);
    case IdentityField::Ordinal:
      return std::string(a.ordinal.value_or("0"));
  }
  return {};
}
#undef CAIRN_MEMBER

std::string identity_text(const Attributes& a, const SourceDefinition& source,
                          const model::Event& event, const Address& address) {
  if (source.has_stable_ids && !a.id.empty()) return std::string(a.id);
  const auto named = source.identity_by_type.find(event.type);
  std::string out;
  for (const auto field :
       named == source.identity_by_type.end() ? source.identity : named->second) {
    out += '\x1f';
    out += identity_part(field, a, event, address);
  }
  return out;
}

/// Reads the data strictly first: what is read only leniently says more than Cairn understands.
Result<void> put_payload(const Typed& typed, const std::optional<json::Value>& data,
                         const SourceDefinition& source, model::Event& event) {
  const auto within = [](Error error) {
    error.pointer = "/data" + error.pointer;
    return std::unexpected(std::move(error));
  };
  if (data && !data->is_object())
    return invalid("/data", "data: expected an object with the fields of the event type");
  if (!typed.shape && data) {
    if (model::read_payload(typed.type, *data, model::Reading::Command, event.payload)) return {};
    auto lenient = model::read_payload(typed.type, *data, model::Reading::Fact, event.payload);
    if (!lenient) return within(std::move(lenient).error());
    event.set(EventFlag::UnknownFields);
    return {};
  }
  std::string shaped;
  if (typed.shape) {
    if (data) {
      auto made = append_shaped(typed.shape->data, JsonScope(*data), source.zone, shaped);
      if (!made) return within(std::move(made).error());
    }
    event.set(EventFlag::UnknownFields);
  }
  auto payload = model::read_payload(typed.type, shaped, model::Reading::Fact);
  if (!payload) return within(std::move(payload).error());
  event.payload = *std::move(payload);
  return {};
}

/// What the status word of a source means, as facts of their own beside it.
void add_meaning(const Attributes& a, const SourceDefinition& source, const std::string& identity,
                 Facts& facts) {
  auto& status = std::get<model::StatusReported>(facts.all[0].event.payload);
  const auto found = source.statuses.find(status.word);
  if (found == source.statuses.end()) {
    facts.is_unmapped = status.reached == model::Reached::None && status.hold.empty();
    return;
  }
  const StatusMeaning& meaning = found->second;
  if (status.reached == model::Reached::None) status.reached = meaning.reached;
  if (status.hold.empty()) status.hold = meaning.hold;
  if (!a.data) return;
  const JsonScope scope(*a.data);
  std::size_t index = 0;
  for (const auto& fact : meaning.facts) {
    ++index;
    if (!holds(fact.when, scope)) continue;
    std::string data;
    auto made = append_shaped(fact.data, scope, source.zone, data);
    auto payload = made ? model::read_payload(fact.type, data, model::Reading::Fact)
                        : Result<model::Payload>(std::unexpected(made.error()));
    if (!payload) {
      // The word is kept as it is; what it should mean lacks a field this time.
      facts.all[0].event.set(EventFlag::UnknownFields);
      facts.is_unmapped = true;
      continue;
    }
    model::Told told = facts.all[0];
    told.event.type = fact.type;
    told.event.payload = *std::move(payload);
    told.event.raw.clear();
    told.event.id = model::identity_of(
        source.id, fmt::format("{}\x1f{}\x1f{}", identity, model::row_of(fact.type).name, index));
    facts.all.push_back(std::move(told));
  }
}

Result<const SourceDefinition*> source_of(const Attributes& a, const Sources& sources,
                                          const Sender& sender) {
  if (!sender.bound_source.empty()) return sources.resolve(sender.bound_source);
  if (!a.source.empty()) return sources.resolve(a.source);
  if (a.is_short && !sender.default_source.empty()) return sources.resolve(sender.default_source);
  return invalid("/source", "source is required: the id of a connected system");
}

}  // namespace

Result<Facts> facts_of(const Attributes& a, const Sources& sources, const Sender& sender) {
  CAIRN_TRY(const SourceDefinition* source, source_of(a, sources, sender));
  if (a.id.size() > kAttributeBytesMax || has_control(a.id))
    return invalid("/id", "id: at most 300 bytes without control characters");
  CAIRN_TRY(const auto typed, type_of(a.type, *source));
  Facts out;
  model::Told& told = out.all.emplace_back();
  model::Event& event = told.event;
  event.type = typed.type;
  event.origin.source = source->id;
  event.origin.trust = source->trust;
  event.origin.role = source->role;
  event.origin.actor = sender.actor;
  event.origin.ip = sender.ip;
  event.origin.request = sender.request;
  CAIRN_TRY_VOID(put_time(a, *source, event));
  CAIRN_TRY_VOID(put_payload(typed, a.data, *source, event));
  CAIRN_TRY(auto address, address_of(a, event.payload, *source));
  complete(address, event.payload, *source);
  const std::string identity = identity_text(a, *source, event, address);
  event.id = model::identity_of(source->id, identity);
  event.raw = a.raw;
  told.order = address.order;
  told.reference = std::move(address.reference);
  if (typed.type == EventType::StatusReported) add_meaning(a, *source, identity, out);
  return out;
}

namespace {

/// What a byte of JSON may mean to who only looks for the ends of elements.
enum class Mark : std::uint8_t { None, Quote, Opening, Closing, Comma };

constexpr auto kMarks = [] {
  std::array<Mark, 256> marks{};
  marks['"'] = Mark::Quote;
  marks['{'] = marks['['] = Mark::Opening;
  marks['}'] = marks[']'] = Mark::Closing;
  marks[','] = Mark::Comma;
  return marks;
}();

Mark mark_of(char c) { return kMarks[static_cast<unsigned char>(c)]; }

/// The place of the quote that ends the text begun before `at`; the size where none does.
std::size_t end_of_text(std::string_view json, std::size_t at) {
  const std::size_t begin = at;
  while ((at = json.find('"', at)) != json.npos) {
    std::size_t escapes = 0;
    while (at - escapes > begin && json[at - escapes - 1] == '\\') ++escapes;
    if (escapes % 2 == 0) return at;
    ++at;
  }
  return json.size();
}

}  // namespace

Result<std::vector<std::string_view>> split_array(std::string_view json, std::size_t elements_max) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto malformed = [](std::string_view why) {
    return fail(ErrorCode::Malformed, fmt::format("not a JSON array of events: {}", why));
  };
  const std::size_t first = json.find_first_not_of(kBlanks);
  if (first == json.npos || json[first] != '[') return malformed("it does not begin with [");
  std::vector<std::string_view> out;
  std::size_t begin = first + 1, depth = 0;
  for (std::size_t at = begin; at < json.size(); ++at) {
    const Mark mark = mark_of(json[at]);
    if (mark == Mark::None) continue;
    if (mark == Mark::Quote) {
      at = end_of_text(json, at + 1);
      continue;
    }
    if (mark == Mark::Opening) {
      ++depth;
      continue;
    }
    if (depth > 0) {
      if (mark == Mark::Closing) --depth;
      continue;
    }
    if (json[at] == '}') return malformed("a } without its {");
    const auto element = trim(json.substr(begin, at - begin));
    begin = at + 1;
    const bool is_end = mark == Mark::Closing;
    if (element.empty() && !(is_end && out.empty())) return malformed("an element is missing");
    if (!element.empty()) out.push_back(element);
    if (out.size() > elements_max)
      return fail(ErrorCode::TooLarge,
                  fmt::format("a batch has at most {} events; send more batches, or NDJSON, which "
                              "may have any length",
                              elements_max));
    if (!is_end) continue;
    if (json.find_first_not_of(kBlanks, begin) != json.npos)
      return malformed("something follows the closing ]");
    return out;
  }
  return malformed("the closing ] is missing");
}

Result<std::string> decode_header(std::string_view value) {
  value = trim(value);
  std::string plain;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    for (std::size_t i = 1; i + 1 < value.size(); ++i) {
      if (value[i] == '\\' && i + 2 < value.size()) ++i;
      plain += value[i];
    }
    value = plain;
  }
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size() && digit(value[i + 1]) >= 0 &&
        digit(value[i + 2]) >= 0) {
      out += static_cast<char>(digit(value[i + 1]) * 16 + digit(value[i + 2]));
      i += 2;
    } else {
      out += value[i];
    }
  }
  if (!is_utf8(out))
    return fail(ErrorCode::Malformed, "a ce- header is not UTF-8 after percent-decoding");
  return out;
}

}  // namespace cairn::integration

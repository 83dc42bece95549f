#include <map>

#include "crypto/hash.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"

namespace cairn::model {
namespace {

template <typename Field>
std::optional<std::string> shown(const Field& field, Show show) {
  if (show == Show::Hidden) return std::nullopt;
  if (show == Show::Digest) {
    const auto digest =
        crypto::sha256(field.is_sealed() ? field.sealed() : BytesView(field.reveal()));
    return "sha256:" + to_hex(crypto::view(digest).substr(0, 8));
  }
  if (field.is_sealed()) return "***";
  return show == Show::Plain ? field.reveal() : masked(Field::kKind, field.reveal());
}

}  // namespace

Result<void> read_payload(EventType type, json::Value data, Reading reading, Payload& into) {
  if (!data.is_object()) return fail(ErrorCode::Invalid, "expected an object", "/data");
  make_payload(type, into);
  const auto unknown =
      reading == Reading::Command ? codec::Unknown::Refuse : codec::Unknown::Ignore;
  return std::visit([&](auto& p) { return codec::read(data, p, unknown); }, into);
}

Result<Payload> read_payload(EventType type, json::Value data, Reading reading) {
  Payload payload;
  CAIRN_TRY_VOID(read_payload(type, data, reading, payload));
  return payload;
}

Result<Payload> read_payload(EventType type, std::string_view data, Reading reading) {
  json::Document document;
  CAIRN_TRY(const auto value, document.parse(data.empty() ? "{}" : data));
  return read_payload(type, value, reading);
}

void write_payload(json::Writer& out, const Payload& payload, Show show) {
  out.begin_object();
  const auto policy = [&](std::uint16_t, const auto& field) { return shown(field, show); };
  std::visit([&](const auto& p) { codec::write(out, p, policy); }, payload);
  out.end_object();
}

namespace {

/// What an enum is called in definitions/words.yaml.
template <typename E>
constexpr std::string_view kVocabulary = "";
template <>
constexpr std::string_view kVocabulary<PaymentTerms> = "payment_terms";
template <>
constexpr std::string_view kVocabulary<Step> = "step";
template <>
constexpr std::string_view kVocabulary<Direction> = "direction";
template <>
constexpr std::string_view kVocabulary<CaseType> = "case_type";
template <>
constexpr std::string_view kVocabulary<RelationKind> = "relation_kind";
template <>
constexpr std::string_view kVocabulary<PackageFlag> = "package_flag";
template <>
constexpr std::string_view kVocabulary<Reached> = "reached";
template <>
constexpr std::string_view kVocabulary<ReceivedBy> = "received_by";
template <>
constexpr std::string_view kVocabulary<NodeAction> = "node_action";
template <>
constexpr std::string_view kVocabulary<PromiseOf> = "promise_of";
template <>
constexpr std::string_view kVocabulary<PromiseBasis> = "promise_basis";
template <>
constexpr std::string_view kVocabulary<Milestone> = "milestone";

template <typename V>
FieldInfo info_of(std::string_view name) {
  FieldInfo info{name, "text"};
  if constexpr (std::is_same_v<V, bool>) {
    info.type = "boolean";
  } else if constexpr (std::is_enum_v<V>) {
    info.type = "choice";
    info.options = Names<V>::all();
    info.vocabulary = kVocabulary<V>;
  } else if constexpr (std::is_integral_v<V>) {
    const bool is_money = name == "amount" || name == "total" || name == "deposit";
    info.type = is_money ? "money" : "integer";
  } else if constexpr (std::is_same_v<V, Moment>) {
    info.type = "moment";
  } else if constexpr (std::is_same_v<V, JsonText>) {
    info.type = name == "attributes" ? "attributes" : "json";
  } else if constexpr (std::is_same_v<V, Person>) {
    info.type = "person";
  } else if constexpr (std::is_same_v<V, ReferenceText>) {
    info.type = "reference";
  } else if constexpr (std::is_same_v<V, PersonalText>) {
    info.type = "long_text";
  } else if (name == "text") {
    info.type = "long_text";
  }
  return info;
}

template <typename V>
FieldInfo info_of_vector(std::string_view name) {
  FieldInfo info = info_of<V>(name);
  if constexpr (std::is_same_v<V, Part>)
    info.type = "parts";
  else if constexpr (std::is_same_v<V, Line>)
    info.type = "lines";
  else if constexpr (std::is_same_v<V, PlannedStep>)
    info.type = "steps";
  else if constexpr (std::is_enum_v<V>)
    info.type = "choices";
  else
    info.type = "texts";
  return info;
}

}  // namespace

bool has_personal_fields(EventType type) {
  return std::visit([]<typename P>(const P&) { return codec::has_personal<P>(); },
                    make_payload(type));
}

void each_field(EventType type, const std::function<void(const FieldInfo&)>& visit) {
  const Payload payload = make_payload(type);
  std::visit(
      [&](const auto& p) {
        using P = std::remove_cvref_t<decltype(p)>;
        for_each_field<P>([&](const auto& row) {
          if (has(row.flags, Field::Internal)) return;
          using V = std::remove_cvref_t<decltype(p.*row.member)>;
          FieldInfo info;
          if constexpr (IsVector<V>::value)
            info = info_of_vector<typename V::value_type>(row.name);
          else if constexpr (requires(V v) { v.has_value(); })
            info = info_of<typename V::value_type>(row.name);
          else
            info = info_of<V>(row.name);
          info.is_required = has(row.flags, Field::Required);
          info.is_seldom = has(row.flags, Field::Seldom);
          visit(info);
        });
      },
      payload);
}

std::string merge_json_objects(std::string_view base, std::string_view change) {
  if (base.empty() || base == "{}") return std::string(change);
  json::Document base_document, change_document;
  const auto old = base_document.parse(base);
  const auto fresh = change_document.parse(change);
  if (!old || !fresh) return std::string(old ? base : change);
  std::map<std::string, std::string, std::less<>> members;
  auto put = [&](std::string_view key, json::Value value) {
    std::string text;
    value.append_canonical(text);
    if (value.is_null())
      members.erase(std::string(key));
    else
      members[std::string(key)] = std::move(text);
    return true;
  };
  old->members(put);
  fresh->members(put);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  for (const auto& [key, value] : members) w.key(key).raw(value);
  w.end_object();
  return out;
}

void write_event(json::Writer& out, const Event& event, Show show) {
  const auto& type = row_of(event.type);
  out.begin_object();
  out.field("id", std::string_view(to_hex(event.id.view())));
  out.field("type", type.name);
  out.key("label").begin_object().field("zh", type.zh).field("en", type.en).end_object();
  out.field("occurred", event.occurred);
  out.field("recorded", event.recorded);
  if (event.precision == Precision::Day) out.field("precision", "day");
  if (event.precision == Precision::Minute) out.field("precision", "minute");
  if (event.is(EventFlag::NoDate)) out.field("no_date", true);
  if (event.is(EventFlag::Rival)) out.field("rival", true);
  if (event.is(EventFlag::Copied)) out.field("copy_of", to_hex(event.copy_of.view()));
  if (event.is(EventFlag::ZoneInferred)) out.field("zone_inferred", true);
  if (event.is(EventFlag::UnknownFields)) out.field("unknown_fields", true);
  out.field("kind", event.is(EventFlag::Command) ? "command" : "fact");
  out.field("source", event.origin.source);
  out.field("role", name_of(event.origin.role));
  out.text_if("actor", event.origin.actor);
  if (show != Show::Hidden) out.text_if("ip", event.origin.ip);
  out.text_if("request", event.origin.request);
  out.key("data");
  write_payload(out, event.payload, show);
  out.end_object();
}

}  // namespace cairn::model

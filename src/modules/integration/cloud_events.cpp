#include "modules/integration/cloud_events.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "json/writer.hpp"
#include "modules/integration/intake.hpp"

namespace cairn::integration {
namespace {

std::unexpected<Error> invalid(std::string_view pointer, std::string message) {
  return fail(ErrorCode::Invalid, std::move(message), std::string(pointer));
}

Result<void> check_size(std::string_view text, const IntakeLimits& limits) {
  if (text.size() <= limits.event_bytes_max) return {};
  return fail(ErrorCode::TooLarge,
              fmt::format("the event has {} bytes, at most {} are taken; send attachments by "
                          "themselves and long lists as several events",
                          text.size(), limits.event_bytes_max));
}

/// Puts one attribute into its place. `name` is that of CloudEvents; false where it is none of
/// ours.
bool put(Attributes& a, std::string_view name, std::string_view value) {
  if (name == "id")
    a.id = value;
  else if (name == "source")
    a.source = value;
  else if (name == "type")
    a.type = value;
  else if (name == "subject")
    a.subject = value;
  else if (name == "time")
    a.time = value;
  else if (name == "notbefore")
    a.not_before = value;
  else if (name == "precision")
    a.precision = value;
  else if (name == "ordinal")
    a.ordinal = value;
  else if (name == "zoneinferred")
    a.is_zone_inferred = value == "true";
  else
    return false;
  return true;
}

std::string_view cloud_name(std::string_view short_name) {
  if (short_name == "occurred") return "time";
  if (short_name == "not_before") return "notbefore";
  if (short_name == "zone_inferred") return "zoneinferred";
  return short_name;
}

bool is_json_type(std::string_view media) {
  const auto type = to_lower_ascii(trim(media.substr(0, media.find(';'))));
  return type.empty() || type == "application/json" || type == "text/json" ||
         type.ends_with("+json");
}

Result<void> check_required(const Attributes& a, std::string_view version) {
  if (version.empty()) return invalid("/specversion", "specversion is required and is \"1.0\"");
  if (version != "1.0")
    return invalid("/specversion",
                   fmt::format("CloudEvents {} is not read; send 1.0", utf8_prefix(version, 16)));
  if (a.id.empty()) return invalid("/id", "id is required: the source's own id of the event");
  if (a.source.empty()) return invalid("/source", "source is required");
  return {};
}

std::optional<std::string_view> attribute_text(json::Value value, Attributes& a) {
  if (const auto text = value.as_string()) return text;
  if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
  if (auto digits = value.as_id()) return a.keep(*std::move(digits));
  return std::nullopt;
}

Result<void> put_reference(Attributes& a, json::Value value) {
  if (!value.is_object())
    return invalid("/reference", "reference: expected {\"scheme\", \"issuer\", \"value\"}");
  const auto part = [&](std::string_view name) {
    const auto member = value.find(name);
    return member ? member->as_id().value_or("") : std::string();
  };
  a.reference = model::Reference{part("scheme"), part("issuer"), part("value")};
  return {};
}

/// The members of an event written as one JSON object.
struct Members {
  Attributes attributes;
  std::string_view version, media;
  std::optional<std::string_view> base64;
};

Result<Members> members_of(json::Value root) {
  Members out;
  Attributes& a = out.attributes;
  a.is_short = !root.find("specversion").has_value();
  Result<void> result;
  root.members([&](std::string_view name, json::Value value) {
    if (value.is_null()) return true;
    if (name == "data") {
      a.data = value;
      return true;
    }
    if (name == "reference" && a.is_short) {
      result = put_reference(a, value);
      return result.has_value();
    }
    const auto text = attribute_text(value, a);
    const std::string_view meant = a.is_short ? cloud_name(name) : name;
    if (!text) {
      Attributes ignored;
      if (put(ignored, meant, ""))
        result = invalid(fmt::format("/{}", utf8_prefix(name, 64)),
                         fmt::format("{}: expected a text", utf8_prefix(name, 64)));
      return result.has_value();
    }
    if (name == "order" && a.is_short)
      a.order = *text;
    else if (name == "specversion")
      out.version = *text;
    else if (name == "datacontenttype")
      out.media = *text;
    else if (name == "data_base64")
      out.base64 = *text;
    else
      put(a, meant, *text);
    return true;
  });
  if (!result) return std::unexpected(std::move(result).error());
  return out;
}

Result<void> put_base64(Members& members, json::Document& nested) {
  if (!members.base64) return {};
  if (members.attributes.data)
    return invalid("/data_base64", "an event has data or data_base64, not both");
  const auto bytes = from_base64(*members.base64);
  if (!bytes) return invalid("/data_base64", "data_base64 is not base64");
  auto value = nested.parse(*bytes);
  if (!value) {
    value.error().pointer = "/data_base64";
    return std::unexpected(std::move(value).error());
  }
  members.attributes.data = *value;
  return {};
}

}  // namespace

Result<EventForm> event_form(std::string_view content_type, bool has_ce_headers) {
  const auto type = to_lower_ascii(trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/cloudevents-batch+json") return EventForm::Batch;
  if (type == "application/cloudevents+json") return EventForm::Structured;
  if (type == "application/x-ndjson" || type == "application/ndjson" ||
      type == "application/jsonl" || type == "application/x-jsonlines")
    return EventForm::Lines;
  if (has_ce_headers) return EventForm::Binary;
  return fail(ErrorCode::UnsupportedMedia,
              fmt::format("Content-Type \"{}\" without ce- headers is not read; send "
                          "application/cloudevents+json, application/cloudevents-batch+json or "
                          "application/x-ndjson",
                          utf8_prefix(content_type, 64)));
}

EventReader::EventReader(const Sources& sources, IntakeLimits limits)
    : sources_(sources),
      limits_(limits),
      document_({limits.event_bytes_max + 16, limits.json_depth_max}),
      nested_({limits.event_bytes_max + 16, limits.json_depth_max}) {}

Result<Facts> EventReader::read_structured(std::string_view json, const Sender& sender) {
  CAIRN_TRY_VOID(check_size(json, limits_));
  CAIRN_TRY(const auto root, document_.parse(json));
  if (!root.is_object()) return fail(ErrorCode::Malformed, "expected one event as a JSON object");
  CAIRN_TRY(auto members, members_of(root));
  CAIRN_TRY_VOID(check_required(members.attributes, members.version));
  if (!is_json_type(members.media))
    return fail(
        ErrorCode::UnsupportedMedia,
        fmt::format("data of type {} is not read; send JSON", utf8_prefix(members.media, 64)),
        "/datacontenttype");
  CAIRN_TRY_VOID(put_base64(members, nested_));
  members.attributes.raw = json;
  return facts_of(members.attributes, sources_, sender);
}

Result<Facts> EventReader::read_line(std::string_view line, const Sender& sender) {
  CAIRN_TRY_VOID(check_size(line, limits_));
  CAIRN_TRY(const auto root, document_.parse(line));
  if (!root.is_object())
    return fail(ErrorCode::Malformed, "expected one event as a JSON object per line");
  CAIRN_TRY(auto members, members_of(root));
  if (!members.attributes.is_short)
    CAIRN_TRY_VOID(check_required(members.attributes, members.version));
  CAIRN_TRY_VOID(put_base64(members, nested_));
  members.attributes.raw = line;
  return facts_of(members.attributes, sources_, sender);
}

Result<Facts> EventReader::read_binary(std::span<const Header> headers, std::string_view body,
                                       const Sender& sender) {
  CAIRN_TRY_VOID(check_size(body, limits_));
  Attributes a;
  std::string_view version, media;
  for (const auto& [name, value] : headers) {
    const auto lower = to_lower_ascii(name);
    if (lower == "content-type") media = value;
    if (!lower.starts_with("ce-")) continue;
    const std::string attribute = lower.substr(3);
    auto decoded = decode_header(value);
    if (!decoded) {
      decoded.error().pointer = "/" + attribute;
      return std::unexpected(std::move(decoded).error());
    }
    if (attribute == "specversion")
      version = a.keep(*std::move(decoded));
    else
      put(a, attribute, a.keep(*std::move(decoded)));
  }
  CAIRN_TRY_VOID(check_required(a, version));
  if (!is_json_type(media))
    return fail(ErrorCode::UnsupportedMedia,
                fmt::format("data of type {} is not read; send JSON", utf8_prefix(media, 64)));
  if (!trim(body).empty()) {
    CAIRN_TRY(a.data, document_.parse(body));
  }
  a.raw = body;
  return facts_of(a, sources_, sender);
}

Result<void> EventReader::read_batch(std::string_view json, const Sender& sender,
                                     const Visit& visit) {
  CAIRN_TRY(const auto elements, split_array(json, limits_.batch_events_max));
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (!visit(i, read_structured(elements[i], sender))) break;
  return {};
}

void append_cloud_event(std::string& out, const model::Told& told, std::string_view id) {
  const model::Event& event = told.event;
  json::Writer w(out);
  w.begin_object();
  w.field("specversion", "1.0").field("id", id).field("source", event.origin.source);
  w.field("type", model::row_of(event.type).name);
  if (told.order)
    w.field("subject", std::string_view("cairn:" + model::to_text(*told.order)));
  else
    w.field("subject",
            std::string_view(fmt::format("{}/{}:{}", told.reference->scheme, told.reference->issuer,
                                         told.reference->value)));
  const bool has_date = !event.is(model::EventFlag::NoDate);
  w.time_if(has_date ? "time" : "notbefore", event.occurred);
  constexpr std::string_view kNames[]{"microsecond", "second", "minute", "hour", "day"};
  w.field("precision", kNames[static_cast<std::size_t>(event.precision)]);
  if (event.is(model::EventFlag::ZoneInferred)) w.field("zoneinferred", true);
  w.key("data");
  model::write_payload(w, event.payload, model::Show::Plain);
  w.end_object();
}

}  // namespace cairn::integration

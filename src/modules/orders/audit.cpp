#include "modules/orders/audit.hpp"

#include "base/text.hpp"

namespace cairn::orders {
namespace {

using model::EventType;
using ports::RecordType;

void take_origin(AuditRow& row, const model::Origin& origin) {
  row.actor = origin.actor;
  row.ip = origin.ip;
  row.source = origin.source;
  row.request = origin.request;
  row.role = origin.role;
}

std::string_view outcome_of(RecordType record, EventType event) {
  if (record == RecordType::Wording) return "duplicate";
  if (event == EventType::EventCorrected || event == EventType::EventRetracted) return "corrected";
  return event == EventType::RequestOpened ? "requested" : "accepted";
}

}  // namespace

std::optional<AuditRow> audit_row_of(const ports::Record& record) {
  AuditRow row;
  row.number = record.number;
  row.recorded = record.recorded;
  if (record.aggregate.kind == model::kOrderKind)
    row.order = model::to_text(model::order_of(record.aggregate));
  if (record.type == RecordType::Refusal) {
    const auto refusal = core::decode_refusal(record.body);
    if (!refusal) return std::nullopt;
    take_origin(row, refusal->origin);
    row.what = row.label_zh = row.label_en = refusal->command;
    row.outcome = "refused";
    row.reason = refusal->error.message;
    return row;
  }
  if (record.type != RecordType::Event && record.type != RecordType::Wording) return std::nullopt;
  const auto event = model::decode_event(record);
  if (!event) return std::nullopt;
  take_origin(row, event->origin);
  const auto& type = row_of(event->type);
  row.what = type.name;
  row.label_zh = type.zh;
  row.label_en = type.en;
  row.outcome = outcome_of(record.type, event->type);
  json::Writer data(row.data);
  write_payload(data, event->payload, model::Show::Digest);
  return row;
}

void write_audit_row(json::Writer& out, const AuditRow& row) {
  out.begin_object().field("number", row.number).field("recorded", row.recorded);
  out.text_if("order", row.order).text_if("actor", row.actor).field("role", name_of(row.role));
  out.text_if("ip", row.ip).field("source", row.source).text_if("request", row.request);
  out.field("what", row.what).key("label").begin_object().field("zh", row.label_zh);
  out.field("en", row.label_en).end_object().field("outcome", row.outcome);
  out.text_if("reason", row.reason);
  if (!row.data.empty()) out.key("data").raw(row.data);
  out.end_object();
}

std::string audit_csv_head() {
  return "\xEF\xBB\xBFnumber,recorded,order,actor,role,ip,source,request,what,outcome,reason,"
         "data\r\n";
}

void append_audit_csv(std::string& out, const AuditRow& row) {
  bool is_first = true;
  const auto number = std::to_string(row.number);
  const auto recorded = format_rfc3339(row.recorded);
  for (const std::string_view cell :
       {std::string_view(number), std::string_view(recorded), std::string_view(row.order),
        std::string_view(row.actor), name_of(row.role), std::string_view(row.ip),
        std::string_view(row.source), std::string_view(row.request), std::string_view(row.what),
        row.outcome, std::string_view(row.reason), std::string_view(row.data)}) {
    if (!is_first) out += ',';
    is_first = false;
    append_csv_cell(out, cell);
  }
  out += "\r\n";
}

}  // namespace cairn::orders

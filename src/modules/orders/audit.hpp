#pragma once

#include <optional>
#include <string>

#include "core/history.hpp"
#include "json/writer.hpp"

/// Who did or tried what: the log's own records, as people read them.
namespace cairn::orders {

/// One row of the audit. Personal fields appear as digests of their sealed form.
struct AuditRow {
  std::uint64_t number = 0;
  Time recorded;
  std::string order;  ///< empty: about a reference
  std::string actor, ip, source, request;
  model::Role role = model::Role::Source;
  std::string what;  ///< event type or command
  std::string label_zh, label_en;
  std::string_view outcome;  ///< accepted, refused, duplicate, requested, corrected
  std::string reason;
  std::string data;  ///< JSON object; empty of refusals
};

/// Nothing for records that are nobody's doing: changes, letters, receipts.
std::optional<AuditRow> audit_row_of(const ports::Record& record);

/// AuditRow of api/openapi.yaml.
void write_audit_row(json::Writer& out, const AuditRow& row);

/// The head of the CSV form, and a line of it. Cells that a spreadsheet would take for a formula
/// begin with an apostrophe.
std::string audit_csv_head();
void append_audit_csv(std::string& out, const AuditRow& row);

}  // namespace cairn::orders

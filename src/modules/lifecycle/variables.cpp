#include "modules/lifecycle/variables.hpp"

#include <unordered_map>

#include "model/vocabulary.hpp"

namespace cairn::lifecycle {
namespace {

constexpr auto kTable = std::to_array<VariableRow>({
#define X(enumerator, name, unit, doc) {Variable::enumerator, name, Unit::unit, doc},
    CAIRN_VARIABLES(X)
#undef X
});

constexpr std::array<std::int64_t, kVariableCount> start_values() {
  std::array<std::int64_t, kVariableCount> out{};
  for (const auto& row : kTable)
    if (row.unit == Unit::Time) out[static_cast<std::size_t>(row.variable)] = kUnset;
  using enum Variable;
  for (const auto master :
       {MasterPayment, MasterCancel, MasterAmend, MasterRefund, MasterCompletion, MasterDispatch})
    out[static_cast<std::size_t>(master)] = 1;
  return out;
}

}  // namespace

std::span<const VariableRow> variable_table() { return kTable; }

const VariableRow& row_of(Variable variable) { return kTable[static_cast<std::size_t>(variable)]; }

std::optional<Variable> variable_from(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, Variable> out;
    for (const auto& row : kTable) out.emplace(row.name, row.variable);
    return out;
  }();
  const auto found = kByName.find(name);
  if (found == kByName.end()) return std::nullopt;
  return found->second;
}

std::span<const std::string_view> words_of(Unit unit) {
  switch (unit) {
    case Unit::Terms:
      return model::Names<model::PaymentTerms>::all();
    case Unit::CaseType:
      return model::Names<model::CaseType>::all();
    case Unit::Reached:
      return model::Names<model::Reached>::all();
    default:
      return {};
  }
}

Variables::Variables() {
  static constexpr auto kStart = start_values();
  v = kStart;
}

}  // namespace cairn::lifecycle

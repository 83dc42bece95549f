#include "model/event_types.hpp"

#include <array>
#include <unordered_map>
#include <utility>

#include "base/check.hpp"

namespace cairn::model {
namespace {

template <typename T, std::size_t I = 0>
consteval std::size_t index_in_payload() {
  if constexpr (std::is_same_v<T, std::variant_alternative_t<I, Payload>>)
    return I;
  else
    return index_in_payload<T, I + 1>();
}

constexpr auto kTable = std::to_array<EventTypeRow>({
#define X(enumerator, name, rank, payload, zh, en) \
  {EventType::enumerator, name, rank, index_in_payload<payload>(), zh, en},
    CAIRN_EVENT_TYPES(X)
#undef X
});

template <std::size_t... I>
void emplace_alternative(Payload& payload, std::size_t index, std::index_sequence<I...>) {
  using Emplace = void (*)(Payload&);
  static constexpr std::array<Emplace, sizeof...(I)> kEmplace{
      [](Payload& into) { into.emplace<I>(); }...};
  kEmplace[index](payload);
}

}  // namespace

std::span<const EventTypeRow> event_type_table() { return kTable; }

const EventTypeRow& row_of(EventType type) {
  const auto index = static_cast<std::size_t>(type);
  CAIRN_CHECK(index < kTable.size());
  return kTable[index];
}

std::optional<EventType> event_type_from(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, EventType> out;
    for (const auto& row : kTable) out.emplace(row.name, row.type);
    return out;
  }();
  const auto found = kByName.find(name);
  if (found == kByName.end()) return std::nullopt;
  return found->second;
}

void make_payload(EventType type, Payload& into) {
  emplace_alternative(into, row_of(type).payload_index,
                      std::make_index_sequence<std::variant_size_v<Payload>>{});
}

Payload make_payload(EventType type) {
  Payload payload;
  make_payload(type, payload);
  return payload;
}

}  // namespace cairn::model

#include "modules/orders/pack.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

#include "base/check.hpp"

namespace cairn::orders {
namespace {

template <typename T, typename Kind>
concept Is = std::same_as<std::remove_const_t<T>, Kind>;

// ---- the members of every structure -------------------------------------------------------------
// A structured binding names all of them or does not compile: none can be forgotten that is added.

#define CAIRN_MEMBERS(Kind, ...)  \
  template <Is<Kind> T>           \
  auto members(T& v) {            \
    auto& [__VA_ARGS__] = v;      \
    return std::tie(__VA_ARGS__); \
  }
CAIRN_MEMBERS(model::EventKey, occurred, rank, trust, id)
CAIRN_MEMBERS(model::Part, line, quantity)
CAIRN_MEMBERS(model::ReferenceText, scheme, issuer, value, line)
CAIRN_MEMBERS(LineState, id, kind, quantity, tolerance, cancelled, shipped, delivered, back,
              in_case, supplier, warehouse, promised_dispatch, promised_delivery, description)
CAIRN_MEMBERS(StepState, line, place, step, total)
CAIRN_MEMBERS(MilestoneState, milestone, at, latest, has_date, place, leg, sources)
CAIRN_MEMBERS(LegState, leg, carrier, number)
CAIRN_MEMBERS(UnitState, carrier, number)
CAIRN_MEMBERS(PackageState, id, carrier, number, supplier, unit, case_id, units, legs, direction,
              parts, milestones, flags, milestone, has_milestone, milestone_at, is_shipped,
              is_declared, is_confirmed, is_delivered, is_withdrawn, is_back, has_own_number,
              declared_at, declared_latest, shipped_at, shipped_latest, delivered_at,
              delivered_latest, last_scan, estimated, received_by, latitude_e6, longitude_e6,
              last_place)
CAIRN_MEMBERS(MoneyState, id, method, case_id, amount, in_full, at, source)
CAIRN_MEMBERS(HoldState, id, reason, lines, since, has_date, definition)
CAIRN_MEMBERS(CaseState, id, type, state, parts, amount, reason, carrier, number, step, opened,
              moved, is_open, is_succeeded, are_goods_back, is_by_staff)
CAIRN_MEMBERS(PromiseState, of, line, source, at, basis, made)
CAIRN_MEMBERS(PlannedStepState, id, owner, phase, name_zh, name_en, after, planned_start,
              planned_end, started, finished, estimated_end, is_blocked, is_visible, blocked_reason,
              quantity, good, scrap)
CAIRN_MEMBERS(Stretch, from, until)
CAIRN_MEMBERS(RequestState, id, command, master, opened, deadline, is_silent, approvals, approved,
              approved_by, asked_by, asked_source, asked_role, data)
CAIRN_MEMBERS(ConflictState, code, detail, event, verdict)
CAIRN_MEMBERS(VerdictState, key, conflict, verdict)
CAIRN_MEMBERS(TextState, event, at, actor, payload)
CAIRN_MEMBERS(AttributeState, level, element, json, personal)
CAIRN_MEMBERS(ClaimState, order, package, from, until)
CAIRN_MEMBERS(WaitingState, event, number, occurred, source, is_dismissed)
CAIRN_MEMBERS(ReferenceState, key, scheme, issuer, value, claims, told)
CAIRN_MEMBERS(Order, key, key_slot, last_key, last_timer, next_timer, looks_until, waits_until,
              events, corrected_ahead, pinned, lifecycle, preset, state, health, flags, times,
              terms, total, deposit, paid, refunded, is_paid_in_full, order_no, source, shop,
              warehouse, currency, flag_colour, cancel_reason, buyer_id, summary, placed, receiver,
              tokens, lines, steps, packages, payments, refunds, holds, cases, promises, plan,
              requests, conflicts, verdicts, notes, attachments, relations, attributes, tags,
              references, suppliers, waits, stops, evidence_due, receipt_extensions,
              receipt_extensions_by_customer, survey_score, survey_sent, survey_answered,
              status_word)
#undef CAIRN_MEMBERS

template <typename T>
concept HasMembers = requires(T& v) { members(v); };
template <HasMembers T>
constexpr std::size_t kCountOf = std::tuple_size_v<decltype(members(std::declval<T&>()))>;

/// Calls `visit(index, member, the same member of other)` for every member.
template <typename T, typename U, typename Visit>
void each_member(T& v, U& other, Visit&& visit) {
  static_assert(kCountOf<T> <= 64, "the members that are told are bits of one number");
  const auto of = members(v);
  const auto of_other = members(other);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(I, std::get<I>(of), std::get<I>(of_other)), ...);
  }(std::make_index_sequence<kCountOf<T>>{});
}

/// Both sides count the same texts as told: not those of one letter, and only so many that looking
/// through them stays cheap.
constexpr std::size_t kTextsMax = 64;
constexpr bool is_noted(BytesView text, std::size_t noted) {
  return text.size() > 1 && noted < kTextsMax;
}

/// Pointers lie near each other: told as the distance to the one before.
std::int64_t address_of(const void* pointer) {
  return static_cast<std::int64_t>(std::bit_cast<std::uintptr_t>(pointer));
}
/// From one to the other and back, whatever they are: Time::none() to Time::never() wraps.
std::int64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to) -
                                   static_cast<std::uint64_t>(from));
}
std::int64_t moved(std::int64_t from, std::int64_t distance) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) +
                                   static_cast<std::uint64_t>(distance));
}
bool is_moment(Time at) { return !at.is_none() && at != Time::never(); }

// ---- writing ------------------------------------------------------------------------------------

class Packer {
 public:
  explicit Packer(Bytes& out) : w_(out) {}

  template <HasMembers T>
  void put(const T& v) {
    static const T kFresh{};
    std::uint64_t told = 0;
    each_member(v, kFresh, [&](std::size_t i, const auto& member, const auto& fresh) {
      if (!is_same(member, fresh)) told |= std::uint64_t{1} << i;
    });
    put_bits(told, kCountOf<const T>);
    each_member(v, kFresh, [&](std::size_t i, const auto& member, const auto&) {
      if (told >> i & 1) put(member);
    });
  }
  void put(const ports::AggregateKey&) {}
  void put(bool) {}  // being told, it is not what a fresh one is
  template <typename V>
    requires std::is_integral_v<V> || std::is_enum_v<V>
  void put(V v) {
    if constexpr (std::is_signed_v<V>)
      w_.svarint(v);
    else
      w_.varint(static_cast<std::uint64_t>(v));
  }
  void put(Time v) {
    w_.svarint(distance(time_.us, v.us));
    if (is_moment(v)) time_ = v;
  }
  void put(const model::Identity& v) { w_.raw(v.data.data(), v.data.size()); }
  void put(const std::optional<std::int64_t>& v) { w_.svarint(*v); }
  template <typename T>
  void put(const T* v) {
    w_.svarint(distance(address_, address_of(v)));
    address_ = address_of(v);
  }
  void put(const std::string& v) {
    const auto* known = std::find(texts_.data(), texts_.data() + noted_, BytesView(v));
    if (known != texts_.data() + noted_) {
      w_.varint(static_cast<std::uint64_t>(known - texts_.data()) << 1 | 1);
      return;
    }
    w_.varint(v.size() << 1);
    w_.raw(v.data(), v.size());
    if (is_noted(v, noted_)) texts_[noted_++] = v;
  }
  template <std::size_t N>
  void put(const std::array<Time, N>& v) {
    std::uint64_t told = 0;
    for (std::size_t i = 0; i < N; ++i)
      if (!v[i].is_none()) told |= std::uint64_t{1} << i;
    put_bits(told, N);
    for (std::size_t i = 0; i < N; ++i)
      if (told >> i & 1) put(v[i]);
  }
  template <typename T>
  void put(const std::vector<T>& v) {
    w_.varint(v.size());
    for (const auto& element : v) put(element);
  }

 private:
  template <typename V>
  static bool is_same(const V& v, const V& fresh) {
    if constexpr (std::is_same_v<V, ports::AggregateKey>)
      return true;  // whoever keeps the bytes knows it
    else if constexpr (model::IsVector<V>::value)
      return v.empty();
    else
      return v == fresh;
  }
  void put_bits(std::uint64_t bits, std::size_t count) {
    for (; count > 8; count -= 8, bits >>= 8) w_.u8(static_cast<std::uint8_t>(bits));
    w_.u8(static_cast<std::uint8_t>(bits));
  }

  ByteWriter w_;
  Time time_{0};
  std::int64_t address_ = 0;
  std::array<BytesView, kTextsMax> texts_;
  std::size_t noted_ = 0;
};

// ---- reading ------------------------------------------------------------------------------------

class Unpacker {
 public:
  explicit Unpacker(BytesView in) : r_(in) {}

  template <HasMembers T>
  void take(T& fresh) {
    const auto told = take_bits(kCountOf<T>);
    each_member(fresh, fresh, [&](std::size_t i, auto& member, auto&) {
      if (told >> i & 1) take(member);
    });
  }
  void take(ports::AggregateKey&) {}
  void take(bool& v) { v = !v; }
  template <typename V>
    requires std::is_integral_v<V> || std::is_enum_v<V>
  void take(V& v) {
    if constexpr (std::is_signed_v<V>)
      v = static_cast<V>(r_.svarint());
    else
      v = static_cast<V>(r_.varint());
  }
  void take(Time& v) {
    v.us = moved(time_.us, r_.svarint());
    if (is_moment(v)) time_ = v;
  }
  void take(model::Identity& v) { v = model::Identity::from(r_.take(v.data.size())); }
  void take(std::optional<std::int64_t>& v) { v = r_.svarint(); }
  template <typename T>
  void take(const T*& v) {
    address_ = moved(address_, r_.svarint());
    v = std::bit_cast<const T*>(static_cast<std::uintptr_t>(address_));
  }
  void take(std::string& v) {
    const auto head = r_.varint();
    if ((head & 1) != 0) {
      CAIRN_CHECK(head >> 1 < noted_);
      v = texts_[head >> 1];
      return;
    }
    const auto text = r_.take(head >> 1);
    v = text;
    if (is_noted(text, noted_)) texts_[noted_++] = text;
  }
  template <std::size_t N>
  void take(std::array<Time, N>& v) {
    const auto told = take_bits(N);
    for (std::size_t i = 0; i < N; ++i)
      if (told >> i & 1) take(v[i]);
  }
  template <typename T>
  void take(std::vector<T>& v) {
    const auto count = r_.varint();
    CAIRN_CHECK(count <= r_.remaining());
    v.resize(count);
    for (auto& element : v) take(element);
  }
  bool is_at_end() const { return r_.at_end() && !r_.failed(); }

 private:
  std::uint64_t take_bits(std::size_t count) {
    std::uint64_t bits = 0;
    for (std::size_t shift = 0; shift < count; shift += 8)
      bits |= static_cast<std::uint64_t>(r_.u8()) << shift;
    return bits;
  }

  ByteReader r_;
  Time time_{0};
  std::int64_t address_ = 0;
  std::array<BytesView, kTextsMax> texts_;
  std::size_t noted_ = 0;
};

template <typename T>
void unpack_whole(BytesView packed, T& state) {
  Unpacker unpacker(packed);
  unpacker.take(state);
  CAIRN_CHECK(unpacker.is_at_end());
}

}  // namespace

void pack(const Order& order, Bytes& out) { Packer(out).put(order); }
void pack(const ReferenceState& reference, Bytes& out) { Packer(out).put(reference); }

void unpack(BytesView packed, Order& state) { unpack_whole(packed, state); }
void unpack(BytesView packed, ReferenceState& state) { unpack_whole(packed, state); }

}  // namespace cairn::orders

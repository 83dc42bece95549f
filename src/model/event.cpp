#include "model/event.hpp"

#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "model/codec.hpp"

namespace cairn::model {
namespace {
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kNoDateRank = 210;
}  // namespace

EventKey Event::key() const {
  return {occurred, is(EventFlag::NoDate) ? kNoDateRank : row_of(type).rank, origin.trust, id};
}

Bytes encode(const Event& event) {
  thread_local Bytes payload;
  payload.clear();
  ByteWriter pw(payload);
  std::visit([&](const auto& p) { codec::encode(pw, p); }, event.payload);
  Bytes out;
  const auto& origin = event.origin;
  constexpr std::size_t kFixed = 96;  ///< what is not text, and lengths
  out.reserve(kFixed + origin.source.size() + origin.actor.size() + origin.ip.size() +
              origin.request.size() + origin.subject.size() + payload.size() + event.raw.size());
  ByteWriter w(out);
  w.u8(kVersion);
  w.varint(static_cast<std::uint64_t>(event.type));
  w.raw(event.id.data.data(), event.id.size());
  w.i64(event.occurred.us);
  w.u8(static_cast<std::uint8_t>(event.precision));
  w.u8(event.flags);
  w.u8(event.origin.trust);
  w.u8(static_cast<std::uint8_t>(event.origin.role));
  w.u32(event.digest);
  w.varint(event.key_slot);
  w.bytes(event.origin.source);
  w.bytes(event.origin.actor);
  w.bytes(event.origin.ip);
  w.bytes(event.origin.request);
  w.bytes(event.origin.subject);
  w.bytes(payload);
  w.bytes(event.raw);
  if (event.is(EventFlag::Copied)) w.raw(event.copy_of.data.data(), event.copy_of.size());
  return out;
}

Result<Event> decode_event(const ports::Record& record) {
  ByteReader r(record.body);
  Event event;
  const auto damaged = [&] {
    return fail(ErrorCode::Damaged,
                fmt::format("event record {} cannot be read; run cairn verify", record.number));
  };
  if (r.u8() != kVersion) return damaged();
  const auto type = r.varint();
  if (type >= kEventTypeCount) return damaged();
  event.type = static_cast<EventType>(type);
  event.id = Identity::from(r.take(Identity::size()));
  event.occurred.us = r.i64();
  event.precision = static_cast<Precision>(r.u8());
  event.flags = r.u8();
  event.origin.trust = r.u8();
  event.origin.role = static_cast<Role>(r.u8());
  event.digest = r.u32();
  event.key_slot = static_cast<ports::KeySlot>(r.varint());
  event.origin.source = r.bytes();
  event.origin.actor = r.bytes();
  event.origin.ip = r.bytes();
  event.origin.request = r.bytes();
  event.origin.subject = r.bytes();
  const auto payload = r.bytes();
  event.raw = r.bytes();
  if (event.is(EventFlag::Copied)) event.copy_of = Identity::from(r.take(Identity::size()));
  if (r.failed()) return damaged();
  make_payload(event.type, event.payload);
  if (!std::visit([&](auto& p) { return codec::decode(payload, p); }, event.payload))
    return damaged();
  event.recorded = record.recorded;
  event.number = record.number;
  return event;
}

std::uint32_t counted_digest(const Event& event) {
  thread_local Bytes content;
  content.clear();
  ByteWriter w(content);
  w.varint(static_cast<std::uint64_t>(event.type));
  w.i64(event.is(EventFlag::Command) || event.is(EventFlag::NoDate) ? 0 : event.occurred.us);
  std::visit([&](const auto& p) { codec::append_counted(w, p); }, event.payload);
  const auto digest = crypto::sha256(content);
  std::uint32_t out;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

std::uint32_t wording_digest(const Event& event) {
  thread_local Bytes content;
  content.clear();
  ByteWriter w(content);
  std::visit([&](const auto& p) { codec::append_uncounted(w, p); }, event.payload);
  return content.empty() ? 0 : crc32c(content);
}

bool needs_sealing(const Event& event) {
  bool found = !event.raw.empty();
  auto& payload = const_cast<Payload&>(event.payload);
  std::visit([&](auto& p) { codec::each_personal(p, [&](auto, auto&) { found = true; }); },
             payload);
  return found;
}

void seal(Event& event, const Sealing& sealing) {
  std::visit(
      [&](auto& p) {
        codec::each_personal(p, [&](std::uint16_t path, auto& field) {
          if (field.is_sealed()) return;
          using F = std::remove_cvref_t<decltype(field)>;
          field = F::from_sealed(sealing.seal(path, field.reveal()),
                                 sealing.tokens(F::kKind, field.reveal()));
        });
      },
      event.payload);
  if (!event.raw.empty()) event.raw = sealing.seal(kRawField, event.raw);
}

void open(Event& event, const Opening& opening) {
  std::visit(
      [&](auto& p) {
        codec::each_personal(p, [&](std::uint16_t path, auto& field) {
          if (!field.is_sealed()) return;
          using F = std::remove_cvref_t<decltype(field)>;
          if (auto plain = opening(path, field.sealed())) field = F::from_plain(*std::move(plain));
        });
      },
      event.payload);
  if (!event.raw.empty()) {
    auto plain = opening(kRawField, event.raw);
    event.raw = plain ? *std::move(plain) : Bytes{};
  }
}

void keep_personal(Payload& to, const Payload& from) {
  std::visit(
      [&](auto& p) {
        using P = std::remove_cvref_t<decltype(p)>;
        static const P kNothing{};
        const auto* same = std::get_if<P>(&from);
        codec::keep_personal(p, same ? *same : kNothing);
      },
      to);
}

namespace {
template <HasFields P>
const std::set<std::string>& names_in() {
  static const auto kNames = [] {
    std::set<std::string> names;
    codec::each_personal_name<P>([&](const std::string& name) { names.insert(name); });
    return names;
  }();
  return kNames;
}
}  // namespace

const std::set<std::string>& personal_names(EventType type) {
  return std::visit(
      []<typename P>(const P&) -> const std::set<std::string>& { return names_in<P>(); },
      make_payload(type));
}

const std::set<std::string>& personal_names() {
  static const auto kNames = [] {
    std::set<std::string> names;
    [&]<typename... P>(const std::variant<P...>*) {
      (names.insert(names_in<P>().begin(), names_in<P>().end()), ...);
    }(static_cast<const Payload*>(nullptr));
    return names;
  }();
  return kNames;
}

Bytes tokens_of(const Event& event) {
  Bytes out;
  auto& payload = const_cast<Payload&>(event.payload);
  std::visit(
      [&](auto& p) { codec::each_personal(p, [&](auto, auto& field) { out += field.tokens(); }); },
      payload);
  return out;
}

}  // namespace cairn::model

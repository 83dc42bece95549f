#include "modules/orders/rows.hpp"

#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "base/ranges.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "model/payload_codec.hpp"
#include "modules/orders/fold.hpp"
#include "modules/orders/lists.hpp"

namespace cairn::orders {
namespace {
/// Raise when the layout below or what goes into a row changes: rows are then made again.
constexpr std::uint32_t kLayout = 2;
/// Calls `visit(name, value)` for what the order as a whole was told, or was set since.
template <typename Visit>
void each_attribute(const Order& order, Visit&& visit) {
  if (order.placed.empty()) return;
  auto text = model::decode_payload<model::OrderPlaced>(order.placed).attributes.text;
  for (const auto& set : order.attributes)
    if (set.element.empty() && (set.level.empty() || set.level == "order"))
      text = model::merge_json_objects(text, set.json);
  if (text.empty()) return;
  json::Document document;
  const auto all = document.parse(text);
  if (!all || !all->is_object()) return;
  all->members([&](std::string_view name, json::Value value) {
    if (const auto flag = value.as_bool())
      visit(name, *flag ? "true" : "false");
    else if (const auto plain = value.as_id())
      visit(name, *plain);
    return true;
  });
}

/// Everything that is searched by exact value: personal terms, numbers, parties.
struct Words {
  Bytes tokens;
  std::vector<std::uint32_t> words;
};
Words words_of(const Order& order, Names& names) {
  Words out;
  if (!order.is(Flag::Forgotten)) out.tokens = order.tokens;
  const auto word = [&](std::string_view prefix, std::string_view text) {
    if (text.empty()) return;
    const auto number_of_word = names.number_of(fmt::format("{}:{}", prefix, text));
    if (!contains(out.words, number_of_word)) out.words.push_back(number_of_word);
  };
  for (const auto& line : order.lines) {
    word("supplier", line.supplier);
    word("warehouse", line.warehouse);
  }
  for (const auto& supplier : order.suppliers) word("supplier", supplier);
  for (const auto& package : order.packages) {
    word("carrier", package.carrier);
    word("supplier", package.supplier);
  }
  const auto number_word = [&](std::string_view scheme, std::string_view value) {
    if (value.empty()) return;
    out.tokens += number_token(scheme, value);
    out.tokens += number_token("", value);
  };
  for (const auto& reference : order.references) number_word(reference.scheme, reference.value);
  for (const auto& package : order.packages) number_word("tracking", package.number);
  each_attribute(order, [&](std::string_view name, std::string_view value) {
    out.tokens += attribute_token(name, value);
  });
  word("party", order.buyer_id);
  for (const auto& tag : order.tags) word("tag", tag);
  for (const auto& hold : order.holds) word("hold", hold.reason);
  return out;
}

/// Of all that `words_of` reads; never 0.
std::uint64_t words_hash(const Order& order) {
  std::uint64_t hash = 1;
  const auto add = [&](std::string_view text) {
    hash = (hash ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 29;
  };
  add(order.is(Flag::Forgotten) ? std::string_view() : order.tokens);
  add(order.buyer_id);
  for (const auto& line : order.lines) add(line.supplier), add(line.warehouse);
  add("packages");
  for (const auto& package : order.packages)
    add(package.carrier), add(package.supplier), add(package.number);
  add("references");
  for (const auto& reference : order.references) add(reference.scheme), add(reference.value);
  add("suppliers");
  for (const auto& supplier : order.suppliers) add(supplier);
  add("tags");
  for (const auto& tag : order.tags) add(tag);
  add("attributes");
  add(order.placed);
  for (const auto& set : order.attributes) add(set.level), add(set.element), add(set.json);
  add("holds");
  for (const auto& hold : order.holds) add(hold.reason);
  return hash | 1;
}

/// Of all that `put_parties` reads; never 0.
std::uint64_t parties_hash(const Order& order) {
  std::uint64_t hash = std::hash<std::string_view>{}(order.placed) * 31 +
                       std::hash<std::string_view>{}(order.receiver) + order.key_slot;
  if (order.is(Flag::Forgotten)) hash = ~hash;
  return hash | 1;
}

/// Who bought it and where it goes. Gives the name, still sealed: whoever shows it opens it.
Bytes put_parties(const Order& order, Names& names, Row& row) {
  if (!order.is(Flag::Placed)) return {};
  const auto told = model::decode_payload<model::OrderPlaced>(order.placed);
  const auto receiver =
      order.receiver.empty() ? told.receiver : model::decode_payload<model::Person>(order.receiver);
  row.city = names.number_of(receiver.city.empty() ? told.buyer.city : receiver.city);
  if (order.is(Flag::Forgotten)) return {};
  row.key_slot = order.key_slot;
  const bool has_buyer = !told.buyer.name.empty();
  auto person = has_buyer ? told.buyer : receiver;
  const auto parent = static_cast<std::uint16_t>(has_buyer                ? kBuyerField
                                                 : order.receiver.empty() ? kReceiverField
                                                                          : kNewReceiverField);
  Bytes buyer;
  model::codec::each_personal(
      person,
      [&](std::uint16_t path, auto& field) {
        if (path % 64 != 2 || !field.is_sealed()) return;
        buyer = field.sealed();
        row.buyer_field = path;
      },
      parent);
  return buyer;
}

}  // namespace

std::uint32_t Names::number_of(std::string_view text, Use use) {
  if (text.empty()) return 0;
  const auto is_noted = [&](std::uint32_t number) {
    return use == Use::Any || used_as_[static_cast<std::size_t>(use)].contains(number);
  };
  {
    std::shared_lock lock(mutex_);
    const auto found = numbers_.find(text);
    if (found != numbers_.end() && is_noted(found->second)) return found->second;
  }
  std::unique_lock lock(mutex_);
  auto found = numbers_.find(text);
  if (found == numbers_.end()) {
    texts_.emplace_back(text);
    found = numbers_.emplace(texts_.back(), static_cast<std::uint32_t>(texts_.size() - 1)).first;
  }
  if (use != Use::Any) used_as_[static_cast<std::size_t>(use)].insert(found->second);
  return found->second;
}
void Names::each_of(std::string_view kind,
                    const std::function<void(std::string_view)>& visit) const {
  const std::string prefix = fmt::format("{}:", kind);
  std::shared_lock lock(mutex_);
  const auto use = kind == "shop" ? Use::Shop : kind == "warehouse" ? Use::Warehouse : Use::Any;
  for (const auto number : used_as_[static_cast<std::size_t>(use)]) visit(texts_[number]);
  if (use != Use::Any) return;
  for (auto at = numbers_.lower_bound(prefix);
       at != numbers_.end() && at->first.starts_with(prefix); ++at)
    visit(at->first.substr(prefix.size()));
}
std::uint32_t Names::known(std::string_view text) const {
  std::shared_lock lock(mutex_);
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? 0 : found->second;
}
std::string_view Names::text(std::uint32_t number) const {
  std::shared_lock lock(mutex_);
  return texts_[number];
}

model::Health Row::health(Time now) const {
  using enum model::Health;
  if (is_done) {
    if (promised.is_none() || delivered.is_none()) return NoPromise;
    return delivered <= promised ? DoneOnTime : DoneLate;
  }
  if (is_paused) return Paused;
  if (promised.is_none()) return NoPromise;
  return now > promised ? Overdue : OnTime;
}

RowTexts::RowTexts(std::string_view order_no, std::string_view summary, BytesView tokens,
                   BytesView buyer, std::span<const std::uint32_t> words) {
  constexpr std::size_t kTextMax = std::numeric_limits<std::uint16_t>::max();
  order_no = utf8_prefix(order_no, kTextMax);
  summary = utf8_prefix(summary, kTextMax);
  Sizes sizes;
  sizes.words = static_cast<std::uint32_t>(words.size());
  sizes.tokens = static_cast<std::uint32_t>(tokens.size());
  sizes.order_no = static_cast<std::uint16_t>(order_no.size());
  sizes.summary = static_cast<std::uint16_t>(summary.size());
  sizes.buyer = static_cast<std::uint32_t>(buyer.size());
  const auto size = sizeof sizes + words.size_bytes() + order_no.size() + summary.size() +
                    tokens.size() + buyer.size();
  block_ = std::make_unique_for_overwrite<std::byte[]>(size);
  auto* at = block_.get();
  const auto put = [&](const void* data, std::size_t count) {
    if (count != 0) std::memcpy(at, data, count);
    at += count;
  };
  put(&sizes, sizeof sizes);
  put(words.data(), words.size_bytes());
  for (const auto text : {order_no, summary, tokens, buyer}) put(text.data(), text.size());
}

RowTexts::RowTexts(const RowTexts& other)
    : RowTexts(other.order_no(), other.summary(), other.tokens(), other.buyer(), other.words()) {}

RowTexts& RowTexts::operator=(const RowTexts& other) {
  if (this != &other) *this = RowTexts(other);
  return *this;
}

RowTexts::Sizes RowTexts::sizes() const {
  Sizes sizes;
  if (block_) std::memcpy(&sizes, block_.get(), sizeof sizes);
  return sizes;
}

std::span<const std::uint32_t> RowTexts::words() const {
  if (!block_) return {};
  static_assert(sizeof(Sizes) % alignof(std::uint32_t) == 0);
  return {reinterpret_cast<const std::uint32_t*>(block_.get() + sizeof(Sizes)), sizes().words};
}

BytesView RowTexts::part(int which) const {
  if (!block_) return {};
  const auto size = sizes();
  const auto* at = reinterpret_cast<const char*>(block_.get() + sizeof size +
                                                 size.words * sizeof(std::uint32_t));
  if (which == 0) return {at, size.order_no};
  if (which == 1) return {at + size.order_no, size.summary};
  if (which == 2) return {at + size.order_no + size.summary, size.tokens};
  return {at + size.order_no + size.summary + size.tokens, size.buyer};
}

BytesView RowTexts::all() const {
  if (!block_) return {};
  const auto end = buyer();
  const auto* begin = reinterpret_cast<const char*>(block_.get());
  return {begin, end.data() + end.size()};
}

Row& RowTable::row_of(std::uint32_t serial, const model::OrderId& id) {
  if (serial >= by_serial_.size()) by_serial_.resize(std::max<std::size_t>(serial + 1, 64));
  auto& at = by_serial_[serial];
  if (at == 0) {
    at = static_cast<std::uint32_t>(rows_.size());
    rows_.emplace_back().id = id;
    index_.insert(id.hash(), at, [&](std::uint32_t other) { return rows_[other].id.hash(); });
  }
  return rows_[at];
}

namespace {
/// All of a row but its texts.
Row without_texts(const Order& order, std::uint64_t version, std::uint64_t number,
                  const Context& context, Names& names) {
  Row fresh;
  fresh.id = order.id();
  fresh.is_placed = order.is(Flag::Placed);
  fresh.lifecycle = context.number_of(*order.lifecycle);
  fresh.state = order.state;
  fresh.category = order.category();
  if (const auto milestone = milestone_of(order))
    fresh.milestone = static_cast<std::uint8_t>(*milestone);
  fresh.is_done = is_done(order);
  fresh.is_paused = order.health == model::Health::Paused;
  fresh.badges = static_cast<std::uint16_t>(badges_of(order));
  fresh.shop = names.number_of(order.shop, Names::Use::Shop);
  fresh.warehouse = names.number_of(order.warehouse, Names::Use::Warehouse);
  fresh.source = names.number_of(order.source);
  fresh.currency = names.number_of(order.currency);
  fresh.flag = names.number_of(order.flag_colour);
  fresh.total = order.total.value_or(kUnset);
  fresh.placed = order.at(At::Placed);
  fresh.promised = judged_by(order);
  if (const auto* promise = promise_of(order, model::PromiseOf::Delivered))
    fresh.promise_basis = promise->basis;
  fresh.delivered = order.at(At::Delivered);
  fresh.changed = order.last_key.occurred;
  fresh.valid_until = order.looks_until;
  fresh.version = static_cast<std::uint32_t>(version);
  fresh.number = number;
  fresh.line_count = static_cast<std::uint16_t>(order.lines.size());
  fresh.package_count = static_cast<std::uint16_t>(order.packages.size());
  fresh.has_case = std::ranges::any_of(order.cases, &CaseState::is_open);
  fresh.has_conflict = !order.conflicts.empty();
  return fresh;
}
}  // namespace

Row make_status_row(const Order& order, std::uint64_t version, std::uint64_t number,
                    const Context& context, Names& names) {
  Row fresh = without_texts(order, version, number, context, names);
  fresh.texts = RowTexts(order.order_no, order.summary, {}, {}, {});
  return fresh;
}

Row make_row(const Order& order, std::uint64_t version, std::uint64_t number,
             const Context& context, Names& names, const Row* before) {
  Row fresh = without_texts(order, version, number, context, names);
  fresh.made_of = words_hash(order);
  fresh.parties_of = parties_hash(order);
  Bytes made_buyer;
  BytesView buyer;
  if (before && before->parties_of == fresh.parties_of) {
    fresh.city = before->city;
    fresh.buyer_field = before->buyer_field;
    fresh.key_slot = before->key_slot;
    buyer = before->buyer();
  } else {
    buyer = made_buyer = put_parties(order, names, fresh);
  }
  if (before && before->made_of == fresh.made_of) {
    fresh.texts = RowTexts(order.order_no, order.summary, before->tokens(), buyer, before->words());
  } else {
    const auto made = words_of(order, names);
    fresh.texts = RowTexts(order.order_no, order.summary, made.tokens, buyer, made.words);
  }
  return fresh;
}

void RowTable::put(ports::AggregateKey, std::uint32_t serial, const core::Aggregate& state,
                   std::uint64_t version, std::uint64_t number) {
  const auto& order = static_cast<const Order&>(state);
  // Only this thread writes rows, so it may read the old one without the lock.
  const bool is_known = serial < by_serial_.size() && by_serial_[serial] != 0;
  const Row* before = is_known ? &rows_[by_serial_[serial]] : nullptr;
  if (number == 0 && before) number = before->number;
  Row fresh = make_row(order, version, number, context_, names_, before);
  std::unique_lock lock(mutex_);
  row_of(serial, fresh.id) = std::move(fresh);
}

Bytes RowTable::bytes(std::uint32_t serial) const {
  if (serial >= by_serial_.size() || by_serial_[serial] == 0) return {};
  const Row& row = rows_[by_serial_[serial]];
  Bytes out;
  out.reserve(160 + row.order_no().size() + row.summary().size() + row.tokens().size() +
              row.buyer().size() + row.words().size() * 24);
  ByteWriter w(out);
  w.u8(row.state);
  w.u8(row.lifecycle);
  w.u8(static_cast<std::uint8_t>(row.category));
  w.u8(row.milestone);
  w.u8(static_cast<std::uint8_t>(row.is_placed | row.is_paused << 1 | row.has_case << 2 |
                                 row.is_done << 3 | row.has_conflict << 4));
  w.u8(static_cast<std::uint8_t>(row.promise_basis));
  w.varint(row.badges);
  for (const auto name : {row.shop, row.warehouse, row.source, row.currency, row.flag, row.city})
    w.bytes(names_.text(name));
  w.i64(row.total);
  for (const auto time : {row.placed, row.promised, row.delivered, row.changed, row.valid_until})
    w.i64(time.us);
  w.varint(row.version);
  w.varint(row.number);
  w.varint(row.line_count);
  w.varint(row.package_count);
  w.bytes(row.order_no());
  w.bytes(row.summary());
  w.bytes(row.tokens());
  w.bytes(row.buyer());
  w.u32(row.key_slot);
  w.u16(row.buyer_field);
  w.varint(row.words().size());
  for (const auto word : row.words()) w.bytes(names_.text(word));
  return out;
}

Result<void> RowTable::load(ports::AggregateKey key, std::uint32_t serial, BytesView bytes) {
  if (bytes.empty()) return {};
  ByteReader r(bytes);
  Row row;
  row.id = model::order_of(key);
  row.state = r.u8();
  row.lifecycle = r.u8();
  row.category = static_cast<model::Category>(r.u8());
  row.milestone = r.u8();
  const auto bits = r.u8();
  row.is_placed = bits & 1;
  row.is_paused = bits & 2;
  row.has_case = bits & 4;
  row.is_done = bits & 8;
  row.has_conflict = bits & 16;
  row.promise_basis = static_cast<model::PromiseBasis>(r.u8());
  row.badges = static_cast<std::uint16_t>(r.varint());
  row.shop = names_.number_of(r.bytes(), Names::Use::Shop);
  row.warehouse = names_.number_of(r.bytes(), Names::Use::Warehouse);
  for (auto* name : {&row.source, &row.currency, &row.flag, &row.city})
    *name = names_.number_of(r.bytes());
  row.total = r.i64();
  for (auto* time : {&row.placed, &row.promised, &row.delivered, &row.changed, &row.valid_until})
    time->us = r.i64();
  row.version = static_cast<std::uint32_t>(r.varint());
  row.number = r.varint();
  row.line_count = static_cast<std::uint16_t>(r.varint());
  row.package_count = static_cast<std::uint16_t>(r.varint());
  const auto order_no = r.bytes(), summary = r.bytes(), tokens = r.bytes(), buyer = r.bytes();
  row.key_slot = r.u32();
  row.buyer_field = r.u16();
  std::vector<std::uint32_t> words;
  for (auto count = r.varint(); count > 0 && !r.failed(); --count)
    words.push_back(names_.number_of(r.bytes()));
  row.texts = RowTexts(order_no, summary, tokens, buyer, words);
  if (r.failed())
    return fail(ErrorCode::Damaged,
                "a row of the view of orders cannot be read; run cairn rebuild");
  std::unique_lock lock(mutex_);
  row_of(serial, row.id) = std::move(row);
  return {};
}

void RowTable::forget_all() {
  std::unique_lock lock(mutex_);
  rows_.clear();
  rows_.emplace_back();
  by_serial_.clear();
  index_.clear();
}

std::uint32_t RowTable::fingerprint() const {
  Bytes content;
  ByteWriter w(content);
  w.varint(kFoldVersion);
  w.varint(context_.fingerprint());
  return crc32c(content, kLayout);
}

std::size_t RowTable::size() const {
  std::shared_lock lock(mutex_);
  return rows_.size() - 1;
}

std::size_t Rows::size() const {
  std::size_t sum = 0;
  for (const auto& table : tables_) sum += table->size();
  return sum;
}

}  // namespace cairn::orders

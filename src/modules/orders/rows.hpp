#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <shared_mutex>
#include <span>

#include "base/blocks.hpp"
#include "core/cluster.hpp"
#include "core/serial_index.hpp"
#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

namespace cairn::orders {

/// Texts that many orders share (shops, carriers, tags), each stored once. Any thread.
class Names {
 public:
  enum class Use : std::uint8_t { Any, Shop, Warehouse };
  /// Added when new; 0 is the empty text.
  std::uint32_t number_of(std::string_view text, Use use = Use::Any);
  std::uint32_t known(std::string_view text) const;  ///< 0 when nobody has it
  std::string_view text(std::uint32_t number) const;
  /// Every "shop" or "warehouse", "supplier" or "carrier" that some order has named.
  void each_of(std::string_view kind, const std::function<void(std::string_view)>& visit) const;

 private:
  mutable std::shared_mutex mutex_;
  std::deque<std::string> texts_{""};
  std::map<std::string_view, std::uint32_t> numbers_{{"", 0}};
  std::array<std::set<std::uint32_t>, 3> used_as_;  ///< by Use
};

/// The texts of a row in one allocation of exactly their size.
class RowTexts {
 public:
  RowTexts() = default;
  RowTexts(std::string_view order_no, std::string_view summary, BytesView tokens, BytesView buyer,
           std::span<const std::uint32_t> words);
  RowTexts(const RowTexts& other);
  RowTexts& operator=(const RowTexts& other);
  RowTexts(RowTexts&&) = default;
  RowTexts& operator=(RowTexts&&) = default;
  ~RowTexts() = default;

  std::string_view order_no() const { return part(0); }
  std::string_view summary() const { return part(1); }
  BytesView tokens() const { return part(2); }
  BytesView buyer() const { return part(3); }
  std::span<const std::uint32_t> words() const;
  bool operator==(const RowTexts& other) const { return all() == other.all(); }

 private:
  struct Sizes {
    std::uint32_t words = 0;  ///< how many
    std::uint32_t tokens = 0, buyer = 0;
    std::uint16_t order_no = 0, summary = 0;
  };
  Sizes sizes() const;
  BytesView all() const;
  BytesView part(int which) const;
  std::unique_ptr<std::byte[]> block_;  ///< sizes · words · order_no · summary · tokens · buyer
};

/// What is known of every order without folding it: enough for status, lists and board. There is
/// one of every order there ever was: what is added here is added a million times.
struct Row {
  model::OrderId id;
  lifecycle::StateId state = 0;
  std::uint8_t lifecycle = 0;  ///< index into the definitions
  model::Category category = model::Category::Unconfirmed;
  std::uint8_t milestone = 0xff;
  bool is_placed = false;
  bool is_paused = false;
  bool is_done = false;
  bool has_case = false;
  bool has_conflict = false;
  model::PromiseBasis promise_basis = model::PromiseBasis::Computed;
  std::uint16_t badges = 0;
  std::uint16_t line_count = 0, package_count = 0;
  std::uint16_t buyer_field = 0;  ///< as what the buyer's name was sealed
  std::uint32_t version = 0;
  std::uint32_t shop = 0, warehouse = 0, source = 0, currency = 0, flag = 0, city = 0;
  ports::KeySlot key_slot = 0;
  std::int64_t total = kUnset;
  Time placed = Time::none(), promised = Time::none(), delivered = Time::none();
  Time changed = Time::none(), valid_until = Time::never();
  std::uint64_t number = 0;      ///< of its newest record
  std::uint64_t made_of = 0;     ///< hash of what tokens and words follow from; 0: not known
  std::uint64_t parties_of = 0;  ///< hash of what buyer and city follow from; 0: not known
  RowTexts texts;

  std::string_view order_no() const { return texts.order_no(); }
  std::string_view summary() const { return texts.summary(); }  ///< names of the first lines
  BytesView tokens() const { return texts.tokens(); }  ///< of search terms, eight bytes each
  BytesView buyer() const { return texts.buyer(); }    ///< the name, sealed under `key_slot`
  /// Suppliers, carriers, tags, hold reasons: prefixed names.
  std::span<const std::uint32_t> words() const { return texts.words(); }
  model::Health health(Time now) const;
};
static_assert(sizeof(Row) <= 152);
static_assert(kBadges.size() <= 16);

/// With `before`, an earlier row of the order, its tokens and words are kept where they still hold.
Row make_row(const Order& order, std::uint64_t version, std::uint64_t number,
             const Context& context, Names& names, const Row* before = nullptr);
/// Without what only searches and lists need: tokens, words, buyer, city.
Row make_status_row(const Order& order, std::uint64_t version, std::uint64_t number,
                    const Context& context, Names& names);

/// In what order all rows are walked: who looks for the newest has then soon seen what others must
/// beat.
enum class Walk : std::uint8_t { OldestFirst, NewestFirst };

/// The rows of one shard. The shard's thread writes; any thread reads under a shared lock.
class RowTable final : public core::View {
 public:
  RowTable(const Context& context, Names& names) : context_(context), names_(names) {
    rows_.emplace_back();
  }

  void put(ports::AggregateKey key, std::uint32_t serial, const core::Aggregate& state,
           std::uint64_t version, std::uint64_t number) override;
  Bytes bytes(std::uint32_t serial) const override;
  Result<void> load(ports::AggregateKey key, std::uint32_t serial, BytesView row) override;
  void forget_all() override;
  std::uint32_t fingerprint() const override;

  /// Calls `use(const Row&)` under the lock; false when there is none.
  template <typename Use>
  bool with(const model::OrderId& id, Use&& use) const {
    std::shared_lock lock(mutex_);
    const auto at = find(id);
    if (at == 0) return false;
    use(rows_[at]);
    return true;
  }
  /// Calls `visit(const Row&)` for every placed order; the lock is let go between stretches, so a
  /// row that moves meanwhile is seen before or after, never half. Short ones: the shard waits for
  /// the end of one with every row it puts, and everybody whose event it is with it.
  template <typename Visit>
  void each(Visit&& visit, Walk walk = Walk::OldestFirst) const {
    const auto count = size();
    for (std::size_t done = 0; done < count;) {
      std::shared_lock lock(mutex_);
      if (rows_.size() <= count) return;  // all were forgotten meanwhile
      for (const auto end = std::min(count, done + kStretch); done < end; ++done) {
        const auto& row = rows_[walk == Walk::OldestFirst ? done + 1 : count - done];
        if (row.is_placed) visit(row);
      }
    }
  }
  std::size_t size() const;

 private:
  static constexpr std::size_t kStretch = 256;
  std::uint32_t find(const model::OrderId& id) const {
    return index_.find(id.hash(), [&](std::uint32_t at) { return rows_[at].id == id; });
  }
  Row& row_of(std::uint32_t serial, const model::OrderId& id);

  const Context& context_;
  Names& names_;
  mutable std::shared_mutex mutex_;
  Blocks<Row> rows_;                      ///< rows_[0] is nobody's
  std::vector<std::uint32_t> by_serial_;  ///< serials of the shard cover other kinds too
  core::SerialIndex index_;
};

/// The rows of all shards.
class Rows {
 public:
  Rows(const Context& context, std::uint32_t shards) {
    for (std::uint32_t i = 0; i < shards; ++i)
      tables_.push_back(std::make_unique<RowTable>(context, names_));
  }
  RowTable& table(std::uint32_t shard) { return *tables_[shard]; }
  const Names& names() const { return names_; }
  Names& names() { return names_; }

  template <typename Use>
  bool with(const model::OrderId& id, Use&& use) const {
    return tables_[core::shard_of(model::order_key(id), static_cast<std::uint32_t>(tables_.size()))]
        ->with(id, use);
  }
  template <typename Visit>
  void each(Visit&& visit, Walk walk = Walk::OldestFirst) const {
    for (const auto& table : tables_) table->each(visit, walk);
  }
  std::size_t size() const;

 private:
  Names names_;
  std::vector<std::unique_ptr<RowTable>> tables_;
};

}  // namespace cairn::orders

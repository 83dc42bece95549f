#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/command.hpp"
#include "model/event.hpp"

namespace cairn::core {

/// The folded state of one aggregate: a module's own class. Owned by its shard, used on its thread.
class Aggregate {
 public:
  virtual ~Aggregate() = default;
  /// The earliest moment at which it can look different without a new event; Time::never().
  virtual Time valid_until() const = 0;
};

/// An event addressed to another aggregate: an effect that is owed (DESIGN §4, "letters").
struct Letter {
  ports::AggregateKey to;
  model::Event event;
};

/// All events of the aggregate in order of number; asked for only where it is needed.
using HistoryOf = std::function<std::vector<model::Event>()>;

/// Whether the aggregate has recorded an event of this identity.
using Knows = std::function<bool(const model::Identity&)>;

/// How one kind of aggregate is folded and decides. Written by a module, pure, no clock. Any
/// thread.
class Reducer {
 public:
  virtual ~Reducer() = default;

  /// The full fold: `events` are all of the aggregate in order of number.
  virtual std::unique_ptr<Aggregate> fold(const ports::AggregateKey& key,
                                          std::span<const model::Event> events, Time now) const = 0;

  /// True when `event` stands after all that was folded, so that `apply` equals the full fold.
  virtual bool is_newest(const Aggregate& state, const model::Event& event) const = 0;

  /// The shortcut for the newest event; only after `is_newest`.
  virtual void apply(Aggregate& state, const model::Event& event, Time now) const = 0;

  /// Applies every automatic transition due by `now`. True when something changed.
  virtual bool advance(Aggregate& state, Time now) const = 0;

  /// True when `decide` or `letters` must see all events of the aggregate for this one.
  virtual bool needs_history(const model::Event& event) const = 0;

  /// Before an event for which `needs_history` is sealed and written: puts into it what only its
  /// history can tell. May be repeated. Errors: of commands only, as those of `decide`.
  virtual Result<void> complete(model::Event&, const HistoryOf&) const { return {}; }

  /// What a command comes to. Errors: Refused, Invalid, Forbidden … ; then nothing happens.
  virtual Result<std::vector<model::Event>> decide(const Aggregate& state, const Command& command,
                                                   const Knows& knows, Time at) const = 0;

  /// What is visible from outside in a few bytes; written into change records as "was" and "is".
  virtual Bytes summary(const Aggregate& state) const = 0;

  /// What others must be told after `cause` was added (and applied) to `state`. `before` is what
  /// `claims()` gave before. `history` holds all events when `needs_history` said so.
  virtual std::vector<Letter> letters(const ports::AggregateKey& key, const Bytes& before,
                                      const Aggregate& state, const model::Event& cause,
                                      std::span<const model::Event> history) const = 0;
  /// What the aggregate wants others to hold for it, encoded as the module likes.
  virtual Bytes claims(const Aggregate& state) const = 0;

  /// True when an event that had to wait for its time must be folded in by `at`: the shortcuts do
  /// not do that, a full fold does.
  virtual bool must_refold(const Aggregate& state, Time at) const = 0;

  /// True for kinds whose events carry personal data under a key of the aggregate's own.
  virtual bool has_key() const = 0;

  /// Appends the state in as few bytes as it can be told in: memory of this process only, never
  /// written anywhere, so it needs no version and may change with every build.
  virtual void pack(const Aggregate& state, Bytes& out) const = 0;
  /// What `pack` was given: exactly the same state, folding on as if nothing had been.
  virtual std::unique_ptr<Aggregate> unpack(const ports::AggregateKey& key,
                                            BytesView packed) const = 0;
};

/// The row of an aggregate in a view that is kept in memory beside the piles. `put`, `forget_all`
/// and `bytes` are called on the shard's thread; what readers see is the module's own affair.
class View {
 public:
  virtual ~View() = default;
  /// `number` is that of the newest change of the aggregate; 0: as it was told before.
  virtual void put(ports::AggregateKey key, std::uint32_t serial, const Aggregate& state,
                   std::uint64_t version, std::uint64_t number) = 0;
  /// The row as it lies in `view_row`.
  virtual Bytes bytes(std::uint32_t serial) const = 0;
  virtual Result<void> load(ports::AggregateKey key, std::uint32_t serial, BytesView row) = 0;
  virtual void forget_all() = 0;
  /// Of everything a row depends on besides its aggregate: rows written under another one are made
  /// again at the start.
  virtual std::uint32_t fingerprint() const = 0;
};

}  // namespace cairn::core

#pragma once

#include <cstring>
#include <memory>
#include <optional>

#include "core/shard.hpp"

/// What a shard keeps in memory. Included by the shard's own sources only.
namespace cairn::core {

/// An identity that was seen, with what it said: 32 bytes an event.
struct Shard::Known {
  model::Identity identity;
  std::uint32_t digest = 0;   ///< of the counted content
  std::uint32_t wording = 0;  ///< of the rest that is not personal
  std::uint64_t number : 60 = 0;
  std::uint64_t is_rival : 1 = 0;
  std::uint64_t is_refusal : 1 = 0;
};

/// An aggregate whose state is in memory as it is folded: one in use, or used a moment ago.
struct Shard::Hot {
  Serial serial = 0;
  ports::AggregateKey key;
  ports::KeySlot key_slot = 0;
  bool is_dirty = false;     ///< in `dirty_`, or yet to come in `round_`
  bool is_flushing = false;  ///< in the portion that is being written
  bool has_pile = false;
  std::unique_ptr<Aggregate> state;
  std::vector<Known> known;
  std::uint64_t version = 0;
  std::uint64_t last_number = 0;
  std::uint64_t last_change = 0;  ///< number of its newest change; 0: not known since it was packed
  Bytes pending;                  ///< records not yet taken by a flush
  Bytes flushing;                 ///< records a flush is writing now
  std::optional<Bytes> pile;      ///< read for this batch
  std::optional<Error> damage;    ///< why its pile cannot be read
  std::uint64_t touched_in = 0;   ///< the batch that wrote records of it last
  Hot* newer = nullptr;           ///< linked while it is neither dirty nor in a flush
  Hot* older = nullptr;
};

/// Bytes in one allocation of exactly their size.
class Shard::Block {
 public:
  Block() = default;
  explicit Block(BytesView bytes)
      : bytes_(std::make_unique_for_overwrite<char[]>(sizeof(Size) + bytes.size())) {
    const auto size = static_cast<Size>(bytes.size());
    std::memcpy(bytes_.get(), &size, sizeof size);
    std::memcpy(bytes_.get() + sizeof size, bytes.data(), bytes.size());
  }
  explicit operator bool() const { return bytes_ != nullptr; }
  BytesView view() const {
    Size size = 0;
    std::memcpy(&size, bytes_.get(), sizeof size);
    return {bytes_.get() + sizeof size, size};
  }

 private:
  using Size = std::uint32_t;
  std::unique_ptr<char[]> bytes_;
};

/// One per aggregate, hot or not.
struct Shard::Slot {
  ports::AggregateKey key;
  bool has_pile = false;
  bool is_recent = false;  ///< packed since the clock of evictions came by last
  std::uint64_t last_number = 0;
  Time valid_until = Time::never();
  Time queued = Time::never();  ///< of its entry in `due_`
  std::unique_ptr<Hot> hot;
  Block packed;  ///< its state and identities while nobody asks for them; then there is no `hot`
};

/// A batch on its way to the log, and what is needed to undo it.
struct Shard::Batch {
  Time now;
  Time recorded;
  std::uint64_t next_number = 0;
  std::size_t bytes = 0;
  std::deque<Bytes> bodies;
  std::vector<ports::Record> records;
  struct Touched {
    Serial serial;
    std::size_t pending_size;
    std::uint64_t last_number;
    bool was_dirty;
  };
  std::vector<Touched> touched;
  Serial first_new = 0;  ///< serials from here were added by this batch
  std::vector<std::unique_ptr<model::Event>> causes;
  struct ChangeNote {
    Serial serial;
    std::uint64_t number, version;
    const model::Event* cause;
    Bytes was;
  };
  std::vector<ChangeNote> changes;
  struct Waiting {
    Reply reply;
    Answer answer;
    Serial serial;
  };
  std::vector<Waiting> waiting;
  std::vector<Input> letters;  ///< taken in this batch: to be taken again if it fails
  std::vector<Input> questions;
  std::map<std::uint32_t, std::uint64_t> receipts_before;
  std::size_t letters_before = 0;
  struct Fired {
    Serial serial;
    Time valid_until;  ///< before
  };
  std::vector<Fired> fired;
  ShardCounts counts_before;
};

}  // namespace cairn::core

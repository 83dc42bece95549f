#pragma once

#include <functional>
#include <memory>
#include <span>

#include "core/history.hpp"
#include "core/reducer.hpp"

namespace cairn::core {

enum class Outcome : std::uint8_t {
  Accepted,   ///< recorded and durable
  Duplicate,  ///< was recorded before: same identity, same content
  Rival,      ///< same identity, other content: kept as a conflict, not folded
  Refused,    ///< a command the domain refuses; `error` says why
  Failed,     ///< not done, or not known whether (`error.code` Unknown): send it again
};

/// What a waiter is told, after the batch is durable.
struct Answer {
  Outcome outcome = Outcome::Accepted;
  Error error;
  std::uint32_t shard = 0;
  std::uint64_t number = 0;   ///< of the newest record this concerns: the position to wait for
  std::uint64_t version = 0;  ///< of the aggregate
  model::Identity event;      ///< what was accepted, or accepted before
  bool is_replayed = false;   ///< as it was answered before
};

/// Called on the shard's thread; must not block. `state` is null when the aggregate is not known.
using Reply = std::move_only_function<void(const Answer&, const Aggregate* state)>;

/// What a question gets to see; valid during the call only.
struct Seen {
  const Aggregate* state = nullptr;  ///< null: no such aggregate
  std::uint64_t version = 0;
  std::span<const StoredRecord> history;  ///< when it was wanted
  Time now;
  ports::KeySlot key_slot = 0;
};

/// A question to one aggregate, answered on the shard's thread after the batch it came with.
struct Question {
  bool wants_history = false;
  /// Errors: Damaged, when its pile cannot be read.
  std::move_only_function<void(Result<Seen>)> ask;
};

/// A letter on its way. `previous` is the number of the letter sent before it from that shard to
/// this one: a receiver that has not got that one waits for the postman to repeat.
struct LetterHead {
  std::uint32_t from = 0;
  std::uint64_t number = 0;
  std::uint64_t previous = 0;
};

/// One thing put into the mailbox of a shard. Exactly one of fact, command, letter, question is
/// set.
struct Input {
  enum class Type : std::uint8_t { Fact, Command, Letter, Question };
  Type type = Type::Fact;
  ports::AggregateKey key;
  std::unique_ptr<model::Event> event;  ///< Fact, Letter
  std::unique_ptr<Command> command;
  LetterHead letter;
  std::unique_ptr<Question> question;
  Reply reply;                 ///< Fact, Command; may be empty
  bool wants_history = false;  ///< found out by a batch that could not do without
};

Input fact(ports::AggregateKey key, std::unique_ptr<model::Event> event, Reply reply = {});
Input fact(ports::AggregateKey key, model::Event event, Reply reply = {});
Input command(ports::AggregateKey key, Command command, Reply reply = {});
Input question(ports::AggregateKey key, Question question);

}  // namespace cairn::core

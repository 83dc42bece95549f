#include "core/shard.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/ranges.hpp"
#include "core/shard_state.hpp"

namespace cairn::core {

Input fact(ports::AggregateKey key, std::unique_ptr<model::Event> event, Reply reply) {
  return {
      .type = Input::Type::Fact, .key = key, .event = std::move(event), .reply = std::move(reply)};
}
Input fact(ports::AggregateKey key, model::Event event, Reply reply) {
  return fact(key, std::make_unique<model::Event>(std::move(event)), std::move(reply));
}
Input command(ports::AggregateKey key, Command command, Reply reply) {
  return {.type = Input::Type::Command,
          .key = key,
          .command = std::make_unique<Command>(std::move(command)),
          .reply = std::move(reply)};
}
Input question(ports::AggregateKey key, Question question) {
  return {.type = Input::Type::Question,
          .key = key,
          .question = std::make_unique<Question>(std::move(question))};
}

Shard::Shard(ShardOptions options, Kinds kinds, ports::Log& log, ports::Piles& piles,
             const Sealer& sealer, Listener* listener)
    : options_(options),
      kinds_(std::move(kinds)),
      log_(&log),
      piles_(&piles),
      sealer_(&sealer),
      listener_(listener) {
  slots_.emplace_back();
}
Shard::~Shard() = default;

// ---- the batch ----------------------------------------------------------------------------------

std::vector<Input> Shard::run_batch(std::vector<Input> inputs, Time now) {
  Batch batch;
  ++counts_.batches;
  batch.now = last_time_.is_none() ? now : std::max(now, last_time_ + Duration{1});
  batch.recorded = batch.now;
  batch.next_number = log_->durable() + 1;
  batch.first_new = static_cast<Serial>(slots_.size());
  batch.receipts_before = receipts_;
  batch.letters_before = letters_.size();
  batch.counts_before = counts_;
  last_time_ = batch.now;

  std::vector<Input> aside;
  std::vector<Serial> waiting_for_pile;
  for (auto& input : inputs) {
    const bool is_full =
        batch.records.size() >= options_.records_max || batch.bytes >= options_.bytes_max;
    if (input.type == Input::Type::Question) {
      batch.questions.push_back(std::move(input));
      continue;
    }
    Serial serial = find(input.key);
    const bool is_waiting = serial != 0 && contains(waiting_for_pile, serial);
    const Hot* known = serial != 0 ? slots_[serial].hot.get() : nullptr;
    if (known && known->damage) {
      refuse_damaged(batch, *known, input);
      continue;
    }
    if (is_full || is_waiting || (serial != 0 && (!known || !known->state))) {
      aside.push_back(std::move(input));
      continue;
    }
    const bool is_new = serial == 0;
    if (is_new) serial = add_slot(input.key);
    Hot& hot = make_hot(serial);
    const bool is_done = input.type == Input::Type::Fact      ? run_fact(batch, hot, input)
                         : input.type == Input::Type::Command ? run_command(batch, hot, input)
                                                              : run_letter(batch, hot, input);
    if (is_done && is_new && slots_[serial].last_number == 0) {
      // A command to nobody, or a letter that came again: neither may make memory grow.
      if (input.type != Input::Type::Letter) batch.waiting.back().serial = 0;
      drop_newest_slot();
    }
    if (is_done) continue;
    waiting_for_pile.push_back(serial);
    input.wants_history = true;
    aside.push_back(std::move(input));
  }
  run_due(batch);
  counts_.set_aside += aside.size();
  if (commit(batch)) {
    publish(batch);
  } else {
    rollback(batch);
    aside.insert(aside.begin(), std::make_move_iterator(batch.letters.begin()),
                 std::make_move_iterator(batch.letters.end()));
  }
  ask(batch, aside);
  for (const auto serial : std::exchange(with_pile_, {}))
    if (serial < slots_.size() && slots_[serial].hot) slots_[serial].hot->pile.reset();
  tidy(kTidiedAtOnce + 2 * inputs.size());
  return aside;
}

/// The pile of the aggregate cannot be read: everything asked of it fails, all others go on.
void Shard::refuse_damaged(Batch& batch, const Hot& hot, Input& input) {
  Answer answer{.outcome = Outcome::Failed, .error = *hot.damage, .shard = options_.index};
  batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
}

bool Shard::run_fact(Batch& batch, Hot& hot, Input& input) {
  model::Event& event = *input.event;
  event.recorded = batch.recorded;
  if (event.digest == 0) event.digest = model::counted_digest(event);
  for (const auto& known : hot.known) {
    if (known.identity != event.id || known.is_refusal) continue;
    if (known.digest == event.digest) return answer_again(batch, hot, input, known);
  }
  const bool is_rival = std::ranges::any_of(
      hot.known, [&](const Known& known) { return known.identity == event.id; });
  Answer answer{.shard = options_.index, .event = event.id};
  if (hot.known.size() >= options_.events_max) {
    answer.outcome = Outcome::Failed;
    answer.error = {ErrorCode::TooLarge,
                    fmt::format("the order has {} events, which is the limit; open a new order for "
                                "what follows",
                                options_.events_max),
                    ""};
  } else if (is_rival) {
    // Marked only now: set aside for its history it may find, after a batch that failed, that it
    // is the first after all.
    if (!has_history(hot)) return false;
    event.set(model::EventFlag::Rival);
    if (keep_aside(batch, hot, std::move(input.event), answer, ports::RecordType::Event)) {
      answer.outcome = Outcome::Rival;
      answer.error = {ErrorCode::IdReused,
                      "the same id was used before for an event that says something else; send new "
                      "events with ids of their own, or a correction",
                      "/id"};
    }
  } else {
    if ((!kind_of(hot.key).reducer->is_newest(*hot.state, event) ||
         kind_of(hot.key).reducer->needs_history(event)) &&
        !has_history(hot))
      return false;
    accept(batch, hot, std::move(input.event), answer);
  }
  batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
  return true;
}

bool Shard::answer_again(Batch& batch, Hot& hot, Input& input, const Known& known) {
  Answer answer{.outcome = known.is_rival ? Outcome::Rival : Outcome::Duplicate,
                .shard = options_.index,
                .number = known.number,
                .version = hot.version,
                .event = known.identity,
                .is_replayed = true};
  if (known.is_rival)
    answer.error = {ErrorCode::IdReused,
                    "the same id was used before for an event that says something else", "/id"};
  if (known.is_refusal) {
    if (!has_history(hot)) return false;
    auto records = records_of(hot);
    if (!records) return false;
    for (const auto& record : *records) {
      if (record.number != known.number) continue;
      if (auto refusal = decode_refusal(record.body)) answer.error = refusal->error;
    }
    answer.outcome = Outcome::Refused;
  }
  ++counts_.duplicates;
  if (input.type == Input::Type::Fact && model::wording_digest(*input.event) != known.wording) {
    const auto wording = model::wording_digest(*input.event);
    Answer ignored;
    // Where its key cannot be had now, it is kept when it is told again.
    if (keep_aside(batch, hot, std::move(input.event), ignored, ports::RecordType::Wording)) {
      ++counts_.rewordings;
      const_cast<Known&>(known).wording = wording;
    }
  }
  batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
  return true;
}

bool Shard::run_command(Batch& batch, Hot& hot, Input& input) {
  const Command& command = *input.command;
  const auto reducer = kind_of(hot.key).reducer;
  const std::uint32_t digest = crc32c(command.data, crc32c(command.name));
  Answer answer{.shard = options_.index};
  for (const auto& known : hot.known) {
    if (known.identity != command.identity) continue;
    if (known.digest == digest) return answer_again(batch, hot, input, known);
    answer.outcome = Outcome::Refused;
    answer.error = {ErrorCode::IdReused,
                    "this Idempotency-Key was used before for another command; use a new key", ""};
    batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
    return true;
  }
  const bool must_refold =
      hot.state->valid_until() <= batch.now && reducer->must_refold(*hot.state, batch.now);
  if (must_refold && !has_history(hot)) return false;
  look(batch, hot, batch.now);
  if (command.expected_version && *command.expected_version != hot.version) {
    answer.outcome = Outcome::Refused;
    answer.version = hot.version;
    answer.error = {ErrorCode::VersionMismatch,
                    fmt::format("the order is at version {}, not {}; read it again and decide anew",
                                hot.version, *command.expected_version),
                    ""};
    batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
    return true;
  }
  last_time_ = last_time_ + Duration{1};
  const Knows knows = [&hot](const model::Identity& event) {
    return std::ranges::any_of(hot.known, [&](const Known& known) {
      return known.identity == event && !known.is_refusal;
    });
  };
  auto decided = reducer->decide(*hot.state, command, knows, last_time_);
  Result<void> completed;
  if (decided)
    for (auto& event : *decided) {
      event.recorded = batch.recorded;
      const bool needs_history = reducer->needs_history(event);
      if ((needs_history || !reducer->is_newest(*hot.state, event)) && !has_history(hot))
        return false;
      if (needs_history && completed)
        completed = reducer->complete(event, [&] { return history_of(hot); });
    }
  if (!completed) decided = std::unexpected(completed.error());
  if (decided) {
    bool is_first = true;
    for (auto& event : *decided) {
      event.digest = is_first ? digest : model::counted_digest(event);
      Answer each{.shard = options_.index};
      if (!accept(batch, hot, std::make_unique<model::Event>(std::move(event)), each)) {
        answer = each;
        break;
      }
      if (is_first) answer = each;
      answer.number = each.number;
      answer.version = each.version;
      is_first = false;
    }
  } else {
    ++counts_.refused;
    answer.outcome = Outcome::Refused;
    answer.error = decided.error();
    answer.version = hot.version;
    if (slots_[hot.serial].last_number != 0) {
      answer.number = batch.next_number;
      if (is_decision(decided.error().code))
        hot.known.push_back({command.identity, digest, digest, batch.next_number, 0, 1});
      record(batch, hot, ports::RecordType::Refusal,
             encode(Refusal{command.identity, digest, decided.error(), last_time_, command.name,
                            command.origin}));
    }
  }
  batch.waiting.push_back({std::move(input.reply), std::move(answer), hot.serial});
  return true;
}

bool Shard::run_letter(Batch& batch, Hot& hot, Input& input) {
  auto& received = receipts_[input.letter.from];
  if (input.letter.number <= received || input.letter.previous > received) {
    ++counts_.letters_repeated;
    return true;
  }
  // A copy: the letter is taken again where the batch cannot be written.
  auto copy = std::make_unique<model::Event>(*input.event);
  model::Event& event = *copy;
  event.recorded = batch.recorded;
  event.digest = model::counted_digest(event);
  const auto reducer = kind_of(hot.key).reducer;
  const bool is_known = std::ranges::any_of(hot.known, [&](const Known& known) {
    return known.identity == event.id && known.digest == event.digest;
  });
  if (!is_known) {
    const bool is_rival = std::ranges::any_of(
        hot.known, [&](const Known& known) { return known.identity == event.id; });
    if ((is_rival || !reducer->is_newest(*hot.state, event) || reducer->needs_history(event)) &&
        !has_history(hot))
      return false;
    sealer_->open(event);
    event.key_slot = 0;
    Answer answer;
    bool is_taken = true;
    if (is_rival) {
      event.set(model::EventFlag::Rival);
      is_taken = keep_aside(batch, hot, std::move(copy), answer, ports::RecordType::Event);
    } else {
      is_taken = accept(batch, hot, std::move(copy), answer);
    }
    // Its key could not be had: the postman comes again. Where the key was destroyed for good, what
    // was personal stays unsaid, and those behind it do not wait.
    if (!is_taken && answer.error.code != ErrorCode::Gone) return true;
  }
  received = input.letter.number;
  ++counts_.letters_in;
  Hot& self = make_hot(find(shard_key()));
  record(batch, self, ports::RecordType::Receipt,
         encode(Receipt{input.letter.from, input.letter.number}));
  batch.letters.push_back(std::move(input));
  return true;
}

void Shard::run_due(Batch& batch) {
  for (const auto serial : std::exchange(due_now_, {})) {
    auto& slot = slots_[serial];
    if (!slot.hot || !slot.hot->state || slot.hot->damage) {
      // Its pile could not be read: tried again in a moment, unless that is no use.
      const bool is_lost =
          slot.hot && slot.hot->damage && slot.hot->damage->code == ErrorCode::Damaged;
      if (!is_lost) due_.push({slot.queued = batch.now + seconds(1), serial});
      continue;
    }
    batch.fired.push_back({serial, slot.valid_until});
    look(batch, *slot.hot, batch.now);
    schedule(*slot.hot);
  }
}

/// Applies what became due without an event.
void Shard::look(Batch& batch, Hot& hot, Time at) {
  if (hot.state->valid_until() > at) return;
  const auto reducer = kind_of(hot.key).reducer;
  Bytes was = reducer->summary(*hot.state);
  const Bytes claims = reducer->claims(*hot.state);
  if (reducer->must_refold(*hot.state, at)) {
    if (!has_history(hot)) return;  // comes back as due, and then with its history
    hot.state = reducer->fold(hot.key, history_of(hot), at);
    ++counts_.refolds;
  } else if (!reducer->advance(*hot.state, at)) {
    return;
  }
  ++counts_.fired;
  record_change(batch, hot, {}, std::move(was));
  if (reducer->claims(*hot.state) == claims) return;
  // An event that had waited for its time may claim a number.
  model::Event clock;
  clock.type = model::EventType::CustomHappened;
  clock.payload = model::Custom{};
  clock.id = model::identity_of("cairn/clock",
                                fmt::format("{}/{}", to_hex(hot.key.id.view()), hot.version));
  clock.occurred = at;
  write_letters(batch, hot, claims, clock, {});
}

/// Only where `has_history` said so.
std::vector<model::Event> Shard::history_of(const Hot& hot) const {
  const auto records = records_of(hot);
  CAIRN_CHECK(records.has_value());
  auto events = events_of(*records, hot.key);
  CAIRN_CHECK(events.has_value());
  return *std::move(events);
}

bool Shard::accept(Batch& batch, Hot& hot, std::unique_ptr<model::Event> cause, Answer& answer) {
  model::Event& event = *cause;
  const auto reducer = kind_of(hot.key).reducer;
  if (reducer->needs_history(event))
    CAIRN_CHECK(reducer->complete(event, [&] { return history_of(hot); }).has_value());
  if (reducer->has_key())
    if (auto sealed = sealer_->seal(event, hot.key_slot); !sealed) {
      answer.outcome = Outcome::Failed;
      answer.error = sealed.error();
      return false;
    }
  event.number = batch.next_number;
  event.recorded = batch.recorded;
  const auto wording = model::wording_digest(event);
  const Bytes claims = reducer->claims(*hot.state);
  record(batch, hot, ports::RecordType::Event, model::encode(event));
  hot.known.push_back({event.id, event.digest, wording, event.number, 0, 0});
  ++counts_.accepted;
  batch.causes.push_back(std::move(cause));
  fold_in(batch, hot, event, claims);
  answer.outcome = Outcome::Accepted;
  answer.event = event.id;
  answer.number = batch.next_number - 1;
  answer.version = hot.version;
  return true;
}

/// Folds the event just recorded, by the shortcut where it holds, and writes what follows from it.
bool Shard::fold_in(Batch& batch, Hot& hot, const model::Event& event, const Bytes& claims) {
  const auto reducer = kind_of(hot.key).reducer;
  Bytes was = reducer->summary(*hot.state);
  std::vector<model::Event> history;
  if (reducer->needs_history(event) || !reducer->is_newest(*hot.state, event)) {
    history = history_of(hot);
  }
  if (reducer->is_newest(*hot.state, event)) {
    reducer->apply(*hot.state, event, batch.now);
  } else {
    ++counts_.refolds;
    hot.state = reducer->fold(hot.key, history, batch.now);
  }
  record_change(batch, hot, event.id, std::move(was));
  batch.changes.back().cause = &event;
  write_letters(batch, hot, claims, event, history);
  return true;
}

/// Letters go into the batch that made them owed.
void Shard::write_letters(Batch& batch, Hot& hot, const Bytes& claims, const model::Event& cause,
                          std::span<const model::Event> history) {
  const auto reducer = kind_of(hot.key).reducer;
  for (auto& letter : reducer->letters(hot.key, claims, *hot.state, cause, history)) {
    letter.event.key_slot = hot.key_slot;
    const auto number = batch.next_number;
    record(batch, hot, ports::RecordType::Intent, encode(letter));
    letters_.push_back({number, std::move(letter)});
    ++counts_.letters_out;
  }
}

/// Records an event that is kept but not folded as a new one: a rival, or another wording.
bool Shard::keep_aside(Batch& batch, Hot& hot, std::unique_ptr<model::Event> cause, Answer& answer,
                       ports::RecordType type) {
  model::Event& event = *cause;
  if (kind_of(hot.key).reducer->has_key()) {
    if (auto sealed = sealer_->seal(event, hot.key_slot); !sealed) {
      answer.outcome = Outcome::Failed;
      answer.error = sealed.error();
      return false;
    }
  }
  event.number = batch.next_number;
  event.recorded = batch.recorded;
  answer.number = event.number;
  record(batch, hot, type, model::encode(event));
  if (type != ports::RecordType::Event) return true;
  ++counts_.rivals;
  hot.known.push_back({event.id, event.digest, model::wording_digest(event), event.number, 1, 0});
  batch.causes.push_back(std::move(cause));
  const Bytes claims = kind_of(hot.key).reducer->claims(*hot.state);
  fold_in(batch, hot, event, claims);
  answer.version = hot.version;
  return true;
}

void Shard::record(Batch& batch, Hot& hot, ports::RecordType type, Bytes body) {
  if (hot.touched_in != counts_.batches) {
    hot.touched_in = counts_.batches;
    batch.touched.push_back({hot.serial, hot.pending.size(), hot.last_number, hot.is_dirty});
  }
  batch.bodies.push_back(std::move(body));
  ports::Record record{type, hot.key, batch.next_number++, batch.recorded, batch.bodies.back()};
  batch.bytes += record.body.size();
  batch.records.push_back(record);
  append_record(hot.pending, record);
  hot.last_number = record.number;
  slots_[hot.serial].last_number = record.number;
  mark_dirty(hot);
}

void Shard::record_change(Batch& batch, Hot& hot, const model::Identity& cause, Bytes was) {
  const auto reducer = kind_of(hot.key).reducer;
  ++hot.version;
  hot.last_change = batch.next_number;
  ++counts_.changes;
  batch.changes.push_back({hot.serial, batch.next_number, hot.version, nullptr, was});
  record(batch, hot, ports::RecordType::Change,
         encode(Change{hot.version, cause, std::move(was), reducer->summary(*hot.state)}));
}

// ---- the end of a batch -------------------------------------------------------------------------

bool Shard::commit(Batch& batch) {
  if (batch.records.empty()) return true;
  // A disk that was full may have room again: whoever asks first is not to pay for it.
  if (must_reopen_) must_reopen_ = !log_->reopen().has_value();
  auto first = log_->append(batch.records, batch.recorded);
  if (first) {
    CAIRN_CHECK(*first == batch.records.front().number);
    return true;
  }
  const Error error = first.error();
  const auto durable = batch.records.front().number - 1;
  auto reopened = log_->reopen();
  must_reopen_ = !reopened;
  CAIRN_CHECK(!reopened || log_->durable() == durable);
  for (auto& waiting : batch.waiting) {
    if (waiting.answer.outcome == Outcome::Duplicate && waiting.answer.number <= durable) continue;
    waiting.answer.outcome = Outcome::Failed;
    waiting.answer.error = error;
  }
  return false;
}

/// Memory forgets the batch: what it touched is folded again when it is next needed.
void Shard::rollback(Batch& batch) {
  const auto failed = counts_.failed_batches + 1;
  counts_ = batch.counts_before;
  counts_.failed_batches = failed;
  receipts_ = std::move(batch.receipts_before);
  letters_.resize(batch.letters_before);
  for (auto& touched : batch.touched) {
    Hot& hot = *slots_[touched.serial].hot;
    hot.pending.resize(touched.pending_size);
    hot.last_number = touched.last_number;
    slots_[touched.serial].last_number = touched.last_number;
    if (touched.serial != find(shard_key())) {
      hot.state.reset();
      hot.known.clear();
    }
    if (!touched.was_dirty) {
      hot.is_dirty = false;
      std::erase(dirty_, touched.serial);
      touch_lru(hot);
    }
  }
  for (const auto& [serial, valid_until] : batch.fired) {
    auto& slot = slots_[serial];
    slot.valid_until = slot.queued = valid_until;
    due_.push({slot.valid_until, serial});
  }
  while (slots_.size() > batch.first_new) drop_newest_slot();
  for (auto& waiting : batch.waiting) {
    if (waiting.serial >= slots_.size()) waiting.serial = 0;
    if (waiting.reply) waiting.reply(waiting.answer, nullptr);
  }
}

void Shard::publish(Batch& batch) {
  std::vector<Committed> committed;
  committed.reserve(batch.changes.size());
  for (const auto& touched : batch.touched) {
    Hot& hot = *slots_[touched.serial].hot;
    pending_bytes_ += hot.pending.size() - std::min(hot.pending.size(), touched.pending_size);
    if (!hot.state) continue;
    if (const auto view = kind_of(hot.key).view)
      view->put(hot.key, hot.serial, *hot.state, hot.version, hot.last_change);
    schedule(hot);
  }
  for (const auto& change : batch.changes) {
    const auto& hot = *slots_[change.serial].hot;
    committed.push_back({hot.key, hot.serial, change.number, change.version, change.cause,
                         hot.state.get(), change.was});
  }
  if (listener_ && !committed.empty()) listener_->committed(options_.index, committed);
  viewed_.store(batch.next_number - 1, std::memory_order_release);
  for (auto& waiting : batch.waiting) {
    const Hot* hot = slots_[waiting.serial].hot.get();
    if (waiting.reply) waiting.reply(waiting.answer, hot ? hot->state.get() : nullptr);
  }
}

void Shard::ask(Batch& batch, std::vector<Input>& aside) {
  for (auto& input : batch.questions) {
    const Serial serial = find(input.key);
    Hot* hot = serial != 0 ? slots_[serial].hot.get() : nullptr;
    if (serial == 0) {
      input.question->ask(Seen{.now = batch.now});
    } else if (hot && hot->damage) {
      input.question->ask(std::unexpected(*hot->damage));
    } else if (!hot || !hot->state || (input.question->wants_history && !has_history(*hot))) {
      aside.push_back(std::move(input));
    } else {
      std::vector<StoredRecord> records;
      if (input.question->wants_history)
        if (auto read = records_of(*hot)) records = *std::move(read);
      input.question->ask(Seen{hot->state.get(), hot->version, records, batch.now, hot->key_slot});
    }
  }
}

}  // namespace cairn::core

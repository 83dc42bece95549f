#pragma once

#include <map>
#include <queue>
#include <set>

#include "world.hpp"

namespace cairn::simulation {

/// What is found wrong, as sentences.
class Violations {
 public:
  void add(std::string what) {
    if (all_.size() < 20) all_.push_back(std::move(what));
    ++count_;
  }
  const std::vector<std::string>& all() const { return all_; }
  bool any() const { return count_ != 0; }

 private:
  std::vector<std::string> all_;
  std::size_t count_ = 0;
};

/// A running digest of everything that was observed: same seed, same trace.
class Trace {
 public:
  void add(BytesView bytes) { value_ = (value_ ^ hash_bytes(bytes)) * 0x9e3779b97f4a7c15ull + 1; }
  template <typename... T>
    requires(std::is_integral_v<T> && ...)
  void numbers(T... values) {
    const std::uint64_t all[]{static_cast<std::uint64_t>(values)...};
    add({reinterpret_cast<const char*>(all), sizeof all});
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0x6361697263ull;
};

/// A fact or a command that somebody wants in, and what they have been told about it so far.
struct Ticket {
  ports::AggregateKey key;
  std::optional<model::Event> event;
  std::optional<core::Command> command;
  std::uint32_t digest = 0;
  std::uint64_t in_flight = 0;  ///< deliveries without an answer
  std::uint64_t accepted = 0;   ///< answers "accepted": at most one
  bool is_decided = false;
  core::Outcome first = core::Outcome::Failed;  ///< the first decisive answer
  ErrorCode code = ErrorCode::Internal;
  std::string message;
  model::Identity accepted_event;

  const model::Identity& identity() const { return event ? event->id : command->identity; }
};

/// Everybody who talks to Cairn: sends, hears, sends again what was not answered or failed, and
/// keeps a ledger of what was promised.
class Clients {
 public:
  Clients(World& world, Violations& violations, Trace& trace, Random& random)
      : world_(world), violations_(violations), trace_(trace), random_(random) {}

  std::size_t add_fact(const ports::AggregateKey& key, model::Event event);
  std::size_t add_command(const ports::AggregateKey& key, core::Command command);
  /// One delivery of the ticket, now.
  void send(std::size_t ticket);
  void send_at(std::size_t ticket, Time at) { later_.push({at, ticket}); }
  /// Sends what is due.
  void send_due();
  /// When somebody next sends something, be it of their own accord or again.
  Time next_due() const {
    const auto of = [](const Queue& q) { return q.empty() ? Time::never() : q.top().first; };
    return std::min(of(later_), of(again_));
  }
  /// The other side died: nobody will answer what is in flight.
  void hang_up();
  /// Everybody has been answered; what is planned for later does not count.
  bool is_idle() const { return in_flight_ == 0 && again_.empty(); }
  bool has_more() const { return !later_.empty(); }
  std::uint64_t in_flight() const { return in_flight_; }
  const std::vector<Ticket>& tickets() const { return tickets_; }
  std::uint64_t answers() const { return answers_; }

 private:
  void answered(std::size_t ticket, const core::Answer& answer);
  void send_again(std::size_t ticket, Time at) { again_.push({at, ticket}); }
  void decide(std::size_t at, Ticket& ticket, const core::Answer& answer);

  World& world_;
  Violations& violations_;
  Trace& trace_;
  Random& random_;
  std::vector<Ticket> tickets_;
  using Later = std::pair<Time, std::size_t>;
  using Queue = std::priority_queue<Later, std::vector<Later>, std::greater<>>;
  Queue later_;  ///< planned
  Queue again_;  ///< not answered, or failed
  std::uint64_t in_flight_ = 0, answers_ = 0, boot_ = 0;
};

std::string_view name_of(core::Outcome outcome);
/// "order 2h7k…" or "reference 9f…".
std::string text_of(const ports::AggregateKey& key);

}  // namespace cairn::simulation

#include "clients.hpp"

#include <fmt/format.h>

namespace cairn::simulation {

std::string_view name_of(core::Outcome outcome) {
  constexpr std::array<std::string_view, 5> kNames{"accepted", "duplicate", "rival", "refused",
                                                   "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string text_of(const ports::AggregateKey& key) {
  if (key.kind == model::kOrderKind) return "order " + model::to_text(model::order_of(key));
  return "reference " + to_hex(key.id.view()).substr(0, 12);
}

std::size_t Clients::add_fact(const ports::AggregateKey& key, model::Event event) {
  Ticket ticket;
  ticket.key = key;
  ticket.digest = model::counted_digest(event);
  ticket.event = std::move(event);
  tickets_.push_back(std::move(ticket));
  return tickets_.size() - 1;
}

std::size_t Clients::add_command(const ports::AggregateKey& key, core::Command command) {
  Ticket ticket;
  ticket.key = key;
  ticket.digest = crc32c(command.data, crc32c(command.name));
  ticket.command = std::move(command);
  tickets_.push_back(std::move(ticket));
  return tickets_.size() - 1;
}

void Clients::send(std::size_t at) {
  if (!world_.is_up()) return send_again(at, world_.now() + seconds(1));
  Ticket& ticket = tickets_[at];
  auto reply = [this, at, boot = boot_](const core::Answer& answer, const core::Aggregate*) {
    if (boot == boot_) answered(at, answer);
  };
  auto input = ticket.event ? core::fact(ticket.key, *ticket.event, std::move(reply))
                            : core::command(ticket.key, *ticket.command, std::move(reply));
  ++ticket.in_flight;
  ++in_flight_;
  if (auto submitted = world_.submit(std::move(input)); !submitted) {
    --tickets_[at].in_flight;
    --in_flight_;
    world_.counts().add("refusal", error_row(submitted.error().code).name);
    send_again(at, world_.now() + seconds(random_.between(1, 5)));
  }
}

void Clients::send_due() {
  for (auto* queue : {&again_, &later_})
    while (world_.is_up() && !queue->empty() && queue->top().first <= world_.now()) {
      const auto at = queue->top().second;
      queue->pop();
      send(at);
    }
}

void Clients::hang_up() {
  ++boot_;
  for (std::size_t at = 0; at < tickets_.size(); ++at) {
    auto& ticket = tickets_[at];
    if (ticket.in_flight == 0) continue;
    ticket.in_flight = 0;
    send_again(at, world_.now() + milliseconds(random_.between(100, 30'000)));
  }
  in_flight_ = 0;
}

void Clients::answered(std::size_t at, const core::Answer& answer) {
  Ticket& ticket = tickets_[at];
  --ticket.in_flight;
  --in_flight_;
  ++answers_;
  trace_.numbers(at, static_cast<int>(answer.outcome), answer.number, answer.version,
                 static_cast<int>(answer.error.code));
  world_.counts().add("answer", name_of(answer.outcome));
  if (answer.outcome != core::Outcome::Accepted && answer.outcome != core::Outcome::Duplicate)
    world_.counts().add("refusal", error_row(answer.error.code).name);
  if (answer.outcome == core::Outcome::Failed)
    return send_again(at, world_.now() + milliseconds(random_.between(500, 60'000)));
  // A command that could not even be read was not decided about, nor one to nobody.
  if (answer.outcome == core::Outcome::Refused &&
      (!core::is_decision(answer.error.code) || answer.error.code == ErrorCode::NotFound))
    return;
  decide(at, ticket, answer);
}

/// Whatever was decided once is decided for good: the same key gets the same answer.
void Clients::decide(std::size_t at, Ticket& ticket, const core::Answer& answer) {
  using enum core::Outcome;
  const auto wrong = [&](std::string_view what) {
    violations_.add(fmt::format("{} {} of {}: {} (first {} \"{}\", now {} \"{}\")",
                                ticket.event ? "fact" : "command", at, text_of(ticket.key), what,
                                name_of(ticket.first), ticket.message, name_of(answer.outcome),
                                answer.error.message));
  };
  if (answer.outcome == Accepted && ++ticket.accepted > 1) return wrong("accepted twice");
  const bool is_good = answer.outcome == Accepted || answer.outcome == Duplicate;
  if (is_good && answer.event != ticket.identity()) wrong("answered with the id of another event");
  if (!ticket.is_decided) {
    ticket.is_decided = true;
    ticket.first = is_good ? Accepted : answer.outcome;
    ticket.code = answer.error.code;
    ticket.message = answer.error.message;
    return;
  }
  if (answer.outcome == Accepted && ticket.first == Accepted)
    return wrong("accepted after it had been answered as accepted");
  if ((ticket.first == Accepted) != is_good || (!is_good && ticket.first != answer.outcome))
    return wrong("another answer than before");
  if (is_good) return;
  if (answer.error.code != ticket.code) return wrong("refused with another code");
  if (answer.outcome == Refused && answer.error.code != ErrorCode::VersionMismatch &&
      answer.error.message != ticket.message)
    return wrong("refused for another reason");
}

}  // namespace cairn::simulation

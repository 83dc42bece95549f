#include "app/import.hpp"

#include <fmt/format.h>

#include "json/writer.hpp"

namespace cairn::app {
namespace {
/// Inputs handed over at once: one lock of a mailbox and one wake-up for many.
constexpr std::size_t kGroup = 256;
}  // namespace

void Import::take(std::uint64_t line, Result<integration::Facts> facts) {
  {
    std::lock_guard lock(mutex_);
    ++counts_.read;
  }
  if (!facts) return reject(line, facts.error());
  for (auto& told : facts->all) {
    const auto key = told.address();
    const bool is_reference = !told.order.has_value();
    if (is_reference) {
      const auto& r = *told.reference;
      told.event.origin.subject = r.issuer.empty()
                                      ? fmt::format("{}:{}", r.scheme, r.value)
                                      : fmt::format("{}/{}:{}", r.scheme, r.issuer, r.value);
    }
    // What was understood in full says nothing more in its raw form.
    if (!told.event.is(model::EventFlag::UnknownFields) && !facts->is_unmapped)
      told.event.raw.clear();
    told.event.digest = model::counted_digest(told.event);
    ++in_flight_;
    inputs_.push_back(core::fact(key, std::move(told.event),
                                 [self = shared_from_this(), line, is_reference](
                                     const core::Answer& answer, const core::Aggregate*) {
                                   self->answered(line, is_reference, answer);
                                 }));
  }
  if (inputs_.size() >= kGroup) give(inputs_);
}

void Import::give(std::vector<core::Input>& inputs) {
  installation_.cluster().submit_all(inputs);
  for (auto& input : std::exchange(inputs, {}))
    input.reply({.outcome = core::Outcome::Failed,
                 .error = {ErrorCode::Busy,
                           "more is waiting than can be taken now; send it again "
                           "after a second: what was accepted is not repeated",
                           ""}},
                nullptr);
}

void Import::answered(std::uint64_t line, bool is_reference, const core::Answer& answer) {
  {
    std::lock_guard lock(mutex_);
    using enum core::Outcome;
    if (answer.outcome == Accepted) ++(is_reference ? counts_.waiting : counts_.accepted);
    if (answer.outcome == Duplicate) ++counts_.duplicates;
    if (answer.outcome != Failed) {
      auto& number = position_[answer.shard];
      number = std::max(number, answer.number);
    }
  }
  if (answer.outcome != core::Outcome::Accepted && answer.outcome != core::Outcome::Duplicate)
    reject(line, answer.error);
  end_one();
}

void Import::reject(std::uint64_t line, Error error) {
  std::lock_guard lock(mutex_);
  ++counts_.rejected;
  if (faults_.size() < kFaultsMax) faults_.push_back({line, std::move(error)});
}

void Import::finish(std::function<void(const Import&)> done) {
  give(inputs_);
  done_ = std::move(done);
  end_one();
}

void Import::end_one() {
  if (--in_flight_ == 0) done_(*this);
}

ImportCounts Import::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}
std::vector<LineFault> Import::faults() const {
  std::lock_guard lock(mutex_);
  return faults_;
}
std::string Import::position() const {
  std::lock_guard lock(mutex_);
  return format_position(position_);
}

void write_import_answer(std::string& out, const std::string& id, std::string_view state,
                         const ImportCounts& counts, const std::vector<LineFault>& faults,
                         const std::string& position) {
  json::Writer w(out);
  w.begin_object().field("import", id).field("state", state).field("read", counts.read);
  w.field("accepted", counts.accepted).field("duplicates", counts.duplicates);
  w.field("waiting", counts.waiting).field("rejected", counts.rejected);
  w.key("rejected_lines").begin_array();
  for (const auto& fault : faults) {
    w.begin_object().field("line", fault.line).field("outcome", "rejected");
    w.field("code", error_row(fault.error.code).name).field("detail", fault.error.message);
    w.text_if("pointer", fault.error.pointer).end_object();
  }
  w.end_array().field("position", position).end_object();
}

}  // namespace cairn::app

#include "app/import.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "json/writer.hpp"
#include "modules/orders/personal_parts.hpp"

namespace cairn::app {
namespace {
/// Inputs handed over at once: one lock of a mailbox and one wake-up for many.
constexpr std::size_t kGroup = 256;
}  // namespace

core::Input input_of(model::Told&& told, bool is_unmapped, const lifecycle::AttributeSets& sets,
                     core::Reply reply) {
  const auto key = told.address();
  auto event = std::make_unique<model::Event>(std::move(told.event));
  if (!told.order) {
    const auto& r = *told.reference;
    event->origin.subject = r.issuer.empty() ? fmt::format("{}:{}", r.scheme, r.value)
                                             : fmt::format("{}/{}:{}", r.scheme, r.issuer, r.value);
  }
  orders::part_personal(*event, sets);
  // What a correction says of people is not folded, and stays in its raw form.
  if (orders::corrects_data(*event)) event->set(model::EventFlag::UnknownFields);
  // What was understood in full says nothing more in its raw form.
  if (!event->is(model::EventFlag::UnknownFields) && !is_unmapped) event->raw.clear();
  event->digest = model::counted_digest(*event);
  return core::fact(key, std::move(event), std::move(reply));
}

void Import::take(std::uint64_t line, Result<integration::Facts> facts) {
  {
    std::lock_guard lock(mutex_);
    ++counts_.read;
  }
  if (!facts) return note({line, LineOutcome::Rejected, {}, {}, false, facts.error()});
  bool is_first = true;
  for (auto& told : facts->all) {
    LineResult result{line,       LineOutcome::Accepted, told.event.id,
                      told.order, facts->is_unmapped,    {}};
    if (!is_first) result.line = 0;  // follows from the first: counted, not listed
    is_first = false;
    ++in_flight_;
    inputs_.push_back(input_of(std::move(told), facts->is_unmapped,
                               installation_.context().definitions->attributes(),
                               [self = shared_from_this(), result = std::move(result)](
                                   const core::Answer& answer, const core::Aggregate*) {
                                 self->answered(result, answer);
                               }));
  }
  if (inputs_.size() >= kGroup) give();
}

bool Import::retry() {
  give();
  return inputs_.empty();
}

/// What finds no room stays in `inputs_`.
void Import::give() { installation_.cluster().submit_all(inputs_); }

void Import::answered(LineResult result, const core::Answer& answer) {
  using enum core::Outcome;
  const bool is_reference = !result.order.has_value();
  result.outcome = answer.outcome == Duplicate  ? LineOutcome::Duplicate
                   : answer.outcome != Accepted ? LineOutcome::Rejected
                   : is_reference               ? LineOutcome::Waiting
                                                : LineOutcome::Accepted;
  if (result.outcome == LineOutcome::Rejected) result.error = answer.error;
  if (answer.outcome != Failed) {
    std::lock_guard lock(mutex_);
    auto& number = position_[answer.shard];
    number = std::max(number, answer.number);
  }
  note(std::move(result));
  end_one();
}

void Import::note(LineResult result) {
  std::vector<LineResult> full;
  {
    std::lock_guard lock(mutex_);
    switch (result.outcome) {
      case LineOutcome::Accepted:
        ++counts_.accepted;
        break;
      case LineOutcome::Duplicate:
        ++counts_.duplicates;
        break;
      case LineOutcome::Waiting:
        ++counts_.waiting;
        break;
      case LineOutcome::Rejected:
        ++counts_.rejected;
        break;
    }
    if (result.outcome == LineOutcome::Rejected && faults_.size() < kFaultsMax)
      faults_.push_back(result);
    if (!reports_ || result.line == 0) return;
    results_.push_back(std::move(result));
    if (results_.size() >= ImportReports::kPageLines) full.swap(results_);
  }
  if (!full.empty()) reports_->add(id_, std::move(full));
}

void Import::finish(std::function<void(const Import&)> done, std::vector<core::Input>* together) {
  done_ = std::move(done);
  if (together)
    std::ranges::move(inputs_, std::back_inserter(*together));
  else
    give_together(installation_.cluster(), inputs_);
  inputs_.clear();
  end_one();
}

void Import::give_together(core::Cluster& cluster, std::vector<core::Input>& inputs) {
  if (inputs.empty()) return;
  cluster.submit_all(inputs);
  for (auto& input : std::exchange(inputs, {}))
    input.reply({.outcome = core::Outcome::Failed,
                 .error = {ErrorCode::Busy,
                           "more is waiting than can be taken now; send it again "
                           "after a second: what was accepted is not repeated",
                           ""}},
                nullptr);
}

void Import::when_below(std::size_t below, std::function<void()> then) {
  {
    std::lock_guard lock(mutex_);
    if (in_flight() > below) {
      below_ = below;
      then_ = std::move(then);
      return;
    }
  }
  then();
}

void Import::end_one() {
  const auto left = --in_flight_;
  std::function<void()> then;
  {
    std::lock_guard lock(mutex_);
    if (then_ && left <= below_ + 1) then.swap(then_);
  }
  if (then) then();
  if (left != 0) return;
  std::vector<LineResult> rest;
  {
    std::lock_guard lock(mutex_);
    rest.swap(results_);
  }
  if (reports_ && !rest.empty()) reports_->add(id_, std::move(rest));
  done_(*this);
}

ImportCounts Import::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}
std::vector<LineResult> Import::faults() const {
  std::lock_guard lock(mutex_);
  auto faults = faults_;
  std::ranges::sort(faults, {}, &LineResult::line);
  return faults;
}
std::string Import::position() const {
  std::lock_guard lock(mutex_);
  return format_position(position_);
}

void write_import_answer(std::string& out, const std::string& id, std::string_view state,
                         const ImportCounts& counts, const std::vector<LineResult>& faults,
                         const std::string& position) {
  json::Writer w(out);
  w.begin_object().field("import", id).field("state", state).field("read", counts.read);
  w.field("accepted", counts.accepted).field("duplicates", counts.duplicates);
  w.field("waiting", counts.waiting).field("rejected", counts.rejected);
  w.key("rejected_lines").begin_array();
  for (const auto& fault : faults) write_line_result(w, fault);
  w.end_array().field("position", position).end_object();
}

}  // namespace cairn::app

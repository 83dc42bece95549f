#include "app/forget.hpp"

#include <fmt/format.h>

#include "model/payload_codec.hpp"

namespace cairn::app {
namespace {

/// One forgetting under way; keeps itself alive through the callbacks it waits for.
class Forgetting : public std::enable_shared_from_this<Forgetting> {
 public:
  Forgetting(Installation& installation, Attachments& attachments, const model::OrderId& order,
             std::function<void(Result<Forgotten>)> done)
      : installation_(installation),
        attachments_(attachments),
        order_(order),
        done_(std::move(done)) {}

  /// First the record of it, so that a key that is gone is always explained.
  void begin(const model::Origin& by, Time now) {
    model::Event event;
    event.type = model::EventType::PersonalForgotten;
    event.id = model::identity_of("cairn", "forget/" + model::to_text(order_));
    event.occurred = now;
    event.set(model::EventFlag::Command);
    event.origin = by;
    event.payload = model::Remark{};
    // The time of a repetition is another one, and what it says is the same.
    event.digest = 1;
    submit(
        core::fact(model::order_key(order_), std::move(event),
                   [self = shared_from_this()](const core::Answer& answer, const core::Aggregate*) {
                     const bool is_done = answer.outcome == core::Outcome::Accepted ||
                                          answer.outcome == core::Outcome::Duplicate;
                     if (!is_done) return self->done_(std::unexpected(answer.error));
                     self->ask_order(Stage::Recorded);
                   }));
  }

  /// An order nobody knows must not come to be by being forgotten.
  void check(const model::Origin& by, Time now) {
    by_ = by;
    now_ = now;
    ask_order(Stage::Looking);
  }

 private:
  enum class Stage : std::uint8_t { Looking, Recorded };

  void submit(core::Input input) {
    auto submitted = installation_.cluster().submit(std::move(input));
    if (!submitted) done_(std::unexpected(submitted.error()));
  }

  void ask_order(Stage stage) {
    submit(core::question(model::order_key(order_),
                          {false, [self = shared_from_this(), stage](Result<core::Seen> seen) {
                             if (!seen) return self->done_(std::unexpected(seen.error()));
                             const auto* order = static_cast<const orders::Order*>(seen->state);
                             if (order == nullptr || order->events == 0)
                               return self->done_(
                                   fail(ErrorCode::NotFound,
                                        fmt::format("no order {}", model::to_text(self->order_))));
                             if (stage == Stage::Looking) return self->begin(self->by_, self->now_);
                             self->slot_ = seen->key_slot;
                             self->collect_references(*order);
                             self->next_reference();
                           }}));
  }

  void collect_references(const orders::Order& order) {
    const auto add = [&](const std::string& scheme, const std::string& issuer,
                         const std::string& value) {
      references_.push_back(
          {model::reference_key({scheme, issuer, model::normalise_reference(scheme, value)}),
           scheme == orders::kAttachmentScheme ? value : ""});
    };
    for (const auto& reference : order.references)
      add(reference.scheme, reference.issuer, reference.value);
    for (const auto& package : order.packages)
      if (!package.number.empty()) add("tracking", package.carrier, package.number);
    for (const auto& attachment : order.attachments)
      add(orders::kAttachmentScheme, "",
          model::decode_payload<model::Attachment>(attachment.payload).hash);
  }

  /// What was told of a number waits, and was passed on, under the number's own key. Where other
  /// orders claim the number too, it is theirs as well and stays.
  void next_reference() {
    if (references_.empty()) return destroy();
    const auto claimed = references_.back();
    references_.pop_back();
    submit(core::question(
        claimed.key,
        {false, [self = shared_from_this(), file = claimed.file](Result<core::Seen> seen) {
           if (!seen) return self->done_(std::unexpected(seen.error()));
           const auto* state = static_cast<const orders::ReferenceState*>(seen->state);
           const auto mine = model::to_text(self->order_);
           const bool is_only_mine =
               state == nullptr || std::ranges::all_of(state->claims, [&](const auto& claim) {
                 return claim.order == mine;
               });
           if (is_only_mine && seen->key_slot != 0) self->slots_.push_back(seen->key_slot);
           if (is_only_mine && !file.empty()) self->files_.push_back(file);
           self->next_reference();
         }}));
  }

  void destroy() {
    if (slot_ != 0) slots_.push_back(slot_);
    for (const auto slot : slots_)
      if (auto destroyed = installation_.stores().keys->destroy(slot); !destroyed)
        return done_(std::unexpected(destroyed.error()));
    for (const auto& file : files_)
      if (auto removed = attachments_.remove(file); !removed)
        return done_(std::unexpected(removed.error()));
    done_(Forgotten{order_, slots_.size(), files_.size()});
  }

  struct Claimed {
    ports::AggregateKey key;
    std::string file;  ///< hash of an attachment; empty where it is a number
  };

  Installation& installation_;
  Attachments& attachments_;
  const model::OrderId order_;
  std::function<void(Result<Forgotten>)> done_;
  model::Origin by_;
  Time now_;
  ports::KeySlot slot_ = 0;
  std::vector<Claimed> references_;
  std::vector<ports::KeySlot> slots_;
  std::vector<std::string> files_;
};

}  // namespace

void forget(Installation& installation, Attachments& attachments, const model::OrderId& order,
            const model::Origin& by, Time now, std::function<void(Result<Forgotten>)> done) {
  std::make_shared<Forgetting>(installation, attachments, order, std::move(done))->check(by, now);
}

}  // namespace cairn::app

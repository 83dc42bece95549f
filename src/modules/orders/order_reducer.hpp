#pragma once

#include "modules/orders/fold.hpp"

namespace cairn::orders {

/// Orders claim the bytes that are attached to them, by their hash: so it is known whether others
/// have the same.
inline constexpr const char* kAttachmentScheme = "attachment";

/// Orders as the shard sees them.
class OrderReducer final : public core::Reducer {
 public:
  explicit OrderReducer(const Context& context) : context_(context) {}

  std::unique_ptr<core::Aggregate> fold(const ports::AggregateKey& key,
                                        std::span<const model::Event> events,
                                        Time now) const override;
  bool is_newest(const core::Aggregate& state, const model::Event& event) const override;
  void apply(core::Aggregate& state, const model::Event& event, Time now) const override;
  bool advance(core::Aggregate& state, Time now) const override;
  bool needs_history(const model::Event& event) const override;
  Result<void> complete(model::Event& event, const core::HistoryOf& history) const override;
  Result<std::vector<model::Event>> decide(const core::Aggregate& state,
                                           const core::Command& command, const core::Knows& knows,
                                           Time at) const override;
  Bytes summary(const core::Aggregate& state) const override;
  std::vector<core::Letter> letters(const ports::AggregateKey& key, const Bytes& before,
                                    const core::Aggregate& state, const model::Event& cause,
                                    std::span<const model::Event> history) const override;
  Bytes claims(const core::Aggregate& state) const override;
  bool must_refold(const core::Aggregate& state, Time at) const override;
  bool has_key() const override { return true; }
  void pack(const core::Aggregate& state, Bytes& out) const override;
  std::unique_ptr<core::Aggregate> unpack(const ports::AggregateKey& key,
                                          BytesView packed) const override;

 private:
  const Context& context_;
};

}  // namespace cairn::orders

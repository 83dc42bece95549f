#pragma once

#include <array>
#include <atomic>
#include <functional>

#include "app/position.hpp"
#include "core/shard.hpp"
#include "http/live_hub.hpp"
#include "json/writer.hpp"
#include "modules/orders/rows.hpp"
#include "ports/clock.hpp"

namespace cairn::app {

class Installation;

/// From committed changes to the live streams: renders a change once, when somebody listens, and
/// gives it to the hub. `committed` runs on the shards' threads, each change of a shard in order.
class Live final : public core::Listener {
 public:
  using Wants = std::function<bool(const orders::Row&)>;

  explicit Live(ports::Clock& clock) : clock_(clock) {}
  /// Before anything is committed. The hub may be null (no edge: tools).
  void attach(Installation& installation, http::LiveHub* hub) {
    installation_ = &installation;
    hub_ = hub;
  }
  /// After the installation was loaded: what is durable has been seen.
  void start_at_durable();

  void committed(std::uint32_t shard, std::span<const core::Committed> changes) override;

  /// What a stream over many has missed: the latest change of every order that moved after `since`,
  /// as events; or one `reset` when that is too much.
  http::LiveMissed catch_up(const Position& since, const Wants& wants) const;
  /// What the hub has been given, by shard.
  std::vector<std::uint64_t> given() const { return read(given_); }
  /// Requests whose master said nothing until their deadline, since the start.
  std::uint64_t silences() const { return silences_; }

 private:
  using Numbers = std::array<std::atomic<std::uint64_t>, 64>;
  void count_silences(std::span<const core::Committed> changes);
  std::vector<std::uint64_t> read(const Numbers& numbers) const;

  ports::Clock& clock_;
  Installation* installation_ = nullptr;
  http::LiveHub* hub_ = nullptr;
  std::atomic<std::uint64_t> silences_{0};
  Numbers begun_{};  ///< in the rows; about to be given to the hub, if anybody listens
  Numbers given_{};  ///< given to the hub, or nobody listened
};

/// The member `cause` of a change, with its words; null: its time came.
void write_cause(json::Writer& out, const model::Event* cause);

}  // namespace cairn::app

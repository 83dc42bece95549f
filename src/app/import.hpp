#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "app/import_reports.hpp"
#include "app/installation.hpp"
#include "app/position.hpp"
#include "modules/integration/cloud_events.hpp"

namespace cairn::app {

/// A fact as a shard takes it. `is_unmapped`: nobody understood it in full, so its raw form is
/// kept.
core::Input input_of(model::Told&& told, bool is_unmapped, const lifecycle::AttributeSets& sets,
                     core::Reply reply);

/// Facts on their way in, and what became of them. Taken by one thread; replies come from the
/// shards' threads. Keeps itself alive until the last reply.
class Import : public std::enable_shared_from_this<Import> {
 public:
  static constexpr std::size_t kFaultsMax = 1'000;

  /// Without `reports` only counts and the first faults are kept.
  Import(Installation& installation, std::string id, ImportReports* reports = nullptr)
      : installation_(installation), id_(std::move(id)), reports_(reports) {}

  /// One line: its facts are put into mailboxes, in order.
  void take(std::uint64_t line, Result<integration::Facts> facts);
  /// What the mailboxes had no room for is tried again. False: there is still no room.
  bool retry();
  /// Nothing more comes; `done` is called when the last reply is there, at once if it is. With
  /// `together`, what was not given yet is put there, to be handed over with that of others.
  void finish(std::function<void(const Import&)> done,
              std::vector<core::Input>* together = nullptr);
  /// Hands over what several have put together; what finds no room is answered as busy.
  static void give_together(core::Cluster& cluster, std::vector<core::Input>& inputs);

  /// How many were taken and are not answered yet: for back-pressure.
  std::size_t in_flight() const { return in_flight_ - 1; }
  /// Calls `then` once when no more than `below` are in flight; at once if that is so.
  void when_below(std::size_t below, std::function<void()> then);
  bool has_held() const { return !inputs_.empty(); }

  const std::string& id() const { return id_; }
  ImportCounts counts() const;
  std::vector<LineResult> faults() const;
  std::string position() const;

 private:
  void give();
  void answered(LineResult result, const core::Answer& answer);
  void note(LineResult result);
  void end_one();

  Installation& installation_;
  const std::string id_;
  ImportReports* reports_;
  std::vector<core::Input> inputs_;  ///< not yet in a mailbox; the taking thread's
  std::atomic<std::size_t> in_flight_{1};
  mutable std::mutex mutex_;
  ImportCounts counts_;
  std::vector<LineResult> faults_;
  std::vector<LineResult> results_;  ///< not yet in the report
  Position position_;
  std::size_t below_ = 0;
  std::function<void()> then_;
  std::function<void(const Import&)> done_;
};

/// ImportAnswer of api/openapi.yaml.
void write_import_answer(std::string& out, const std::string& id, std::string_view state,
                         const ImportCounts& counts, const std::vector<LineResult>& faults,
                         const std::string& position);

}  // namespace cairn::app

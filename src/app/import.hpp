#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "app/installation.hpp"
#include "app/position.hpp"
#include "modules/integration/cloud_events.hpp"

namespace cairn::app {

struct ImportCounts {
  std::uint64_t read = 0, accepted = 0, duplicates = 0, waiting = 0, rejected = 0;
};

/// A line, or an element of a batch, that was not accepted.
struct LineFault {
  std::uint64_t line = 0;
  Error error;
};

/// Facts on their way in, and what became of them. Taken by one thread; replies come from the
/// shards' threads. Keeps itself alive until the last reply.
class Import : public std::enable_shared_from_this<Import> {
 public:
  static constexpr std::size_t kFaultsMax = 1'000;

  Import(Installation& installation, std::string id)
      : installation_(installation), id_(std::move(id)) {}

  /// One line: its facts are put into mailboxes, in order.
  void take(std::uint64_t line, Result<integration::Facts> facts);
  /// Nothing more comes; `done` is called when the last reply is there, at once if it is.
  void finish(std::function<void(const Import&)> done);

  /// How many were taken and are not answered yet: for back-pressure.
  std::size_t in_flight() const { return in_flight_; }

  const std::string& id() const { return id_; }
  ImportCounts counts() const;
  std::vector<LineFault> faults() const;
  std::string position() const;

 private:
  void give(std::vector<core::Input>& inputs);
  void answered(std::uint64_t line, bool is_reference, const core::Answer& answer);
  void reject(std::uint64_t line, Error error);
  void end_one();

  Installation& installation_;
  const std::string id_;
  std::vector<core::Input> inputs_;  ///< not yet in a mailbox
  std::atomic<std::size_t> in_flight_{1};
  mutable std::mutex mutex_;
  ImportCounts counts_;
  std::vector<LineFault> faults_;
  Position position_;
  std::function<void(const Import&)> done_;
};

/// ImportAnswer of api/openapi.yaml.
void write_import_answer(std::string& out, const std::string& id, std::string_view state,
                         const ImportCounts& counts, const std::vector<LineFault>& faults,
                         const std::string& position);

}  // namespace cairn::app

#pragma once

#include <memory>

#include "app/installation.hpp"
#include "app/settings.hpp"
#include "ports/clock.hpp"
#include "ports/key_values.hpp"

namespace cairn::app {

/// A data folder opened by a command while no server runs on it: the same kernel as `cairn serve`
/// without an edge. Owned by the command; one thread.
class Offline {
 public:
  enum class If : std::uint8_t { Exists, ExistsOrMake };
  /// Locks and opens the folder; nothing is loaded. Errors: NotFound; Busy, with what to do while a
  /// server runs; those of DataFolder and of the definitions.
  static Result<std::unique_ptr<Offline>> open(const Settings& settings, If what = If::Exists);
  ~Offline();

  /// Brings the shards to where the folder is.
  Result<void> load();
  /// Gives every shard its threads; `stop` finishes what is in the mailboxes and writes the piles.
  void start();
  void stop();
  /// Writes everything that piles and views lack; the shards are loaded, not started. Nothing that
  /// fell due meanwhile is looked at.
  Result<void> flush();

  DataFolder& folder() { return *folder_; }
  Installation& installation() { return *installation_; }
  ports::Clock& clock() { return *clock_; }
  /// tables.db of the folder.
  ports::KeyValues& tables() { return *tables_; }

 private:
  Offline() = default;
  std::unique_ptr<DataFolder> folder_;
  std::unique_ptr<ports::Clock> clock_;
  std::unique_ptr<ports::KeyValues> tables_;
  std::unique_ptr<Installation> installation_;
  bool is_started_ = false;
};

/// True where a folder of an installation lies.
bool is_data_folder(const std::string& path);

}  // namespace cairn::app

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "app/installation.hpp"
#include "ports/clock.hpp"

namespace cairn::app {

/// Where the demo of an installation in `data` keeps its orders: beside it, "demo-data".
std::string demo_folder(const std::string& data);

/// Plays fictional shops (definitions/demo) through the same inputs as everybody: facts told by
/// sources, commands given by people. An empty folder gets a backlog first. Who an order is follows
/// from its number, so the demo goes on where the folder stands. Owned by `cairn serve`, which
/// stops it before the installation; one thread of its own, or `step` by hand. When a mailbox has
/// no room it waits; what was refused is counted.
class Demo {
 public:
  struct Counts {
    std::uint64_t orders = 0, facts = 0, commands = 0;
    std::map<std::string, std::uint64_t> refused;  ///< "script/what: why" → how often
  };

  /// What the demo does, as another server may be told it.
  struct Deed {
    std::string line;           ///< a fact, as POST /v1/events takes it; empty: a command
    model::OrderId order = {};  ///< of a command, with what follows
    std::string command, data, key;
  };
  /// Is told all deeds in their order, before the shards are; false: it could not be reached, and
  /// is told the same again later.
  using Elsewhere = std::function<bool(std::span<const Deed>)>;

  /// `folder`: definitions/demo. Errors: those of the definitions.
  static Result<std::unique_ptr<Demo>> open(Installation& installation, const std::string& folder,
                                            Elsewhere elsewhere = {});
  ~Demo();

  void start(ports::Clock& clock);
  void stop();
  /// Plays what is due by `now`; for tests, instead of `start`.
  void step(Time now);
  /// Any thread.
  Counts counts() const;

 private:
  struct Play;
  explicit Demo(std::unique_ptr<Play> play);
  std::unique_ptr<Play> play_;
  std::jthread thread_;
};

}  // namespace cairn::app

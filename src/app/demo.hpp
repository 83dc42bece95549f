#pragma once

#include <map>
#include <memory>
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

  /// `folder`: definitions/demo. Errors: those of the definitions.
  static Result<std::unique_ptr<Demo>> open(Installation& installation, const std::string& folder);
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

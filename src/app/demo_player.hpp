#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "app/demo.hpp"
#include "app/demo_cast.hpp"
#include "modules/integration/cloud_events.hpp"

namespace cairn::app::demo {

/// An order in play.
struct Actor {
  Ticket ticket;
  Part part;
  Time begun;
  Duration shift{0};              ///< how long the demo stood still since
  std::vector<std::size_t> acts;  ///< still to come, of its script
  std::size_t next = 0;
  std::atomic<int> waiting{0};       ///< inputs without an answer
  std::atomic<bool> is_over{false};  ///< somebody else took the order out of the play
};

/// What shards answer, on their threads. Outlives the player while answers are owed.
struct Desk {
  mutable std::mutex mutex;
  Demo::Counts counts;
  /// An order that stood in the folder, and what it was told already.
  struct Found {
    Ticket ticket;
    Time placed;
    std::set<model::Identity> told;
  };
  std::vector<Found> found;
  /// A request that waits for another system.
  struct Request {
    model::OrderId order;
    std::string id, command, master, currency;
    Time opened;
    std::int64_t paid = 0;
  };
  std::vector<Request> requests;
};

/// Turns acts into inputs and gives them to the shards. One thread.
class Player {
 public:
  Player(Installation& installation, const Book& book, Demo::Elsewhere elsewhere = {});

  const Cast& cast() const { return cast_; }
  const std::shared_ptr<Desk>& desk() const { return desk_; }

  /// Plays an act at `at`. `is_past`: a deed is told as what it led to, since commands are of now.
  void play(const std::shared_ptr<Actor>& actor, std::size_t act, Time at, bool is_past);
  /// Answers a request of the console as the system it waits for.
  void answer(const Desk::Request& request, Time now);
  /// Reads what an order was told, into Desk::found.
  void look_back(const Ticket& ticket, const model::OrderId& id, Time placed);
  /// Reads the requests of an order, into Desk::requests.
  void look_for_requests(const model::OrderId& id);
  /// False: the mailboxes have no room, or who is told first is not there; nothing more should be
  /// played now.
  bool give();
  /// True where the act has to wait: the order is on hold. `Actor::is_over` where it cannot come.
  bool must_wait(Actor& actor, std::size_t act) const;

 private:
  struct Line {
    std::string type, source, id, subject, data, actor;
    model::OrderId order;
    Time at;
  };
  void command(const std::shared_ptr<Actor>& actor, std::size_t act, std::string data);
  void tell(const Line& line, const std::string& what, const std::shared_ptr<Actor>& actor);
  void note_refusal(const std::string& what, const Error& error);

  Installation& installation_;
  Cast cast_;
  std::shared_ptr<Desk> desk_ = std::make_shared<Desk>();
  integration::EventReader reader_;
  std::vector<core::Input> inputs_;
  Demo::Elsewhere elsewhere_;
  std::vector<Demo::Deed> deeds_;  ///< not told elsewhere yet
};

}  // namespace cairn::app::demo

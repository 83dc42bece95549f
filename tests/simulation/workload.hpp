#pragma once

#include "clients.hpp"
#include "modules/orders/order.hpp"

namespace cairn::simulation {

struct WorkloadOptions {
  std::size_t orders = 100;
  std::size_t commands = 700;
  std::size_t strangers = 6;  ///< numbers and trucks that belong to no order
  Duration horizon = hours(26);
};

/// One thing that happens at a time: a ticket is delivered, or somebody looks at an order and gives
/// a command.
struct Planned {
  enum class What : std::uint8_t { Send, Command };
  Time at;
  What what = What::Send;
  std::size_t index = 0;  ///< ticket, or story
};

/// What the systems around Cairn know of one order.
struct Story {
  struct Parcel {
    std::string id, carrier, number;
    std::vector<model::Part> parts;
  };
  model::OrderId id;
  std::string source, order_no;
  Time placed;
  bool comes_back = false;  ///< everything is sent back and the money too
  bool is_made_to_order = false;
  std::vector<model::Line> lines;
  std::vector<Parcel> parcels;
  std::vector<model::Identity> facts;  ///< told of it, whether by its id or by a reference

  ports::AggregateKey key() const { return model::order_key(id); }
  bool is_own() const { return source == "cairn"; }
};

/// Orders and what shops, warehouses, carriers and people say and want of them, as untidy as it
/// really comes: repeated, late, out of order, with clocks that are wrong, ids used twice, numbers
/// mistaken and put right.
class Workload {
 public:
  Workload(World& world, Clients& clients, Random& random, WorkloadOptions options);

  /// Everything that will happen, in order of time.
  std::vector<Planned> plan();
  /// Somebody looks at the order of a story and, when answered, gives a command.
  void give_command(std::size_t story);

  const std::vector<Story>& stories() const { return stories_; }
  /// Every reference that was told something or may be claimed.
  const std::map<ports::AggregateKey, model::Reference>& references() const { return references_; }

 private:
  struct Teller {
    std::string source;
    std::uint8_t trust;
    model::Role role;
  };
  /// What is wrong with the clock or the date of a fact.
  struct Told {
    Time occurred;
    Precision precision = Precision::Microsecond;
    bool has_date = true;
  };

  void begin_story(std::size_t n);
  void place(Story& story);
  void tell_retail(Story& story);
  void tell_money(Story& story);
  void tell_parcel(Story& story, std::size_t parcel, Time shipped);
  void tell_after_sale(Story& story, Time delivered);
  void tell_oddities(Story& story);
  void tell_made_to_order(Story& story);
  void tell_units();
  void tell_strangers();
  void correct(Story& story, const model::Event& event);

  model::Event make_event(const Teller& teller, model::EventType type, model::Payload payload,
                          Time occurred);
  /// Plans one fact with all that goes wrong on its way; gives back what was told.
  model::Event tell(Story& story, const Teller& teller, model::EventType type,
                    model::Payload payload, Time occurred);
  model::Event tell_reference(Story* story, const model::Reference& reference, const Teller& teller,
                              model::EventType type, model::Payload payload, Time occurred);
  void deliver(const ports::AggregateKey& key, model::Event event);
  Time delivery_of(Time occurred);
  ports::AggregateKey know(const model::Reference& reference);
  void send_command(const ports::AggregateKey& key, core::Command command);

  void decide_command(std::size_t story, const World::Look& look);
  void plan_commands();
  std::string choose_name(const orders::Order& order, model::Role& role);
  std::string data_for(const std::string& name, const Story& story, const orders::Order& order,
                       const World::Look& look);
  std::string correction_data(bool is_correction, const World::Look& look);
  std::string case_data(const orders::Order& order, std::string_view name);

  World& world_;
  Clients& clients_;
  Random& random_;
  WorkloadOptions options_;
  Time start_, end_;
  std::vector<Story> stories_;
  std::map<ports::AggregateKey, model::Reference> references_;
  std::vector<Planned> planned_;
  std::vector<std::string> command_names_;
  std::uint64_t next_id_ = 0;
};

}  // namespace cairn::simulation

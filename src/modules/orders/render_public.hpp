#pragma once

#include <functional>
#include <string>
#include <vector>

#include "modules/orders/context.hpp"
#include "modules/orders/order.hpp"

/// What somebody with a tracking link may see: no personal data, no raw carrier text, one language.
namespace cairn::orders {

struct PublicStep {
  std::string label, place;
  Time at = Time::none();
  bool is_done = false;
};
struct PublicPackage {
  std::string title, carrier, number, label, sentence, tone;
  Time eta = Time::none();
  bool is_eta_past = false;
  std::vector<PublicStep> steps;  ///< newest first
};
struct PublicOrder {
  bool is_chinese = true;
  std::string title, shop, label, sentence, tone;
  Time promised = Time::none();  ///< Time::none(): nothing was promised
  bool is_promise_past = false;  ///< … and the promised time has gone by
  bool is_over = false;          ///< nothing more is to come
  std::vector<PublicStep> steps;
  std::vector<PublicPackage> packages;
  Time verified = Time::none();  ///< when somebody last told something of it
};

/// How the words are found and times are written.
struct PublicWords {
  bool is_chinese = true;
  std::function<std::string(std::string_view vocabulary, std::string_view code)> label;
  std::function<std::string(Time)> time;
  /// The city a carrier's place lies in; empty where it names none that is known.
  std::function<std::string(std::string_view place)> city;
};

PublicOrder public_order_of(const Order& order, Time now, const Context& context,
                            const PublicWords& words);

}  // namespace cairn::orders

#pragma once

#include <functional>
#include <map>
#include <string>

#include "app/terminal.hpp"
#include "base/time.hpp"
#include "json/value.hpp"

/// Orders and their timelines as text, from the JSON of api/openapi.yaml. Pure: no terminal, no
/// clock, no time zone but those given.
namespace cairn::app {

struct TextOptions {
  Style style = Style::plain();
  bool is_chinese = false;
  /// Seconds east of UTC at a moment; empty: UTC.
  std::function<int(Time)> offset_seconds = {};
  /// What states are called, by code; a code that is missing is shown as it is.
  std::map<std::string, std::string, std::less<>> states = {};
};

/// The states of all lifecycles by code, in one language, from the answer of GET /v1/meta.
std::map<std::string, std::string, std::less<>> state_words(json::Value meta, bool is_chinese);

/// The machine's own time zone.
int local_offset_seconds(Time at);

/// What `cairn order show` prints: `order` is an Order.
std::string order_text(json::Value order, const TextOptions& options);

/// What `cairn order timeline` prints, by day: `order` is an Order, `page` its TimelinePage.
std::string timeline_text(json::Value order, json::Value page, const TextOptions& options);

/// One line for a change of the live stream: `change` is the data of its event.
std::string change_text(json::Value change, const TextOptions& options);

}  // namespace cairn::app

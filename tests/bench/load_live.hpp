#pragma once

#include <string>

#include "load_client.hpp"

namespace cairn::bench {

struct LiveOptions {
  int port = 0;
  std::string bearer;
  std::string prefix = "V";  ///< of the order numbers: one per run
  int streams = 1000;
  double rate = 20;  ///< events a second
  double seconds = 10;
};

struct LiveResult {
  std::int64_t told = 0;     ///< events acknowledged
  std::int64_t before = 0;   ///< deliveries that came before the acknowledgement; they count as 0
  std::int64_t missing = 0;  ///< deliveries that never came
  Histogram latency;
};

/// Opens the streams, tells events at the rate, and notes how long after its acknowledgement each
/// was seen on each stream. One thread. Throws std::runtime_error where the server says no.
LiveResult measure_live(const LiveOptions& options);

}  // namespace cairn::bench

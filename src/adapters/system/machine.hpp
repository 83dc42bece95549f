#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace cairn::system {

/// Bytes from the kernel's generator (getrandom), for keys, tokens and seeds. Any thread.
Result<Bytes> random_bytes(std::size_t size);

/// Number of processors this process may use; at least 1.
unsigned processor_count();

/// How the calling thread shares its processor with the others of this process.
enum class Urgency : std::uint8_t {
  Prompt,      ///< does little at a time and must be let in soon: answers
  Steady,      ///< sleeps often and goes on soon when what it waited for is there: shards
  Background,  ///< may wait a while, but never starves: what is written behind the log, lists
};
/// A wish: a kernel that does not know it goes on as before.
void set_urgency(Urgency urgency);

/// How much of a processor a thread of Urgency::Background takes.
enum class Share : std::uint8_t {
  Most,     ///< it goes on at once when nobody else is there
  Seventh,  ///< of the time of a processor, whoever else is there: what is not missed for seconds
};
/// What such a thread calls often: where it has had the processor for a while, it sleeps for a
/// moment. The kernel would take the processor from it only at its next tick, up to 4 ms later.
/// Nothing on other threads.
void give_way(Share share);

/// Keeps the calling thread on one processor. Errors: Io when the machine has no such processor.
Result<void> pin_thread(unsigned processor);

}  // namespace cairn::system

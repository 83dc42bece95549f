#pragma once

#include <cstddef>

#include "base/bytes.hpp"

namespace cairn::system {

/// Bytes from the kernel's generator (getrandom), for keys, tokens and seeds. Any thread.
Result<Bytes> random_bytes(std::size_t size);

/// Number of processors this process may use; at least 1.
unsigned processor_count();

/// Keeps the calling thread on one processor. Errors: Io when the machine has no such processor.
Result<void> pin_thread(unsigned processor);

}  // namespace cairn::system

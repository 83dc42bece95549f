#pragma once

#include <optional>
#include <string>

#include "model/event.hpp"

namespace cairn::core {

/// An intention towards one aggregate. `identity` is who it is: the same one told again gets the
/// same answer (DESIGN §2, "Commands are decided once").
struct Command {
  std::string name;  ///< "ship_package"
  std::string data;  ///< JSON object; the module that decides reads it
  model::Identity identity;
  model::Origin origin;
  std::optional<std::uint64_t> expected_version;  ///< If-Match
};

}  // namespace cairn::core

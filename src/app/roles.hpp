#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace cairn::app {

/// What a process may run (DESIGN §5). One row per role there is; `cairn role` prints it, `cairn
/// serve --role` reads it.
struct RoleRow {
  std::string_view name;
  std::string_view zh, en;                  ///< what it owns
  std::span<const std::string_view> needs;  ///< roles that must run in the same process
  std::string_view runs;                    ///< threads it starts
};
std::span<const RoleRow> role_table();

/// The roles asked for in the order they start, what a role needs before itself; none or "all": all
/// of them. Errors: Invalid: an unknown name with the nearest, a need that was not asked for.
Result<std::vector<std::string_view>> start_order(std::span<const std::string> wanted);

}  // namespace cairn::app

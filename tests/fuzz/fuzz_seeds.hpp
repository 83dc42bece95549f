#pragma once

#include <span>
#include <string_view>

namespace cairn::fuzz {

/// Good inputs of a target, from which its ordinary test makes bad ones.
std::span<const std::string_view> seeds();

}  // namespace cairn::fuzz

#pragma once

#include <string>

#include "modules/lifecycle/lifecycle.hpp"

namespace cairn::lifecycle {

enum class Language : std::uint8_t { Chinese, English };

/// The lifecycle as a Mermaid `stateDiagram-v2`. Transitions between the same two states share an
/// arrow; dashed words in brackets are facts, an hourglass stands before timers. What stays in its
/// state is left out.
std::string draw_mermaid(const Lifecycle& lifecycle, Language language = Language::Chinese);

}  // namespace cairn::lifecycle

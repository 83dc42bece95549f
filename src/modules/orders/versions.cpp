#include "modules/orders/versions.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

namespace cairn::orders {

Versions::Versions(const lifecycle::Definitions& in_force, std::vector<Activation> activations,
                   std::vector<Chart> charts)
    : activations_(std::move(activations)), charts_(std::move(charts)), by_number_(charts_.size()) {
  CAIRN_CHECK(!activations_.empty() && charts_.size() <= 256);
  Bytes content;
  ByteWriter w(content);
  const auto note = [&](const lifecycle::Definitions& definitions, std::string_view masters) {
    w.bytes(definitions.hash());
    w.bytes(masters);
  };
  add(in_force);
  note(in_force, {});
  for (const auto& activation : activations_) {
    w.i64(activation.from.us);
    if (!activation.definitions) {
      contexts_.push_back(nullptr);
      continue;
    }
    add(*activation.definitions);
    note(*activation.definitions, activation.masters->to_text());
    contexts_.push_back(std::make_unique<const Context>(
        Context{activation.definitions.get(), activation.masters.get(), this}));
  }
  fingerprint_ = crc32c(content);
}

void Versions::add(const lifecycle::Definitions& definitions) {
  for (const auto& lifecycle : definitions.lifecycles()) {
    const auto at = std::ranges::find(charts_, Chart{lifecycle->name(), lifecycle->version()}) -
                    charts_.begin();
    CAIRN_CHECK(at < std::ssize(charts_));
    auto& first = by_number_[static_cast<std::size_t>(at)];
    if (!first) first = lifecycle.get();
    known_.push_back({lifecycle.get(), static_cast<std::uint8_t>(at)});
  }
}

const Context* Versions::at(Time recorded) const {
  const auto later = std::ranges::upper_bound(activations_, recorded, {}, &Activation::from);
  const auto place = later == activations_.begin() ? later : later - 1;
  return contexts_[static_cast<std::size_t>(place - activations_.begin())].get();
}

const lifecycle::Lifecycle* Versions::find_lifecycle(std::uint8_t number) const {
  return number < by_number_.size() ? by_number_[number] : nullptr;
}

std::uint8_t Versions::number_of(const lifecycle::Lifecycle& lifecycle) const {
  const auto found = std::ranges::find(known_, &lifecycle, &Known::lifecycle);
  CAIRN_CHECK(found != known_.end());
  return found->number;
}

std::size_t Context::lifecycle_count() const {
  return versions ? versions->charts().size() : definitions->lifecycles().size();
}
const lifecycle::Lifecycle* Context::find_lifecycle(std::uint8_t number) const {
  if (versions) return versions->find_lifecycle(number);
  return number < lifecycle_count() ? &definitions->lifecycle_at(number) : nullptr;
}
const lifecycle::Lifecycle& Context::lifecycle_at(std::uint8_t number) const {
  const auto* known = find_lifecycle(number);
  CAIRN_CHECK(known != nullptr);
  return *known;
}
std::uint8_t Context::number_of(const lifecycle::Lifecycle& lifecycle) const {
  return versions ? versions->number_of(lifecycle) : definitions->index_of(lifecycle);
}

std::uint32_t Context::fingerprint() const {
  return versions ? versions->fingerprint() : crc32c(definitions->hash());
}

std::string Masters::to_text() const {
  std::string out;
  for (const auto& [source, row] : rows_)
    for (std::size_t i = 0; i < row.master.size(); ++i)
      if (!row.master[i].empty())
        out += source + ' ' + std::string(lifecycle::name_of(static_cast<lifecycle::Area>(i))) +
               ' ' + row.master[i] + '\n';
  return out;
}

Result<Masters> Masters::from_text(std::string_view text) {
  Masters out;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto words = split(line, ' ');
    const auto area = words.size() == 3 ? lifecycle::area_from(words[1]) : std::nullopt;
    if (!area)
      return fail(ErrorCode::Invalid, "expected \"source area master\": " + std::string(line));
    out.set(std::string(words[0]), *area, std::string(words[2]));
  }
  return out;
}

}  // namespace cairn::orders

#pragma once

#include "json/value.hpp"
#include "modules/integration/shape.hpp"

namespace cairn::integration {

/// A JSON document as what a shape takes its values from. Paths are names joined by dots, an index
/// in lists: "fulfillments.0.tracking_number". Valid as long as the document is.
class JsonScope final : public Scope {
 public:
  explicit JsonScope(json::Value value) : value_(value) {}
  std::optional<std::string> text(std::string_view path) const override;
  std::optional<std::string> json(std::string_view path) const override;
  Result<void> each(std::string_view list, const Visit& visit) const override;

 private:
  std::optional<json::Value> at(std::string_view path) const;
  json::Value value_;
};

}  // namespace cairn::integration

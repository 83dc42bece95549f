#include "base/error.hpp"

#include "base/check.hpp"

namespace cairn {
namespace {

using enum ErrorCode;

constexpr std::array kRows{
    ErrorRow{Malformed, "malformed", 400, false, "info", "Malformed input", "内容无法解析"},
    ErrorRow{Invalid, "invalid", 422, false, "info", "Invalid field", "字段不正确"},
    ErrorRow{TooLarge, "too-large", 413, false, "info", "Limit exceeded", "超过限制"},
    ErrorRow{Unauthorized, "unauthorized", 401, false, "info", "Key required", "需要密钥"},
    ErrorRow{Forbidden, "forbidden", 403, false, "info", "Not allowed for this key", "无权访问"},
    ErrorRow{NotFound, "not-found", 404, false, "debug", "Not found", "未找到"},
    ErrorRow{MethodNotAllowed, "method-not-allowed", 405, false, "info", "Method not allowed",
             "不支持的方法"},
    ErrorRow{NotAcceptable, "not-acceptable", 406, false, "info", "Not acceptable",
             "无法按所需格式返回"},
    ErrorRow{UnsupportedMedia, "unsupported-media-type", 415, false, "info",
             "Unsupported media type", "不支持的内容类型"},
    ErrorRow{Refused, "refused", 409, false, "info", "Refused by the lifecycle", "当前状态不允许"},
    ErrorRow{IdReused, "id-reused", 409, false, "warn", "Identity used before with other content",
             "标识已用于其他内容"},
    ErrorRow{VersionMismatch, "version-mismatch", 412, false, "info", "The order has changed",
             "订单已变化"},
    ErrorRow{Gone, "gone", 410, false, "info", "No longer available", "已不可用"},
    ErrorRow{Busy, "busy", 429, true, "warn", "Too much at once", "请求过多"},
    ErrorRow{DiskFull, "disk-full", 507, true, "error", "No room to write", "磁盘空间不足"},
    ErrorRow{Unknown, "outcome-unknown", 503, true, "error", "Outcome unknown", "结果未知"},
    ErrorRow{Timeout, "timeout", 504, true, "warn", "Timed out", "超时"},
    ErrorRow{Damaged, "damaged", 500, false, "error", "Stored data is damaged", "存储数据损坏"},
    ErrorRow{Io, "io", 500, true, "error", "The system refused", "系统错误"},
    ErrorRow{Unavailable, "unavailable", 503, true, "warn", "Not running here", "服务未启动"},
    ErrorRow{Internal, "internal", 500, false, "error", "Internal error", "内部错误"},
};

consteval bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].code) != i) return false;
  return kRows.size() == static_cast<std::size_t>(Internal) + 1;
}
static_assert(rows_are_in_order());

}  // namespace

std::span<const ErrorRow> error_table() { return kRows; }

const ErrorRow& error_row(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  CAIRN_CHECK(index < kRows.size());
  return kRows[index];
}

}  // namespace cairn

#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cairn {

/// What can go wrong, as far as some caller reacts to it. One row per code in `error_table()`.
enum class ErrorCode : std::uint8_t {
  Malformed,         ///< bytes that are not JSON, YAML, CSV, HTTP …
  Invalid,           ///< well-formed, but a field is missing, unknown, ill-typed or out of range
  TooLarge,          ///< a named limit was exceeded
  Unauthorized,      ///< no or wrong key
  Forbidden,         ///< known, but may not
  NotFound,          ///< no such order, route, import …
  MethodNotAllowed,  ///< the path exists, not for this verb
  NotAcceptable,     ///< cannot answer in the media type asked for
  UnsupportedMedia,  ///< cannot read the media type sent
  Refused,           ///< the lifecycle does not allow this command in this state
  IdReused,          ///< same identity, other content
  VersionMismatch,   ///< If-Match names another version
  Gone,              ///< was here, is no more (personal data forgotten, import report expired)
  Busy,              ///< back-pressure: try again after a moment
  DiskFull,          ///< nothing can be acknowledged until there is room
  Unknown,           ///< outcome of a commit is not known: retry with the same idempotency key
  Timeout,           ///< the other side was too slow
  Damaged,           ///< stored data fails its checksum
  Io,                ///< the operating system refused
  Unavailable,       ///< this role or engine is not running
  Internal,          ///< a bug of ours that did not need to abort
};

struct ErrorRow {
  ErrorCode code;
  std::string_view name;  ///< kebab-case; last segment of the problem's `type`
  int http_status;
  bool is_retryable;
  std::string_view log_level;  ///< debug, info, warn, error
  std::string_view title_en;
  std::string_view title_zh;
};

/// The one table from which problem+json, documentation and texts come; indexed by code.
std::span<const ErrorRow> error_table();
const ErrorRow& error_row(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;  ///< what, which id, what was expected, what to do; never personal data
  std::string pointer;  ///< JSON pointer of the field at fault ("/lines/0/quantity"), or empty
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string pointer = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(pointer)});
}

}  // namespace cairn

#define CAIRN_CONCAT_(a, b) a##b
#define CAIRN_CONCAT(a, b) CAIRN_CONCAT_(a, b)

/// `CAIRN_TRY(auto x, parse(text));` binds the value or returns the error.
#define CAIRN_TRY(declaration, expression)                                      \
  auto CAIRN_CONCAT(result_, __LINE__) = (expression);                          \
  if (!CAIRN_CONCAT(result_, __LINE__))                                         \
    return std::unexpected(std::move(CAIRN_CONCAT(result_, __LINE__)).error()); \
  declaration = std::move(*CAIRN_CONCAT(result_, __LINE__))

/// The same for `Result<void>`.
#define CAIRN_TRY_VOID(expression)                       \
  if (auto result_of_try = (expression); !result_of_try) \
  return std::unexpected(std::move(result_of_try).error())

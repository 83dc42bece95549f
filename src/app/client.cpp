#include "app/client.hpp"

#include <fmt/format.h>

#include "adapters/curl/curl_client.hpp"
#include "adapters/system/posix_storage.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "model/identity.hpp"

namespace cairn::app {
namespace {

constexpr std::string_view kLocal = "http://127.0.0.1:8080";
constexpr std::size_t kKeyBytesMax = 4'096;

std::string key_of_file(const std::string& folder) {
  system::PosixStorage storage;
  const auto file = storage.open(folder + "/api.key", ports::Storage::Mode::Existing);
  if (!file) return {};
  const auto text = (*file)->read_at(0, kKeyBytesMax);
  return text ? std::string(trim(*text)) : std::string();
}

ErrorCode code_of(int status, std::string_view type) {
  const auto name = type.substr(type.rfind('/') + 1);
  for (const auto& row : error_table())
    if (row.name == name) return row.code;
  for (const auto& row : error_table())
    if (row.http_status == status) return row.code;
  return ErrorCode::Internal;
}

}  // namespace

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Error error_of(const ports::HttpResponse& response) {
  json::Document document;
  if (const auto problem = document.parse(response.body); problem && problem->is_object()) {
    const auto text = [&](std::string_view name) {
      const auto member = problem->find(name);
      return std::string(member ? member->as_string().value_or("") : "");
    };
    const auto detail = text("detail");
    const auto code = text("code");
    return {code_of(response.status, code.empty() ? text("type") : code),
            detail.empty() ? text("title") : detail, text("pointer")};
  }
  return {code_of(response.status, ""),
          fmt::format("the server answered {} without saying why", response.status), ""};
}

Client::Client(const Common& common) : Client(common, std::make_unique<curl::CurlClient>()) {}

Client::Client(const Common& common, std::unique_ptr<ports::HttpClient> http)
    : http_(std::move(http)),
      server_(common.server.empty() ? std::string(kLocal) : common.server),
      key_(common.key.empty() ? key_of_file(common.settings.data) : common.key) {
  while (server_.ends_with('/')) server_.pop_back();
  if (server_.find("://") == std::string::npos) server_.insert(0, "http://");
}

Result<ports::HttpResponse> Client::send(const std::string& method, const std::string& path,
                                         ports::HttpRequest request) {
  request.method = method;
  request.url = server_ + path;
  if (!key_.empty()) request.headers.emplace_back("Authorization", "Bearer " + key_);
  auto answer = http_->send(request);
  if (!answer && answer.error().code == ErrorCode::Unavailable)
    answer.error().message +=
        "; start it with `cairn serve`, or name the address of another with --server";
  return answer;
}

Result<std::string> Client::get(const std::string& path) {
  CAIRN_TRY(auto answer, send("GET", path));
  if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
  return std::move(answer.body);
}

Result<std::string> Client::post(const std::string& path, std::string body,
                                 std::string_view content_type) {
  ports::HttpRequest request{.body = std::move(body)};
  request.headers.emplace_back("Content-Type", std::string(content_type));
  CAIRN_TRY(auto answer, send("POST", path, std::move(request)));
  if (answer.status / 100 != 2) return std::unexpected(error_of(answer));
  return std::move(answer.body);
}

Result<std::string> Client::find_order(const std::string& typed) {
  const auto number = url_encoded(trim(typed));
  std::vector<std::string> ids;
  json::Document document;
  for (const std::string_view by : {"id", "numbers"}) {
    if (by == "id" && !model::parse_order_id(trim(typed))) continue;
    CAIRN_TRY(const auto text, get(fmt::format("/v1/orders?limit=5&{}={}", by, number)));
    CAIRN_TRY(const auto page, document.parse(text));
    if (const auto items = page.find("items"))
      items->elements([&](json::Value item) {
        if (const auto id = item.find("id")) ids.emplace_back(id->as_string().value_or(""));
        return true;
      });
    if (!ids.empty()) break;
  }
  if (ids.size() == 1) return ids[0];
  if (ids.empty())
    return fail(ErrorCode::NotFound,
                fmt::format("no order with the number or id {} at {}", typed, server_));
  return fail(ErrorCode::Invalid,
              fmt::format("several orders have the number {}: {}; name one by its id", typed,
                          fmt::join(ids, ", ")));
}

}  // namespace cairn::app

#include <array>
#include <atomic>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "base/text.hpp"
#include "http/problem.hpp"
#include "modules/orders/lists.hpp"

/// Lists and the board: many orders at once, from the rows.
namespace cairn::app {
namespace {

using orders::ListQuery;

/// Reads the filters of a request one by one; the first fault is kept with the parameter's name.
class Filters {
 public:
  Filters(const http::Request& request, Installation& installation)
      : request_(request), installation_(installation), names_(installation.rows().names()) {}

  Result<ListQuery> read() {
    read_states();
    bits<model::Category>("category", query_.categories);
    bits<model::Health>("health", query_.healths);
    bits<model::Lane>("lane", query_.lanes);
    ids("shop", query_.shops);
    ids("source", query_.sources);
    ids("warehouse", query_.warehouses);
    ids("flag", query_.flags);
    for (const char* name : {"supplier", "carrier", "tag", "hold", "party"}) words(name);
    read_badges();
    query_.has_case = flag("has_after_sale");
    query_.is_open = flag("open");
    time("placed_from", query_.placed_from);
    time("placed_until", query_.placed_until);
    time("changed_from", query_.changed_from);
    time("changed_until", query_.changed_until);
    time("promised_from", query_.promised_from);
    time("promised_until", query_.promised_until);
    read_texts();
    if (error_) return std::unexpected(*error_);
    return query_;
  }

 private:
  std::vector<std::string> codes(std::string_view name) { return codes_of(request_, name); }
  void fault(std::string_view name, std::string message) {
    if (!error_) error_ = Error{ErrorCode::Invalid, std::move(message), fmt::format("/{}", name)};
  }

  template <typename E>
  void bits(std::string_view name, std::uint32_t& out) {
    if (const auto told = bits_of<E>(request_, name))
      out = *told;
    else if (!error_)
      error_ = told.error();
  }
  void ids(std::string_view name, std::vector<std::uint32_t>& out) {
    for (const auto& code : codes(name))
      if (const auto number = names_.known(code)) out.push_back(number);
    if (request_.query(name) && out.empty() && !codes(name).empty()) query_.is_impossible = true;
  }
  void words(std::string_view name) {
    std::vector<std::uint32_t> group;
    const auto wanted = codes(name);
    for (const auto& code : wanted)
      if (const auto number = names_.known(fmt::format("{}:{}", name, code)))
        group.push_back(number);
    if (wanted.empty()) return;
    if (group.empty())
      query_.is_impossible = true;
    else
      query_.words.push_back(std::move(group));
  }
  void read_states() {
    // Of every version: orders stay with that under which they were placed.
    const auto& context = installation_.context();
    const auto each_named = [&](std::string_view name, auto&& visit) {
      for (std::size_t i = 0; i < context.lifecycle_count(); ++i)
        if (const auto* chart = context.find_lifecycle(static_cast<std::uint8_t>(i));
            chart && (name.empty() || chart->name() == name))
          visit(static_cast<std::uint8_t>(i), *chart);
    };
    for (const auto& name : codes("lifecycle")) {
      const auto before = query_.lifecycles.size();
      if (!name.empty())
        each_named(name, [&](auto number, const auto&) { query_.lifecycles.push_back(number); });
      if (query_.lifecycles.size() == before)
        fault("lifecycle", fmt::format("no lifecycle \"{}\"", name));
    }
    for (const auto& code : codes("state")) {
      const auto slash = code.find('/');
      const auto chart_name = slash == std::string::npos ? "" : code.substr(0, slash);
      const auto state_code = slash == std::string::npos ? code : code.substr(slash + 1);
      bool found = false;
      each_named(chart_name, [&](auto number, const auto& chart) {
        if (const auto state = chart.find_state(state_code)) {
          query_.states.emplace_back(number, *state);
          found = true;
        }
      });
      if (!found) fault("state", fmt::format("no state \"{}\"; GET /v1/meta lists them", code));
    }
  }
  void read_badges() {
    for (const auto& code : codes("badge")) {
      bool found = false;
      for (std::size_t i = 0; i < orders::kBadges.size(); ++i)
        if (orders::kBadges[i] == code) {
          query_.badges |= 1u << i;
          found = true;
        }
      if (!found) fault("badge", fmt::format("no badge \"{}\"", code));
    }
  }
  std::optional<bool> flag(std::string_view name) {
    const auto text = request_.query(name);
    if (!text) return std::nullopt;
    if (*text == "true") return true;
    if (*text == "false") return false;
    fault(name, "expected true or false");
    return std::nullopt;
  }
  void time(std::string_view name, Time& out) {
    const auto text = request_.query(name);
    if (!text) return;
    const auto parsed = parse_rfc3339(*text);
    if (parsed)
      out = parsed->time;
    else
      fault(name, parsed.error().message);
  }
  void tokens(model::PersonalKind kind, std::string_view text) {
    std::vector<Bytes> group;
    for (const auto& term : model::search_terms(kind, text))
      group.push_back(installation_.sealer().token(kind, term));
    if (!group.empty()) query_.tokens.push_back(std::move(group));
  }
  /// Several values of one attribute are one or the other; several attributes hold all.
  void read_attributes() {
    std::map<std::string, std::vector<Bytes>, std::less<>> groups;
    for (const auto& text : codes("attribute")) {
      const auto colon = text.find(':');
      if (colon == std::string::npos || colon == 0) {
        fault("attribute", "expected name:value");
        continue;
      }
      const auto name = text.substr(0, colon);
      groups[name].push_back(orders::attribute_token(name, text.substr(colon + 1)));
    }
    for (auto& [name, group] : groups) query_.tokens.push_back(std::move(group));
  }
  void read_texts() {
    if (const auto reference = request_.query("reference")) {
      const auto colon = reference->find(':');
      const auto last = reference->rfind(':');
      const auto scheme = colon == std::string::npos ? "" : reference->substr(0, colon);
      const auto value = last == std::string::npos ? *reference : reference->substr(last + 1);
      if (scheme == "order")
        query_.order_no = value;
      else
        query_.tokens.push_back({orders::number_token(scheme, value)});
      if (scheme.empty()) {
        query_.tokens.pop_back();
        query_.text = value;
        query_.text_tokens = {orders::number_token("", value)};
      }
    }
    read_attributes();
    if (const auto tail = request_.query("phone_tail")) {
      if (tail->size() != 4) return fault("phone_tail", "expected four digits");
      query_.tokens.push_back(
          {installation_.sealer().token(model::PersonalKind::Phone, "tail:" + *tail)});
    }
    if (const auto name = request_.query("name")) tokens(model::PersonalKind::Name, *name);
    if (const auto q = request_.query("q"); q && !trim(*q).empty()) {
      const std::string text(trim(*q));
      query_.text = to_half_width(text);
      query_.text_tokens.push_back(orders::number_token("", text));
      for (const auto kind : {model::PersonalKind::Name, model::PersonalKind::Phone})
        for (const auto& term : model::search_terms(kind, text))
          query_.text_tokens.push_back(installation_.sealer().token(kind, term));
    }
    for (const auto& text : codes("id")) {
      if (const auto id = model::parse_order_id(text))
        query_.ids.push_back(*id);
      else
        fault("id", id.error().message);
    }
    if (const auto list = request_.query("numbers")) read_numbers(*list);
  }
  void read_numbers(const std::string& list) {
    constexpr std::size_t kNumbersMax = 200;
    std::vector<Bytes> group;
    std::string number;
    const auto end = [&] {
      if (!number.empty()) {
        query_.numbers.push_back(model::normalise_reference("order", number));
        number.clear();
      }
    };
    for (const char c : list) {
      if (c == ',' || c == ';' || static_cast<unsigned char>(c) <= ' ')
        end();
      else
        number += c;
    }
    end();
    if (query_.numbers.size() > kNumbersMax)
      fault("numbers", fmt::format("more than {} numbers", kNumbersMax));
  }

  const http::Request& request_;
  Installation& installation_;
  const orders::Names& names_;
  ListQuery query_;
  std::optional<Error> error_;
};

Result<orders::Page> page_of(const http::Request& request) {
  orders::Page page;
  CAIRN_TRY(page.limit, limit_of(request, 50, 200));
  page.cursor = request.query("cursor").value_or("");
  std::string sort = request.query("sort").value_or("-placed_at");
  page.is_descending = sort.starts_with('-');
  if (page.is_descending) sort.erase(0, 1);
  static const std::map<std::string, orders::SortKey> kKeys{
      {"placed_at", orders::SortKey::Placed},
      {"changed_at", orders::SortKey::Changed},
      {"promised", orders::SortKey::Promised},
      {"total", orders::SortKey::Total}};
  const auto found = kKeys.find(sort);
  if (found == kKeys.end())
    return fail(ErrorCode::Invalid, "expected placed_at, changed_at, promised or total", "/sort");
  page.key = found->second;
  return page;
}

Result<std::vector<std::string>> attributes_asked(const http::Request& request) {
  constexpr std::size_t kNamesMax = 20;
  auto names = codes_of(request, "attributes");
  if (names.size() > kNamesMax)
    return fail(ErrorCode::Invalid,
                fmt::format("{} names, at most {} are answered at once", names.size(), kNamesMax),
                "/attributes");
  return names;
}

/// A page of orders on its way out. What rows do not carry is gathered from the shards.
struct OrderPage {
  orders::ListResult found;
  orders::Viewer viewer;
  std::string position;
  bool tells_not_found = false;
  std::vector<std::string> attribute_names;
  std::vector<std::string> attributes;  ///< of each row, JSON; empty where none were asked for
  std::atomic<std::size_t> left{0};     ///< rows that still wait, and the one who asks
  http::Responder responder;

  void finish(const orders::Names& names) {
    http::Response response;
    response.content_type = "application/json";
    json::Writer w(response.body);
    w.begin_object().key("items").begin_array();
    for (std::size_t i = 0; i < found.rows.size(); ++i)
      orders::write_row(w, found.rows[i], names, viewer, attributes[i]);
    w.end_array().text_if("next_cursor", found.next_cursor);
    w.field("total", std::uint64_t{found.total});
    if (tells_not_found) {
      w.key("not_found").begin_array();
      for (const auto& number : found.not_found) w.value(std::string_view(number));
      w.end_array();
    }
    w.field("position", position).field("as_of", viewer.now).end_object();
    response.headers.emplace_back("Cairn-Position", position);
    responder.send(std::move(response));
  }
};

/// Asks the shard of every row for the attributes; the last to answer sends the page.
void gather_attributes(const std::shared_ptr<OrderPage>& page, Installation& installation) {
  const auto& names = installation.rows().names();
  page->left = page->found.rows.size() + 1;
  const auto done = [page, &names] {
    if (--page->left == 0) page->finish(names);
  };
  for (std::size_t i = 0; i < page->found.rows.size(); ++i) {
    core::Question question{false, [page, i, done](Result<core::Seen> seen) {
                              if (seen && seen->state)
                                page->attributes[i] = orders::attributes_named(
                                    static_cast<const orders::Order&>(*seen->state),
                                    page->attribute_names);
                              done();
                            }};
    const auto submitted = installation.cluster().submit(
        core::question(model::order_key(page->found.rows[i].id), std::move(question)));
    if (!submitted) done();
  }
  done();
}

}  // namespace

void Gateway::list_orders(const Principal& principal, const http::Request& request,
                          http::Responder responder) {
  auto query = Filters(request, installation_).read();
  if (!query) return responder.send(http::problem(query.error(), request));
  const auto page = page_of(request);
  if (!page) return responder.send(http::problem(page.error(), request));
  auto attributes = attributes_asked(request);
  if (!attributes) return responder.send(http::problem(attributes.error(), request));
  const auto info = request.info();
  auto out = std::make_shared<OrderPage>();
  out->responder = std::move(responder);
  out->attribute_names = *std::move(attributes);
  out->tells_not_found = !query->numbers.empty();
  const bool is_taken =
      workers_.run([this, out, info, principal, page = *page, query = *std::move(query)] {
        out->viewer = viewer(principal);
        out->position = position();
        auto found = orders::list(installation_.rows(), query, page, out->viewer.now);
        if (!found) return out->responder.send(http::problem(found.error(), info));
        out->found = *std::move(found);
        out->attributes.resize(out->found.rows.size());
        if (out->attribute_names.empty()) return out->finish(installation_.rows().names());
        gather_attributes(out, installation_);
      });
  if (!is_taken)
    out->responder.send(
        http::problem({ErrorCode::Busy, "too many lists at once; try again", ""}, info));
}

void Gateway::get_board(const Principal& principal, const http::Request& request,
                        http::Responder responder) {
  auto query = Filters(request, installation_).read();
  if (!query) return responder.send(http::problem(query.error(), request));
  const auto limit = limit_of(request, 50, 200, 0);
  if (!limit) return responder.send(http::problem(limit.error(), request));
  static constexpr std::array<std::string_view, 5> kGroups{"shop", "supplier", "carrier",
                                                           "warehouse", "state"};
  const auto group = choice_of(request, "group", kGroups);
  if (!group) return responder.send(http::problem(group.error(), request));
  if (request.query("closed").value_or("false") != "true" && !query->is_open) query->is_open = true;
  const auto info = request.info();
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  const bool is_taken = workers_.run([this, shared, principal, group = *group, limit = *limit,
                                      query = *std::move(query)] {
    const auto now = clock_.now();
    const auto at = position();
    const auto result =
        orders::board(installation_.rows(), query, group, limit, installation_.context(), now);
    http::Response response;
    response.content_type = "application/json";
    json::Writer w(response.body);
    const auto view = viewer(principal);
    w.begin_object().key("columns").begin_array();
    for (std::size_t c = 0; c < model::kCategoryCount; ++c) {
      std::size_t count = 0;
      for (const auto& cell : result.cells[c]) count += cell.count;
      const auto category = static_cast<model::Category>(c);
      if (count == 0 && !installation_.definitions().lifecycles.category(category).is_open)
        continue;
      w.begin_object().field("category", name_of(category)).field("count", std::uint64_t{count});
      w.key("lanes").begin_object();
      for (std::size_t l = 0; l < orders::kLaneCount; ++l) {
        const auto& cell = result.cells[c][l];
        w.key(name_of(static_cast<model::Lane>(l))).begin_object();
        w.field("count", std::uint64_t{cell.count}).key("items").begin_array();
        for (const auto& row : cell.rows)
          orders::write_row(w, row, installation_.rows().names(), view);
        w.end_array().end_object();
      }
      w.end_object().end_object();
    }
    w.end_array().key("groups").begin_array();
    for (const auto& counted : result.groups) {
      w.begin_object().field("value", counted.value).field("count", std::uint64_t{counted.count});
      w.key("lanes").begin_object();
      for (std::size_t l = 0; l < orders::kLaneCount; ++l)
        w.field(name_of(static_cast<model::Lane>(l)), std::uint64_t{counted.lanes[l]});
      w.end_object().end_object();
    }
    w.end_array().field("total", std::uint64_t{result.total});
    w.field("position", at).field("as_of", now).end_object();
    response.headers.emplace_back("Cairn-Position", at);
    shared->send(std::move(response));
  });
  if (!is_taken)
    shared->send(http::problem({ErrorCode::Busy, "too many lists at once; try again", ""}, info));
}

namespace {

/// Conflicts of the orders on one page, gathered from their shards.
struct Conflicts {
  std::vector<std::string> parts;
  std::atomic<std::size_t> left{0};
  std::mutex mutex;
  std::map<std::string, std::size_t> counts;
  std::string next_cursor, position;
  http::Responder responder;

  struct Asked {
    const orders::Row& row;
    const Installation& installation;
    Time now;
    bool is_settled;
    std::string_view code;  ///< empty: all
  };
  /// On the shard's thread.
  void add(std::size_t index, const core::Seen& seen, const Asked& asked) {
    const auto& order = static_cast<const orders::Order&>(*seen.state);
    const auto events = core::events_of(seen.history, order.key);
    if (!events) return;
    for (const auto& conflict : order.conflicts) {
      if (conflict.verdict.empty() == asked.is_settled) continue;
      if (!asked.code.empty() && name_of(conflict.code) != asked.code) continue;
      if (!parts[index].empty()) parts[index] += ',';
      std::string status, text;
      orders::append_status(status, asked.row, asked.installation.context(), asked.now);
      json::Writer item(text);
      item.begin_object().key("order").raw(status).text_if("shop", order.shop).key("conflict");
      orders::write_conflict(item, order, conflict, *events, asked.installation.context());
      item.end_object();
      parts[index] += text;
      std::lock_guard lock(mutex);
      ++counts[std::string(name_of(conflict.code))];
    }
  }

  void finish() {
    http::Response response;
    response.content_type = "application/json";
    json::Writer w(response.body);
    w.begin_object().key("items").begin_array();
    for (const auto& part : parts)
      if (!part.empty()) w.raw(part);
    w.end_array().key("counts").begin_object();
    for (const auto& [code, count] : counts) w.field(code, std::uint64_t{count});
    w.end_object().text_if("next_cursor", next_cursor).field("position", position).end_object();
    response.headers.emplace_back("Cairn-Position", position);
    responder.send(std::move(response));
  }
};

}  // namespace

void Gateway::get_conflicts(const Principal&, const http::Request& request,
                            http::Responder responder) {
  auto query = Filters(request, installation_).read();
  if (!query) return responder.send(http::problem(query.error(), request));
  auto page = page_of(request);
  if (!page) return responder.send(http::problem(page.error(), request));
  const bool is_settled = request.query("settled").value_or("false") == "true";
  const auto code = request.query("code").value_or("");
  if (!code.empty() && !model::from_name<model::ConflictCode>(code))
    return responder.send(http::problem(
        {ErrorCode::Invalid,
         fmt::format("no conflict \"{}\"; GET /v1/meta lists them in `conflicts`", code), "/code"},
        request));
  query->has_conflict = true;
  if (!is_settled)
    for (std::size_t i = 0; i < orders::kBadges.size(); ++i)
      if (orders::kBadges[i] == "data_conflict") query->badges |= 1u << i;
  page->key = orders::SortKey::Changed;
  const auto info = request.info();
  auto gathered = std::make_shared<Conflicts>();
  gathered->responder = std::move(responder);
  gathered->position = position();
  const bool is_taken = workers_.run(
      [this, gathered, info, is_settled, code, page = *page, query = *std::move(query)] {
        const auto now = clock_.now();
        const auto result = orders::list(installation_.rows(), query, page, now);
        if (!result) return gathered->responder.send(http::problem(result.error(), info));
        gathered->next_cursor = result->next_cursor;
        gathered->parts.resize(result->rows.size());
        gathered->left = result->rows.size() + 1;
        for (std::size_t i = 0; i < result->rows.size(); ++i) {
          const auto row = result->rows[i];
          core::Question question{
              true, [this, gathered, i, row, now, is_settled, code](Result<core::Seen> seen) {
                if (seen && seen->state)
                  gathered->add(i, *seen, {row, installation_, now, is_settled, code});
                if (--gathered->left == 0) gathered->finish();
              }};
          auto submitted = installation_.cluster().submit(
              core::question(model::order_key(row.id), std::move(question)));
          if (!submitted && --gathered->left == 0) gathered->finish();
        }
        if (--gathered->left == 0) gathered->finish();
      });
  if (!is_taken)
    gathered->responder.send(
        http::problem({ErrorCode::Busy, "too many lists at once; try again", ""}, info));
}

}  // namespace cairn::app

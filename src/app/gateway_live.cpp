#include <map>

#include <fmt/format.h>

#include "app/gateway.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"
#include "http/problem.hpp"

/// Server-sent events: of one order every change, of many the latest of each.
namespace cairn::app {
namespace {

const orders::Row& row_of(const http::LiveChange& change) {
  return *static_cast<const orders::Row*>(change.about.get());
}

/// Where the client was: Last-Event-ID, which browsers send by themselves, or `after`.
Result<std::optional<Position>> last_seen(const http::Request& request) {
  std::string text(request.header("last-event-id"));
  if (text.empty()) text = request.query("after").value_or("");
  if (text.empty()) return std::nullopt;
  const auto position = parse_position(text);
  if (!position) return fail(ErrorCode::Invalid, "not a position of this server", "/after");
  return position;
}

/// Which changes a stream is about, by the filters of lists that say where an order stands. Names
/// are compared as text: a shop may be asked about before its first order comes.
class LiveFilter {
 public:
  /// Errors: Invalid, a code that there is not.
  static Result<LiveFilter> read(const http::Request& request, Installation& installation,
                                 ports::Clock& clock) {
    LiveFilter out(installation, clock);
    CAIRN_TRY(out.categories_, bits_of<model::Category>(request, "category"));
    CAIRN_TRY(out.healths_, bits_of<model::Health>(request, "health"));
    CAIRN_TRY(out.lanes_, bits_of<model::Lane>(request, "lane"));
    CAIRN_TRY_VOID(refuse_others(request));
    CAIRN_TRY_VOID(out.read_states(request));
    CAIRN_TRY_VOID(out.read_badges(request));
    out.shops_ = codes_of(request, "shop");
    out.sources_ = codes_of(request, "source");
    out.warehouses_ = codes_of(request, "warehouse");
    out.flags_ = codes_of(request, "flag");
    for (const std::string name : {"supplier", "carrier", "tag", "hold", "party"}) {
      auto codes = codes_of(request, name);
      for (auto& code : codes) code = name + ":" + code;
      if (!codes.empty()) out.words_.push_back(std::move(codes));
    }
    return out;
  }

  bool is_narrow() const {
    return categories_ != 0 || healths_ != 0 || lanes_ != 0 || !lifecycles_.empty() ||
           badges_ != 0 || !states_.empty() || !shops_.empty() || !sources_.empty() ||
           !warehouses_.empty() || !flags_.empty() || !words_.empty();
  }

  bool operator()(const orders::Row& row) const {
    const auto health = row.health(clock_.now());
    const auto& names = installation_.rows().names();
    const auto& chart = installation_.definitions().lifecycles.lifecycle_at(row.lifecycle);
    return has_bit(categories_, row.category) && has_bit(healths_, health) &&
           has_bit(lanes_, model::lane_of(health)) && is_one_of(lifecycles_, chart.name()) &&
           is_state(chart.name(), chart.state(row.state).code()) &&
           is_one_of(shops_, names.text(row.shop)) && is_one_of(sources_, names.text(row.source)) &&
           is_one_of(warehouses_, names.text(row.warehouse)) &&
           is_one_of(flags_, names.text(row.flag)) && (row.badges & badges_) == badges_ &&
           std::ranges::all_of(words_, [&](const Codes& codes) { return has_word(codes, row); });
  }

 private:
  using Codes = std::vector<std::string>;
  LiveFilter(Installation& installation, ports::Clock& clock)
      : installation_(installation), clock_(clock) {}

  /// Filters of lists that look at more than where an order stands.
  static Result<void> refuse_others(const http::Request& request) {
    for (const std::string_view name :
         {"reference", "numbers", "id", "q", "name", "phone_tail", "attribute", "open",
          "has_after_sale", "placed_from", "placed_until", "changed_from", "changed_until",
          "promised_from", "promised_until"})
      if (request.query(name))
        return fail(ErrorCode::Invalid,
                    "a stream is not filtered by this; leave it out, or ask GET /v1/orders",
                    fmt::format("/{}", name));
    return {};
  }
  /// "shipped" of any lifecycle, "retail/shipped" of one.
  Result<void> read_states(const http::Request& request) {
    lifecycles_ = codes_of(request, "lifecycle");
    states_ = codes_of(request, "state");
    const auto& definitions = installation_.definitions().lifecycles;
    for (const auto& name : lifecycles_)
      if (!definitions.lifecycle(name))
        return fail(ErrorCode::Invalid,
                    fmt::format("no lifecycle \"{}\"; GET /v1/meta lists them", name),
                    "/lifecycle");
    for (const auto& code : states_)
      if (std::ranges::none_of(definitions.lifecycles(), [&](const auto& chart) {
            const auto own = chart->name() + "/";
            return chart->find_state(code.starts_with(own) ? code.substr(own.size()) : code)
                .has_value();
          }))
        return fail(ErrorCode::Invalid,
                    fmt::format("no state \"{}\"; GET /v1/meta lists them", code), "/state");
    return {};
  }
  Result<void> read_badges(const http::Request& request) {
    for (const auto& code : codes_of(request, "badge")) {
      const auto found = std::ranges::find(orders::kBadges, code);
      if (found == orders::kBadges.end())
        return fail(ErrorCode::Invalid, fmt::format("no badge \"{}\"", code), "/badge");
      badges_ |= 1u << (found - orders::kBadges.begin());
    }
    return {};
  }
  bool is_state(std::string_view lifecycle, std::string_view code) const {
    return states_.empty() || std::ranges::any_of(states_, [&](const std::string& wanted) {
             return wanted == code || wanted == fmt::format("{}/{}", lifecycle, code);
           });
  }

  template <typename E>
  static bool has_bit(std::uint32_t bits, E value) {
    return bits == 0 || (bits >> static_cast<unsigned>(value) & 1) != 0;
  }
  static bool is_one_of(const Codes& codes, std::string_view code) {
    return codes.empty() || contains(codes, code);
  }
  bool has_word(const Codes& codes, const orders::Row& row) const {
    return std::ranges::any_of(row.words(), [&](std::uint32_t word) {
      return contains(codes, installation_.rows().names().text(word));
    });
  }

  Installation& installation_;
  ports::Clock& clock_;
  std::uint32_t categories_ = 0, healths_ = 0, lanes_ = 0, badges_ = 0;
  Codes lifecycles_, states_, shops_, sources_, warehouses_, flags_;
  std::vector<Codes> words_;  ///< prefixed; an order has one of each
};

}  // namespace

void Gateway::add_live_routes(http::Router& router) {
  using enum http::Method;
  router.add(
      Get, "/v1/live",
      guarded([this](const Principal&, const http::Request& request, http::Responder responder) {
        const auto since = last_seen(request);
        if (!since) return responder.send(http::problem(since.error(), request));
        const auto filter = LiveFilter::read(request, installation_, clock_);
        if (!filter) return responder.send(http::problem(filter.error(), request));
        const Live::Wants wants = *filter;
        http::LiveRequest live;
        if (filter->is_narrow())
          live.filter = [wants](const http::LiveChange& change) { return wants(row_of(change)); };
        if (*since)
          live.catch_up = [this, wants, from = **since](const http::LiveReply& reply) {
            reply(live_.catch_up(from, wants));
          };
        responder.go_live(std::move(live));
      }),
      {.rate_class = "live"});

  router.add(
      Get, "/v1/orders/{id}/live",
      guarded([this](const Principal&, const http::Request& request, http::Responder responder) {
        const auto id = model::parse_order_id(request.param("id"));
        if (!id) return responder.send(http::problem(id.error(), request));
        const auto since = last_seen(request);
        if (!since) return responder.send(http::problem(since.error(), request));
        const auto shard = installation_.cluster().shard_for(model::order_key(*id));
        http::LiveRequest live;
        live.subject = id->hash();
        live.filter = [id = *id](const http::LiveChange& change) {
          return row_of(change).id == id;
        };
        if (*since) {
          const auto from = (*since)->contains(shard) ? (*since)->at(shard) : 0;
          live.catch_up = [this, from, id = *id](http::LiveReply reply) {
            ask_for_missed(id, from, std::move(reply));
          };
        }
        responder.go_live(std::move(live));
      }),
      {.rate_class = "live"});
}

/// Every change since then stands in the order's own history.
void Gateway::ask_for_missed(const model::OrderId& id, std::uint64_t from, http::LiveReply reply) {
  auto& cluster = installation_.cluster();
  const auto shard = cluster.shard_for(model::order_key(id));
  const auto answer = [this, reply, from, shard](Result<core::Seen> seen) {
    if (!seen) return reply(std::unexpected(seen.error()));
    http::LiveMissed missed;
    missed.seen.assign(installation_.cluster().shards(), 0);
    missed.seen[shard] = from;
    if (seen->state) {
      const auto& order = static_cast<const orders::Order&>(*seen->state);
      missed.events = missed_changes(order, seen->history, from, shard, missed.seen[shard]);
    }
    reply(std::move(missed));
  };
  auto submitted = cluster.submit(core::question(model::order_key(id), {true, answer}));
  if (!submitted) reply(std::unexpected(submitted.error()));
}

std::string Gateway::missed_changes(const orders::Order& order,
                                    std::span<const core::StoredRecord> history, std::uint64_t from,
                                    std::uint32_t shard, std::uint64_t& through) {
  std::string out;
  const auto& context = installation_.context();
  auto row = orders::make_status_row(order, 0, 0, context, installation_.rows().names());
  row.valid_until = Time::never();
  std::map<model::Identity, model::Event> causes;
  if (auto events = core::events_of(history, model::order_key(order.id())))
    for (auto& event : *events) causes.emplace(event.id, std::move(event));
  for (const auto& record : history) {
    if (record.type != ports::RecordType::Change || record.number <= from) continue;
    const auto change = core::decode_change(record.body);
    if (!change) continue;
    through = std::max(through, record.number);
    out += fmt::format("event: change\nid: {}-{}\ndata: ", shard, record.number);
    json::Writer w(out);
    w.begin_object().field("id", model::to_text(order.id())).text_if("order_no", order.order_no);
    w.field("version", change->version);
    const auto was = orders::decode_summary(change->was);
    const auto is = orders::decode_summary(change->is);
    if (was.is_placed) {
      w.key("from");
      orders::write_state_ref(w, was, context);
    }
    w.key("to");
    orders::write_state_ref(w, is, context);
    row.state = is.state;
    row.lifecycle = is.lifecycle;
    row.category = is.category;
    row.milestone = is.milestone;
    row.version = static_cast<std::uint32_t>(change->version);
    std::string status;
    orders::append_status(status, row, context, record.recorded, is.health);
    w.key("status").raw(status);
    const auto cause = causes.find(change->cause);
    write_cause(w, cause == causes.end() ? nullptr : &cause->second);
    w.text_if("shop", order.shop).field("number", record.number).field("at", record.recorded);
    w.end_object();
    out += "\n\n";
  }
  return out;
}

}  // namespace cairn::app

#include "app/live.hpp"

#include <fmt/format.h>

#include "app/installation.hpp"
#include "modules/orders/render.hpp"

namespace cairn::app {

void write_cause(json::Writer& out, const model::Event* cause) {
  out.key("cause").begin_object();
  if (!cause) {
    out.field("type", "timer")
        .key("label")
        .begin_object()
        .field("zh", "到时")
        .field("en", "Its time came")
        .end_object()
        .end_object();
    return;
  }
  const auto& type = row_of(cause->type);
  out.field("type", type.name)
      .key("label")
      .begin_object()
      .field("zh", type.zh)
      .field("en", type.en)
      .end_object();
  out.field("event", to_hex(cause->id.view())).text_if("source", cause->origin.source).end_object();
}

/// A request falls silent when a time comes, never by an event.
void Live::count_silences(std::span<const core::Committed> changes) {
  for (const auto& change : changes) {
    if (change.cause || change.key.kind != model::kOrderKind) continue;
    const std::size_t was = orders::decode_summary(change.was).silent_requests;
    const auto is = orders::silent_requests(static_cast<const orders::Order&>(*change.state));
    if (is > was) silences_ += is - was;
  }
}

void Live::committed(std::uint32_t shard, std::span<const core::Committed> changes) {
  count_silences(changes);
  const auto newest = changes.back().number;
  // First said, then asked who listens: a reader that arrives in between finds it in the rows.
  begun_[shard].store(newest);
  if (!hub_ || hub_->subscribers() == 0) {
    given_[shard].store(newest);
    return;
  }
  std::vector<http::LiveChange> out;
  const auto now = clock_.now();
  const auto& context = installation_->context();
  for (const auto& change : changes) {
    if (change.key.kind != model::kOrderKind) continue;
    const auto& order = static_cast<const orders::Order&>(*change.state);
    if (!order.is(orders::Flag::Placed)) continue;
    auto row = std::make_shared<orders::Row>(orders::make_row(
        order, change.version, change.number, context, installation_->rows().names()));
    auto text = std::make_shared<std::string>("event: change\ndata: ");
    json::Writer w(*text);
    w.begin_object().field("id", model::to_text(row->id)).text_if("order_no", row->order_no());
    w.field("version", change.version);
    if (!change.was.empty()) {
      const auto was = orders::decode_summary(change.was);
      if (was.is_placed) {
        w.key("from");
        orders::write_state_ref(w, was, context);
      }
    }
    w.key("to");
    orders::write_state_ref(w, orders::summary_of(order, context), context);
    std::string status;
    orders::append_status(status, *row, context, now);
    w.key("status").raw(status);
    write_cause(w, change.cause);
    w.text_if("shop", order.shop).field("number", change.number).field("at", now).end_object();
    *text += "\n\n";
    out.push_back({row->id.hash(), shard, change.number, std::move(text), std::move(row)});
  }
  hub_->publish(std::move(out));
  given_[shard].store(newest);
}

std::vector<std::uint64_t> Live::read(const Numbers& numbers) const {
  return {numbers.begin(), numbers.begin() + installation_->cluster().shards()};
}

void Live::start_at_durable() {
  for (std::uint32_t i = 0; i < installation_->cluster().shards(); ++i)
    given_[i] = begun_[i] = installation_->cluster().durable(i);
}

http::LiveMissed Live::catch_up(const Position& since, const Wants& wants) const {
  constexpr std::size_t kOrdersMax = 20'000;
  const auto now = clock_.now();
  auto at = read(begun_);
  std::vector<std::shared_ptr<orders::Row>> missed;
  const auto shards = installation_->cluster().shards();
  installation_->rows().each([&](const orders::Row& row) {
    const auto shard = core::shard_of(model::order_key(row.id), shards);
    const auto from = since.find(shard);
    // What is newer than `at` comes by the stream itself.
    if (row.number > (from == since.end() ? 0 : from->second) && row.number <= at[shard])
      if (!wants || wants(row)) missed.push_back(std::make_shared<orders::Row>(row));
  });
  if (missed.size() > kOrdersMax)
    return {fmt::format("event: reset\nid: {}\ndata: {{\"reason\":\"too_old\"}}\n\n",
                        format_position(at)),
            std::move(at)};
  // Shard by shard, so that every event can say how far the reader has come.
  const auto shard_of_row = [&](const auto& row) {
    return core::shard_of(model::order_key(row->id), shards);
  };
  std::ranges::sort(missed, {},
                    [&](const auto& row) { return std::pair(shard_of_row(row), row->number); });
  Position heard = since;
  std::string out;
  for (const auto& row : missed) {
    const auto shard = shard_of_row(row);
    for (std::uint32_t i = 0; i < shard; ++i) heard[i] = at[i];
    heard[shard] = row->number;
    out += fmt::format("event: change\nid: {}\ndata: ", format_position(heard));
    json::Writer w(out);
    w.begin_object().field("id", model::to_text(row->id)).text_if("order_no", row->order_no());
    w.field("version", row->version);
    std::string status;
    orders::append_status(status, *row, installation_->context(), now);
    orders::Summary to{row->state,       row->lifecycle, row->category,
                       row->health(now), row->milestone, true};
    w.key("to");
    orders::write_state_ref(w, to, installation_->context());
    w.key("status").raw(status).key("cause").begin_object().field("type", "missed");
    w.key("label")
        .begin_object()
        .field("zh", "补上错过的")
        .field("en", "Missed meanwhile")
        .end_object()
        .end_object();
    w.field("number", row->number).field("at", now).end_object();
    out += "\n\n";
  }
  return {std::move(out), std::move(at)};
}

}  // namespace cairn::app

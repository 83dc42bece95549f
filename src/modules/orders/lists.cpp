#include "modules/orders/lists.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/number.hpp"
#include "base/ranges.hpp"
#include "base/text.hpp"
#include "crypto/hash.hpp"

namespace cairn::orders {
namespace {

bool has_token(const Row& row, BytesView token) {
  for (std::size_t at = 0; at + 8 <= row.tokens().size(); at += 8)
    if (row.tokens().substr(at, 8) == token) return true;
  return false;
}

bool is_within(Time at, Time from, Time until) {
  if (from.is_none() && until == Time::never()) return true;
  return !at.is_none() && at >= from && at < until;
}

template <typename T>
bool is_one_of(const std::vector<T>& allowed, const T& value) {
  return allowed.empty() || contains(allowed, value);
}

std::int64_t sort_value(const Row& row, SortKey key) {
  switch (key) {
    case SortKey::Placed:
      return row.placed.us;
    case SortKey::Changed:
      return row.changed.us;
    case SortKey::Promised:
      return row.promised.is_none() ? Time::never().us : row.promised.us;
    case SortKey::Total:
      return row.total;
  }
  return 0;
}

struct Place {
  std::int64_t value = 0;
  model::OrderId id;
  friend auto operator<=>(const Place&, const Place&) = default;
};

Result<std::optional<Place>> parse_cursor(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto dot = text.find('.');
  if (dot != std::string::npos) {
    const auto value = parse_number<std::int64_t>(std::string_view(text).substr(0, dot));
    const auto id = model::parse_order_id(std::string_view(text).substr(dot + 1));
    if (value && id) return Place{*value, *id};
  }
  return fail(ErrorCode::Invalid, "not a cursor of this list; take next_cursor of the page before",
              "/cursor");
}

/// Keeps the best `limit` of what is offered.
template <typename T, typename Less>
class Best {
 public:
  Best(std::size_t limit, Less less) : limit_(limit), less_(less) {}
  void offer(T&& item) {
    if (limit_ == 0) return;
    if (items_.size() == limit_) {
      if (!less_(item, items_.front())) return;
      std::ranges::pop_heap(items_, less_);
      items_.back() = std::move(item);
    } else {
      items_.push_back(std::move(item));
    }
    std::ranges::push_heap(items_, less_);
  }
  std::vector<T> take() {
    std::ranges::sort_heap(items_, less_);
    return std::move(items_);
  }

 private:
  std::size_t limit_;
  Less less_;
  std::vector<T> items_;
};

}  // namespace

bool ListQuery::matches(const Row& row, Time now) const {
  if (is_impossible) return false;
  if (categories != 0 && !(categories >> static_cast<unsigned>(row.category) & 1)) return false;
  if (is_open) {
    const bool open =
        row.category != model::Category::Done && row.category != model::Category::Closed;
    if (open != *is_open) return false;
  }
  if (healths != 0 || lanes != 0) {
    const auto health = row.health(now);
    if (healths != 0 && !(healths >> static_cast<unsigned>(health) & 1)) return false;
    if (lanes != 0 && !(lanes >> static_cast<unsigned>(model::lane_of(health)) & 1)) return false;
  }
  if (!states.empty() && !contains(states, std::pair{row.lifecycle, row.state})) return false;
  if (!is_one_of(lifecycles, row.lifecycle) || !is_one_of(shops, row.shop) ||
      !is_one_of(sources, row.source) || !is_one_of(flags, row.flag))
    return false;
  if (!warehouses.empty() && !contains(warehouses, row.warehouse)) return false;
  if ((row.badges & badges) != badges) return false;
  if (has_conflict && *has_conflict != row.has_conflict) return false;
  if (has_case && *has_case != row.has_case) return false;
  if (!is_within(row.placed, placed_from, placed_until) ||
      !is_within(row.changed, changed_from, changed_until) ||
      !is_within(row.promised, promised_from, promised_until))
    return false;
  for (const auto& group : words)
    if (std::ranges::none_of(group, [&](auto word) { return contains(row.words(), word); }))
      return false;
  for (const auto& group : tokens)
    if (std::ranges::none_of(group, [&](const Bytes& token) { return has_token(row, token); }))
      return false;
  if (!order_no.empty() && model::normalise_reference("order", row.order_no()) != order_no)
    return false;
  if (!ids.empty() && !contains(ids, row.id)) return false;
  if (text.empty()) return true;
  return contains_ignoring_case(row.order_no(), text) ||
         std::ranges::any_of(text_tokens, [&](const Bytes& t) { return has_token(row, t); });
}

namespace {

/// Which of the pasted numbers a row answers to.
class Pasted {
 public:
  explicit Pasted(const std::vector<std::string>& numbers) : numbers_(numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      by_number_[numbers[i]] = i;
      by_token_[number_token("", numbers[i])] = i;
    }
    is_found_.resize(numbers.size());
  }
  bool matches(const Row& row) {
    if (numbers_.empty()) return true;
    bool any = false;
    const auto found = by_number_.find(model::normalise_reference("order", row.order_no()));
    if (found != by_number_.end()) any = is_found_[found->second] = true;
    for (std::size_t at = 0; at + 8 <= row.tokens().size(); at += 8)
      if (const auto token = by_token_.find(row.tokens().substr(at, 8)); token != by_token_.end())
        any = is_found_[token->second] = true;
    return any;
  }
  std::vector<std::string> not_found() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < numbers_.size(); ++i)
      if (!is_found_[i]) out.push_back(numbers_[i]);
    return out;
  }

 private:
  const std::vector<std::string>& numbers_;
  std::map<std::string, std::size_t> by_number_;
  std::map<Bytes, std::size_t, std::less<>> by_token_;
  std::vector<bool> is_found_;
};

}  // namespace

Result<ListResult> list(const Rows& rows, const ListQuery& asked, const Page& page, Time now) {
  CAIRN_TRY(const auto after, parse_cursor(page.cursor));
  ListQuery query = asked;
  query.order_no = model::normalise_reference("order", query.order_no);
  Pasted pasted(query.numbers);
  ListResult result;
  const auto before = [&](const Place& a, const Place& b) {
    return page.is_descending ? b < a : a < b;
  };
  Best<Place, decltype(before)> best(page.limit + 1, before);
  rows.each(
      [&](const Row& row) {
        if (!query.matches(row, now) || !pasted.matches(row)) return;
        ++result.total;
        Place place{sort_value(row, page.key), row.id};
        if (!after || before(*after, place)) best.offer(std::move(place));
      },
      page.is_descending ? Walk::NewestFirst : Walk::OldestFirst);
  result.not_found = pasted.not_found();
  auto places = best.take();
  if (places.size() > page.limit) {
    places.pop_back();
    const auto& last = places.back();
    result.next_cursor = fmt::format("{}.{}", last.value, model::to_text(last.id));
  }
  for (const auto& place : places)
    rows.with(place.id, [&](const Row& row) { result.rows.push_back(row); });
  return result;
}

namespace {
BoardResult::Group* find_group(std::vector<BoardResult::Group>& groups, std::string_view value) {
  const auto found = std::ranges::find(groups, value, &BoardResult::Group::value);
  return found == groups.end() ? nullptr : &*found;
}
}  // namespace

BoardResult board(const Rows& rows, const ListQuery& query, std::string_view group,
                  std::size_t limit, const Context& context, Time now) {
  BoardResult result;
  const auto before = [](const Place& a, const Place& b) { return a < b; };
  using Cell = Best<Place, decltype(before)>;
  std::vector<Cell> best(model::kCategoryCount * kLaneCount, Cell(limit, before));
  std::map<std::uint64_t, BoardResult::Group> groups;
  const auto prefix = std::string(group) + ":";
  const auto count_group = [&](std::uint64_t number, std::size_t lane) {
    auto& counted = groups[number];
    ++counted.count;
    ++counted.lanes[lane];
  };
  rows.each([&](const Row& row) {
    if (!query.matches(row, now)) return;
    const auto category = static_cast<std::size_t>(row.category);
    const auto lane = static_cast<std::size_t>(model::lane_of(row.health(now)));
    auto& cell = result.cells[category][lane];
    ++cell.count;
    ++result.total;
    best[category * kLaneCount + lane].offer({sort_value(row, SortKey::Promised), row.id});
    if (group == "shop") count_group(row.shop, lane);
    if (group == "warehouse") count_group(row.warehouse, lane);
    if (group == "state") count_group(row.lifecycle * 256u + row.state, lane);
    if (group == "supplier" || group == "carrier") {
      bool is_named = false;
      for (const auto word : row.words())
        if (rows.names().text(word).starts_with(prefix)) {
          count_group(word, lane);
          is_named = true;
        }
      if (!is_named) count_group(0, lane);  // a shop and a warehouse nobody named are 0 too
    }
  });
  for (std::size_t i = 0; i < best.size(); ++i)
    for (const auto& place : best[i].take())
      rows.with(place.id, [&](const Row& row) {
        result.cells[i / kLaneCount][i % kLaneCount].rows.push_back(row);
      });
  for (auto& [number, counted] : groups) {
    if (group == "state") {
      const auto& chart = context.lifecycle_at(static_cast<std::uint8_t>(number / 256));
      counted.value = fmt::format(
          "{}/{}", chart.name(), chart.state(static_cast<lifecycle::StateId>(number % 256)).code());
      // The same state of another version of its lifecycle is the same to a reader.
      if (auto* same = find_group(result.groups, counted.value)) {
        same->count += counted.count;
        for (std::size_t i = 0; i < kLaneCount; ++i) same->lanes[i] += counted.lanes[i];
        continue;
      }
    } else {
      const auto text = rows.names().text(static_cast<std::uint32_t>(number));
      counted.value = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
    }
    result.groups.push_back(std::move(counted));
  }
  // Most trouble first.
  const auto trouble = [](const BoardResult::Group& g) {
    return std::tuple{g.lanes[2], g.lanes[1], g.lanes[3], g.count};
  };
  std::ranges::sort(result.groups,
                    [&](const auto& a, const auto& b) { return trouble(a) > trouble(b); });
  return result;
}

Bytes attribute_token(std::string_view name, std::string_view value) {
  return number_token(fmt::format("attribute\n{}", name), value);
}

Bytes number_token(std::string_view scheme, std::string_view value) {
  const auto digest = crypto::sha256(
      fmt::format("number\n{}\n{}", scheme, model::normalise_reference(scheme, value)));
  return Bytes(crypto::view(digest).substr(0, 8));
}

}  // namespace cairn::orders

#include "app/demo.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>

#include "app/demo_player.hpp"

namespace cairn::app {
namespace {

using demo::Actor;
using demo::Ticket;

constexpr Duration kAgain = milliseconds(60);  ///< an answer is still owed
constexpr Duration kHeld = seconds(5);         ///< an order is on hold
constexpr Duration kLookEvery = seconds(2);    ///< for requests of the console
constexpr Duration kThinks = seconds(20);      ///< how long another system thinks of one
constexpr Duration kLateMax = seconds(10);     ///< births missed longer than that are let go
constexpr std::chrono::milliseconds kTick{100};

}  // namespace

std::string demo_folder(const std::string& data) {
  const auto path = std::filesystem::path(data).lexically_normal();
  const auto own = path.has_filename() ? path : path.parent_path();
  return (own.parent_path() / "demo-data").string();
}

struct Demo::Play {
  Play(Installation& its, demo::Book loaded, Elsewhere elsewhere)
      : installation(its), book(std::move(loaded)), player(its, book, std::move(elsewhere)) {}

  void step(Time now);
  void begin(Time now);
  void find_rows(Time now);
  void fill_backlog(const std::set<std::uint32_t>& present, Time now);
  void resume(Time now);
  void be_born(Time now);
  void begin_stories(Time now);
  void add(const Ticket& ticket, Time begun, Duration shift, const std::set<model::Identity>* told,
           Time now);
  void run(const std::shared_ptr<Actor>& actor, Time now);
  void serve_requests(Time now);
  Time time_of(const Actor& actor) const;
  double rate(Time now) const;

  Installation& installation;
  const demo::Book book;
  demo::Player player;
  std::multimap<Time, std::shared_ptr<Actor>> stage;  ///< by when each has something to do
  std::set<std::string> answered;                     ///< requests
  Time began = Time::none(), last = Time::none();
  Time next_birth, next_look;
  Ticket next;  ///< everyday order
  std::size_t orders = 0;
};

double Demo::Play::rate(Time now) const {
  const auto& rhythm = book.rhythm;
  const double hour = static_cast<double>((now - demo::midnight_of(demo::day_of(now))).us) / 3.6e9;
  double away = std::abs(hour - rhythm.peak_hour);
  away = std::min(away, 24.0 - away);
  const double bell = std::exp(-away * away / (2 * rhythm.width_hours * rhythm.width_hours));
  return std::max(rhythm.floor_per_s, rhythm.peak_per_s * bell);
}

void Demo::Play::begin(Time now) {
  began = last = next_birth = next_look = now;
  next = {demo::day_of(now), demo::kEverydayFirst};
  find_rows(now);
}

/// The rows of the folder say where the demo stands; open ones are asked what they know.
void Demo::Play::find_rows(Time now) {
  std::set<std::string> sources;
  for (const auto& shop : book.shops) sources.insert(shop.source);
  struct Seen {
    Ticket ticket;
    model::OrderId id;
    Time placed;
  };
  std::vector<Seen> open;
  std::set<std::uint32_t> present;
  auto& rows = installation.rows();
  rows.each([&](const orders::Row& row) {
    if (!sources.contains(std::string(rows.names().text(row.source)))) return;
    const auto ticket = demo::parse_order_no(row.order_no());
    if (!ticket) return;
    ++orders;
    if (ticket->number <= demo::kBacklogLast) present.insert(ticket->number);
    const bool is_everyday =
        ticket->number >= demo::kEverydayFirst && ticket->number < demo::kStoriesFirst;
    if (is_everyday && ticket->day == next.day)
      next.number = std::max(next.number, ticket->number + 1);
    if (row.category != model::Category::Done && row.category != model::Category::Closed)
      open.push_back({*ticket, row.id, row.placed});
  });
  for (const auto& seen : open) player.look_back(seen.ticket, seen.id, seen.placed);
  fill_backlog(present, now);
}

void Demo::Play::fill_backlog(const std::set<std::uint32_t>& present, Time now) {
  for (std::uint32_t number = 1; number <= demo::kBacklogLast; ++number) {
    if (present.contains(number)) continue;
    const auto part = player.cast().part_of({0, number});
    if (!part) return;
    const auto span = (part->stock->until - part->stock->from).us;
    const auto at = player.cast().draw({0, part->first}, "age", static_cast<std::uint64_t>(span));
    const auto begun = now - part->stock->from - Duration{static_cast<std::int64_t>(at)};
    add({demo::day_of(begun), number}, begun, {0}, nullptr, now);
  }
}

void Demo::Play::add(const Ticket& ticket, Time begun, Duration shift,
                     const std::set<model::Identity>* told, Time now) {
  const auto part = player.cast().part_of(ticket);
  if (!part) return;
  auto actor = std::make_shared<Actor>();
  actor->ticket = ticket;
  actor->part = *part;
  actor->begun = begun;
  actor->shift = shift;
  const auto& shop = player.cast().shop_of(ticket, *part);
  const auto knows = [&](std::size_t index) {
    if (!told) return false;
    // Whoever told it: an act is told once.
    for (const std::string_view source :
         {std::string_view("cairn"), std::string_view(shop.source), std::string_view("demo_wms"),
          std::string_view("demo_erp"), std::string_view("demo_carrier")})
      if (told->contains(player.cast().identity(ticket, source, index))) return true;
    return part->script->acts[index].about == "stray";
  };
  for (std::size_t i = 0; i < part->script->acts.size(); ++i) {
    const auto& act = part->script->acts[i];
    if (act.order != part->order) continue;
    if (act.way == demo::Way::Ask)
      answered.insert(to_hex(player.cast().identity(ticket, "cairn", i).view()).substr(0, 16));
    if (!knows(i)) actor->acts.push_back(i);
  }
  if (actor->acts.empty()) return;
  // What should have happened while the demo stood still happens from now on.
  if (told && time_of(*actor) < now) actor->shift = now - time_of(*actor) + seconds(1);
  if (!told) {
    ++orders;
    std::lock_guard lock(player.desk()->mutex);
    ++player.desk()->counts.orders;
  }
  stage.emplace(std::max(time_of(*actor), told ? now : Time::none()), std::move(actor));
}

void Demo::Play::resume(Time now) {
  std::vector<demo::Desk::Found> found;
  {
    std::lock_guard lock(player.desk()->mutex);
    found.swap(player.desk()->found);
  }
  for (const auto& each : found) {
    const auto part = player.cast().part_of(each.ticket);
    if (!part) continue;
    const auto offset =
        player.cast().pace(each.ticket, *part, part->script->placed_at(part->order));
    add(each.ticket, each.placed - offset, {0}, &each.told, now);
  }
}

void Demo::Play::be_born(Time now) {
  if (next_birth + kLateMax < now) next_birth = now;
  if (const auto today = demo::day_of(now); today != next.day) next = {today, demo::kEverydayFirst};
  while (next_birth <= now && orders < book.orders_max) {
    const double u =
        static_cast<double>(1 + player.cast().draw(next, "gap", 1'000'000)) / 1'000'001.0;
    add(next, now, {0}, nullptr, now);
    ++next.number;
    next_birth = next_birth + Duration{static_cast<std::int64_t>(-std::log(u) / rate(now) * 1e6)};
  }
}

/// Rounds begin with the day, so that a restart knows which numbers are whose.
void Demo::Play::begin_stories(Time now) {
  const auto day = demo::day_of(now);
  const auto midnight = demo::midnight_of(day);
  const auto round = (now - midnight).us / book.story_round.us;
  const Time start = midnight + book.story_round * round;
  const auto count = static_cast<std::int64_t>(book.stories.size());
  auto number = demo::kStoriesFirst + static_cast<std::uint32_t>(round) * demo::kRoundNumbers;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& story = book.stories[static_cast<std::size_t>(i)];
    const auto size =
        static_cast<std::uint32_t>(story.orders.size()) * static_cast<std::uint32_t>(story.copies);
    const Time begun = start + Duration{book.story_round.us * i / count};
    if (begun > last && begun <= now && orders + size <= book.story_orders_max)
      for (std::uint32_t k = 0; k < size; ++k) add({day, number + k}, begun, {0}, nullptr, now);
    number += size;
  }
}

Time Demo::Play::time_of(const Actor& actor) const {
  const auto& act = actor.part.script->acts[actor.acts[actor.next]];
  return actor.begun + actor.shift + player.cast().pace(actor.ticket, actor.part, act.at);
}

/// Plays the acts of one order that are due; those from before the demo began all at once.
void Demo::Play::run(const std::shared_ptr<Actor>& actor, Time now) {
  while (actor->next < actor->acts.size() && !actor->is_over) {
    const Time at = time_of(*actor);
    if (at > now) {
      stage.emplace(at, actor);
      return;
    }
    const auto index = actor->acts[actor->next];
    const bool is_past = at < began;
    if (!is_past) {
      const bool is_held = actor->waiting == 0 && player.must_wait(*actor, index);
      if (actor->is_over) return;
      if (actor->waiting > 0 || is_held) {
        if (is_held) actor->shift = actor->shift + kHeld;
        stage.emplace(now + (is_held ? kHeld : kAgain), actor);
        return;
      }
    }
    ++actor->next;
    // A fact stands after the commands before it, whose time is the shard's.
    player.play(actor, index, is_past ? at : now, is_past);
    if (is_past) continue;
    if (actor->next < actor->acts.size())
      stage.emplace(std::max(time_of(*actor), now + kAgain), actor);
    return;
  }
}

void Demo::Play::serve_requests(Time now) {
  std::vector<demo::Desk::Request> requests;
  {
    std::lock_guard lock(player.desk()->mutex);
    requests.swap(player.desk()->requests);
  }
  for (const auto& request : requests)
    if (request.opened + kThinks <= now && answered.insert(request.id).second)
      player.answer(request, now);
  if (now < next_look) return;
  next_look = now + kLookEvery;
  const auto bit = static_cast<std::size_t>(
      std::ranges::find(orders::kBadges, std::string_view("request_pending")) -
      orders::kBadges.begin());
  std::vector<model::OrderId> waiting;
  installation.rows().each([&](const orders::Row& row) {
    if ((row.badges >> bit & 1) != 0 && demo::parse_order_no(row.order_no()))
      waiting.push_back(row.id);
  });
  for (const auto& id : waiting) player.look_for_requests(id);
}

void Demo::Play::step(Time now) {
  if (began.is_none()) begin(now);
  if (!player.give()) return;
  resume(now);
  be_born(now);
  begin_stories(now);
  std::vector<std::shared_ptr<Actor>> due;
  while (!stage.empty() && stage.begin()->first <= now) {
    due.push_back(std::move(stage.begin()->second));
    stage.erase(stage.begin());
  }
  for (const auto& actor : due) run(actor, now);
  serve_requests(now);
  last = now;
  player.give();
}

Demo::Demo(std::unique_ptr<Play> play) : play_(std::move(play)) {}
Demo::~Demo() { stop(); }

Result<std::unique_ptr<Demo>> Demo::open(Installation& installation, const std::string& folder,
                                         Elsewhere elsewhere) {
  CAIRN_TRY(auto book, demo::load_book(folder));
  if (book.story_orders() > demo::kRoundNumbers)
    return fail(ErrorCode::Invalid, folder + "/stories.yaml: more orders than a round has numbers");
  for (const auto& shop : book.shops)
    if (!installation.definitions().sources.find(shop.source))
      return fail(ErrorCode::Invalid,
                  folder + "/cast.yaml: no source " + shop.source + " in sources/");
  auto play = std::make_unique<Play>(installation, std::move(book), std::move(elsewhere));
  return std::unique_ptr<Demo>(new Demo(std::move(play)));
}

void Demo::step(Time now) { play_->step(now); }

void Demo::start(ports::Clock& clock) {
  thread_ = std::jthread([this, &clock](const std::stop_token& token) {
    std::mutex mutex;
    std::condition_variable_any wakes;
    std::unique_lock lock(mutex);
    while (!token.stop_requested()) {
      play_->step(clock.now());
      wakes.wait_for(lock, token, kTick, [] { return false; });
    }
  });
}

void Demo::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

Demo::Counts Demo::counts() const {
  std::lock_guard lock(play_->player.desk()->mutex);
  auto counts = play_->player.desk()->counts;
  return counts;
}

}  // namespace cairn::app

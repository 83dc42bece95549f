#include "http/live_hub.hpp"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>
#include <future>

#include "http/test_edge.hpp"

namespace cairn::http {
namespace {

std::string event_of(std::uint64_t number, std::string_view text = "x") {
  return fmt::format("event: change\nid: {}\ndata: {}\n\n", number, text);
}

std::string closing(std::string_view reason) {
  return fmt::format("event: closing\ndata: {{\"reason\":\"{}\"}}\n\n", reason);
}

LiveChange change_of(std::uint64_t number, std::uint64_t subject = 1, std::uint32_t shard = 0,
                     std::string_view text = "x") {
  return {subject, shard, number, std::make_shared<const std::string>(event_of(number, text)),
          nullptr};
}

std::vector<LiveChange> changes_of(std::initializer_list<std::uint64_t> numbers) {
  std::vector<LiveChange> out;
  for (const auto number : numbers) out.push_back(change_of(number));
  return out;
}

std::string joined(std::span<const std::uint64_t> numbers) {
  return fmt::format("{}", fmt::join(numbers, " "));
}

/// A reader whose other end is the hub's; `buffer` bounds what the kernel takes for it.
class Reader {
 public:
  Reader(LiveHub& hub, LiveRequest request, int buffer = 0) : Reader(pair(buffer)) {
    hub.adopt(theirs_, std::move(request));
  }
  /// Past the head: when this returns the hub knows the reader.
  std::string start() {
    client_.read_until("\r\n\r\n");
    client_.read_until("\n\n");  // retry
    return client_.read_until("event: heartbeat");
  }
  TestClient& operator*() { return client_; }
  TestClient* operator->() { return &client_; }

 private:
  static std::array<int, 2> pair(int buffer) {
    std::array<int, 2> fds{};
    CAIRN_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    CAIRN_CHECK(::fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
    if (buffer > 0) ::setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    return fds;
  }
  explicit Reader(std::array<int, 2> fds) : client_(TestClient::Adopt{fds[0]}), theirs_(fds[1]) {}
  TestClient client_;
  int theirs_;
};

TEST(LiveHub, GivesEveryReaderWhatItWants) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  hub.start();
  Reader all(hub, {});
  Reader one(hub, {.subject = 7});
  Reader odd(hub, {.filter = [](const LiveChange& change) { return change.number % 2 == 1; }});
  Reader seen(hub, {.catch_up = [](const LiveReply& reply) { reply(LiveMissed{.seen = {3, 0}}); }});
  for (auto* reader : {&all, &one, &odd, &seen}) reader->start();
  EXPECT_EQ(hub.subscribers(), 4u);
  hub.publish({change_of(2, 7), change_of(3, 8), change_of(4, 7), change_of(1, 9, 1)});
  hub.publish({change_of(5, 7), change_of(99, 7, 40)});
  const auto expect = [](Reader& reader, std::initializer_list<std::uint64_t> numbers) {
    for (const auto number : numbers) EXPECT_EQ(reader->read_event(), event_of(number));
  };
  // start() has read into the first heartbeat: it ends before the first event.
  for (auto* reader : {&all, &one, &odd, &seen}) (*reader)->read_until("\n\n");
  expect(all, {2, 3, 4, 1, 5, 99});
  expect(one, {2, 4, 5, 99});
  expect(odd, {3, 1, 5, 99});
  expect(seen, {4, 1, 5, 99});
  EXPECT_EQ(hub.delivered(), 18u);
  EXPECT_EQ(hub.dropped(), 0u);
}

TEST(LiveHub, ForgetsReadersThatLeave) {
  LiveHub hub({.heartbeat_seconds = 0});
  hub.start();
  {
    Reader of_many(hub, {}), of_one(hub, {.subject = 1});
    of_many.start();
    of_one.start();
  }
  // The hub has heard of the ends before it greets the next one or beats for it.
  Reader next(hub, {});
  next.start();
  while (hub.subscribers() != 1) next->read_until("event: heartbeat");
  hub.publish(changes_of({1}));
  next->read_until("\n\n");
  EXPECT_EQ(next->read_event(), event_of(1));
  EXPECT_EQ(hub.delivered(), 1u);
}

TEST(LiveHub, BeatsWithThePosition) {
  std::atomic<std::uint64_t> position{1};  // outlives the hub, whose thread asks it
  LiveHub hub({.heartbeat_seconds = 0});
  hub.set_positions({[&] { return std::vector{position.load()}; }, joined});
  hub.set_clock([] { return Time{1'764'000'000'250'000}; });
  const std::string said = "data: {\"at\":\"2025-11-24T16:00:00.250Z\"}\n\n";
  hub.start();
  Reader reader(hub, {});
  reader->read_until("\n\n");
  EXPECT_EQ(reader->read_until("\n\n"), "event: heartbeat\nid: 1\n" + said);
  position = 2;
  std::string beat;
  while (beat != "event: heartbeat\nid: 2\n" + said) {
    beat = reader->read_until("\n\n");
    ASSERT_TRUE(beat.starts_with("event: heartbeat\nid: ")) << beat;
  }
}

TEST(LiveHub, BeatsWithoutAnIdWhereThereIsNoPosition) {
  LiveHub hub({.heartbeat_seconds = 0});
  hub.start();
  Reader reader(hub, {});
  reader->read_until("\n\n");
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(reader->read_until("\n\n").starts_with("event: heartbeat\ndata: {\"at\":\"2"));
}

TEST(LiveHub, SaysFirstWhatWasMissed) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  hub.start();
  Reader reader(hub, {.catch_up = [](const LiveReply& reply) {
                  reply(LiveMissed{event_of(1) + event_of(2), {2}});
                }});
  reader->read_until("\r\n\r\n");
  for (const auto number : {1u, 2u}) EXPECT_EQ(reader->read_event(), event_of(number));
  hub.publish(changes_of({1, 2, 3}));
  EXPECT_EQ(reader->read_event(), event_of(3));
}

/// A reader whose question is answered by the test, when it likes.
struct Asking {
  LiveRequest request() {
    return {.catch_up = [this](LiveReply reply) { asked.set_value(std::move(reply)); }};
  }
  LiveReply reply() { return asked.get_future().get(); }
  std::promise<LiveReply> asked;
};

TEST(LiveHub, KeepsWhatIsPublishedUntilItKnowsWhatWasMissed) {
  LiveHub hub({.heartbeat_seconds = 0});
  hub.start();
  Asking asking;
  Reader other(hub, {}), late(hub, asking.request());
  other.start();
  const auto reply = asking.reply();
  // The hub has delivered these to everybody else before the answer comes.
  hub.publish(changes_of({2, 3}));
  other->read_until(event_of(3));
  reply(LiveMissed{event_of(1) + event_of(2), {2}});
  late->read_until("\r\n\r\n");
  for (const auto number : {1u, 2u, 3u}) EXPECT_EQ(late->read_event(), event_of(number));
  hub.publish(changes_of({4}));
  EXPECT_EQ(late->read_event(), event_of(4));
}

TEST(LiveHub, NamesWithEveryEventHowFarItsReaderHasCome) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  hub.set_positions({[] { return std::vector<std::uint64_t>{1, 1}; }, joined});
  hub.start();
  const auto tell = [&](std::uint32_t shard, std::uint64_t number) {
    const auto text = std::make_shared<const std::string>("data: x\n\n");
    hub.publish({{1, shard, number, text, nullptr}});
  };
  const auto heard = [](Reader& reader, std::string_view position) {
    EXPECT_EQ(reader->read_event(), fmt::format("id: {}\ndata: x\n\n", position));
  };
  const auto catch_up = [](const LiveReply& reply) { reply(LiveMissed{.seen = {7, 12}}); };
  Asking asking;
  Reader all(hub, {}), ahead(hub, {.catch_up = catch_up}), late(hub, asking.request());
  const auto reply = asking.reply();
  for (auto* reader : {&all, &ahead}) {
    reader->start();
    (*reader)->read_until("\n\n");
  }
  // Neither before what it was told of another shard, nor before what it learned when it came.
  tell(0, 5);
  heard(all, "5 1");
  tell(1, 9);
  heard(all, "5 9");
  tell(0, 8);
  heard(all, "8 9");
  heard(ahead, "8 12");
  tell(1, 13);
  for (auto* reader : {&all, &ahead}) heard(*reader, "8 13");
  // What was kept for it is named as it came: what is kept behind it, it has not been told.
  reply(LiveMissed{.seen = {5, 9}});
  late->read_until("\r\n\r\n");
  for (const auto* position : {"8 9", "8 13"}) heard(late, position);
  EXPECT_TRUE(late->read_until("\n\n").starts_with("event: heartbeat\nid: 8 13\n"));
}

TEST(LiveHub, EndsWhatCannotBeCaughtUp) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  hub.start();
  Asking asking;
  Reader reader(hub, asking.request());
  asking.reply()(fail(ErrorCode::Busy, "not now"));
  EXPECT_TRUE(reader->read_all().ends_with(closing("unavailable")));
}

TEST(LiveHub, KeepsNoMoreThanItWouldHoldForASlowReader) {
  LiveHub hub({.unsent_bytes_max = 4'096, .heartbeat_seconds = 3'600});
  hub.start();
  Asking asking;
  Reader other(hub, {}), late(hub, asking.request());
  other.start();
  const auto reply = asking.reply();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    hub.publish({change_of(i, 1, 0, std::string(1'000, 't'))});
    other->read_until(event_of(i, std::string(1'000, 't')));
  }
  reply(LiveMissed{});
  EXPECT_TRUE(late->read_all().ends_with(
      "retry: 1000\n\nevent: closing\ndata: {\"reason\":\"too_slow\"}\n\n"));
}

TEST(LiveHub, HearsNoAnswerForReadersThatAreGone) {
  auto hub = std::make_unique<LiveHub>(LiveOptions{.heartbeat_seconds = 0});
  hub->start();
  Reader other(*hub, {});
  other.start();
  Asking left, waits;
  LiveReply late;
  {
    Reader reader(*hub, left.request());
    late = left.reply();
  }
  while (hub->subscribers() != 1) other->read_until("event: heartbeat");
  // Very likely under the number of the one that left.
  Reader next(*hub, waits.request());
  const auto reply = waits.reply();
  late(LiveMissed{event_of(1), {1}});
  other->read_until("event: heartbeat");
  reply(LiveMissed{event_of(2), {2}});
  next->read_until("\r\n\r\n");
  EXPECT_EQ(next->read_event(), event_of(2));
  hub = nullptr;
  reply(LiveMissed{});
}

/// Publishes until the hub has dropped somebody; `keep_up` reads what was published so far.
std::uint64_t publish_until_dropped(LiveHub& hub,
                                    const std::function<void(std::uint64_t)>& keep_up) {
  const std::string text(1'000, 't');
  std::uint64_t number = 0;
  while (hub.dropped() == 0) {
    hub.publish({change_of(++number, 1, 0, text)});
    keep_up(number);
  }
  return number;
}

TEST(LiveHub, DropsASlowReaderWithAReasonAndWaitsForNobody) {
  LiveHub hub({.unsent_bytes_max = 32 * 1024, .heartbeat_seconds = 3'600});
  hub.start();
  Reader slow(hub, {}, 4'096), quick(hub, {});
  slow.start();
  quick.start();
  quick->read_until("\n\n");
  const std::string text(1'000, 't');
  const auto last = publish_until_dropped(
      hub, [&](std::uint64_t number) { ASSERT_EQ(quick->read_event(), event_of(number, text)); });
  EXPECT_EQ(hub.dropped(), 1u);
  slow->read_until("\n\n");
  std::uint64_t got = 0;
  std::string event = slow->read_event();
  for (; event == event_of(got + 1, text); event = slow->read_event()) ++got;
  EXPECT_EQ(event, closing("too_slow"));
  EXPECT_GT(got, 0u);
  EXPECT_LT(got, last);
  EXPECT_TRUE(slow->is_at_end());
  hub.publish({change_of(last + 1)});
  EXPECT_EQ(quick->read_event(), event_of(last + 1));
}

TEST(LiveHub, LetsGoOfAReaderThatDoesNotEvenTakeTheReason) {
  LiveHub hub({.unsent_bytes_max = 32 * 1024, .heartbeat_seconds = 0});
  hub.start();
  Reader slow(hub, {}, 4'096), quick(hub, {});
  slow.start();
  quick.start();
  publish_until_dropped(hub, [&](std::uint64_t) { quick->read_event(); });
  while (hub.subscribers() > 1) quick->read_until("event: heartbeat");
  EXPECT_EQ(hub.subscribers(), 1u);
}

TEST(LiveHub, SendsAllThatWasMissedHoweverMuch) {
  LiveHub hub({.unsent_bytes_max = 32 * 1024, .heartbeat_seconds = 3'600});
  hub.start();
  const std::string text(4'000, 't');
  Reader reader(hub,
                {.catch_up =
                     [&](const LiveReply& reply) {
                       LiveMissed missed;
                       for (std::uint64_t i = 1; i <= 500; ++i) missed.events += event_of(i, text);
                       reply(std::move(missed));
                     }},
                4'096);
  reader->read_until("\r\n\r\n");
  // What is told meanwhile waits behind it.
  hub.publish(changes_of({501, 502}));
  for (std::uint64_t i = 1; i <= 500; ++i) ASSERT_EQ(reader->read_event(), event_of(i, text));
  for (const auto number : {501u, 502u}) EXPECT_EQ(reader->read_event(), event_of(number));
  EXPECT_EQ(hub.dropped(), 0u);
}

TEST(LiveHub, TurnsAwayWhatIsTooMuch) {
  LiveHub hub({.heartbeat_seconds = 3'600, .subscribers_max = 1});
  hub.start();
  Reader one(hub, {});
  one.start();
  Reader two(hub, {});
  EXPECT_TRUE(two->read_all().starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: "));
  EXPECT_EQ(hub.subscribers(), 1u);
}

TEST(LiveHub, SaysThatItStops) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  hub.start();
  Reader of_many(hub, {}), of_one(hub, {.subject = 1});
  of_many.start();
  of_one.start();
  hub.stop();
  for (auto* reader : {&of_many, &of_one})
    EXPECT_TRUE((*reader)->read_all().ends_with(closing("restarted")));
  hub.publish(changes_of({1}));
  EXPECT_EQ(hub.subscribers(), 0u);
}

TEST(LiveHub, CountsReadersFromTheMomentTheyAreGivenToIt) {
  LiveHub hub({.heartbeat_seconds = 3'600});
  Reader reader(hub, {});
  EXPECT_EQ(hub.subscribers(), 1u);  // so that nobody takes the silence before it begins for good
  hub.publish(changes_of({1}));
  hub.start();
  reader->read_until("\r\n\r\n");
  EXPECT_EQ(reader->read_event(), event_of(1));
}

TEST(LiveHub, EndsWhatCameTooLate) {
  auto hub = std::make_unique<LiveHub>(LiveOptions{});
  hub->start();
  hub->stop();
  Reader late(*hub, {});
  hub = nullptr;
  EXPECT_TRUE(late->is_at_end());
}

// ---- through the server -------------------------------------------------------------------------

/// Changes of one shard, their numbers by one; a stream resumes from its Last-Event-ID.
class Story {
 public:
  explicit Story(TestEdge& edge) : edge_(edge) {
    edge.router.add(
        Method::Get, "/live",
        [this](const Request& request, Responder responder) {
          LiveRequest live;
          if (const auto last = request.header("last-event-id"); !last.empty())
            live.catch_up = [this, from = std::strtoull(std::string(last).c_str(), nullptr, 10)](
                                const LiveReply& reply) { reply(missed(from)); };
          responder.go_live(std::move(live));
        },
        {.rate_class = "live"});
  }
  void tell() {
    std::lock_guard lock(mutex_);
    edge_.hub.publish({change_of(++told_)});
  }
  std::uint64_t told() {
    std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  LiveMissed missed(std::uint64_t from) {
    std::lock_guard lock(mutex_);
    LiveMissed out;
    for (auto number = from + 1; number <= told_; ++number) out.events += event_of(number);
    out.seen = {told_};
    return out;
  }
  TestEdge& edge_;
  std::mutex mutex_;
  std::uint64_t told_ = 0;
};

void listen(TestClient& client, std::string_view more = "") {
  client.send(fmt::format("GET /live HTTP/1.1\r\nHost: t\r\n{}\r\n", more));
}

TEST(LiveStream, ComesBehindWhatIsOwedAndIsNamed) {
  TestEdge edge;
  Story story(edge);
  edge.start();
  auto client = edge.client();
  client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
  listen(client, "X-Request-Id: mine\r\n");
  edge.held.take().send(Response::text("first"));
  EXPECT_EQ(client.read_answer().body, "first");
  const auto head = client.read_answer();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-type"), "text/event-stream");
  EXPECT_EQ(head.header("cairn-request-id"), "mine");
  EXPECT_EQ(client.read_until("\n\n"), "retry: 1000\n\n");
  EXPECT_TRUE(client.read_until("\n\n").starts_with("event: heartbeat\ndata: {\"at\":\""));
  story.tell();
  EXPECT_EQ(client.read_event(), event_of(1));
  EXPECT_EQ(edge.server->counts().open, 0u);
  EXPECT_EQ(edge.hub.subscribers(), 1u);
}

TEST(LiveStream, AnswersHeadAndSaysWhereThereIsNoHub) {
  TestEdge edge;
  Story story(edge);
  edge.start();
  auto client = edge.client();
  client.send("HEAD /live HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client.read_answer(true).header("content-type"), "text/event-stream");
  EXPECT_TRUE(client.is_at_end());
  TestEdge without;
  without.with_hub = false;
  Story untold(without);
  without.start();
  auto other = without.client();
  EXPECT_EQ(other.get("/live").status, 503);
  EXPECT_EQ(other.get("/hello").status, 200);
}

TEST(LiveStream, ResumesWithoutGapOrRepeat) {
  TestEdge edge;
  Story story(edge);
  edge.start();
  constexpr std::uint64_t kLast = 3'000;
  std::uint64_t got = 0;
  std::optional<std::thread> telling;
  int streams = 0;
  for (; got < kLast; ++streams) {
    auto client = edge.client();
    listen(client, fmt::format("Last-Event-ID: {}\r\n", got));
    client.read_until("\n\n");
    if (!telling)
      telling.emplace([&] {
        while (story.told() < kLast) story.tell();
      });
    for (int i = 0; i < 150 && got < kLast; ++i) {
      const auto event = client.read_event();
      if (event == closing("too_slow")) break;  // on a busy machine; it comes back like any other
      ASSERT_EQ(event, event_of(++got)) << "in stream " << streams;
    }
  }
  telling->join();
  EXPECT_GE(streams, 20);
}

TEST(LiveStream, ServesManyOnSeveralLoops) {
  TestEdge edge;
  edge.options.threads = 2;
  Story story(edge);
  edge.start();
  std::deque<TestClient> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(edge.port());
    listen(clients.back());
  }
  for (auto& client : clients) client.read_until("event: heartbeat");
  for (int i = 0; i < 20; ++i) story.tell();
  for (auto& client : clients) {
    client.read_until("\n\n");
    for (std::uint64_t i = 1; i <= 20; ++i) ASSERT_EQ(client.read_event(), event_of(i));
  }
  EXPECT_EQ(edge.hub.delivered(), 4'000u);
}

}  // namespace
}  // namespace cairn::http

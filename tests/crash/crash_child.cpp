#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "adapters/segments/segment_log.hpp"
#include "adapters/system/system_clock.hpp"
#include "app/installation.hpp"
#include "crash_shared.hpp"

/// `crash_child <data> <shared file> <pipe>`: Cairn's kernel on the real stores with its threads.
/// It starts, checks that everything ever acknowledged is there once, then takes facts until it is
/// killed, telling the pipe by a letter what it is doing: S starts, R ready, A acknowledged,
/// F writes piles, N is about to change segments, C recycles one.
namespace cairn::crash {
namespace {

constexpr std::uint64_t kSegmentBytes = 32 * 1024;

int pipe_out = -1;
void say(char what) { (void)!::write(pipe_out, &what, 1); }

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "crash_child: %s\n", why.c_str());
  ::_exit(3);
}

class LoudPiles final : public ports::Piles {
 public:
  LoudPiles(std::unique_ptr<ports::Piles> inner, Shared& shared)
      : inner_(std::move(inner)), shared_(shared) {}
  Result<void> write(std::span<const ports::PileAddition> additions,
                     std::uint64_t position) override {
    Inside inside(shared_.flushing);
    say('F');
    return inner_->write(additions, position);
  }
  std::uint64_t position() const override { return inner_->position(); }
  Result<Bytes> read(ports::Serial serial) override { return inner_->read(serial); }
  Result<void> scan(const std::function<Result<void>(const ports::PileEntry&)>& visit) override {
    return inner_->scan(visit);
  }
  Result<void> drop_rows() override { return inner_->drop_rows(); }
  Result<std::vector<std::string>> verify() override { return inner_->verify(); }
  Result<void> backup_to(const std::string& path) override { return inner_->backup_to(path); }

 private:
  std::unique_ptr<ports::Piles> inner_;
  Shared& shared_;
};

class LoudLog final : public ports::Log {
 public:
  LoudLog(std::unique_ptr<ports::Log> inner, Shared& shared)
      : inner_(std::move(inner)), shared_(shared) {}
  Result<std::uint64_t> append(std::span<const ports::Record> batch, Time recorded) override {
    std::uint64_t bytes = 0;
    for (const auto& record : batch) bytes += record.body.size() + 48;
    const auto before = inner_->size_bytes();
    const bool is_near = since_switch_ + bytes > kSegmentBytes * 9 / 10;
    if (is_near) say('N');
    if (is_near) ++shared_.switching;
    auto appended = inner_->append(batch, recorded);
    if (is_near) --shared_.switching;
    since_switch_ = inner_->size_bytes() != before || is_near ? 0 : since_switch_ + bytes;
    return appended;
  }
  std::uint64_t durable() const override { return inner_->durable(); }
  std::uint64_t first() const override { return inner_->first(); }
  Result<void> read(std::uint64_t from, const ports::RecordVisitor& visit) override {
    return inner_->read(from, visit);
  }
  Result<void> release(std::uint64_t through) override { return inner_->release(through); }
  Result<void> reopen() override { return inner_->reopen(); }
  Bytes chain_head() const override { return inner_->chain_head(); }
  std::uint64_t size_bytes() const override { return inner_->size_bytes(); }
  ports::Log& inner() { return *inner_; }

 private:
  std::unique_ptr<ports::Log> inner_;
  Shared& shared_;
  std::uint64_t since_switch_ = 0;
};

model::OrderId order_of(std::uint64_t n) {
  return model::order_id_of("crash", std::to_string(n % kOrders));
}

/// Fact n is always the same, whoever sends it again.
model::Event fact_of(std::uint64_t n) {
  model::Event event;
  event.id = model::identity_of("crash", std::to_string(n));
  event.origin.source = "crash";
  event.occurred = Time{1'790'000'000'000'000} + seconds(static_cast<std::int64_t>(n));
  if (n < kOrders) {
    event.type = model::EventType::OrderPlaced;
    model::OrderPlaced placed;
    placed.order_no = std::to_string(n);
    placed.receiver.phone = model::PersonalPhone::from_plain("13800001111");
    event.payload = std::move(placed);
  } else {
    event.type = model::EventType::NoteAdded;
    event.payload =
        model::NoteAdded{model::PersonalText::from_plain("note " + std::string(n * 37 % 900, 'x'))};
  }
  return event;
}

class Child {
 public:
  Child(const std::string& folder, Shared& shared) : shared_(shared) {
    settings_.data = folder;
    settings_.segment_bytes = kSegmentBytes;
  }

  [[noreturn]] void run() {
    ++shared_.starting;
    say('S');
    open();
    check();
    installation_->cluster().start(clock_);
    --shared_.starting;
    say('R');
    Inside inside(shared_.loading);
    std::thread recycler([this] { recycle(); });
    for (;;) send_next();
  }

 private:
  void open() {
    auto folder = app::DataFolder::open(settings_);
    if (!folder) die(folder.error().message);
    folder_ = *std::move(folder);
    auto stores = folder_->open_stores();
    if (!stores) die(stores.error().message);
    for (auto& log : stores->logs) log = std::make_unique<LoudLog>(std::move(log), shared_);
    for (auto& piles : stores->piles)
      piles = std::make_unique<LoudPiles>(std::move(piles), shared_);
    auto definitions = app::load_definitions(CAIRN_SOURCE_DIR "/definitions");
    if (!definitions) die(definitions.error().message);
    core::ClusterOptions options;
    options.shards = folder_->manifest().shards;
    options.hot_max = 12;
    options.flush_every = milliseconds(15);
    options.flush_portion = 5;
    installation_ = std::make_unique<app::Installation>(*std::move(definitions), *std::move(stores),
                                                        options, nullptr);
    if (auto loaded = installation_->load(clock_.now()); !loaded) die(loaded.error().message);
  }

  /// Before any thread runs: what was acknowledged is there, and nothing is there twice.
  void check() {
    std::map<model::Identity, int> counts;
    for (std::uint64_t n = 0; n < kOrders; ++n) {
      bool is_answered = false;
      const auto key = model::order_key(order_of(n));
      core::Question question{true, [&](Result<core::Seen> seen) {
                                if (!seen) die(seen.error().message);
                                is_answered = true;
                                for (const auto& record : seen->history)
                                  if (record.type == ports::RecordType::Event)
                                    ++counts[identity_in(key, record)];
                              }};
      auto& cluster = installation_->cluster();
      const auto shard = cluster.shard_for(key);
      cluster.put(shard, core::question(key, std::move(question)));
      for (int round = 0; round < 10 && !is_answered; ++round) cluster.step(shard, clock_.now());
      if (!is_answered) die("a question is never answered");
    }
    for (std::uint64_t n = 0; n < shared_.next; ++n) {
      const auto found = counts.find(model::identity_of("crash", std::to_string(n)));
      const int count = found == counts.end() ? 0 : found->second;
      if (shared_.is_acknowledged[n] && count == 0) ++shared_.lost;
      if (count > 1) ++shared_.doubled;
      if (!shared_.is_acknowledged[n]) again_.push_back(n);
    }
    ++shared_.checked;
  }

  static model::Identity identity_in(const ports::AggregateKey& key,
                                     const core::StoredRecord& record) {
    const auto event =
        model::decode_event({record.type, key, record.number, record.recorded, record.body});
    if (!event) die(event.error().message);
    return event->id;
  }

  void recycle() {
    for (;;) {
      for (auto& log : installation_->stores().logs) {
        auto& loud = static_cast<LoudLog&>(*log);
        Inside inside(shared_.recycling);
        const auto done = loud.inner().recycle_one([](std::size_t) {});
        if (!done) die(done.error().message);
        if (*done) say('C');
      }
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock);
    }
  }

  void send_next() {
    std::uint64_t n = 0;
    if (!again_.empty()) {
      n = again_.back();
      again_.pop_back();
    } else {
      n = shared_.next++;
      if (n >= kFactsMax) die("more facts than there is room for");
    }
    {
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock, [&] { return in_flight_ < 64; });
      ++in_flight_;
    }
    auto reply = [this, n](const core::Answer& answer, const core::Aggregate*) {
      const bool is_good =
          answer.outcome == core::Outcome::Accepted || answer.outcome == core::Outcome::Duplicate;
      if (!is_good) die(answer.error.message);
      shared_.is_acknowledged[n] = 1;
      ++shared_.acknowledged;
      say('A');
      {
        std::lock_guard lock(mutex_);
        --in_flight_;
      }
      acknowledged_.notify_all();
    };
    const auto submitted = installation_->cluster().submit(
        core::fact(model::order_key(order_of(n)), fact_of(n), std::move(reply)));
    if (!submitted) die(submitted.error().message);
  }

  Shared& shared_;
  app::Settings settings_;
  system::SystemClock clock_;
  std::unique_ptr<app::DataFolder> folder_;
  std::unique_ptr<app::Installation> installation_;
  std::vector<std::uint64_t> again_;
  std::mutex mutex_;
  std::condition_variable acknowledged_;
  int in_flight_ = 0;
};

}  // namespace
}  // namespace cairn::crash

int main(int argc, char** argv) {
  using namespace cairn::crash;
  if (argc != 4) return 2;
  const int file = ::open(argv[2], O_RDWR);
  Shared* shared = file < 0 ? nullptr : map_shared(file);
  if (!shared) return 2;
  pipe_out = std::atoi(argv[3]);
  Child(argv[1], *shared).run();
}

// The load tool of the benchmarks: tests/bench/run.py drives it. Prints one JSON object.
//
//   cairn_load http --port P [--warm-up S] [--seconds S] [--bearer KEY] STREAM…
//     events,connections=64,batch=1,rate=0,prefix=B,source=generic,order-rate=50000,
//            stages=10,repeated=10,late=2,orders=0,life-ms=10000
//     status,connections=64,rate=0,prefix=F,source=generic,orders=1000000 (or keys=FILE)
//     path,path=/x,connections=64,rate=0
//   cairn_load sync --file F [--seconds S]      4 KiB writes, each followed by fdatasync
//   cairn_load print --count N STREAM           the events themselves, a line each
//   cairn_load keys --count N STREAM            ids of orders of a stream of status queries
//   cairn_load live --port P --streams N --rate R --seconds S --prefix B [--bearer KEY]
//     changes told to N subscribers of everything: acknowledged → seen

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>

#include "base/text.hpp"
#include "load_client.hpp"
#include "load_feed.hpp"
#include "load_live.hpp"
#include "model/identity.hpp"

namespace cairn::bench {
namespace {

/// "name,key=value,…", each key taken once; what is left over is a mistake.
class Words {
 public:
  explicit Words(std::string_view text) {
    const auto parts = split(text, ',');
    name_ = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto equal = parts[i].find('=');
      if (equal == std::string_view::npos)
        throw std::runtime_error(fmt::format("{}: expected key=value", parts[i]));
      values_[std::string(parts[i].substr(0, equal))] = parts[i].substr(equal + 1);
    }
  }
  const std::string& name() const { return name_; }
  std::string text(const std::string& key, std::string otherwise) {
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    auto value = std::move(found->second);
    values_.erase(found);
    return value;
  }
  double number(const std::string& key, double otherwise) {
    const auto value = text(key, "");
    return value.empty() ? otherwise : std::stod(value);
  }
  std::int64_t integer(const std::string& key, std::int64_t otherwise) {
    return static_cast<std::int64_t>(number(key, static_cast<double>(otherwise)));
  }
  void finish() const {
    if (!values_.empty())
      throw std::runtime_error(fmt::format("{} has no option {}", name_, values_.begin()->first));
  }

 private:
  std::string name_;
  std::map<std::string, std::string> values_;
};

/// What the answers to events add up to.
struct Counts {
  std::int64_t accepted = 0, duplicates = 0, waiting = 0, rejected = 0;

  void add(std::string_view body) {
    accepted += member(body, "\"accepted\":");
    duplicates += member(body, "\"duplicates\":");
    waiting += member(body, "\"waiting\":");
    rejected += member(body, "\"rejected\":");
  }
  static std::int64_t member(std::string_view body, std::string_view key) {
    const auto at = body.find(key);
    std::int64_t value = 0;
    if (at != body.npos) {
      const auto digits = body.find_first_not_of(' ', at + key.size());
      if (digits != body.npos)
        std::from_chars(body.data() + digits, body.data() + body.size(), value);
    }
    return value;
  }
};

struct Run {
  std::string bearer;
  std::vector<std::shared_ptr<Counts>> counts;
  std::vector<int> batches;
};

std::string header_lines(const Run& run) {
  std::string lines = "Host: 127.0.0.1\r\n";
  if (!run.bearer.empty()) lines += fmt::format("Authorization: Bearer {}\r\n", run.bearer);
  return lines;
}

FeedOptions feed_options(Words& words) {
  using std::chrono::system_clock;
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch());
  FeedOptions options;
  options.prefix = words.text("prefix", "B");
  options.source = words.text("source", options.source);
  options.rate = words.integer("order-rate", options.rate);
  options.stages = static_cast<int>(words.integer("stages", options.stages));
  options.repeated_percent = static_cast<int>(words.integer("repeated", 10));
  options.late_percent = static_cast<int>(words.integer("late", 2));
  options.orders_max = words.integer("orders", 0);
  options.life_ms = words.integer("life-ms", options.life_ms);
  // Ten minutes ago: a run faster than `order-rate` still tells nothing of the future.
  options.begin_us = now.count() - 600'000'000;
  return options;
}

StreamOptions events_stream(Words& words, Run& run) {
  auto feed = std::make_shared<Feed>(feed_options(words));
  const int batch = static_cast<int>(words.integer("batch", 1));
  auto counts = std::make_shared<Counts>();
  run.counts.back() = counts;
  run.batches.back() = batch;
  const std::string head = fmt::format(
      "POST /v1/events HTTP/1.1\r\n{}Content-Type: {}\r\nContent-Length: ", header_lines(run),
      batch == 1 ? "application/cloudevents+json" : "application/cloudevents-batch+json");
  StreamOptions options;
  options.request = [feed, batch, head, body = std::string()](std::string& out) mutable {
    body.clear();
    if (batch > 1) body += '[';
    int count = 0;
    for (; count < batch && feed->append_next(body); ++count)
      if (batch > 1) body += ',';
    if (count == 0) return false;
    if (batch > 1) body.back() = ']';
    out += head;
    fmt::format_to(std::back_inserter(out), "{}\r\n\r\n", body.size());
    out += body;
    return true;
  };
  options.answer = [counts](std::string_view body) { counts->add(body); };
  return options;
}

std::shared_ptr<std::vector<std::string>> keys_of(Words& words) {
  auto keys = std::make_shared<std::vector<std::string>>();
  const auto file = words.text("keys", "");
  const auto prefix = words.text("prefix", "F");
  const auto source = words.text("source", "generic");
  const auto orders = words.integer("orders", 1'000'000);
  if (file.empty()) {
    FeedOptions named;
    named.prefix = prefix;
    const Feed feed(named);
    keys->reserve(static_cast<std::size_t>(orders));
    for (std::int64_t order = 0; order < orders; ++order)
      keys->push_back(model::to_text(model::order_id_of(source, feed.number_of(order))));
  } else {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) keys->push_back(line);
  }
  if (keys->empty()) throw std::runtime_error("there are no keys to ask for");
  return keys;
}

StreamOptions status_stream(Words& words, Run& run) {
  const auto keys = keys_of(words);
  const std::string tail = fmt::format("/status HTTP/1.1\r\n{}\r\n", header_lines(run));
  StreamOptions options;
  options.request = [keys, tail, random = std::mt19937_64(4711)](std::string& out) mutable {
    out += "GET /v1/orders/";
    out += (*keys)[random() % keys->size()];
    out += tail;
    return true;
  };
  return options;
}

StreamOptions path_stream(Words& words, Run& run) {
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\n{}\r\n", words.text("path", "/"), header_lines(run));
  StreamOptions options;
  options.request = [request](std::string& out) {
    out += request;
    return true;
  };
  return options;
}

StreamOptions stream_of(std::string_view text, Run& run) {
  Words words(text);
  run.counts.push_back(nullptr);
  run.batches.push_back(1);
  StreamOptions options;
  if (words.name() == "events")
    options = events_stream(words, run);
  else if (words.name() == "status")
    options = status_stream(words, run);
  else if (words.name() == "path")
    options = path_stream(words, run);
  else
    throw std::runtime_error(fmt::format("{}: expected events, status or path", words.name()));
  options.name = words.name();
  options.connections = static_cast<int>(words.integer("connections", 64));
  options.rate = words.number("rate", 0);
  words.finish();
  return options;
}

void print_latency(std::string& out, const Histogram& latency) {
  fmt::format_to(std::back_inserter(out),
                 R"("mean_us":{:.1f},"p50_us":{:.1f},"p90_us":{:.1f},"p99_us":{:.1f},)"
                 R"("p999_us":{:.1f},"max_us":{:.1f})",
                 latency.mean_us(), latency.quantile_us(0.5), latency.quantile_us(0.9),
                 latency.quantile_us(0.99), latency.quantile_us(0.999), latency.max_us());
}

void print_stream(std::string& out, const std::string& name, const StreamResult& result,
                  const Counts* counts, int batch) {
  const double per_second = static_cast<double>(result.answered) / result.seconds;
  std::int64_t other = 0;
  std::string statuses;
  for (const auto& [status, count] : result.other_status) {
    other += count;
    fmt::format_to(std::back_inserter(statuses), "{}\"{}\":{}", statuses.empty() ? "" : ",", status,
                   count);
  }
  fmt::format_to(std::back_inserter(out),
                 R"({{"stream":"{}","seconds":{:.3f},"answered":{},"answered_all":{},)"
                 R"("requests_per_s":{:.1f},"events_per_s":{:.1f},"not_2xx":{},"status":{{{}}},)"
                 R"("broken":{},"unanswered":{},)",
                 name, result.seconds, result.answered, result.answered_all, per_second,
                 per_second * batch, other, statuses, result.broken, result.unanswered);
  print_latency(out, result.latency);
  if (counts)
    fmt::format_to(std::back_inserter(out),
                   R"(,"accepted":{},"duplicates":{},"waiting":{},"rejected":{})", counts->accepted,
                   counts->duplicates, counts->waiting, counts->rejected);
  if (!result.first_bad.empty()) {
    out += R"(,"first_bad":)";
    append_json_string(out, result.first_bad);
  }
  out += '}';
}

/// Options before the streams: --name value.
struct Arguments {
  std::map<std::string, std::string> named;
  std::vector<std::string> streams;

  Arguments(int count, char** values) {
    for (int i = 2; i < count; ++i) {
      const std::string word = values[i];
      if (!word.starts_with("--")) {
        streams.push_back(word);
      } else if (i + 1 < count) {
        named[word.substr(2)] = values[++i];
      } else {
        throw std::runtime_error(word + " needs a value");
      }
    }
  }
  std::string text(const std::string& name, const std::string& otherwise) const {
    const auto found = named.find(name);
    return found == named.end() ? otherwise : found->second;
  }
  double number(const std::string& name, double otherwise) const {
    return std::stod(text(name, std::to_string(otherwise)));
  }
};

int run_http(const Arguments& arguments) {
  Run run;
  run.bearer = arguments.text("bearer", "");
  Client client(arguments.text("host", "127.0.0.1"),
                static_cast<int>(arguments.number("port", 8080)));
  std::vector<std::string> names;
  for (const auto& text : arguments.streams) {
    auto options = stream_of(text, run);
    names.push_back(options.name);
    client.add(std::move(options));
  }
  if (names.empty()) throw std::runtime_error("name at least one stream");
  const auto results = client.run(arguments.number("warm-up", 2), arguments.number("seconds", 10));
  std::string out = R"({"streams":[)";
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i > 0) out += ',';
    print_stream(out, names[i], results[i], run.counts[i].get(), run.batches[i]);
  }
  out += "]}\n";
  std::fputs(out.c_str(), stdout);
  return 0;
}

/// The bare cost of durability: a file written in advance, overwritten in blocks of 4 KiB.
int run_sync(const Arguments& arguments) {
  const auto file = arguments.text("file", "");
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) throw std::runtime_error(fmt::format("cannot open {}: {}", file, ::strerror(errno)));
  constexpr std::int64_t kFileBytes = 64 << 20;
  const std::string chunk(1 << 20, 'c'), block(4096, 'x');
  for (std::int64_t at = 0; at < kFileBytes; at += static_cast<std::int64_t>(chunk.size()))
    if (::pwrite(fd, chunk.data(), chunk.size(), at) < 0)
      throw std::runtime_error(fmt::format("cannot write {}: {}", file, ::strerror(errno)));
  ::fsync(fd);
  const auto until =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(
                         std::chrono::duration<double>(arguments.number("seconds", 5)));
  Histogram latency;
  for (std::int64_t at = 0; Clock::now() < until; at = (at + 4096) % kFileBytes) {
    const auto begin = Clock::now();
    if (::pwrite(fd, block.data(), block.size(), at) != 4096 || ::fdatasync(fd) != 0)
      throw std::runtime_error(fmt::format("cannot write {}: {}", file, ::strerror(errno)));
    latency.add((Clock::now() - begin).count());
  }
  ::close(fd);
  ::unlink(file.c_str());
  std::string out = fmt::format(R"({{"writes":{},)", latency.count());
  print_latency(out, latency);
  out += "}\n";
  std::fputs(out.c_str(), stdout);
  return 0;
}

int run_print(const Arguments& arguments) {
  if (arguments.streams.size() != 1) throw std::runtime_error("name one stream of events");
  Words words(arguments.streams.front());
  Feed feed(feed_options(words));
  words.finish();
  std::string line;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(arguments.number("count", 10)); ++i) {
    line.clear();
    if (!feed.append_next(line)) break;
    line += '\n';
    std::fputs(line.c_str(), stdout);
  }
  return 0;
}

int run_keys(const Arguments& arguments) {
  if (arguments.streams.size() != 1) throw std::runtime_error("name one stream of status queries");
  Words words(arguments.streams.front());
  const auto keys = keys_of(words);
  const auto count = static_cast<std::size_t>(arguments.number("count", 10));
  for (std::size_t i = 0; i < std::min(count, keys->size()); ++i) fmt::print("{}\n", (*keys)[i]);
  return 0;
}

int run_live(const Arguments& arguments) {
  LiveOptions options;
  options.port = static_cast<int>(arguments.number("port", 8080));
  options.bearer = arguments.text("bearer", "");
  options.prefix = arguments.text("prefix", "V");
  options.streams = static_cast<int>(arguments.number("streams", 1000));
  options.rate = arguments.number("rate", 20);
  options.seconds = arguments.number("seconds", 10);
  const auto result = measure_live(options);
  std::string out = fmt::format(
      R"({{"streams":{},"told":{},"deliveries":{},"deliveries_per_s":{:.1f},"missing":{},)"
      R"("seen_before_acknowledged":{},)",
      options.streams, result.told, result.latency.count(),
      static_cast<double>(result.latency.count()) / options.seconds, result.missing, result.before);
  print_latency(out, result.latency);
  out += "}\n";
  std::fputs(out.c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace cairn::bench

int main(int count, char** values) {
  using namespace cairn::bench;
  try {
    const std::string command = count > 1 ? values[1] : "";
    const Arguments arguments(count, values);
    if (command == "http") return run_http(arguments);
    if (command == "sync") return run_sync(arguments);
    if (command == "print") return run_print(arguments);
    if (command == "keys") return run_keys(arguments);
    if (command == "live") return run_live(arguments);
    throw std::runtime_error(
        "expected http, sync, print, keys or live; tests/bench/cairn_load.cpp says how");
  } catch (const std::exception& error) {
    fmt::print(stderr, "cairn_load: {}\n", error.what());
    return 1;
  }
}

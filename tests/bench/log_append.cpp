// What the log costs beyond the disk: appends of a batch against a bare pwrite and fdatasync of as
// many bytes into a reserved file, in turns, on the same disk, in the same minute.
//
//   log_append [folder] [seconds] [records per batch] [bytes per record]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/segments/segment_log.hpp"
#include "adapters/system/posix_storage.hpp"

namespace cairn::bench {
namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

struct Figures {
  std::string name;
  std::vector<double> microseconds;
  double total = 0;
  double per_second() const { return static_cast<double>(microseconds.size()) / total; }
  double quantile(double q) {
    if (microseconds.empty()) return 0;
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[static_cast<std::size_t>(q * static_cast<double>(microseconds.size() - 1))];
  }
};

/// Runs `step` for `seconds` and notes how long each took.
template <typename Step>
void run(Figures& figures, double seconds, Step step) {
  const auto start = Steady::now();
  while (seconds_since(start) < seconds) {
    const auto begin = Steady::now();
    step();
    figures.microseconds.push_back(seconds_since(begin) * 1e6);
  }
  figures.total += seconds_since(start);
}

template <typename T>
T must(Result<T> result) {
  if (result) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(*result);
  }
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}

/// A file of 64 MiB that is written round and round. Reserved room that was never written costs the
/// file system a note in its journal per write; room that was written before does not.
class BareFile {
 public:
  BareFile(ports::Storage& storage, const std::string& path, bool is_written_before)
      : file_(must(storage.open(path, ports::Storage::Mode::OpenOrCreate))) {
    must(file_->allocate(size_));
    const Bytes zeros(1 << 20, '\0');
    if (is_written_before)
      for (std::uint64_t at = 0; at < size_; at += zeros.size()) must(file_->write_at(at, zeros));
    must(file_->sync());
  }
  void write(BytesView bytes) {
    if (at_ + bytes.size() > size_) at_ = 0;
    must(file_->write_at(at_, bytes));
    must(file_->sync());
    at_ += bytes.size();
  }

 private:
  static constexpr std::uint64_t size_ = 64ull << 20;
  std::unique_ptr<ports::File> file_;
  std::uint64_t at_ = 0;
};

struct Work {
  std::vector<Bytes> bodies;
  std::vector<ports::Record> records;
  Work(std::size_t count, std::size_t size) : bodies(count, Bytes(size, 'x')), records(count) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < size; ++k) bodies[i][k] = static_cast<char>(i * 31 + k * 7);
      records[i].body = bodies[i];
    }
  }
};

/// Opening (which checks every checksum and the chain) and archiving, per segment.
void measure_whole_segments(ports::Storage& storage, const std::string& folder, const Work& work) {
  segments::Options options;
  options.folder = folder + "/whole";
  options.audit_folder = folder + "/audit";
  options.sign = [](BytesView bytes) {
    return Bytes(crypto::view(crypto::hmac_sha256("key", bytes)));
  };
  auto log = must(segments::SegmentLog::open(storage, options));
  std::vector<ports::Record> large;
  while (large.size() < 4096) large.insert(large.end(), work.records.begin(), work.records.end());
  while (log->size_bytes() < 5 * options.segment_bytes) must(log->append(large, Time{1}));
  const double bytes = 4 * static_cast<double>(options.segment_bytes);
  log.reset();
  auto start = Steady::now();
  log = must(segments::SegmentLog::open(storage, options));
  fmt::print("open, from the page cache: {:.0f} MB/s\n", bytes / seconds_since(start) / 1e6);
  start = Steady::now();
  std::uint64_t seen = 0;
  must(log->read(1, [&](const ports::Record& record) -> Result<void> {
    seen += record.body.size();
    return {};
  }));
  fmt::print("read: {:.0f} MB/s\n", static_cast<double>(seen) / seconds_since(start) / 1e6);
  start = Steady::now();
  must(log->release(log->durable()));
  fmt::print("archive and recycle: {:.0f} ms per segment\n", seconds_since(start) * 1e3 / 4);
}

int measure(int argc, char** argv) {
  const std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/log_append.tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const std::size_t count = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 16;
  const std::size_t size = argc > 4 ? std::strtoul(argv[4], nullptr, 10) : 300;
  std::filesystem::remove_all(folder);

  system::PosixStorage storage;
  must(storage.make_folder(folder));
  Work work(count, size);
  const Bytes same_bytes(segments::encoded_size(work.records), 'y');
  const Bytes page(4096, 'y');
  BareFile fresh(storage, folder + "/fresh", false);
  BareFile used(storage, folder + "/used", true);
  segments::Options options;
  options.folder = folder + "/log";
  auto log = must(segments::SegmentLog::open(storage, options));

  Figures logged{"log"}, bare_same{fmt::format("bare, the same {} bytes", same_bytes.size())};
  Figures bare_page{"bare, 4096 bytes"}, bare_fresh{"bare, never written room"};
  constexpr int turns = 10;
  for (int turn = 0; turn < turns; ++turn) {
    const double slice = seconds / turns / 4;
    run(logged, slice, [&] {
      must(log->append(work.records, Time{1}));
      if (log->durable() % 1024 == 0) must(log->release(log->durable()));
    });
    run(bare_same, slice, [&] { used.write(same_bytes); });
    run(bare_page, slice, [&] { used.write(page); });
    run(bare_fresh, slice, [&] { fresh.write(same_bytes); });
  }
  for (Figures* figures : {&logged, &bare_same, &bare_page, &bare_fresh})
    fmt::print(
        "{:28} {:9.0f} batches/s {:10.0f} records/s  p50 {:7.0f} us  p99 {:7.0f} us  "
        "max {:8.0f} us\n",
        figures->name, figures->per_second(), figures->per_second() * static_cast<double>(count),
        figures->quantile(0.5), figures->quantile(0.99), figures->quantile(1));
  fmt::print("log / bare of the same bytes: {:.3f}; log / bare 4096: {:.3f}\n",
             logged.per_second() / bare_same.per_second(),
             logged.per_second() / bare_page.per_second());

  // What is left when the disk costs nothing: encoding, SHA-256 and CRC-32C of a batch.
  Bytes buffer(same_bytes.size(), '\0');
  Figures encoded{"encode, hash, checksum"};
  segments::Digest chain{};
  run(encoded, 1, [&] {
    for (int i = 0; i < 100; ++i)
      chain =
          segments::encode_batch({}, 1, work.records, Time{1}, chain, buffer.size(), buffer.data());
  });
  Figures hashed{"SHA-256 alone"};
  run(hashed, 1, [&] {
    for (int i = 0; i < 100; ++i) chain = crypto::sha256(BytesView(buffer).substr(8));
  });
  for (Figures* figures : {&encoded, &hashed})
    fmt::print("{:28} {:.2f} us per batch, {:.3f} us per record\n", figures->name,
               figures->quantile(0.5) / 100,
               figures->quantile(0.5) / 100 / static_cast<double>(count));
  log.reset();
  measure_whole_segments(storage, folder, work);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) { return cairn::bench::measure(argc, argv); }
